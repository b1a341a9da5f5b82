//! A nozzle in a process of its own, killed whenever we like, on a Redis that is killed, rolled back and flushed; three
//! readers look on. `PERIHELION_TRIAL_SECONDS=40` is the long run.

use crate::kit::{PATIENCE, accept, decide_in, item_words, open, quick};
use crate::watcher::Watcher;
use live::ledger::{Ledger, LedgerView};
use live::push::{PushEnd, Stop};
use live::redis::RedisStore;
use live::state::{Arrival, Veil};
use live::{LINES_MAX, Store};
use model::event::EventRef;
use model::{EventId, GoneBy};
use rand::RngExt;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::time::{Duration, Instant};
use testkit::{Process, RedisSnapshot};

const DIR: &str = "PERIHELION_TRIAL_DIR";
const URL: &str = "PERIHELION_TRIAL_URL";
const CHILD_SECONDS: &str = "PERIHELION_TRIAL_CHILD_SECONDS";
/// What a nozzle may be ahead of its tail here, so that accepting does not outrun everything else.
const AHEAD_MAX: u64 = 3_000;
/// Exit code of a nozzle that must not be started again.
const STOPPED: u8 = 3;

fn eid() -> EventId {
    EventId::from_random(77)
}

fn seconds() -> Duration {
    let asked = std::env::var("PERIHELION_TRIAL_SECONDS").ok();
    Duration::from_secs(
        asked.map_or(6, |s| s.parse().expect("PERIHELION_TRIAL_SECONDS is a number of seconds")),
    )
}

/// The nozzle outlives the last blow by this much, so that somebody is there to mend it.
const AFTERMATH: Duration = Duration::from_secs(2);

fn nozzle(dir: &Path, url: &str, left: Duration) -> Process {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["trial::the_nozzle_of_the_trial", "--exact", "--nocapture"]);
    command.env(DIR, dir).env(URL, url).env(CHILD_SECONDS, left.as_secs_f64().to_string());
    Process::start(command).unwrap()
}

/// The trial's child; run by itself it has nothing to do and says so by ending well.
#[test]
fn the_nozzle_of_the_trial() -> ExitCode {
    let Ok(dir) = std::env::var(DIR) else { return ExitCode::SUCCESS };
    let left: f64 = std::env::var(CHILD_SECONDS).unwrap().parse().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(run_nozzle(Path::new(&dir), &std::env::var(URL).unwrap(), Duration::from_secs_f64(left)))
}

async fn run_nozzle(dir: &Path, url: &str, left: Duration) -> ExitCode {
    let began = Instant::now();
    let ledger = open(dir, eid()).await;
    let store = RedisStore::connect(url).await.unwrap();
    let listed = EventRef { eid: eid(), slug: "trial".into(), title: "Trial".into() };
    // A store that is away now is told later.
    let _ = store.publish(&listed).await;
    let mut pushing = quick(&ledger, &store);
    let mut quiet = 0;
    while quiet < 6 {
        let standing = *pushing.standing.borrow_and_update();
        if pushing.has_ended() {
            return match pushing.end().await {
                PushEnd::Stop(Stop::Fork { .. } | Stop::OtherLog { .. } | Stop::Owned { .. }) => {
                    ExitCode::from(STOPPED)
                }
                PushEnd::Told | PushEnd::Failed(_) => ExitCode::FAILURE,
            };
        }
        let is_time = began.elapsed() < left;
        if is_time && standing.is_owner && ledger.top() < standing.sent + AHEAD_MAX {
            talk(&ledger).await;
            continue;
        }
        quiet = if is_time || standing.sent < ledger.top() || !standing.is_reached { 0 } else { quiet + 1 };
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    ExitCode::SUCCESS
}

/// One batch: some posts, and something taken back.
async fn talk(ledger: &Ledger) {
    let top = ledger.top();
    let mut txn = ledger.begin().await.unwrap();
    let posts = rand::rng().random_range(1..40);
    for _ in 0..posts {
        let native = format!("p{}", txn.next_seq());
        let words = Box::new(item_words(&native, 0, &"x".repeat(rand::rng().random_range(40..500))));
        decide_in(&mut txn, &native, Arrival::Post { words, veil: Veil::default() }).await;
    }
    txn.commit().await.unwrap();
    if top > 50 && rand::rng().random_bool(0.3) {
        let old = format!("p{}", rand::rng().random_range(top - 50..top));
        let arrival = match rand::rng().random_range(0..4) {
            0 => Arrival::Hide { by: GoneBy::Moderator },
            1 => Arrival::Show,
            2 => Arrival::Delete { by: GoneBy::Author },
            _ => Arrival::Post { words: Box::new(item_words(&old, top, "edited")), veil: Veil::default() },
        };
        accept(ledger, &old, arrival).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_see_everything_once_through_kills_rollbacks_and_flushes() {
    let Some(mut server) = testkit::Redis::start().await else { return };
    let dir = tempfile::tempdir().unwrap();
    let (url, time, began) = (server.url(), seconds(), Instant::now());
    let mut child = nozzle(dir.path(), &url, time + AFTERMATH);
    let store = RedisStore::connect(&url).await.unwrap();
    until("the event is listed", async || store.events().await.is_ok_and(|all| !all.is_empty())).await;
    let readers: Arc<dyn Store> = Arc::new(store.clone());
    let mut watchers = Vec::new();
    for _ in 0..3 {
        watchers.push(Watcher::start(Arc::clone(&readers), eid()).await);
    }
    let elsewhere = tempfile::tempdir().unwrap();
    until("there is a tail", async || store.tail(eid()).read(0, 1).await.is_ok_and(|page| page.is_some()))
        .await;
    let mut second = nozzle(elsewhere.path(), &url, time);

    let mut faults: BTreeMap<&str, u32> = BTreeMap::new();
    let mut snapshot: Option<RedisSnapshot> = None;
    while began.elapsed() < time {
        tokio::time::sleep(Duration::from_millis(rand::rng().random_range(100..700))).await;
        let what = match (rand::rng().random_range(0..100), &snapshot) {
            (0..30, None) => {
                snapshot = Some(server.save_snapshot().await);
                "snapshot"
            }
            (0..60, Some(old)) => {
                server.restart_from(old).await;
                if rand::rng().random_bool(0.7) {
                    snapshot = None;
                }
                "kill -9 of Redis and rollback"
            }
            (60..66, _) => {
                server.flushall().await;
                "flush"
            }
            (66..74, _) => {
                server.client_kill_pubsub().await;
                "subscriptions killed"
            }
            (74..95, _) => {
                child.kill9();
                child = nozzle(dir.path(), &url, (time + AFTERMATH).saturating_sub(began.elapsed()));
                "kill -9 of the nozzle"
            }
            _ => "nothing",
        };
        *faults.entry(what).or_default() += 1;
        assert!(child.is_running(), "the nozzle stopped by itself: {}", child.output());
    }
    let end = child.wait(PATIENCE * 2).await.unwrap();
    assert!(end.success(), "the nozzle ended with {end}: {}", child.output());
    let end = second.wait(PATIENCE * 2).await.unwrap();
    assert!(!end.success(), "a second nozzle on an empty ledger never gets to own the event");
    judge(dir.path(), &store, &watchers).await;
    println!("{faults:?}");
}

async fn judge(dir: &Path, store: &RedisStore, watchers: &[Watcher]) {
    let view = LedgerView::open(&Ledger::path_in(dir, eid())).await.unwrap();
    let head = view.head().await.unwrap();
    let truth = view.fold().await.unwrap();
    let mut lines = Vec::new();
    while (lines.len() as u64) < head.top {
        lines.extend(view.lines(lines.len() as u64, LINES_MAX).await.unwrap());
    }
    let ledger: Vec<&[u8]> = lines.iter().map(|l| l.json.as_ref()).collect();
    for watcher in watchers {
        watcher.reaches(&head.epoch, head.top).await;
        watcher.saw_each_once(1, head.top);
        let seen = watcher.seen();
        assert!(
            seen.ring.values().map(String::as_bytes).eq(ledger.iter().copied()),
            "a ring holds what the ledger holds"
        );
        assert_eq!(seen.fold, truth);
        assert!(seen.holds.iter().all(|hold| !hold.is_alarm()));
    }
    let mut after = 0;
    loop {
        let page = store.tail(eid()).read(after, LINES_MAX).await.unwrap().unwrap();
        let base = usize::try_from(page.after).unwrap();
        assert!(page.lines.iter().eq(lines[base..].iter().take(page.lines.len())), "the tail is the ledger");
        after = page.after + page.lines.len() as u64;
        if page.lines.is_empty() {
            break;
        }
    }
    assert_eq!(after, head.top);
    println!("accepted {}, each seen once, in order, by {} readers", head.top, watchers.len());
}

async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so().await {
        assert!(Instant::now() < deadline, "{what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
