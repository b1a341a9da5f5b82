//! What others tell a shard, and how they wake it.

use std::{
    io,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use model::Position;

use super::Entrant;
use crate::{Error, frame::Frame};

/// The poll's name for a waking.
pub(super) const WAKE: mio::Token = mio::Token(usize::MAX);

/// A message to a shard.
pub(super) enum Command {
    /// A connection.
    Enter(Box<Entrant>),
    /// The entries behind a position of a group were read.
    Fetched {
        /// The group's number.
        group: usize,
        /// The position.
        at: Position,
        /// The entries.
        frames: Result<Vec<Frame>, Error>,
    },
    /// The process stops: say bye, end when all have left.
    Stop,
    /// End now.
    Leave,
}

/// See the module. Holds one connection per place under the cap and one answer per read that was asked for, so it is bounded as they are.
pub(super) struct Inbox {
    commands: Mutex<Vec<Command>>,
    bell: Bell,
}

/// Wakes a shard; ringing twice before it has looked is one waking.
#[derive(Clone)]
pub(crate) struct Bell {
    has_rung: Arc<AtomicBool>,
    waker: Arc<mio::Waker>,
}

impl Inbox {
    pub(super) fn new(poll: &mio::Poll) -> io::Result<Arc<Self>> {
        let waker = Arc::new(mio::Waker::new(poll.registry(), WAKE)?);
        let bell = Bell { has_rung: Arc::default(), waker };
        Ok(Arc::new(Self { commands: Mutex::default(), bell }))
    }

    pub(super) fn bell(&self) -> Bell {
        self.bell.clone()
    }

    pub(super) fn push(&self, command: Command) {
        self.commands.lock().unwrap_or_else(PoisonError::into_inner).push(command);
        self.bell.ring();
    }

    /// Everything that was told, and the bell is silent again.
    pub(super) fn take(&self) -> Vec<Command> {
        // Silenced before looking, so that whatever comes after the look rings again.
        self.bell.has_rung.store(false, Ordering::SeqCst);
        std::mem::take(&mut *self.commands.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Bell {
    /// Wakes the shard.
    pub(crate) fn ring(&self) {
        if self.has_rung.swap(true, Ordering::SeqCst) {
            return;
        }
        if let Err(error) = self.waker.wake() {
            tracing::error!(%error, "a shard cannot be woken");
        }
    }
}
