//! What the measurement and its generator say to each other: lines of JSON, one answer to each command, over the generator's stdin
//! and stdout.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};

use serde::{Deserialize, Serialize};

use super::check::Faults;
use super::histogram::Histogram;
use super::message::Nanos;
use super::subscriber::Manner;

/// What the generator is told.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Command {
    /// Opens so many more connections. Answered when all are served, have failed, or the wait is over.
    Connect(Connect),
    /// From now on messages from `first` to `last` are looked for; what is older counts nothing.
    Expect { first: u64, last: u64 },
    /// Answered with what was seen since `Expect`: as soon as every connection has all, or when the wait is over.
    Report { wait_ms: u64 },
    /// The first so many connections read only once in so many milliseconds, over buffers that are made small for it, or never
    /// (`None`), over buffers as everybody has them. Their latencies do not count, their messages do.
    Slow { connections: usize, every_ms: Option<u64> },
    /// From now on so many of the other connections are dropped each second and come back to where they stood.
    Churn { each_second: u32 },
    /// Drops so many connections at once, the last ones first.
    Leave { connections: usize },
    /// Brings back all that have left, to where they stood. Answered like `Connect`.
    Return { wait_ms: u64 },
    /// Drops all so that no port stays behind in TIME_WAIT, and ends.
    Close,
}

/// See [`Command::Connect`].
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Connect {
    pub(crate) to: SocketAddr,
    pub(crate) manner: Manner,
    pub(crate) connections: usize,
    /// The first address to connect from; the next ones follow as ports run out.
    pub(crate) from: Ipv4Addr,
    pub(crate) wait_ms: u64,
}

/// What it answers.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Answer {
    Connected(Connected),
    Done {},
    Report(Box<Report>),
}

/// How connecting went.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Connected {
    /// Connections that are served now, all together.
    pub(crate) held: usize,
    pub(crate) seconds: f64,
    /// Why the others are not, and how many of each kind.
    pub(crate) broken: BTreeMap<String, u64>,
}

impl Connected {
    /// Adds another generator's, which connected at the same time.
    pub(crate) fn add(&mut self, other: &Self) {
        self.held += other.held;
        self.seconds = self.seconds.max(other.seconds);
        add_counts(&mut self.broken, &other.broken);
    }
}

/// What was seen.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Report {
    /// Connections that are still served.
    pub(crate) held: usize,
    /// Connections that broke since the beginning, by why.
    pub(crate) broken: BTreeMap<String, u64>,
    /// Connections that were opened again: churned, or closed by the server behind the answer to a poll.
    pub(crate) reopened: u64,
    /// Messages that came whole and for the first time.
    pub(crate) deliveries: u64,
    /// Bytes read, everything included.
    pub(crate) bytes: u64,
    pub(crate) faults: Faults,
    /// From a message's due time to its being read.
    pub(crate) latencies: Histogram,
    /// When the last one was read.
    pub(crate) last_at: Nanos,
}

impl Report {
    /// Adds another generator's.
    pub(crate) fn add(&mut self, other: &Self) {
        self.held += other.held;
        add_counts(&mut self.broken, &other.broken);
        self.reopened += other.reopened;
        self.deliveries += other.deliveries;
        self.bytes += other.bytes;
        self.faults.add(other.faults);
        self.latencies.add(&other.latencies);
        self.last_at = self.last_at.max(other.last_at);
    }
}

fn add_counts(sum: &mut BTreeMap<String, u64>, more: &BTreeMap<String, u64>) {
    for (why, count) in more {
        *sum.entry(why.clone()).or_default() += count;
    }
}
