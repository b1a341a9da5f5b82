//! Archives of other logs.

use std::time::{Duration, Instant};

use archive::{Batch, Cursor};
use live::follow::Line;
use live::ledger::{Birth, Ledger};

use crate::common::{PATIENCE, World, eid, event_ref, stop, strain};

#[tokio::test]
async fn archive_of_another_log_is_refused_and_left_alone() {
    let world = World::new().await;
    world.say(10).await;
    let archive = world.archive();
    archive.prepare().await.unwrap();
    let strange = Cursor::new("0.00000000deadbeef".parse().unwrap(), 3);
    let batch = Batch { event: eid(), from: None, entries: Vec::new().into(), to: strange.clone() };
    archive.write(batch).await.unwrap();

    let parts = world.parts(&archive);
    let readiness = parts.readiness.clone();
    let shutdown = strain(parts);
    let deadline = Instant::now() + PATIENCE;
    let reason = loop {
        let reason = readiness.parts().into_values().flatten().find(|why| why.contains("another log"));
        if let Some(reason) = reason {
            break reason;
        }
        assert!(Instant::now() < deadline, "{:?}", readiness.parts());
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert!(reason.contains("0.00000000deadbeef.3") && reason.contains("perihelion recover"), "{reason}");
    assert_eq!(archive.cursor(eid()).await.unwrap(), Some(strange));
    stop(shutdown).await;
}

#[tokio::test]
async fn recovered_log_is_followed_from_where_the_archive_was() {
    let world = World::new().await;
    world.say(30).await;
    let archive = world.archive();
    let shutdown = strain(world.parts(&archive));
    world.assert_archived(&archive).await;
    stop(shutdown).await;

    // A new ledger that carries the old one over up to 30, as a recovery makes it.
    let old = world.ledger.epoch().clone();
    let dir = tempfile::tempdir().unwrap();
    let birth = Birth {
        epoch: model::Epoch::new(old.generation() + 1, 5),
        line: [(old, 30)].into_iter().collect::<Line>(),
    };
    let ledger = Ledger::open_or(dir.path(), eid(), birth).await.unwrap();
    crate::common::append(&ledger, 50).await;
    world.store.publish(event_ref(), ledger.clone());
    let recovered = World { dir, ledger, store: world.store.clone() };
    let shutdown = strain(recovered.parts(&archive));
    recovered.assert_archived(&archive).await;
    let cursor = archive.cursor(eid()).await.unwrap().unwrap();
    assert_eq!(cursor.position.epoch, *recovered.ledger.epoch());
    assert_eq!(cursor.line.values().copied().collect::<Vec<_>>(), [30]);
    stop(shutdown).await;
}
