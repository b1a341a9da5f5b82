//! One rule of recognition a test; random versions are in `tests/versions.rs`.

use super::*;
use crate::schedule::What;

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

fn by(speaker: &str, talk: FoundTalk) -> FoundTalk {
    FoundTalk { speakers: vec![Speaker { name: speaker.into(), handles: vec![] }], ..talk }
}

fn coded(code: &str, talk: FoundTalk) -> FoundTalk {
    FoundTalk { code: Some(code.into()), ..talk }
}

fn file(talks: Vec<FoundTalk>) -> ScheduleFile {
    ScheduleFile { version: "1".into(), talks, ..ScheduleFile::default() }
}

type Talks = BTreeMap<TalkId, Talk>;

fn first(talks: Vec<FoundTalk>) -> Talks {
    merge(&Talks::new(), &file(talks)).applied(&Talks::new())
}

/// Title and place of each talk that is in the programme, by number.
fn shown(known: &Talks) -> Vec<(usize, String, i64)> {
    let alive = known.values().filter(|talk| !talk.dropped);
    let mut all: Vec<_> =
        alive.map(|talk| (talk.id.number().unwrap(), talk.title.clone(), talk.start.0)).collect();
    all.sort();
    all
}

/// The programme after another version; the version in any order, and once more, changes nothing further.
fn then(known: &Talks, talks: Vec<FoundTalk>) -> Vec<(usize, String, i64)> {
    let forwards = merge(known, &file(talks.clone())).applied(known);
    assert_eq!(merge(&forwards, &file(talks.clone())).schedule, None, "the same file again changes talks");
    let backwards = merge(known, &file(talks.into_iter().rev().collect())).applied(known);
    let of_known =
        |all: &Talks| -> Vec<Talk> { all.values().filter(|t| known.contains_key(&t.id)).cloned().collect() };
    assert_eq!(of_known(&forwards), of_known(&backwards), "the order of the file matters");
    shown(&forwards)
}

fn what(merged: &Merged) -> Vec<(What, usize)> {
    merged.changes.iter().map(|change| (change.what, change.talk.number().unwrap())).collect()
}

#[test]
fn a_moved_and_renamed_talk_keeps_its_id() {
    let known = first(vec![found("g", "Old", 0), found("", "Other", 9)]);
    let two = merge(&known, &file(vec![found("g", "New", 500), found("", "Other", 9)]));
    assert_eq!(what(&two), [(What::Changed, 1)]);
    assert_eq!((two.changes[0].title_from.as_deref(), two.talks[0].title.as_str()), (Some("Old"), "New"));
}

#[test]
fn the_same_file_twice_changes_nothing() {
    let talks = vec![found("g", "A", 0), found("h", "A", 0)];
    assert_eq!(merge(&first(talks.clone()), &file(talks)).schedule, None);
}

#[test]
fn a_talk_that_a_file_lists_twice_does_not_multiply() {
    let twice =
        |second: i64| vec![found("g", "A", 0), found("g", "A", second), found("", "", 5), found("", "", 5)];
    let known = first(twice(90));
    assert_eq!(merge(&known, &file(twice(90))).changes, []);
    assert_eq!(what(&merge(&known, &file(twice(120)))), [(What::Changed, 2)]);
}

#[test]
fn a_talk_that_vanished_is_dropped_and_comes_back_as_itself() {
    let known = first(vec![found("g", "A", 0), found("h", "B", 5)]);
    let gone = merge(&known, &file(vec![found("g", "A", 0)]));
    assert_eq!(what(&gone), [(What::Dropped, 2)]);
    let known = gone.applied(&known);
    let back = merge(&known, &file(vec![found("g", "A", 0), found("h", "B", 5)]));
    assert_eq!(what(&back), [(What::Back, 2)]);
}

#[test]
fn a_version_without_half_of_the_talks_is_not_believed_at_once() {
    let all: Vec<_> = (0..5).map(|i| found(&format!("g{i}"), "T", i)).collect();
    let known = first(all.clone());
    let small = merge(&known, &file(all[..2].to_vec()));
    assert!(small.shrunk && (small.kept, small.alive) == (2, 5));
    assert!(!merge(&known, &file(all[..3].to_vec())).shrunk);
    let of_others: Vec<_> = (0..9).map(|i| found(&format!("x{i}"), &format!("Other {i}"), 100 + i)).collect();
    assert!(merge(&known, &file(of_others)).shrunk, "as many talks, and none of ours");
}

#[test]
fn a_guid_that_moved_to_another_talk_does_not_take_its_words_along() {
    let known = first(vec![by("Ana", found("g", "Zero copy", 0)), by("Bo", found("h", "Borrowing", 90))]);
    let swapped = vec![by("Ana", found("h", "Zero copy", 0)), by("Bo", found("g", "Borrowing", 90))];
    assert_eq!(then(&known, swapped), [(1, "Zero copy".into(), 0), (2, "Borrowing".into(), 90)]);
    let numbered_anew = vec![by("Ana", found("h", "Zero copy", 0))];
    assert_eq!(then(&known, numbered_anew), [(1, "Zero copy".into(), 0)]);
}

#[test]
fn a_talk_that_is_renamed_to_what_another_was_once_called_stays_itself() {
    let known =
        first(vec![by("Ana", found("g", "Opening", 0)), by("Ana", found("h", "Opening, part two", 90))]);
    let renamed = vec![by("Ana", found("h", "Opening", 90))];
    assert_eq!(then(&known, renamed), [(2, "Opening".into(), 90)]);
}

#[test]
fn ids_that_another_program_gave_anew_do_not_mix_up_talks() {
    let native = |n: &str, talk: FoundTalk| FoundTalk { native: Some(n.into()), ..talk };
    let known = first(vec![
        native("1", by("Ana", found("", "Zero copy", 0))),
        native("2", by("Bo", found("", "Borrowing", 90))),
    ]);
    let other = vec![
        native("1", by("Bo", found("", "Borrowing", 90))),
        native("2", by("Cy", found("", "Something quite new", 200))),
        native("3", by("Ana", found("", "Zero copy", 400))),
    ];
    assert_eq!(
        then(&known, other),
        [(1, "Zero copy".into(), 400), (2, "Borrowing".into(), 90), (3, "Something quite new".into(), 200)]
    );
}

#[test]
fn another_format_keeps_talks_by_title_and_speaker_and_gives_the_first_one_its_signs_back() {
    let xml = vec![by("Ana", found("g", "Zero copy", 0)), by("Bo", found("h", "Keynote", 90))];
    let known = first(xml.clone());
    let json = vec![
        coded("AB1", by("Ana", found("", "Zero Copy!", 30))),
        coded("AB2", by("Bo", found("", "Keynote", 90))),
    ];
    let known = merge(&known, &file(json)).applied(&known);
    assert_eq!(shown(&known), [(1, "Zero Copy!".into(), 30), (2, "Keynote".into(), 90)]);
    let renamed = vec![by("Cy", found("g", "Copy on write", 500)), by("Bo", found("h", "Keynote", 90))];
    assert_eq!(then(&known, renamed), [(1, "Copy on write".into(), 500), (2, "Keynote".into(), 90)]);
}

#[test]
fn repeats_under_one_code_stay_apart_when_one_of_them_moves() {
    let slots = |starts: &[i64]| -> Vec<FoundTalk> {
        starts.iter().map(|start| coded("AB", by("Ana", found("", "Soldering", *start)))).collect()
    };
    let known = first(slots(&[10, 50, 90]));
    let at = |n: usize, start: i64| (n, "Soldering".to_owned(), start);
    assert_eq!(then(&known, slots(&[10, 60, 90])), [at(1, 10), at(2, 60), at(3, 90)]);
    assert_eq!(then(&known, slots(&[10, 90])), [at(1, 10), at(3, 90)]);
    assert_eq!(then(&known, slots(&[10, 50, 70, 90])), [at(1, 10), at(2, 50), at(3, 90), at(4, 70)]);
    assert_eq!(
        then(&known, slots(&[12, 55, 93])),
        [at(1, 12), at(2, 55), at(3, 93)],
        "all moved: by their order"
    );
    let renamed: Vec<FoundTalk> = slots(&[10, 50, 95])
        .into_iter()
        .map(|talk| FoundTalk { title: "Hot metal".into(), ..talk })
        .collect();
    let named = |n: usize, start: i64| (n, "Hot metal".to_owned(), start);
    assert_eq!(then(&known, renamed), [named(1, 10), named(2, 50), named(3, 95)]);
}

#[test]
fn a_title_recognises_a_talk_whose_speaker_changed_unless_it_is_everybodys() {
    let known = first(vec![by("Ana", found("", "How we lost a day", 0)), by("Bo", found("", "Keynote", 90))]);
    let next = vec![by("Cy", found("", "How we lost a day", 40)), by("Di", found("", "Keynote", 500))];
    assert_eq!(then(&known, next), [(1, "How we lost a day".into(), 40), (3, "Keynote".into(), 500)]);
}

#[test]
fn a_talk_without_signs_that_is_renamed_in_its_place_stays_itself() {
    let known = first(vec![found("", "The life of a pakcet", 0), by("Bo", found("", "TBA", 90))]);
    let next = vec![found("", "The life of a packet", 0), by("Bo", found("", "Borrowing for all", 90))];
    assert_eq!(
        then(&known, next),
        [(1, "The life of a packet".into(), 0), (2, "Borrowing for all".into(), 90)]
    );
    let another = vec![found("", "Quantum knitting", 0)];
    assert_eq!(then(&known, another), [(3, "Quantum knitting".into(), 0)], "another talk in the same place");
}

#[test]
fn a_talk_remembers_what_it_was_and_going_back_does_not_pile_up() {
    let version = |name: &str, talk: FoundTalk| ScheduleFile { version: name.into(), ..file(vec![talk]) };
    let mut known =
        merge_version(&Talks::new(), "", &version("v1", found("g", "One", 0))).applied(&Talks::new());
    let mut next = |before: &str, talk: FoundTalk| {
        known = merge_version(&known, before, &version("later", talk)).applied(&known);
        known.values().next().unwrap().was.clone()
    };
    let moved = next("v1", found("g", "One", 900));
    let times = Some((Micros(0), Micros(60)));
    assert_eq!(moved, [Was { version: "v1".into(), times, ..Was::default() }]);
    assert_eq!(next("v2", found("g", " ONE ", 900)), moved, "case and blanks are nothing to remember");
    let renamed = next("v3", found("g", "Two", 900));
    assert_eq!((renamed.len(), renamed[0].title.as_deref()), (2, Some(" ONE ")));
    let back = next("v4", found("g", "One", 0));
    assert_eq!(
        back,
        [Was {
            version: "v4".into(),
            title: Some("Two".into()),
            times: Some((Micros(900), Micros(960))),
            ..Was::default()
        }]
    );
    for turn in 0..20 {
        let talk = if turn % 2 == 0 { found("g", "Two", 900) } else { found("g", "One", 0) };
        assert_eq!(next("turn", talk).len(), 1);
    }
    for turn in 0..20 {
        assert!(next("turn", found("g", &format!("Title {turn}"), turn)).len() <= WAS_MAX);
    }
}

#[test]
fn speakers_who_are_no_longer_there_are_remembered_and_those_who_joined_are_told() {
    let known = first(vec![by("Ana", found("g", "A", 0))]);
    let merged = merge_version(&known, "v1", &file(vec![by("Bo", found("g", "A", 0))]));
    assert_eq!(merged.talks[0].was[0].speakers, ["Ana"]);
    assert_eq!(merged.changes[0].speakers.as_ref().unwrap().to, ["Bo"]);
}

#[test]
fn handles_that_were_given_by_hand_survive_another_version() {
    let mut known = first(vec![by("Ana", found("g", "A", 0))]);
    known.values_mut().next().unwrap().speakers[0].handles = vec!["@ana@s.example".into()];
    let merged = merge(&known, &file(vec![by("ANA", found("g", "B", 90))]));
    assert_eq!(merged.talks[0].speakers[0].handles, ["@ana@s.example"]);
}

#[test]
fn a_talk_whose_times_cannot_be_read_stays_as_it_was() {
    let known = first(vec![
        found("g", "A", 0),
        found("s/20260601", "Series", 60),
        found("", "Bare", 120),
        found("x", "Gone", 180),
    ]);
    let unread = vec![found("g", "Another title", 0), found("s", "Series", 0), found("", "BARE!", 0)];
    let merged = merge(&known, &ScheduleFile { unread, ..file(vec![found("n", "New", 240)]) });
    let held: Vec<_> = merged.held.iter().filter_map(TalkId::number).collect();
    assert_eq!((held, merged.kept), (vec![1, 2, 3], 3));
    let titles: Vec<_> = shown(&merged.applied(&known)).into_iter().map(|(_, title, _)| title).collect();
    assert_eq!(titles, ["A", "Series", "Bare", "New"]);
}

#[test]
fn twenty_thousand_talks_of_one_name_are_told_apart_in_time() {
    let all: Vec<_> = (0..20_000).map(|n| found("g", "Lunch", n % 7)).collect();
    let known = first(all.clone());
    let moved = all.into_iter().map(|talk| FoundTalk { start: talk.start.plus(1000), ..talk }).collect();
    let began = std::time::Instant::now();
    assert_eq!(merge(&known, &file(moved)).applied(&known).len(), 20_000);
    assert!(began.elapsed().as_secs() < 20, "{:?}", began.elapsed());
}
