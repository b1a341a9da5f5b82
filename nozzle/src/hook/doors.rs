//! Which hook sources there are just now. A source opens its door while its stream runs; the listener finds it here. So is
//! the listener itself: it is bound when the first source asks for it, and a port that is taken is that source's trouble.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use model::EventId;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use super::bucket::{Bucket, SOURCE};
use super::secret::Keys;
use crate::source::{Upstream, sample};

/// Messages that may wait between the listener and a source's pump.
const TOLD_MESSAGES_MAX: usize = 256;

/// One source that takes deliveries.
#[derive(Debug)]
pub(super) struct Door {
    /// Name of the source.
    pub(super) name: Arc<str>,
    /// Who may speak.
    pub(super) keys: Arc<Keys>,
    /// Its posts wait for a moderator.
    pub(super) is_held: bool,
    bucket: Mutex<Bucket>,
    pump: mpsc::Sender<Upstream>,
}

impl Door {
    pub(super) fn new(
        name: &Arc<str>,
        keys: &Arc<Keys>,
        is_held: bool,
    ) -> (Arc<Self>, mpsc::Receiver<Upstream>) {
        let (pump, told) = mpsc::channel(TOLD_MESSAGES_MAX);
        let bucket = Mutex::new(Bucket::full(Instant::now()));
        (Arc::new(Self { name: name.clone(), keys: keys.clone(), is_held, bucket, pump }), told)
    }

    /// Tells the pump what to count. A source that is being stopped counts no more.
    pub(super) async fn tell(&self, message: Upstream) {
        let _stopping = self.pump.send(message).await;
    }

    /// Something was refused; `sentence` holds nothing of what was sent.
    pub(super) async fn refused(&self, reason: &'static str, sentence: &str) {
        self.tell(Upstream::Malformed { reason, sample: sample(sentence.as_bytes()) }).await;
    }

    /// As [`Door::refused`], where nothing can be waited for; a pump that is behind does not count it.
    pub(super) fn refused_at_once(&self, reason: &'static str, sentence: &str) {
        let _full = self.pump.try_send(Upstream::Malformed { reason, sample: sample(sentence.as_bytes()) });
    }

    /// Books a rightly signed delivery, or says how long to wait.
    pub(super) fn book(&self) -> Result<(), Duration> {
        let mut bucket = self.bucket.lock().unwrap_or_else(PoisonError::into_inner);
        bucket.take(1.0, SOURCE, Instant::now())
    }
}

/// Where the listener is.
#[derive(Clone, Debug, Default)]
enum Place {
    /// Nobody has asked for it.
    #[default]
    Unwanted,
    /// Asked for, not bound yet.
    Wanted,
    /// Bound.
    At(SocketAddr),
    /// It cannot be bound; tried again.
    Failed(String),
}

type Names = (EventId, Arc<str>);

/// The doors of all events of this nozzle. Clones are the same.
#[derive(Clone, Debug, Default)]
pub(crate) struct Doors(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    open: RwLock<HashMap<Names, Arc<Door>>>,
    place: watch::Sender<Place>,
}

impl Doors {
    /// The way in to one event.
    pub(crate) fn of(&self, eid: EventId) -> Doorway {
        Doorway(Some((self.clone(), eid)))
    }

    pub(super) fn find(&self, eid: EventId, name: &str) -> Option<Arc<Door>> {
        let open = self.0.open.read().unwrap_or_else(PoisonError::into_inner);
        open.get(&(eid, Arc::from(name))).cloned()
    }

    /// Returns once a source wants to be reached.
    pub(super) async fn wanted(&self) {
        let mut place = self.0.place.subscribe();
        let wanted = place.wait_for(|place| !matches!(place, Place::Unwanted)).await;
        wanted.expect("the sender lives as long as we do");
    }

    pub(super) fn bound(&self, at: SocketAddr) {
        self.0.place.send_replace(Place::At(at));
    }

    pub(super) fn cannot_bind(&self, why: String) {
        self.0.place.send_replace(Place::Failed(why));
    }

    /// The listener's address, once it is bound.
    pub(crate) async fn address(&self) -> SocketAddr {
        let mut place = self.0.place.subscribe();
        loop {
            if let Place::At(at) = &*place.borrow_and_update() {
                return *at;
            }
            place.changed().await.expect("the sender lives as long as we do");
        }
    }
}

/// The way in to one event's hooks; a closed one where settings are only being checked.
#[derive(Clone, Debug)]
pub(crate) struct Doorway(Option<(Doors, EventId)>);

impl Doorway {
    /// Nobody can come in.
    pub(crate) fn closed() -> Self {
        Self(None)
    }

    /// Opens a door until what this returns is dropped.
    pub(super) fn open(&self, door: Arc<Door>) -> Option<Open> {
        let (doors, eid) = self.0.clone()?;
        doors.0.place.send_if_modified(|place| {
            let is_first = matches!(place, Place::Unwanted);
            if is_first {
                *place = Place::Wanted;
            }
            is_first
        });
        let names = (eid, door.name.clone());
        doors.0.open.write().unwrap_or_else(PoisonError::into_inner).insert(names, door.clone());
        Some(Open { doors, eid, door })
    }

    /// Returns once the listener is bound.
    ///
    /// # Errors
    /// Why it cannot be.
    pub(super) async fn listening(&self) -> Result<(), String> {
        let Some((doors, _)) = &self.0 else { return Ok(()) };
        let mut place = doors.0.place.subscribe();
        loop {
            match &*place.borrow_and_update() {
                Place::At(_) => return Ok(()),
                Place::Failed(why) => return Err(why.clone()),
                Place::Unwanted | Place::Wanted => {}
            }
            place.changed().await.expect("the sender lives as long as we do");
        }
    }
}

/// An open door; dropping this closes it.
pub(super) struct Open {
    doors: Doors,
    eid: EventId,
    door: Arc<Door>,
}

impl Drop for Open {
    fn drop(&mut self) {
        let mut open = self.doors.0.open.write().unwrap_or_else(PoisonError::into_inner);
        let names = (self.eid, self.door.name.clone());
        // A newer stream may have opened its own meanwhile.
        if open.get(&names).is_some_and(|door| Arc::ptr_eq(door, &self.door)) {
            open.remove(&names);
        }
    }
}
