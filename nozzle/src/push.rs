//! Where an event's log goes once it is committed: its copy in Redis with the right to write it, or straight to the
//! readers of this process. The copying itself is `live::push`.

use std::sync::Arc;

use live::ledger::Ledger;
use live::push::{PushEnd, Pusher, Standing};
use live::redis::RedisStore;
use live::{EmbeddedStore, Error, Store};
use model::event::{EventRef, Former};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// The live store, as the nozzle writes to it.
#[derive(Clone)]
pub enum Live {
    /// Readers are in this process and read the ledger itself; the lock on the file is the right to write.
    Embedded(Arc<EmbeddedStore>),
    /// Readers read the tail in Redis; the owner key there is the right to write.
    Redis(Arc<RedisStore>),
    /// Nobody reads now: a command works on a ledger that no nozzle holds. The next nozzle pushes what it wrote.
    Nobody,
}

impl Live {
    /// The status board, where there is one.
    pub(crate) fn board(&self) -> Option<Arc<dyn Store>> {
        match self {
            Self::Embedded(store) => Some(Arc::clone(store) as Arc<dyn Store>),
            Self::Redis(store) => Some(Arc::clone(store) as Arc<dyn Store>),
            Self::Nobody => None,
        }
    }

    /// Makes an event known to readers, or its new slug and title.
    pub(crate) async fn publish(&self, event: &EventRef, ledger: &Ledger) -> Result<(), Error> {
        match self {
            Self::Embedded(store) => store.publish(event.clone(), ledger.clone()),
            Self::Redis(store) => store.publish(event).await?,
            Self::Nobody => {}
        }
        Ok(())
    }

    /// Tells readers what has become of an event's addresses; what is left of a deleted one in the store is erased.
    pub(crate) async fn tell(&self, former: &Former) -> Result<(), Error> {
        match self {
            Self::Embedded(store) => store.tell(former.clone()),
            Self::Redis(store) => store.tell(former).await?,
            Self::Nobody => {}
        }
        Ok(())
    }

    /// What runs beside the event's sequencer to keep its tail, and how it stands.
    pub(crate) fn follow(&self, ledger: &Ledger) -> (Follower, watch::Receiver<Standing>) {
        match self {
            Self::Redis(store) => {
                let pusher = Pusher::new(ledger.clone(), store.tail(ledger.eid()));
                let standing = pusher.standing();
                (Follower::Pusher(Box::new(pusher)), standing)
            }
            Self::Embedded(_) | Self::Nobody => {
                let held = Standing { is_owner: true, is_reached: true, sent: 0 };
                let (sender, standing) = watch::channel(held);
                (Follower::Nothing(sender), standing)
            }
        }
    }
}

/// See [`Live::follow`].
pub(crate) enum Follower {
    Pusher(Box<Pusher>),
    /// Holds the standing, which never changes.
    Nothing(watch::Sender<Standing>),
}

impl Follower {
    /// Runs until told to stop.
    ///
    /// # Errors
    /// When the log is not ours, or the ledger fails.
    pub(crate) async fn run(self, stop: CancellationToken) -> Result<(), Error> {
        match self {
            Self::Pusher(pusher) => match pusher.run(stop).await {
                PushEnd::Told => Ok(()),
                PushEnd::Stop(why) => Err(Error::NotOurs(why.to_string())),
                PushEnd::Failed(error) => Err(error),
            },
            Self::Nothing(standing) => {
                stop.cancelled().await;
                drop(standing);
                Ok(())
            }
        }
    }
}
