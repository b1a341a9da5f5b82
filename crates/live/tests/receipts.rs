//! Receipts: who asked is kept with the entry, and a surface was clean with its first mark at the entry or behind it.

use live::ledger::{Ledger, NewReceipt};
use live::reached::How;
use live::receipts::{Asker, CleanState, Mark, Receipt, Surface, Way, What};
use model::{EventId, Gone, GoneBy, ItemId, Kind, Micros, Seq, Uid};

const NOW: Micros = Micros(1_795_189_320_000_000);

fn id(native: &str) -> ItemId {
    Uid::new("x", native).id()
}

/// Takes an item away, as the sequencer does.
async fn take(ledger: &Ledger, native: &str, what: What, asker: Asker) -> Seq {
    let mut txn = ledger.begin().await.unwrap();
    let gone = Gone { id: id(native), first: 1, voids: Vec::new(), by: GoneBy::Moderator };
    let kind = if what == What::Hide { Kind::Hide(gone) } else { Kind::Remove(gone) };
    let seq = txn.append(NOW, kind).unwrap();
    let receipt = NewReceipt { seq, id: id(native), what, by: GoneBy::Moderator, asker, at: NOW, made: NOW };
    txn.add_receipt(&receipt).await.unwrap();
    txn.commit().await.unwrap()
}

fn mark(surface: Surface, seq: Seq, after_ms: i64) -> Mark {
    Mark { surface, seq, since: NOW.plus(after_ms * 1_000), told: 1, silent: 0, how: None }
}

fn state(receipt: &Receipt, surface: Surface) -> (CleanState, Option<u64>) {
    let clean = receipt.surfaces.iter().find(|clean| clean.surface == surface).unwrap();
    (clean.state, clean.after_ms)
}

#[tokio::test]
async fn a_receipt_is_the_fold_of_an_entry_and_the_marks_behind_it() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = Ledger::open(dir.path(), EventId::from_random(7)).await.unwrap();
    let view = ledger.view();
    assert_eq!(
        (view.newest_receipt().await.unwrap(), view.receipts(None, 9).await.unwrap()),
        (0, Vec::new())
    );
    assert!(!ledger.mark(&mark(Surface::Stream, 9, 1)).await.unwrap(), "there is nothing to say");

    let one = take(&ledger, "1", What::Remove, Way::Upstream.into()).await;
    let two = take(&ledger, "2", What::Hide, Asker::hand("moderator")).await;
    assert!(!ledger.mark(&mark(Surface::Stream, 0, 1)).await.unwrap(), "it is not so far");
    assert!(ledger.mark(&mark(Surface::Stream, one, 40)).await.unwrap());
    assert!(!ledger.mark(&mark(Surface::Stream, one, 90)).await.unwrap(), "it was so before");
    assert!(ledger.mark(&mark(Surface::Chunks, two, 70)).await.unwrap());
    let absent = Mark { how: Some(How::Absent), told: 0, ..mark(Surface::Tail, two, 5) };
    assert!(ledger.mark(&absent).await.unwrap());

    let [newer, older] = &view.receipts(None, 9).await.unwrap()[..] else { panic!("two receipts") };
    assert_eq!((older.seq, older.id, older.what), (one, id("1"), What::Remove));
    assert_eq!((newer.asker.way, newer.asker.role.as_str(), newer.at), (Way::Hand, "moderator", NOW));
    assert_eq!(state(older, Surface::Stream), (CleanState::Clean, Some(40)));
    assert_eq!(state(newer, Surface::Stream), (CleanState::Waiting, None));
    assert_eq!(
        state(older, Surface::Chunks),
        (CleanState::Clean, Some(70)),
        "a late mark tells a later time"
    );
    assert_eq!(state(older, Surface::Tail), (CleanState::Absent, None));
    assert_eq!(state(older, Surface::Ledger), (CleanState::Waiting, None));
    assert_eq!(state(newer, Surface::Ledger), (CleanState::Kept, None), "hidden words can be shown again");
    assert!(!older.complete && !newer.complete);

    for surface in Surface::ALL {
        ledger.mark(&mark(surface, two, 100)).await.unwrap();
    }
    assert!(view.receipts(None, 9).await.unwrap().iter().all(|receipt| receipt.complete));
    assert_eq!(view.marked().await.unwrap().len(), Surface::ALL.len());
}

#[tokio::test]
async fn receipts_are_found_by_item_and_page_by_page_and_tell_what_was_undone() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = Ledger::open(dir.path(), EventId::from_random(7)).await.unwrap();
    let view = ledger.view();
    let first = take(&ledger, "1", What::Hide, Asker::hand("moderator")).await;
    let mut txn = ledger.begin().await.unwrap();
    txn.undo_receipts(id("1"), 2).await.unwrap();
    txn.append(NOW, Kind::Void).unwrap();
    txn.commit().await.unwrap();
    let last = take(&ledger, "1", What::Remove, Way::Page.into()).await;
    take(&ledger, "2", What::Remove, Way::Account.into()).await;

    let of_one = view.receipts_of(id("1"), None, 9).await.unwrap();
    let told: Vec<_> = of_one.iter().map(|receipt| (receipt.seq, receipt.undone)).collect();
    assert_eq!(told, [(last, None), (first, Some(2))]);
    assert_eq!(view.receipts(None, 1).await.unwrap()[0].id, id("2"));
    assert_eq!(view.receipts(Some(last), 9).await.unwrap().len(), 1);
    assert_eq!(view.newest_receipt().await.unwrap(), last + 1);
    let json = serde_json::to_string(&of_one).unwrap();
    assert_eq!(serde_json::from_str::<Vec<Receipt>>(&json).unwrap(), of_one);
    assert!(json.contains(r#""way":"page""#) && json.contains(r#""surface":"tail_files""#), "{json}");
}
