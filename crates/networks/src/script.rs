//! The script of a network: what will happen, and when.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::post::Post;

/// One thing to happen.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Happening {
    /// A new post; a boost when it has `retweet_of`.
    Post(Post),
    /// A new version of the post with this id; `edited_at` says when.
    Edit(Post),
    /// The post with this id is deleted by its author.
    Delete(String),
}

/// A happening and its time after the start.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Timed {
    /// Milliseconds after the network's start; ignored with [`Pace::AsRead`].
    #[serde(default)]
    pub after_ms: u64,
    /// What happens.
    pub what: Happening,
}

/// When things happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pace {
    /// At their own times.
    Clock,
    /// As fast as a reader of the stream reads; nothing happens while nobody reads.
    AsRead,
}

/// All that happens on one network, in order.
#[derive(Clone, Debug)]
pub struct Script {
    /// In the order of happening.
    pub happenings: Vec<Timed>,
    /// When.
    pub pace: Pace,
}

impl Script {
    /// Happens as fast as it is read.
    pub fn as_read(happenings: Vec<Happening>) -> Self {
        let happenings = happenings.into_iter().map(|what| Timed { after_ms: 0, what }).collect();
        Self { happenings, pace: Pace::AsRead }
    }

    /// Happens at given times.
    pub fn on_clock(mut happenings: Vec<Timed>) -> Self {
        happenings.sort_by_key(|t| t.after_ms);
        Self { happenings, pace: Pace::Clock }
    }

    /// Happens evenly over `whole`.
    pub fn spread_over(mut self, whole: Duration) -> Self {
        let n = self.happenings.len().max(1) as u128;
        for (i, timed) in self.happenings.iter_mut().enumerate() {
            timed.after_ms = u64::try_from(whole.as_millis() * i as u128 / n).unwrap_or(u64::MAX);
        }
        self.pace = Pace::Clock;
        self
    }

    /// Happens as the posts' own times say, `speed` times as fast; what has no time comes right after what was before it.
    pub fn at_speed(mut self, speed: f64) -> Self {
        let time = |what: &Happening| match what {
            Happening::Post(post) | Happening::Edit(post) => Some(post.edited_at.unwrap_or(post.created_at)),
            Happening::Delete(_) => None,
        };
        let first = self.happenings.iter().filter_map(|t| time(&t.what)).min().unwrap_or(0);
        let mut after_ms = 0;
        for timed in &mut self.happenings {
            if let Some(at) = time(&timed.what) {
                // The cast saturates.
                after_ms = ((at - first) as f64 / 1000.0 / speed.max(f64::MIN_POSITIVE)) as u64;
            }
            timed.after_ms = after_ms;
        }
        Self::on_clock(self.happenings)
    }

    /// Nothing by itself; things happen when [`crate::Server::say`] is called.
    pub fn empty() -> Self {
        Self { happenings: Vec::new(), pace: Pace::Clock }
    }
}
