//! What filing knows of the event: its talks, its rooms and its own names, made ready to be asked. Built anew when the
//! schedule or the settings change, asked for each item. When talks are on is the stage's affair ([`crate::stage`]).
//!
//! Everything is found by an index; no question walks over all talks, so ten thousand of them cost no more than a hundred.

pub(super) mod people;
pub(super) mod pointers;
pub(super) mod rooms;
pub(super) mod typos;
pub(super) mod vocabulary;

use super::evidence::summary_worth;
use super::words::Words;
use super::words::lists::{Known, known};
use crate::{EventEntry, Micros, Talk, TalkId};
use jiff::{Timestamp, tz::TimeZone};
use people::People;
use pointers::Pointers;
use rooms::Rooms;
use std::collections::BTreeMap;
use vocabulary::{Field, Vocabulary};

/// Words of a title that are compared.
const TITLE_WORDS_MAX: usize = 40;
/// Words of an abstract that are taken in; what follows is repetition and biography.
const SUMMARY_WORDS_MAX: usize = 300;

/// A talk as filing compares it, under a number that is its place in the order of ids.
#[derive(Clone, Debug)]
pub(super) struct Slot {
    /// Its id.
    pub(super) id: TalkId,
    /// Title as word numbers, in order.
    pub(super) title: Vec<u32>,
    /// Title without what comes behind its colon or dash; empty when that is all of it, or too little.
    pub(super) short: Vec<u32>,
    /// Subtitle.
    pub(super) subtitle: Vec<u32>,
    /// Former titles.
    pub(super) former: Vec<Vec<u32>>,
    /// What a word of its abstract counts: less in a longer one.
    pub(super) summary_worth: f64,
    /// By the schedule.
    pub(super) start: Micros,
    /// By the schedule.
    pub(super) end: Micros,
    /// Its start on the venue's clock, in minutes since midnight.
    pub(super) minute: u16,
    /// Lunch, a pause, the registration desk: nothing is filed there by words or clock.
    pub(super) is_break: bool,
    /// Called off.
    pub(super) dropped: bool,
}

/// See the module.
#[derive(Clone, Debug)]
pub struct Programme {
    talks: BTreeMap<TalkId, Talk>,
    pub(super) slots: Vec<Slot>,
    pub(super) vocabulary: Vocabulary,
    pub(super) people: People,
    pub(super) pointers: Pointers,
    pub(super) rooms: Rooms,
    /// Talks by the minute of the day at which they start.
    pub(super) by_minute: BTreeMap<u16, Vec<u32>>,
}

impl Default for Programme {
    fn default() -> Self {
        Self::new([], None)
    }
}

impl Programme {
    /// Takes all talks of an event, dropped ones included: what is said about one that was called off stays said about it.
    #[must_use]
    pub fn new(talks: impl IntoIterator<Item = Talk>, event: Option<&EventEntry>) -> Self {
        let talks: BTreeMap<TalkId, Talk> = talks.into_iter().map(|talk| (talk.id.clone(), talk)).collect();
        let zone = event.and_then(|e| TimeZone::get(&e.timezone).ok()).unwrap_or(TimeZone::UTC);
        let mut vocabulary = Vocabulary::default();
        let slots: Vec<Slot> = (0..)
            .zip(talks.values())
            .map(|(number, talk)| slot(number, talk, &mut vocabulary, &zone))
            .collect();
        let people = People::new(talks.values(), &slots, &mut vocabulary);
        let rooms = Rooms::new(talks.values(), event, &mut vocabulary);
        let pointers = Pointers::new(talks.values());
        if let Some(event) = event {
            vocabulary.own(event);
        }
        vocabulary.weigh(slots.iter().filter(|slot| !slot.is_break && !slot.dropped).count());
        for (number, slot) in (0..).zip(&slots).filter(|(_, slot)| !slot.is_break) {
            for title in [&slot.title, &slot.short, &slot.subtitle].into_iter().chain(&slot.former) {
                vocabulary.anchor(number, title);
            }
        }
        let mut by_minute: BTreeMap<u16, Vec<u32>> = BTreeMap::new();
        for (number, slot) in (0..).zip(&slots).filter(|(_, slot)| !slot.is_break && !slot.dropped) {
            by_minute.entry(slot.minute).or_default().push(number);
        }
        Self { talks, slots, vocabulary, people, pointers, rooms, by_minute }
    }

    /// A talk, dropped or not.
    #[must_use]
    pub fn talk(&self, id: &TalkId) -> Option<&Talk> {
        self.talks.get(id)
    }

    /// The number of a talk.
    pub(super) fn number(&self, id: &TalkId) -> Option<u32> {
        let at = self.slots.binary_search_by(|slot| slot.id.cmp(id)).ok()?;
        u32::try_from(at).ok()
    }

    /// A talk as filing compares it.
    pub(super) fn slot(&self, number: u32) -> &Slot {
        &self.slots[number as usize]
    }
}

fn slot(number: u32, talk: &Talk, vocabulary: &mut Vocabulary, zone: &TimeZone) -> Slot {
    let is_break = is_break(&talk.title) && talk.speakers.is_empty();
    let mut read = |text: &str, field: Field, most: usize| {
        let words = Words::of(text);
        let posted = (!is_break).then_some((number, field));
        words.iter().take(most).map(|word| vocabulary.learn(&words, word, posted)).collect::<Vec<u32>>()
    };
    let title = read(&talk.title, Field::Title, TITLE_WORDS_MAX);
    let short = main_title(&talk.title).map(|main| read(main, Field::Title, TITLE_WORDS_MAX));
    let subtitle = talk.subtitle.as_deref().map(|text| read(text, Field::Subtitle, TITLE_WORDS_MAX));
    let former = talk
        .was
        .iter()
        .filter_map(|was| was.title.as_deref())
        .map(|title| read(title, Field::Former, TITLE_WORDS_MAX))
        .collect();
    if let Some(track) = &talk.track {
        read(track, Field::Track, TITLE_WORDS_MAX);
    }
    let summary = talk.summary.as_deref().map(|text| read(text, Field::Summary, SUMMARY_WORDS_MAX));
    Slot {
        id: talk.id.clone(),
        title,
        short: short.unwrap_or_default(),
        subtitle: subtitle.unwrap_or_default(),
        former,
        summary_worth: summary_worth(summary.map_or(0, |words| words.len())),
        start: talk.start,
        end: talk.end,
        minute: minute_of(talk.start, zone),
        is_break,
        dropped: talk.dropped,
    }
}

/// A title of which nothing remains but words for pauses and meals.
fn is_break(title: &str) -> bool {
    let words = Words::of(title);
    let mut all = words.iter().filter(|word| !word.shape.number).map(|word| known(words.folded(word)));
    let mut is_any = false;
    let is_all = all.all(|word| {
        is_any |= word.is(Known::BREAK);
        word.is(Known::BREAK) || word.is(Known::STOP)
    });
    is_any && is_all
}

/// What stands before a title's colon or dash, when both halves are worth it.
fn main_title(title: &str) -> Option<&str> {
    let cut = [": ", " - ", " \u{2013} ", " \u{2014} ", " (", " | "]
        .iter()
        .filter_map(|sign| title.find(sign))
        .min()?;
    let main = title[..cut].trim();
    (main.split_whitespace().count() >= 2 || main.chars().count() >= 5).then_some(main)
}

/// A moment on the venue's clock, in minutes since midnight.
pub(super) fn minute_of(at: Micros, zone: &TimeZone) -> u16 {
    let local = Timestamp::from_microsecond(at.0).map(|at| zone.to_datetime(at).time());
    local.map_or(0, |time| {
        u16::try_from(time.hour()).unwrap_or(0) * 60 + u16::try_from(time.minute()).unwrap_or(0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_and_meals_are_no_talks() {
        for title in ["Lunch", "Pause déjeuner", "Coffee break", "Kaffeepause", "Petit déjeuner"] {
            assert!(is_break(title), "{title}");
        }
        for title in ["Coffee roasting with open hardware", "Opening", "Breaking things"] {
            assert!(!is_break(title), "{title}");
        }
    }

    #[test]
    fn a_title_is_known_without_its_second_half() {
        assert_eq!(main_title("Zero copy: parsing without tears"), Some("Zero copy"));
        assert_eq!(main_title("Wireguard \u{2013} ein VPN"), Some("Wireguard"));
        assert_eq!(main_title("77 - Une plateforme"), None);
        assert_eq!(main_title("No second half"), None);
    }
}
