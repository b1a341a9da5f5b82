//! Dates as feeds write them: RFC 822 with two-digit years, months spelled out, zones by name and days of the week in any
//! language; ISO 8601 with parts missing. A date without a zone counts as UTC.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{Offset, TimeZone};
use model::Micros;

/// Longest text that is looked at, in bytes.
const DATE_BYTES_MAX: usize = 100;
const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
/// Zones by name, in minutes east. RFC 822 has the American ones; European servers write theirs.
const ZONES: [(&str, i32); 24] = [
    ("z", 0),
    ("ut", 0),
    ("utc", 0),
    ("gmt", 0),
    ("wet", 0),
    ("est", -300),
    ("edt", -240),
    ("cst", -360),
    ("cdt", -300),
    ("mst", -420),
    ("mdt", -360),
    ("pst", -480),
    ("pdt", -420),
    ("bst", 60),
    ("cet", 60),
    ("cest", 120),
    ("mez", 60),
    ("mesz", 120),
    ("eet", 120),
    ("eest", 180),
    ("msk", 180),
    ("ist", 330),
    ("jst", 540),
    ("aest", 600),
];

/// The moment that a text names, if it names one.
pub(super) fn moment(text: &str) -> Option<Micros> {
    let text = text.trim();
    if text.is_empty() || text.len() > DATE_BYTES_MAX || !text.is_ascii() {
        return None;
    }
    if let Ok(exact) = Micros::parse_rfc3339(text) {
        return Some(exact);
    }
    let text = text.to_ascii_lowercase();
    let (civil, offset_minutes) = iso(&text).or_else(|| rfc_822(&text))?;
    let offset = Offset::from_seconds(offset_minutes * 60).ok()?;
    Some(civil.to_zoned(TimeZone::fixed(offset)).ok()?.timestamp().into())
}

/// `2003`, `2003-12`, `2003-12-31`, `20031231`, each perhaps with `T10:14:55.5+01:00`, `10:14`, `10:14Z`.
fn iso(text: &str) -> Option<(DateTime, i32)> {
    let (date, time) = match text.find(['t', ' ']) {
        Some(at) => (&text[..at], text[at + 1..].trim()),
        None => (text, ""),
    };
    if !date.bytes().all(|b| b.is_ascii_digit() || b == b'-') {
        return None;
    }
    let parts: Vec<&str> = match date.len() {
        8 if !date.contains('-') => vec![&date[..4], &date[4..6], &date[6..]],
        _ => date.split('-').collect(),
    };
    let year = parts.first().filter(|year| year.len() == 4)?.parse().ok()?;
    let part = |n: usize| parts.get(n).map_or(Ok(1), |part| part.parse::<i8>()).ok();
    let date = Date::new(year, part(1)?, part(2)?).ok()?;
    let zone_at = time.find(['z', '+', '-']).unwrap_or(time.len());
    let clock = clock(time[..zone_at].trim())?;
    Some((date.to_datetime(clock), zone(time[zone_at..].trim())?))
}

/// `Thu, 01 Jan 2004 19:48:21 GMT` and its many cousins: the parts are told by their looks, not by their places.
fn rfc_822(text: &str) -> Option<(DateTime, i32)> {
    let (mut month, mut numbers, mut time, mut offset) = (None, Vec::new(), None, None);
    for word in text.split([' ', ',', '\t', '\n', '\r']).flat_map(dashed).filter(|word| !word.is_empty()) {
        let word = word.trim_end_matches('.');
        if let Some(n) = MONTHS.iter().position(|name| word.len() >= 3 && word.starts_with(name)) {
            month = month.or(Some(n as i8 + 1));
        } else if word.contains(':') && time.is_none() {
            let zone_at = word.find(['+', '-', 'z']).unwrap_or(word.len());
            time = Some(clock(&word[..zone_at])?);
            offset = Some(&word[zone_at..]).filter(|rest| !rest.is_empty()).and_then(zone);
        } else if time.is_some() && offset.is_none() && zone(word).is_some() {
            offset = zone(word);
        } else if word.bytes().all(|b| b.is_ascii_digit()) {
            numbers.push(word);
        }
    }
    let (day, year) = match numbers[..] {
        [day, year, ..] if day.len() <= 2 => (day, year),
        [year, day, ..] => (day, year),
        _ => return None,
    };
    let year = match (year.len(), year.parse::<i16>().ok()?) {
        (4, year) => year,
        // RFC 2822 section 4.3.
        (2, year) if year < 50 => 2000 + year,
        (2 | 3, year) => 1900 + year,
        _ => return None,
    };
    let date = Date::new(year, month?, day.parse().ok()?).ok()?;
    Some((date.to_datetime(time.unwrap_or(Time::midnight())), offset.unwrap_or(0)))
}

/// `01-Jan-2004` is three words; `-0500` is one.
fn dashed(word: &str) -> Vec<&str> {
    let is_date = word.starts_with(|c: char| c.is_ascii_digit()) && !word.contains(':');
    if is_date { word.split('-').collect() } else { vec![word] }
}

/// `10:14`, `10:14:55`, `10:14:55.5`, `1014`; nothing is midnight, and so is hour 24.
fn clock(text: &str) -> Option<Time> {
    if text.is_empty() {
        return Some(Time::midnight());
    }
    let text = text.split(['.', ',']).next()?;
    let parts: Vec<&str> = match text.len() {
        4 | 6 if !text.contains(':') => vec![&text[..2], &text[2..4], text.get(4..6).unwrap_or("0")],
        _ => text.split(':').collect(),
    };
    let part = |n: usize| parts.get(n).map_or(Ok(0), |part| part.parse::<i8>()).ok();
    let (hour, minute, second) = (part(0)?, part(1)?, part(2)?);
    Time::new(if hour == 24 { 0 } else { hour }, minute, second.min(59), 0).ok()
}

/// Minutes east of Greenwich: `+0100`, `+01:00`, `+1`, `gmt+1`, `est`.
fn zone(text: &str) -> Option<i32> {
    if text.is_empty() {
        return Some(0);
    }
    if let Some((_, minutes)) = ZONES.iter().find(|(name, _)| *name == text) {
        return Some(*minutes);
    }
    let text = ["gmt", "utc"].iter().find_map(|name| text.strip_prefix(name)).unwrap_or(text);
    let (sign, digits) = match text.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    let digits = digits.replace(':', "");
    let number = digits.parse::<i32>().ok().filter(|n| (0..=9999).contains(n))?;
    let minutes = if digits.len() <= 2 { number * 60 } else { number / 100 * 60 + number % 100 };
    Some(sign * minutes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> String {
        moment(text).map_or_else(|| "none".to_owned(), |at| at.timestamp().to_string())
    }

    #[test]
    fn dates_of_every_school_are_read() {
        for (text, want) in [
            ("Thu, 01 Jan 2004 19:48:21 GMT", "2004-01-01T19:48:21Z"),
            ("Thu, 1 Jan 04 19:48 -0500", "2004-01-02T00:48:00Z"),
            ("Mon, 01 Jun 2026 10:00:00 CEST", "2026-06-01T08:00:00Z"),
            ("Donnerstag, 01 January 2004 9:48:21 EST", "2004-01-01T14:48:21Z"),
            ("January 31, 2004 10:00", "2004-01-31T10:00:00Z"),
            ("01-Jan-2004 10:00:00 +01:00", "2004-01-01T09:00:00Z"),
            ("01 Jan 2004 24:00:00 UTC", "2004-01-01T00:00:00Z"),
            ("Sun Jan 4 16:29:06 PST 2004", "2004-01-05T00:29:06Z"),
            ("2003-12-31T10:14:55Z", "2003-12-31T10:14:55Z"),
            ("2003-12-31T10:14:55.5+0100", "2003-12-31T09:14:55.5Z"),
            ("2003-12-31 10:14", "2003-12-31T10:14:00Z"),
            ("2003-12-31T10:14-05:00", "2003-12-31T15:14:00Z"),
            ("2003", "2003-01-01T00:00:00Z"),
            ("2003-12", "2003-12-01T00:00:00Z"),
            ("20031231", "2003-12-31T00:00:00Z"),
        ] {
            assert_eq!(read(text), want, "{text}");
        }
    }

    #[test]
    fn what_is_no_date_is_none() {
        for text in
            ["", "yesterday", "32 Jan 2004", "2004-13-01", "12:00", "::", "+", "99999999999999", "日本"]
        {
            assert_eq!(read(text), "none", "{text}");
        }
    }
}
