//! The soak: `perihelion up` on a fake network that speaks at a steady rate, with watchers that come and go. After the
//! warm-up neither memory nor open files may grow.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail, ensure};

/// Posts a second: more than a large conference's busiest minute, so that everything with a bound (the fold's 2,000
/// items, the tail's 5,000 entries) is full when a run of five minutes or more ends its warm-up.
const POSTS_PER_SECOND: u64 = 60;
/// Watchers at a time; each is killed and followed by another one.
const WATCHERS: usize = 6;
const WATCHER_EVERY: Duration = Duration::from_secs(3);
const READY_LIMIT: Duration = Duration::from_secs(60);
/// How much the last third of a run may need beyond the second one.
const MEMORY_GROWTH_MAX: f64 = 1.08;
const FILES_GROWTH_MAX: usize = 8;
const EVENT: &str = "soak";
/// X began to count its ids at this millisecond.
const SNOWFLAKE_EPOCH_MILLIS: u64 = 1_288_834_974_657;

/// What one look at the process finds.
#[derive(Clone, Copy, Debug)]
struct Sample {
    memory_kib: u64,
    files: usize,
}

/// A child that does not outlive its owner.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Builds what is needed and soaks for `length`.
pub(super) fn run(root: &Path, length: Duration) -> Result<String> {
    let packages = ["--package", "perihelion", "--package", "networks", "--package", "judge"];
    let mut cargo = Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()));
    let built = cargo.args(["build", "--release", "--bins"]).args(packages).current_dir(root).status()?;
    ensure!(built.success(), "the binaries do not build");
    let place = root.join("target/soak").join(std::process::id().to_string());
    fs::create_dir_all(&place)?;
    let outcome = soak(&root.join("target/release"), &place, length);
    match &outcome {
        Ok(_) => fs::remove_dir_all(&place)?,
        Err(_) => println!("chaos: what the soak left is in {}", place.display()),
    }
    outcome
}

fn soak(binaries: &Path, place: &Path, length: Duration) -> Result<String> {
    let (_network, network) = network(binaries, place, length)?;
    let site = format!("127.0.0.1:{}", free_port()?);
    write_settings(place, &site, &network)?;
    let mut up = Command::new(binaries.join("perihelion"));
    up.args(["up", "--event", "event.toml"]).env("SOAK_TOKEN", "soak").current_dir(place);
    up.stdin(Stdio::null())
        .stdout(File::create(place.join("up.out"))?)
        .stderr(File::create(place.join("up.err"))?);
    let mut up = Running(up.spawn().context("cannot start perihelion")?);
    wait_top(&site)?;

    let (began, mut samples, mut watchers) = (Instant::now(), Vec::new(), VecDeque::new());
    for n in 0.. {
        if began.elapsed() >= length {
            break;
        }
        if let Some(status) = up.0.try_wait()? {
            bail!("perihelion ended: {status}");
        }
        if watchers.len() == WATCHERS {
            watchers.pop_front();
        }
        watchers.push_back(watcher(binaries, place, &site, n)?);
        std::thread::park_timeout(WATCHER_EVERY);
        samples.push(sample(up.0.id())?);
        if n % 10 == 0 {
            println!("chaos: soak {:4.0} s  {:?}", began.elapsed().as_secs_f64(), samples.last());
        }
    }
    watchers.clear();
    let (top, said) = (wait_top(&site)?, length.as_secs() * POSTS_PER_SECOND);
    ensure!(top >= said * 9 / 10, "only {top} entries of {said} posts: nothing was soaked");
    verdict(&samples).map(|words| format!("{words}, {top} entries"))
}

/// Compares the last third of the samples with the second; the first is warm-up.
fn verdict(samples: &[Sample]) -> Result<String> {
    let third = samples.len() / 3;
    ensure!(third > 0, "the soak was too short to judge");
    let most = |part: &[Sample]| {
        let memory = part.iter().map(|s| s.memory_kib).max().unwrap_or(0);
        (memory, part.iter().map(|s| s.files).max().unwrap_or(0))
    };
    let (before, after) = (most(&samples[third..2 * third]), most(&samples[2 * third..]));
    let words = format!(
        "memory {} then {} MiB, open files {} then {}",
        before.0 / 1024,
        after.0 / 1024,
        before.1,
        after.1
    );
    ensure!(after.0 as f64 <= before.0 as f64 * MEMORY_GROWTH_MAX, "memory grows: {words}");
    ensure!(after.1 <= before.1 + FILES_GROWTH_MAX, "open files grow: {words}");
    Ok(words)
}

/// The fake network with its posts, and its address.
fn network(binaries: &Path, place: &Path, length: Duration) -> Result<(Running, String)> {
    let start = SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis() as u64;
    let mut script = String::new();
    for n in 0..length.as_secs() * POSTS_PER_SECOND {
        let after = n * 1000 / POSTS_PER_SECOND;
        let (id, at) = ((start + after - SNOWFLAKE_EPOCH_MILLIS) << 22 | n & 0xfff, (start + after) * 1000);
        let author = n % 97;
        writeln!(
            script,
            r##"{{"after_ms":{after},"what":{{"post":{{"id":"{id}","created_at":{at},"author":{{"id":"{author}","name":"Author {author}","handle":"a{author}"}},"text":"Post {n} of the soak, is it? #soak https://example.org/{n}"}}}}}}"##
        )?;
    }
    fs::write(place.join("script.jsonl"), script)?;
    let settings =
        r#"{"networks":[{"protocol":"x2","script":"script.jsonl","pace":"clock","matching":"everything"}]}"#;
    fs::write(place.join("networks.json"), settings)?;
    let mut command = Command::new(binaries.join("fake-networks"));
    command.arg("networks.json").current_dir(place).stdin(Stdio::null()).stdout(Stdio::piped());
    let mut child = Running(command.spawn().context("cannot start fake-networks")?);
    let mut line = String::new();
    BufReader::new(child.0.stdout.take().context("no pipe")?).read_line(&mut line)?;
    let url = line
        .split('"')
        .find(|word| word.starts_with("http://"))
        .with_context(|| format!("no address: {line}"))?;
    Ok((child, url.to_owned()))
}

fn write_settings(place: &Path, site: &str, network: &str) -> Result<()> {
    let [halley, nozzle, hooks, strainer] = [free_port()?, free_port()?, free_port()?, free_port()?];
    let settings = format!(
        "data_dir = \"data\"\n[site]\nlisten = \"{site}\"\n[halley]\nlisten = \"127.0.0.1:{halley}\"\n[nozzle]\n\
         listen = \"127.0.0.1:{nozzle}\"\nhooks_listen = \"127.0.0.1:{hooks}\"\n[strainer]\nlisten = \"127.0.0.1:{strainer}\"\n"
    );
    let event = format!(
        "slug = \"{EVENT}\"\ntitle = \"Soak\"\nhashtags = [\"soak\"]\n[[source]]\nname = \"x\"\nkind = \"twitter\"\n\
         url = \"{network}\"\ntoken_env = \"SOAK_TOKEN\"\n"
    );
    fs::write(place.join("perihelion.toml"), settings)?;
    Ok(fs::write(place.join("event.toml"), event)?)
}

fn watcher(binaries: &Path, place: &Path, site: &str, n: usize) -> Result<Running> {
    let transport = ["ws", "sse", "poll"][n % 3];
    // A place is used again, so that what watchers wrote does not fill the disk.
    let file: PathBuf = place.join(format!("watch-{}.jsonl", n % WATCHERS));
    let mut command = Command::new(binaries.join("watch"));
    command.args([transport, &format!("http://{site}"), EVENT]).arg(file).current_dir(place);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    Ok(Running(command.spawn().context("cannot start watch")?))
}

fn sample(pid: u32) -> Result<Sample> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
    let memory_kib = line.trim().trim_end_matches(" kB").parse()?;
    Ok(Sample { memory_kib, files: fs::read_dir(format!("/proc/{pid}/fd"))?.count() })
}

/// The newest entry, once it is told: the program may be starting, or has had enough of our watchers for a while, who
/// read everything again and again from one address.
fn wait_top(site: &str) -> Result<u64> {
    let began = Instant::now();
    loop {
        match top(site) {
            Ok(top) => return Ok(top),
            Err(error) if began.elapsed() > READY_LIMIT => {
                return Err(error.context("perihelion does not answer"));
            }
            Err(_) => std::thread::park_timeout(Duration::from_millis(500)),
        }
    }
}

/// The newest entry, as `head.json` has it.
fn top(site: &str) -> Result<u64> {
    let mut socket = TcpStream::connect(site)?;
    socket.set_read_timeout(Some(Duration::from_secs(10)))?;
    let request =
        format!("GET /live/{EVENT}/head.json HTTP/1.1\r\nHost: {site}\r\nConnection: close\r\n\r\n");
    socket.write_all(request.as_bytes())?;
    let mut answer = String::new();
    socket.read_to_string(&mut answer)?;
    let digits = answer.split_once("\"top\":").with_context(|| format!("no head: {answer}"))?.1;
    Ok(digits.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default().parse()?)
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(memory: impl Fn(u64) -> u64, files: impl Fn(u64) -> usize) -> Vec<Sample> {
        (0..30).map(|n| Sample { memory_kib: memory(n), files: files(n) }).collect()
    }

    #[test]
    fn growth_after_the_warm_up_is_found_and_warm_up_is_forgiven() {
        assert!(verdict(&samples(|n| 10_000 + n.min(9) * 5_000, |_| 40)).is_ok());
        assert!(
            verdict(&samples(|n| 50_000 + n * 1_000, |_| 40))
                .unwrap_err()
                .to_string()
                .contains("memory grows")
        );
        assert!(
            verdict(&samples(|_| 50_000, |n| 40 + n as usize))
                .unwrap_err()
                .to_string()
                .contains("files grow")
        );
        assert!(verdict(&[]).is_err());
    }
}
