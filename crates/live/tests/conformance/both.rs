//! Promises that hold on either store.

use crate::kit::{Event, Kind, accept};
use crate::watcher::Watcher;
use live::ledger::void_json;
use live::state::Arrival;
use live::{Error, LINES_MAX};
use model::{EventId, GoneBy, Micros, Position};
use std::time::{Duration, Instant};

/// Runs each promise on both stores.
macro_rules! on_both {
    ($($name:ident),* $(,)?) => {
        mod embedded {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                let event = super::Event::start(super::Kind::Embedded).await.expect("needs nothing");
                super::$name(event).await;
            })*
        }
        mod redis {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                if let Some(event) = super::Event::start(super::Kind::Redis).await {
                    super::$name(event).await;
                }
            })*
        }
    };
}

on_both!(
    every_entry_is_seen_once_and_in_order,
    words_that_were_taken_back_are_nowhere,
    a_reader_resumes_from_its_position,
    a_bell_wakes_long_before_the_next_look,
    numbers_go_on_after_the_nozzle_died,
    a_repeated_request_is_accepted_once,
    what_was_not_committed_never_happened,
    a_page_of_the_log_is_bounded,
    events_are_listed_and_unknown_ones_refused,
    a_status_record_lives_five_seconds,
);

async fn every_entry_is_seen_once_and_in_order(mut event: Event) {
    let early = Watcher::start(event.store(), event.eid).await;
    event.post_many(0..150).await;
    let late = Watcher::start(event.store(), event.eid).await;
    event.post_many(150..300).await;
    event.sent().await;
    let epoch = event.ledger().epoch().clone();
    for watcher in [early, late] {
        watcher.reaches(&epoch, 300).await;
        watcher.saw_each_once(1, 300);
        let truth = event.ledger().view().fold().await.unwrap();
        assert_eq!(watcher.seen().fold, truth);
    }
}

async fn words_that_were_taken_back_are_nowhere(mut event: Event) {
    let watcher = Watcher::start(event.store(), event.eid).await;
    for native in ["edited", "hidden", "removed", "shown again"] {
        event.post(native, &format!("first words of {native}")).await;
    }
    event.edit("edited", 1, "second words").await;
    event.edit("removed", 1, "first words, edited").await;
    event.hide("hidden").await;
    event.hide("shown again").await;
    event.remove("removed").await;
    event.show("shown again").await;
    let last = event.edit("edited", 2, "third words").await;
    event.sent().await;
    watcher.reaches(event.ledger().epoch(), last).await;

    let log = event.store().log(event.eid).await.unwrap();
    let stored = log.read(0, LINES_MAX).await.unwrap().unwrap();
    let stored: Vec<String> =
        stored.lines.iter().map(|l| String::from_utf8(l.json.to_vec()).unwrap()).collect();
    let ring: Vec<String> = watcher.seen().ring.values().cloned().collect();
    assert_eq!(stored, ring, "a reader that saw everything holds what a newcomer gets");
    let all = stored.join("\n");
    for gone in [
        "first words of edited",
        "first words of hidden",
        "first words of removed",
        "words, edited",
        "second",
    ] {
        assert!(!all.contains(gone), "{gone:?} was taken back: {all}");
    }
    assert!(all.contains("third words") && all.contains("first words of shown again"));
    assert_eq!(stored[0], void_json(1));
    let truth = event.ledger().view().fold().await.unwrap();
    assert_eq!(watcher.seen().fold, truth);
}

async fn a_reader_resumes_from_its_position(mut event: Event) {
    event.post_many(0..20).await;
    event.sent().await;
    let at = Position { epoch: event.ledger().epoch().clone(), seq: 12 };
    let watcher = Watcher::resume(event.store(), event.eid, Some(at.clone())).await;
    event.post_many(20..30).await;
    watcher.reaches(&at.epoch, 30).await;
    watcher.saw_each_once(13, 30);
    assert_eq!(watcher.seen().begun_anew, 0);
}

async fn a_bell_wakes_long_before_the_next_look(mut event: Event) {
    let log = event.store().log(event.eid).await.unwrap();
    let mut bell = log.bell();
    event.post("first", "heard").await;
    event.sent().await;
    bell.wait().await;
    let mut fastest = Duration::MAX;
    for n in 0..10 {
        let began = Instant::now();
        event.post(&n.to_string(), "heard").await;
        bell.wait().await;
        fastest = fastest.min(began.elapsed());
        event.sent().await;
    }
    assert!(fastest < Duration::from_millis(250), "the fastest ring took {fastest:?}");
}

async fn numbers_go_on_after_the_nozzle_died(mut event: Event) {
    event.post_many(0..10).await;
    let epoch = event.ledger().epoch().clone();
    event.nozzle_dies();
    event.nozzle_starts().await;
    event.post("0", "the network sends it again").await;
    assert_eq!(event.post("new", "after the restart").await, 11);
    event.sent().await;
    let watcher = Watcher::start(event.store(), event.eid).await;
    watcher.reaches(&epoch, 11).await;
    watcher.saw_each_once(1, 11);
}

async fn a_repeated_request_is_accepted_once(event: Event) {
    event.post("a", "words").await;
    for _ in 0..3 {
        let mut txn = event.ledger().begin().await.unwrap();
        if txn.answer("key").await.unwrap().is_none() {
            txn.append(Micros(1), model::Kind::Void).unwrap();
            txn.set_answer("key", r#"{"seq":2}"#, Micros(1)).await.unwrap();
        }
        assert_eq!(txn.answer("key").await.unwrap().as_deref(), Some(r#"{"seq":2}"#));
        txn.commit().await.unwrap();
    }
    let hide = || Arrival::Hide { by: GoneBy::Moderator };
    accept(event.ledger(), "a", hide()).await;
    accept(event.ledger(), "a", hide()).await;
    assert_eq!(event.ledger().top(), 3);
}

async fn what_was_not_committed_never_happened(mut event: Event) {
    event.post("a", "words").await;
    let mut txn = event.ledger().begin().await.unwrap();
    txn.append(Micros(1), model::Kind::Void).unwrap();
    txn.set_cursor("fosstodon", "111").await.unwrap();
    drop(txn);
    assert_eq!(event.post("b", "words").await, 2);
    assert_eq!(event.ledger().begin().await.unwrap().cursor("fosstodon").await.unwrap(), None);
    event.sent().await;
    let log = event.store().log(event.eid).await.unwrap();
    let page = log.read(0, LINES_MAX).await.unwrap().unwrap();
    assert_eq!((page.head.top, page.lines.len()), (2, 2));
}

async fn a_page_of_the_log_is_bounded(mut event: Event) {
    let mut txn = event.ledger().begin().await.unwrap();
    for _ in 0..LINES_MAX + 50 {
        txn.append(Micros(1), model::Kind::Void).unwrap();
    }
    let top = txn.commit().await.unwrap();
    event.sent().await;
    let log = event.store().log(event.eid).await.unwrap();
    let page = log.read(0, usize::MAX).await.unwrap().unwrap();
    assert_eq!((page.head.top, page.lines.len()), (top, LINES_MAX));
    let page = log.read(top - 3, 2).await.unwrap().unwrap();
    assert_eq!(page.lines.iter().map(|l| l.seq).collect::<Vec<_>>(), [top - 2, top - 1]);
    let page = log.read(top + 9, 2).await.unwrap().unwrap();
    assert!(page.lines.is_empty() && page.head.top == top);
}

async fn events_are_listed_and_unknown_ones_refused(event: Event) {
    assert_eq!(event.store().events().await.unwrap(), [event.listed()]);
    let unknown = event.store().log(EventId::from_random(99)).await;
    assert!(matches!(unknown, Err(Error::NoEvent(_))));
}

async fn a_status_record_lives_five_seconds(event: Event) {
    let store = event.store();
    store.put_status("status:halley:b", r#"{"n":1}"#).await.unwrap();
    store.put_status("status:halley:a", r#"{"n":2}"#).await.unwrap();
    store.put_status("status:halley:b", r#"{"n":3}"#).await.unwrap();
    let board = |key: &str, json: &str| (key.to_owned(), json.to_owned());
    let both = [board("status:halley:a", r#"{"n":2}"#), board("status:halley:b", r#"{"n":3}"#)];
    assert_eq!(store.statuses().await.unwrap(), both);
    tokio::time::sleep(Duration::from_millis(5_200)).await;
    assert_eq!(store.statuses().await.unwrap(), []);
}
