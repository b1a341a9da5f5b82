//! A recorded conference, spoken by fake networks under every fault they know, through the real pump, admit and sequencer
//! into a real ledger: every distinct post exactly once.

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use chassis::Shutdown;
use chassis::clock::Clock;
use live::ledger::Ledger;
use model::{EventId, Kind, TallyCounts, Uid};
use networks::{Faults, Matching, Options, Protocol, Script, Server, rtweet, serve};
use nozzle::Nozzle;
use nozzle::intake::{Actor, Ask, Intake, Order};
use tempfile::TempDir;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

const DISTINCT: usize = 1932;
const PATIENCE: Duration = Duration::from_secs(120);

fn archive() -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../shared/fixtures/conference-tweets/rtweet/rstudioconf-2018.jsonl");
    if path.exists() {
        return Some(path);
    }
    assert!(std::env::var_os("PERIHELION_REQUIRE_SERVERS").is_none(), "{} is missing", path.display());
    eprintln!("SKIPPED: {} is missing", path.display());
    None
}

async fn open(dir: &TempDir, shutdown: &Shutdown) -> Nozzle {
    common::open(dir, shutdown, Clock::real(), |name| (name == "X_TOKEN").then(|| "secret".to_owned())).await
}

async fn apply(nozzle: &Nozzle, server: &Server, api: &str) -> EventId {
    let eid = EventId::from_random(7);
    let event = format!(
        "slug = \"rstudio\"\ntitle = \"rstudio::conf\"\nhashtags = [\"rstudioconf\"]\nstarts = 2018-01-31\nends = 2018-02-03\n\
         [[source]]\nname = \"x\"\nkind = \"twitter\"\napi = \"{api}\"\nurl = \"{}\"\ntoken_env = \"X_TOKEN\"\n",
        server.url()
    );
    let actor = Actor { role: "site".into(), name: "test".into() };
    let order = Order { ask: Ask::Event(event), key: "apply".into(), actor, is_dry_run: false };
    nozzle.ask(eid, order).await.unwrap();
    eid
}

/// Public ids of the posts in the log, each with how often it is there as new; panics when a number is missing.
async fn posts(nozzle: &Nozzle, eid: EventId) -> BTreeMap<String, usize> {
    let mut out = BTreeMap::new();
    let mut after = 0;
    loop {
        let page = nozzle.lines(eid, after, 500).await.unwrap();
        for line in &page.lines {
            assert_eq!(line.seq, after + 1, "the log has a hole");
            after = line.seq;
            if let Kind::Post(post) = line.entry().unwrap().kind {
                *out.entry(post.id.to_string()).or_default() += 1;
            }
        }
        if page.lines.is_empty() {
            return out;
        }
    }
}

/// Lets the conference happen, stopping and reopening the nozzle in the middle.
async fn conference(protocol: Protocol, api: &str) {
    let Some(path) = archive() else { return };
    let script = Script::as_read(rtweet::load(&path).unwrap());
    let options = Options::new(protocol, script)
        .token("secret")
        .matching(Matching::Everything)
        .faults(Faults::rough(11));
    let server = serve(options, CancellationToken::new()).await.unwrap();
    let dir = tempfile::tempdir().unwrap();
    let mut shutdown = Shutdown::new();
    let mut nozzle = open(&dir, &shutdown).await;
    let eid = apply(&nozzle, &server, api).await;
    let deadline = Instant::now() + PATIENCE;
    let mut restarted = false;
    let mut found = BTreeMap::new();
    while found.len() < DISTINCT && Instant::now() < deadline {
        sleep(Duration::from_millis(200)).await;
        if !restarted && server.progress().0 > 3000 {
            restarted = true;
            shutdown.trigger();
            shutdown.finish().await;
            drop(nozzle);
            shutdown = Shutdown::new();
            nozzle = open(&dir, &shutdown).await;
        }
        found = posts(&nozzle, eid).await;
    }
    let originals = server.journal().originals();
    let wanted: BTreeSet<String> = originals.iter().map(|uid| Uid(uid.clone()).id().to_string()).collect();
    assert_eq!(server.progress(), (7424, 7424), "the conference did not end in time");
    assert_eq!(wanted.len(), DISTINCT);
    assert_eq!(found.keys().cloned().collect::<BTreeSet<_>>(), wanted);
    assert!(found.values().all(|times| *times == 1), "a post is in the log twice");
    assert!(restarted);
    shutdown.trigger();
    shutdown.finish().await;
    server.stop().await;
    drop(nozzle);
    let ledger = Ledger::open(dir.path(), eid).await.unwrap();
    let tallies = ledger.view().fold().await.unwrap().tallies;
    let new: u64 = tallies.values().map(|counts| counts.new).sum();
    assert_eq!(new, DISTINCT as u64, "what was counted before each of the two ends is in the log");
    let told = |counts: &TallyCounts| counts.new + counts.duplicate;
    assert!(tallies.values().all(|counts| counts.received >= told(counts)), "{tallies:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_post_of_a_conference_is_in_the_ledger_once_over_v2() {
    conference(Protocol::XV2, "v2").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_post_of_a_conference_is_in_the_ledger_once_over_v1() {
    conference(Protocol::XV1, "v1").await;
}
