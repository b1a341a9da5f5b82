//! A new schedule version meets the talks we know: who is who, what moved, what is gone.

use super::{FoundTalk, ScheduleFile};
use crate::event::room_slug;
use crate::{ScheduleEntry, Talk, TalkId};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// What a version changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Seen for the first time.
    New(TalkId),
    /// Another time, room, title or speaker.
    Changed(TalkId),
    /// No longer in the schedule.
    Dropped(TalkId),
}

/// The outcome of a merge: the entries to write, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merged {
    /// Full records of the talks that are new, changed or dropped.
    pub talks: Vec<Talk>,
    /// The version, to be written after them; none when nothing changed.
    pub schedule: Option<ScheduleEntry>,
    /// What changed, for people.
    pub changes: Vec<Change>,
    /// True when the version has fewer than half of the talks we know: believe it only when it is seen twice.
    pub shrunk: bool,
}

/// Merges a file into the known talks. A talk is recognised by guid, then code, then id, then title and first speaker; a
/// talk that moved keeps its id and so its conversation.
#[must_use]
pub fn merge(known: &BTreeMap<TalkId, Talk>, file: &ScheduleFile) -> Merged {
    let index = Index::new(known);
    let mut next = known.keys().filter_map(TalkId::number).max().unwrap_or(0) + 1;
    let (ids, seen) = index.recognised(&file.talks);
    let (mut talks, mut changes) = (Vec::new(), Vec::new());
    for (found, id) in file.talks.iter().zip(ids) {
        let is_new = id.is_none();
        let id = id.unwrap_or_else(|| {
            next += 1;
            TalkId::numbered(next - 1)
        });
        let talk = record(id.clone(), found, known.get(&id));
        if known.get(&id) != Some(&talk) {
            changes.push(if is_new { Change::New(id) } else { Change::Changed(id) });
            talks.push(talk);
        }
    }
    let alive = known.values().filter(|t| !t.dropped).count();
    let dropped: Vec<TalkId> =
        known.values().filter(|t| !t.dropped && !seen.contains(&t.id)).map(|t| t.id.clone()).collect();
    let changed = talks.iter().map(|t| t.id.clone()).collect();
    talks.extend(dropped.iter().map(|id| Talk { dropped: true, ..known[id].clone() }));
    changes.extend(dropped.iter().cloned().map(Change::Dropped));
    let schedule =
        (!talks.is_empty()).then(|| ScheduleEntry { version: file.version.clone(), changed, dropped });
    Merged { talks, schedule, changes, shrunk: file.talks.len() * 2 < alive }
}

fn record(id: TalkId, found: &FoundTalk, known: Option<&Talk>) -> Talk {
    let mut speakers = found.speakers.clone();
    for speaker in &mut speakers {
        let before = known.and_then(|k| k.speakers.iter().find(|s| s.name == speaker.name));
        if speaker.handles.is_empty()
            && let Some(before) = before
        {
            speaker.handles.clone_from(&before.handles);
        }
    }
    Talk {
        id,
        guid: found.guid.clone(),
        code: found.code.clone(),
        native: found.native.clone(),
        title: found.title.clone(),
        subtitle: found.subtitle.clone(),
        summary: found.summary.clone(),
        speakers,
        room: room_slug(&found.room),
        track: found.track.clone(),
        lang: found.lang.clone(),
        url: found.url.clone(),
        start: found.start,
        end: found.end,
        day: found.day.clone(),
        dropped: false,
        was: Vec::new(),
    }
}

/// A talk's guid, code, id, and title with first speaker.
type Signs = [Option<String>; 4];

/// The known talks by each sign. A sign that two talks share recognises neither.
struct Index {
    by: [HashMap<String, Option<TalkId>>; 4],
    /// By all signs together: talks that share every one of them are told apart by their order.
    alike: HashMap<Signs, Vec<TalkId>>,
}

fn signs(
    guid: Option<&str>,
    code: Option<&str>,
    native: Option<&str>,
    title: &str,
    speaker: Option<&str>,
) -> Signs {
    let own = |s: Option<&str>| s.filter(|s| !s.is_empty()).map(str::to_owned);
    let said = format!("{}\u{0}{}", title.trim().to_lowercase(), speaker.unwrap_or("").trim().to_lowercase());
    [own(guid), own(code), own(native), Some(said)]
}

fn signs_of(found: &FoundTalk) -> Signs {
    let speaker = found.speakers.first().map(|s| s.name.as_str());
    signs(found.guid.as_deref(), found.code.as_deref(), found.native.as_deref(), &found.title, speaker)
}

impl Index {
    fn new(known: &BTreeMap<TalkId, Talk>) -> Self {
        let mut by: [HashMap<String, Option<TalkId>>; 4] = Default::default();
        let mut alike: HashMap<Signs, Vec<TalkId>> = HashMap::new();
        for talk in known.values() {
            let speaker = talk.speakers.first().map(|s| s.name.as_str());
            let signs = signs(
                talk.guid.as_deref(),
                talk.code.as_deref(),
                talk.native.as_deref(),
                &talk.title,
                speaker,
            );
            alike.entry(signs.clone()).or_default().push(talk.id.clone());
            for (map, sign) in by.iter_mut().zip(signs) {
                if let Some(sign) = sign {
                    map.entry(sign).and_modify(|id| *id = None).or_insert_with(|| Some(talk.id.clone()));
                }
            }
        }
        Self { by, alike }
    }

    /// The known talk that each found one is, and all that were recognised: first by a sign of its own, then, among
    /// talks that are alike in every sign (a file that lists one twice), by their order.
    fn recognised(&self, talks: &[FoundTalk]) -> (Vec<Option<TalkId>>, BTreeSet<TalkId>) {
        let mut seen = BTreeSet::new();
        let mut ids: Vec<Option<TalkId>> = Vec::new();
        for found in talks {
            let id = self.find(found).filter(|id| !seen.contains(id));
            seen.extend(id.clone());
            ids.push(id);
        }
        let mut alike: HashMap<&Signs, std::slice::Iter<'_, TalkId>> =
            self.alike.iter().map(|(signs, ids)| (signs, ids.iter())).collect();
        for (id, found) in ids.iter_mut().zip(talks).filter(|(id, _)| id.is_none()) {
            let left = alike.get_mut(&signs_of(found));
            *id = left.and_then(|ids| ids.find(|id| !seen.contains(*id))).cloned();
            seen.extend(id.clone());
        }
        (ids, seen)
    }

    fn find(&self, found: &FoundTalk) -> Option<TalkId> {
        self.by.iter().zip(signs_of(found)).find_map(|(map, sign)| map.get(&sign?).cloned().flatten())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Micros;

    fn found(guid: &str, title: &str, start: i64) -> FoundTalk {
        let guid = Some(guid.to_owned()).filter(|g| !g.is_empty());
        FoundTalk {
            guid,
            title: title.into(),
            room: "Hall".into(),
            start: Micros(start),
            end: Micros(start + 60),
            ..FoundTalk::default()
        }
    }

    fn file(talks: Vec<FoundTalk>) -> ScheduleFile {
        ScheduleFile { version: "1".into(), talks, ..ScheduleFile::default() }
    }

    fn applied(known: &BTreeMap<TalkId, Talk>, merged: &Merged) -> BTreeMap<TalkId, Talk> {
        let mut out = known.clone();
        out.extend(merged.talks.iter().map(|t| (t.id.clone(), t.clone())));
        out
    }

    #[test]
    fn a_moved_and_renamed_talk_keeps_its_id() {
        let one = merge(&BTreeMap::new(), &file(vec![found("g", "Old", 0), found("", "Other", 9)]));
        let known = applied(&BTreeMap::new(), &one);
        let two = merge(&known, &file(vec![found("g", "New", 500), found("", "Other", 9)]));
        assert_eq!(two.changes, vec![Change::Changed(TalkId::numbered(1))]);
        assert_eq!(two.talks[0].title, "New");
    }

    #[test]
    fn the_same_file_twice_changes_nothing() {
        let f = file(vec![found("g", "A", 0), found("h", "A", 0)]);
        let known = applied(&BTreeMap::new(), &merge(&BTreeMap::new(), &f));
        assert_eq!(merge(&known, &f).schedule, None);
    }

    #[test]
    fn a_talk_that_a_file_lists_twice_does_not_multiply() {
        let f = file(vec![found("g", "A", 0), found("g", "A", 90), found("", "", 5), found("", "", 5)]);
        let known = applied(&BTreeMap::new(), &merge(&BTreeMap::new(), &f));
        assert_eq!(merge(&known, &f).changes, []);
        let moved = file(vec![found("g", "A", 0), found("g", "A", 120), found("", "", 5), found("", "", 5)]);
        assert_eq!(merge(&known, &moved).changes, [Change::Changed(TalkId::numbered(2))]);
    }

    #[test]
    fn a_talk_that_vanished_is_dropped_and_comes_back_as_itself() {
        let f = file(vec![found("g", "A", 0), found("h", "B", 5)]);
        let known = applied(&BTreeMap::new(), &merge(&BTreeMap::new(), &f));
        let gone = merge(&known, &file(vec![found("g", "A", 0)]));
        assert_eq!(gone.changes, vec![Change::Dropped(TalkId::numbered(2))]);
        let back = merge(&applied(&known, &gone), &f);
        assert_eq!(back.changes, vec![Change::Changed(TalkId::numbered(2))]);
    }

    #[test]
    fn fewer_than_half_the_talks_is_not_believed_at_once() {
        let all: Vec<_> = (0..5).map(|i| found(&format!("g{i}"), "T", i)).collect();
        let known = applied(&BTreeMap::new(), &merge(&BTreeMap::new(), &file(all.clone())));
        assert!(merge(&known, &file(all[..2].to_vec())).shrunk);
        assert!(!merge(&known, &file(all[..3].to_vec())).shrunk);
    }
}
