//! The ledger on a real file: numbers, voids, the private state, what a dropped transaction leaves, and the lock.

use live::ledger::{Ledger, Txn};
use live::state::{Arrival, Outcome, Record, Veil, Words, decide};
use live::{Error, Log, Store};
use model::{Author, Body, Counts, EventId, Filing, GoneBy, Item, Kind, Micros, Network, Retain, Uid};
use std::path::Path;

const NOW: Micros = Micros(1_795_189_320_000_000);

fn item(native: &str, rev: u64, words: &str) -> Item {
    Item {
        uid: Uid::new("x", native),
        network: Network::X,
        source: "test".into(),
        rev,
        url: None,
        when: NOW,
        author: Author::default(),
        title: None,
        body: Body::plain(words),
        lang: None,
        cover: None,
        reply_to: None,
        quotes: None,
        media: Vec::new(),
        card: None,
        counts: Counts::default(),
        marks: Vec::new(),
        late: false,
        retain: Retain::Archive,
        tags: Vec::new(),
        at: None,
    }
}

fn post(item: Item) -> Arrival {
    Arrival::Post {
        words: Box::new(Words { item, filing: Filing::unsorted("Test.") }),
        veil: Veil::default(),
    }
}

async fn open(dir: &Path) -> Ledger {
    Ledger::open(dir, EventId::from_random(7)).await.unwrap()
}

async fn arrive(txn: &mut Txn<'_>, native: &str, arrival: Arrival) -> Outcome {
    let id = Uid::new("x", native).id();
    let records = txn.items(&[id]).await.unwrap();
    let outcome = decide(records.get(&id), id, arrival, txn.next_seq());
    if let Outcome::Entry(kind, record) = &outcome {
        txn.append(NOW, (**kind).clone()).unwrap();
        txn.put(record.clone());
    } else if let Outcome::Keep(record) = &outcome {
        txn.put(record.clone());
    }
    outcome
}

async fn record(ledger: &Ledger, native: &str) -> Record {
    ledger.view().record(Uid::new("x", native).id()).await.unwrap().unwrap()
}

#[tokio::test]
async fn numbers_have_no_holes_and_survive_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path()).await;
    let mut txn = ledger.begin().await.unwrap();
    for n in 0..450 {
        arrive(&mut txn, &n.to_string(), post(item(&n.to_string(), 0, "words"))).await;
    }
    assert_eq!(txn.commit().await.unwrap(), 450);
    let epoch = ledger.epoch().clone();
    drop(ledger);
    let ledger = open(dir.path()).await;
    assert_eq!((ledger.top(), ledger.epoch()), (450, &epoch));
    let lines = ledger.view().lines(0, 1000).await.unwrap();
    assert!(lines.iter().enumerate().all(|(i, l)| l.seq == i as u64 + 1 && l.entry().is_ok()));
    assert_eq!(ledger.view().fold().await.unwrap().items.len(), 450);
}

#[tokio::test]
async fn a_dropped_transaction_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path()).await;
    let mut txn = ledger.begin().await.unwrap();
    arrive(&mut txn, "1", post(item("1", 0, "a"))).await;
    txn.set_cursor("s", "5").await.unwrap();
    drop(txn);
    let mut txn = ledger.begin().await.unwrap();
    assert_eq!((txn.next_seq(), txn.cursor("s").await.unwrap()), (1, None));
    arrive(&mut txn, "2", post(item("2", 0, "b"))).await;
    txn.commit().await.unwrap();
    assert_eq!(ledger.top(), 1);
}

#[tokio::test]
async fn removed_words_are_in_no_row_and_after_a_scrub_in_no_byte() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path()).await;
    for arrival in [
        post(item("1", 0, "FIRSTSECRET")),
        post(item("1", 1, "SECONDSECRET")),
        Arrival::Delete { by: GoneBy::Author },
    ] {
        let mut txn = ledger.begin().await.unwrap();
        arrive(&mut txn, "1", arrival).await;
        txn.commit().await.unwrap();
    }
    let lines = ledger.view().lines(0, 10).await.unwrap();
    let kinds: Vec<_> = lines.iter().map(|l| l.entry().unwrap().kind.clone()).collect();
    assert_eq!(kinds[..2], [Kind::Void, Kind::Void]);
    assert!(matches!(&kinds[2], Kind::Remove(gone) if gone.voids == [1, 2] && gone.first == 1));
    assert_eq!(ledger.scrub().await.unwrap(), Some(ledger.top()));
    for file in std::fs::read_dir(dir.path().join("live")).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        assert!(!bytes.windows(6).any(|w| w == b"SECRET"));
    }
}

#[tokio::test]
async fn hidden_words_come_back_whole_with_their_newest_revision() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path()).await;
    let mut txn = ledger.begin().await.unwrap();
    arrive(&mut txn, "1", post(item("1", 0, "old"))).await;
    arrive(&mut txn, "1", Arrival::Hide { by: GoneBy::Moderator }).await;
    assert!(matches!(arrive(&mut txn, "1", post(item("1", 3, "new"))).await, Outcome::Keep(_)));
    assert!(matches!(arrive(&mut txn, "1", post(item("1", 2, "older"))).await, Outcome::Duplicate));
    arrive(&mut txn, "1", Arrival::Show).await;
    txn.commit().await.unwrap();
    let fold = ledger.view().fold().await.unwrap();
    let row = &fold.items[&Uid::new("x", "1").id()];
    assert_eq!(row.item.as_ref().unwrap().body.text(), "new");
    assert_eq!((row.first, row.last), (1, 3));
    assert_eq!(record(&ledger, "1").await.at, [1, 3]);
}

#[tokio::test]
async fn a_second_process_is_told_who_holds_the_ledger() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path()).await;
    let refused = Ledger::open(dir.path(), ledger.eid()).await.unwrap_err();
    assert!(
        matches!(&refused, Error::Locked { holder, .. } if holder.contains(&std::process::id().to_string()))
    );
    let eid = ledger.eid();
    drop(ledger);
    assert!(Ledger::open(dir.path(), eid).await.is_ok());
}

#[tokio::test]
async fn a_ledger_knows_its_home_until_it_is_copied() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path()).await;
    ledger.settle().await.unwrap();
    let path = ledger.path().to_owned();
    ledger.scrub().await.unwrap();
    drop(ledger);
    assert!(open(dir.path()).await.is_at_home());
    std::fs::copy(&path, path.with_extension("copy")).unwrap();
    std::fs::rename(path.with_extension("copy"), &path).unwrap();
    assert!(!open(dir.path()).await.is_at_home());
}

#[tokio::test]
async fn a_newer_ledger_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path()).await;
    let path = ledger.path().to_owned();
    drop(ledger);
    let pool = sqlx::SqlitePool::connect(path.to_str().unwrap()).await.unwrap();
    sqlx::raw_sql("PRAGMA user_version = 99").execute(&pool).await.unwrap();
    pool.close().await;
    let refused = Ledger::open(dir.path(), EventId::from_random(7)).await.unwrap_err();
    assert!(matches!(refused, Error::TooNew { found: 99, .. }), "{refused}");
}

#[tokio::test]
async fn answers_aliases_and_early_deletes_are_remembered() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path()).await;
    let id = Uid::new("x", "1").id();
    let mut txn = ledger.begin().await.unwrap();
    txn.alias("x:other", id);
    txn.set_answer("k", "{\"seq\":1}", NOW).await.unwrap();
    txn.delete_early("x:9", NOW).await.unwrap();
    txn.commit().await.unwrap();
    let mut txn = ledger.begin().await.unwrap();
    assert_eq!(txn.by_aliases(&["x:other", "x:none"]).await.unwrap(), [("x:other".to_owned(), id)].into());
    assert_eq!(txn.answer("k").await.unwrap().as_deref(), Some("{\"seq\":1}"));
    assert!(!txn.deleted_early(&["x:8", "x:9"]).await.unwrap().is_empty());
    let later = NOW.plus(2 * Micros::HOUR);
    txn.delete_early("x:10", later).await.unwrap();
    assert!(txn.deleted_early(&["x:9"]).await.unwrap().is_empty());
    assert!(!txn.deleted_early(&["x:10"]).await.unwrap().is_empty());
}

#[tokio::test]
async fn embedded_readers_hear_the_bell_and_read_the_ledger() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path()).await;
    let store = live::EmbeddedStore::default();
    let event = model::event::EventRef { eid: ledger.eid(), slug: "test".into(), title: "Test".into() };
    store.publish(event, ledger.clone());
    let log: std::sync::Arc<dyn Log> = store.log(ledger.eid()).await.unwrap();
    let mut bell = log.bell();
    assert_eq!(log.read(0, 10).await.unwrap().unwrap().lines, []);
    let writing = async {
        let mut txn = ledger.begin().await.unwrap();
        arrive(&mut txn, "1", post(item("1", 0, "a"))).await;
        txn.commit().await.unwrap();
        std::time::Instant::now()
    };
    let (written, heard) = tokio::join!(writing, async {
        bell.wait().await;
        std::time::Instant::now()
    });
    let waited = heard.saturating_duration_since(written);
    assert!(waited < std::time::Duration::from_millis(900));
    assert_eq!(log.read(0, 10).await.unwrap().unwrap().lines.len(), 1);
}

#[tokio::test]
async fn an_items_other_names_are_found_among_thousands_and_boosts_are_none_of_them() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path()).await;
    let mut txn = ledger.begin().await.unwrap();
    arrive(&mut txn, "1", post(item("1", 0, "words"))).await;
    let (known, other) = (Uid::new("x", "1").id(), Uid::new("x", "2").id());
    for n in 0..5_000 {
        txn.alias(&format!("boost:mastodon:{n}"), known);
        txn.alias(&format!("mastodon:other{n}"), other);
    }
    for name in ["a:first", "mastodon:other2500b", "z:last"] {
        txn.alias(name, known);
    }
    txn.commit().await.unwrap();
    let source = item("1", 0, "words").source;
    let kept = ledger.view().newest_of(&source, 9).await.unwrap();
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0].aliases, ["a:first", "mastodon:other2500b", "z:last"]);
}
