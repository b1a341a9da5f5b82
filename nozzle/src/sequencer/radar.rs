//! The radar: hashtags that people write and that nobody follows, so that an organiser learns of `#rustfest26` while
//! the conference lasts. Counts posts and distinct people by hashtag, of bounded size, and says which of them are near
//! the followed ones. Knows hashes of people, no names. Pure; what it heard is kept as a note of the ledger.

use std::collections::{BTreeSet, HashMap, HashSet};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Hashtags that are counted; see [`Radar::make_room`].
pub(crate) const TAGS_MAX: usize = 500;
/// Hashtags of one person each that have a place however many others are in use, so that a new one has time to find its people.
const NEW_TAGS_MAX: usize = TAGS_MAX / 4;
/// People that are told apart for one hashtag; "so many or more" beyond.
pub(crate) const PEOPLE_MAX: usize = 100;
/// Longest hashtag that is counted, in bytes.
const TAG_BYTES_MAX: usize = 100;
/// Most suggestions.
const SUGGESTIONS_MAX: usize = 12;
/// People who must have written a hashtag that looks like ours.
const ALIKE_PEOPLE_MIN: usize = 2;
/// People who must have written a hashtag beside ours, and the share of all posts that must carry it, in percent: every
/// conference has its words.
const BESIDE_PEOPLE_MIN: usize = 5;
const BESIDE_PERCENT_MIN: u64 = 20;
/// Letters that a hashtag must share with ours by holding it whole; shorter ones are in everything.
const PART_LETTERS_MIN: usize = 4;
/// Letters from which one wrong letter is a slip.
const SLIP_LETTERS_MIN: usize = 6;

/// A hashtag that may be worth following.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NearTag {
    /// As it was written last, without `#`.
    pub tag: String,
    /// Distinct people who wrote it.
    pub people: u64,
    /// True when there were more than are told apart.
    #[serde(default)]
    pub or_more: bool,
    /// Posts that carry it.
    pub posts: u64,
    /// Why it is suggested.
    pub why: Near,
}

/// How a hashtag is near ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Near {
    /// It looks like ours: one holds the other, only figures differ, or one letter does.
    Alike,
    /// It is often written beside ours.
    Beside,
}

/// See the module.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Radar {
    /// Posts that were listened to.
    posts: u64,
    /// Hashtags that were heard, each time counted.
    #[serde(default)]
    heard: u64,
    tags: HashMap<String, Heard>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Heard {
    written: String,
    posts: u64,
    people: BTreeSet<u32>,
    /// More people than are told apart.
    or_more: bool,
    /// What [`Radar::heard`] was when it was written last.
    #[serde(default)]
    last: u64,
}

impl Radar {
    /// From the ledger's note. What cannot be read counts as nothing heard.
    pub(crate) fn of_note(json: &str) -> Self {
        let mut radar: Self = serde_json::from_str(json).unwrap_or_default();
        if radar.tags.len() > TAGS_MAX {
            radar.tags.clear();
        }
        radar
    }

    pub(crate) fn note(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }

    /// A new post with these hashtags.
    pub(crate) fn post(&mut self, author: &str, tags: impl IntoIterator<Item = String>) {
        self.posts += 1;
        let person = person(author);
        let mut told = HashSet::new();
        for tag in tags {
            if told.insert(tag.to_lowercase()) {
                self.tag(&tag, person);
            }
        }
    }

    /// A hashtag out of a post that is none of ours.
    pub(crate) fn near(&mut self, author: &str, tag: &str) {
        self.tag(tag, person(author));
    }

    /// A post of theirs was removed. What nobody else wrote is forgotten; true when anything was.
    pub(crate) fn forget(&mut self, author: &str, tags: &[String]) -> bool {
        let person = person(author);
        let before = self.tags.len();
        for key in tags.iter().map(|tag| tag.to_lowercase()) {
            let is_theirs = |heard: &Heard| heard.people.len() == 1 && heard.people.contains(&person);
            if self.tags.get(&key).is_some_and(is_theirs) {
                self.tags.remove(&key);
            }
        }
        self.tags.len() < before
    }

    fn tag(&mut self, tag: &str, person: u32) {
        let key = tag.to_lowercase();
        if key.is_empty() || tag.len() > TAG_BYTES_MAX {
            return;
        }
        if !self.tags.contains_key(&key) && self.tags.len() >= TAGS_MAX {
            self.make_room();
        }
        self.heard += 1;
        let heard = self.tags.entry(key).or_default();
        heard.last = self.heard;
        tag.clone_into(&mut heard.written);
        heard.posts += 1;
        if heard.people.len() < PEOPLE_MAX {
            heard.people.insert(person);
        } else {
            heard.or_more |= !heard.people.contains(&person);
        }
    }

    /// Takes out the one that was not written for longest: of those that one person writes, where they are many (one who
    /// writes a thousand drives out nobody else's); else of the others, those of many people last.
    fn make_room(&mut self) {
        let is_new = |heard: &Heard| heard.people.len() < ALIKE_PEOPLE_MIN;
        let are_many = self.tags.values().filter(|heard| is_new(heard)).count() >= NEW_TAGS_MAX;
        let rank =
            |heard: &Heard| (is_new(heard) != are_many, heard.people.len() >= BESIDE_PEOPLE_MIN, heard.last);
        let least = self.tags.iter().min_by_key(|(_, heard)| rank(heard));
        if let Some(key) = least.map(|(key, _)| key.clone()) {
            self.tags.remove(&key);
        }
    }

    /// What may be worth following beside `ours`, most people first. `known` are hashtags that mean something else here, of
    /// rooms for example.
    pub(crate) fn suggestions(&self, ours: &[String], known: &[String]) -> Vec<NearTag> {
        let ours: Vec<String> = ours.iter().map(|tag| tag.to_lowercase()).collect();
        let is_known = |tag: &String| ours.contains(tag) || known.iter().any(|k| k.to_lowercase() == *tag);
        let mut found: Vec<NearTag> = self
            .tags
            .iter()
            .filter(|(tag, _)| !is_known(tag))
            .filter_map(|(tag, heard)| {
                let why = self.nearness(tag, heard, &ours)?;
                let Heard { written, posts, people, or_more, .. } = heard;
                let people = people.len() as u64;
                Some(NearTag { tag: written.clone(), people, or_more: *or_more, posts: *posts, why })
            })
            .collect();
        found.sort_by(|a, b| {
            let weight =
                |near: &NearTag| (near.why == Near::Beside, u64::MAX - near.people, u64::MAX - near.posts);
            weight(a).cmp(&weight(b)).then_with(|| a.tag.cmp(&b.tag))
        });
        found.truncate(SUGGESTIONS_MAX);
        found
    }

    fn nearness(&self, tag: &str, heard: &Heard, ours: &[String]) -> Option<Near> {
        let people = heard.people.len();
        if people >= ALIKE_PEOPLE_MIN && ours.iter().any(|own| is_alike(own, tag)) {
            return Some(Near::Alike);
        }
        let is_often = heard.posts * 100 >= self.posts * BESIDE_PERCENT_MIN;
        (people >= BESIDE_PEOPLE_MIN && is_often).then_some(Near::Beside)
    }
}

fn person(author: &str) -> u32 {
    let hash = Sha256::digest(author.as_bytes());
    u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]])
}

/// Both in lower case.
fn is_alike(own: &str, tag: &str) -> bool {
    let is_part = |part: &str, whole: &str| letters(part) >= PART_LETTERS_MIN && whole.contains(part);
    if is_part(own, tag) || is_part(tag, own) {
        return true;
    }
    let bare = |tag: &str| tag.chars().filter(|c| c.is_alphabetic()).collect::<String>();
    let (a, b) = (bare(own), bare(tag));
    // A year's figures change; beside a single letter the rest has to be as long at least.
    let is_same = a == b && (letters(own) > 1 || own.chars().count() == tag.chars().count());
    let can_slip = letters(own).min(letters(tag)) >= SLIP_LETTERS_MIN;
    (!a.is_empty() && is_same) || (can_slip && is_one_slip(own, tag))
}

fn letters(tag: &str) -> usize {
    tag.chars().filter(|c| c.is_alphabetic()).count()
}

/// One letter put in, left out, or another one in its place.
fn is_one_slip(a: &str, b: &str) -> bool {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    let same = short.iter().zip(&long).take_while(|(x, y)| x == y).count();
    match long.len() - short.len() {
        0 => short[same..].iter().skip(1).eq(long[same..].iter().skip(1)),
        1 => short[same..] == long[same + 1..],
        _ => false,
    }
}

#[cfg(test)]
mod tests;
