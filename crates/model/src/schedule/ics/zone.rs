//! What a `TZID` means: an IANA name, also behind a vendor's prefix; a Windows name; or what the file's own `VTIMEZONE` says,
//! which may name the IANA zone or only tell the rules.

use super::lines::Line;
use super::rule::{Budget, Rule};
use super::value::{Stamp, date_time, offset};
use super::windows;
use crate::schedule::moment::{At, in_zone};
use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};
use std::collections::HashMap;
use std::rc::Rc;

/// Zones that one file may define.
const DEFINED_MAX: usize = 200;
/// Changes of the clock that a zone may have.
const CHANGES_MAX: usize = 5_000;
/// Year in which the changes of a zone that goes on for ever end.
const LAST_YEAR: i16 = 2100;

/// A zone that times can be read in.
#[derive(Clone, Debug)]
pub(super) enum Zone {
    /// One that everybody knows.
    Known(TimeZone),
    /// One that the file made.
    Own(Rc<[Change]>),
}

/// From a clock time on, the offset is another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Change {
    at: DateTime,
    from: i32,
    to: i32,
}

impl Zone {
    /// A clock time in this zone.
    pub(super) fn local(&self, local: DateTime) -> Result<At, String> {
        match self {
            Self::Known(zone) => in_zone(local, zone),
            Self::Own(changes) => {
                let next = changes.partition_point(|change| change.at <= local);
                let seconds = match next.checked_sub(1).map(|i| changes[i]) {
                    Some(change) => change.to,
                    None => changes.first().map_or(0, |first| first.from),
                };
                let offset =
                    Offset::from_seconds(seconds).map_err(|_| "its zone has no offset".to_owned())?;
                let at =
                    offset.to_timestamp(local).map_err(|_| format!("the time {local} cannot be read"))?;
                Ok(At { at: at.into(), slip: None })
            }
        }
    }
}

/// A `VTIMEZONE` under way.
#[derive(Debug, Default)]
pub(super) struct Definition {
    id: String,
    location: Option<String>,
    observances: Vec<Observance>,
}

/// One of its `STANDARD` and `DAYLIGHT` parts.
#[derive(Debug, Default)]
struct Observance {
    start: Option<DateTime>,
    from: Option<i32>,
    to: Option<i32>,
    rule: Option<Rule>,
    dates: Vec<DateTime>,
}

impl Definition {
    pub(super) fn begin_observance(&mut self) {
        if self.observances.len() < CHANGES_MAX {
            self.observances.push(Observance::default());
        }
    }

    /// A property of the zone.
    pub(super) fn set(&mut self, line: &Line) {
        match line.name.as_str() {
            "TZID" => self.id = line.text(),
            "X-LIC-LOCATION" => self.location = Some(line.text()),
            // `Europe/London[2024a]`
            "X-TZINFO" => self.location = line.value.split('[').next().map(str::to_owned),
            _ => {}
        }
    }

    /// A property of the observance that was begun last.
    pub(super) fn observe(&mut self, line: &Line) {
        let Some(last) = self.observances.last_mut() else { return };
        let local = |text: &str| date_time(text).map(Stamp::local);
        match line.name.as_str() {
            "DTSTART" => last.start = local(&line.value),
            "TZOFFSETFROM" => last.from = offset(&line.value),
            "TZOFFSETTO" => last.to = offset(&line.value),
            "RRULE" => last.rule = Rule::parse(&line.value),
            "RDATE" => last.dates.extend(line.list().iter().filter_map(|text| local(text)).take(CHANGES_MAX)),
            _ => {}
        }
    }

    /// All changes in order; none when the definition says nothing that can be used.
    fn changes(&self, budget: &Budget) -> Option<Rc<[Change]>> {
        let mut all: Vec<Change> =
            self.observances.iter().flat_map(|part| part.changes(budget)).take(CHANGES_MAX).collect();
        all.sort_by_key(|change| change.at);
        (!all.is_empty()).then(|| all.into())
    }
}

impl Observance {
    fn changes(&self, budget: &Budget) -> Vec<Change> {
        let (Some(start), Some(to)) = (self.start, self.to) else { return Vec::new() };
        let from = self.from.unwrap_or(to);
        let mut times = vec![start];
        times.extend(&self.dates);
        if let Some(rule) = &self.rule {
            let until = rule.until().map(Stamp::local);
            let days = rule.days(start.date(), budget).map(|day| day.to_datetime(start.time()));
            let days = days.take_while(|at| at.year() <= LAST_YEAR && until.is_none_or(|until| *at <= until));
            times.extend(days.take(rule.count().unwrap_or(CHANGES_MAX).min(CHANGES_MAX)));
        }
        times.into_iter().map(|at| Change { at, from, to }).collect()
    }
}

/// The zones of a file.
#[derive(Debug, Default)]
pub(super) struct Zones {
    defined: HashMap<String, Definition>,
    known: HashMap<String, Option<Zone>>,
    /// The work that rules may make, those of events as well.
    pub(super) budget: Budget,
}

impl Zones {
    /// Takes a zone that the file defines.
    pub(super) fn define(&mut self, zone: Definition) {
        if self.defined.len() < DEFINED_MAX {
            self.defined.insert(zone.id.clone(), zone);
        }
    }

    /// The zone of a `TZID`; none when nobody knows it.
    pub(super) fn get(&mut self, id: &str) -> Option<Zone> {
        if let Some(known) = self.known.get(id) {
            return known.clone();
        }
        let found = self.find(id);
        self.known.insert(id.to_owned(), found.clone());
        found
    }

    fn find(&self, id: &str) -> Option<Zone> {
        let iana = |name: &str| TimeZone::get(name.trim()).ok().map(Zone::Known);
        let defined = self.defined.get(id);
        iana(id)
            .or_else(|| iana(defined?.location.as_deref()?))
            .or_else(|| windows::iana(id).and_then(iana))
            .or_else(|| behind_prefix(id).find_map(iana))
            .or_else(|| defined?.changes(&self.budget).map(Zone::Own))
    }
}

/// The ends of `/vendor.example/20260101/Europe/Berlin`, longest first, each with a slash in it: what is one word is no city.
fn behind_prefix(id: &str) -> impl Iterator<Item = &str> {
    id.match_indices('/').map(|(at, _)| &id[at + 1..]).filter(|end| end.contains('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(lines: &str) -> Definition {
        let mut zone = Definition::default();
        for line in lines.split_whitespace() {
            match line {
                "STANDARD" | "DAYLIGHT" => zone.begin_observance(),
                line => {
                    let line = Line::cut(1, line).unwrap();
                    if zone.observances.is_empty() { zone.set(&line) } else { zone.observe(&line) }
                }
            }
        }
        zone
    }

    fn at(zones: &mut Zones, id: &str, local: &str) -> String {
        let zone = zones.get(id).unwrap_or_else(|| panic!("{id} is unknown"));
        zone.local(local.parse().unwrap()).unwrap().at.timestamp().to_string()
    }

    #[test]
    fn names_are_known_with_prefixes_and_as_windows_has_them() {
        let mut zones = Zones::default();
        for id in [
            "Europe/Berlin",
            "europe/berlin",
            "/Europe/Berlin",
            "/mozilla.org/20070129_1/Europe/Berlin",
            "W. Europe Standard Time",
        ] {
            assert_eq!(at(&mut zones, id, "2026-06-01T10:00"), "2026-06-01T08:00:00Z", "{id}");
        }
        assert_eq!(
            at(&mut zones, "/x.example/America/Argentina/Buenos_Aires", "2020-04-26T14:00"),
            "2020-04-26T17:00:00Z"
        );
        for id in ["Mars/Phobos", "CUSTOM_tzid", "/x/y", ""] {
            assert!(zones.get(id).is_none(), "{id}");
        }
    }

    #[test]
    fn a_zone_that_the_file_defines_is_read_by_its_rules() {
        let mut zones = Zones::default();
        zones.define(zone(
            "TZID:Ours STANDARD DTSTART:16010101T030000 TZOFFSETFROM:+0200 TZOFFSETTO:+0100 RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10
             DAYLIGHT DTSTART:16010101T020000 TZOFFSETFROM:+0100 TZOFFSETTO:+0200 RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3",
        ));
        assert_eq!(at(&mut zones, "Ours", "2026-06-01T10:00"), "2026-06-01T08:00:00Z");
        assert_eq!(at(&mut zones, "Ours", "2026-12-01T10:00"), "2026-12-01T09:00:00Z");
        zones.define(zone("TZID:Named X-LIC-LOCATION:Pacific/Fiji"));
        assert_eq!(at(&mut zones, "Named", "2014-08-29T08:00"), "2014-08-28T20:00:00Z");
        zones.define(zone("TZID:Dated STANDARD DTSTART:20260101T000000 TZOFFSETFROM:+0100 TZOFFSETTO:+0300 RDATE:20270101T000000"));
        assert_eq!(at(&mut zones, "Dated", "2025-06-01T10:00"), "2025-06-01T09:00:00Z");
        assert_eq!(at(&mut zones, "Dated", "2026-06-01T10:00"), "2026-06-01T07:00:00Z");
        zones.define(zone("TZID:Empty"));
        assert!(zones.get("Empty").is_none());
    }
}
