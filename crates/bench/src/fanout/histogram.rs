//! How many latencies were how long: buckets that grow with the value, so that none is told wrong by more than 1 %.

use serde::{Deserialize, Serialize};

use super::message::Nanos;

/// Buckets for each doubling: 2^7, so a bucket is at most 1/128 wide.
const FINE_BITS: u32 = 7;
const FINE: usize = 1 << FINE_BITS;
/// Values below 2^7 have a bucket each; each of the 57 doublings above has 2^7.
const BUCKETS: usize = (64 - FINE_BITS as usize + 1) * FINE;

/// See the module. As JSON it is the list of buckets that are not empty.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<(u32, u64)>", into = "Vec<(u32, u64)>")]
pub(crate) struct Histogram {
    buckets: Vec<u64>,
    count: u64,
}

impl std::fmt::Debug for Histogram {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let quantiles = [0.5, 0.99, 1.0].map(|part| self.quantile(part));
        f.debug_struct("Histogram").field("count", &self.count).field("p50, p99, max", &quantiles).finish()
    }
}

impl Default for Histogram {
    fn default() -> Self {
        Self { buckets: vec![0; BUCKETS], count: 0 }
    }
}

impl Histogram {
    /// Counts one.
    pub(crate) fn record(&mut self, value: Nanos) {
        self.buckets[bucket(value)] += 1;
        self.count += 1;
    }

    /// Adds what another has counted.
    pub(crate) fn add(&mut self, other: &Self) {
        for (mine, theirs) in self.buckets.iter_mut().zip(&other.buckets) {
            *mine += theirs;
        }
        self.count += other.count;
    }

    /// What `part` (0 to 1) of all are not above: the upper end of its bucket. 0 when nothing was counted.
    pub(crate) fn quantile(&self, part: f64) -> Nanos {
        let wanted = ((self.count as f64 * part).ceil() as u64).max(1);
        let mut sum = 0;
        for (at, count) in self.buckets.iter().enumerate() {
            sum += count;
            if sum >= wanted {
                return upper_end(at);
            }
        }
        0
    }
}

fn bucket(value: Nanos) -> usize {
    let doublings = (u64::BITS - (value | (FINE as u64 - 1)).leading_zeros()) - FINE_BITS;
    // The highest FINE_BITS + 1 bits: a leading one and FINE_BITS below it; that one is the 1 that goes into the doubling.
    if doublings == 0 {
        return value as usize;
    }
    let fine = (value >> (doublings - 1)) as usize - FINE;
    doublings as usize * FINE + fine
}

fn upper_end(bucket: usize) -> Nanos {
    let (doublings, fine) = (bucket / FINE, bucket % FINE);
    if doublings == 0 {
        return fine as Nanos;
    }
    let low = ((FINE + fine) as u64) << (doublings - 1);
    low + ((1 << (doublings - 1)) - 1)
}

impl From<Vec<(u32, u64)>> for Histogram {
    fn from(filled: Vec<(u32, u64)>) -> Self {
        let mut histogram = Self::default();
        for (at, count) in filled {
            if let Some(bucket) = histogram.buckets.get_mut(at as usize) {
                *bucket += count;
                histogram.count += count;
            }
        }
        histogram
    }
}

impl From<Histogram> for Vec<(u32, u64)> {
    fn from(histogram: Histogram) -> Self {
        (0..).zip(histogram.buckets).filter(|(_, count)| *count > 0).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_value_is_told_wrong_by_more_than_one_percent() {
        for value in
            (0..64).flat_map(|shift| [1u64 << shift, (1 << shift) | 1, u64::MAX >> shift, 3 << (shift / 2)])
        {
            let mut histogram = Histogram::default();
            histogram.record(value);
            let told = histogram.quantile(0.5);
            assert!(told >= value && (told - value) as f64 <= 0.01 * value as f64, "{value} {told}");
        }
    }

    #[test]
    fn quantiles_are_those_of_the_sorted_values() {
        let mut histogram = Histogram::default();
        let values: Vec<u64> = (0..1_000u64).map(|n| 1_000 + n * n * 37).collect();
        values.iter().for_each(|value| histogram.record(*value));
        for (part, at) in [(0.5, 499), (0.99, 989), (0.999, 998), (1.0, 999)] {
            let (told, true_one) = (histogram.quantile(part) as f64, values[at] as f64);
            assert!((told / true_one - 1.0).abs() < 0.01, "{part}: {told} {true_one}");
        }
        assert_eq!((histogram.count, Histogram::default().quantile(0.99)), (1_000, 0));
    }

    #[test]
    fn it_survives_the_way_through_json_and_adds_up() {
        let mut one = Histogram::default();
        [5, 5, 700, 1 << 40].iter().for_each(|value| one.record(*value));
        let text = serde_json::to_string(&one).expect("JSON");
        let mut other: Histogram = serde_json::from_str(&text).expect("the same");
        assert_eq!(other, one);
        other.add(&one);
        assert_eq!((other.count, other.quantile(1.0)), (8, one.quantile(1.0)));
    }
}
