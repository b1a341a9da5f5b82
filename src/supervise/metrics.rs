//! Asking instances how late they are: one metric out of their `/metrics`, in Prometheus' text form.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::Duration;

use super::seat::RunId;

/// Longest answer, in bytes.
const METRICS_BYTES_MAX: usize = 4 << 20;
/// How long an instance may take to answer.
const ASK_WAIT: Duration = Duration::from_secs(1);
/// A histogram is judged by what came within so many looks.
const WINDOW: usize = 5;

/// A client for asking processes of this machine.
pub(crate) fn client(wait: Duration) -> reqwest::Result<reqwest::Client> {
    reqwest::Client::builder().timeout(wait).connect_timeout(wait).no_proxy().build()
}

/// What one instance says of a metric, over all its labels.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Reading {
    /// The largest.
    Value(f64),
    /// Upper bounds (as bits that sort) and how many were not above them, ever.
    Buckets(BTreeMap<Bound, f64>),
}

/// The upper bound of a bucket.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Bound(f64);

impl Eq for Bound {}

impl Ord for Bound {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl PartialOrd for Bound {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// Finds a metric in a text.
pub(crate) fn read(text: &str, metric: &str) -> Option<Reading> {
    let (mut value, mut buckets) = (None::<f64>, BTreeMap::new());
    for line in text.lines() {
        let Some(rest) = line.strip_prefix(metric) else { continue };
        let (rest, is_bucket) = rest.strip_prefix("_bucket").map_or((rest, false), |rest| (rest, true));
        let (labels, number) = match rest.strip_prefix('{').and_then(|rest| rest.rsplit_once('}')) {
            Some(parts) => parts,
            None if rest.starts_with(' ') => ("", rest),
            None => continue,
        };
        let Some(number) = number.split_whitespace().next().and_then(|n| n.parse::<f64>().ok()) else {
            continue;
        };
        if is_bucket {
            let bound = labels.split("le=\"").nth(1).and_then(|bound| bound.split('"').next()?.parse().ok());
            if let Some(bound) = bound {
                *buckets.entry(Bound(bound)).or_default() += number;
            }
        } else {
            value = Some(value.map_or(number, |other| other.max(number)));
        }
    }
    if buckets.is_empty() { value.map(Reading::Value) } else { Some(Reading::Buckets(buckets)) }
}

/// Below which value so large a part of what came between two readings lies, to the upper end of its bucket; none when nothing came.
fn quantile(before: &BTreeMap<Bound, f64>, now: &BTreeMap<Bound, f64>, part: f64) -> Option<f64> {
    let came = |bound: &Bound| now[bound] - before.get(bound).copied().unwrap_or(0.0);
    let total = now.keys().next_back().map(came).filter(|total| *total > 0.0)?;
    let bound = now.keys().find(|bound| came(bound) >= total * part)?;
    // Beyond the last bound nothing more is known than that it is beyond.
    let finite = now.keys().rev().find(|bound| bound.0.is_finite()).map_or(0.0, |bound| bound.0 * 2.0);
    Some(if bound.0.is_finite() { bound.0 } else { finite })
}

/// What was read of the instances of one process so far.
#[derive(Debug, Default)]
pub(crate) struct Gauge {
    looks: HashMap<RunId, VecDeque<BTreeMap<Bound, f64>>>,
}

impl Gauge {
    /// Asks all instances; the worst answer.
    pub(crate) async fn ask(
        &mut self,
        metric: &str,
        part: f64,
        instances: &[(RunId, String)],
    ) -> Option<f64> {
        self.looks.retain(|run, _| instances.iter().any(|(instance, _)| instance == run));
        let client = client(ASK_WAIT).ok()?;
        let mut worst = None::<f64>;
        for (run, url) in instances {
            let Some(text) = fetch(&client, url).await else { continue };
            let value = read(&text, metric).and_then(|reading| self.take(*run, reading, part));
            worst = value.map_or(worst, |value| Some(worst.map_or(value, |other| other.max(value))));
        }
        worst
    }

    fn take(&mut self, run: RunId, reading: Reading, part: f64) -> Option<f64> {
        let buckets = match reading {
            Reading::Value(value) => return Some(value),
            Reading::Buckets(buckets) => buckets,
        };
        let looks = self.looks.entry(run).or_default();
        // What it counted before the first look is long past: an instance that has just started took over what others had.
        let value = looks.front().map(|before| quantile(before, &buckets, part).unwrap_or(0.0));
        looks.push_back(buckets);
        if looks.len() > WINDOW {
            looks.pop_front();
        }
        value
    }
}

async fn fetch(client: &reqwest::Client, base: &str) -> Option<String> {
    let mut answer = client.get(format!("{base}/metrics")).send().await.ok()?.error_for_status().ok()?;
    let mut bytes = Vec::new();
    while let Some(more) = answer.chunk().await.ok()? {
        bytes.extend_from_slice(&more);
        if bytes.len() > METRICS_BYTES_MAX {
            return None;
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# HELP x help\n# TYPE lag gauge\nlag{event=\"a b} c\"} 3\nlag{event=\"b\"} 7.5\nlag_total 99\nlone 4 1700000000\n\
        delay_seconds_bucket{le=\"0.1\"} 90\ndelay_seconds_bucket{le=\"1\"} 98\ndelay_seconds_bucket{le=\"+Inf\"} 100\n\
        delay_seconds_sum 12\ndelay_seconds_count 100\n";

    fn buckets(text: &str) -> BTreeMap<Bound, f64> {
        match read(text, "delay_seconds") {
            Some(Reading::Buckets(buckets)) => buckets,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_value_is_the_largest_of_its_labels_and_names_are_whole() {
        assert_eq!(read(TEXT, "lag"), Some(Reading::Value(7.5)));
        assert_eq!(read(TEXT, "lone"), Some(Reading::Value(4.0)));
        assert_eq!(read(TEXT, "la"), None);
        assert_eq!(read("", "lag"), None);
    }

    #[test]
    fn a_histogram_is_judged_by_what_came_since_the_look_before() {
        let (first, none) = (buckets(TEXT), BTreeMap::new());
        assert_eq!(quantile(&none, &first, 0.9), Some(0.1));
        assert_eq!(quantile(&none, &first, 0.95), Some(1.0));
        assert_eq!(quantile(&none, &first, 0.99), Some(2.0), "beyond the last bound");
        assert_eq!(quantile(&first, &first, 0.99), None, "nothing came");
        let second = buckets(&TEXT.replace(" 90", " 190").replace(" 98", " 198").replace("} 100", "} 200"));
        assert_eq!(quantile(&first, &second, 0.99), Some(0.1), "what is long past does not count");
    }

    #[test]
    fn an_instance_through_which_nothing_comes_is_not_late() {
        let mut gauge = Gauge::default();
        let reading = || Reading::Buckets(buckets(TEXT));
        assert_eq!(gauge.take(RunId(1), reading(), 0.99), None, "nothing is known of it yet");
        assert_eq!(gauge.take(RunId(1), reading(), 0.99), Some(0.0));
        let late = Reading::Buckets(buckets(&TEXT.replace("} 100", "} 200")));
        assert_eq!(gauge.take(RunId(1), late, 0.99), Some(2.0));
    }
}
