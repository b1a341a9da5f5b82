//! The live page as a window of the stream: read back to the first minute and up again, while much is said, in Chromium.

mod away;
mod choosing;
mod portal;
mod reading;
mod stretches;
mod walking;

use super::{
    entries::post,
    stand::{SLUG, Stand},
};
use model::{Entry, Seq};
use testkit::Tab;

/// Words of different lengths, so that no two neighbours are of one height.
fn said(seq: Seq) -> Entry {
    let words = "Something to read here. ".repeat(1 + usize::try_from(seq % 5).expect("small"));
    post(seq, &seq.to_string(), &words)
}

/// Commits what is said under these seqs, a batch at a time.
async fn say(stand: &Stand, seqs: std::ops::Range<Seq>) {
    let all: Vec<Seq> = seqs.collect();
    for some in all.chunks(500) {
        stand.commit(some.iter().map(|seq| said(*seq)).collect()).await;
    }
}

/// Lets the archive catch up with all of it.
async fn archive(stand: &Stand, entries: Seq) {
    for _ in 0..=entries / 1000 {
        stand.archive_all().await;
    }
}

/// Runs a function of the page's own and waits for what it promises.
async fn run(tab: &Tab, script: &str) -> serde_json::Value {
    let text = tab.eval_text(&format!("({script})().then(JSON.stringify)")).await.expect("the script runs");
    serde_json::from_str(&text).expect("JSON")
}

/// Two painted frames.
const FRAMES: &str =
    "(() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(0)))))";

fn page(base: &str, rest: &str) -> String {
    format!("{base}/{SLUG}{rest}")
}
