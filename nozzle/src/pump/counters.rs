//! One minute of one source, counted, and what the network itself said it kept from us in that minute.

use std::collections::{BTreeMap, VecDeque};

use model::{Gap, Micros};
use serde::Serialize;

/// Most samples of malformed input that are kept for the dashboard.
const SAMPLES_MAX: usize = 5;
/// Most different reasons counted in one minute; reasons come from closed lists, this only guards the bound.
pub(super) const REASONS_MAX: usize = 64;

/// What the pump counts; what became new, duplicate or held only the sequencer knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counted {
    pub(crate) received: u64,
    pub(crate) rejected: BTreeMap<&'static str, u64>,
}

/// A line that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Sample {
    /// Short word for what was wrong.
    pub reason: &'static str,
    /// The beginning of the line, escaped.
    pub line: String,
    /// When it came.
    pub at: Micros,
}

#[derive(Debug, Default)]
pub(super) struct Counters {
    minute: Option<Micros>,
    counted: Counted,
    samples: VecDeque<Sample>,
    undelivered: Option<Lost>,
    oversize: Option<Lost>,
}

#[derive(Debug)]
struct Lost {
    from: Micros,
    count: Option<u64>,
}

impl Counters {
    pub(super) fn received(&mut self) {
        self.counted.received += 1;
    }

    /// Reasons beyond the bound are counted together: what was received must be accounted for.
    pub(super) fn rejected(&mut self, reason: &'static str) {
        let is_named =
            self.counted.rejected.len() < REASONS_MAX || self.counted.rejected.contains_key(reason);
        *self.counted.rejected.entry(if is_named { reason } else { "other" }).or_default() += 1;
    }

    pub(super) fn malformed(&mut self, reason: &'static str, line: String, at: Micros) {
        self.rejected(reason);
        self.samples.truncate(SAMPLES_MAX - 1);
        self.samples.push_front(Sample { reason, line, at });
    }

    pub(super) fn oversize(&mut self, now: Micros) {
        self.rejected("oversize");
        let lost = self.oversize.get_or_insert(Lost { from: now, count: Some(0) });
        lost.count = lost.count.map(|n| n + 1);
    }

    pub(super) fn undelivered(&mut self, count: Option<u64>, now: Micros) {
        let lost = self.undelivered.get_or_insert(Lost { from: now, count: None });
        lost.count = match (lost.count, count) {
            (Some(a), Some(b)) => Some(a.saturating_add(b)),
            (a, b) => a.or(b),
        };
    }

    pub(super) fn samples(&self) -> impl Iterator<Item = &Sample> {
        self.samples.iter()
    }

    /// The minute that has ended, with what was counted in it, when a new one has begun.
    pub(super) fn minute_over(&mut self, now: Micros) -> Option<(Micros, Counted)> {
        let minute = *self.minute.get_or_insert(now.minute());
        (now.minute() > minute).then(|| {
            self.minute = Some(now.minute());
            (minute, std::mem::take(&mut self.counted))
        })
    }

    /// The gaps for what the network kept from us, or what was too long to read, since the last call.
    pub(super) fn losses(&mut self, source: &str, now: Micros) -> Vec<Gap> {
        let undelivered = self.undelivered.take().map(|l| (l, "limit", "The network kept posts from us."));
        let oversize = self.oversize.take().map(|l| (l, "oversize", "A message was too long to read."));
        let gap = |(lost, kind, reason): (Lost, &str, &str)| Gap {
            id: format!("{source}-{kind}-{}", lost.from.0),
            source: source.to_owned(),
            from: lost.from,
            to: Some(now),
            reason: reason.to_owned(),
            count: lost.count,
            closed: false,
        };
        undelivered.into_iter().chain(oversize).map(gap).collect()
    }
}
