//! When things are said: bursts at the beginning of a talk and at its punchlines, evenly between talks.

use jiff::tz::TimeZone;
use model::Micros;

use super::dice::Dice;

/// Microseconds in a day (no clock changes during this conference).
pub(crate) const DAY: i64 = 86_400_000_000;
/// How long after a talk its last answers may come.
pub(crate) const AFTER: i64 = 90_000_000;
/// Microseconds in a minute.
pub(crate) const MINUTE: i64 = 60_000_000;
/// The first posts of all come so quickly one after the other that a page moves as soon as it is opened.
const FIRST_AFTER: i64 = 10_000_000;
const FIRST_EVERY: i64 = 9_000_000;
const FIRST: usize = 8;

/// The stretch in which a block is said, in microseconds UTC.
pub(crate) struct Span {
    pub(crate) from: i64,
    pub(crate) to: i64,
    pub(crate) is_talk: bool,
    /// Set when two rooms run: whether this is the smaller one.
    pub(crate) second_room: Option<bool>,
}

impl Span {
    /// From and to in minutes after `midnight`.
    pub(crate) fn between(midnight: i64, from: i64, to: i64) -> Self {
        Self { from: midnight + from * MINUTE, to: midnight + to * MINUTE, is_talk: false, second_room: None }
    }

    /// Whether this person listens: everybody when one room runs, else two of five sit in the smaller one.
    pub(crate) fn holds(&self, person: usize) -> bool {
        self.second_room.is_none_or(|smaller| {
            let chooses_smaller = Dice::new(self.from as u64 ^ (person as u64) << 7).is(0.42);
            chooses_smaller == smaller
        })
    }
}

/// Midnight before a time, where the conference is; a time that no calendar holds is its own midnight.
pub(crate) fn midnight(time: i64, zone: &TimeZone) -> i64 {
    Micros(time).zoned(zone).start_of_day().map_or(time, |z| z.timestamp().as_microsecond())
}

/// `count` times in order.
pub(crate) fn spread(span: &Span, count: usize, dice: &mut Dice) -> Vec<i64> {
    let length = (span.to - span.from) as f64;
    let punchlines: Vec<f64> = [0.32, 0.6, 0.86].iter().map(|p| p + 0.1 * (dice.unit() - 0.5)).collect();
    let mut places: Vec<f64> = (0..count)
        .map(|i| {
            let place = match dice.unit() {
                even if !span.is_talk => (i as f64 + even) / count as f64,
                x if x < 0.16 => 0.01 + dice.wait(0.04),
                x if x < 0.66 => punchlines[dice.below(punchlines.len())] + dice.wait(0.035),
                _ => dice.unit(),
            };
            if place < 1.0 { place } else { dice.unit() }
        })
        .collect();
    places.sort_by(f64::total_cmp);
    places.into_iter().map(|place| span.from + (place * length) as i64).collect()
}

/// Draws the first posts of the whole conference together at its beginning.
pub(crate) fn hurry_first(begin: i64, times: &mut [i64]) {
    for (i, time) in times.iter_mut().take(FIRST).enumerate() {
        *time = begin + FIRST_AFTER + i as i64 * FIRST_EVERY;
    }
}
