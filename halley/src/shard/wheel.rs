//! Deadlines of many connections: a ring of buckets, one for each tenth of a second. Setting one costs a push, and what falls due is told in one go.
//!
//! Deadlines are only ever noted, never taken out: whoever is told that one fell due looks whether it still stands.

use std::time::Duration;

use tokio::time::Instant;

/// One bucket.
const TICK: Duration = Duration::from_millis(100);
/// More than the longest wait (30 s). A later deadline is noted at the end and noted again when that falls due.
const BUCKETS: u64 = 512;

/// See the module. `T` names a connection.
pub(super) struct Wheel<T> {
    buckets: Vec<Vec<T>>,
    start: Instant,
    /// Ticks up to here were told.
    told: u64,
    noted: usize,
}

impl<T> Wheel<T> {
    /// An empty wheel.
    pub(super) fn new(now: Instant) -> Self {
        Self { buckets: (0..BUCKETS).map(|_| Vec::new()).collect(), start: now, told: 0, noted: 0 }
    }

    /// The tick at which a deadline falls due: the first one that is not before it.
    pub(super) fn tick(&self, at: Instant) -> u64 {
        let ticks = at.saturating_duration_since(self.start).as_nanos().div_ceil(TICK.as_nanos());
        u64::try_from(ticks).unwrap_or(u64::MAX).clamp(self.told + 1, self.told + BUCKETS - 1)
    }

    /// Whether a tick was not told yet.
    pub(super) fn is_ahead(&self, tick: u64) -> bool {
        tick > self.told
    }

    /// Notes a name under a tick that [`Wheel::tick`] gave just now.
    pub(super) fn note(&mut self, tick: u64, name: T) {
        self.buckets[bucket(tick)].push(name);
        self.noted += 1;
    }

    /// Takes out what fell due, without order.
    pub(super) fn due(&mut self, now: Instant) -> Vec<T> {
        let passed = now.saturating_duration_since(self.start).as_nanos() / TICK.as_nanos();
        let passed = u64::try_from(passed).unwrap_or(u64::MAX);
        let mut due = Vec::new();
        // After a long sleep each bucket is visited once.
        let first = (self.told + 1).max(passed.saturating_sub(BUCKETS - 1));
        for tick in first..=passed {
            // The bucket's memory goes with it: a crowd comes to another bucket each time, and each would stay as large as the crowd.
            due.append(&mut std::mem::take(&mut self.buckets[bucket(tick)]));
        }
        self.told = self.told.max(passed);
        self.noted -= due.len();
        due
    }

    /// How long until the next bucket that holds something; `None` when none does.
    pub(super) fn wait(&self, now: Instant) -> Option<Duration> {
        if self.noted == 0 {
            return None;
        }
        let next =
            (self.told + 1..self.told + BUCKETS).find(|tick| !self.buckets[bucket(*tick)].is_empty())?;
        let at = self.start + TICK * u32::try_from(next).unwrap_or(u32::MAX);
        Some(at.saturating_duration_since(now))
    }
}

fn bucket(tick: u64) -> usize {
    usize::try_from(tick % BUCKETS).expect("below the number of buckets")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(wheel: &mut Wheel<u32>, at: Instant, name: u32) {
        let tick = wheel.tick(at);
        wheel.note(tick, name);
    }

    #[test]
    fn what_is_due_is_told_once_and_never_early() {
        let start = Instant::now();
        let mut wheel = Wheel::new(start);
        for name in 0..300 {
            note(&mut wheel, start + Duration::from_millis(u64::from(name) * 100), name);
        }
        let mut told = wheel.due(start + Duration::from_millis(1_049));
        told.sort_unstable();
        assert_eq!(told, (0..=10).collect::<Vec<_>>());
        assert!(wheel.due(start + Duration::from_millis(1_099)).is_empty());
        assert_eq!(wheel.due(start + Duration::from_millis(1_100)), [11]);
        assert_eq!(wheel.due(start + Duration::from_secs(60)).len(), 288);
        assert_eq!(wheel.wait(start), None);
    }

    #[test]
    fn a_deadline_beyond_the_wheel_is_told_early_enough_to_be_noted_again() {
        let start = Instant::now();
        let mut wheel = Wheel::new(start);
        note(&mut wheel, start + Duration::from_secs(3600), 1);
        assert_eq!(wheel.due(start + Duration::from_secs(52)), [1]);
    }

    #[test]
    fn the_wait_ends_with_the_first_deadline() {
        let start = Instant::now();
        let mut wheel = Wheel::new(start);
        note(&mut wheel, start + Duration::from_millis(15_010), 1);
        assert_eq!(wheel.wait(start), Some(Duration::from_millis(15_100)));
        note(&mut wheel, start, 2);
        assert_eq!(wheel.wait(start), Some(Duration::from_millis(100)));
    }

    #[test]
    fn a_long_sleep_forgets_nothing() {
        let start = Instant::now();
        let mut wheel = Wheel::new(start);
        for round in 0..5_u64 {
            let now = start + Duration::from_secs(round * 100);
            assert_eq!(wheel.due(now).len(), usize::from(round > 0));
            note(&mut wheel, now + Duration::from_secs(7), 1);
        }
    }
}
