//! What was most telling of a time, in so many words. Extractive: every line is the beginning of somebody's post and leads to it. Pure and
//! without chance: the same rows, words and titles give the same digest, so that what was taken back since is simply no longer in it.

use super::words::{excerpt, words};
use crate::site::telling::{Person, Told, person, weigh};
use model::{FilingState, Micros, Row, TalkId};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap};

/// Words of one post at most; the rest is behind its link.
const EXCERPT_WORDS_MAX: usize = 40;
/// A longer post is not begun for less than this.
const EXCERPT_WORDS_MIN: usize = 12;
/// Words of a heading's title at most, and what stands beside it: times and counts.
const TITLE_WORDS_MAX: usize = 20;
const HEADING_WORDS: usize = 7;
/// The time and the kind of a line.
const ASIDE_WORDS: usize = 2;
/// No line is told in less.
const LINE_WORDS_MIN: usize = ASIDE_WORDS + 2;

/// What a block is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Key {
    /// One talk.
    Talk(TalkId),
    /// What was said in one hour and is filed to no talk; the hour since 1970.
    Hour(i64),
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Digest<'a> {
    /// By the first thing that was said in each.
    pub(super) blocks: Vec<Block<'a>>,
    /// Posts of the time, told or not.
    pub(super) posts: usize,
    /// Who wrote them.
    pub(super) people: usize,
    /// Talks that they are about.
    pub(super) talks: usize,
    /// Posts under a content warning: counted and never told.
    pub(super) covered: usize,
    /// Posts that are told.
    pub(super) told: usize,
    /// Words that the blocks take.
    pub(super) words: usize,
}

/// One talk, or an hour beside the talks.
#[derive(Debug)]
pub(super) struct Block<'a> {
    pub(super) key: Key,
    pub(super) title: String,
    /// When the first and the last of its posts was said.
    pub(super) span: (Micros, Micros),
    pub(super) posts: usize,
    pub(super) people: usize,
    /// As they were said. Empty for what fitted no more.
    pub(super) lines: Vec<Line<'a>>,
}

/// One post.
#[derive(Debug)]
pub(super) struct Line<'a> {
    pub(super) told: Told<'a>,
    pub(super) words: String,
    /// Who reacted.
    pub(super) echo: String,
}

/// A post that waits to be told: its worth as it stood when it was weighed last, then the order of [`Told::rank`].
type Waiting<'a> = (u64, Reverse<(Micros, model::ItemId)>, usize);

/// The digest of these rows within so many words.
pub(super) fn digest<'a>(rows: &'a [Row], words_max: usize, title: &dyn Fn(&Key) -> String) -> Digest<'a> {
    let all = weigh(rows);
    let mut digest = outline(&all, title);
    let places: HashMap<Key, usize> =
        digest.blocks.iter().enumerate().map(|(n, block)| (block.key.clone(), n)).collect();
    let mut by: HashMap<Person<'_>, u64> = HashMap::new();
    let mut said: BTreeSet<String> = BTreeSet::new();
    let worth = |told: &Told<'_>, lines: usize, own: u64| {
        (u64::from(told.weight) * 4 + 1) * 4096 / ((3 + lines as u64) * (1 + own))
    };
    let mut heap: BinaryHeap<Waiting<'_>> = all
        .iter()
        .enumerate()
        .filter(|(_, told)| told.item.cover.is_none())
        .map(|(n, told)| (worth(told, 0, 0), Reverse((told.item.when, told.row.id)), n))
        .collect();
    while let Some((value, key, n)) = heap.pop() {
        let told = all[n];
        let Some(block) = places.get(&key_of(&told)).and_then(|at| digest.blocks.get_mut(*at)) else {
            continue;
        };
        let own = by.get(&person(told.item)).copied().unwrap_or(0);
        let now = worth(&told, block.lines.len(), own);
        if now < value {
            // Its talk or its author has spoken since: it waits behind those who have not.
            heap.push((now, key, n));
            continue;
        }
        let left = words_max - digest.words;
        if left < LINE_WORDS_MIN {
            break;
        }
        let heading = if block.lines.is_empty() { HEADING_WORDS + words(&block.title) } else { 0 };
        let Some((line, cost)) = line(told, left.saturating_sub(heading)) else { continue };
        if said.insert(line.words.to_lowercase()) {
            digest.words += heading + cost;
            digest.told += 1;
            *by.entry(person(told.item)).or_default() += 1;
            block.lines.push(line);
        }
    }
    for block in &mut digest.blocks {
        block.lines.sort_by_key(|line| (line.told.item.when, line.told.row.id));
    }
    digest
}

/// A post as a line of at most so many words; none when it does not fit or says nothing.
fn line(told: Told<'_>, words_max: usize) -> Option<(Line<'_>, usize)> {
    let echo = told.echo.sentence();
    let name = crate::site::view::item::display_name(&told.item.author);
    let fixed = ASIDE_WORDS + words(name) + words(&echo);
    let text = text(told.item);
    let whole = words(&text);
    let room = words_max.checked_sub(fixed)?.min(EXCERPT_WORDS_MAX);
    if whole == 0 || room < whole.min(EXCERPT_WORDS_MIN) {
        return None;
    }
    let (words, spent) = excerpt(&text, room);
    Some((Line { told, words, echo }, fixed + spent))
}

/// What a post says in one line: its title and words, or what its picture shows.
fn text(item: &model::Item) -> String {
    let body = item.body.text();
    let alt = || item.media.iter().find_map(|medium| medium.alt.as_deref()).unwrap_or_default();
    let card = || item.card.as_ref().map_or("", |card| card.title.as_str());
    let said = match (item.body.is_empty(), alt()) {
        (false, _) => body.as_str(),
        (true, "") => card(),
        (true, alt) => alt,
    };
    match item.title.as_deref() {
        Some(title) if !title.is_empty() => format!("{title}. {said}"),
        _ => said.to_owned(),
    }
}

/// The blocks without their lines.
fn outline<'a>(all: &[Told<'a>], title: &dyn Fn(&Key) -> String) -> Digest<'a> {
    let mut blocks: BTreeMap<Key, (Block<'a>, BTreeSet<Person<'a>>)> = BTreeMap::new();
    let mut people = BTreeSet::new();
    for told in all {
        let (key, when) = (key_of(told), told.item.when);
        let (block, own) = blocks.entry(key.clone()).or_insert_with(|| {
            let title = excerpt(&title(&key), TITLE_WORDS_MAX).0;
            (
                Block { key, title, span: (when, when), posts: 0, people: 0, lines: Vec::new() },
                BTreeSet::new(),
            )
        });
        block.span = (block.span.0.min(when), block.span.1.max(when));
        block.posts += 1;
        own.insert(person(told.item));
        block.people = own.len();
        people.insert(person(told.item));
    }
    let mut blocks: Vec<Block<'a>> = blocks.into_values().map(|(block, _)| block).collect();
    blocks.sort_by(|a, b| (a.span.0, &a.key).cmp(&(b.span.0, &b.key)));
    Digest {
        talks: blocks.iter().filter(|block| matches!(block.key, Key::Talk(_))).count(),
        blocks,
        posts: all.len(),
        people: people.len(),
        covered: all.iter().filter(|told| told.item.cover.is_some()).count(),
        told: 0,
        words: 0,
    }
}

fn key_of(told: &Told<'_>) -> Key {
    let filing = told.row.filing.as_ref().filter(|filing| filing.state == FilingState::Filed);
    match filing.and_then(|filing| filing.talk.clone()) {
        Some(talk) => Key::Talk(talk),
        None => Key::Hour(told.item.when.0.div_euclid(Micros::HOUR)),
    }
}
