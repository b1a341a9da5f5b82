//! The default store: readers read the ledgers of their own process, and the bell is a watch channel.

use crate::Error;
use crate::ledger::Ledger;
use crate::log::{Bell, Log, Page, Store};
use async_trait::async_trait;
use model::event::{EventRef, Former};
use model::{EventId, Position, Seq};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, RwLock};
use std::time::{Duration, Instant};

const STATUS_LIFE: Duration = Duration::from_secs(5);

/// The ledgers that this process holds. The nozzle adds them, everybody else reads.
#[derive(Default)]
pub struct EmbeddedStore {
    events: RwLock<HashMap<EventId, (EventRef, Ledger)>>,
    formers: RwLock<BTreeMap<EventId, Former>>,
    board: RwLock<BTreeMap<String, (Instant, String)>>,
    figures: RwLock<HashMap<EventId, String>>,
}

impl EmbeddedStore {
    /// Makes a ledger readable, or its event's new slug and title known.
    pub fn publish(&self, event: EventRef, ledger: Ledger) {
        self.events.write().expect("no holder of this lock panics").insert(event.eid, (event, ledger));
    }

    /// Says what has become of an event's addresses. One that was deleted is readable no more.
    pub fn tell(&self, former: Former) {
        if former.deleted.is_some() {
            self.events.write().expect("no holder of this lock panics").remove(&former.eid);
            self.figures.write().expect("no holder of this lock panics").remove(&former.eid);
        }
        self.formers.write().expect("no holder of this lock panics").insert(former.eid, former);
    }
}

#[async_trait]
impl Store for EmbeddedStore {
    async fn events(&self) -> Result<Vec<EventRef>, Error> {
        let events = self.events.read().expect("no holder of this lock panics");
        let mut all: Vec<EventRef> = events.values().map(|(e, _)| e.clone()).collect();
        all.sort_by(|a, b| a.slug.cmp(&b.slug));
        Ok(all)
    }

    async fn log(&self, eid: EventId) -> Result<Arc<dyn Log>, Error> {
        let events = self.events.read().expect("no holder of this lock panics");
        let (_, ledger) = events.get(&eid).ok_or_else(|| Error::NoEvent(eid.to_string()))?;
        Ok(Arc::new(LedgerLog(ledger.clone())))
    }

    async fn formers(&self) -> Result<Vec<Former>, Error> {
        Ok(self.formers.read().expect("no holder of this lock panics").values().cloned().collect())
    }

    async fn put_status(&self, key: &str, json: &str) -> Result<(), Error> {
        let mut board = self.board.write().expect("no holder of this lock panics");
        board.retain(|_, (put, _)| put.elapsed() < STATUS_LIFE);
        board.insert(key.to_owned(), (Instant::now(), json.to_owned()));
        Ok(())
    }

    async fn statuses(&self) -> Result<Vec<(String, String)>, Error> {
        let board = self.board.read().expect("no holder of this lock panics");
        let fresh = board.iter().filter(|(_, (put, _))| put.elapsed() < STATUS_LIFE);
        Ok(fresh.map(|(key, (_, json))| (key.clone(), json.clone())).collect())
    }

    async fn put_figures(&self, eid: EventId, json: &str) -> Result<(), Error> {
        self.figures.write().expect("no holder of this lock panics").insert(eid, json.to_owned());
        Ok(())
    }

    async fn figures(&self, eid: EventId) -> Result<Option<String>, Error> {
        Ok(self.figures.read().expect("no holder of this lock panics").get(&eid).cloned())
    }
}

/// A ledger as readers see it.
struct LedgerLog(Ledger);

#[async_trait]
impl Log for LedgerLog {
    fn eid(&self) -> EventId {
        self.0.eid()
    }

    async fn read(&self, after: Seq, max: usize) -> Result<Option<Page>, Error> {
        // The top is taken before the lines are read; what is committed in between is only seen earlier.
        let mut head = self.0.head();
        let lines = if after < head.top { self.0.view().lines(after, max).await? } else { Vec::new() };
        head.top = head.top.max(lines.last().map_or(0, |l| l.seq));
        Ok(Some(Page { head, after, lines }))
    }

    fn bell(&self) -> Bell {
        self.0.bell()
    }

    async fn archived(&self, _position: &Position) -> Result<(), Error> {
        // A ledger is never trimmed.
        Ok(())
    }
}
