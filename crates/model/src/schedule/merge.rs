//! A new schedule version meets the talks we know: their records anew, what changed, and whether it is to be believed. Who is
//! who is decided in `identity`; what is said of it to people in `diff`.

use std::collections::{BTreeMap, BTreeSet};

use jiff::tz::TimeZone;

use super::alike::title_key;
use super::diff::{self, CHANGES_MAX, Change, What, speaker_keys, speaker_names};
use super::given::HANDLES_MAX;
use super::unread::Unread;
use super::{FoundTalk, ScheduleFile, identity};
use crate::event::room_slug;
use crate::talk::Speaker;
use crate::{Micros, ScheduleEntry, Talk, TalkId, WAS_MAX, Was};

/// The outcome of a merge: the entries to write, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merged {
    /// Full records of the talks that are new, changed or dropped.
    pub talks: Vec<Talk>,
    /// The version, to be written after them; none when nothing changed.
    pub schedule: Option<ScheduleEntry>,
    /// What changed, for people, in the order in which they want to hear of it.
    pub changes: Vec<Change>,
    /// True when fewer than half of the talks of the last version are in this one (it was cut, or is another conference's):
    /// believe it only when it is seen twice.
    pub shrunk: bool,
    /// How many talks the last version had.
    pub alive: usize,
    /// How many of them are in this one.
    pub kept: usize,
    /// Those of them that this version has and that cannot be read in it: they stay as they were.
    pub held: Vec<TalkId>,
}

impl Merged {
    /// The talks as they are after this merge.
    #[must_use]
    pub fn applied(&self, known: &BTreeMap<TalkId, Talk>) -> BTreeMap<TalkId, Talk> {
        let mut all = known.clone();
        all.extend(self.talks.iter().map(|talk| (talk.id.clone(), talk.clone())));
        all
    }

    /// What to tell a person: how many talks became what, what looks wrong, then each change, a sentence each. `room` gives a
    /// room's name by its slug.
    #[must_use]
    pub fn told(&self, zone: &TimeZone, room: &dyn Fn(&str) -> String) -> Vec<String> {
        if self.talks.is_empty() {
            return Vec::new();
        }
        let mut out = vec![diff::summary(&self.changes)];
        // In the first version everything is new: nobody has to be told so talk by talk.
        if self.changes.iter().all(|change| change.what == What::New) && self.alive == 0 {
            return out;
        }
        out.extend(diff::mass_move(&self.changes, self.alive));
        out.extend(self.changes.iter().map(|change| change.sentence(zone, room)));
        out
    }
}

/// Merges a file into the known talks. A talk that moved keeps its id and so its conversation; one that vanished is dropped,
/// and comes back as itself. Merging the same file again changes nothing, and the order of the file's talks decides nothing
/// but the numbers of the new ones.
///
/// `before` names the version that the known talks are of; talks that differ from it remember it ([`Talk::was`]).
#[must_use]
pub fn merge_version(known: &BTreeMap<TalkId, Talk>, before: &str, file: &ScheduleFile) -> Merged {
    let ids = identity::recognise(known, file);
    let seen: BTreeSet<&TalkId> = ids.iter().flatten().collect();
    let mut next = known.keys().filter_map(TalkId::number).max().unwrap_or(0);
    let mut talks = Vec::new();
    for (found, id) in file.talks.iter().zip(&ids) {
        let id = id.clone().unwrap_or_else(|| {
            next += 1;
            TalkId::numbered(next)
        });
        let talk = record(id, found, known, before);
        if known.get(&talk.id) != Some(&talk) {
            talks.push(talk);
        }
    }
    let changed = talks.iter().map(|t| t.id.clone()).collect();
    let alive: Vec<&Talk> = known.values().filter(|talk| !talk.dropped).collect();
    let unread = Unread::of(&file.unread);
    let (held, gone): (Vec<&Talk>, Vec<&Talk>) =
        alive.iter().filter(|talk| !seen.contains(&talk.id)).partition(|talk| unread.may_be(talk));
    let dropped: Vec<Talk> = gone.into_iter().map(|talk| Talk { dropped: true, ..talk.clone() }).collect();
    let dropped_ids: Vec<TalkId> = dropped.iter().map(|talk| talk.id.clone()).collect();
    let kept = alive.len() - dropped.len();
    talks.extend(dropped);
    let changes = diff::changes(known, &talks);
    let told = if known.is_empty() { 0 } else { changes.len() };
    let schedule = (!talks.is_empty()).then(|| ScheduleEntry {
        version: file.version.clone(),
        changed,
        dropped: dropped_ids,
        changes: changes[..told.min(CHANGES_MAX)].to_vec(),
        more: told.saturating_sub(CHANGES_MAX),
    });
    let held = held.into_iter().map(|talk| talk.id.clone()).collect();
    Merged { talks, schedule, changes, shrunk: kept * 2 < alive.len(), alive: alive.len(), kept, held }
}

/// As [`merge_version`], of talks whose version has no name.
#[must_use]
pub fn merge(known: &BTreeMap<TalkId, Talk>, file: &ScheduleFile) -> Merged {
    merge_version(known, "", file)
}

fn record(id: TalkId, found: &FoundTalk, known: &BTreeMap<TalkId, Talk>, before: &str) -> Talk {
    let known = known.get(&id);
    // A file of another kind knows other signs; what was known of the talk may be wanted by the next one.
    let sign = |found: &Option<String>, of: fn(&Talk) -> &Option<String>| {
        let found = found.clone().filter(|sign| !sign.trim().is_empty());
        found.or_else(|| known.and_then(|known| of(known).clone()))
    };
    let mut talk = Talk {
        id,
        guid: sign(&found.guid, |talk| &talk.guid),
        code: sign(&found.code, |talk| &talk.code),
        native: sign(&found.native, |talk| &talk.native),
        title: found.title.clone(),
        subtitle: found.subtitle.clone(),
        summary: found.summary.clone(),
        speakers: speakers(&found.speakers, known.map_or(&[], |known| &known.speakers)),
        room_name: Some(found.room.trim().to_owned()).filter(|name| *name != room_slug(name)),
        room: room_slug(&found.room),
        track: found.track.clone(),
        lang: found.lang.clone(),
        url: found.url.clone(),
        start: found.start,
        end: found.end,
        day: found.day.clone(),
        dropped: false,
        was: Vec::new(),
    };
    if let Some(known) = known {
        talk.was = history(known, &talk, before);
    }
    talk
}

/// The speakers of a file with the handles that were known of them.
fn speakers(found: &[Speaker], known: &[Speaker]) -> Vec<Speaker> {
    let mut out = found.to_vec();
    for speaker in &mut out {
        let key = title_key(&speaker.name);
        let before = known.iter().filter(|known| title_key(&known.name) == key);
        for handle in before.flat_map(|known| &known.handles) {
            let is_there = speaker.handles.iter().any(|own| own.eq_ignore_ascii_case(handle));
            if !is_there && speaker.handles.len() < HANDLES_MAX {
                speaker.handles.push(handle.clone());
            }
        }
    }
    out
}

/// What earlier versions said of a talk that it is no longer, each value once, with the newest version that had it.
fn history(known: &Talk, now: &Talk, before: &str) -> Vec<Was> {
    let mut last = Was {
        version: before.to_owned(),
        title: Some(known.title.clone()),
        room: Some(known.room.clone()),
        times: Some((known.start, known.end)),
        speakers: Vec::new(),
    };
    if !speaker_keys(known).is_subset(&speaker_keys(now)) {
        last.speakers = speaker_names(known);
    }
    let names = |was: &Was| was.speakers.iter().map(|name| title_key(name)).collect::<BTreeSet<_>>();
    let mut titles = BTreeSet::from([title_key(&now.title)]);
    let mut rooms = BTreeSet::from([now.room.clone()]);
    let mut times: BTreeSet<(Micros, Micros)> = BTreeSet::from([(now.start, now.end)]);
    let mut speakers = BTreeSet::from([speaker_keys(now), BTreeSet::new()]);
    let mut out = Vec::new();
    for mut was in std::iter::once(last).chain(known.was.iter().cloned()) {
        was.title = was.title.filter(|title| titles.insert(title_key(title)));
        was.room = was.room.filter(|room| rooms.insert(room.clone()));
        was.times = was.times.filter(|at| times.insert(*at));
        if !speakers.insert(names(&was)) {
            was.speakers.clear();
        }
        if was.title.is_some() || was.room.is_some() || was.times.is_some() || !was.speakers.is_empty() {
            out.push(was);
        }
    }
    out.truncate(WAS_MAX);
    out
}

#[cfg(test)]
mod tests;
