//! All events by slug: finds new ones, keeps a channel and a feed for each, closes those that are gone.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use chassis::{Backoff, Readiness, Shutdown, clock::Clock};
use live::Store;
use model::{
    EventId,
    event::{EventRef, Former},
};
use tokio::{sync::Mutex, time::Instant};

use crate::{Error, audience::Delays, channel::Channel, feed::Feed, ring::RingBounds, shard::Bell};

/// The directory is looked at this often,
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// and when somebody asks for an unknown event, but not more often than this.
const LOOK_LEAST: Duration = Duration::from_millis(200);
/// An event that is no longer listed is served for so long: a flushed Redis lists none until the nozzle has published them again.
const FORGET_AFTER: Duration = Duration::from_secs(600);
/// Events at once.
const EVENTS_MAX: usize = 256;

/// An event that has a channel.
#[derive(Clone)]
struct Served {
    eid: EventId,
    channel: Arc<Channel>,
    listed: Instant,
}

/// See the module.
pub(crate) struct Hub {
    store: Arc<dyn Store>,
    bounds: RingBounds,
    bells: Arc<[Bell]>,
    clock: Clock,
    readiness: Readiness,
    shutdown: Shutdown,
    events: RwLock<HashMap<String, Served>>,
    /// Events by slugs that they had before: pages that are open go on under the address that they began with.
    formers: RwLock<HashMap<String, EventId>>,
    looked: Mutex<Option<Instant>>,
}

impl Hub {
    pub(crate) fn new(
        store: Arc<dyn Store>,
        readiness: Readiness,
        shutdown: Shutdown,
        bounds: RingBounds,
        bells: Arc<[Bell]>,
        clock: Clock,
    ) -> Arc<Self> {
        Arc::new(Self {
            store,
            bounds,
            bells,
            clock,
            readiness,
            shutdown,
            events: RwLock::default(),
            formers: RwLock::default(),
            looked: Mutex::default(),
        })
    }

    /// Keeps the directory fresh until the process stops.
    pub(crate) async fn run(self: Arc<Self>) {
        let part = self.readiness.part("directory", "the list of events was not read yet");
        let mut backoff = Backoff::exponential(Duration::from_millis(100), Duration::from_secs(2));
        while !self.shutdown.is_triggered() {
            let wait = match self.look(Duration::ZERO).await {
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
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = self.shutdown.triggered() => {}
            }
        }
    }

    /// The channel of an event.
    pub(crate) async fn find(&self, slug: &str) -> Option<Arc<Channel>> {
        if let Some(channel) = self.known(slug) {
            return Some(channel);
        }
        if let Err(error) = self.look(LOOK_LEAST).await {
            tracing::debug!(%error, "the list of events cannot be read");
        }
        self.known(slug)
    }

    /// All channels by slug.
    pub(crate) fn channels(&self) -> Vec<(String, Arc<Channel>)> {
        let events = self.events.read().unwrap_or_else(PoisonError::into_inner);
        let mut all: Vec<_> =
            events.iter().map(|(slug, served)| (slug.clone(), served.channel.clone())).collect();
        all.sort_by(|a, b| a.0.cmp(&b.0));
        all
    }

    fn known(&self, slug: &str) -> Option<Arc<Channel>> {
        let found = {
            let events = self.events.read().unwrap_or_else(PoisonError::into_inner);
            events.get(slug).map(|served| served.channel.clone())
        };
        let former = || self.formers.read().unwrap_or_else(PoisonError::into_inner).get(slug).copied();
        found.or_else(|| self.channel_of(former()?))
    }

    /// Reads the directory, unless that was done less than `least` ago (by somebody whom this call has waited for, perhaps).
    async fn look(&self, least: Duration) -> Result<(), Error> {
        let mut looked = self.looked.lock().await;
        if looked.is_some_and(|at| at.elapsed() < least) || self.shutdown.is_triggered() {
            return Ok(());
        }
        let listed = self.store.events().await;
        let formers = self.store.formers().await;
        *looked = Some(Instant::now());
        let (mut listed, formers) = (listed?, formers?);
        if listed.len() > EVENTS_MAX {
            tracing::error!(
                events = listed.len(),
                max = EVENTS_MAX,
                "more events than halley serves; the rest is left out"
            );
            listed.truncate(EVENTS_MAX);
        }
        let mut next = HashMap::new();
        for event in listed {
            if let Some(channel) = self.channel_of_or_open(&event).await {
                next.insert(event.slug, Served { eid: event.eid, channel, listed: Instant::now() });
            }
        }
        self.exchange(next, &formers);
        Ok(())
    }

    async fn channel_of_or_open(&self, event: &EventRef) -> Option<Arc<Channel>> {
        if let Some(channel) = self.channel_of(event.eid) {
            return Some(channel);
        }
        let opened = self.open(event).await;
        // The others are served; this one is tried again with the next look.
        opened
            .inspect_err(|error| tracing::warn!(event = event.slug, %error, "the live log cannot be opened"))
            .ok()
    }

    fn channel_of(&self, eid: EventId) -> Option<Arc<Channel>> {
        let events = self.events.read().unwrap_or_else(PoisonError::into_inner);
        events.values().find(|served| served.eid == eid).map(|served| served.channel.clone())
    }

    async fn open(&self, event: &EventRef) -> Result<Arc<Channel>, Error> {
        let log = self.store.log(event.eid).await?;
        let delays = Arc::new(Delays::new(self.clock.clone()));
        let channel = Channel::new(log, self.bells.clone(), delays, self.shutdown.token().child_token());
        let part = self.readiness.part(&format!("event {}", event.slug), "its live log was not read yet");
        let feed = Feed::new(channel.clone(), event.slug.clone(), self.bounds);
        self.shutdown.spawn(feed.run(part));
        tracing::info!(event = event.slug, event.id = %event.eid, "event found");
        Ok(channel)
    }

    /// Takes over the new list. What it lacks is kept for a while, unless it was deleted or its slug is another event's now.
    fn exchange(&self, mut next: HashMap<String, Served>, formers: &[Former]) {
        let deleted: HashSet<EventId> =
            formers.iter().filter(|former| former.deleted.is_some()).map(|former| former.eid).collect();
        let moved = formers.iter().filter(|former| former.deleted.is_none());
        *self.formers.write().unwrap_or_else(PoisonError::into_inner) =
            moved.flat_map(|former| former.slugs.iter().map(|slug| (slug.clone(), former.eid))).collect();
        let mut events = self.events.write().unwrap_or_else(PoisonError::into_inner);
        for (slug, served) in events.drain() {
            if next.values().any(|kept| kept.eid == served.eid) {
                continue;
            }
            let is_kept = served.listed.elapsed() < FORGET_AFTER && !deleted.contains(&served.eid);
            if is_kept && !next.contains_key(&slug) {
                next.insert(slug, served);
                continue;
            }
            tracing::info!(event = slug, "event gone");
            served.channel.close();
        }
        *events = next;
    }
}
