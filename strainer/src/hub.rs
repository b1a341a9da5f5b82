//! Prepares the archive, then keeps one follower for each event that has a log.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chassis::{Backoff, Shutdown};
use model::EventId;
use model::event::{EventRef, Former};
use serde_json::{Map, Value};
use tokio::sync::oneshot;

use crate::follower::Follower;
use crate::purge::Purge;
use crate::standing::Standing;
use crate::{Error, Parts};

/// The directory is looked at this often.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Events at once.
const EVENTS_MAX: usize = 256;
/// A person has to act before the next try can succeed.
const PERSON_WAIT: Duration = Duration::from_secs(30);

/// See the module.
pub(crate) struct Hub {
    parts: Parts,
    shutdown: Shutdown,
    followed: Mutex<HashMap<EventId, Followed>>,
    /// What is to be got off the disk.
    pub(crate) purge: Arc<Purge>,
    /// Deleted events of which the archive holds nothing any more.
    forgotten: Mutex<HashSet<EventId>>,
}

struct Followed {
    slug: String,
    standing: Arc<Standing>,
    stop: Shutdown,
    /// Closed once its follower has ended.
    ended: oneshot::Receiver<()>,
}

impl Hub {
    pub(crate) fn new(parts: Parts, shutdown: Shutdown) -> Arc<Self> {
        Arc::new(Self {
            parts,
            shutdown,
            followed: Mutex::default(),
            purge: Arc::default(),
            forgotten: Mutex::default(),
        })
    }

    /// How every event stands, by slug.
    pub(crate) fn standings(&self) -> Map<String, Value> {
        let followed = self.followed.lock().unwrap_or_else(PoisonError::into_inner);
        followed.values().map(|event| (event.slug.clone(), event.standing.json())).collect()
    }

    pub(crate) async fn run(self: Arc<Self>) {
        self.prepare().await;
        let purging = Arc::clone(&self.purge).run(Arc::clone(&self.parts.archive), self.shutdown.clone());
        self.shutdown.spawn(purging);
        let part = self.parts.readiness.part("directory", "the list of events was not read yet");
        let mut backoff = Backoff::exponential(Duration::from_millis(100), Duration::from_secs(2));
        while !self.shutdown.is_triggered() {
            let wait = match self.look().await {
                Ok(()) => {
                    part.ready();
                    backoff.proven();
                    LOOK_EVERY
                }
                Err(error) => {
                    if backoff.failures() == 0 {
                        tracing::warn!(%error, "the list of events cannot be read; trying again");
                    }
                    backoff.failed()
                }
            };
            self.pause(wait).await;
        }
    }

    /// Makes the archive's schema, however long its database stays away.
    async fn prepare(&self) {
        let part = self.parts.readiness.part("schema", "the archive was not prepared yet");
        let mut backoff = Backoff::exponential(Duration::from_millis(100), Duration::from_secs(5));
        while !self.shutdown.is_triggered() {
            let Err(error) = self.parts.archive.prepare().await else { return };
            part.not_ready(&error.to_string());
            let wait = match error.class() {
                archive::Class::Retry => {
                    if backoff.failures() == 0 {
                        tracing::warn!(%error, "the archive cannot be prepared; trying again");
                    }
                    backoff.failed()
                }
                archive::Class::Reject | archive::Class::Fatal => {
                    tracing::error!(%error, "the archive cannot be prepared; nothing is archived until that is cured");
                    PERSON_WAIT
                }
            };
            self.pause(wait).await;
        }
    }

    async fn pause(&self, wait: Duration) {
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = self.shutdown.triggered() => {}
        }
    }

    async fn look(&self) -> Result<(), Error> {
        let mut listed = self.parts.store.events().await?;
        if listed.len() > EVENTS_MAX {
            tracing::error!(
                events = listed.len(),
                max = EVENTS_MAX,
                "more events than the strainer follows; the rest is left out"
            );
            listed.truncate(EVENTS_MAX);
        }
        self.forget_deleted(&self.parts.store.formers().await?).await?;
        self.drop_others(&listed);
        for event in listed {
            if !self.is_followed(&event) {
                self.follow(event).await?;
            }
        }
        Ok(())
    }

    /// Erases deleted events from the archive, each once its follower has ended: what that still wrote goes with the rest.
    async fn forget_deleted(&self, formers: &[Former]) -> Result<(), Error> {
        let is_forgotten =
            |eid: &EventId| self.forgotten.lock().unwrap_or_else(PoisonError::into_inner).contains(eid);
        let deleted = formers.iter().filter(|former| former.deleted.is_some()).map(|former| former.eid);
        for eid in deleted.filter(|eid| !is_forgotten(eid)) {
            let followed = self.followed.lock().unwrap_or_else(PoisonError::into_inner).remove(&eid);
            if let Some(Followed { stop, ended, .. }) = followed {
                stop.trigger();
                let _closed = ended.await;
            }
            self.parts.archive.forget(eid).await?;
            self.purge.is_due();
            tracing::info!(event.id = %eid, "a deleted event is in the archive no more");
            self.forgotten.lock().unwrap_or_else(PoisonError::into_inner).insert(eid);
        }
        Ok(())
    }

    fn is_followed(&self, event: &EventRef) -> bool {
        let mut followed = self.followed.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(known) = followed.get_mut(&event.eid) else { return false };
        known.slug.clone_from(&event.slug);
        true
    }

    fn drop_others(&self, listed: &[EventRef]) {
        let mut followed = self.followed.lock().unwrap_or_else(PoisonError::into_inner);
        followed.retain(|eid, event| {
            let is_listed = listed.iter().any(|listed| listed.eid == *eid);
            if !is_listed {
                event.stop.trigger();
            }
            is_listed
        });
    }

    async fn follow(&self, event: EventRef) -> Result<(), Error> {
        let log = self.parts.store.log(event.eid).await?;
        let stop = self.shutdown.part();
        let standing = Arc::new(Standing::default());
        let purge = Arc::clone(&self.purge);
        let follower =
            Follower::new(log, &self.parts, event.slug.clone(), Arc::clone(&standing), purge, stop.clone());
        // A task of the whole: a part is only ever triggered, never waited for.
        let (ending, ended) = oneshot::channel();
        self.shutdown.spawn(async move {
            follower.run().await;
            drop(ending);
        });
        // It may have been brought back from a backup.
        self.forgotten.lock().unwrap_or_else(PoisonError::into_inner).remove(&event.eid);
        let mut followed = self.followed.lock().unwrap_or_else(PoisonError::into_inner);
        followed.insert(event.eid, Followed { slug: event.slug, standing, stop, ended });
        Ok(())
    }
}
