//! What authors and networks take back, from the ledger into both archives.

use std::sync::Arc;

use archive::{Archive, Query, Scope, Search};
use model::{Gone, GoneBy, Kind, Micros, Retain, RowState, Seq};
use testkit::Postgres;

use crate::common::{World, archive_at, archived_up_to, eid, stop, strain, uid, words};

const NOON: Micros = Micros(1_795_189_320_000_000);

async fn append(world: &World, kind: Kind) -> Seq {
    let mut txn = world.ledger.begin().await.unwrap();
    let seq = txn.append(NOON, kind).unwrap();
    txn.commit().await.unwrap();
    seq
}

async fn found(archive: &Arc<dyn Archive>, word: &str) -> usize {
    archive.items(eid(), &Query::new(Scope::Search(Search::words(word)))).await.unwrap().len()
}

async fn follows_wishes_and_accounts(world: &World, archive: &Arc<dyn Archive>) {
    let shutdown = strain(world.parts(archive));
    append(world, Kind::Post(words(1, Vec::new(), "zanzibar"))).await;
    append(world, Kind::Post(words(2, Vec::new(), "samarkand"))).await;
    archived_up_to(archive, 2).await;
    assert_eq!((found(archive, "zanzibar").await, found(archive, "samarkand").await), (1, 1));

    // The author of the first asks not to be kept; the account of the second is deactivated.
    let mut asks = words(1, vec![1], "zanzibar");
    asks.item.retain = Retain::Live;
    append(world, Kind::Edit(asks)).await;
    append(world, Kind::Hide(Gone { id: uid(2).id(), first: 2, voids: vec![2], by: GoneBy::Network })).await;
    archived_up_to(archive, 4).await;
    assert_eq!((found(archive, "zanzibar").await, found(archive, "samarkand").await), (0, 0));
    assert_eq!(archive.item(eid(), uid(1).id()).await.unwrap(), None);
    let hidden = archive.item(eid(), uid(2).id()).await.unwrap().unwrap();
    assert_eq!((hidden.state, hidden.item), (RowState::Hidden, None));

    append(world, Kind::Show(words(2, Vec::new(), "samarkand"))).await;
    archived_up_to(archive, 5).await;
    assert_eq!((found(archive, "zanzibar").await, found(archive, "samarkand").await), (0, 1));
    world.assert_archived(archive).await;
    stop(shutdown).await;
}

#[tokio::test]
async fn sqlite_follows_wishes_and_accounts() {
    let world = World::new().await;
    follows_wishes_and_accounts(&world, &world.archive()).await;
}

#[tokio::test]
async fn postgres_follows_wishes_and_accounts() {
    let Some(server) = Postgres::shared().await else { return };
    let world = World::new().await;
    let archive = archive_at(&server.create_database().await, &world.dir);
    follows_wishes_and_accounts(&world, &archive).await;
}
