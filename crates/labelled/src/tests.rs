//! What holds of every invented conference.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::*;
use model::Speaker;

const SUBJECTS: [(&str, &str, &str); 6] = [
    (
        "Borrow checkers: an atlas",
        "Zoë van Dijk",
        "We chart lifetimes with Polonius and draw maps of aliasing for curious compilers.",
    ),
    (
        "Keeping bees on the roof",
        "Karo Tkacz",
        "Hives above the server room need shade, patience and a stubborn keeper of smoke.",
    ),
    (
        "A short history of paper tape",
        "Ada Byron",
        "Punched tape carried telegrams, looms and the first assemblers across oceans.",
    ),
    (
        "Radio from the balloon",
        "Farid Nouri",
        "Amateur telemetry from the stratosphere with a tiny transmitter and borrowed helium.",
    ),
    (
        "What the tide gauge knows",
        "Ines Okonjo",
        "Harbour gauges record storms, tsunamis and drifting clocks over two centuries.",
    ),
    (
        "Knitting error correction",
        "Mo",
        "Stitches and parity: Hamming codes knitted into scarves survive moths and cats.",
    ),
];

pub(crate) fn talk(number: usize, title: &str, about: &str, room: &str, minute: i64) -> Talk {
    let start = Micros(1_780_300_800_000_000 + minute * Micros::MINUTE);
    Talk {
        id: TalkId::numbered(number),
        guid: None,
        code: None,
        native: None,
        title: title.to_owned(),
        subtitle: None,
        summary: Some(about.to_owned()).filter(|about| !about.is_empty()),
        speakers: Vec::new(),
        room: room.to_owned(),
        track: None,
        lang: Some("en".to_owned()),
        url: None,
        start,
        end: start.plus(30 * Micros::MINUTE),
        day: "2026-06-01".to_owned(),
        dropped: false,
        was: Vec::new(),
        room_name: None,
    }
}

fn talks() -> Vec<Talk> {
    let one = |(n, (title, speaker, about)): (usize, &(&str, &str, &str))| {
        let room = ["hall", "attic"][n % 2];
        let speakers = vec![Speaker { name: (*speaker).to_owned(), handles: Vec::new() }];
        Talk { speakers, ..talk(n + 1, title, about, room, 40 * (n as i64 / 2)) }
    };
    SUBJECTS.iter().enumerate().map(one).collect()
}

fn conference(seed: u64) -> Conference {
    generate(&talks(), &Recipe { seed, posts: 4000, tag: "tape26", ahead: 0 })
}

#[test]
fn the_same_seed_gives_the_same_posts_and_another_gives_others() {
    assert_eq!(conference(1).posts, conference(1).posts);
    assert_ne!(conference(1).posts, conference(2).posts);
}

#[test]
fn posts_come_in_order_and_answer_earlier_ones() {
    let posts = conference(1).posts;
    assert!(posts.len() > 3600 && posts.len() <= 4000, "{}", posts.len());
    let mut seen = BTreeSet::new();
    for (post, next) in posts.iter().zip(posts.iter().skip(1)) {
        assert!(post.at <= next.at);
    }
    for post in &posts {
        assert!(post.reply_to.as_ref().is_none_or(|parent| seen.contains(parent)), "{post:?}");
        assert!(seen.insert(post.id.clone()) && !post.text.contains('{') && !post.text.trim().is_empty());
    }
}

#[test]
fn every_kind_has_its_share_and_its_labels() {
    let posts = conference(1).posts;
    let mut kinds: BTreeMap<Kind, usize> = BTreeMap::new();
    posts.iter().for_each(|post| *kinds.entry(post.kind).or_default() += 1);
    let wanted = [
        Kind::Strong,
        Kind::Weak,
        Kind::Room,
        Kind::Context,
        Kind::Reply,
        Kind::Late,
        Kind::Early,
        Kind::Language,
        Kind::Typo,
        Kind::Speaker,
        Kind::Slides,
        Kind::Event,
        Kind::Hallway,
        Kind::Ambiguous,
        Kind::Drift,
    ];
    assert!(wanted.iter().all(|kind| kinds.get(kind).is_some_and(|count| *count >= 20)), "{kinds:?}");
    let is_none = |kind| matches!(kind, Kind::Event | Kind::Hallway | Kind::Ambiguous | Kind::Drift);
    assert!(posts.iter().all(|post| post.talk.is_none() == is_none(post.kind)));
    let about = posts.iter().filter(|post| post.talk.is_some()).count() as f64 / posts.len() as f64;
    assert!((0.6..0.9).contains(&about), "{about}");
}

#[test]
fn some_talks_get_much_more_than_others_and_people_write_several_times() {
    let posts = conference(1).posts;
    let mut by_talk: HashMap<&TalkId, usize> = HashMap::new();
    let mut by_person: HashMap<&str, usize> = HashMap::new();
    for post in &posts {
        post.talk.iter().for_each(|talk| *by_talk.entry(talk).or_default() += 1);
        *by_person.entry(&post.handle).or_default() += 1;
    }
    assert_eq!(by_talk.len(), SUBJECTS.len());
    assert!(by_talk.values().max() > by_talk.values().min().map(|least| least * 2).as_ref(), "{by_talk:?}");
    assert!(by_person.values().filter(|count| **count > 3).count() > 50);
}

#[test]
fn speakers_write_under_the_handles_that_are_told() {
    let conference = conference(1);
    let by_speakers = conference.posts.iter().filter(|post| post.kind == Kind::Speaker);
    let told: BTreeSet<&str> = conference.handles.iter().map(|handle| handle.handle.as_str()).collect();
    let known = by_speakers.clone().filter(|post| told.contains(post.handle.as_str())).count();
    assert!(known > 0 && by_speakers.count() > known, "some are known, and some are not");
}

#[test]
fn a_schedule_without_talks_to_speak_of_gives_no_posts() {
    assert!(generate(&[], &Recipe { seed: 1, posts: 100, tag: "x", ahead: 0 }).posts.is_empty());
    let lunch = talk(1, "Lunch break", "", "hall", 0);
    assert!(generate(&[lunch], &Recipe { seed: 1, posts: 100, tag: "x", ahead: 0 }).posts.is_empty());
}
