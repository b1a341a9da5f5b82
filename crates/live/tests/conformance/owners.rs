//! Two nozzles and one event.

use crate::kit::{Event, Kind, accept, open, post, quick};
use live::Error;
use live::ledger::Ledger;
use live::push::{PushEnd, Stop};
use live::state::Arrival;
use model::GoneBy;
use std::path::Path;

async fn copy_of(event: &Event, dir: &Path) -> Ledger {
    assert!(event.ledger().scrub().await.unwrap().is_some());
    let to = Ledger::path_in(dir, event.eid);
    std::fs::create_dir_all(to.parent().unwrap()).unwrap();
    std::fs::copy(event.ledger().path(), to).unwrap();
    open(dir, event.eid).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_file_has_one_nozzle() {
    let Some(event) = Event::start(Kind::Embedded).await else { return };
    let second = Ledger::open(event.dir.path(), event.eid).await;
    assert!(matches!(second, Err(Error::Locked { .. })), "{second:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_nozzle_gives_up_beside_a_living_one() {
    let Some(mut event) = Event::start(Kind::Redis).await else { return };
    event.post_many(0..5).await;
    event.sent().await;
    let elsewhere = tempfile::tempdir().unwrap();
    let empty = open(elsewhere.path(), event.eid).await;
    let end = quick(&empty, event.redis()).end().await;
    assert!(matches!(end, PushEnd::Stop(Stop::Owned { .. })), "{end}");
    let elsewhere = tempfile::tempdir().unwrap();
    let copy = copy_of(&event, elsewhere.path()).await;
    assert!(!copy.is_at_home(), "a copied file is not at home");
    let end = quick(&copy, event.redis()).end().await;
    assert!(matches!(end, PushEnd::Stop(Stop::Owned { .. })), "{end}");
    crate::accidents::tail_equals_ledger(&event).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_empty_ledger_never_takes_over_a_log_that_is_there() {
    let Some(mut event) = Event::start(Kind::Redis).await else { return };
    event.post_many(0..5).await;
    event.sent().await;
    event.nozzle_dies();
    event.claim_runs_out().await;
    let elsewhere = tempfile::tempdir().unwrap();
    let empty = open(elsewhere.path(), event.eid).await;
    let end = quick(&empty, event.redis()).end().await;
    assert!(matches!(end, PushEnd::Stop(Stop::OtherLog { .. })), "{end}");
    event.nozzle_starts().await;
    crate::accidents::tail_equals_ledger(&event).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_up_to_date_copy_takes_over_and_the_first_one_stays_out() {
    let Some(mut event) = Event::start(Kind::Redis).await else { return };
    event.post_many(0..5).await;
    event.sent().await;
    let elsewhere = tempfile::tempdir().unwrap();
    let copy = copy_of(&event, elsewhere.path()).await;
    // The first one dies with something that only it has.
    event.nozzle_dies();
    let first = open(event.dir.path(), event.eid).await;
    post(&first, "stranded", 0, "never pushed").await;
    event.claim_runs_out().await;
    let mut second = quick(&copy, event.redis());
    second.owns().await;
    post(&copy, "other", 0, "said to the copy").await;
    accept(&copy, "1", Arrival::Hide { by: GoneBy::Moderator }).await;
    second.sent(7).await;

    let end = quick(&first, event.redis()).end().await;
    assert!(matches!(end, PushEnd::Stop(Stop::Owned { .. })), "{end}");
    assert!(matches!(second.stop().await, PushEnd::Told));
    event.claim_runs_out().await;
    let end = quick(&first, event.redis()).end().await;
    assert!(matches!(end, PushEnd::Stop(Stop::Fork { .. })), "{end}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ledger_from_a_backup_is_refused() {
    let Some(mut event) = Event::start(Kind::Redis).await else { return };
    event.post_many(0..5).await;
    event.sent().await;
    let backup = tempfile::tempdir().unwrap();
    let old = copy_of(&event, backup.path()).await;
    event.post_many(5..9).await;
    event.sent().await;
    event.nozzle_dies();
    event.claim_runs_out().await;
    let end = quick(&old, event.redis()).end().await;
    assert!(matches!(end, PushEnd::Stop(Stop::Fork { top: 9 })), "{end}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_nozzle_that_is_told_to_stop_pushes_what_is_left() {
    let Some(mut event) = Event::start(Kind::Redis).await else { return };
    event.nozzle_dies();
    let ledger = open(event.dir.path(), event.eid).await;
    let mut pushing = quick(&ledger, event.redis());
    pushing.owns().await;
    for n in 0..500 {
        post(&ledger, &n.to_string(), 0, "words").await;
    }
    let end = pushing.stop().await;
    assert!(matches!(end, PushEnd::Told), "{end:?}");
    let page = event.redis().tail(event.eid).read(0, 1).await.unwrap().unwrap();
    assert_eq!(page.head.top, 500);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_throws_keys_away_is_refused_also_when_it_was_away_at_the_start() {
    let Some(mut event) = Event::start(Kind::Redis).await else { return };
    event.nozzle_dies();
    let evicts = ["CONFIG", "SET", "maxmemory-policy", "allkeys-lru"];
    event.server().command(&evicts).await.unwrap();
    let ledger = open(event.dir.path(), event.eid).await;
    let end = quick(&ledger, event.redis()).end().await;
    assert!(matches!(end, PushEnd::Failed(Error::Unfit(_))), "{end}");
}
