//! The product as it is shipped: start of `up` to the first page, memory when idle, size of the file.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::Context;
use testkit::Process;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use crate::figures::{Aim, Figures};

const STARTS: usize = 5;
const START_MAX: Duration = Duration::from_secs(20);
const IDLE: Duration = Duration::from_secs(5);
const MIB: f64 = 1024.0 * 1024.0;
const EVENT: &str =
    "slug = \"bench\"\ntitle = \"Bench\"\nhashtags = [\"bench\"]\n[[room]]\nname = \"Hall\"\n";

pub(crate) async fn measure(figures: &mut Figures, bin: &Path, dist: &Path) -> anyhow::Result<()> {
    if bin.exists() {
        let mut took = Vec::new();
        let mut memory = 0.0;
        for n in 0..STARTS {
            let (start, resident) = start(bin, n + 1 == STARTS).await?;
            took.push(start.as_secs_f64() * 1000.0);
            memory = resident;
        }
        took.sort_by(f64::total_cmp);
        figures.tell(
            "start of `up` to the first page, median of 5",
            took[STARTS / 2],
            "ms",
            Aim::AtMost(200.0),
        );
        figures.tell("memory of `up` when idle (resident)", memory, "MiB", Aim::AtMost(30.0));
        let moved = demo(bin).await?.as_secs_f64() * 1000.0;
        figures.tell("start of `demo` to the third post on its page", moved, "ms", Aim::AtMost(3_000.0));
    } else {
        figures.skip("start and memory of `up`", &format!("{} is not built", bin.display()));
    }
    if let Ok(file) = std::fs::metadata(dist) {
        figures.tell("binary for distribution", file.len() as f64 / MIB, "MiB", Aim::AtMost(25.0));
    } else {
        figures.skip("size of the binary", &format!("{} is not built", dist.display()));
    }
    Ok(())
}

/// Starts `up` with a new event in an empty directory; the time to the first live page, and the memory if asked for.
async fn start(bin: &Path, is_measured: bool) -> anyhow::Result<(Duration, f64)> {
    let dir = tempfile::tempdir()?;
    let port = testkit::free_port();
    std::fs::write(dir.path().join("event.toml"), EVENT)?;
    let free = "\"127.0.0.1:0\"";
    let settings = format!(
        "[site]\nlisten = \"127.0.0.1:{port}\"\n[nozzle]\nlisten = {free}\nhooks_listen = {free}\n\
         [halley]\nlisten = {free}\n[strainer]\nlisten = {free}\n"
    );
    std::fs::write(dir.path().join("perihelion.toml"), settings)?;
    let mut command = Command::new(bin.canonicalize().context("the release build")?);
    command.args(["up", "--event", "event.toml"]).current_dir(dir.path());
    let began = Instant::now();
    let process = Process::start(command)?;
    let page = until(async || page(port, "/bench").await.is_some());
    timeout(START_MAX, page).await.with_context(|| format!("no page came:\n{}", process.output()))?;
    let took = began.elapsed();
    let mut resident = 0.0;
    if is_measured {
        sleep(IDLE).await;
        resident = resident_mib(process.pid())?;
    }
    Ok((took, resident))
}

/// Starts the demo; the time until its live page, asked again and again, has three posts.
async fn demo(bin: &Path) -> anyhow::Result<Duration> {
    let dir = tempfile::tempdir()?;
    let port = testkit::free_port();
    let mut command = Command::new(bin);
    command.args(["demo", "--port", &port.to_string(), "--data-dir"]).arg(dir.path());
    let began = Instant::now();
    let process = Process::start(command)?;
    let moved = until(async || {
        let page = page(port, "/marginalia").await.unwrap_or_default();
        page.matches("<article").count() >= 3
    });
    timeout(START_MAX, moved)
        .await
        .with_context(|| format!("the page did not move:\n{}", process.output()))?;
    Ok(began.elapsed())
}

async fn until(is_so: impl AsyncFn() -> bool) {
    while !is_so().await {
        sleep(Duration::from_millis(1)).await;
    }
}

/// A page, if it is there already.
async fn page(port: u16, path: &str) -> Option<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.ok()?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.ok()?;
    let mut page = Vec::new();
    stream.read_to_end(&mut page).await.ok()?;
    let page = String::from_utf8_lossy(&page);
    page.starts_with("HTTP/1.1 200").then(|| page.into_owned())
}

fn resident_mib(pid: u32) -> anyhow::Result<f64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:")).context("no VmRSS")?;
    let kib: f64 = line.trim().trim_end_matches("kB").trim().parse()?;
    Ok(kib / 1024.0)
}
