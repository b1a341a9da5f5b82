//! A programme written out again, as it stands: frab `schedule.json` and `schedule.xml` (keys and shapes as c3voc's schemas
//! ask for them) and iCalendar (RFC 5545). What [`super::parse`] reads of them is what was written.
//!
//! A talk that really began at another time, or was moved, is written as it really is, with a note of how late it runs.
//! The same programme gives the same bytes, so that an `ETag` over them holds.

mod frab_json;
mod frab_xml;
mod icalendar;
mod names;

pub use frab_json::frab_json;
pub use frab_xml::frab_xml;
pub use icalendar::icalendar;

use crate::{EventEntry, Micros, Talk};
use jiff::tz::TimeZone;
use std::collections::BTreeMap;

/// A start that differs by less than this from the plan, in microseconds, is no lateness.
const LATE_LEAST: i64 = Micros::MINUTE;
/// Before this hour a talk belongs to the night after the day before.
const DAY_TURN_HOUR: i8 = 6;

/// What is written.
pub struct Programme<'a> {
    /// The event: its title, zone and rooms.
    pub event: &'a EventEntry,
    /// The schedule's version.
    pub version: &'a str,
    /// All talks, dropped ones included (the calendar calls them off; the other forms leave them out), in any order.
    pub talks: &'a [&'a Talk],
    /// The event's page, without a slash at its end (`https://live.example/rustfest`): talks that have no page of their own
    /// are linked below it.
    pub home: &'a str,
    /// When the programme last changed (schedule or stage): the calendar's `DTSTAMP`. Not the moment of asking.
    pub changed_at: Micros,
    /// What really is, or will be, of a talk, where it differs from the plan.
    pub real: &'a dyn Fn(&Talk) -> Option<Real>,
}

/// When and where a talk really is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Real {
    /// Its first moment.
    pub from: Micros,
    /// The moment after its last.
    pub to: Micros,
    /// The slug of its room, where it is another one than planned.
    pub room: Option<String>,
}

/// A talk as it is written.
struct Slot<'a> {
    talk: &'a Talk,
    from: Micros,
    to: Micros,
    room: String,
    note: Option<String>,
}

impl<'a> Programme<'a> {
    fn zone(&self) -> TimeZone {
        TimeZone::get(&self.event.timezone).unwrap_or(TimeZone::UTC)
    }

    /// The name of a room; its slug where the event does not name it.
    fn room(&self, slug: &str) -> String {
        let known = self.event.rooms.iter().find(|room| room.slug == slug);
        known.map_or_else(|| slug.to_owned(), |room| room.name.clone())
    }

    /// A talk's page: its own, or ours.
    fn page(&self, talk: &Talk) -> String {
        let own = talk.url.as_ref().filter(|url| url.starts_with("https://") || url.starts_with("http://"));
        own.cloned().unwrap_or_else(|| format!("{}/talks/{}", self.home, talk.id))
    }

    /// The talks by their real start.
    fn slots(&self) -> Vec<Slot<'a>> {
        let mut slots: Vec<Slot<'a>> = self.talks.iter().map(|talk| self.slot(talk)).collect();
        slots.sort_by(|a, b| (a.from, &a.room, &a.talk.id).cmp(&(b.from, &b.room, &b.talk.id)));
        slots
    }

    fn slot(&self, talk: &'a Talk) -> Slot<'a> {
        let real = (self.real)(talk).unwrap_or(Real { from: talk.start, to: talk.end, room: None });
        let moved = real.room.filter(|room| *room != talk.room);
        let room = self.room(moved.as_deref().unwrap_or(&talk.room));
        let note = self.note(talk, real.from, moved.is_some().then_some(&room));
        Slot { talk, from: real.from, to: real.to.max(real.from), room, note }
    }

    fn note(&self, talk: &Talk, from: Micros, moved_to: Option<&String>) -> Option<String> {
        let late = from.since(talk.start);
        let planned = talk.start.zoned(&self.zone()).strftime("%H:%M").to_string();
        let minutes = late.abs() / Micros::MINUTE;
        let time = (late.abs() >= LATE_LEAST).then(|| {
            let side = if late > 0 { "late" } else { "early" };
            format!("Running {minutes} min {side} (planned for {planned}).")
        });
        let place = moved_to.map(|room| format!("Moved to {room}."));
        let parts: Vec<String> = time.into_iter().chain(place).collect();
        (!parts.is_empty()).then(|| parts.join(" "))
    }

    /// The slots of talks that take place, by the day they belong to and their room.
    fn days(&self) -> BTreeMap<String, BTreeMap<String, Vec<Slot<'a>>>> {
        let mut days: BTreeMap<String, BTreeMap<String, Vec<Slot<'a>>>> = BTreeMap::new();
        for slot in self.slots().into_iter().filter(|slot| !slot.talk.dropped) {
            let rooms = days.entry(slot.talk.day.clone()).or_default();
            rooms.entry(slot.room.clone()).or_default().push(slot);
        }
        days
    }
}

/// First and last moment of a day: from six in the morning to six the next, wider where its talks ask for it.
fn day_span(date: &str, rooms: &BTreeMap<String, Vec<Slot<'_>>>, zone: &TimeZone) -> (Micros, Micros) {
    let slots = || rooms.values().flatten();
    let from = slots().map(|slot| slot.from).min().unwrap_or_default();
    let to = slots().map(|slot| slot.to).max().unwrap_or_default();
    let turn = |date: jiff::civil::Date| {
        let zoned = date.at(DAY_TURN_HOUR, 0, 0, 0).to_zoned(zone.clone()).ok()?;
        Some(Micros::from(zoned.timestamp()))
    };
    let usual = date.parse::<jiff::civil::Date>().ok().and_then(|date| {
        let next = turn(date.tomorrow().ok()?)?;
        Some((turn(date)?, next.plus(-Micros::MINUTE)))
    });
    usual.map_or((from, to), |(first, last)| (from.min(first), to.max(last)))
}

/// A moment in the venue's zone with its offset, as both frab forms write it.
fn with_offset(at: Micros, zone: &TimeZone) -> String {
    at.zoned(zone).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

fn clock(at: Micros, zone: &TimeZone) -> String {
    at.zoned(zone).strftime("%H:%M").to_string()
}

/// `HH:MM`, a minute that was begun counted as whole.
fn length(slot: &Slot<'_>) -> String {
    let minutes = (slot.to.since(slot.from) + Micros::MINUTE - 1) / Micros::MINUTE;
    format!("{:02}:{:02}", minutes / 60, minutes % 60)
}

#[cfg(test)]
mod tests;
