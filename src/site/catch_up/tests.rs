//! What the digest promises, over invented events: the budget holds, what was planted is told, nothing that must not be told is, and going on
//! from a place neither skips nor repeats.

use super::{
    digest::{Digest, Key, digest},
    words::{WORDS_PER_MINUTE, words},
};
use crate::site::{
    telling::tests::row,
    tests::entries::{NOON, item},
    view::item::display_name,
};
use model::{Body, By, Filing, FilingState, ItemId, Mark, Micros, Row, Run, TalkId};
use std::collections::BTreeSet;

/// A sequence without chance: xorshift (Marsaglia 2003), by its seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % n.max(1)
    }
}

const WORDS: [&str; 24] = [
    "forms",
    "queue",
    "the",
    "a",
    "really",
    "cache",
    "slide",
    "browser",
    "answer",
    "nobody",
    "expected",
    "this",
    "morning",
    "room",
    "full",
    "again",
    "and",
    "then",
    "wifi",
    "talk",
    "speaker",
    "https://a.example/long/way/to/a/page",
    "今日は",
    "shorter",
];

fn sentence(dice: &mut Dice, most: u64) -> String {
    let n = 1 + dice.below(most);
    (0..n)
        .map(|_| WORDS[usize::try_from(dice.below(WORDS.len() as u64)).unwrap()])
        .collect::<Vec<_>>()
        .join(" ")
}

fn filed(row: &mut Row, talk: Option<u64>) {
    row.filing = Some(Filing {
        talk: talk.map(|n| TalkId(format!("t{n}"))),
        room: None,
        state: if talk.is_some() { FilingState::Filed } else { FilingState::Unsorted },
        score: 0.9,
        by: By::Rule,
        reasons: Vec::new(),
    });
}

/// An event of `posts` posts in six talks and beside them, with `moments` that people answered, boosted, or whose link they repeated; and
/// one loud author who answers himself all the time. The ids of the moments.
fn event(seed: u64, posts: u64, moments: u64) -> (Vec<Row>, BTreeSet<ItemId>) {
    let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    let mut rows = Vec::new();
    let mut add = |dice: &mut Dice,
                   name: String,
                   who: String,
                   second: i64,
                   talk: Option<u64>,
                   change: &dyn Fn(&mut model::Item)| {
        let text = sentence(dice, 40);
        let mut row = row(&name, &who, second, |item| {
            item.body = Body::plain(text);
            change(item);
        });
        filed(&mut row, talk);
        let id = row.id;
        rows.push(row);
        id
    };
    let talk_of = |second: i64| Some(u64::try_from(second / 1800).unwrap_or(0)).filter(|n| *n < 6);
    for n in 0..posts {
        let second = i64::try_from(dice.below(3 * 3600 + 1800)).unwrap();
        let (who, talk) = (format!("p{}", dice.below(80)), talk_of(second).filter(|_| dice.below(4) > 0));
        let (likes, is_question) = (u32::try_from(dice.below(4)).unwrap(), dice.below(20) == 0);
        add(&mut dice, format!("n{n}"), who, second, talk, &|item| {
            item.counts.likes = likes;
            if is_question {
                item.marks = vec![Mark::Question];
            }
        });
    }
    let mut planted = BTreeSet::new();
    for n in 0..moments {
        let second = i64::try_from(dice.below(3 * 3600)).unwrap();
        let (name, who, talk) = (format!("k{n}"), format!("key{n}"), talk_of(second));
        let url = format!("https://key{n}.example/slides");
        let link =
            |item: &mut model::Item| item.body.push(Run::Link { link: url.clone(), text: url.clone() });
        let boosts = 20 + u32::try_from(dice.below(40)).unwrap();
        let id = add(&mut dice, name, who, second, talk, &|item| match n % 3 {
            0 => item.counts.boosts = boosts,
            1 => link(item),
            _ => {}
        });
        planted.insert(id);
        for m in 0..8 {
            let (name, who) = (format!("k{n}e{m}"), format!("p{m}"));
            match n % 3 {
                1 => drop(add(&mut dice, name, who, second + 60 + m, talk, &link)),
                2 => drop(add(&mut dice, name, who, second + 60 + m, talk, &|item| item.reply_to = Some(id))),
                _ => {}
            }
        }
    }
    let first =
        add(&mut dice, "loud".into(), "loud".into(), 100, talk_of(100), &|item| item.counts.replies = 90);
    for n in 0..90 {
        add(&mut dice, format!("loud{n}"), "loud".into(), 101 + n, talk_of(100), &|item| {
            item.reply_to = Some(first);
            item.quotes = Some(first);
        });
    }
    let covered = add(&mut dice, "covered".into(), "cov".into(), 50, talk_of(50), &|item| {
        item.cover = Some("spiders".into());
        item.counts.boosts = 500;
    });
    assert!(!planted.contains(&covered));
    rows.sort_by_key(|row| (row.item.as_ref().map(|item| item.when), row.id));
    (rows, planted)
}

fn title(key: &Key) -> String {
    match key {
        Key::Talk(id) => format!("The talk that is called {id} and has a longer title"),
        Key::Hour(_) => "Beside the talks, 14:00 to 15:00".to_owned(),
    }
}

fn told(digest: &Digest<'_>) -> BTreeSet<ItemId> {
    digest.blocks.iter().flat_map(|block| &block.lines).map(|line| line.told.row.id).collect()
}

/// The words of what is printed, counted anew.
fn printed(digest: &Digest<'_>) -> usize {
    let spoken = digest.blocks.iter().filter(|block| !block.lines.is_empty());
    let line = |line: &super::digest::Line<'_>| {
        let name = display_name(&line.told.item.author);
        let (aside, kind) = (1, usize::from(line.told.item.marks.contains(&Mark::Question)));
        words(line.words.trim_end_matches('…')) + words(name) + words(&line.echo) + aside + kind
    };
    spoken.map(|b| words(b.title.trim_end_matches('…')) + 7 + b.lines.iter().map(line).sum::<usize>()).sum()
}

#[test]
fn the_budget_holds_whatever_people_write() {
    for seed in 1..=30 {
        let (rows, _) = event(seed, 20 * seed, seed % 9);
        for budget in [0, 1, 17, 60, 2 * WORDS_PER_MINUTE, 10 * WORDS_PER_MINUTE] {
            let digest = digest(&rows, budget, &title);
            assert!(digest.words <= budget, "seed {seed}: {} of {budget}", digest.words);
            assert!(
                printed(&digest) <= digest.words,
                "seed {seed}: printed {} of {}",
                printed(&digest),
                digest.words
            );
            assert_eq!(digest.told, told(&digest).len(), "nothing is told twice");
            assert!(
                budget < 60 || digest.words * 10 >= budget * 7 || digest.told >= rows.len() / 2,
                "seed {seed}: too little told"
            );
        }
    }
}

#[test]
fn what_people_answered_boosted_and_linked_to_is_told() {
    let (mut have, mut want) = (0, 0);
    for seed in 1..=40 {
        let (rows, planted) = event(seed, 500, 9);
        for minutes in [2, 10] {
            let digest = digest(&rows, minutes * WORDS_PER_MINUTE, &title);
            let told = told(&digest);
            have += planted.intersection(&told).count();
            want += planted.len();
            let own = digest
                .blocks
                .iter()
                .flat_map(|b| &b.lines)
                .filter(|l| l.told.item.author.id == "loud")
                .count();
            assert!(
                minutes > 2 || own <= 1,
                "seed {seed}: whoever only answers himself fills no digest: {own}"
            );
            let covered = item("covered", Body::default()).id();
            assert!(
                !told.contains(&covered) && digest.covered == 1,
                "what is covered is counted and never told"
            );
        }
    }
    assert!(have * 100 >= want * 95, "{have} of {want}");
}

#[test]
fn the_same_rows_give_the_same_digest_in_whatever_order_they_come() {
    let (mut rows, _) = event(7, 300, 6);
    let one: Vec<ItemId> = told(&digest(&rows, 440, &title)).into_iter().collect();
    rows.reverse();
    let other: Vec<ItemId> = told(&digest(&rows, 440, &title)).into_iter().collect();
    assert_eq!(one, other);
}

#[test]
fn blocks_are_talks_and_hours_in_the_order_in_which_they_began() {
    let (rows, _) = event(3, 300, 3);
    let digest = digest(&rows, 10 * WORDS_PER_MINUTE, &title);
    assert_eq!(digest.posts, rows.len());
    assert_eq!(digest.blocks.iter().map(|block| block.posts).sum::<usize>(), rows.len());
    assert!(digest.talks >= 5 && digest.blocks.iter().any(|block| matches!(block.key, Key::Hour(_))));
    assert!(digest.blocks.is_sorted_by_key(|block| block.span.0));
    assert!(digest.blocks.iter().all(|block| block.lines.is_sorted_by_key(|line| line.told.item.when)));
}

#[test]
fn a_quiet_time_and_a_time_of_one_word_are_told_whole() {
    assert_eq!(digest(&[], 440, &title).told, 0);
    let mut only = row("one", "ada", 0, |_| {});
    filed(&mut only, None);
    let rows = [only];
    let digest = digest(&rows, 440, &title);
    assert_eq!((digest.told, digest.posts, digest.talks), (1, 1, 0));
    assert_eq!(digest.blocks[0].key, Key::Hour(NOON.0 / Micros::HOUR));
}

#[test]
fn the_same_words_on_two_networks_are_told_once() {
    let rows: Vec<Row> = (0..3)
        .map(|n| row(&format!("x{n}"), &format!("a{n}"), n, |item| item.body = Body::plain("Same words")))
        .collect();
    assert_eq!(digest(&rows, 440, &title).told, 1);
}
