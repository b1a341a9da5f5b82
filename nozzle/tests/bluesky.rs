//! Bluesky through the whole nozzle into a real ledger: a host that drops, repeats and loses at its hand-over, a nozzle that
//! is stopped and started in the middle, and an absence longer than what the network hands out.

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chassis::Shutdown;
use chassis::clock::Clock;
use model::{EventId, Gap, Kind, Micros, Uid};
use networks::{Faults, Happening, Options, Post, Protocol, Script, Server, serve};
use nozzle::Nozzle;
use nozzle::intake::{Actor, Ask, Intake, Order};
use tempfile::TempDir;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

/// 2026-07-02, in microseconds.
const START: i64 = 1_783_000_000_000_000;
const PATIENCE: Duration = Duration::from_secs(120);

fn post(n: i64, at: i64) -> Happening {
    Happening::Post(Post::new(&format!("3m{n}"), at, "ada", &format!("Talk {n} at #RustFest")))
}

fn posts(n: i64) -> Vec<Happening> {
    (0..n).map(|n| post(n, START + n * Micros::SECOND / 10)).collect()
}

async fn open(dir: &TempDir, shutdown: &Shutdown) -> Nozzle {
    common::open(dir, shutdown, Clock::real(), |_| None).await
}

async fn close(nozzle: Nozzle, shutdown: Shutdown) {
    shutdown.trigger();
    shutdown.finish().await;
    drop(nozzle);
}

async fn apply(nozzle: &Nozzle, server: &Server) -> EventId {
    let eid = EventId::from_random(7);
    let event = format!(
        "slug = \"rustfest\"\ntitle = \"RustFest\"\nhashtags = [\"rustfest\"]\nstarts = 2026-07-02\nends = 2026-07-05\n\
         [[source]]\nname = \"sky\"\nkind = \"bluesky\"\nurl = \"{0}\"\napi_url = \"{0}\"\n",
        server.url()
    );
    let actor = Actor { role: "site".into(), name: "test".into() };
    let order = Order { ask: Ask::Event(event), key: "apply".into(), actor, is_dry_run: false };
    nozzle.ask(eid, order).await.unwrap();
    eid
}

/// What the log holds.
#[derive(Default)]
struct Log {
    /// How often each post came as new, by public id.
    posts: BTreeMap<String, usize>,
    /// Gaps as they were said last, by name.
    gaps: BTreeMap<String, Gap>,
}

async fn read(nozzle: &Nozzle, eid: EventId) -> Log {
    let (mut log, mut after) = (Log::default(), 0);
    loop {
        let page = nozzle.lines(eid, after, 500).await.unwrap();
        for line in &page.lines {
            after = line.seq;
            match line.entry().unwrap().kind {
                Kind::Post(post) => *log.posts.entry(post.id.to_string()).or_default() += 1,
                Kind::Gap { gap } => {
                    log.gaps.insert(gap.id.clone(), gap);
                }
                _ => {}
            }
        }
        if page.lines.is_empty() {
            return log;
        }
    }
}

async fn until(nozzle: &Nozzle, eid: EventId, enough: impl Fn(&Log) -> bool) -> Log {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let log = read(nozzle, eid).await;
        if enough(&log) || Instant::now() > deadline {
            return log;
        }
        sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_post_is_in_the_ledger_once_whatever_the_host_and_we_do() {
    let rough = Faults { drop_every: 60, late_percent: 2.0, noise_percent: 30.0, ..Faults::rough(5) };
    let server = serve(
        Options::new(Protocol::Bluesky, Script::as_read(posts(300)))
            .faults(Faults { handover_lost_ms: 30, oversize_every: 0, ..rough })
            .calls_max(100_000),
        CancellationToken::new(),
    )
    .await
    .unwrap();
    let dir = tempfile::tempdir().unwrap();
    let shutdown = Shutdown::new();
    let nozzle = open(&dir, &shutdown).await;
    let eid = apply(&nozzle, &server).await;
    until(&nozzle, eid, |log| log.posts.len() > 100).await;
    close(nozzle, shutdown).await;

    let shutdown = Shutdown::new();
    let nozzle = open(&dir, &shutdown).await;
    let log = until(&nozzle, eid, |log| log.posts.len() == 300).await;
    let originals = server.journal().originals();
    let wanted: BTreeSet<String> = originals.iter().map(|uid| Uid(uid.clone()).id().to_string()).collect();
    let found: BTreeSet<String> = log.posts.keys().cloned().collect();
    assert_eq!(found.symmetric_difference(&wanted).count(), 0, "{} of {}", found.len(), wanted.len());
    assert!(log.posts.values().all(|times| *times == 1), "a post is in the log twice");
    assert!(log.gaps.values().all(|gap| gap.closed), "nothing is missing: {:?}", log.gaps);
    close(nozzle, shutdown).await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_absence_beyond_the_window_is_a_gap_that_stays_and_a_shorter_one_is_none() {
    let options = Options::new(Protocol::Bluesky, Script::as_read(posts(20)));
    let server = serve(options, CancellationToken::new()).await.unwrap();
    let dir = tempfile::tempdir().unwrap();
    let mut shutdown = Shutdown::new();
    let mut nozzle = open(&dir, &shutdown).await;
    let eid = apply(&nozzle, &server).await;
    let first = until(&nozzle, eid, |log| log.posts.len() == 20).await;
    assert_eq!((first.posts.len(), first.gaps.len()), (20, 0));
    // The place reached is told once a second.
    sleep(Duration::from_secs(3)).await;
    for (absence, count, has_gap) in [(30 * Micros::HOUR, 21, false), (70 * Micros::HOUR, 22, true)] {
        close(nozzle, shutdown).await;
        server.say(post(100 + count, START + absence));
        shutdown = Shutdown::new();
        nozzle = open(&dir, &shutdown).await;
        let is_told = |log: &Log| log.posts.len() == 20 + (count - 20) as usize;
        let log = until(&nozzle, eid, |log| is_told(log) && (!has_gap || !log.gaps.is_empty())).await;
        assert!(is_told(&log), "{} posts", log.posts.len());
        assert_eq!(log.gaps.len(), usize::from(has_gap), "after {absence}: {:?}", log.gaps);
        assert!(log.gaps.values().all(|gap| !gap.closed && gap.to.is_some()), "{:?}", log.gaps);
        // The replay has ended and its place is told.
        sleep(Duration::from_secs(5)).await;
    }
    close(nozzle, shutdown).await;
    server.stop().await;
}
