//! Which known talk a talk of a file is. Signs are tried from the strongest to the weakest over the whole file at once, so that
//! the order of the file's talks never matters: guid, code, id, title with first speaker, title alone, and last the same
//! place with a title that is nearly the same. What comes of it is in `merge`.
//!
//! A sign that several talks share recognises none of them by itself: repeats of one talk (a workshop that is held twice under
//! one code) are told apart by their places, then by their times.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::alike::{alike, title_key};
use super::repeats::{self, Slot, Slots};
use super::{FoundTalk, ScheduleFile};
use crate::event::room_slug;
use crate::talk::Speaker;
use crate::{Talk, TalkId};

/// Words that a title needs to be one talk's own where none of its speakers is the same: "Keynote" is nobody's.
const OWN_TITLE_WORDS: usize = 3;
/// Most pairs of known and found talks at one time in one room whose titles are compared; beyond, the place says nothing.
const PLACE_PAIRS_MAX: usize = 400;

/// What recognition looks at, of a known talk or of a found one.
#[derive(Debug)]
pub(super) struct Sight {
    /// guid, code and id, where there are such.
    hard: [Option<String>; 3],
    title: String,
    /// The first speaker, for the eye of a machine.
    first: String,
    speakers: BTreeSet<String>,
    slot: Slot,
}

/// Place of the ids among the hard signs: numbers that another program gives to other talks.
const NATIVE: usize = 2;

impl Sight {
    fn of_known(talk: &Talk) -> Self {
        let words = [&talk.subtitle, &talk.summary, &talk.track, &talk.lang, &talk.url];
        let rest = repeats::rest(talk.end, &talk.title, words, &talk.speakers);
        let hard = [&talk.guid, &talk.code, &talk.native];
        let slot = Slot {
            room: talk.room.clone(),
            start: talk.start,
            is_alive: !talk.dropped,
            rest,
            signs: format!("{hard:?}"),
        };
        Self::new(hard, &talk.title, &talk.speakers, slot)
    }

    fn of_found(talk: &FoundTalk) -> Self {
        let words = [&talk.subtitle, &talk.summary, &talk.track, &talk.lang, &talk.url];
        let rest = repeats::rest(talk.end, &talk.title, words, &talk.speakers);
        let hard = [&talk.guid, &talk.code, &talk.native];
        let room = room_slug(&talk.room);
        let slot = Slot { room, start: talk.start, is_alive: true, rest, signs: format!("{hard:?}") };
        Self::new(hard, &talk.title, &talk.speakers, slot)
    }

    fn new(hard: [&Option<String>; 3], title: &str, speakers: &[Speaker], slot: Slot) -> Self {
        let name = |speaker: &Speaker| title_key(&speaker.name);
        Self {
            hard: hard.map(|sign| sign.clone().filter(|sign| !sign.trim().is_empty())),
            title: title_key(title),
            first: speakers.first().map(name).unwrap_or_default(),
            speakers: speakers.iter().map(name).filter(|name| !name.is_empty()).collect(),
            slot,
        }
    }

    fn said(&self) -> (&str, &str) {
        (&self.title, &self.first)
    }

    fn shares_a_speaker(&self, other: &Self) -> bool {
        !self.speakers.is_disjoint(&other.speakers)
    }

    fn has_nothing_of(&self, other: &Self) -> bool {
        !alike(&self.title, &other.title) && !self.shares_a_speaker(other) && !self.slot.is_at(&other.slot)
    }
}

/// For each talk of the file, the known one that it is.
pub(super) fn recognise(known: &BTreeMap<TalkId, Talk>, file: &ScheduleFile) -> Vec<Option<TalkId>> {
    let ids: Vec<&TalkId> = known.keys().collect();
    let sights: Vec<Sight> = known.values().map(Sight::of_known).collect();
    let found: Vec<Sight> = file.talks.iter().map(Sight::of_found).collect();
    let matched = Matching::new(&sights, &found).run();
    matched.into_iter().map(|known| known.map(|n| ids[n].clone())).collect()
}

/// Pairs of known and found talks on their way; numbers are places in the two lists.
struct Matching<'a> {
    known: &'a [Sight],
    found: &'a [Sight],
    /// Of each found talk, the known one.
    of: Vec<Option<usize>>,
    is_taken: Vec<bool>,
}

/// Known and found talks that share a sign.
#[derive(Default)]
struct Sharing {
    known: Vec<usize>,
    found: Vec<usize>,
}

impl<'a> Matching<'a> {
    fn new(known: &'a [Sight], found: &'a [Sight]) -> Self {
        Self { known, found, of: vec![None; found.len()], is_taken: vec![false; known.len()] }
    }

    fn run(mut self) -> Vec<Option<usize>> {
        let elsewhere = self.told_by_words();
        for sign in 0..3 {
            self.by_hard_sign(sign, &elsewhere);
        }
        self.by_words();
        self.by_title();
        self.by_place();
        self.of
    }

    fn pair(&mut self, known: usize, found: usize) {
        self.of[found] = Some(known);
        self.is_taken[known] = true;
    }

    /// What is still to be recognised, by some key, in the order of the keys.
    fn open<K: Ord>(&self, key: impl Fn(&'a Sight) -> Option<K>) -> BTreeMap<K, Sharing> {
        let mut all: BTreeMap<K, Sharing> = BTreeMap::new();
        for (n, sight) in self.known.iter().enumerate().filter(|(n, _)| !self.is_taken[*n]) {
            if let Some(key) = key(sight) {
                all.entry(key).or_default().known.push(n);
            }
        }
        for (n, sight) in self.found.iter().enumerate().filter(|(n, _)| self.of[*n].is_none()) {
            if let Some(key) = key(sight) {
                all.entry(key).or_default().found.push(n);
            }
        }
        all
    }

    /// Of found talks whose title and first speaker are those of one talk that was in the last version, and of no other on
    /// either side, that talk.
    fn told_by_words(&self) -> HashMap<usize, usize> {
        let all = self.open(|sight| (!sight.title.is_empty()).then(|| sight.said()));
        let single = |both: Sharing| match (&both.known[..], &both.found[..]) {
            ([known], [found]) if self.known[*known].slot.is_alive => Some((*found, *known)),
            _ => None,
        };
        all.into_values().filter_map(single).collect()
    }

    /// By guid, code or id. A sign that has moved to another talk (files are sometimes numbered anew) does not take that
    /// talk's words away: the words win where they are somebody else's alone.
    fn by_hard_sign(&mut self, sign: usize, elsewhere: &HashMap<usize, usize>) {
        let shared = self.open(|sight| sight.hard[sign].as_deref());
        for both in shared.into_values().filter(|both| !both.known.is_empty() && !both.found.is_empty()) {
            match (&both.known[..], &both.found[..]) {
                ([known], [found]) => {
                    if self.is_believed(*known, *found, sign, elsewhere) {
                        self.pair(*known, *found);
                    }
                }
                _ => self.shared_sign(&both),
            }
        }
    }

    fn is_believed(
        &self,
        known: usize,
        found: usize,
        sign: usize,
        elsewhere: &HashMap<usize, usize>,
    ) -> bool {
        let (was, is) = (&self.known[known], &self.found[found]);
        let belongs_elsewhere = elsewhere.get(&found).is_some_and(|other| *other != known);
        if belongs_elsewhere && !alike(&was.title, &is.title) {
            return false;
        }
        sign != NATIVE || !was.has_nothing_of(is)
    }

    /// Talks that share a guid, code or id: repeats of one talk when all have one title, else only those whose titles agree.
    fn shared_sign(&mut self, both: &Sharing) {
        let one = |titles: BTreeSet<&str>| titles.len() == 1;
        let known_titles = both.known.iter().map(|n| self.known[*n].title.as_str()).collect();
        let found_titles = both.found.iter().map(|n| self.found[*n].title.as_str()).collect();
        if one(known_titles) && one(found_titles) {
            self.tell_apart(&both.known, &both.found);
            return;
        }
        let mut by_title: BTreeMap<&str, Sharing> = BTreeMap::new();
        for n in &both.known {
            by_title.entry(&self.known[*n].title).or_default().known.push(*n);
        }
        for n in &both.found {
            by_title.entry(&self.found[*n].title).or_default().found.push(*n);
        }
        for some in by_title.into_values() {
            self.tell_apart(&some.known, &some.found);
        }
    }

    fn tell_apart(&mut self, known: &[usize], found: &[usize]) {
        let slots = |all: &'a [Sight], some: &[usize]| -> Slots<'a> {
            some.iter().map(|n| (*n, &all[*n].slot)).collect()
        };
        for (known, found) in repeats::pairs(slots(self.known, known), slots(self.found, found)) {
            self.pair(known, found);
        }
    }

    /// By title and first speaker; those that are alike in both are repeats.
    fn by_words(&mut self) {
        for both in self.open(|sight| Some(sight.said())).into_values() {
            self.tell_apart(&both.known, &both.found);
        }
    }

    /// By a title that only one talk has, on both sides, whoever speaks now. A talk that was dropped makes no title common.
    fn by_title(&mut self) {
        let mut known_times: HashMap<&str, usize> = HashMap::new();
        for sight in self.known.iter().filter(|sight| sight.slot.is_alive) {
            *known_times.entry(&sight.title).or_default() += 1;
        }
        let mut found_times: HashMap<&str, usize> = HashMap::new();
        for sight in self.found {
            *found_times.entry(&sight.title).or_default() += 1;
        }
        for (title, both) in self.open(|sight| (!sight.title.is_empty()).then_some(sight.title.as_str())) {
            let is_common =
                known_times.get(title).is_some_and(|n| *n > 1) || found_times.get(title) != Some(&1);
            let alive: Vec<usize> =
                both.known.iter().copied().filter(|n| self.known[*n].slot.is_alive).collect();
            let candidates = if alive.is_empty() { &both.known } else { &alive };
            if let ([known], [found]) = (&candidates[..], &both.found[..])
                && !is_common
                && self.is_own_title(*known, *found)
            {
                self.pair(*known, *found);
            }
        }
    }

    fn is_own_title(&self, known: usize, found: usize) -> bool {
        let (was, is) = (&self.known[known], &self.found[found]);
        was.speakers.is_empty()
            || is.speakers.is_empty()
            || was.shares_a_speaker(is)
            || was.title.split(' ').count() >= OWN_TITLE_WORDS
    }

    /// By room and start, where the title is nearly the same or somebody still speaks: a talk that was renamed in its place.
    fn by_place(&mut self) {
        for both in self.open(|sight| Some((sight.slot.room.as_str(), sight.slot.start))).into_values() {
            if both.known.len() * both.found.len() > PLACE_PAIRS_MAX {
                continue;
            }
            let mut fitting = Vec::new();
            for known in both.known.iter().filter(|n| self.known[**n].slot.is_alive) {
                for found in &both.found {
                    let (was, is) = (&self.known[*known], &self.found[*found]);
                    if alike(&was.title, &is.title) || was.shares_a_speaker(is) {
                        fitting.push((*known, *found));
                    }
                }
            }
            if let [(known, found)] = fitting[..] {
                self.pair(known, found);
            }
        }
    }
}
