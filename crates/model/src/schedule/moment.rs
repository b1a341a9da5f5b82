//! Times and lengths as schedule files write them.

use crate::Micros;
use jiff::{civil, tz::TimeZone};

/// `H:MM`, `HH:MM` or `HH:MM:SS` as microseconds; minutes above 59 are accepted, as some files have them.
pub(super) fn length(text: &str) -> Option<i64> {
    let mut parts =
        text.trim().split(':').map(|p| p.parse::<i64>().ok().filter(|n| (0..=100_000).contains(n)));
    let (hours, minutes) = (parts.next()??, parts.next()??);
    let seconds = parts.next().unwrap_or(Some(0))?;
    Some((hours * 3600 + minutes * 60 + seconds) * Micros::SECOND)
}

/// A moment with its own offset; or without one, in the venue's zone.
pub(super) fn moment(text: &str, zone: &TimeZone) -> Option<Micros> {
    let text = text.trim();
    Micros::parse_rfc3339(text).ok().or_else(|| {
        text.parse::<civil::DateTime>().ok()?.to_zoned(zone.clone()).ok().map(|z| z.timestamp().into())
    })
}

/// `day` and a clock time of it; times before `turn` belong to the night after the day.
pub(super) fn on_day(day: &str, clock: &str, turn: i64, zone: &TimeZone) -> Option<Micros> {
    let date: civil::Date = day.trim().parse().ok()?;
    let into_day = length(clock)?;
    let date = if into_day < turn { date.tomorrow().ok()? } else { date };
    let (h, m) = (into_day / Micros::HOUR, into_day % Micros::HOUR / Micros::MINUTE);
    let time = civil::Time::new(i8::try_from(h).ok()?, i8::try_from(m).ok()?, 0, 0).ok()?;
    date.to_datetime(time).to_zoned(zone.clone()).ok().map(|z| z.timestamp().into())
}

/// The remark about a talk whose time, written without an offset, comes twice in the night when clocks are set back.
pub(super) fn twice(title: &str, start: Micros, zone: &TimeZone) -> Option<String> {
    let local = start.zoned(zone).datetime();
    zone.to_ambiguous_timestamp(local).is_ambiguous().then(|| {
        let clock = local.strftime("%H:%M on %F");
        format!("{title}: {clock} comes twice, as clocks are set back that night; the first is taken (write the time with its offset)")
    })
}

/// Whether a time says its offset itself.
pub(super) fn has_offset(text: &str) -> bool {
    Micros::parse_rfc3339(text.trim()).is_ok()
}

/// The day of a moment in the venue's zone; before 4 in the morning still the day before.
pub(super) fn day_of(at: Micros, zone: &TimeZone) -> String {
    at.plus(-4 * Micros::HOUR).zoned(zone).date().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_come_in_many_shapes() {
        assert_eq!(length("8:30"), Some(8 * Micros::HOUR + 30 * Micros::MINUTE));
        assert_eq!(length("00:90"), Some(90 * Micros::MINUTE));
        assert_eq!(length("01:02:03"), Some(Micros::HOUR + 2 * Micros::MINUTE + 3 * Micros::SECOND));
        for bad in ["", "x", "1", "-1:00", "1:-2", "99999999999999999999:00"] {
            assert_eq!(length(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_time_that_comes_twice_is_named() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let start = |text: &str| moment(text, &zone).unwrap();
        let remark = twice("Night", start("2026-10-25T02:30:00"), &zone).unwrap();
        assert!(remark.contains("Night: 02:30 on 2026-10-25 comes twice"), "{remark}");
        assert_eq!(twice("Night", start("2026-10-25T03:30:00"), &zone), None);
        assert!(has_offset("2026-10-25T02:30:00+02:00") && !has_offset("2026-10-25T02:30:00"));
    }

    #[test]
    fn after_midnight_belongs_to_the_day_before() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let late = on_day("2014-12-27", "00:30", 6 * Micros::HOUR, &zone).unwrap();
        assert_eq!(late.timestamp().to_string(), "2014-12-27T23:30:00Z");
        assert_eq!(day_of(late, &zone), "2014-12-27");
    }
}
