//! Nothing goes wrong.

use std::time::Duration;

use archive::{Query, Scope, Search};
use live::Store;

use crate::common::{World, archived_up_to, eid, stop, strain};

#[tokio::test]
async fn what_is_accepted_is_archived_and_equals_a_fold_from_zero() {
    let world = World::new().await;
    world.say(1_200).await;
    let archive = world.archive();
    let parts = world.parts(&archive);
    let readiness = parts.readiness.clone();
    let shutdown = strain(parts);
    archived_up_to(&archive, 1_200).await;
    for _ in 0..20 {
        world.say(3).await;
        tokio::time::sleep(Duration::from_millis(7)).await;
    }
    world.assert_archived(&archive).await;
    assert!(readiness.is_ready(), "{:?}", readiness.parts());
    stop(shutdown).await;
}

#[tokio::test]
async fn strainer_writes_how_it_stands() {
    let world = World::new().await;
    world.say(4).await;
    let archive = world.archive();
    let shutdown = strain(world.parts(&archive));
    archived_up_to(&archive, 4).await;
    let record = loop {
        let statuses = world.store.statuses().await.unwrap();
        let record: Option<serde_json::Value> =
            statuses.first().map(|(_, json)| serde_json::from_str(json).unwrap());
        if let Some(record) = record.filter(|record| record["events"]["rustfest"]["top"] == 4) {
            break record;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    assert_eq!(record["role"], "strainer");
    assert_eq!(record["events"]["rustfest"]["behind"], 0);
    stop(shutdown).await;
}

#[tokio::test]
async fn new_event_is_followed_without_a_restart() {
    let world = World::new().await;
    let archive = world.archive();
    let shutdown = strain(world.parts(&archive));
    let other = model::EventId::from_random(78);
    let ledger = live::ledger::Ledger::open(world.dir.path(), other).await.unwrap();
    crate::common::append(&ledger, 5).await;
    let event = model::event::EventRef { eid: other, slug: "second".into(), title: "Second".into() };
    world.store.publish(event, ledger);
    let deadline = std::time::Instant::now() + crate::common::PATIENCE;
    while archive.cursor(other).await.ok().flatten().is_none_or(|cursor| cursor.position.seq < 5) {
        assert!(std::time::Instant::now() < deadline);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    stop(shutdown).await;
}

#[tokio::test]
async fn archive_is_rebuilt_from_the_ledger_alone() {
    let world = World::new().await;
    world.say(2_500).await;
    let archive = world.archive();
    let view = live::ledger::LedgerView::open(world.ledger.path()).await.unwrap();
    let cursor = strainer::rebuild(&*archive, view).await.unwrap();
    assert_eq!(cursor.position.seq, 2_500);
    world.assert_archived(&archive).await;
    let found = archive.items(eid(), &Query::new(Scope::Search(Search::words("edited")))).await.unwrap();
    assert!(!found.is_empty());

    // The strainer goes on from there.
    let shutdown = strain(world.parts(&archive));
    world.say(10).await;
    world.assert_archived(&archive).await;
    stop(shutdown).await;
}

#[tokio::test]
async fn archive_that_is_behind_is_told_as_a_difference() {
    let world = World::new().await;
    world.say(10).await;
    let archive = world.archive();
    let view = live::ledger::LedgerView::open(world.ledger.path()).await.unwrap();
    strainer::rebuild(&*archive, view).await.unwrap();
    world.say(1).await;
    let differences = strainer::verify(&*archive, world.ledger.view()).await.unwrap();
    assert!(differences.iter().any(|difference| difference.what == "top"), "{differences:?}");
}
