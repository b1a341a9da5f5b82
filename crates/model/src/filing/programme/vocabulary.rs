//! The words of a schedule: where each stands, and what it is worth as a sign of the talks that use it.

use super::typos::Typos;
use crate::EventEntry;
use crate::filing::words::lists::{Known, known, same};
use crate::filing::words::{Word, Words, camel_parts};
use std::collections::{BTreeSet, HashMap};

/// A word that more talks than this part of all use says nothing about any of them.
const SHARE_MAX: f64 = 0.12;
/// In a small programme, this many talks may always share a word.
const SHARERS_MIN: usize = 3;
/// Words of a title by which the talk is found.
const ANCHORS: usize = 3;
/// A word of this length is seldom said in passing.
const TELLING_LETTERS_MIN: usize = 9;
/// Talks that are looked at for one word.
const POSTINGS_MAX: usize = 64;

/// Where a word stands. In the order of what it is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::filing) enum Field {
    /// In the title.
    Title,
    /// In the second line.
    Subtitle,
    /// In a title that the talk had once.
    Former,
    /// In the abstract.
    Summary,
    /// In the track's name.
    Track,
}

/// A talk that uses a word.
#[derive(Clone, Copy, Debug)]
pub(in crate::filing) struct Posting {
    pub(in crate::filing) talk: u32,
    /// The best place.
    pub(in crate::filing) field: Field,
    pub(in crate::filing) count: u16,
}

/// A word of the schedule.
#[derive(Clone, Debug, Default)]
pub(in crate::filing) struct Entry {
    /// As the schedule first wrote it, without case and accents. Reasons say this and never the post's own form of it: a
    /// reason outlives words that were taken back.
    pub(in crate::filing) text: Box<str>,
    /// The talks that use it; empty where they are too many to tell anything.
    pub(in crate::filing) postings: Vec<Posting>,
    /// What it is known for in any schedule.
    pub(in crate::filing) known: Known,
    /// From 0 (says nothing) to about 1.2 (one talk only, and a word of art).
    pub(in crate::filing) worth: f64,
    /// What it adds to a title that is found as a whole. Never 0: a title may be made of small words.
    pub(in crate::filing) weight_in_title: f64,
    /// People whose names hold it.
    pub(in crate::filing) people: Vec<u32>,
    /// Rooms whose names begin with it.
    pub(in crate::filing) rooms: Vec<u32>,
    /// Talks in one of whose titles it is among the rarest words.
    anchors: Vec<u32>,
    /// How many talks use it.
    pub(in crate::filing) talks: usize,
    is_own: bool,
    is_number: bool,
    is_term: bool,
    letters: usize,
}

/// See the module.
#[derive(Clone, Debug, Default)]
pub(in crate::filing) struct Vocabulary {
    numbers: HashMap<Box<str>, u32>,
    entries: Vec<Entry>,
    typos: Typos,
}

impl Vocabulary {
    /// The number of a word, which is new or known; noted as used by a talk.
    pub(super) fn learn(&mut self, words: &Words, word: &Word, at: Option<(u32, Field)>) -> u32 {
        let number = self.number_of(words, word);
        let entry = &mut self.entries[number as usize];
        entry.is_term |= word.shape.digit || word.shape.capitals;
        let Some((talk, field)) = at else { return number };
        match entry.postings.last_mut() {
            Some(last) if last.talk == talk => {
                last.field = last.field.min(field);
                last.count = last.count.saturating_add(1);
            }
            _ => entry.postings.push(Posting { talk, field, count: 1 }),
        }
        if field < Field::Summary {
            self.typos.learn(words.folded(word), number);
        }
        number
    }

    fn number_of(&mut self, words: &Words, word: &Word) -> u32 {
        let text = words.folded(word);
        let key = same(text).unwrap_or_else(|| words.stem(word));
        if let Some(number) = self.numbers.get(key) {
            return *number;
        }
        let number = u32::try_from(self.entries.len()).expect("a schedule's bytes are bounded far below");
        self.numbers.insert(key.into(), number);
        self.entries.push(Entry {
            text: text.into(),
            known: known(text),
            is_own: is_edition(text),
            is_number: word.shape.number,
            letters: text.chars().count(),
            ..Entry::default()
        });
        number
    }

    /// Notes a word of somebody's name.
    pub(super) fn learn_name(&mut self, words: &Words, word: &Word, person: u32) -> u32 {
        let number = self.number_of(words, word);
        let people = &mut self.entries[number as usize].people;
        if people.last() != Some(&person) {
            people.push(person);
        }
        self.typos.learn(words.folded(word), number);
        number
    }

    /// Notes the first word of a room's name.
    pub(super) fn learn_room(&mut self, number: u32, room: u32) {
        self.entries[number as usize].rooms.push(room);
    }

    /// The event's own name, hashtags, city: every post may hold them.
    pub(super) fn own(&mut self, event: &EventEntry) {
        let texts = [Some(event.title.as_str()), Some(event.slug.as_str()), event.place.as_deref()];
        let mut own: BTreeSet<String> = BTreeSet::new();
        let mut note = |text: &str| {
            let words = Words::of(text);
            own.extend(words.iter().map(|word| words.stem(word).to_owned()));
        };
        texts.into_iter().flatten().for_each(&mut note);
        for tag in &event.hashtags {
            note(tag);
            camel_parts(tag).into_iter().for_each(&mut note);
            note(tag.trim_end_matches(|c: char| c.is_ascii_digit()));
        }
        for word in own {
            if let Some(number) = self.numbers.get(word.as_str()) {
                self.entries[*number as usize].is_own = true;
            }
        }
    }

    /// Says what each word is worth, once all are known.
    pub(super) fn weigh(&mut self, talks: usize) {
        let most = ((talks as f64 * SHARE_MAX) as usize).max(SHARERS_MIN);
        for entry in &mut self.entries {
            entry.talks = entry.postings.len();
            let rarity = rarity(entry.talks, talks);
            entry.worth = if entry.talks > most { 0.0 } else { entry.worth(rarity) };
            entry.weight_in_title = entry.weight_in_title(rarity);
            if entry.worth == 0.0 || entry.talks > POSTINGS_MAX.max(most) {
                entry.postings = Vec::new();
            }
            entry.postings.truncate(POSTINGS_MAX);
        }
    }

    /// Notes the rarest words of a title, by which the talk is found when a post may have it.
    pub(super) fn anchor(&mut self, talk: u32, title: &[u32]) {
        let mut words = title.to_vec();
        words.sort_by_key(|word| (self.entry(*word).talks, *word));
        words.dedup();
        for word in words.into_iter().take(ANCHORS) {
            let anchors = &mut self.entries[word as usize].anchors;
            if anchors.len() < POSTINGS_MAX && anchors.last() != Some(&talk) {
                anchors.push(talk);
            }
        }
    }

    /// Talks in one of whose titles a word is among the rarest.
    pub(in crate::filing) fn anchored(&self, number: u32) -> &[u32] {
        &self.entry(number).anchors
    }

    /// The number of a word of a post, and whether it had to be mended.
    pub(in crate::filing) fn find(&self, words: &Words, word: &Word) -> Option<(u32, bool)> {
        let text = words.folded(word);
        let key = same(text).unwrap_or_else(|| words.stem(word));
        if let Some(number) = self.numbers.get(key) {
            return Some((*number, false));
        }
        if known(text) != Known::default() {
            return None;
        }
        self.typos.find(text).map(|number| (number, true))
    }

    /// A word of the schedule.
    pub(in crate::filing) fn entry(&self, number: u32) -> &Entry {
        &self.entries[number as usize]
    }
}

impl Entry {
    /// What the word is worth by itself.
    fn worth(&self, rarity: f64) -> f64 {
        if self.talks == 0 || self.known.is(Known::STOP) || self.is_own || self.is_number {
            return 0.0;
        }
        let by_length = match self.letters {
            0 | 1 => 0.0,
            2 if self.is_term => 0.6,
            2 => 0.0,
            _ if self.is_term => 1.0,
            // Short words are everybody's, long ones are words of art.
            3 => 0.5,
            4 => 0.7,
            5 => 0.8,
            6..=8 => 0.95,
            _ => 1.1,
        };
        let by_kind = if self.known.is(Known::COMMON) || self.is_cue() {
            0.3
        } else if self.is_term {
            1.2
        } else {
            1.0
        };
        rarity * by_length * by_kind
    }

    fn weight_in_title(&self, rarity: f64) -> f64 {
        if self.known.is(Known::STOP) {
            0.2
        } else if self.is_own {
            0.25
        } else if self.is_number {
            0.5
        } else if self.known.is(Known::COMMON) {
            0.3 + 0.6 * rarity
        } else {
            0.5 + 1.7 * rarity
        }
    }

    /// A word of which posts about no talk are made, too.
    pub(in crate::filing) fn is_cue(&self) -> bool {
        self.known.is(Known::WIDE
            .or(Known::SOFT)
            .or(Known::LISTENING)
            .or(Known::TALK)
            .or(Known::ROOM)
            .or(Known::AHEAD))
    }

    /// A word of art: long, or with digits or capitals in it. Nobody says it in passing.
    pub(in crate::filing) fn is_telling(&self) -> bool {
        self.is_term || self.letters >= TELLING_LETTERS_MIN
    }

    /// A word that people use without meaning this schedule.
    pub(in crate::filing) fn is_plain(&self) -> bool {
        self.is_own || self.known.is(Known::STOP.or(Known::COMMON)) || self.is_cue()
    }
}

/// 1 for a word of one talk, 0 for one of all.
fn rarity(with: usize, all: usize) -> f64 {
    let all = (all.max(8)) as f64;
    (1.0 - (with.max(1) as f64).ln() / all.ln()).max(0.0)
}

/// The name of an edition: `31c3`, `rustfest2026`. Posts bear it as their hashtag, whether or not the settings tell it.
fn is_edition(text: &str) -> bool {
    let head = text.bytes().take_while(u8::is_ascii_digit).count();
    let tail = text.bytes().rev().take_while(u8::is_ascii_digit).count();
    let is_year = tail == 4 && text[text.len() - 4..].starts_with("20");
    head < text.len() && ((head == 2 && text.len() <= 5) || is_year)
}
