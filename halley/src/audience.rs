//! Who is there, and how long it takes until they see a post: what the status record and the metrics tell of an event's streams.

use std::sync::atomic::{AtomicUsize, Ordering};

use chassis::clock::Clock;
use chassis::spread::{Recent, Spread};
use metrics::Histogram;
use model::{Entry, Kind, Micros};

use crate::{frame::Frame, metrics as names};

/// The ways in which clients are served, as metrics and records name them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Transport {
    WebSocket,
    Events,
    Poll,
}

/// Connections that follow an event now. Who polls counts also between two polls, while the connection stays.
#[derive(Debug, Default)]
pub(crate) struct Viewers([AtomicUsize; 3]);

impl Viewers {
    /// One has come.
    pub(crate) fn came(&self, by: Transport) {
        self.0[by as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// One has left.
    pub(crate) fn left(&self, by: Transport) {
        self.0[by as usize].fetch_sub(1, Ordering::Relaxed);
    }

    /// How many there are.
    pub(crate) fn count(&self, by: Transport) -> usize {
        self.0[by as usize].load(Ordering::Relaxed)
    }
}

/// When a new post was said, and when it was committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Said {
    when: Micros,
    at: Micros,
}

impl Said {
    /// Of an entry that shows a post for the first time, as it is said. What a backfill brings, or a moderator lets through, was not delayed
    /// by us.
    pub(crate) fn of(entry: &Entry) -> Option<Self> {
        match &entry.kind {
            Kind::Post(post) if !post.item.late => Some(Self { when: post.item.when, at: entry.at }),
            _ => None,
        }
    }
}

/// From the moment that a post carries (its author's, or its network's) and from its commit until it was written to all open streams of a
/// shard. A round writes to whoever can take it at once: a slow client delays nobody's figure but its own.
pub(crate) struct Delays {
    clock: Clock,
    source: (Recent, Histogram),
    commit: (Recent, Histogram),
}

impl Delays {
    pub(crate) fn new(clock: Clock) -> Self {
        let histogram = |name| (Recent::default(), metrics::histogram!(name));
        Self { clock, source: histogram(names::SOURCE_TO_SCREEN), commit: histogram(names::COMMIT_TO_SCREEN) }
    }

    /// These were written just now.
    pub(crate) fn written(&self, frames: &[Frame]) {
        let mut said = frames.iter().filter_map(Frame::said).peekable();
        if said.peek().is_none() {
            return;
        }
        let pace = self.clock.pace();
        for Said { when, at } in said {
            for (since, (recent, histogram)) in [(when, &self.source), (at, &self.commit)] {
                // A rehearsal's clock runs faster than people wait.
                let seconds = (Micros(pace.now).since(since) as f64 / 1e6 / pace.speed).max(0.0);
                recent.record(seconds);
                histogram.record(seconds);
            }
        }
    }

    /// From the source, in the last minutes.
    pub(crate) fn since_source(&self) -> Spread {
        self.source.0.spread()
    }

    /// From the commit, in the last minutes.
    pub(crate) fn since_commit(&self) -> Spread {
        self.commit.0.spread()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rig::epoch;

    #[test]
    fn only_what_is_shown_for_the_first_time_as_it_is_said_is_measured() {
        let now = Clock::real().now();
        let post = |late: bool, kind: &str| -> Entry {
            let json = serde_json::json!({
                "seq": 1, "at": now - 200_000, "kind": kind, "id": "k3f9q2m7xw4d", "first": 1, "voids": [],
                "item": {"uid": "x:1", "network": "x", "source": "s", "rev": 0, "url": null, "when": now - 2_000_000, "late": late,
                    "author": {"id": "1", "name": "", "handle": "", "url": null, "avatar": null}, "body": ["x"]},
                "filing": model::Filing::unsorted("nothing"),
            });
            serde_json::from_value(json).expect("an entry")
        };
        let delays = Delays::new(Clock::real());
        for entry in [post(true, "post"), post(false, "edit"), post(false, "show"), Entry::void(2)] {
            delays.written(&[Frame::encode(&epoch(), &entry)]);
        }
        assert_eq!(delays.since_source().count(), 0);
        delays.written(&[Frame::encode(&epoch(), &post(false, "post"))]);
        let source = delays.since_source().quantile(0.5).expect("one");
        let commit = delays.since_commit().quantile(0.5).expect("one");
        assert!((2.0..20.0).contains(&source) && (0.2..10.0).contains(&commit), "{source} {commit}");
    }

    #[test]
    fn viewers_are_counted_by_their_transport() {
        let viewers = Viewers::default();
        viewers.came(Transport::Poll);
        viewers.came(Transport::Events);
        viewers.came(Transport::Events);
        viewers.left(Transport::Events);
        let counts = [Transport::WebSocket, Transport::Events, Transport::Poll].map(|by| viewers.count(by));
        assert_eq!(counts, [0, 1, 1]);
    }
}
