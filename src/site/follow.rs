//! Keeping a fold of every event's log: finds the events, reads their logs, hands pages a lock. Nothing here draws.

mod formers;

pub(super) use formers::{Deleted, Led};

use super::{live_fold::LiveFold, media::Media, page_cache::Shelf, record::EventReach};
use archive::Archive;
use chassis::{Readiness, Shutdown, backoff::random_between};
use live::{Class, LINES_MAX, Log, Store, reached::takes_back};
use model::{EventId, TalkId, event::EventRef};
use std::{
    collections::{BTreeMap, HashMap, HashSet, btree_map::Entry},
    sync::{
        Arc, PoisonError, RwLock, RwLockReadGuard,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{
    sync::{Mutex, watch},
    time::{Instant, sleep, timeout},
};
use tokio_util::sync::CancellationToken;

/// Events that are followed; more are served as unknown, and the log says so.
const EVENTS_MAX: usize = 64;
/// How often the list of events is read, and how often at most when somebody asks for an unknown one.
const LIST_EVERY: Duration = Duration::from_secs(1);
const LIST_AT_MOST_EVERY: Duration = Duration::from_millis(100);
/// How long a request waits for the first read of a log.
const FIRST_READ_WAIT: Duration = Duration::from_secs(2);
/// What the archive may take to tell an event's talks where the log no longer does.
const REMEMBER_WAIT: Duration = Duration::from_secs(3);
const RETRY: (Duration, Duration) = (Duration::from_millis(250), Duration::from_millis(1000));

/// One event as the site follows it.
#[derive(Debug)]
pub(super) struct EventLive {
    /// Its id.
    pub(super) eid: EventId,
    /// Slug and title as the list of events gives them.
    listed: RwLock<EventRef>,
    fold: RwLock<LiveFold>,
    /// Its pages as they were drawn.
    pub(super) shelf: Shelf,
    /// Up to where it has obeyed what took words back.
    pub(super) reach: EventReach,
    was_read: watch::Sender<bool>,
    /// Cancelled when the event was deleted: nobody reads its log any more.
    gone: CancellationToken,
}

impl EventLive {
    /// The fold as it stands. Hold it only while drawing, never over an await.
    pub(super) fn fold(&self) -> RwLockReadGuard<'_, LiveFold> {
        self.fold.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The titles of its talks, called-off ones included.
    pub(super) fn titles(&self) -> BTreeMap<TalkId, String> {
        self.fold().fold().talks.values().map(|talk| (talk.id.clone(), talk.title.clone())).collect()
    }

    /// Slug and title.
    pub(super) fn listed(&self) -> EventRef {
        self.listed.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether its organiser lets search engines know of it.
    pub(super) fn is_published(&self) -> bool {
        self.fold().fold().event.as_ref().is_some_and(|event| event.published)
    }

    /// What it adds to [`Events::stamps`]: that it is there, and everything that happened to it.
    fn share(&self) -> u64 {
        self.shelf.stamp() + 1
    }

    /// Takes the slug and title that the list of events gives.
    fn rename(&self, to: &EventRef) {
        let mut listed = self.listed.write().unwrap_or_else(PoisonError::into_inner);
        if (&listed.slug, &listed.title) != (&to.slug, &to.title) {
            listed.clone_from(to);
            self.shelf.turn();
        }
    }

    /// Waits for the first read; false when it does not come in time.
    pub(super) async fn is_read(&self) -> bool {
        let mut was_read = self.was_read.subscribe();
        timeout(FIRST_READ_WAIT, was_read.wait_for(|read| *read)).await.is_ok_and(|answer| answer.is_ok())
    }
}

/// All events.
pub(super) struct Events {
    store: Arc<dyn Store>,
    archive: Arc<dyn Archive>,
    media: Arc<Media>,
    readiness: Readiness,
    /// What the shelves of all events hold.
    pages_bytes: Arc<AtomicUsize>,
    shutdown: Shutdown,
    followed: RwLock<BTreeMap<String, Arc<EventLive>>>,
    formers: RwLock<formers::Formers>,
    /// Deleted events whose pictures were removed.
    buried: std::sync::Mutex<HashSet<EventId>>,
    /// Events that were deleted while they were followed, until somebody asks for them.
    deleted: std::sync::Mutex<Vec<Deleted>>,
    /// What events that are followed no more add to [`Events::stamps`].
    left: AtomicU64,
    listing: Mutex<Option<Instant>>,
}

impl Events {
    /// Starts following every event of the store; the tasks belong to `shutdown`.
    pub(super) fn start(
        store: Arc<dyn Store>,
        archive: Arc<dyn Archive>,
        media: Arc<Media>,
        readiness: Readiness,
        pages_bytes: Arc<AtomicUsize>,
        shutdown: &Shutdown,
    ) -> Arc<Self> {
        let events = Arc::new(Self {
            store,
            archive,
            media,
            readiness,
            pages_bytes,
            shutdown: shutdown.clone(),
            followed: RwLock::default(),
            formers: RwLock::default(),
            buried: std::sync::Mutex::default(),
            deleted: std::sync::Mutex::default(),
            left: AtomicU64::default(),
            listing: Mutex::default(),
        });
        let watching = events.clone();
        shutdown.spawn(async move { watching.watch().await });
        events
    }

    /// The event of a slug. An unknown one is looked up at once: it may have been created a moment ago.
    pub(super) async fn find(&self, slug: &str) -> Option<Arc<EventLive>> {
        if let Some(event) = self.known(slug) {
            return Some(event);
        }
        self.look().await;
        self.known(slug)
    }

    /// The event of a slug, if it is followed already.
    pub(super) fn known(&self, slug: &str) -> Option<Arc<EventLive>> {
        self.followed.read().unwrap_or_else(PoisonError::into_inner).get(slug).cloned()
    }

    /// Looks whether there are other events now.
    pub(super) async fn look(&self) {
        if let Err(error) = self.list(LIST_AT_MOST_EVERY).await {
            tracing::debug!(%error, "the list of events cannot be read just now");
        }
    }

    /// The events that are followed already, by slug.
    pub(super) fn followed(&self) -> Vec<Arc<EventLive>> {
        self.followed.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    /// A number that grows whenever anything happens to any event.
    pub(super) fn stamps(&self) -> u64 {
        let followed = self.followed.read().unwrap_or_else(PoisonError::into_inner);
        self.left.load(Ordering::Acquire) + followed.values().map(|event| event.share()).sum::<u64>()
    }

    /// The records of the status board.
    pub(super) async fn statuses(&self) -> Result<Vec<(String, String)>, live::Error> {
        self.store.statuses().await
    }

    /// Every page of every event is drawn anew.
    pub(super) fn turn_all(&self) {
        self.followed().iter().for_each(|event| event.shelf.turn());
    }

    /// All events, by slug.
    pub(super) async fn all(&self) -> Vec<Arc<EventLive>> {
        self.look().await;
        self.followed()
    }

    async fn watch(&self) {
        let part = self.readiness.part("events", "the list of events was not read yet");
        while !self.shutdown.is_triggered() {
            match self.list(Duration::ZERO).await {
                Ok(()) => part.ready(),
                Err(error) => part.not_ready(&error.to_string()),
            }
            tokio::select! {
                () = sleep(LIST_EVERY) => {}
                () = self.shutdown.triggered() => return,
            }
        }
    }

    /// Reads the list and follows what is new, unless it was read within `at_most_every`.
    async fn list(&self, at_most_every: Duration) -> Result<(), live::Error> {
        let mut listing = self.listing.lock().await;
        if listing.is_some_and(|at| at.elapsed() < at_most_every) {
            return Ok(());
        }
        let listed = self.store.events().await;
        let formers = self.store.formers().await;
        // Also of a store that is away: a crowd that waits for its answer waits once, not each for one of their own.
        *listing = Some(Instant::now());
        let (listed, formers) = (listed?, formers?);
        let deleted = self.take_formers(&formers);
        self.bury(&deleted);
        let mut followed = self.followed.write().unwrap_or_else(PoisonError::into_inner);
        let mut by_id: HashMap<EventId, Arc<EventLive>> =
            std::mem::take(&mut *followed).into_values().map(|event| (event.eid, event)).collect();
        for event in listed {
            if by_id.len() + followed.len() >= EVENTS_MAX && !by_id.contains_key(&event.eid) {
                tracing::warn!(event = %event.slug, limit = EVENTS_MAX, "too many events: this one is not followed");
                continue;
            }
            let live = by_id.remove(&event.eid).unwrap_or_else(|| self.follow(event.clone()));
            live.rename(&event);
            if let Some(other) = followed.insert(event.slug, live) {
                self.leave(&other);
            }
        }
        // An event that left the list keeps its page: a store that forgot its list is no reason to forget an event.
        for (_, live) in by_id {
            if deleted.contains(&live.eid) {
                self.leave(&live);
                self.note_deleted(&live, &formers);
                live.gone.cancel();
                continue;
            }
            match followed.entry(live.listed().slug) {
                Entry::Vacant(place) => drop(place.insert(live)),
                Entry::Occupied(_) => self.leave(&live),
            }
        }
        Ok(())
    }

    /// It was deleted, or another event has its address now. [`Events::stamps`] goes on growing.
    fn leave(&self, event: &EventLive) {
        self.left.fetch_add(event.share(), Ordering::AcqRel);
    }

    fn follow(&self, event: EventRef) -> Arc<EventLive> {
        let live = Arc::new(EventLive {
            eid: event.eid,
            listed: RwLock::new(event),
            fold: RwLock::default(),
            shelf: Shelf::default(),
            reach: EventReach::default(),
            was_read: watch::Sender::new(false),
            gone: CancellationToken::new(),
        });
        let follower = Follower {
            event: live.clone(),
            store: self.store.clone(),
            archive: self.archive.clone(),
            media: self.media.clone(),
            pages_bytes: self.pages_bytes.clone(),
            shutdown: self.shutdown.clone(),
        };
        self.shutdown.spawn(async move { follower.run().await });
        live
    }
}

/// Reads one log for ever.
struct Follower {
    event: Arc<EventLive>,
    store: Arc<dyn Store>,
    archive: Arc<dyn Archive>,
    media: Arc<Media>,
    pages_bytes: Arc<AtomicUsize>,
    shutdown: Shutdown,
}

impl Follower {
    async fn run(&self) {
        let mut warned = false;
        while !self.shutdown.is_triggered() {
            let ended = tokio::select! {
                ended = self.read_on() => ended,
                () = self.shutdown.triggered() => return,
                () = self.event.gone.cancelled() => return,
            };
            if let Err(error) = ended {
                // Once in words; a store that is away is the dashboards' business after that.
                if !warned && error.class() != Class::Retry {
                    tracing::error!(event.id = %self.event.eid, %error, "the live log cannot be read; the page shows what it has");
                }
                warned = true;
                sleep(random_between(RETRY.0, RETRY.1)).await;
            }
        }
    }

    async fn read_on(&self) -> Result<(), live::Error> {
        let log = self.store.log(self.event.eid).await?;
        let mut bell = log.bell();
        loop {
            while self.read(log.as_ref()).await? {}
            bell.wait().await;
        }
    }

    /// One read; true when there may be more at once.
    async fn read(&self, log: &dyn Log) -> Result<bool, live::Error> {
        let (after, before) = {
            let fold = self.event.fold();
            (fold.after(), fold.position().map(|p| p.epoch.clone()))
        };
        let Some(page) = log.read(after, LINES_MAX).await? else { return Ok(false) };
        let entries = page.lines.iter().map(live::Line::entry).collect::<Result<Vec<_>, _>>()?;
        let (is_moved, is_anew) = {
            let mut fold = self.event.fold.write().unwrap_or_else(PoisonError::into_inner);
            if let Some(hold) = fold.take(&page.head, page.after, &entries) {
                metrics::counter!(crate::site::metrics::FOLD_HOLDS).increment(1);
                if hold.is_alarm() {
                    tracing::warn!(event.id = %self.event.eid, ?hold, "the tail is not the log that this page follows");
                }
                return Ok(false);
            }
            let is_anew = fold.position().map(|p| &p.epoch) != before.as_ref();
            if is_anew || !entries.is_empty() {
                self.event.shelf.turn();
            }
            (fold.after() != after, is_anew)
        };
        self.event.shelf.sweep(&self.pages_bytes);
        let took_back = is_anew || entries.iter().any(takes_back);
        let position = self.event.fold().position().cloned();
        if let Some(position) = position.clone() {
            self.event.reach.pages.at(position, took_back);
        }
        let begins_late = is_anew && page.head.base > 0;
        if begins_late {
            // What was taken away before this log begins is not told any more.
            self.media.forget(self.event.eid).await;
        }
        if self.media.follow(self.event.eid, &entries).await
            && let Some(position) = position
        {
            self.event.reach.pictures.at(position, took_back);
        }
        if begins_late {
            self.remember().await;
        }
        self.event.was_read.send_replace(true);
        Ok(is_moved && self.event.fold().after() < page.head.top)
    }

    /// A tail that begins late no longer tells settings, talks and what was on: the archive does, if it is there.
    async fn remember(&self) {
        let asked = async {
            let event = self.archive.events().await?.into_iter().find(|row| row.id == self.event.eid);
            let talks = self.archive.talks(self.event.eid).await?;
            let said = self.archive.stage(self.event.eid).await?;
            let version = self.archive.versions(self.event.eid, u64::MAX, 1).await?.pop();
            let version = version.map(|version| (version.at.unwrap_or_default(), version.entry));
            Ok::<_, archive::Error>((event, talks, said, version))
        };
        match timeout(REMEMBER_WAIT, asked).await {
            Ok(Ok((event, talks, said, version))) => {
                let mut fold = self.event.fold.write().unwrap_or_else(PoisonError::into_inner);
                fold.remember(event.map(|row| row.settings), talks, said, version);
                self.event.shelf.turn();
                drop(fold);
                self.event.shelf.sweep(&self.pages_bytes);
            }
            Ok(Err(error)) => {
                tracing::warn!(event.id = %self.event.eid, %error, "talks older than the tail are not known yet");
            }
            Err(_) => {
                tracing::warn!(event.id = %self.event.eid, "talks older than the tail are not known yet: the archive is slow");
            }
        }
    }
}

#[cfg(test)]
mod tests;
