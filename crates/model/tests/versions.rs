//! Random versions of a schedule, one after the other: ids are never given twice, the same file again changes nothing, the order
//! of a file decides nothing, what was dropped comes back as itself, and what is remembered has a bound.

use std::collections::{BTreeMap, BTreeSet};

use model::schedule::{Change, FoundTalk, ScheduleFile, What, merge, merge_version};

use model::{Micros, Speaker, Talk, TalkId, WAS_MAX};
use proptest::prelude::*;

type Talks = BTreeMap<TalkId, Talk>;

const TITLES: [&str; 9] = [
    "Zero copy",
    "Zero copies",
    "zero-copy!",
    "Lightning talks",
    "Keynote",
    "Borrowing for beginners and others",
    "Borrowing for beginners",
    "Lunch",
    "…",
];
const PEOPLE: [&str; 4] = ["", "Ana", "Bo", "ANA"];

prop_compose! {
    /// A talk out of so few signs that many share them.
    fn any_talk()(
        guid in prop::option::of(0..6_u8),
        code in prop::option::of(0..4_u8),
        native in prop::option::of(0..4_u8),
        title in prop::sample::select(&TITLES[..]),
        speaker in prop::sample::select(&PEOPLE[..]),
        room in 0..3_u8,
        hour in 0..5_i64,
        length in 1..3_i64,
        words in prop::option::of(0..3_u8),
    ) -> FoundTalk {
        let start = Micros(hour * Micros::HOUR);
        FoundTalk {
            guid: guid.map(|n| format!("guid {n}")),
            code: code.map(|n| format!("C{n}")),
            native: native.map(|n| n.to_string()),
            title: title.to_owned(),
            speakers: if speaker.is_empty() { vec![] } else { vec![Speaker { name: speaker.to_owned(), handles: vec![] }] },
            room: format!("Room {room}"),
            start,
            end: start.plus(length * Micros::HOUR),
            day: "2026-06-01".to_owned(),
            summary: words.map(|n| format!("Words {n}.")),
            ..FoundTalk::default()
        }
    }
}

fn file(version: usize, talks: Vec<FoundTalk>) -> ScheduleFile {
    ScheduleFile { version: format!("v{version}"), talks, ..ScheduleFile::default() }
}

fn any_series() -> impl Strategy<Value = Vec<Vec<FoundTalk>>> {
    prop::collection::vec(prop::collection::vec(any_talk(), 0..9), 1..6)
}

/// The talks after each version of a series.
fn told(series: &[Vec<FoundTalk>]) -> Vec<Talks> {
    let mut known = Talks::new();
    let mut all = Vec::new();
    for (n, talks) in series.iter().enumerate() {
        known = merge_version(&known, &format!("v{n}"), &file(n + 1, talks.clone())).applied(&known);
        all.push(known.clone());
    }
    all
}

/// Talks without their ids, for sets in which new ones are numbered otherwise.
fn nameless(talks: impl Iterator<Item = Talk>) -> Vec<String> {
    let mut all: Vec<String> =
        talks.map(|talk| format!("{:?}", Talk { id: TalkId::numbered(0), ..talk })).collect();
    all.sort();
    all
}

/// A series in which talks have guids of their own.
fn any_own() -> impl Strategy<Value = Vec<Vec<FoundTalk>>> {
    any_series().prop_map(|series| {
        let mut series = series;
        for talks in &mut series {
            for (n, talk) in talks.iter_mut().enumerate() {
                let of_guid = TITLES[n % TITLES.len()];
                *talk = FoundTalk {
                    guid: Some(format!("own {n}")),
                    code: None,
                    native: None,
                    title: format!("{of_guid} {n}"),
                    ..talk.clone()
                };
            }
        }
        series
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn the_programme_is_the_last_file_and_no_id_is_given_twice(series in any_series()) {
        let mut seen = BTreeSet::new();
        for (talks, known) in series.iter().zip(told(&series)) {
            let alive: Vec<Talk> = known.values().filter(|talk| !talk.dropped).cloned().collect();
            prop_assert_eq!(alive.len(), talks.len());
            let place = |title: &str, at: Micros| (title.to_owned(), at);
            let mut of_file: Vec<_> = talks.iter().map(|t| place(&t.title, t.start)).collect();
            let mut of_known: Vec<_> = alive.iter().map(|t| place(&t.title, t.start)).collect();
            of_file.sort();
            of_known.sort();
            prop_assert_eq!(of_file, of_known);
            let ids: BTreeSet<TalkId> = known.keys().cloned().collect();
            prop_assert!(ids.is_superset(&seen), "a talk vanished from what is known");
            seen = ids;
        }
    }

    #[test]
    fn the_same_file_again_changes_nothing(series in any_series()) {
        let known = told(&series).pop().unwrap();
        let again = merge(&known, &file(9, series.last().unwrap().clone()));
        prop_assert_eq!(&again.changes, &vec![]);
        prop_assert_eq!(again.schedule, None);
        prop_assert!(!again.shrunk);
    }

    #[test]
    fn the_order_of_a_file_decides_nothing_but_the_numbers_of_new_talks(series in any_series(), turn in 0..9_usize) {
        let known = told(&series[..series.len() - 1]).pop().unwrap_or_default();
        let last = series.last().unwrap();
        let mut turned: Vec<FoundTalk> = last.iter().rev().cloned().collect();
        let by = turn % turned.len().max(1);
        turned.rotate_left(by);
        let one = merge(&known, &file(9, last.clone())).applied(&known);
        let other = merge(&known, &file(9, turned)).applied(&known);
        let old = |all: &Talks| known.keys().map(|id| all[id].clone()).collect::<Vec<_>>();
        prop_assert_eq!(old(&one), old(&other));
        let new = |all: &Talks| nameless(all.values().filter(|t| !known.contains_key(&t.id)).cloned());
        prop_assert_eq!(new(&one), new(&other));
    }

    #[test]
    fn what_is_remembered_differs_from_what_is_so_and_has_a_bound(series in any_series()) {
        for known in told(&series) {
            for talk in known.values() {
                prop_assert!(talk.was.len() <= WAS_MAX);
                for was in &talk.was {
                    prop_assert!(was.room.as_ref() != Some(&talk.room) && was.title.as_ref() != Some(&talk.title));
                    prop_assert!(was.times != Some((talk.start, talk.end)));
                }
                let rooms: Vec<_> = talk.was.iter().filter_map(|was| was.room.clone()).collect();
                prop_assert_eq!(rooms.iter().collect::<BTreeSet<_>>().len(), rooms.len(), "a room twice");
            }
        }
    }

    #[test]
    fn changes_lead_from_one_version_to_the_next(series in any_series()) {
        let mut before = Talks::new();
        for (n, talks) in series.iter().enumerate() {
            let merged = merge_version(&before, "", &file(n, talks.clone()));
            let after = merged.applied(&before);
            let changed: BTreeSet<&TalkId> = merged.changes.iter().map(|change| &change.talk).collect();
            prop_assert_eq!(changed.len(), merged.talks.len());
            for (id, talk) in &after {
                prop_assert_eq!(before.get(id) != Some(talk), changed.contains(id));
            }
            for change in &merged.changes {
                let (was, is) = (before.get(&change.talk), &after[&change.talk]);
                prop_assert_eq!(change, &Change::between(was, is));
                prop_assert_eq!(change.what == What::New, was.is_none());
                prop_assert_eq!(change.what == What::Dropped, is.dropped);
            }
            before = after;
        }
    }

    #[test]
    fn talks_with_guids_of_their_own_keep_their_ids_through_any_versions(series in any_own()) {
        let mut ids: BTreeMap<String, TalkId> = BTreeMap::new();
        for known in told(&series) {
            for talk in known.values() {
                let guid = talk.guid.clone().unwrap();
                let first = ids.entry(guid).or_insert_with(|| talk.id.clone());
                prop_assert_eq!(&*first, &talk.id, "a guid has two talks");
            }
        }
    }

    #[test]
    fn talks_that_were_dropped_come_back_as_themselves(series in any_own(), gone in prop::collection::vec(any::<bool>(), 9)) {
        let all = series.into_iter().next().unwrap();
        let known = told(std::slice::from_ref(&all)).pop().unwrap();
        let left: Vec<FoundTalk> =
            all.iter().zip(&gone).filter(|(_, is_gone)| !**is_gone).map(|(talk, _)| talk.clone()).collect();
        let without = merge(&known, &file(2, left)).applied(&known);
        let back = merge(&without, &file(3, all));
        prop_assert!(back.changes.iter().all(|change| change.what == What::Back));
        prop_assert_eq!(back.applied(&without), known);
    }
}
