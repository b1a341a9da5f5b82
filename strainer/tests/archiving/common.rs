//! A ledger to write, an archive to fill, and strainers to start.

use std::sync::Arc;
use std::time::{Duration, Instant};

use archive::{Archive, Settings, open};
use chassis::{Readiness, Shutdown};
use live::ledger::Ledger;
use live::{EmbeddedStore, Store};
use model::event::EventRef;
use model::{
    Author, Body, EventId, Filing, Gone, GoneBy, Item, ItemEntry, Kind, Micros, Network, Retain, Seq, Uid,
};
use strainer::{Config, Parts, start, verify};
use tempfile::TempDir;

pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) fn eid() -> EventId {
    EventId::from_random(77)
}

pub(crate) fn event_ref() -> EventRef {
    EventRef { eid: eid(), slug: "rustfest".into(), title: "RustFest".into() }
}

/// A ledger in a directory of its own, readable through the embedded store.
pub(crate) struct World {
    pub(crate) dir: TempDir,
    pub(crate) ledger: Ledger,
    pub(crate) store: Arc<EmbeddedStore>,
}

impl World {
    pub(crate) async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let ledger = Ledger::open(dir.path(), eid()).await.unwrap();
        let store = Arc::new(EmbeddedStore::default());
        store.publish(event_ref(), ledger.clone());
        Self { dir, ledger, store }
    }

    /// An SQLite archive beside the ledger.
    pub(crate) fn archive(&self) -> Arc<dyn Archive> {
        archive_at("embedded", &self.dir)
    }

    pub(crate) fn parts(&self, archive: &Arc<dyn Archive>) -> Parts {
        let store: Arc<dyn Store> = Arc::<EmbeddedStore>::clone(&self.store);
        Parts { store, archive: Arc::clone(archive), history: None, readiness: Readiness::default() }
    }

    /// Appends `count` entries in one transaction: posts, and now and then an edit or a removal of an earlier one.
    pub(crate) async fn say(&self, count: u64) {
        append(&self.ledger, count).await;
    }

    /// Waits until everything is archived, then holds the archive against the ledger.
    pub(crate) async fn assert_archived(&self, archive: &Arc<dyn Archive>) {
        archived_up_to(archive, self.ledger.top()).await;
        let differences = verify(&**archive, self.ledger.view()).await.unwrap();
        assert!(differences.is_empty(), "{differences:#?}");
    }
}

pub(crate) fn archive_at(url: &str, dir: &TempDir) -> Arc<dyn Archive> {
    open(&Settings { url: url.into(), data_dir: dir.path().to_owned(), statement_cache: true }).unwrap()
}

/// Starts a strainer that stops when the returned handle is triggered.
pub(crate) fn strain(parts: Parts) -> Shutdown {
    let shutdown = Shutdown::new();
    start(&Config::default(), parts, &shutdown);
    shutdown
}

pub(crate) async fn stop(shutdown: Shutdown) {
    shutdown.trigger();
    shutdown.finish().await;
}

pub(crate) async fn archived_up_to(archive: &Arc<dyn Archive>, seq: Seq) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let cursor = archive.cursor(eid()).await;
        if let Ok(Some(cursor)) = &cursor
            && cursor.position.seq >= seq
        {
            return;
        }
        assert!(Instant::now() < deadline, "the archive stays at {cursor:?}, the log is at {seq}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// See [`World::say`].
pub(crate) async fn append(ledger: &Ledger, count: u64) {
    let mut txn = ledger.begin().await.unwrap();
    for _ in 0..count {
        let seq = txn.next_seq();
        // Every tenth entry edits the post three before it, every eleventh removes the one four before.
        let kind = match seq {
            _ if seq % 10 == 0 => Kind::Edit(words(seq - 3, vec![seq - 3], &format!("edited under {seq}"))),
            _ if seq % 11 == 0 && (seq - 4) % 10 != 0 && (seq - 4) % 11 != 0 => {
                let at = if (seq - 1) % 10 == 0 { vec![seq - 4, seq - 1] } else { vec![seq - 4] };
                let id = uid(seq - 4).id();
                Kind::Remove(Gone { id, first: seq - 4, voids: at, by: GoneBy::Author })
            }
            _ => Kind::Post(words(seq, Vec::new(), &format!("words under {seq}"))),
        };
        txn.append(Micros(1_795_189_320_000_000), kind).unwrap();
    }
    txn.commit().await.unwrap();
}

pub(crate) fn uid(n: u64) -> Uid {
    Uid::new("mastodon", &n.to_string())
}

pub(crate) fn words(n: u64, voids: Vec<Seq>, words: &str) -> Box<ItemEntry> {
    let item = Item {
        uid: uid(n),
        network: Network::Mastodon,
        source: "pixels".into(),
        rev: 0,
        url: None,
        when: Micros(1_795_189_320_000_000 + i64::try_from(n).unwrap() * Micros::SECOND),
        author: Author { id: "a".into(), ..Author::default() },
        title: None,
        body: Body::plain(words),
        lang: None,
        cover: None,
        reply_to: None,
        quotes: None,
        media: Vec::new(),
        card: None,
        counts: model::Counts::default(),
        marks: Vec::new(),
        late: false,
        retain: Retain::Archive,
        tags: vec!["hall1".into()],
        at: Some(model::filing::WrittenAt { talk: None, room: Some("main".into()) }),
    };
    Box::new(ItemEntry { id: item.id(), first: n, voids, item, filing: Filing::unsorted("Nobody knows.") })
}
