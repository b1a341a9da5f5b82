//! The programme as an earlier version had it: what later versions changed is taken back, change by change. Only what a change tells can be
//! taken back; descriptions, tracks and handles stay those of now.

use std::collections::{BTreeMap, BTreeSet};

use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::{Change, What};
use crate::{Micros, ScheduleEntry, Speaker, Talk, TalkId};

/// The talks as the version `of` had them, out of those of now: titles, rooms, times, speakers, and whether they were in the programme at all.
/// `later` are the versions behind it, newest first. `None` where one of them does not tell all that it changed.
#[must_use]
pub fn earlier(
    talks: &BTreeMap<TalkId, Talk>,
    of: &ScheduleEntry,
    later: &[&ScheduleEntry],
    zone: &TimeZone,
) -> Option<BTreeMap<TalkId, Talk>> {
    if !later.iter().all(|version| tells_all(version)) {
        return None;
    }
    let rooms: BTreeMap<String, String> =
        talks.values().filter_map(|talk| Some((talk.room.clone(), talk.room_name.clone()?))).collect();
    let mut then = talks.clone();
    for change in later.iter().flat_map(|version| &version.changes) {
        if change.what == What::New {
            then.remove(&change.talk);
        } else if let Some(talk) = then.get_mut(&change.talk) {
            take_back(change, talk, zone);
            talk.room_name = rooms.get(&talk.room).cloned();
        }
    }
    // What was said of a talk by this version, or by one behind it, was no earlier saying then.
    let behind: BTreeSet<&str> =
        later.iter().copied().chain([of]).map(|version| version.version.as_str()).collect();
    for talk in then.values_mut() {
        talk.was.retain(|was| !behind.contains(was.version.as_str()));
    }
    Some(then)
}

/// Whether a version that is not the first one names every talk that it changed: older programs noted only which these were.
fn tells_all(version: &ScheduleEntry) -> bool {
    version.more == 0 && version.changes.len() >= version.changed.len() + version.dropped.len()
}

fn take_back(change: &Change, talk: &mut Talk, zone: &TimeZone) {
    match change.what {
        What::Dropped => talk.dropped = false,
        What::Back => talk.dropped = true,
        What::New | What::Changed => {}
    }
    if let Some(title) = &change.title_from {
        talk.title.clone_from(title);
    }
    if let Some(room) = &change.room_from {
        talk.room.clone_from(room);
    }
    if let Some((start, end)) = change.times_from {
        talk.day = moved_day(&talk.day, talk.start, start, zone);
        (talk.start, talk.end) = (start, end);
    }
    if let Some(speakers) = &change.speakers {
        let known = std::mem::take(&mut talk.speakers);
        let named = |name: &String| {
            let same = known.iter().find(|speaker| speaker.name == *name).cloned();
            same.unwrap_or_else(|| Speaker { name: name.clone(), ..Speaker::default() })
        };
        talk.speakers = speakers.from.iter().map(named).collect();
    }
}

/// The programme's day of a talk that began at another moment: as many days away as its start. A night may belong to the day before.
fn moved_day(day: &str, now: Micros, then: Micros, zone: &TimeZone) -> String {
    let date = |at: Micros| at.zoned(zone).date();
    let Ok(known) = day.parse::<Date>() else { return day.to_owned() };
    let moved = (date(then) - date(now)).get_days();
    known.checked_add(moved.days()).map_or_else(|_| day.to_owned(), |day| day.to_string())
}

#[cfg(test)]
mod tests {
    use super::super::{FoundTalk, ScheduleFile, merge_version};
    use super::*;

    /// Titles, rooms, hours from the first of June on, and speakers.
    type Said<'a> = (&'a str, &'a str, i64, &'a str);

    fn file(version: &str, talks: &[(&str, Said<'_>)]) -> ScheduleFile {
        let talk = |(guid, (title, room, hour, who)): &(&str, Said<'_>)| FoundTalk {
            guid: Some((*guid).to_owned()),
            title: (*title).to_owned(),
            room: (*room).to_owned(),
            speakers: vec![Speaker { name: (*who).to_owned(), ..Speaker::default() }],
            start: Micros(1_780_272_000_000_000).plus(hour * Micros::HOUR),
            end: Micros(1_780_272_000_000_000).plus((hour + 1) * Micros::HOUR),
            day: format!("2026-06-{:02}", 1 + hour / 24),
            ..FoundTalk::default()
        };
        ScheduleFile {
            version: version.to_owned(),
            talks: talks.iter().map(talk).collect(),
            ..ScheduleFile::default()
        }
    }

    /// What a printed programme says.
    fn printed(talks: &BTreeMap<TalkId, Talk>) -> Vec<String> {
        let held = talks.values().filter(|talk| !talk.dropped);
        let line = |talk: &Talk| {
            let who: Vec<&str> = talk.speakers.iter().map(|speaker| speaker.name.as_str()).collect();
            let room = &talk.room;
            format!("{} {} {room} {} {}-{} {who:?}", talk.id, talk.title, talk.day, talk.start.0, talk.end.0)
        };
        held.map(line).collect()
    }

    #[test]
    fn every_version_comes_out_again_as_it_was_and_says_nothing_of_what_came_later() {
        let files = [
            file("1", &[("a", ("Forms", "Hall", 9, "Ada")), ("b", ("Caches", "Side", 10, "Ben"))]),
            file("2", &[("a", ("Forms", "Side room", 34, "Ada")), ("b", ("Caches", "Side", 10, "Cy"))]),
            file("3", &[("a", ("Better forms", "Hall", 34, "Ada")), ("c", ("Tides", "Hall", 12, "Dee"))]),
            file(
                "4",
                &[
                    ("a", ("Better forms", "Hall", 33, "Ada")),
                    ("b", ("Caches", "Hall", 15, "Cy")),
                    ("c", ("Tides", "Hall", 12, "Dee")),
                ],
            ),
        ];
        let mut talks = BTreeMap::new();
        let mut versions: Vec<(ScheduleEntry, BTreeMap<TalkId, Talk>)> = Vec::new();
        for file in &files {
            let before = versions.last().map_or("", |(version, _)| version.version.as_str()).to_owned();
            let merged = merge_version(&talks, &before, file);
            talks.extend(merged.talks.into_iter().map(|talk| (talk.id.clone(), talk)));
            versions.push((merged.schedule.expect("something changed"), talks.clone()));
        }
        for (n, (of, stood)) in versions.iter().enumerate() {
            let later: Vec<&ScheduleEntry> =
                versions[n + 1..].iter().rev().map(|(version, _)| version).collect();
            let then = earlier(&talks, of, &later, &TimeZone::UTC).expect("all of it is told");
            assert_eq!(printed(&then), printed(stood), "version {}", of.version);
            let told = then.values().flat_map(|talk| &talk.was);
            assert!(told.into_iter().all(|was| was.version < of.version), "version {}", of.version);
        }
    }

    #[test]
    fn a_version_that_does_not_tell_all_is_not_taken_back() {
        let talks = BTreeMap::new();
        let (first, zone) = (ScheduleEntry::default(), TimeZone::UTC);
        let older = ScheduleEntry { changed: vec![TalkId("t1".into())], ..ScheduleEntry::default() };
        let large = ScheduleEntry { more: 1, ..ScheduleEntry::default() };
        for untold in [older, large] {
            assert!(earlier(&talks, &first, &[&untold], &zone).is_none());
        }
    }
}
