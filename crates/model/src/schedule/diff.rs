//! What a version of the schedule changed, as data that the log carries and as sentences for people. Which talk is which was
//! decided before, in `identity`.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::alike::title_key;
use crate::{Micros, Talk, TalkId};

/// Most changes that a version's entry tells one by one.
pub const CHANGES_MAX: usize = 500;
/// Longest title in a sentence, in characters.
const TITLE_CHARS_MAX: usize = 120;
/// Most speakers that a sentence names.
const SPEAKERS_MAX: usize = 6;

/// What became of a talk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum What {
    /// Seen for the first time.
    New,
    /// Another time, room, title, speaker or description.
    Changed,
    /// No longer in the schedule.
    Dropped,
    /// In the schedule again, after it had been dropped; perhaps in another place.
    Back,
}

/// What a version changed about one talk. Rooms are slugs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// The talk.
    pub talk: TalkId,
    /// What became of it.
    pub what: What,
    /// Its title in this version; of a dropped talk, the last one.
    pub title: String,
    /// Its room in this version; of a dropped talk, the last one.
    pub room: String,
    /// Its start and end in this version; of a dropped talk, the last ones.
    pub times: (Micros, Micros),
    /// Its title before, where that was another one (not only in case, blanks or punctuation).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title_from: Option<String>,
    /// Its room before, where that was another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room_from: Option<String>,
    /// Its start and end before, where they were others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times_from: Option<(Micros, Micros)>,
    /// Who was to speak and who speaks now, where these are not the same people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub speakers: Option<Speakers>,
}

/// Speakers before and in this version, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Speakers {
    /// Before.
    pub from: Vec<String>,
    /// In this version.
    pub to: Vec<String>,
}

impl Speakers {
    /// Who came and who went, as the rest of a sentence.
    fn words(&self) -> Option<String> {
        let beside = |some: &[String], others: &[String]| -> Vec<String> {
            let others: BTreeSet<String> = others.iter().map(|name| title_key(name)).collect();
            some.iter().filter(|name| !others.contains(&title_key(name))).cloned().collect()
        };
        let (came, went) = (beside(&self.to, &self.from), beside(&self.from, &self.to));
        match (&came[..], &went[..]) {
            ([], []) => None,
            (came, []) if self.from.is_empty() => Some(format!("is given by {}", names(came))),
            (came, []) => Some(format!("is now also given by {}", names(came))),
            ([], went) => Some(format!("is no longer given by {}", names(went))),
            (came, went) => Some(format!("is now given by {} instead of {}", names(came), names(went))),
        }
    }
}

/// A talk's speakers as a machine compares them.
pub(super) fn speaker_keys(talk: &Talk) -> BTreeSet<String> {
    talk.speakers.iter().map(|speaker| title_key(&speaker.name)).collect()
}

/// A talk's speakers by name.
pub(super) fn speaker_names(talk: &Talk) -> Vec<String> {
    talk.speakers.iter().map(|speaker| speaker.name.clone()).collect()
}

impl Change {
    /// What lies between a talk as it was known and as it is now. `None` is: was not known.
    #[must_use]
    pub fn between(was: Option<&Talk>, is: &Talk) -> Self {
        let what = match was {
            None => What::New,
            Some(_) if is.dropped => What::Dropped,
            Some(was) if was.dropped => What::Back,
            Some(_) => What::Changed,
        };
        Self {
            talk: is.id.clone(),
            what,
            title: is.title.clone(),
            room: is.room.clone(),
            times: (is.start, is.end),
            title_from: was
                .filter(|was| title_key(&was.title) != title_key(&is.title))
                .map(|was| was.title.clone()),
            room_from: was.filter(|was| was.room != is.room).map(|was| was.room.clone()),
            times_from: was.map(|was| (was.start, was.end)).filter(|times| *times != (is.start, is.end)),
            speakers: was
                .filter(|was| speaker_keys(was) != speaker_keys(is))
                .map(|was| Speakers { from: speaker_names(was), to: speaker_names(is) }),
        }
    }

    /// Whether something changed that stands in a printed programme: time, room, title, speakers, or whether it is held at all.
    #[must_use]
    pub fn is_of_programme(&self) -> bool {
        self.what != What::Changed
            || self.title_from.is_some()
            || self.room_from.is_some()
            || self.times_from.is_some()
            || self.speakers.is_some()
    }

    /// Whether it begins at another moment than before.
    fn begins_anew(&self) -> bool {
        self.times_from.is_some_and(|(start, _)| start != self.times.0)
    }

    /// The order in which people want to hear of changes: what is gone, what is elsewhere, what came, and last what hardly
    /// shows. Within it by time.
    fn weight(&self) -> (u8, Micros, &str, &TalkId) {
        let rank = match self.what {
            What::Dropped => 0,
            What::Changed if self.is_of_programme() => 1,
            What::Back => 2,
            What::New => 3,
            What::Changed => 4,
        };
        (rank, self.times.0, &self.room, &self.talk)
    }

    /// The change as a sentence, with times as clocks at the venue show them. `room` gives a room's name by its slug.
    #[must_use]
    pub fn sentence(&self, zone: &TimeZone, room: &dyn Fn(&str) -> String) -> String {
        let title = quoted(self.title_from.as_deref().unwrap_or(&self.title));
        let here = || place(&room(&self.room), self.times.0, zone, true);
        match self.what {
            What::New => format!("{title} is new: {}.", here()),
            What::Dropped => format!("{title} ({}) is no longer in the schedule.", here()),
            What::Back => {
                let parts = self.parts(zone, room);
                let rest = if parts.is_empty() { String::new() } else { format!("; it {}", listed(&parts)) };
                format!("{title} is back in the schedule: {}{rest}.", here())
            }
            What::Changed => match &self.parts(zone, room)[..] {
                [] => format!("{title} has another description, track, language or address."),
                parts => format!("{title} {}.", listed(parts)),
            },
        }
    }

    /// What differs, each a verb with what belongs to it.
    fn parts(&self, zone: &TimeZone, room: &dyn Fn(&str) -> String) -> Vec<String> {
        let mut parts = Vec::new();
        if self.title_from.is_some() {
            parts.push(format!("is now called {}", quoted(&self.title)));
        }
        parts.extend(self.moved(zone, room));
        parts.extend(self.speakers.as_ref().and_then(Speakers::words));
        parts
    }

    fn moved(&self, zone: &TimeZone, room: &dyn Fn(&str) -> String) -> Option<String> {
        let before = self.times_from.map_or(self.times.0, |(start, _)| start);
        let has_days = day(before, zone) != day(self.times.0, zone);
        let at = |at: Micros| if has_days { moment(at, zone) } else { clock(at, zone) };
        match (&self.room_from, self.begins_anew()) {
            (Some(from), true) => {
                let [from, to] = [room(from), room(&self.room)];
                Some(format!("moved from {from}, {} to {to}, {}", at(before), at(self.times.0)))
            }
            (Some(from), false) => {
                let when = moment(self.times.0, zone);
                Some(format!("moved from {} to {} ({when})", room(from), room(&self.room)))
            }
            (None, true) => {
                let [from, to] = [at(before), at(self.times.0)];
                let own = if has_days {
                    room(&self.room)
                } else {
                    place(&room(&self.room), self.times.0, zone, false)
                };
                Some(format!("moved from {from} to {to} ({own})"))
            }
            (None, false) => self.times_from.map(|(_, end)| {
                let [from, to] = [end, self.times.1].map(|end| clock(end, zone));
                format!(
                    "ends at {to} instead of {from} ({})",
                    place(&room(&self.room), self.times.0, zone, true)
                )
            }),
        }
    }
}

/// What lies between two versions, in the order in which people want to hear of it.
#[must_use]
pub fn changes<'t>(known: &BTreeMap<TalkId, Talk>, talks: impl IntoIterator<Item = &'t Talk>) -> Vec<Change> {
    let mut all: Vec<Change> = talks.into_iter().map(|is| Change::between(known.get(&is.id), is)).collect();
    all.sort_by(|a, b| a.weight().cmp(&b.weight()));
    all
}

/// How many talks became what, as a sentence.
#[must_use]
pub fn summary(changes: &[Change]) -> String {
    let count = |is: &dyn Fn(&Change) -> bool| changes.iter().filter(|change| is(change)).count();
    let of = |what: What| count(&move |change| change.what == what && change.is_of_programme());
    let told = |n: usize, one: &str, many: &str| match n {
        0 => None,
        1 => Some(format!("1 talk {one}")),
        n => Some(format!("{n} talks {many}")),
    };
    let parts: Vec<String> = [
        told(of(What::New), "is new", "are new"),
        told(of(What::Changed), "has changed", "have changed"),
        told(of(What::Back), "is back", "are back"),
        told(of(What::Dropped), "is no longer in the schedule", "are no longer in the schedule"),
        told(
            count(&|change| !change.is_of_programme()),
            "has another description",
            "have another description",
        ),
    ]
    .into_iter()
    .flatten()
    .collect();
    if parts.is_empty() { "Nothing has changed.".to_owned() } else { format!("{}.", listed(&parts)) }
}

/// The sentence about a version in which more than half of the talks that were known begin at another time: often a wrong
/// time zone.
pub(super) fn mass_move(changes: &[Change], known: usize) -> Option<String> {
    let mut by: BTreeMap<i64, usize> = BTreeMap::new();
    for change in changes.iter().filter(|change| change.begins_anew()) {
        let from = change.times_from.map_or(change.times.0, |(start, _)| start);
        *by.entry(change.times.0.since(from)).or_default() += 1;
    }
    let moved: usize = by.values().sum();
    if moved * 2 <= known {
        return None;
    }
    let most =
        by.iter().max_by_key(|(shift, n)| (**n, Reverse(shift.abs()))).filter(|(_, n)| **n * 2 > moved);
    let shift = most.map_or_else(String::new, |(shift, n)| {
        let minutes = shift.abs() / Micros::MINUTE;
        let way = if *shift > 0 { "later" } else { "earlier" };
        format!(", {n} of them {}:{:02} h {way} (look at the time zone)", minutes / 60, minutes % 60)
    });
    Some(format!("{moved} of {known} talks begin at another time than before{shift}."))
}

fn quoted(title: &str) -> String {
    let cut: String = title.chars().take(TITLE_CHARS_MAX).collect();
    let more = if cut.len() < title.len() { "…" } else { "" };
    format!("“{}{more}”", cut.trim_end())
}

fn names(names: &[String]) -> String {
    let mut some: Vec<String> = names.iter().take(SPEAKERS_MAX).cloned().collect();
    if names.len() > SPEAKERS_MAX {
        some.push(format!("{} more", names.len() - SPEAKERS_MAX));
    }
    listed(&some)
}

/// `a`, `a and b`, `a, b and c`.
fn listed(parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

fn place(room: &str, at: Micros, zone: &TimeZone, has_clock: bool) -> String {
    let when = if has_clock { moment(at, zone) } else { day(at, zone) };
    format!("{room}, {when}")
}

fn clock(at: Micros, zone: &TimeZone) -> String {
    at.zoned(zone).strftime("%H:%M").to_string()
}

fn day(at: Micros, zone: &TimeZone) -> String {
    at.zoned(zone).strftime("%a %-d %b").to_string()
}

fn moment(at: Micros, zone: &TimeZone) -> String {
    at.zoned(zone).strftime("%a %-d %b %H:%M").to_string()
}

#[cfg(test)]
mod tests;
