//! Shards: threads that own the sockets of all streams and held polls. Each has a poll of its own, a slab of connections and a timer wheel.
//!
//! A connection here is a socket, a cursor and a deadline: no task, no queue, no buffer. hyper reads every request and the routes grant
//! it; then the socket is handed over (`chassis::http::Takeover`) and belongs to one shard until it closes, or until a poll's client asks for
//! something else and hyper gets it back. When an event has news, its shard writes the same shared bytes to all who stand at the same place.

mod again;
mod conn;
mod group;
mod inbox;
mod kit;
mod polls;
mod sockets;
mod wheel;
mod worker;

use std::{
    hash::RandomState,
    io,
    panic::{self, AssertUnwindSafe},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use axum::{body::Body, response::Response};
use chassis::{
    Shutdown,
    http::{Taken, Takeover},
};
use tokio::{runtime::Handle, sync::oneshot};

pub(crate) use self::inbox::Bell;
use self::{
    inbox::{Command, Inbox},
    worker::Worker,
};
use crate::{channel::Channel, coding::Coding, handshake::Granted, reader::Reader};

/// The waits of connections.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rules {
    /// A client that does not read must still take [`Rules::progress_bytes_min`] within this time.
    pub(crate) write_wait: Duration,
    /// See there.
    pub(crate) progress_bytes_min: usize,
    /// After our last words a client has this long to read them.
    pub(crate) parting_wait: Duration,
    /// A poll's client that asks for nothing more is kept this long.
    pub(crate) idle_wait: Duration,
    /// A poll without news is held this long.
    pub(crate) poll_hold: Duration,
}

impl Rules {
    /// The usual waits.
    pub(crate) fn usual(poll_hold: Duration) -> Self {
        Self {
            write_wait: Duration::from_secs(15),
            progress_bytes_min: 4 * 1024,
            parting_wait: Duration::from_secs(2),
            idle_wait: Duration::from_secs(10),
            poll_hold,
        }
    }
}

/// What the routes have granted.
pub(crate) struct Grant {
    /// The event.
    pub(crate) channel: Arc<Channel>,
    /// Its name in addresses.
    pub(crate) slug: String,
    /// Where the client stands.
    pub(crate) reader: Reader,
    /// In which way it is served.
    pub(crate) way: Way,
}

/// The three ways in which a browser is told.
pub(crate) enum Way {
    /// Text frames, behind the answer to the handshake.
    WebSocket(Granted),
    /// Server-sent events.
    Events,
    /// One answer, and another one to the next request.
    Poll {
        /// The position that the client has named, if it has.
        has_position: bool,
        /// The connection ends with the answer.
        closes: bool,
        /// How the client wants its answers.
        coding: Coding,
        /// What lets the next poll in.
        ticket: crate::gate::Ticket,
    },
}

/// A connection on its way to a shard.
struct Entrant {
    taken: Taken,
    grant: Grant,
}

/// See the module.
pub(crate) struct Shards {
    inboxes: Vec<Arc<Inbox>>,
    next: AtomicUsize,
    rules: Rules,
}

impl Shards {
    /// Starts `count` threads. They end after `shutdown`, when everybody was told and has left, or at its deadline.
    ///
    /// # Errors
    /// When the system gives no poll or no thread.
    pub(crate) fn start(count: usize, rules: Rules, shutdown: &Shutdown) -> io::Result<Arc<Self>> {
        let keys = RandomState::new();
        let (mut inboxes, mut ends) = (Vec::new(), Vec::new());
        for n in 0..count.max(1) {
            let poll = mio::Poll::new()?;
            let inbox = Inbox::new(&poll)?;
            let (ended, end) = oneshot::channel::<()>();
            inboxes.push(inbox.clone());
            let (keys, runtime, shutdown) = (keys.clone(), Handle::current(), shutdown.clone());
            thread::Builder::new().name(format!("halley-{n}")).spawn(move || {
                let mut worker = Worker::new(poll, inbox, rules, keys, runtime, shutdown);
                while panic::catch_unwind(AssertUnwindSafe(|| worker.run())).is_err() {
                    // The panic itself is in the log. What is half-done is not trusted: whoever was here comes back, to a shard that works.
                    tracing::error!(
                        "a shard met a fault of ours and starts over; its connections are closed"
                    );
                    worker.start_over();
                }
                drop(ended);
            })?;
            ends.push(end);
        }
        let guard = Stop(inboxes.clone());
        let stopping = shutdown.clone();
        shutdown.spawn(async move {
            stopping.triggered().await;
            guard.0.iter().for_each(|inbox| inbox.push(Command::Stop));
            for end in ends {
                // The thread drops its half; nothing is ever sent.
                let _ended = end.await;
            }
        });
        Ok(Arc::new(Self { inboxes, next: AtomicUsize::new(0), rules }))
    }

    /// How long a poll's reader may hold a client that is ahead: the hold must not end before it.
    pub(crate) fn ahead_hold(&self) -> Duration {
        polls::ahead_hold(self.rules.poll_hold)
    }

    /// What wakes the shards.
    pub(crate) fn bells(&self) -> Arc<[Bell]> {
        self.inboxes.iter().map(|inbox| inbox.bell()).collect()
    }

    /// The answer that takes a connection over.
    pub(crate) fn take(self: &Arc<Self>, grant: Grant) -> Response<Body> {
        let shards = self.clone();
        Takeover::response(move |taken| {
            let turn = shards.next.fetch_add(1, Ordering::Relaxed);
            let inbox = &shards.inboxes[turn % shards.inboxes.len()];
            inbox.push(Command::Enter(Box::new(Entrant { taken, grant })));
        })
    }
}

/// Ends the threads at once when nobody waits for them any longer.
struct Stop(Vec<Arc<Inbox>>);

impl Drop for Stop {
    fn drop(&mut self) {
        self.0.iter().for_each(|inbox| inbox.push(Command::Leave));
    }
}

#[cfg(test)]
mod tests;
