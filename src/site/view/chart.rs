//! Items per minute as drawings: a sparkline for the programme, bars for a talk's page. Attributes only, as the page's policy
//! allows no styles; each drawing carries its finding in words.

use super::{number, time::Venue};
use model::Micros;
use std::fmt::Write;

/// Height of a sparkline's box, and its bars at most.
const SPARK: (f64, f64) = (120.0, 30.0);
/// Bars of a sparkline.
const SPARK_BARS: usize = 40;
/// Height of a talk's chart in pixels. Places along it are percentages: bars follow the page's width, and words keep their size.
const CHART_HEIGHT: f64 = 166.0;
/// Between two bars, in percent; a bar is always wider.
const GAP: f64 = 0.12;
/// Room above the bars for notes, in pixels, and what a letter of one takes of the chart's width on a laptop, in percent.
const NOTE_HEIGHT: f64 = 22.0;
const NOTE_CHAR: f64 = 0.55;
/// Minutes shown before and after a talk.
const AROUND: i64 = 10;
/// Bars of a talk's chart at most; a longer talk gets wider bars.
const CHART_BARS_MAX: i64 = 90;

/// The path of a sparkline of `minutes` (items in each minute of a talk) on a scale that its page shares. Empty without items.
pub(in crate::site) fn spark(minutes: &[u64], scale: u64) -> String {
    let buckets = SPARK_BARS.min(minutes.len()).max(1);
    let per = minutes.len().div_ceil(buckets).max(1);
    let width = SPARK.0 / minutes.chunks(per).len().max(1) as f64;
    let mut path = String::new();
    for (i, chunk) in minutes.chunks(per).enumerate() {
        let mean = chunk.iter().sum::<u64>() as f64 / chunk.len() as f64;
        if mean > 0.0 {
            let height = (mean / scale.max(1) as f64 * SPARK.1).clamp(1.0, SPARK.1);
            let _infallible = write!(
                path,
                "M{:.1} {:.1}h{:.1}V{}h-{:.1}z",
                i as f64 * width + 0.4,
                SPARK.1 - height,
                (width - 0.8).max(0.6),
                SPARK.1,
                (width - 0.8).max(0.6)
            );
        }
    }
    path
}

/// The bars of a talk.
#[derive(Clone, Debug, Default)]
pub(in crate::site) struct ChartView {
    pub(in crate::site) bars: Vec<Bar>,
    pub(in crate::site) ticks: Vec<(String, String)>,
    /// What the chart shows, in words.
    pub(in crate::site) label: String,
    /// What was said at its peaks.
    pub(in crate::site) notes: Vec<Note>,
    /// Its first moment, and how long a percent of it is, in microseconds: for whoever sets a playhead.
    pub(in crate::site) from: Micros,
    pub(in crate::site) span: i64,
}

/// A few words at a place of the chart, with a line down to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::site) struct Note {
    pub(in crate::site) x: String,
    /// The line ends above the bar.
    pub(in crate::site) y: String,
    /// `start` or `end`: on which side of its line it stands.
    pub(in crate::site) anchor: &'static str,
    pub(in crate::site) words: String,
    pub(in crate::site) href: String,
}

impl ChartView {
    /// Notes at their moments, the first ones first in line where two would overlap.
    pub(in crate::site) fn noted(mut self, notes: Vec<(Micros, String, String)>) -> Self {
        let mut taken: Vec<(f64, f64)> = Vec::new();
        for (at, words, href) in notes {
            let x = at.since(self.from) as f64 / self.span.max(1) as f64 * 100.0;
            let width = words.chars().count() as f64 * NOTE_CHAR + 1.0;
            let (anchor, reach) = if x > 50.0 { ("end", (x - width, x)) } else { ("start", (x, x + width)) };
            let is_free = taken.iter().all(|(a, b)| reach.1 < *a || reach.0 > *b);
            let bar = self.bars.iter().find(|bar| bar.at <= at && at < bar.at.plus(bar.lasts));
            let Some(bar) = bar.filter(|_| is_free && reach.0 >= 0.0 && reach.1 <= 100.0) else { continue };
            taken.push(reach);
            let y = bar.y.parse::<f64>().map_or(0.0, |y| (y - 5.0).max(NOTE_HEIGHT));
            self.notes.push(Note { x: format!("{x:.2}%"), y: format!("{y:.1}"), anchor, words, href });
        }
        self
    }
}

/// One bar.
#[derive(Clone, Debug)]
pub(in crate::site) struct Bar {
    pub(in crate::site) x: String,
    pub(in crate::site) y: String,
    pub(in crate::site) width: String,
    pub(in crate::site) height: String,
    /// Within the talk, not before or after it.
    pub(in crate::site) is_inside: bool,
    /// Its first moment.
    pub(in crate::site) at: Micros,
    /// How long it is, in microseconds.
    pub(in crate::site) lasts: i64,
    /// `15:41, 34 items`.
    pub(in crate::site) label: String,
    /// The first thing that was said in it.
    pub(in crate::site) href: String,
}

/// Items per minute from a little before a talk to a little after it. None without items there.
pub(in crate::site) fn chart(
    whens: &[Micros],
    start: Micros,
    end: Micros,
    venue: &Venue,
    href: &dyn Fn(Micros) -> String,
) -> Option<ChartView> {
    let from = start.minute().plus(-AROUND * Micros::MINUTE);
    let minutes = end.since(from) / Micros::MINUTE + 1 + AROUND;
    let per = (minutes + CHART_BARS_MAX - 1) / CHART_BARS_MAX;
    let mut counts = vec![0_u64; usize::try_from(minutes / per.max(1)).ok()? + 1];
    for when in whens {
        let bar = when.since(from).div_euclid(Micros::MINUTE * per.max(1));
        if let Some(n) = usize::try_from(bar).ok().and_then(|bar| counts.get_mut(bar)) {
            *n += 1;
        }
    }
    let (peak, most) = counts.iter().copied().enumerate().max_by_key(|(i, n)| (*n, usize::MAX - i))?;
    if most == 0 {
        return None;
    }
    let width = 100.0 / counts.len() as f64;
    let at = |bar: usize| from.plus(bar as i64 * per * Micros::MINUTE);
    let bar = |(i, n): (usize, &u64)| {
        let height = *n as f64 / most as f64 * (CHART_HEIGHT - 46.0);
        Bar {
            x: format!("{:.2}%", i as f64 * width + GAP / 2.0),
            y: format!("{:.1}", CHART_HEIGHT - height),
            width: format!("{:.2}%", width - GAP),
            height: format!("{height:.1}"),
            is_inside: at(i) >= start.minute() && at(i) < end,
            at: at(i),
            lasts: per * Micros::MINUTE,
            label: format!("{}, {}", venue.hhmm(at(i)), super::count(*n, "item", "items")),
            href: href(at(i)),
        }
    };
    let step = tick_minutes(minutes);
    let first_tick = start.0.div_euclid(Micros::MINUTE * step) * step;
    let ticks = (0..)
        .map(|n| Micros((first_tick + n * step) * Micros::MINUTE))
        .take_while(|tick| *tick <= end.plus(AROUND * Micros::MINUTE))
        .filter(|tick| *tick >= from)
        .map(|tick| {
            let x = tick.since(from) as f64 / (per * Micros::MINUTE) as f64 * width;
            (format!("{x:.2}%"), venue.hhmm(tick))
        })
        .collect();
    let total: u64 = counts.iter().sum();
    let label = format!(
        "Items over time, {} in all. The most, {}, at {}.",
        number(total),
        number(most),
        venue.hhmm(at(peak))
    );
    Some(ChartView {
        bars: counts.iter().enumerate().filter(|(_, n)| **n > 0).map(bar).collect(),
        ticks,
        label,
        notes: Vec::new(),
        from,
        span: counts.len() as i64 * per * Micros::MINUTE,
    })
}

/// As many times as stand side by side on a phone.
fn tick_minutes(minutes: i64) -> i64 {
    match minutes {
        ..=45 => 5,
        46..=90 => 10,
        91..=240 => 30,
        241..=600 => 60,
        _ => 240,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chart_names_its_peak_and_marks_what_lies_outside_the_talk() {
        let minute = |m: i64| Micros(m * Micros::MINUTE);
        let whens = [minute(98), minute(110), minute(111), minute(111)];
        let view = chart(&whens, minute(100), minute(140), &Venue::new("UTC", None), &|_| String::new())
            .expect("items");
        assert_eq!(view.bars.iter().map(|b| b.is_inside).collect::<Vec<_>>(), [false, true, true]);
        assert_eq!(view.label, "Items over time, 4 in all. The most, 2, at 01:51.");
        assert_eq!(view.ticks[0].1, "01:40");
        assert!(chart(&[], minute(100), minute(140), &Venue::new("UTC", None), &|_| String::new()).is_none());
    }

    #[test]
    fn a_talk_that_lasts_for_days_still_has_a_bounded_number_of_bars() {
        let minute = |m: i64| Micros(m * Micros::MINUTE);
        let whens: Vec<Micros> = (0..10_000).map(minute).collect();
        let view = chart(&whens, minute(0), minute(10_000), &Venue::new("UTC", None), &|_| String::new())
            .expect("items");
        assert!(view.bars.len() <= 92, "{}", view.bars.len());
    }

    #[test]
    fn notes_stand_at_their_bars_and_never_over_each_other() {
        let minute = |m: i64| Micros(m * Micros::MINUTE);
        let whens = [minute(100), minute(101), minute(120), minute(139)];
        let view = chart(&whens, minute(100), minute(140), &Venue::new("UTC", None), &|_| String::new())
            .expect("items");
        let note = |m: i64| (minute(m), "Twenty letters, all in".to_owned(), "#i".to_owned());
        let view = view.noted(vec![note(100), note(101), note(139), note(125)]);
        let kept: Vec<_> = view.notes.iter().map(|note| note.anchor).collect();
        assert_eq!(
            kept,
            ["start", "end"],
            "the second would overlap the first, and nothing was said in the fourth's minute"
        );
    }

    #[test]
    fn sparklines_share_a_scale() {
        assert_eq!(spark(&[], 5), "");
        assert!(spark(&[5], 5).contains("M0.4 0.0"));
        assert!(spark(&[1], 10).contains(" 27.0"));
    }
}
