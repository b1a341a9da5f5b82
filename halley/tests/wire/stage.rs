//! A running halley in front of a ledger that the test writes.

use std::{sync::Arc, time::Duration};

use chassis::{Readiness, Shutdown};
use halley::{Config, Parts};
use live::{EmbeddedStore, Store, ledger::Ledger};
use model::{EventId, Filing, Gone, GoneBy, Item, ItemEntry, Kind, Micros, Seq, Uid, event::EventRef};
use serde_json::json;

use crate::clients::get_json;

/// The event's slug on every stage.
pub(crate) const SLUG: &str = "rustfest";

pub(crate) struct Stage {
    pub(crate) address: String,
    pub(crate) ledger: Ledger,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) shutdown: Shutdown,
    pub(crate) readiness: Readiness,
    _dir: tempfile::TempDir,
}

impl Stage {
    pub(crate) async fn start() -> Self {
        Self::with(Config::default()).await
    }

    /// Starts halley with these settings (on a port of its own) and waits until it is ready.
    pub(crate) async fn with(config: Config) -> Self {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let ledger =
            Ledger::open(dir.path(), EventId::from_random(rand::random())).await.expect("a new ledger");
        let store = Arc::new(EmbeddedStore::default());
        let event = EventRef { eid: ledger.eid(), slug: SLUG.to_owned(), title: "RustFest".to_owned() };
        store.publish(event, ledger.clone());
        Self::on(config, ledger, store, dir).await
    }

    /// Starts halley on a store that knows the ledger's event.
    pub(crate) async fn on(
        config: Config,
        ledger: Ledger,
        store: Arc<dyn Store>,
        dir: tempfile::TempDir,
    ) -> Self {
        chassis::tls::install();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound").to_string();
        let (shutdown, readiness) = (Shutdown::new(), Readiness::default());
        let parts = Parts { store: store.clone(), readiness: readiness.clone() };
        let serving = halley::serve(listener, config, parts, shutdown.clone());
        shutdown.spawn(async move { serving.await.expect("serves until the stop") });
        let stage = Self { address, ledger, store, shutdown, readiness, _dir: dir };
        eventually("halley is ready", async || {
            stage.readiness.is_ready() && stage.readiness.parts().contains_key(&format!("event {SLUG}"))
        })
        .await;
        stage
    }

    pub(crate) fn url(&self, rest: &str) -> String {
        format!("http://{}/live/{SLUG}/{rest}", self.address)
    }

    /// The position after this seq in the present log.
    pub(crate) fn at(&self, seq: Seq) -> String {
        format!("{}.{seq}", self.ledger.epoch())
    }

    /// Waits until halley has this entry.
    pub(crate) async fn seen(&self, seq: Seq) {
        let head = self.url("head.json");
        eventually("halley has it", async || get_json(&head).await.1["top"].as_u64() >= Some(seq)).await;
    }

    pub(crate) async fn post(&self, words: &str) -> Seq {
        self.posts(&[words]).await
    }

    /// Accepts posts in one transaction; returns the last one's number.
    pub(crate) async fn posts(&self, all: &[&str]) -> Seq {
        let mut txn = self.ledger.begin().await.expect("a transaction");
        for words in all {
            let post = post(txn.next_seq(), words);
            txn.append(Micros(1_795_189_320_000_000), post).expect("an entry");
        }
        txn.commit().await.expect("committed")
    }

    /// Accepts `count` posts that say their number.
    pub(crate) async fn many(&self, count: usize) -> Seq {
        let words: Vec<String> = (0..count).map(|n| format!("post number {n}")).collect();
        self.posts(&words.iter().map(String::as_str).collect::<Vec<_>>()).await
    }

    /// Removes an item whose words lie at these numbers.
    pub(crate) async fn remove(&self, voids: Vec<Seq>) -> Seq {
        let mut txn = self.ledger.begin().await.expect("a transaction");
        let first = voids[0];
        let gone = Gone { id: Uid::new("x", &first.to_string()).id(), first, voids, by: GoneBy::Author };
        txn.append(Micros(1), Kind::Remove(gone)).expect("an entry");
        txn.commit().await.expect("committed")
    }
}

/// A post as the sequencer would have made it.
pub(crate) fn post(seq: Seq, words: &str) -> Kind {
    let uid = Uid::new("x", &seq.to_string());
    let item: Item = serde_json::from_value(json!({
        "uid": uid, "network": "x", "source": "x", "rev": 0, "url": null, "when": 1_795_189_319_000_000_i64,
        "author": {"id": "1", "name": "karo", "handle": "@karo", "url": null, "avatar": null},
        "title": null, "body": [words], "lang": "en", "cover": null, "reply_to": null, "quotes": null, "media": [],
        "card": null, "counts": {"boosts": 0, "likes": 0, "replies": 0}, "marks": [], "late": false, "retain": "archive",
    }))
    .expect("an item");
    let filing = Filing::unsorted("nothing says which talk");
    Kind::Post(Box::new(ItemEntry { id: uid.id(), first: seq, voids: Vec::new(), item, filing }))
}

/// Waits until something holds, a minute at most.
pub(crate) async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    for _ in 0..6000 {
        if holds().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{what}: not within a minute");
}
