//! What readers see of a live log, whatever it is stored in.

use crate::Error;
use crate::follow::Head;
use crate::redis::ServerFacts;
use async_trait::async_trait;
use bytes::Bytes;
use model::event::{EventRef, Former};
use model::{Entry, EventId, Position, Seq};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// Most entries that one read returns.
pub const LINES_MAX: usize = 1000;
/// A reader looks this often even if no bell rings.
pub const POLL: Duration = Duration::from_secs(1);

/// One entry as it is stored: its number and its full JSON (private fields included).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The entry's number.
    pub seq: Seq,
    /// The entry as JSON.
    pub json: Bytes,
}

impl Line {
    /// Reads the entry.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when the stored text is no entry, or one with another number.
    pub fn entry(&self) -> Result<Entry, Error> {
        let entry: Entry = serde_json::from_slice(&self.json)?;
        if entry.seq == self.seq {
            Ok(entry)
        } else {
            Err(Error::Corrupt(format!("entry {} lies at {}", entry.seq, self.seq)))
        }
    }
}

/// One consistent look at a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// What the log says of itself.
    pub head: Head,
    /// The seq behind which the lines begin: what was asked for, or `head.base` if that is higher.
    pub after: Seq,
    /// The entries behind `after`, without holes, [`LINES_MAX`] at most.
    pub lines: Vec<Line>,
}

/// One event's log, to be read.
#[async_trait]
pub trait Log: Send + Sync {
    /// Which event.
    fn eid(&self) -> EventId;

    /// The entries behind `after`, `max` at most (and never more than [`LINES_MAX`]). `None` while there is no usable
    /// log: a tail that was flushed and not yet written anew.
    ///
    /// # Errors
    /// When the store cannot be reached or read.
    async fn read(&self, after: Seq, max: usize) -> Result<Option<Page>, Error>;

    /// A bell of one's own. Take it before the first read.
    fn bell(&self) -> Bell;

    /// The archive has everything up to this position; the tail may be trimmed up to it later.
    ///
    /// # Errors
    /// When the store cannot be reached.
    async fn archived(&self, position: &Position) -> Result<(), Error>;
}

/// All live logs of an installation, and the status board beside them.
#[async_trait]
pub trait Store: Send + Sync {
    /// The events that have a log, by slug.
    ///
    /// # Errors
    /// When the store cannot be reached.
    async fn events(&self) -> Result<Vec<EventRef>, Error>;

    /// The log of one event.
    ///
    /// # Errors
    /// [`Error::NoEvent`], or when the store cannot be reached.
    async fn log(&self, eid: EventId) -> Result<Arc<dyn Log>, Error>;

    /// Addresses under which no event is found any more, and what has become of them. What was once heard is not forgotten
    /// while this store lives.
    ///
    /// # Errors
    /// When the store cannot be reached.
    async fn formers(&self) -> Result<Vec<Former>, Error> {
        Ok(Vec::new())
    }

    /// Puts a status record on the board for 5 seconds. `key` reads `status:{role}:{instance}`.
    ///
    /// # Errors
    /// When the store cannot be reached.
    async fn put_status(&self, key: &str, json: &str) -> Result<(), Error>;

    /// The records on the board that have not expired, by key.
    ///
    /// # Errors
    /// When the store cannot be reached.
    async fn statuses(&self) -> Result<Vec<(String, String)>, Error>;

    /// Puts an event's figures (JSON): how many posts, people, viewers. They stay until the next ones, also when nobody writes them.
    ///
    /// # Errors
    /// When the store cannot be reached.
    async fn put_figures(&self, _eid: EventId, _json: &str) -> Result<(), Error> {
        Ok(())
    }

    /// The figures of an event that were put last; `None` before.
    ///
    /// # Errors
    /// When the store cannot be reached.
    async fn figures(&self, _eid: EventId) -> Result<Option<String>, Error> {
        Ok(None)
    }

    /// What the server behind this store says of itself, asked just now; `None` where there is no server.
    ///
    /// # Errors
    /// When it cannot be reached, or must not hold a log.
    async fn server(&self) -> Result<Option<ServerFacts>, Error> {
        Ok(None)
    }
}

/// Wakes a reader when there may be something to read. A ring may be lost or false.
#[derive(Clone, Debug)]
pub struct Bell(watch::Receiver<u64>);

/// The other end of bells.
#[derive(Clone, Debug)]
pub struct Ringer(watch::Sender<u64>);

impl Default for Ringer {
    fn default() -> Self {
        Self(watch::Sender::new(0))
    }
}

impl Ringer {
    /// Wakes everybody.
    pub fn ring(&self) {
        self.0.send_modify(|n| *n = n.wrapping_add(1));
    }

    /// A bell that rings from now on.
    #[must_use]
    pub fn bell(&self) -> Bell {
        Bell(self.0.subscribe())
    }
}

impl Bell {
    /// Waits for a ring, or for [`POLL`].
    pub async fn wait(&mut self) {
        // Once the writer is gone for good, reading each second goes on.
        if let Ok(Err(_)) = tokio::time::timeout(POLL, self.0.changed()).await {
            tokio::time::sleep(POLL).await;
        }
    }
}
