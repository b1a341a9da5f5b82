//! What compression saves and costs: the demo's entries, each by itself as a WebSocket carries it, and 64 of them as a poll does.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::Context;
use flate2::{Decompress, FlushDecompress};
use futures_util::StreamExt;
use testkit::Process;
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::{Bytes, Message};

use crate::figures::{Aim, Figures};

const ENTRIES: usize = 512;
const PAGE_ENTRIES: usize = 64;
/// The demo's conference, as fast as it can be had.
const SPEED: &str = "500";
const WAIT_MAX: Duration = Duration::from_secs(180);
const ROUNDS: usize = 9;
/// The frame's own header: two bytes and a length of two.
const HEADER_BYTES: usize = 4;

pub(crate) async fn measure(figures: &mut Figures, bin: &Path) -> anyhow::Result<()> {
    if !bin.exists() {
        figures.skip("compression", &format!("{} is not built", bin.display()));
        return Ok(());
    }
    let entries = entries(bin).await?;
    let plain: usize = entries.iter().map(|entry| entry.len() + HEADER_BYTES).sum();
    let deflated: Vec<Bytes> =
        entries.iter().map(|entry| halley::bench::deflated(entry).unwrap_or_else(|| entry.clone())).collect();
    let sent: usize = deflated.iter().map(|entry| entry.len() + HEADER_BYTES).sum();
    let each = |bytes: usize| bytes as f64 / entries.len() as f64;
    figures.tell("a frame of the demo's conference, mean", each(plain), "bytes", Aim::None);
    figures.tell("the same compressed by itself", each(sent), "bytes", Aim::None);
    figures.tell("bytes saved by permessage-deflate", saved(plain, sent), "%", Aim::AtLeast(30.0));
    let compress = median_us(&entries, |entry| halley::bench::deflated(entry).map_or(0, |bytes| bytes.len()));
    figures.tell("to compress one, for all its readers", compress, "us", Aim::None);
    let inflate = median_us(&deflated, |entry| inflated(entry));
    figures.tell("to inflate one, for each reader", inflate, "us", Aim::None);

    let pages: Vec<Bytes> = entries.chunks(PAGE_ENTRIES).map(|page| Bytes::from(page.join(&b','))).collect();
    let mut packed = 0;
    for page in &pages {
        packed += halley::bench::packed(page)?.len();
    }
    let whole: usize = pages.iter().map(Bytes::len).sum();
    figures.tell("bytes saved on a poll's page of 64", saved(whole, packed), "%", Aim::AtLeast(70.0));
    let pack = median_us(&pages, |page| halley::bench::packed(page).map_or(0, |bytes| bytes.len()));
    figures.tell("to compress such a page, for all who ask", pack, "us", Aim::None);
    Ok(())
}

fn saved(before: usize, after: usize) -> f64 {
    100.0 * (1.0 - after as f64 / before as f64)
}

/// The first entries of the demo, as its WebSocket says them.
async fn entries(bin: &Path) -> anyhow::Result<Vec<Bytes>> {
    let dir = tempfile::tempdir()?;
    let port = testkit::free_port();
    let mut command = Command::new(bin);
    command.args(["demo", "--speed", SPEED, "--port", &port.to_string(), "--data-dir"]).arg(dir.path());
    let process = Process::start(command)?;
    let told = timeout(WAIT_MAX, said(port)).await;
    told.with_context(|| format!("too few entries came:\n{}", process.output()))
}

/// Asks again until there are enough: a stream may end while everything starts.
async fn said(port: u16) -> Vec<Bytes> {
    loop {
        match listened(port).await {
            Some(entries) => return entries,
            None => sleep(Duration::from_millis(100)).await,
        }
    }
}

async fn listened(port: u16) -> Option<Vec<Bytes>> {
    let stream = TcpStream::connect(("127.0.0.1", port)).await.ok()?;
    // Nobody's epoch: it begins with the oldest entry.
    let address = format!("ws://127.0.0.1:{port}/live/marginalia/ws?after=0.0.0");
    let (mut socket, _) = client_async(address, stream).await.ok()?;
    let mut entries = Vec::new();
    while entries.len() < ENTRIES {
        if let Message::Text(text) = socket.next().await?.ok()?
            && text.starts_with("{\"seq\"")
        {
            entries.push(Bytes::from(text));
        }
    }
    Some(entries)
}

/// The median of several rounds over all of them, for one of them. The sizes are summed so that no work can be left out.
fn median_us(all: &[Bytes], work: impl Fn(&Bytes) -> usize) -> f64 {
    let mut rounds = [0.0; ROUNDS];
    for round in &mut rounds {
        let began = Instant::now();
        std::hint::black_box(all.iter().map(&work).sum::<usize>());
        *round = began.elapsed().as_secs_f64() * 1e6 / all.len() as f64;
    }
    rounds.sort_by(f64::total_cmp);
    rounds[ROUNDS / 2]
}

/// As a client does it; how long the text is.
fn inflated(entry: &[u8]) -> usize {
    let mut text = Vec::with_capacity(entry.len() * 4);
    let whole = [entry, &[0, 0, 0xff, 0xff]].concat();
    let done = Decompress::new(false).decompress_vec(&whole, &mut text, FlushDecompress::Sync);
    // An entry that went as it is is nothing to inflate.
    done.map_or(0, |_| text.len())
}
