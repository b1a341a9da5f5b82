//! The memory limit of a process: a pure rule over its samples.

use std::time::{Duration, Instant};

use super::status::SAMPLE_EVERY;

/// Samples in a row that must be above the limit: a peak is no leak.
pub(crate) const SAMPLES_OVER: u32 = 3;
/// So long after a restart for its memory a process is left alone, as another would not help more.
const REST: Duration = Duration::from_secs(60);

/// What is remembered of one instance between samples.
#[derive(Debug, Clone, Default)]
pub(crate) struct Watch {
    over: u32,
    restarted: Option<Instant>,
}

impl Watch {
    /// Takes a sample; the reason for a restart, when it is time for one.
    pub(crate) fn look(&mut self, bytes: u64, max: u64, now: Instant) -> Option<String> {
        self.over = if bytes > max { self.over.saturating_add(1) } else { 0 };
        let rests = self.restarted.is_some_and(|at| now.duration_since(at) < REST);
        if self.over < SAMPLES_OVER || rests {
            return None;
        }
        *self = Self { over: 0, restarted: Some(now) };
        Some(format!(
            "its memory was {} MiB, above memory_mb = {}, for {} s",
            bytes >> 20,
            max >> 20,
            SAMPLE_EVERY.as_secs() * u64::from(SAMPLES_OVER)
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAX: u64 = 100 << 20;

    #[test]
    fn only_a_row_of_samples_above_the_limit_counts() {
        let (mut watch, now) = (Watch::default(), Instant::now());
        let mut look = |mib: u64| watch.look(mib << 20, MAX, now).is_some();
        assert_eq!([101, 101, 100, 101, 101].map(&mut look), [false; 5]);
        assert!(look(101), "the third in a row");
    }

    #[test]
    fn the_reason_names_what_it_was_and_what_is_allowed_and_a_rest_follows() {
        let (mut watch, now) = (Watch::default(), Instant::now());
        let mut looks = |at: Instant| (0..3).find_map(|_| watch.look(150 << 20, MAX, at));
        let why = looks(now).expect("over");
        assert_eq!(why, "its memory was 150 MiB, above memory_mb = 100, for 6 s");
        assert_eq!(looks(now + Duration::from_secs(30)), None);
        assert!(looks(now + REST).is_some());
    }
}
