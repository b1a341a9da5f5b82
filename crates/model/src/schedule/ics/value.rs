//! Moments of RFC 5545 (sections 3.3.4 and 3.3.5), with the liberties that exporters take.

use jiff::{Timestamp, civil, tz::TimeZone};

/// A value of `DTSTART` and its like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::schedule) enum Stamp {
    /// A day.
    Date(civil::Date),
    /// A clock time in a zone that stands elsewhere.
    Local(civil::DateTime),
    /// A moment.
    Utc(Timestamp),
}

impl Stamp {
    /// The clock time; midnight of a day.
    pub(in crate::schedule) fn local(self) -> civil::DateTime {
        match self {
            Self::Date(date) => date.at(0, 0, 0, 0),
            Self::Local(local) => local,
            Self::Utc(at) => at.to_zoned(TimeZone::UTC).datetime(),
        }
    }
}

/// `20260601`, `20260601T100000`, `20260601T100000Z`; also without seconds, with dashes and colons, or with an offset.
pub(in crate::schedule) fn date_time(text: &str) -> Option<Stamp> {
    let text = text.trim();
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(Stamp::Utc(at));
    }
    let plain: String =
        text.chars().filter(|c| !matches!(c, '-' | ':')).collect::<String>().to_ascii_uppercase();
    let (day, clock) = plain.split_once(['T', ' ']).map_or((plain.as_str(), None), |(d, c)| (d, Some(c)));
    let date = date(day)?;
    let Some(clock) = clock else { return Some(Stamp::Date(date)) };
    let (clock, is_utc) = clock.strip_suffix('Z').map_or((clock, false), |clock| (clock, true));
    let two = |from: usize| digits(clock.get(from..from + 2)?);
    let second = if clock.len() == 4 { 0 } else { two(4).filter(|_| clock.len() == 6)? };
    // A leap second is the second before it.
    let time = civil::Time::new(two(0)?, two(2)?, second.min(59), 0).ok()?;
    let local = date.to_datetime(time);
    if is_utc {
        Some(Stamp::Utc(local.to_zoned(TimeZone::UTC).ok()?.timestamp()))
    } else {
        Some(Stamp::Local(local))
    }
}

fn date(day: &str) -> Option<civil::Date> {
    if day.len() != 8 || !day.is_ascii() {
        return None;
    }
    let year: i16 = day[..4].parse().ok()?;
    civil::Date::new(year, digits(&day[4..6])?, digits(&day[6..])?).ok()
}

fn digits(text: &str) -> Option<i8> {
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok())?
}

/// `+0100`, `-013045` or `+01:00`, as seconds.
pub(super) fn offset(text: &str) -> Option<i32> {
    let plain: String = text.trim().chars().filter(|c| *c != ':').collect();
    let sign = if plain.starts_with('-') { -1 } else { 1 };
    let number = plain.trim_start_matches(['+', '-']);
    if !matches!(number.len(), 4 | 6) || !number.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let two = |from: usize| number.get(from..from + 2).map_or(Some(0), |part| part.parse::<i32>().ok());
    let seconds = two(0)? * 3600 + two(2)? * 60 + two(4)?;
    (seconds < 26 * 3600).then_some(sign * seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_come_as_days_clock_times_and_utc() {
        let shown = |text: &str| match date_time(text) {
            None => "none".to_owned(),
            Some(Stamp::Date(date)) => format!("date {date}"),
            Some(Stamp::Local(local)) => format!("local {local}"),
            Some(Stamp::Utc(at)) => format!("utc {at}"),
        };
        for (text, expected) in [
            ("20260601", "date 2026-06-01"),
            ("20260601T103000", "local 2026-06-01T10:30:00"),
            ("20260601t1030", "local 2026-06-01T10:30:00"),
            ("20260601T103060Z", "utc 2026-06-01T10:30:59Z"),
            ("2026-06-01T10:30:00", "local 2026-06-01T10:30:00"),
            ("2026-06-01T10:30:00+02:00", "utc 2026-06-01T08:30:00Z"),
            ("2026-06-01", "date 2026-06-01"),
            ("INVALID-DATE", "none"),
            ("20260631", "none"),
            ("20260601T250000", "none"),
            ("20260601T10", "none"),
            ("2026060é", "none"),
            ("", "none"),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
    }

    #[test]
    fn offsets_come_with_and_without_seconds() {
        let all = ["+0100", "-0330", "-000115", "+01:00", "0200", "+1", "x", "+9999"].map(offset);
        assert_eq!(all, [Some(3600), Some(-12600), Some(-75), Some(3600), Some(7200), None, None, None]);
    }
}
