//! How long to wait before the next try, and when a row of failures counts as over.

use std::time::Duration;

/// The longest wait that any server may impose on us through `Retry-After`.
pub const RETRY_AFTER_MAX: Duration = Duration::from_secs(15 * 60);

/// How the wait grows with each failure in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Growth {
    /// `step`, `2 x step`, `3 x step` ...
    Linear,
    /// `step`, `2 x step`, `4 x step` ...
    Exponential,
}

/// How the wait is spread, so that many clients do not come back at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spread {
    /// Anything between nothing and the wait: the best spread, for peers of our own.
    Full,
    /// The wait and up to a quarter more: for networks whose rules name the least time to wait.
    Above,
}

/// A row of failures and the wait after each. The spread is drawn *after* the cap: capped waits differ too.
#[derive(Debug, Clone)]
pub struct Backoff {
    step: Duration,
    max: Duration,
    growth: Growth,
    spread: Spread,
    failures: u32,
}

impl Backoff {
    /// Waits of `step`, doubling up to `max`, fully spread.
    pub fn exponential(step: Duration, max: Duration) -> Self {
        Self { step, max, growth: Growth::Exponential, spread: Spread::Full, failures: 0 }
    }

    /// Waits of `step`, growing by `step` up to `max`, fully spread.
    pub fn linear(step: Duration, max: Duration) -> Self {
        Self { step, max, growth: Growth::Linear, spread: Spread::Full, failures: 0 }
    }

    /// Takes the wait as the least one, as a network's own rules do.
    #[must_use]
    pub fn at_least(mut self) -> Self {
        self.spread = Spread::Above;
        self
    }

    /// Counts a failure and says how long to wait before the next try.
    pub fn failed(&mut self) -> Duration {
        let ceiling = self.ceiling();
        self.failures = self.failures.saturating_add(1);
        match self.spread {
            Spread::Full => random_between(Duration::ZERO, ceiling),
            Spread::Above => random_between(ceiling, ceiling + ceiling / 4),
        }
    }

    /// The wait before it is spread.
    fn ceiling(&self) -> Duration {
        let factor = match self.growth {
            Growth::Linear => self.failures.saturating_add(1),
            Growth::Exponential => 1_u32.checked_shl(self.failures).unwrap_or(u32::MAX),
        };
        self.step.saturating_mul(factor).min(self.max)
    }

    /// Ends the row of failures. Call it on proof of health (a heartbeat, an item, 30 s of a stable connection), never on a mere connect:
    /// a server that accepts and drops would otherwise be hammered.
    pub fn proven(&mut self) {
        self.failures = 0;
    }

    /// Failures since the last proof of health.
    pub fn failures(&self) -> u32 {
        self.failures
    }
}

/// A time between both ends, drawn evenly.
pub fn random_between(least: Duration, most: Duration) -> Duration {
    let least_us = u64::try_from(least.as_micros()).unwrap_or(u64::MAX);
    let most_us = u64::try_from(most.as_micros()).unwrap_or(u64::MAX).max(least_us);
    Duration::from_micros(rand::random_range(least_us..=most_us))
}

/// Reads a `Retry-After` header: whole seconds or an HTTP date, seen at `now_us` (microseconds since 1970).
///
/// Garbage is `None`, a date that has passed is zero, and nobody sends us away for more than [`RETRY_AFTER_MAX`].
pub fn retry_after(header: &str, now_us: i64) -> Option<Duration> {
    let header = header.trim();
    if !header.is_empty() && header.bytes().all(|b| b.is_ascii_digit()) {
        // More digits than fit are still "very long".
        return Some(Duration::from_secs(header.parse().unwrap_or(u64::MAX)).min(RETRY_AFTER_MAX));
    }
    let until = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(header).ok()?;
    let wait_us = until.as_microsecond().saturating_sub(now_us);
    Some(Duration::from_micros(u64::try_from(wait_us).unwrap_or(0)).min(RETRY_AFTER_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn exponential_waits_double_and_stop_at_the_cap() {
        let mut backoff = Backoff::exponential(SECOND, 10 * SECOND).at_least();
        for expected in [1, 2, 4, 8, 10, 10] {
            let wait = backoff.failed();
            assert!(
                wait >= expected * SECOND && wait <= expected * SECOND * 5 / 4,
                "{wait:?} for {expected} s"
            );
        }
    }

    #[test]
    fn linear_waits_grow_by_one_step() {
        let mut backoff = Backoff::linear(SECOND / 4, 16 * SECOND).at_least();
        let waits: Vec<_> = (0..100).map(|_| backoff.failed()).collect();
        assert!(waits[3] >= SECOND && waits[3] <= SECOND * 5 / 4);
        assert!(waits[99] >= 16 * SECOND && waits[99] <= 20 * SECOND);
    }

    #[test]
    fn capped_waits_are_still_spread() {
        let mut backoff = Backoff::exponential(SECOND, 30 * SECOND);
        let waits: Vec<_> = (0..200).map(|_| backoff.failed()).skip(10).collect();
        assert!(waits.iter().any(|w| *w < 10 * SECOND) && waits.iter().any(|w| *w > 20 * SECOND));
        assert!(waits.iter().all(|w| *w <= 30 * SECOND));
    }

    #[test]
    fn only_proof_of_health_starts_the_row_anew() {
        let mut backoff = Backoff::exponential(SECOND, 60 * SECOND).at_least();
        backoff.failed();
        backoff.failed();
        assert!(backoff.failed() >= 4 * SECOND);
        backoff.proven();
        assert!(backoff.failed() < 2 * SECOND);
    }

    #[test]
    fn retry_after_is_read_in_every_form_and_capped() {
        let now_us = 784_111_777_000_000; // Sun, 06 Nov 1994 08:49:37 GMT
        assert_eq!(retry_after("120", now_us), Some(120 * SECOND));
        assert_eq!(retry_after("Sun, 06 Nov 1994 08:50:37 GMT", now_us), Some(60 * SECOND));
        assert_eq!(retry_after("Sun, 06 Nov 1994 08:00:00 GMT", now_us), Some(Duration::ZERO));
        assert_eq!(retry_after("soon, maybe", now_us), None);
        assert_eq!(retry_after("-5", now_us), None);
        assert_eq!(retry_after("", now_us), None);
        assert_eq!(retry_after("315360000", now_us), Some(RETRY_AFTER_MAX));
        assert_eq!(retry_after("99999999999999999999999999", now_us), Some(RETRY_AFTER_MAX));
        assert_eq!(retry_after("Fri, 06 Nov 2054 08:49:37 GMT", now_us), Some(RETRY_AFTER_MAX));
    }
}
