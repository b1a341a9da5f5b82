//! Times as people at the venue read them.

use jiff::{
    Zoned,
    civil::{Date, DateTime},
    tz::TimeZone,
};
use model::{EventEntry, Micros};

/// Before this hour it is still the night of the day before.
const DAY_TURN_HOUR: i8 = 6;

/// The venue's zone and its name.
#[derive(Clone, Debug)]
pub(in crate::site) struct Venue {
    zone: TimeZone,
    /// IANA name, for the browser.
    pub(in crate::site) zone_name: String,
    /// What is printed beside the clock.
    pub(in crate::site) place: String,
}

impl Venue {
    /// The venue of an event; a zone that this machine does not know reads as UTC and says so.
    pub(in crate::site) fn new(zone: &str, place: Option<&str>) -> Self {
        let (tz, zone_name) = match TimeZone::get(zone) {
            Ok(tz) => (tz, zone.to_owned()),
            Err(_) => (TimeZone::UTC, "UTC".to_owned()),
        };
        let mut venue = Self { zone: tz, zone_name, place: String::new() };
        venue.place = place.map_or_else(|| venue.city(), str::to_owned);
        venue
    }

    /// The venue as the event's settings have it; UTC before they are known.
    pub(in crate::site) fn of(settings: Option<&EventEntry>) -> Self {
        settings.map_or_else(|| Self::new("UTC", None), |e| Self::new(&e.timezone, e.place.as_deref()))
    }

    /// The city that the zone is called after: `Lisbon`.
    pub(in crate::site) fn city(&self) -> String {
        self.zone_name.rsplit('/').next().unwrap_or_default().replace('_', " ")
    }

    /// Its zone.
    pub(in crate::site) fn zone(&self) -> &TimeZone {
        &self.zone
    }

    fn at(&self, at: Micros) -> Zoned {
        at.zoned(&self.zone)
    }

    /// `15:42`.
    pub(in crate::site) fn hhmm(&self, at: Micros) -> String {
        self.at(at).strftime("%H:%M").to_string()
    }

    /// `Thursday`.
    pub(in crate::site) fn weekday(&self, at: Micros) -> String {
        self.at(at).strftime("%A").to_string()
    }

    /// `19 November`.
    pub(in crate::site) fn day(&self, at: Micros) -> String {
        self.at(at).strftime("%-d %B").to_string()
    }

    /// A moment to come among others: `09:30`, with its day where that is not the one of `now`: `Tue 09:30`, `8 June 09:30`.
    pub(in crate::site) fn coming(&self, at: Micros, now: Micros) -> String {
        let (hhmm, days) = (self.hhmm(at), self.date(now).duration_until(self.date(at)).as_hours() / 24);
        match days {
            0 => hhmm,
            1..7 => format!("{} {hhmm}", self.at(at).strftime("%a")),
            _ => format!("{} {hhmm}", self.day(at)),
        }
    }

    /// The moment of a time as a browser's field writes it, `2026-11-19T15:42`; none when it is no time.
    pub(in crate::site) fn moment(&self, local: &str) -> Option<Micros> {
        let at = local.parse::<DateTime>().ok()?.to_zoned(self.zone.clone()).ok()?;
        Some(Micros(at.timestamp().as_microsecond()))
    }

    /// First and last moment of a day written `2026-06-01`: from six in the morning to six the next, since what begins after midnight
    /// belongs to the evening before. None when it is no day.
    pub(in crate::site) fn day_span(&self, day: &str) -> Option<(Micros, Micros)> {
        let date = day.parse::<Date>().ok()?;
        let turn = |date: Date| {
            let zoned = date.at(DAY_TURN_HOUR, 0, 0, 0).to_zoned(self.zone.clone()).ok()?;
            Some(Micros(zoned.timestamp().as_microsecond()))
        };
        Some((turn(date)?, turn(date.tomorrow().ok()?)?))
    }

    /// The calendar day at the venue.
    pub(in crate::site) fn date(&self, at: Micros) -> Date {
        self.at(at).date()
    }
}

/// `2026-11-19T15:42:00Z`, for `<time datetime>`.
pub(in crate::site) fn iso(at: Micros) -> String {
    at.timestamp().strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string()
}

/// The hours of something, to be printed as one `<time>`: the reader's own stand beside the whole of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::site) struct Hours {
    /// `since `, `until `, or nothing.
    pub(in crate::site) lead: &'static str,
    /// `10:12 to 10:42`.
    pub(in crate::site) text: String,
    /// Its first moment, and its last one where two are named, for machines.
    pub(in crate::site) from: String,
    pub(in crate::site) to: Option<String>,
}

impl std::fmt::Display for Hours {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{}", self.lead, self.text)
    }
}

impl Hours {
    /// From a moment to another.
    pub(in crate::site) fn span(venue: &Venue, from: Micros, to: Micros) -> Self {
        let text = format!("{} to {}", venue.hhmm(from), venue.hhmm(to));
        Self { lead: "", text, from: iso(from), to: Some(iso(to)) }
    }

    /// One moment, with the words that lead to it.
    pub(in crate::site) fn at(venue: &Venue, lead: &'static str, at: Micros) -> Self {
        Self { lead, text: venue.hhmm(at), from: iso(at), to: None }
    }
}

/// `Thursday`, `19 November` of a day written `2026-11-19`; the text itself when it is no day.
pub(in crate::site) fn day_names(day: &str) -> (String, String) {
    match day.parse::<Date>() {
        Ok(date) => (date.strftime("%A").to_string(), date.strftime("%-d %B").to_string()),
        Err(_) => (day.to_owned(), String::new()),
    }
}

/// `4 December`, `21 to 23 January`, `30 May to 1 June`, with the year where it is not `this_year`.
pub(in crate::site) fn span(starts: Option<Date>, ends: Option<Date>, this_year: i16) -> String {
    let (Some(from), to) = (starts.or(ends), ends.or(starts)) else { return String::new() };
    let to = to.unwrap_or(from);
    let days = if from == to {
        from.strftime("%-d %B").to_string()
    } else if (from.year(), from.month()) == (to.year(), to.month()) {
        let between = if to.day() == from.day() + 1 { "and" } else { "to" };
        format!("{} {between} {}", from.day(), to.strftime("%-d %B"))
    } else {
        format!("{} to {}", from.strftime("%-d %B"), to.strftime("%-d %B"))
    };
    if to.year() == this_year { days } else { format!("{days} {}", to.year()) }
}

/// `one day`, `two days`, `11 days`.
pub(in crate::site) fn length(starts: Option<Date>, ends: Option<Date>) -> String {
    let (Some(from), Some(to)) = (starts, ends) else { return String::new() };
    let words = ["", "one day", "two days", "three days", "four days", "five days", "six days", "seven days"];
    let days = from.duration_until(to).as_hours() / 24 + 1;
    usize::try_from(days)
        .ok()
        .and_then(|n| words.get(n))
        .map_or_else(|| format!("{days} days"), |w| (*w).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn the_venue_tells_its_own_time() {
        let venue = Venue::new("Europe/Lisbon", None);
        let at = Micros::parse_rfc3339("2026-06-01T14:42:30Z").unwrap();
        assert_eq!((venue.hhmm(at).as_str(), venue.place.as_str()), ("15:42", "Lisbon"));
        assert_eq!((venue.weekday(at).as_str(), venue.day(at).as_str()), ("Monday", "1 June"));
        assert_eq!(venue.moment("2026-06-01T15:42").map(|at| venue.hhmm(at)).as_deref(), Some("15:42"));
        assert_eq!((venue.moment(""), venue.moment("noon")), (None, None));
        let in_days = |days: i64| venue.coming(at.plus(days * 24 * Micros::HOUR), at);
        assert_eq!([in_days(0), in_days(1), in_days(7)], ["15:42", "Tue 15:42", "8 June 15:42"]);
        let (from, to) = venue.day_span("2026-06-01").unwrap();
        assert_eq!((venue.hhmm(from).as_str(), venue.weekday(to).as_str()), ("06:00", "Tuesday"));
        assert_eq!(venue.day_span("June"), None);
        assert_eq!(iso(at.minute()), "2026-06-01T14:42:00.000Z");
        assert_eq!(Venue::new("Nowhere/Land", Some("Porto")).zone_name, "UTC");
    }

    #[test]
    fn spans_of_days_read_as_a_person_would_say_them() {
        let on = |a, b| span(Some(a), Some(b), 2026);
        assert_eq!(on(date(2026, 12, 4), date(2026, 12, 4)), "4 December");
        assert_eq!(on(date(2026, 9, 12), date(2026, 9, 13)), "12 and 13 September");
        assert_eq!(on(date(2026, 1, 21), date(2026, 1, 23)), "21 to 23 January");
        assert_eq!(on(date(2026, 5, 30), date(2026, 6, 1)), "30 May to 1 June");
        assert_eq!(on(date(2025, 11, 19), date(2025, 11, 21)), "19 to 21 November 2025");
        assert_eq!(span(None, None, 2026), "");
        assert_eq!(length(Some(date(2026, 1, 21)), Some(date(2026, 1, 23))), "three days");
    }
}
