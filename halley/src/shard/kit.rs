//! What all connections of a shard use together: its clock for this turn, its timers, its scratch buffer, its counters.

use std::{hash::RandomState, sync::Arc};

use chassis::Shutdown;
use metrics::{Counter, Gauge};
use tokio::{runtime::Handle, time::Instant};

use super::{Rules, inbox::Inbox, wheel::Wheel};
use crate::metrics as names;

/// Bytes read at once, from whichever socket has some.
pub(super) const SCRATCH_BYTES: usize = 16 * 1024;

/// Names a connection for as long as it lives: its place in the slab, and how often that was taken before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Name {
    pub(super) slot: usize,
    pub(super) turn: u32,
}

impl Name {
    /// The poll's name for it.
    pub(super) fn token(self) -> mio::Token {
        mio::Token(self.slot | (self.turn as usize) << 32)
    }

    /// The connection that an event is about.
    pub(super) fn of(token: mio::Token) -> Self {
        let turn = u32::try_from(token.0 >> 32).unwrap_or(u32::MAX);
        Self { slot: token.0 & u32::MAX as usize, turn }
    }
}

/// See the module.
pub(super) struct Kit {
    pub(super) rules: Rules,
    /// When this turn of the loop began.
    pub(super) now: Instant,
    pub(super) wheel: Wheel<Name>,
    pub(super) scratch: Box<[u8]>,
    pub(super) keys: RandomState,
    pub(super) inbox: Arc<Inbox>,
    /// Connections that have had their share of this turn and want more.
    pub(super) eager: Vec<Name>,
    pub(super) counts: Counts,
    runtime: Handle,
    shutdown: Shutdown,
}

impl Kit {
    pub(super) fn new(
        rules: Rules,
        keys: RandomState,
        inbox: Arc<Inbox>,
        runtime: Handle,
        shutdown: Shutdown,
    ) -> Self {
        let now = Instant::now();
        Self {
            rules,
            now,
            wheel: Wheel::new(now),
            scratch: vec![0; SCRATCH_BYTES].into(),
            keys,
            inbox,
            eager: Vec::new(),
            counts: Counts::new(),
            runtime,
            shutdown,
        }
    }

    /// Forgets every connection.
    pub(super) fn start_over(&mut self) {
        self.now = Instant::now();
        self.wheel = Wheel::new(self.now);
        // A turn that was broken off may have had it in hand.
        self.scratch = vec![0; SCRATCH_BYTES].into();
        self.eager.clear();
    }

    /// Starts a task of the process.
    pub(super) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let _inside = self.runtime.enter();
        self.shutdown.spawn(task);
    }
}

/// The counters of one way of serving.
pub(super) struct Tally {
    pub(super) open: Gauge,
    pub(super) opened: Counter,
    pub(super) delivered: Counter,
}

impl Tally {
    fn new(transport: &'static str) -> Self {
        Self {
            open: metrics::gauge!(names::OPEN, "transport" => transport),
            opened: metrics::counter!(names::OPENED, "transport" => transport),
            delivered: metrics::counter!(names::DELIVERED, "transport" => transport),
        }
    }

    /// One more is served.
    pub(super) fn begin(&self) {
        self.open.increment(1.0);
        self.opened.increment(1);
    }

    /// One less.
    pub(super) fn end(&self) {
        self.open.decrement(1.0);
    }
}

/// All counters that are touched often, looked up once.
pub(super) struct Counts {
    pub(super) ws: Tally,
    pub(super) sse: Tally,
    pub(super) poll: Tally,
    pub(super) slow: Counter,
}

impl Counts {
    fn new() -> Self {
        Self {
            ws: Tally::new("ws"),
            sse: Tally::new("sse"),
            poll: Tally::new("poll"),
            slow: metrics::counter!(names::SLOW),
        }
    }
}
