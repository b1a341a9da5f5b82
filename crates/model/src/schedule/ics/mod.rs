//! iCalendar (RFC 5545), read leniently: broken lines are passed over and named; a file that was cut off is refused whole.
//! Alarms, tasks, free and busy times are no talks. `LOCATION` is the room, `UID` the guid, the first category the track.

mod event;
mod lines;
mod newest;
mod rule;
mod series;
mod value;
mod windows;
mod zone;

pub(super) use value::{Stamp, date_time};

use super::collect::{Collect, Draft, named};
use super::moment::{At, Clock};
use super::{BadSchedule, FoundTalk, ScheduleFile, TALKS_MAX};
use crate::Micros;
use event::Event;
use jiff::tz::TimeZone;
use lines::{Line, unfolded};
use series::{Occurrence, Times};
use std::collections::{BTreeMap, BTreeSet};
use zone::{Definition, Zones};

/// Components within each other at most.
const DEPTH_MAX: usize = 32;
/// How far a repetition without end goes where nothing else in the file ends later.
const ENDLESS_REACH: i64 = 31 * 24 * Micros::HOUR;
/// How far into a file its first `BEGIN` may stand.
const HEAD_BYTES_MAX: usize = 4096;
/// The longest broken line that is shown, in characters.
const SHOWN_CHARS_MAX: usize = 40;

/// True for the beginning of a calendar, whatever its encoding, if a letter is a byte.
pub(super) fn is_calendar(bytes: &[u8]) -> bool {
    let head = bytes[..bytes.len().min(HEAD_BYTES_MAX)].trim_ascii_start().to_ascii_uppercase();
    let is_other = head.starts_with(b"{") || head.starts_with(b"[") || head.starts_with(b"<");
    // Some exporters write a line of their own before the calendar.
    let mut lines = head.split(|b| *b == b'\n');
    !is_other && (head.starts_with(b"BEGIN:") || lines.any(|line| line.starts_with(b"BEGIN:VCALENDAR")))
}

pub(super) fn parse(bytes: &[u8], zone: &TimeZone) -> Result<ScheduleFile, BadSchedule> {
    let mut reading = Reading::default();
    for (number, text) in unfolded(bytes) {
        reading.line(number, &text)?;
    }
    reading.finish(zone)
}

/// A file under way.
#[derive(Default)]
struct Reading {
    collect: Collect,
    /// Names of the open components and the lines of their beginnings.
    open: Vec<(String, usize)>,
    calendars: usize,
    is_pretalx: bool,
    is_called_off: bool,
    zone_name: Option<String>,
    zones: Zones,
    definition: Option<Definition>,
    event: Option<Event>,
    events: Vec<Event>,
}

impl Reading {
    fn line(&mut self, number: usize, text: &str) -> Result<(), BadSchedule> {
        let Some(line) = Line::cut(number, text) else {
            if self.collect.is_full() {
                self.collect.pass_over_silently();
                return Ok(());
            }
            let shown = super::collect::plain(text, SHOWN_CHARS_MAX);
            self.collect.pass_over(format!("line {number}: {shown:?} is no line of a calendar"));
            return Ok(());
        };
        match line.name.as_str() {
            "BEGIN" => self.begin(&line),
            "END" => self.end(&line),
            _ => {
                self.property(line);
                Ok(())
            }
        }
    }

    fn begin(&mut self, line: &Line) -> Result<(), BadSchedule> {
        let name = line.value.to_ascii_uppercase();
        if self.open.len() >= DEPTH_MAX {
            let why = format!("line {}: components are nested deeper than {DEPTH_MAX}", line.number);
            return Err(BadSchedule::Broken(why));
        }
        match name.as_str() {
            "VCALENDAR" => {
                self.calendars += 1;
                (self.is_pretalx, self.is_called_off) = (false, false);
            }
            "VTIMEZONE" => self.definition = Some(Definition::default()),
            "STANDARD" | "DAYLIGHT" => {
                if let Some(zone) = &mut self.definition {
                    zone.begin_observance();
                }
            }
            "VEVENT" => {
                if self.open.iter().any(|(open, _)| open == "VEVENT") {
                    let why = format!("line {}: an event begins within another one", line.number);
                    return Err(BadSchedule::Broken(format!(
                        "{why}, which is not ended; export the file again"
                    )));
                }
                self.event = Some(Event { line: line.number, ..Event::default() });
            }
            _ => {}
        }
        self.open.push((name, line.number));
        Ok(())
    }

    fn end(&mut self, line: &Line) -> Result<(), BadSchedule> {
        let name = line.value.to_ascii_uppercase();
        if self.open.last().is_none_or(|(open, _)| *open != name) {
            let open = self
                .open
                .last()
                .map_or_else(|| "nothing".to_owned(), |(open, at)| format!("{open} (line {at})"));
            let name = super::collect::plain(&name, SHOWN_CHARS_MAX);
            let why = format!(
                "line {}: END:{name} stands where {open} is open; export the file again",
                line.number
            );
            return Err(BadSchedule::Broken(why));
        }
        self.open.pop();
        match name.as_str() {
            "VTIMEZONE" => self.zones.define(self.definition.take().unwrap_or_default()),
            "VEVENT" => {
                if let Some(mut event) = self.event.take() {
                    event.is_cancelled |= self.is_called_off;
                    event.is_pretalx = self.is_pretalx;
                    self.events.push(event);
                }
                if self.events.len() > TALKS_MAX {
                    return Err(BadSchedule::TooLarge);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn property(&mut self, line: Line) {
        let Some((open, _)) = self.open.last() else { return };
        match (open.as_str(), line.name.as_str()) {
            ("VCALENDAR", "PRODID") => self.is_pretalx = line.value.to_ascii_lowercase().contains("pretalx"),
            ("VCALENDAR", "METHOD") => self.is_called_off = line.value.eq_ignore_ascii_case("cancel"),
            ("VCALENDAR", "X-WR-CALNAME" | "NAME") => self.collect.set_title(&line.text()),
            ("VCALENDAR", "X-SCHEDULE-VERSION") => self.collect.set_version(&line.text()),
            ("VCALENDAR", "X-WR-TIMEZONE") => self.zone_name = Some(line.text()),
            ("VEVENT", _) => {
                if let Some(event) = &mut self.event {
                    event.set(line);
                }
            }
            ("VTIMEZONE", _) => {
                if let Some(zone) = &mut self.definition {
                    zone.set(&line);
                }
            }
            ("STANDARD" | "DAYLIGHT", _) => {
                if let Some(zone) = &mut self.definition {
                    zone.observe(&line);
                }
            }
            _ => {}
        }
    }

    fn finish(mut self, zone: &TimeZone) -> Result<ScheduleFile, BadSchedule> {
        if let Some((open, at)) = self.open.last() {
            let open = super::collect::plain(open, SHOWN_CHARS_MAX);
            let why = format!(
                "the file ends within {open}, which begins on line {at}: it was cut off; fetch it again"
            );
            return Err(BadSchedule::Broken(why));
        }
        if self.calendars == 0 && self.events.is_empty() {
            return Err(BadSchedule::Unknown("there is no calendar (BEGIN:VCALENDAR) in it".into()));
        }
        self.compare_zones(zone);
        let newest = newest::newest(std::mem::take(&mut self.events));
        newest.remarks.into_iter().for_each(|remark| self.collect.remark(remark));
        let times =
            Times { zones: std::mem::take(&mut self.zones), venue: Clock::venue(zone), horizon: Micros(0) };
        let speaks = organizers_speak(&newest.events);
        let mut drawing = Drawing {
            collect: self.collect,
            times,
            speaks,
            changed: BTreeMap::new(),
            drawn: BTreeSet::new(),
        };
        drawing.draw(&newest.events)?;
        if drawing.times.zones.budget.is_spent() {
            drawing.collect.remark(
                "the file has more rules of repetition than are drawn; not all times are taken".into(),
            );
        }
        drawing.collect.done()
    }

    /// Times without a zone are the venue's. A calendar that names another one is worth a word where it has such times.
    fn compare_zones(&mut self, venue: &TimeZone) {
        let Some(name) = self.zone_name.take() else { return };
        let is_floating = |line: &Line| {
            line.parameter("TZID").is_none() && matches!(date_time(&line.value), Some(Stamp::Local(_)))
        };
        let floats =
            self.events.iter().filter_map(|event| event.start.as_ref()).find(|line| is_floating(line));
        let Some(line) = floats else { return };
        let is_same = TimeZone::get(&name).is_ok_and(|zone| match date_time(&line.value) {
            Some(Stamp::Local(local)) => {
                local.to_zoned(zone).ok().map(|z| z.timestamp())
                    == local.to_zoned(venue.clone()).ok().map(|z| z.timestamp())
            }
            _ => true,
        });
        if !is_same {
            let (name, at) = (super::collect::plain(&name, SHOWN_CHARS_MAX), line.number);
            self.collect.remark(format!("line {at}: times without a zone are taken as the venue's, although the calendar names {name:?}; see timezone in event.toml"));
        }
    }
}

/// Whether organizers are the speakers: some exporters put them there. One who organizes more than half speaks in none.
fn organizers_speak(events: &[Event]) -> bool {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let all: Vec<&str> = events.iter().filter_map(|event| event.organizer.as_deref()).collect();
    all.iter().for_each(|name| *counts.entry(name).or_default() += 1);
    counts.len() > 2 && counts.values().all(|count| count * 2 <= all.len())
}

/// Events becoming talks.
struct Drawing<'a> {
    collect: Collect,
    times: Times,
    speaks: bool,
    /// Events that change one repetition, by the `UID` of the whole.
    changed: BTreeMap<&'a str, Vec<(&'a Event, Stamp, Micros)>>,
    /// Lines of those that were drawn in their place.
    drawn: BTreeSet<usize>,
}

impl<'a> Drawing<'a> {
    fn draw(&mut self, events: &'a [Event]) -> Result<(), BadSchedule> {
        let wholes: BTreeSet<&str> = events
            .iter()
            .filter(|e| e.recurrence.is_none() && Times::repeats(e))
            .map(|e| e.uid.as_str())
            .collect();
        for event in
            events.iter().filter(|event| wholes.contains(event.uid.as_str()) && !event.uid.is_empty())
        {
            if let Some(Ok((stamp, at))) = event.recurrence.as_ref().map(|line| self.times.moment(line)) {
                self.changed.entry(&event.uid).or_default().push((event, stamp, at.at));
            }
        }
        let ends = events.iter().filter(|event| !Times::is_endless(event));
        let starts: Vec<&Line> = ends.filter_map(|event| event.start.as_ref()).collect();
        let starts = starts.into_iter().filter_map(|line| self.times.moment(line).ok()).map(|(_, at)| at.at);
        let latest = starts.max();
        for event in events {
            let first =
                event.start.as_ref().and_then(|line| self.times.moment(line).ok()).map(|(_, at)| at.at);
            let reach = first.unwrap_or_default().plus(ENDLESS_REACH);
            self.times.horizon = latest.map_or(reach, |latest| latest.max(reach));
            if event.recurrence.is_none() {
                self.event(event)?;
            }
        }
        for event in events.iter().filter(|event| event.recurrence.is_some()) {
            if !self.drawn.contains(&event.line) {
                self.event(event)?;
            }
        }
        Ok(())
    }

    fn event(&mut self, event: &'a Event) -> Result<(), BadSchedule> {
        let place = format!("line {}", event.line);
        if event.is_cancelled {
            self.collect.pass_over(format!("{}: it is cancelled", named(&place, event.title())));
            return Ok(());
        }
        let series = match self.times.series(event) {
            Ok(series) => series,
            Err(why) => {
                let draft = self.unplaced(event, place, why);
                return self.collect.add(draft);
            }
        };
        for remark in series.remarks {
            self.collect.remark(format!("{}: {remark}", named(&place, event.title())));
        }
        let is_series = Times::repeats(event) || event.recurrence.is_some();
        for occurrence in series.occurrences {
            let id = is_series.then(|| self.repetition(event, &occurrence));
            let changed = self.changed.get(event.uid.as_str()).filter(|_| event.recurrence.is_none());
            let other = changed.and_then(|all| all.iter().find(|(_, stamp, at)| occurrence.is(*stamp, *at)));
            match other.map(|(event, ..)| *event) {
                Some(other) => self.change(other, id.as_deref())?,
                None => self.take(event, occurrence, id.as_deref())?,
            }
        }
        Ok(())
    }

    /// What names a repetition: the moment that the whole has for it.
    fn repetition(&mut self, event: &Event, occurrence: &Occurrence) -> String {
        let named = event.recurrence.as_ref().and_then(|line| self.times.moment(line).ok());
        match named {
            Some((Stamp::Date(date), _)) => date.strftime("%Y%m%d").to_string(),
            Some((_, At { at, .. })) => at.timestamp().strftime("%Y%m%dT%H%M%SZ").to_string(),
            None => occurrence.id(),
        }
    }

    /// A repetition that the file changes takes the place of the one that the rule has.
    fn change(&mut self, event: &'a Event, id: Option<&str>) -> Result<(), BadSchedule> {
        self.drawn.insert(event.line);
        let place = format!("line {}", event.line);
        if event.is_cancelled {
            self.collect.pass_over(format!("{}: it is cancelled", named(&place, event.title())));
            return Ok(());
        }
        match self.times.series(event) {
            Ok(series) => series.occurrences.into_iter().try_for_each(|own| self.take(event, own, id)),
            Err(why) => {
                let draft = self.unplaced(event, place, why);
                self.collect.add(draft)
            }
        }
    }

    /// A talk whose start cannot be read.
    fn unplaced(&self, event: &Event, place: String, why: String) -> Draft {
        let guid = Some(event.uid.clone()).filter(|uid| !uid.is_empty());
        let talk = FoundTalk { guid, ..event.talk(self.speaks) };
        Draft { place, talk, start: Some(Err(why)), end: None }
    }

    fn take(&mut self, event: &Event, occurrence: Occurrence, id: Option<&str>) -> Result<(), BadSchedule> {
        let mut talk: FoundTalk = event.talk(self.speaks);
        let place = format!("line {}", event.line);
        talk.guid = Some(match id {
            Some(id) => format!("{}/{id}", event.uid),
            None => event.uid.clone(),
        })
        .filter(|_| !event.uid.is_empty());
        if occurrence.is_whole_day() {
            self.collect.remark(format!(
                "{}: it has a day and no clock time; it is taken for the whole day",
                named(&place, &talk.title)
            ));
        }
        self.collect.add(Draft {
            place,
            talk,
            start: Some(Ok(occurrence.planned)),
            end: Some(occurrence.end),
        })
    }
}

#[cfg(test)]
mod tests;
