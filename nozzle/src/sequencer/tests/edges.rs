//! What is easily lost at an edge: counts while the disk refuses, at the end, and beside an edit; time across a restart.

use chassis::clock::Timeline;
use model::{Counts, Kind};
use sqlx::{Connection, Executor, SqliteConnection};

use super::*;
use crate::source::DraftCounts;

fn counted(n: u64, boosts: i64) -> Brought {
    Brought::Counts { name: uid(n).0, counts: DraftCounts { boosts: Some(boosts), ..DraftCounts::default() } }
}

fn boosts(fold: &Fold, n: u64) -> u64 {
    fold.items[&id(n)].item.as_ref().map_or(0, |item| item.counts.boosts.into())
}

#[tokio::test]
async fn a_ledger_that_refuses_for_a_while_costs_neither_the_nozzle_nor_the_counts() {
    let mut rig = Rig::new().await;
    rig.bring([post(1, "words"), counted(1, 7)]).await;
    let address = format!("sqlite://{}", rig.ledger.path().display());
    let mut other = SqliteConnection::connect(&address).await.unwrap();
    other.execute("BEGIN IMMEDIATE").await.unwrap();
    rig.sequencer.counts().await.expect("busy passes");
    assert!(rig.sequencer.standing.counts_due().is_some(), "the counts still wait");
    other.execute("ROLLBACK").await.unwrap();
    rig.sequencer.counts().await.unwrap();
    assert_eq!(boosts(&rig.fold().await, 1), 7);
    assert_eq!(rig.sequencer.standing.counts_due(), None);
}

#[tokio::test]
async fn all_counts_that_wait_are_written_at_the_end() {
    let mut rig = Rig::new().await;
    rig.bring((0..450).map(|n| post(n, "words"))).await;
    rig.bring((0..450).map(|n| counted(n, 3))).await;
    let ledger = rig.ledger.clone();
    rig.sequencer.finish().await.unwrap();
    let fold = ledger.view().fold().await.unwrap();
    assert!((0..450).all(|n| boosts(&fold, n) == 3));
}

#[tokio::test]
async fn counts_that_waited_do_not_go_back_behind_those_of_an_edit() {
    let mut rig = Rig::new().await;
    rig.bring([post(1, "words"), counted(1, 5)]).await;
    let counts = DraftCounts { boosts: Some(9), ..DraftCounts::default() };
    let revision = Revision::EditedAt(Micros(5));
    rig.bring([post_of(Draft { revision, counts, ..draft(1, "new words") })]).await;
    rig.sequencer.counts().await.unwrap();
    assert_eq!(boosts(&rig.fold().await, 1), 9);
    let record = rig.ledger.view().record(id(1)).await.unwrap().unwrap();
    assert_eq!(record.words.unwrap().item.counts, Counts { boosts: 9, ..Counts::default() });
}

#[tokio::test]
async fn the_words_of_a_held_post_leave_the_disk_with_its_removal() {
    let mut rig = Rig::new().await;
    let Brought::Post { admitted, .. } = post(1, "canary") else { unreachable!("it is a post") };
    rig.bring([Brought::Post { admitted, is_held: true }]).await;
    rig.bring([delete(1)]).await;
    assert!(rig.sequencer.taken().borrow().voided > 0, "the write-ahead log is emptied next");
}

#[tokio::test]
async fn time_in_the_log_does_not_go_back_when_a_restart_finds_an_earlier_clock() {
    let mut rig = Rig::new().await;
    let Brought::Post { admitted, .. } = post(3, "held") else { unreachable!("it is a post") };
    rig.bring([post(1, "before"), Brought::Post { admitted, is_held: true }]).await;
    let mut rig = rig.reborn().await;
    let timeline = Timeline::new(vec![(NOON.0 / 2, NOON.0)], 1.0).unwrap();
    rig.sequencer.clock = Clock::rehearsal(timeline, 0);
    rig.bring([post(2, "after")]).await;
    let lines = rig.ledger.view().lines(0, 10).await.unwrap();
    let entries: Vec<_> = lines.iter().map(|line| line.entry().unwrap()).collect();
    assert!(matches!(entries[1].kind, Kind::Void));
    assert!(entries[2].at >= entries[0].at, "{} is before {}", entries[2].at.0, entries[0].at.0);
}
