//! Where a schedule takes place, as far as its file tells: the zone that it names, else the offset of its talks.

use std::collections::HashSet;

use jiff::tz::TimeZone;
use model::Micros;

/// What stands before the name of a zone: frab and pretalx in JSON and XML, iCalendar.
const NAMED_BEHIND: [&str; 4] = ["time_zone_name", "X-WR-TIMEZONE", "TZID=", "TZID:"];
/// Longest stretch between such a word and the name, in bytes: `": "`, `>`, `:`.
const BETWEEN_BYTES_MAX: usize = 6;
/// Length of `2026-06-01T10:00:00+02:00`.
const MOMENT_BYTES: usize = 25;

/// The zone of a schedule's file, whose talks start at `starts`.
pub(crate) fn of_schedule(bytes: &[u8], starts: &HashSet<Micros>) -> Option<TimeZone> {
    let text = String::from_utf8_lossy(bytes);
    named(&text).or_else(|| offset(&text, starts))
}

fn named(text: &str) -> Option<TimeZone> {
    NAMED_BEHIND.iter().find_map(|word| {
        text.match_indices(word).take(9).find_map(|(at, _)| {
            let behind = &text[at + word.len()..];
            let start = behind.find(|c: char| c.is_ascii_alphabetic()).filter(|n| *n <= BETWEEN_BYTES_MAX)?;
            let name =
                behind[start..].split(|c: char| !c.is_ascii_alphanumeric() && !"/_+-".contains(c)).next()?;
            TimeZone::get(name).ok()
        })
    })
}

/// A file tells other times as well (when it was made, when a talk was handed in), perhaps from another half of the year.
fn offset(text: &str, starts: &HashSet<Micros>) -> Option<TimeZone> {
    let bytes = text.as_bytes();
    text.match_indices('T').find_map(|(at, _)| {
        let from = at.checked_sub(10)?;
        let written = std::str::from_utf8(bytes.get(from..from + MOMENT_BYTES)?).ok()?;
        let is_start = starts.contains(&Micros::parse_rfc3339(written).ok()?);
        let (sign, hours, minutes) = (bytes[from + 19], written.get(20..22)?, written.get(23..25)?);
        let seconds = hours.parse::<i32>().ok()? * 3600 + minutes.parse::<i32>().ok()? * 60;
        let seconds = if sign == b'-' { -seconds } else { seconds };
        let offset = jiff::tz::Offset::from_seconds(seconds).ok()?;
        is_start.then(|| TimeZone::fixed(offset))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_is_found_by_its_name_in_every_format() {
        for text in [
            r#"{"time_zone_name": "Europe/Rome"}"#,
            "<time_zone_name>Europe/Rome</time_zone_name>",
            "X-WR-TIMEZONE:Europe/Rome\r\n",
            "DTSTART;TZID=Europe/Rome:20240915T130000\r\n",
        ] {
            let zone = of_schedule(text.as_bytes(), &HashSet::new()).unwrap();
            assert_eq!(zone.iana_name(), Some("Europe/Rome"), "{text}");
        }
        assert_eq!(of_schedule(b"DTSTART;TZID=Nowhere/Land:20240915T130000", &HashSet::new()), None);
    }

    #[test]
    fn else_the_offset_of_a_talk_counts_and_not_that_of_other_times() {
        let text = r#"{"created":"2024-08-07T10:51:59+02:00","start":"2024-11-02T09:00:00+01:00"}"#;
        let starts = HashSet::from([Micros::parse_rfc3339("2024-11-02T08:00:00Z").unwrap()]);
        let zone = of_schedule(text.as_bytes(), &starts).unwrap();
        assert_eq!(zone.to_offset(jiff::Timestamp::UNIX_EPOCH).seconds(), 3600);
        assert_eq!(of_schedule(text.as_bytes(), &HashSet::new()), None);
    }
}
