//! What others tell a shard, and how they wake it.

use std::{
    io,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
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
    /// Meet a fault.
    #[cfg(test)]
    Fail,
}

/// See the module. Holds one connection per place under the cap and one answer per read that was asked for, so it is bounded as they are.
pub(super) struct Inbox {
    /// `None` once the shard has ended.
    commands: Mutex<Option<Vec<Command>>>,
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
        Ok(Arc::new(Self { commands: Mutex::new(Some(Vec::new())), bell }))
    }

    pub(super) fn bell(&self) -> Bell {
        self.bell.clone()
    }

    /// Tells the shard; a connection for a shard that has ended is closed.
    pub(super) fn push(&self, command: Command) {
        if let Some(commands) = self.lock().as_mut() {
            commands.push(command);
        }
        self.bell.ring();
    }

    /// Everything that was told, and the bell is silent again.
    pub(super) fn take(&self) -> Vec<Command> {
        // Silenced before looking, so that whatever comes after the look rings again. A swap, not a store: it reads what the last ring
        // has written, and so sees everything that was done before that ring, the channels' versions too.
        self.bell.has_rung.swap(false, Ordering::AcqRel);
        self.lock().as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// The shard ends; whatever nobody will look at any more is dropped.
    pub(super) fn close(&self) {
        *self.lock() = None;
    }

    fn lock(&self) -> MutexGuard<'_, Option<Vec<Command>>> {
        self.commands.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Bell {
    /// Wakes the shard.
    pub(crate) fn ring(&self) {
        if self.has_rung.swap(true, Ordering::AcqRel) {
            return;
        }
        if let Err(error) = self.waker.wake() {
            tracing::error!(%error, "a shard cannot be woken");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn wakings(poll: &mut mio::Poll) -> usize {
        let mut events = mio::Events::with_capacity(8);
        poll.poll(&mut events, Some(Duration::ZERO)).expect("a poll");
        events.iter().filter(|event| event.token() == WAKE).count()
    }

    #[test]
    fn rings_before_a_look_are_one_waking_and_one_after_it_is_another() {
        let mut poll = mio::Poll::new().expect("a poll");
        let inbox = Inbox::new(&poll).expect("a waker");
        inbox.push(Command::Stop);
        inbox.bell().ring();
        assert_eq!(wakings(&mut poll), 1);
        inbox.bell().ring();
        assert_eq!(wakings(&mut poll), 0, "nobody has looked since");
        assert!(matches!(inbox.take()[..], [Command::Stop]));
        assert!(inbox.take().is_empty());
        inbox.push(Command::Leave);
        assert_eq!(wakings(&mut poll), 1);
    }

    #[test]
    fn nothing_is_kept_for_a_shard_that_has_ended() {
        let poll = mio::Poll::new().expect("a poll");
        let inbox = Inbox::new(&poll).expect("a waker");
        inbox.push(Command::Stop);
        inbox.close();
        inbox.push(Command::Leave);
        assert!(inbox.take().is_empty() && inbox.lock().is_none());
    }
}
