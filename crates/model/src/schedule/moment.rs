//! Times and lengths as schedule files write them, and the zone in which those without an offset are meant.

use crate::Micros;
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, civil};

/// How each sentence begins that says that a talk has no time yet.
pub(super) const NO_START: &str = "it has no start";
/// Before this time of day, in microseconds after midnight, a clock time without a date belongs to the night after the day,
/// where the file does not say when its days begin.
pub(super) const TURN: i64 = 6 * Micros::HOUR;
/// A day that begins later than this, in microseconds after midnight, says nothing of the night before it.
const TURN_MAX: i64 = 12 * Micros::HOUR;
/// Before this time of day, in microseconds after midnight, an end that is earlier than its start is on the next day.
const MORNING: i64 = 8 * Micros::HOUR;

/// A moment, and what is odd about it: a clock time that comes twice or never in the night when clocks change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct At {
    pub(super) at: Micros,
    pub(super) slip: Option<Slip>,
}

/// A clock time that is not one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Slip {
    /// What is said of it.
    pub(super) sentence: String,
    /// No clock shows it, so nobody can have meant it.
    pub(super) is_never: bool,
}

/// The zone of times that say no offset.
#[derive(Clone)]
pub(super) struct Clock {
    pub(super) zone: TimeZone,
    /// Why there is none, where the file names a zone that nobody knows.
    unknown: Option<String>,
}

impl Clock {
    /// The venue's zone.
    pub(super) fn venue(zone: &TimeZone) -> Self {
        Self { zone: zone.clone(), unknown: None }
    }

    /// The zone that a file names, `place` being where; else the venue's.
    pub(super) fn of_file(name: Option<&str>, place: &str, venue: &TimeZone) -> Self {
        let Some(name) = name.map(str::trim).filter(|name| !name.is_empty()) else {
            return Self::venue(venue);
        };
        match TimeZone::get(name) {
            Ok(zone) => Self { zone, unknown: None },
            Err(_) => Self { unknown: Some(unknown(place, name)), ..Self::venue(venue) },
        }
    }

    /// A moment with its own offset, or a clock time in this zone.
    ///
    /// # Errors
    /// A sentence: it is no moment, or its zone is unknown.
    pub(super) fn moment(&self, text: &str) -> Result<At, String> {
        let text = text.trim();
        if let Ok(at) = Micros::parse_rfc3339(text) {
            return Ok(At { at, slip: None });
        }
        let local =
            text.parse::<civil::DateTime>().map_err(|_| format!("the time {text:?} cannot be read"))?;
        self.local(local)
    }

    /// `day` and a clock time of it; times before `turn` (microseconds after midnight) belong to the night after the day.
    ///
    /// # Errors
    /// As [`Self::moment`].
    pub(super) fn on_day(&self, day: &str, clock: &str, turn: i64) -> Result<At, String> {
        let unread = || format!("the time {clock:?} on {day:?} cannot be read");
        let date = date(day).ok_or_else(unread)?;
        let into_day = length(clock).ok_or_else(unread)?;
        let date = if into_day < turn { date.tomorrow().map_err(|_| unread())? } else { date };
        // Some programmes count on: 25:30 is half past one of the next day.
        let midnight = date.at(0, 0, 0, 0);
        let local = midnight.checked_add(SignedDuration::from_micros(into_day)).map_err(|_| unread())?;
        self.local(local)
    }

    /// A talk's start as the frab forms write it: `date` with its time, or a day and `start`; `start` may also hold both.
    ///
    /// # Errors
    /// As [`Self::moment`].
    pub(super) fn start(
        &self,
        own_date: Option<&str>,
        start: Option<&str>,
        day: Option<&str>,
        turn: i64,
    ) -> Result<At, String> {
        let is_whole = |text: &&str| date(text).is_none() && length(text).is_none();
        if let Some(whole) = own_date.filter(is_whole).or(start.filter(is_whole)) {
            return self.moment(whole);
        }
        match (own_date.or(day), start) {
            (Some(day), Some(start)) => self.on_day(day, start, turn),
            _ => Err(format!("{NO_START} that can be read")),
        }
    }

    /// A talk's end: a moment, or a clock time of the day it starts on, or of the morning after.
    ///
    /// # Errors
    /// As [`Self::moment`].
    pub(super) fn end(&self, text: &str, start: Micros) -> Result<Micros, String> {
        let Some(into_day) = length(text).filter(|_| !text.trim().starts_with(['P', 'p'])) else {
            return Ok(self.moment(text)?.at);
        };
        let day = start.zoned(&self.zone).date();
        let end = self.on_day(&day.to_string(), text, 0)?.at;
        let is_next = end < start && into_day < MORNING;
        let next = day.tomorrow().ok().filter(|_| is_next);
        next.map_or(Ok(end), |next| Ok(self.on_day(&next.to_string(), text, 0)?.at))
    }

    /// A clock time in this zone. One that comes twice is the first of them; one that is left out when clocks are set
    /// forward is as much later as they are set: both as jiff resolves them, and as RFC 5545 asks.
    ///
    /// # Errors
    /// As [`Self::moment`].
    pub(super) fn local(&self, local: civil::DateTime) -> Result<At, String> {
        if let Some(why) = &self.unknown {
            return Err(why.clone());
        }
        in_zone(local, &self.zone)
    }
}

/// See [`Clock::local`].
pub(super) fn in_zone(local: civil::DateTime, zone: &TimeZone) -> Result<At, String> {
    let ambiguous = zone.to_ambiguous_timestamp(local);
    let said = local.strftime("%H:%M on %F");
    let slip = match ambiguous.offset() {
        AmbiguousOffset::Unambiguous { .. } => None,
        AmbiguousOffset::Fold { .. } => Some(Slip {
            sentence: format!(
                "{said} comes twice, as clocks are set back that night; the first is taken (write the time with its offset)"
            ),
            is_never: false,
        }),
        AmbiguousOffset::Gap { .. } => Some(Slip {
            sentence: format!(
                "{said} does not exist, as clocks are set forward that night; it is taken as much later (write the time with its offset)"
            ),
            is_never: true,
        }),
    };
    let at = ambiguous.compatible().map_err(|_| format!("the time {said} cannot be read"))?;
    Ok(At { at: at.into(), slip })
}

/// The sentence about a zone that nobody knows.
pub(super) fn unknown(place: &str, name: &str) -> String {
    let name = super::collect::plain(name, 80);
    format!(
        "the zone {name:?} ({place}) is unknown; use an IANA name such as Europe/Berlin, or times with their offset"
    )
}

/// The time of day, in microseconds after midnight, at which a day of the frab forms begins, by its first moment.
pub(super) fn turn(day_start: &str) -> Option<i64> {
    length(day_start.get(11..16)?).filter(|turn| *turn <= TURN_MAX)
}

/// A date without a time: `2026-06-01`.
pub(super) fn date(text: &str) -> Option<civil::Date> {
    let text = text.trim();
    text.bytes().all(|b| b.is_ascii_digit() || b == b'-').then(|| text.parse().ok())?
}

/// `H:MM`, `HH:MM` or `HH:MM:SS` as microseconds; minutes above 59 are accepted, as some files have them. Also `PT1H30M`.
pub(super) fn length(text: &str) -> Option<i64> {
    let text = text.trim();
    if text.starts_with(['P', 'p']) {
        return iso_length(text);
    }
    let number = |part: &str| {
        // Not `-0` and not `+1`.
        let is_plain = part.bytes().all(|b| b.is_ascii_digit());
        part.parse::<i64>().ok().filter(|n| is_plain && *n <= 100_000)
    };
    let mut parts = text.split(':').map(number);
    let (hours, minutes) = (parts.next()??, parts.next()??);
    let seconds = parts.next().unwrap_or(Some(0))?;
    (parts.next().is_none()).then_some((hours * 3600 + minutes * 60 + seconds) * Micros::SECOND)
}

/// A length as [`length`] reads it, or whole minutes. `is_pretalx`: three numbers are days, hours and minutes, as pretalx writes
/// what takes a day and more; everybody else means hours, minutes and seconds.
///
/// # Errors
/// A sentence: it is neither.
pub(super) fn length_or_minutes(text: &str, is_pretalx: bool) -> Result<i64, String> {
    let in_days = || {
        let (days, rest) =
            text.trim().split_once(':').filter(|(_, rest)| is_pretalx && rest.contains(':'))?;
        let days = days.parse::<i64>().ok().filter(|days| (1..=1_000).contains(days))?;
        Some(days * 24 * Micros::HOUR + length(rest)?)
    };
    if let Some(found) = in_days() {
        return Ok(found);
    }
    let minutes = || text.trim().parse::<i64>().ok().filter(|m| (0..100_000).contains(m));
    let found = length(text).or_else(|| minutes().map(|m| m * Micros::MINUTE));
    found.ok_or_else(|| format!("the duration {text:?} cannot be read"))
}

/// A duration of ISO 8601 in weeks, days, hours, minutes and seconds (RFC 5545, section 3.3.6), never below zero.
pub(super) fn iso_length(text: &str) -> Option<i64> {
    let rest = text.trim().to_ascii_uppercase();
    let rest = rest.strip_prefix('+').unwrap_or(&rest).strip_prefix('P')?;
    let (mut sum, mut number, mut is_time, mut units) = (0_i64, None::<i64>, false, 0);
    for c in rest.chars() {
        if let Some(digit) = c.to_digit(10) {
            number = Some(number.unwrap_or(0).checked_mul(10)?.checked_add(i64::from(digit))?);
            continue;
        }
        let unit = match (c, is_time) {
            ('T', false) if number.is_none() => {
                is_time = true;
                continue;
            }
            ('W', false) => 7 * 24 * 3600,
            ('D', false) => 24 * 3600,
            ('H', true) => 3600,
            ('M', true) => 60,
            ('S', true) => 1,
            _ => return None,
        };
        sum = sum.checked_add(number.take()?.checked_mul(unit)?)?;
        units += 1;
    }
    (number.is_none() && units > 0).then_some(sum.checked_mul(Micros::SECOND)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn berlin() -> Clock {
        Clock::venue(&TimeZone::get("Europe/Berlin").unwrap())
    }

    #[test]
    fn lengths_come_in_many_shapes() {
        let hour = Micros::HOUR;
        for (text, expected) in [
            ("8:30", 8 * hour + hour / 2),
            ("00:90", hour + hour / 2),
            ("01:02:03", hour + 2 * Micros::MINUTE + 3 * Micros::SECOND),
            ("PT1H30M", hour + hour / 2),
            ("P1DT1H", 25 * hour),
            ("P2W", 14 * 24 * hour),
            ("+PT0S", 0),
        ] {
            assert_eq!(length(text).or_else(|| iso_length(text)), Some(expected), "{text}");
        }
        for bad in [
            "",
            "x",
            "1",
            "-1:00",
            "-0:45",
            "+1:00",
            "1:-2",
            "99999999999999999999:00",
            "1:2:3:4",
            "P",
            "PT",
            "P1H",
            "-PT1H",
        ] {
            assert_eq!(length(bad).or_else(|| iso_length(bad)), None, "{bad}");
        }
    }

    #[test]
    fn a_time_that_comes_twice_or_never_is_taken_and_named() {
        let twice = berlin().moment("2026-10-25T02:30:00").unwrap();
        assert_eq!(twice.at.timestamp().to_string(), "2026-10-25T00:30:00Z");
        assert!(twice.slip.is_some_and(|slip| slip.sentence.starts_with("02:30 on 2026-10-25 comes twice")));
        let never = berlin().moment("2026-03-29T02:30:00").unwrap();
        assert_eq!(never.at.timestamp().to_string(), "2026-03-29T01:30:00Z");
        assert!(never.slip.is_some_and(
            |slip| slip.sentence.starts_with("02:30 on 2026-03-29 does not exist") && slip.is_never
        ));
        assert_eq!(berlin().moment("2026-10-25T02:30:00+02:00").unwrap().slip, None);
    }

    #[test]
    fn a_clock_time_before_the_turn_is_in_the_night_after_the_day() {
        let start = |clock: &str| {
            berlin().on_day("2014-12-27", clock, 6 * Micros::HOUR).unwrap().at.timestamp().to_string()
        };
        assert_eq!(start("00:30"), "2014-12-27T23:30:00Z");
        assert_eq!(start("06:00"), "2014-12-27T05:00:00Z");
        assert_eq!(start("25:30"), "2014-12-28T00:30:00Z");
        assert!(berlin().on_day("27.12.", "00:30", 0).unwrap_err().contains("cannot be read"));
    }

    #[test]
    fn pretalx_counts_days_where_others_count_seconds() {
        let minutes =
            |text: &str, is_pretalx| length_or_minutes(text, is_pretalx).map(|t| t / Micros::MINUTE);
        assert_eq!(minutes("1:07:05", true), Ok(31 * 60 + 5));
        assert_eq!(minutes("1:07:00", false), Ok(67));
        assert_eq!(minutes("00:20:00", true), Ok(20));
        assert_eq!((minutes("31:00", true), minutes("45", true)), (Ok(31 * 60), Ok(45)));
    }

    #[test]
    fn an_end_may_be_a_clock_time_of_the_day_or_the_morning_after() {
        let start = berlin().moment("2026-06-01T23:00:00").unwrap().at;
        let end = |text: &str| berlin().end(text, start).unwrap().timestamp().to_string();
        assert_eq!(end("23:45"), "2026-06-01T21:45:00Z");
        assert_eq!(end("00:30"), "2026-06-01T22:30:00Z");
        assert_eq!(end("22:00"), "2026-06-01T20:00:00Z", "before its start, for others to say");
        assert_eq!(end("2026-06-02T01:00:00+02:00"), "2026-06-01T23:00:00Z");
    }

    #[test]
    fn an_unknown_zone_is_told_only_of_times_that_need_it() {
        let clock = Clock::of_file(Some("Mars/Phobos"), "conference.time_zone_name", &TimeZone::UTC);
        assert!(clock.moment("2026-06-01T09:00:00Z").is_ok());
        let why = clock.moment("2026-06-01T09:00:00").unwrap_err();
        assert!(why.contains("\"Mars/Phobos\" (conference.time_zone_name) is unknown"), "{why}");
    }
}
