//! Who is to be opened, who reads slowly and who comes and goes: the bookkeeping over all connections, without sockets.

use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

/// Connections from one address: fewer than the ports that the kernel gives out by itself (32768 to 60999).
const PORTS_EACH: usize = 28_000;

/// See the module.
#[derive(Debug)]
pub(super) struct Crowd {
    to: SocketAddr,
    from: Ipv4Addr,
    queue: VecDeque<usize>,
    /// Connections that are being opened or have not had their answer.
    opening: usize,
    served: usize,
    slow: Slow,
    churn: Churn,
}

#[derive(Debug)]
struct Slow {
    connections: usize,
    every: Duration,
    next: Instant,
}

#[derive(Debug)]
struct Churn {
    each_second: u32,
    since: Instant,
    done: u64,
    /// The next to go.
    at: usize,
}

impl Default for Crowd {
    fn default() -> Self {
        let now = Instant::now();
        Self {
            to: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            from: Ipv4Addr::LOCALHOST,
            queue: VecDeque::new(),
            opening: 0,
            served: 0,
            slow: Slow { connections: 0, every: Duration::MAX, next: now },
            churn: Churn { each_second: 0, since: now, done: 0, at: 0 },
        }
    }
}

impl Crowd {
    pub(super) fn aim(&mut self, from: Ipv4Addr, to: SocketAddr) {
        (self.from, self.to) = (from, to);
    }

    /// From where to where a connection goes.
    pub(super) fn way(&self, at: usize) -> (Ipv4Addr, SocketAddr) {
        let step = u32::try_from(at / PORTS_EACH).unwrap_or(u32::MAX);
        (Ipv4Addr::from_bits(self.from.to_bits().saturating_add(step)), self.to)
    }

    pub(super) fn queue(&mut self, at: usize) {
        self.queue.push_back(at);
    }

    /// The next to open, when there is room.
    pub(super) fn next_to_open(&mut self, opening_max: usize) -> Option<usize> {
        if self.opening >= opening_max {
            return None;
        }
        let at = self.queue.pop_front()?;
        self.opening += 1;
        Some(at)
    }

    pub(super) fn served(&mut self) {
        self.opening -= 1;
        self.served += 1;
    }

    /// Connections that are served.
    pub(super) fn held(&self) -> usize {
        self.served
    }

    pub(super) fn lost(&mut self, was_opening: bool) {
        let count = if was_opening { &mut self.opening } else { &mut self.served };
        *count = count.saturating_sub(1);
    }

    /// Whether nobody is still to be opened or answered.
    pub(super) fn is_settled(&self) -> bool {
        self.opening == 0 && self.queue.is_empty()
    }

    pub(super) fn is_busy(&self) -> bool {
        !self.is_settled() || self.slow.connections > 0 || self.churn.each_second > 0
    }

    /// Who was slow until now and is not any more.
    pub(super) fn set_slow(&mut self, connections: usize, every: Duration) -> std::ops::Range<usize> {
        let before = self.slow.connections;
        self.slow = Slow { connections, every, next: Instant::now() };
        connections..before.max(connections)
    }

    pub(super) fn is_slow(&self, at: usize) -> bool {
        at < self.slow.connections
    }

    /// Those of the slow who read now.
    pub(super) fn slow_due(&mut self, now: Instant) -> std::ops::Range<usize> {
        if self.slow.connections == 0 || now < self.slow.next {
            return 0..0;
        }
        self.slow.next = now + self.slow.every;
        0..self.slow.connections
    }

    pub(super) fn set_churn(&mut self, each_second: u32) {
        self.churn = Churn { each_second, since: Instant::now(), done: 0, at: self.churn.at };
    }

    /// How many are to go now.
    pub(super) fn churn_due(&mut self, now: Instant) -> u64 {
        let due = (now - self.churn.since).as_secs_f64() * f64::from(self.churn.each_second);
        let count = (due as u64).saturating_sub(self.churn.done);
        self.churn.done += count;
        count
    }

    /// The next to go, of so many; never one of the slow.
    pub(super) fn next_to_go(&mut self, of: usize) -> Option<usize> {
        let at = self.churn.at.max(self.slow.connections);
        let at = if at < of { at } else { self.slow.connections };
        self.churn.at = at + 1;
        (at < of).then_some(at)
    }
}
