//! How much each person has written of late. In memory only: a restart gives everybody a full bucket, which harms nobody.

use std::collections::HashMap;
use std::time::Duration;

use model::event::OnsiteLimits;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

/// People who are remembered; beyond, those go first who could write as much as anybody.
const PEOPLE_MAX: usize = 50_000;
const MINUTE_SECONDS: f64 = 60.0;

/// A person's own numbers; absent ones are the event's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Pace {
    #[serde(default)]
    pub(crate) burst: Option<u32>,
    #[serde(default)]
    pub(crate) per_minute: Option<f64>,
}

impl Pace {
    /// The numbers that count.
    pub(crate) fn or(self, event: OnsiteLimits) -> OnsiteLimits {
        OnsiteLimits {
            burst: self.burst.unwrap_or(event.burst),
            per_minute: self.per_minute.unwrap_or(event.per_minute),
        }
    }
}

/// When somebody may write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wait {
    /// Now.
    None,
    /// After this time.
    For(Duration),
    /// Not as long as the numbers are what they are.
    Ever,
}

/// See the module. Time is tokio's: a rehearsal that plays twenty times as fast must not let people write as much more.
#[derive(Debug, Default)]
pub(crate) struct Buckets {
    spent: HashMap<String, Spent>,
}

/// Posts that count still: they fade as time goes on, so a changed number needs no change here.
#[derive(Clone, Copy, Debug)]
struct Spent {
    posts: f64,
    at: Instant,
    per_minute: f64,
}

impl Spent {
    fn left(&self, per_minute: f64, now: Instant) -> f64 {
        let back = now.saturating_duration_since(self.at).as_secs_f64() * per_minute / MINUTE_SECONDS;
        (self.posts - back).max(0.0)
    }
}

impl Buckets {
    /// When `who` may write another post, with `more` taken that are not in here yet.
    pub(crate) fn wait(&self, who: &str, limits: OnsiteLimits, more: u32, now: Instant) -> Wait {
        let spent = self.spent.get(who).map_or(0.0, |spent| spent.left(limits.per_minute, now));
        let over = spent + f64::from(more) + 1.0 - f64::from(limits.burst);
        if over <= f64::EPSILON {
            Wait::None
        } else if limits.burst == 0 || limits.per_minute <= 0.0 {
            Wait::Ever
        } else {
            // A rate so small that no clock counts the wait is none.
            let wait = Duration::try_from_secs_f64(over * MINUTE_SECONDS / limits.per_minute);
            wait.map_or(Wait::Ever, Wait::For)
        }
    }

    /// Books posts that were committed.
    pub(crate) fn take(&mut self, who: String, limits: OnsiteLimits, posts: u32, now: Instant) {
        if self.spent.len() >= PEOPLE_MAX && !self.spent.contains_key(&who) {
            self.spent.retain(|_, spent| spent.left(spent.per_minute, now) > 0.0);
            if self.spent.len() >= PEOPLE_MAX {
                // So many at once are a crowd: nobody is singled out, and the site's own limit by address holds still.
                self.spent.clear();
            }
        }
        let per_minute = limits.per_minute;
        let before = self.spent.get(&who).map_or(0.0, |spent| spent.left(per_minute, now));
        self.spent.insert(who, Spent { posts: before + f64::from(posts), at: now, per_minute });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: OnsiteLimits = OnsiteLimits { burst: 2, per_minute: 3.0 };

    fn write(buckets: &mut Buckets, who: &str, limits: OnsiteLimits) -> Wait {
        let now = Instant::now();
        let wait = buckets.wait(who, limits, 0, now);
        if wait == Wait::None {
            buckets.take(who.to_owned(), limits, 1, now);
        }
        wait
    }

    #[tokio::test(start_paused = true)]
    async fn after_a_burst_each_post_waits_for_its_share_of_the_minute() {
        let mut buckets = Buckets::default();
        assert_eq!(write(&mut buckets, "ana", LIMITS), Wait::None);
        assert_eq!(write(&mut buckets, "ana", LIMITS), Wait::None);
        assert_eq!(write(&mut buckets, "ana", LIMITS), Wait::For(Duration::from_secs(20)));
        assert_eq!(write(&mut buckets, "ben", LIMITS), Wait::None, "others have buckets of their own");
        tokio::time::advance(Duration::from_secs(19)).await;
        assert!(matches!(write(&mut buckets, "ana", LIMITS), Wait::For(_)));
        tokio::time::advance(Duration::from_secs(2)).await;
        assert_eq!(write(&mut buckets, "ana", LIMITS), Wait::None);
        assert!(matches!(write(&mut buckets, "ana", LIMITS), Wait::For(_)));
        tokio::time::advance(Duration::from_secs(3600)).await;
        let written = (0..5).filter(|_| write(&mut buckets, "ana", LIMITS) == Wait::None).count();
        assert_eq!(written, 2, "silence fills a bucket to its brim, not above");
    }

    #[tokio::test(start_paused = true)]
    async fn numbers_that_change_count_at_once() {
        let mut buckets = Buckets::default();
        for _ in 0..2 {
            write(&mut buckets, "ana", LIMITS);
        }
        let own = Pace { burst: Some(4), per_minute: None }.or(LIMITS);
        assert_eq!(write(&mut buckets, "ana", own), Wait::None);
        let none = Pace { burst: Some(0), per_minute: None }.or(LIMITS);
        assert_eq!(buckets.wait("ana", none, 0, Instant::now()), Wait::Ever);
        let no_more = Pace { burst: None, per_minute: Some(0.0) }.or(LIMITS);
        assert_eq!(buckets.wait("ana", no_more, 0, Instant::now()), Wait::Ever);
        let hardly_any = Pace { burst: None, per_minute: Some(1e-300) }.or(LIMITS);
        assert_eq!(buckets.wait("ana", hardly_any, 0, Instant::now()), Wait::Ever);
        assert_eq!(buckets.wait("ben", no_more, 0, Instant::now()), Wait::None);
        assert_eq!(buckets.wait("ben", LIMITS, 2, Instant::now()), Wait::For(Duration::from_secs(20)));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_remembered_is_bounded() {
        let mut buckets = Buckets::default();
        for n in 0..PEOPLE_MAX + 10 {
            buckets.take(n.to_string(), LIMITS, 1, Instant::now());
        }
        assert!(buckets.spent.len() <= PEOPLE_MAX);
    }
}
