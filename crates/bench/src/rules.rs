//! Filing by itself: the pure function and its register, on one thread, without a ledger. 50,000 posts over a conference of
//! 150 talks with abstracts as long as real ones, one talk in four named somehow.

use std::time::Instant;

use model::filing::{Programme, Said, scratch};
use model::stage::Timeline;
use model::{Author, Body, Item, Micros, Run, Talk, Uid};

use crate::figures::{Aim, Figures};

const POSTS: usize = 50_000;
const TALKS: usize = 150;
const ROOMS: usize = 5;
const ABSTRACT_WORDS: usize = 90;
const PEOPLE: usize = 900;
/// 1 June 2026, 8 in the morning.
const BEGIN: i64 = 1_780_300_800 * Micros::SECOND;
const SYLLABLES: [&str; 20] = [
    "ra", "ve", "mon", "tis", "kel", "or", "bin", "sa", "dun", "pla", "gre", "ith", "con", "zu", "wer", "fa",
    "lim", "ost", "quen", "hy",
];

pub(crate) fn measure(figures: &mut Figures) -> anyhow::Result<()> {
    let talks: Vec<Talk> = (0..TALKS).map(talk).collect::<Result<_, _>>()?;
    let began = Instant::now();
    let programme = Programme::new(talks.clone(), None);
    figures.tell("the index of 150 talks", began.elapsed().as_secs_f64() * 1e3, "ms", Aim::None);
    let stage = Timeline::new(&talks, &std::collections::BTreeMap::new());
    let said: Vec<Said> =
        (0..POSTS).map(|n| Ok(Said { item: post(n)?, person: None })).collect::<anyhow::Result<_>>()?;
    let began = Instant::now();
    let filings = scratch(&said, &programme, &stage);
    let took = began.elapsed().as_secs_f64();
    anyhow::ensure!(filings.len() == POSTS, "{} filings", filings.len());
    figures.tell("50,000 posts over 150 talks by the rules alone", took, "s", Aim::AtMost(2.0));
    figures.tell("  one post", took * 1e6 / POSTS as f64, "us", Aim::None);
    Ok(())
}

/// A word that nobody knows, always the same for a number; small numbers are common.
fn word(n: usize) -> String {
    let (a, b, c) = (n % 20, n / 20 % 20, n / 400 % 20);
    [SYLLABLES[a], SYLLABLES[b], SYLLABLES[c], if n.is_multiple_of(3) { "er" } else { "" }].concat()
}

/// Evenly spread, and the same in every run.
fn mixed(n: usize) -> usize {
    (n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20) % 1_000_003
}

fn words(seed: usize, count: usize) -> String {
    // The square makes some words much commoner than others, as in any language.
    let one = |n: usize| word((mixed(seed * 1_009 + n) % 80).pow(2) + mixed(seed + n * 7) % 60);
    (0..count).map(one).collect::<Vec<_>>().join(" ")
}

fn talk(n: usize) -> anyhow::Result<Talk> {
    let start = BEGIN + (n / ROOMS) as i64 * 45 * Micros::MINUTE;
    Ok(serde_json::from_value(serde_json::json!({
        "id": format!("t{}", n + 1), "title": words(n, 6), "abstract": words(n + 7_000, ABSTRACT_WORDS),
        "speakers": [{"name": words(n + 90_000, 2)}], "room": format!("hall-{}", n % ROOMS), "day": "2026-06-01",
        "start": start, "end": start + 40 * Micros::MINUTE,
    }))?)
}

fn post(n: usize) -> anyhow::Result<Item> {
    let about = mixed(n) % TALKS;
    let text = match n % 4 {
        0 => format!("the talk on {} is just great", words(about, 5)),
        1 => format!("{} and {} in one talk", words(about + 7_000, 4), words(n, 9)),
        _ => words(n, 16),
    };
    let mut body = Body::plain(format!("{text} "));
    body.push(Run::Tag { tag: "benchcon".to_owned() });
    if n.is_multiple_of(5) {
        let link = format!("https://notes.example/{}", n % 3_000);
        body.push(Run::Link { text: link.clone(), link });
    }
    let who = mixed(n * 31) % PEOPLE;
    let author =
        Author { id: who.to_string(), handle: format!("@person{who}@bench.example"), ..Author::default() };
    let reply_to = (n % 6 == 5).then(|| Uid::new("mastodon", &(n - 3).to_string()).id());
    let last = (TALKS / ROOMS) as i64 * 45 * Micros::MINUTE;
    Ok(serde_json::from_value(serde_json::json!({
        "uid": Uid::new("mastodon", &n.to_string()), "network": "mastodon", "source": "bench", "rev": 0,
        "when": BEGIN + last * n as i64 / POSTS as i64, "author": author, "body": body, "reply_to": reply_to,
    }))?)
}
