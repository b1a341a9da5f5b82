//! Token buckets that count bytes. Plain arithmetic over times that the caller gives.

use std::time::Duration;

use tokio::time::Instant;

/// How fast a bucket fills, and how much it holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Flow {
    /// Bytes each second.
    pub(crate) rate_bytes: u64,
    /// Bytes at most.
    pub(crate) burst_bytes: u64,
}

impl Flow {
    /// This flow with `shares` more of another on top, all of it `factor` times.
    pub(crate) fn grown(self, share: Self, shares: usize, factor: u64) -> Self {
        let shares = shares as u64;
        Self {
            rate_bytes: (self.rate_bytes + share.rate_bytes * shares) * factor,
            burst_bytes: (self.burst_bytes + share.burst_bytes * shares) * factor,
        }
    }
}

/// A bucket. What is asked for is known only once it was given, so a bucket may owe: it then says how long to wait.
#[derive(Debug, Clone)]
pub(crate) struct Bucket {
    bytes: f64,
    at: Instant,
}

impl Bucket {
    /// A full bucket.
    pub(crate) fn full(flow: Flow, now: Instant) -> Self {
        Self { bytes: flow.burst_bytes as f64, at: now }
    }

    fn fill(&mut self, flow: Flow, now: Instant) {
        let elapsed = now.saturating_duration_since(self.at).as_secs_f64();
        self.bytes = (self.bytes + elapsed * flow.rate_bytes as f64).min(flow.burst_bytes as f64);
        self.at = now;
    }

    /// Takes what was given, into debt if need be.
    pub(crate) fn charge(&mut self, flow: Flow, now: Instant, bytes: u64) {
        self.fill(flow, now);
        self.bytes -= bytes as f64;
    }

    /// Puts back what was charged and not given after all.
    pub(crate) fn refund(&mut self, flow: Flow, now: Instant, bytes: u64) {
        self.fill(flow, now);
        self.bytes = (self.bytes + bytes as f64).min(flow.burst_bytes as f64);
    }

    /// How long until something may be asked for again: zero unless it owes.
    pub(crate) fn wait(&mut self, flow: Flow, now: Instant) -> Duration {
        self.fill(flow, now);
        if self.bytes >= 0.0 {
            return Duration::ZERO;
        }
        Duration::from_secs_f64((-self.bytes / flow.rate_bytes.max(1) as f64).min(3600.0))
    }

    /// Whether nothing is owed or missing: such a bucket need not be remembered.
    pub(crate) fn is_full(&mut self, flow: Flow, now: Instant) -> bool {
        self.fill(flow, now);
        self.bytes >= flow.burst_bytes as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FLOW: Flow = Flow { rate_bytes: 100, burst_bytes: 1000 };

    #[tokio::test(start_paused = true)]
    async fn a_bucket_owes_until_time_has_paid() {
        let start = Instant::now();
        let mut bucket = Bucket::full(FLOW, start);
        assert_eq!(bucket.wait(FLOW, start), Duration::ZERO);
        bucket.charge(FLOW, start, 1500);
        assert_eq!(bucket.wait(FLOW, start), Duration::from_secs(5));
        assert_eq!(bucket.wait(FLOW, start + Duration::from_secs(5)), Duration::ZERO);
        assert!(!bucket.is_full(FLOW, start + Duration::from_secs(14)));
        assert!(bucket.is_full(FLOW, start + Duration::from_secs(16)));
    }

    #[tokio::test(start_paused = true)]
    async fn over_a_long_time_no_more_than_the_rate_is_given() {
        let start = Instant::now();
        let (mut bucket, mut given) = (Bucket::full(FLOW, start), 0);
        for tenth in 0..1000 {
            let now = start + Duration::from_millis(tenth * 100);
            while bucket.wait(FLOW, now).is_zero() {
                bucket.charge(FLOW, now, 64);
                given += 64;
            }
        }
        assert!((10_900..=11_200).contains(&given), "{given} bytes in 100 s");
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_not_given_after_all_costs_nothing() {
        let start = Instant::now();
        let mut bucket = Bucket::full(FLOW, start);
        bucket.charge(FLOW, start, 1500);
        bucket.refund(FLOW, start, 600);
        assert_eq!(bucket.wait(FLOW, start), Duration::ZERO);
        bucket.refund(FLOW, start, 5000);
        assert!(bucket.is_full(FLOW, start));
        bucket.charge(FLOW, start, 1001);
        assert!(!bucket.wait(FLOW, start).is_zero(), "no bucket holds more than its burst");
    }

    #[test]
    fn a_flow_grows_with_its_shares() {
        let grown = FLOW.grown(Flow { rate_bytes: 10, burst_bytes: 20 }, 3, 2);
        assert_eq!(grown, Flow { rate_bytes: 260, burst_bytes: 2120 });
    }
}
