//! How many items each source brings in a minute, out of sums that only grow.

use super::records::NozzleEvent;
use std::{
    collections::{BTreeMap, VecDeque},
    time::{Duration, Instant},
};

/// Over how long a rate is taken, and how long it must have been looked at before there is one.
const OVER: Duration = Duration::from_secs(60);
const LEAST: Duration = Duration::from_secs(10);
/// Sources that are looked at.
const SOURCES_MAX: usize = 1_024;

/// See the module.
#[derive(Clone, Debug, Default)]
pub(super) struct Rates(BTreeMap<(String, String), VecDeque<(Instant, u64)>>);

impl Rates {
    /// Takes a look at the sums.
    pub(super) fn note(&mut self, events: &[NozzleEvent], now: Instant) {
        for event in events {
            let Some(slug) = &event.slug else { continue };
            for source in &event.sources {
                self.add((slug.clone(), source.name.clone()), source.new + source.held, now);
            }
        }
        self.0.retain(|_, looks| looks.back().is_some_and(|(at, _)| now - *at < OVER));
    }

    fn add(&mut self, key: (String, String), sum: u64, now: Instant) {
        if self.0.len() >= SOURCES_MAX && !self.0.contains_key(&key) {
            return;
        }
        let looks = self.0.entry(key).or_default();
        // A nozzle that was started anew begins at nothing.
        if looks.back().is_some_and(|(_, before)| sum < *before) {
            looks.clear();
        }
        looks.push_back((now, sum));
        while looks.get(1).is_some_and(|(at, _)| now - *at >= OVER) {
            looks.pop_front();
        }
    }

    /// Items in a minute; none before it was looked at long enough.
    pub(super) fn per_minute(&self, slug: &str, source: &str) -> Option<f64> {
        let looks = self.0.get(&(slug.to_owned(), source.to_owned()))?;
        let ((from, before), (to, now)) = (looks.front()?, looks.back()?);
        let span = *to - *from;
        (span >= LEAST).then(|| (now - before) as f64 * 60.0 / span.as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_that_of_the_last_minute_and_begins_anew_with_a_nozzle() {
        let (mut rates, began) = (Rates::default(), Instant::now());
        let key = || ("fest".to_owned(), "s".to_owned());
        let at = |second| began + Duration::from_secs(second);
        rates.add(key(), 100, at(0));
        rates.add(key(), 105, at(5));
        assert_eq!(rates.per_minute("fest", "s"), None, "too soon");
        (6..=120).for_each(|second| rates.add(key(), 100 + second, at(second)));
        assert_eq!(rates.per_minute("fest", "s").map(f64::round), Some(60.0));
        rates.add(key(), 0, at(121));
        assert_eq!(rates.per_minute("fest", "s"), None);
        rates.note(&[], at(400));
        assert!(rates.0.is_empty());
    }
}
