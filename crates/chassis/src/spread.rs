//! How long things took, counted in steps, so that what several processes counted can be added up: of two medians nothing follows, of two
//! counts everything.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

/// Steps of a [`Spread`]; the last one takes everything above.
pub const STEPS: u8 = 96;
/// Each step ends this much later than the one before: what is told is at most so much too high.
const GROWTH: f64 = 1.16;
/// Where the first step ends, in seconds.
const FIRST_SECONDS: f64 = 0.001;
/// What [`Recent`] remembers, in slices of which the oldest is dropped whole.
const SLICES: usize = 5;
const SLICE: Duration = Duration::from_secs(60);

/// Counts by step. Adding two gives what one process would have counted that saw both.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Spread(BTreeMap<u8, u64>);

impl Spread {
    /// Counts one more of this length; a negative one is zero, as clocks differ.
    pub fn record(&mut self, seconds: f64) {
        *self.0.entry(step(seconds)).or_default() += 1;
    }

    /// Adds what was counted elsewhere.
    pub fn add(&mut self, other: &Self) {
        for (step, count) in &other.0 {
            let sum = self.0.entry((*step).min(STEPS - 1)).or_default();
            *sum = sum.saturating_add(*count);
        }
    }

    /// How many were counted.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.values().sum()
    }

    /// The length in seconds that this share of them (0 to 1) did not exceed, at most 16 % too high; `None` of none.
    #[must_use]
    pub fn quantile(&self, share: f64) -> Option<f64> {
        let count = self.count();
        let rank = ((count as f64) * share.clamp(0.0, 1.0)).ceil().max(1.0);
        let mut seen = 0;
        self.0.iter().find_map(|(step, n)| {
            seen += n;
            (seen as f64 >= rank).then(|| end_of(*step))
        })
    }
}

/// The step that a length falls into.
fn step(seconds: f64) -> u8 {
    let steps = (seconds.max(FIRST_SECONDS) / FIRST_SECONDS).log(GROWTH).ceil();
    // Not below 0, as the length is not below the first step's end; NaN becomes 0.
    (steps as u64).min(u64::from(STEPS) - 1) as u8
}

/// Where a step ends, in seconds.
fn end_of(step: u8) -> f64 {
    FIRST_SECONDS * GROWTH.powi(i32::from(step))
}

/// What was counted in the last four to five minutes.
#[derive(Debug, Default)]
pub struct Recent(Mutex<VecDeque<(Instant, Spread)>>);

impl Recent {
    /// Counts one.
    pub fn record(&self, seconds: f64) {
        let now = Instant::now();
        let mut slices = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if slices.back().is_none_or(|(began, _)| now - *began >= SLICE) {
            slices.push_back((now, Spread::default()));
        }
        while slices.len() > SLICES {
            slices.pop_front();
        }
        if let Some((_, spread)) = slices.back_mut() {
            spread.record(seconds);
        }
    }

    /// The sum of what is remembered.
    pub fn spread(&self) -> Spread {
        let now = Instant::now();
        let slices = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut sum = Spread::default();
        for (_, spread) in slices.iter().filter(|(began, _)| now - *began < SLICE * SLICES as u32) {
            sum.add(spread);
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_never_too_low_and_at_most_one_step_too_high() {
        let mut spread = Spread::default();
        (1..=1000).for_each(|n| spread.record(f64::from(n) / 100.0));
        for (share, exact) in [(0.5, 5.0), (0.99, 9.9), (1.0, 10.0), (0.0, 0.01)] {
            let told = spread.quantile(share).expect("a thousand were counted");
            assert!(told >= exact - 1e-9 && told <= exact * GROWTH + 1e-9, "{share}: {told} for {exact}");
        }
        assert_eq!((spread.count(), Spread::default().quantile(0.5)), (1000, None));
    }

    #[test]
    fn what_two_processes_counted_adds_up_to_what_one_would_have_counted() {
        let (mut one, mut other, mut both) = (Spread::default(), Spread::default(), Spread::default());
        for n in 0..500 {
            let seconds = f64::from(n * n) / 1000.0;
            if n % 3 == 0 {
                one.record(seconds);
            } else {
                other.record(seconds);
            }
            both.record(seconds);
        }
        let json = serde_json::to_string(&other).expect("plain data");
        one.add(&serde_json::from_str(&json).expect("its own form"));
        assert_eq!(one, both);
    }

    #[test]
    fn lengths_that_no_clock_should_tell_are_counted_all_the_same() {
        let mut spread = Spread::default();
        for odd in [-5.0, f64::NAN, f64::INFINITY, 1e300] {
            spread.record(odd);
        }
        assert_eq!(spread.count(), 4);
        let foreign: Spread = serde_json::from_str(r#"{"255":2}"#).expect("its own form");
        spread.add(&foreign);
        assert!(spread.quantile(1.0).is_some_and(f64::is_finite));
        let recent = Recent::default();
        recent.record(0.2);
        assert_eq!(recent.spread().count(), 1);
    }
}
