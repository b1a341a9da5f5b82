//! The sequencer on a real SQLite ledger.

mod accounts;
mod afternoon;
mod authors;
mod edges;
mod filing;
mod life;
mod onsite;
mod orders;
mod random;
mod receipts;
mod refiling;
mod reports;
mod rules;
mod scenes;
mod stage;
mod thread;
mod versions;
mod wall;

use std::sync::Arc;

use chassis::clock::Clock;
use live::ledger::Ledger;
use live::recover::{self, ArchiveWitness};
use model::event::Consent;
use model::{Body, EventId, Fold, GoneBy, ItemId, Micros, Network, Uid};
use tempfile::TempDir;
use tokio::sync::{mpsc, oneshot, watch};

use super::*;
use crate::admit::{Arrival, admit};
use crate::intake::Actor;
use crate::source::{Draft, Revision, Words};

pub(super) const NOON: Micros = Micros(1_795_189_320_000_000);

pub(super) const EVENT: &str = r#"slug = "rustfest"
title = "RustFest"
hashtags = ["rustfest"]
onsite = "open"
[[room]]
name = "Main"
[[room]]
name = "Side"
"#;

/// A sequencer on a ledger of its own; `reborn` is a crash and a start.
pub(super) struct Rig {
    dir: TempDir,
    eid: EventId,
    pub(super) ledger: Ledger,
    pub(super) sequencer: Sequencer,
    _queue: mpsc::Sender<Command>,
    keys: u32,
}

impl Rig {
    pub(super) async fn new() -> Self {
        let eid = EventId::from_random(7);
        Self::at(tempfile::tempdir().unwrap(), eid).await
    }

    async fn at(dir: TempDir, eid: EventId) -> Self {
        let ledger = Ledger::open(dir.path(), eid).await.unwrap();
        let (queue, waiting) = mpsc::channel(8);
        let (sequencer, _) = Sequencer::load(ledger.clone(), Clock::real(), waiting).await.unwrap();
        Self { dir, eid, ledger, sequencer, _queue: queue, keys: 0 }
    }

    pub(super) async fn reborn(self) -> Self {
        let Self { dir, eid, ledger, sequencer, keys, .. } = self;
        drop((ledger, sequencer));
        Self { keys, ..Self::at(dir, eid).await }
    }

    /// The ledger is lost, and made again of what the archive holds.
    pub(super) async fn recovered(self) -> Self {
        let (fold, old) = (self.fold().await, self.ledger.epoch().clone());
        let cursor = Some(model::Position { epoch: old, seq: self.ledger.top() });
        let archive = ArchiveWitness { fold, cursor, line: live::follow::Line::default() };
        let consent = recover::Consent { without_tail: true, ..recover::Consent::default() };
        let plan = recover::plan(Some(archive), None, consent, NOON).unwrap();
        let (eid, keys, dir) = (self.eid, self.keys, tempfile::tempdir().unwrap());
        recover::build(plan, dir.path(), eid, NOON).await.unwrap().install().unwrap();
        Self { keys, ..Self::at(dir, eid).await }
    }

    pub(super) async fn bring(&mut self, brought: impl IntoIterator<Item = Brought>) {
        let commands = brought.into_iter().map(from_source).collect();
        self.sequencer.take(commands).await.unwrap();
    }

    pub(super) async fn ask(&mut self, ask: Ask) -> Result<Outcome, Refusal> {
        self.keys += 1;
        let order = order(ask, &format!("key {}", self.keys));
        self.ask_as(order).await
    }

    pub(super) async fn ask_as(&mut self, order: Order) -> Result<Outcome, Refusal> {
        let (answer, said) = oneshot::channel();
        self.sequencer.take(vec![Command::Ordered { order: Box::new(order), answer }]).await.unwrap();
        said.await.unwrap()
    }

    pub(super) async fn fold(&self) -> Fold {
        self.ledger.view().fold().await.unwrap()
    }

    /// Every stored text of the ledger: the log's lines and the private records.
    pub(super) async fn all_text(&self) -> String {
        let mut all = String::new();
        let mut after = 0;
        loop {
            let lines = self.ledger.view().lines(after, live::LINES_MAX).await.unwrap();
            let Some(last) = lines.last() else { break };
            after = last.seq;
            lines.iter().for_each(|l| all.push_str(std::str::from_utf8(&l.json).unwrap()));
        }
        for record in self.ledger.view().records(None, 100_000).await.unwrap() {
            all.push_str(&serde_json::to_string(&record.words).unwrap());
        }
        all
    }
}

pub(super) fn order(ask: Ask, key: &str) -> Order {
    let actor = Actor { role: "moderator".into(), name: "ada".into() };
    Order { ask, key: key.to_owned(), actor, is_dry_run: false }
}

pub(super) fn from_source(what: Brought) -> Command {
    Command::Pumped(Pumped { source: Arc::from("s"), what })
}

pub(super) fn uid(n: u64) -> Uid {
    Uid::new(Network::Mastodon.name(), &format!("https://s.example/{n}"))
}

pub(super) fn id(n: u64) -> ItemId {
    uid(n).id()
}

pub(super) fn draft(n: u64, text: &str) -> Draft {
    Draft {
        words: Words::Text(text.to_owned()),
        network_time: Some(NOON),
        ..Draft::new(Network::Mastodon, &format!("https://s.example/{n}"))
    }
}

pub(super) fn post_of(draft: Draft) -> Brought {
    let admitted =
        admit(draft, Arrival { source: "s", received: NOON, is_late: false, consent: Consent::Live })
            .unwrap();
    Brought::Post { admitted: Box::new(admitted), is_held: false }
}

pub(super) fn post(n: u64, text: &str) -> Brought {
    post_of(draft(n, text))
}

pub(super) fn edit(n: u64, rev: i64, text: &str) -> Brought {
    post_of(Draft { revision: Revision::EditedAt(Micros(rev)), ..draft(n, text) })
}

pub(super) fn delete(n: u64) -> Brought {
    Brought::Delete { name: uid(n).0, by: GoneBy::Author }
}

pub(super) fn shown(fold: &Fold, n: u64) -> Option<Body> {
    fold.items.get(&id(n)).and_then(|row| row.item.as_ref()).map(|item| item.body.clone())
}

#[tokio::test]
async fn nothing_is_taken_before_the_event_is_ours_nor_after() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = Ledger::open(dir.path(), EventId::from_random(7)).await.unwrap();
    let (queue, waiting) = mpsc::channel(8);
    let (sequencer, _view) = Sequencer::load(ledger.clone(), Clock::real(), waiting).await.unwrap();
    let (own, gate) = watch::channel(Standing::default());
    let stop = CancellationToken::new();
    let running = tokio::spawn(sequencer.run(gate, stop.clone()));
    let settle = || tokio::time::sleep(Duration::from_millis(50));

    queue.send(from_source(post(1, "one"))).await.unwrap();
    settle().await;
    assert_eq!(ledger.top(), 0);
    own.send_modify(|s| s.is_owner = true);
    settle().await;
    assert_eq!(ledger.top(), 1);
    own.send_modify(|s| s.is_owner = false);
    settle().await;
    stop.cancel();
    running.await.unwrap().unwrap();
    assert_eq!(ledger.top(), 1);
}

#[tokio::test]
async fn what_waits_at_the_end_is_taken_and_answered() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = Ledger::open(dir.path(), EventId::from_random(7)).await.unwrap();
    let (queue, waiting) = mpsc::channel(2000);
    let (sequencer, _view) = Sequencer::load(ledger.clone(), Clock::real(), waiting).await.unwrap();
    for n in 0..1500 {
        queue.try_send(from_source(post(n, "words"))).unwrap();
    }
    let stop = CancellationToken::new();
    let (_own, gate) = watch::channel(Standing { is_owner: true, ..Standing::default() });
    let running = tokio::spawn(sequencer.run(gate, stop.clone()));
    stop.cancel();
    running.await.unwrap().unwrap();
    assert!(queue.is_closed());
    assert_eq!(ledger.top(), 1500);
}
