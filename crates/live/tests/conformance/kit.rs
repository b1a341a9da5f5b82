//! An event on either store, with a sequencer just large enough to accept what the tests say.

use live::ledger::{Ledger, Txn};
use live::push::{Claim, PushEnd, Pusher, Standing};
use live::redis::RedisStore;
use live::state::{Arrival, Outcome, Veil, Words, decide};
use live::{EmbeddedStore, Store};
use model::event::EventRef;
use model::{Author, Body, Counts, EventId, Filing, GoneBy, Item, Micros, Network, Retain, Run, Seq, Uid};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

/// How long anything may take on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Which store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Embedded,
    Redis,
}

/// A running nozzle's pushing half.
pub(crate) struct Pushing {
    pub(crate) standing: watch::Receiver<Standing>,
    stop: CancellationToken,
    task: AbortOnDropHandle<PushEnd>,
}

impl Pushing {
    pub(crate) fn start(pusher: Pusher) -> Self {
        let (standing, stop) = (pusher.standing(), CancellationToken::new());
        let task = AbortOnDropHandle::new(tokio::spawn(pusher.run(stop.clone())));
        Self { standing, stop, task }
    }

    /// Waits until the event is ours.
    pub(crate) async fn owns(&mut self) {
        let owns = tokio::time::timeout(PATIENCE, self.standing.wait_for(|s| s.is_owner)).await;
        assert!(owns.is_ok_and(|o| o.is_ok()), "the nozzle comes to own its event");
    }

    /// Waits until everything up to `seq` was sent.
    pub(crate) async fn sent(&mut self, seq: Seq) {
        let sent =
            tokio::time::timeout(PATIENCE, self.standing.wait_for(|s| s.is_owner && s.sent >= seq)).await;
        assert!(sent.is_ok_and(|s| s.is_ok()), "everything up to {seq} is sent");
    }

    /// Waits for its end.
    pub(crate) async fn end(self) -> PushEnd {
        tokio::time::timeout(PATIENCE, self.task).await.expect("the nozzle ends").expect("without a panic")
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.task.is_finished()
    }

    pub(crate) async fn stop(self) -> PushEnd {
        self.stop.cancel();
        self.end().await
    }
}

enum Back {
    Embedded(Arc<EmbeddedStore>),
    Redis { server: testkit::Redis, store: RedisStore },
}

/// One event on one store.
pub(crate) struct Event {
    pub(crate) dir: TempDir,
    pub(crate) eid: EventId,
    back: Back,
    nozzle: Option<(Ledger, Option<Pushing>)>,
}

impl Event {
    /// Starts everything; `None` where the server is missing.
    pub(crate) async fn start(kind: Kind) -> Option<Self> {
        let back = match kind {
            Kind::Embedded => Back::Embedded(Arc::new(EmbeddedStore::default())),
            Kind::Redis => {
                let server = testkit::Redis::start().await?;
                let store = RedisStore::connect(&server.url()).await.unwrap();
                store.check().await.unwrap();
                Back::Redis { server, store }
            }
        };
        let dir = tempfile::tempdir().unwrap();
        let mut event = Self { dir, eid: EventId::from_random(7), back, nozzle: None };
        event.nozzle_starts().await;
        Some(event)
    }

    pub(crate) fn listed(&self) -> EventRef {
        EventRef { eid: self.eid, slug: "rustfest".into(), title: "RustFest".into() }
    }

    pub(crate) fn store(&self) -> Arc<dyn Store> {
        match &self.back {
            Back::Embedded(store) => Arc::clone(store) as Arc<dyn Store>,
            Back::Redis { store, .. } => Arc::new(store.clone()),
        }
    }

    pub(crate) fn redis(&self) -> &RedisStore {
        match &self.back {
            Back::Redis { store, .. } => store,
            Back::Embedded(_) => panic!("this test needs Redis"),
        }
    }

    pub(crate) fn server(&mut self) -> &mut testkit::Redis {
        match &mut self.back {
            Back::Redis { server, .. } => server,
            Back::Embedded(_) => panic!("this test needs Redis"),
        }
    }

    pub(crate) fn ledger(&self) -> &Ledger {
        &self.nozzle.as_ref().expect("the nozzle runs").0
    }

    pub(crate) fn pushing(&mut self) -> &mut Pushing {
        let (_, pushing) = self.nozzle.as_mut().expect("the nozzle runs");
        pushing.as_mut().expect("it pushes")
    }

    pub(crate) async fn nozzle_starts(&mut self) {
        let ledger = open(self.dir.path(), self.eid).await;
        let pushing = match &self.back {
            Back::Embedded(store) => {
                store.publish(self.listed(), ledger.clone());
                None
            }
            Back::Redis { store, .. } => {
                store.publish(&self.listed()).await.unwrap();
                // As at home, so that only the tests about owners wait for looks.
                let claim = Claim::new(ledger.place(), true);
                let pusher = Pusher::with_claim(ledger.clone(), store.tail(self.eid), claim);
                let mut pushing = Pushing::start(pusher);
                pushing.owns().await;
                Some(pushing)
            }
        };
        self.nozzle = Some((ledger, pushing));
    }

    /// The nozzle is gone in the middle of whatever it did.
    pub(crate) fn nozzle_dies(&mut self) {
        self.nozzle = None;
        if let Back::Embedded(store) = &mut self.back {
            *store = Arc::new(EmbeddedStore::default());
        }
    }

    /// The claim runs out, as it does ten seconds after its nozzle's last beat.
    pub(crate) async fn claim_runs_out(&mut self) {
        let key = format!("live:{{{}}}:owner", self.eid);
        // A push that was under way when its nozzle died may still arrive.
        while self.server().command(&["DEL", &key]).await.unwrap() == testkit::Reply::Int(1) {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Waits until the tail has everything that was accepted.
    pub(crate) async fn sent(&mut self) {
        let top = self.ledger().top();
        if let Some((_, Some(pushing))) = &mut self.nozzle {
            pushing.sent(top).await;
        }
    }

    pub(crate) async fn post(&self, native: &str, words: &str) -> Seq {
        post(self.ledger(), native, 0, words).await
    }

    pub(crate) async fn edit(&self, native: &str, rev: u64, words: &str) -> Seq {
        post(self.ledger(), native, rev, words).await
    }

    pub(crate) async fn hide(&self, native: &str) -> Seq {
        accept(self.ledger(), native, Arrival::Hide { by: GoneBy::Moderator }).await
    }

    pub(crate) async fn show(&self, native: &str) -> Seq {
        accept(self.ledger(), native, Arrival::Show).await
    }

    pub(crate) async fn remove(&self, native: &str) -> Seq {
        accept(self.ledger(), native, Arrival::Delete { by: GoneBy::Author }).await
    }

    /// Several posts, each in a transaction of its own.
    pub(crate) async fn post_many(&self, natives: std::ops::Range<u32>) {
        for n in natives {
            self.post(&n.to_string(), &format!("words of {n}")).await;
        }
    }
}

/// A ledger whose file another instance has just let go of.
pub(crate) async fn open(dir: &Path, eid: EventId) -> Ledger {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match Ledger::open(dir, eid).await {
            Ok(ledger) => return ledger,
            Err(error) if Instant::now() > deadline => panic!("the ledger opens: {error}"),
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
}

/// A nozzle whose looks last tenths of a second instead of ten.
pub(crate) fn quick(ledger: &Ledger, store: &RedisStore) -> Pushing {
    let (look, give_up) = (Duration::from_millis(700), Duration::from_millis(1_500));
    let claim = Claim::with_times(ledger.place(), ledger.is_at_home(), look, give_up);
    Pushing::start(Pusher::with_claim(ledger.clone(), store.tail(ledger.eid()), claim))
}

/// Accepts a post or a newer revision.
pub(crate) async fn post(ledger: &Ledger, native: &str, rev: u64, words: &str) -> Seq {
    let words = Box::new(item_words(native, rev, words));
    accept(ledger, native, Arrival::Post { words, veil: Veil::default() }).await
}

/// What the sequencer does, for one arrival: decide, number, store, commit.
pub(crate) async fn accept(ledger: &Ledger, native: &str, arrival: Arrival) -> Seq {
    let mut txn = ledger.begin().await.unwrap();
    decide_in(&mut txn, native, arrival).await;
    txn.commit().await.unwrap()
}

pub(crate) async fn decide_in(txn: &mut Txn<'_>, native: &str, arrival: Arrival) {
    let id = uid(native).id();
    let records = txn.items(&[id]).await.unwrap();
    match decide(records.get(&id), id, arrival, txn.next_seq()) {
        Outcome::Entry(kind, record) => {
            txn.append(Micros(1_795_189_320_000_000), *kind).unwrap();
            txn.put(record);
        }
        Outcome::Keep(record) => txn.put(record),
        Outcome::Duplicate | Outcome::NoOp(_) | Outcome::Conflict | Outcome::Withheld | Outcome::Unknown => {}
    }
}

pub(crate) fn item_words(native: &str, rev: u64, words: &str) -> Words {
    Words { item: item(native, rev, words), filing: Filing::unsorted("nothing is on") }
}

pub(crate) fn uid(native: &str) -> Uid {
    Uid::new("mastodon", native)
}

fn item(native: &str, rev: u64, words: &str) -> Item {
    Item {
        uid: uid(native),
        network: Network::Mastodon,
        source: "fosstodon".into(),
        rev,
        url: None,
        when: Micros(1_795_189_319_000_000),
        author: Author::default(),
        title: None,
        body: Body(vec![Run::Text(words.into())]),
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
