//! The rooms: by slug, by hashtag, by name as people say it.

use super::vocabulary::Vocabulary;
use crate::filing::words::Words;
use crate::{EventEntry, Talk, extract::tag_key};
use std::collections::{BTreeMap, HashMap};

/// Words of a room's name that are compared.
const NAME_WORDS_MAX: usize = 8;

/// A room.
#[derive(Clone, Debug)]
pub(in crate::filing) struct Place {
    /// Its slug.
    pub(in crate::filing) slug: String,
    /// Its name.
    pub(in crate::filing) name: String,
    /// The words of its name, as numbers.
    pub(in crate::filing) words: Vec<u32>,
    /// True when nobody says its name without meaning it: several words, or one with a digit in it.
    pub(in crate::filing) is_telling: bool,
}

/// See the module.
#[derive(Clone, Debug, Default)]
pub(in crate::filing) struct Rooms {
    all: Vec<Place>,
    by_slug: BTreeMap<String, u32>,
    by_tag: HashMap<String, u32>,
}

impl Rooms {
    pub(super) fn new<'a>(
        talks: impl Iterator<Item = &'a Talk>,
        event: Option<&EventEntry>,
        vocabulary: &mut Vocabulary,
    ) -> Self {
        let mut rooms = Self::default();
        for room in event.into_iter().flat_map(|event| &event.rooms) {
            let number = rooms.add(&room.slug, &room.name, vocabulary);
            for tag in &room.tags {
                rooms.by_tag.insert(tag_key(tag.trim().trim_start_matches('#')), number);
            }
        }
        for talk in talks {
            if !rooms.by_slug.contains_key(&talk.room) {
                let name = talk.room_name.clone().unwrap_or_else(|| talk.room.replace('-', " "));
                rooms.add(&talk.room, &name, vocabulary);
            }
        }
        // `#hall2`: after the tags that were given, which win.
        for (number, place) in (0..).zip(&rooms.all) {
            let joined: String = place.name.chars().filter(|c| c.is_alphanumeric()).collect();
            if place.is_telling && joined.chars().count() >= 3 {
                rooms.by_tag.entry(tag_key(&joined)).or_insert(number);
            }
        }
        rooms
    }

    fn add(&mut self, slug: &str, name: &str, vocabulary: &mut Vocabulary) -> u32 {
        let number = u32::try_from(self.all.len()).unwrap_or(u32::MAX);
        let words = Words::of(name);
        let numbers: Vec<u32> =
            words.iter().take(NAME_WORDS_MAX).map(|word| vocabulary.learn(&words, word, None)).collect();
        if let Some(first) = numbers.first() {
            vocabulary.learn_room(*first, number);
        }
        let has_digit = words.iter().any(|word| word.shape.digit && !word.shape.number);
        let is_telling = numbers.len() >= 2 || has_digit;
        self.all.push(Place {
            slug: slug.to_owned(),
            name: name.trim().to_owned(),
            words: numbers,
            is_telling,
        });
        self.by_slug.insert(slug.to_owned(), number);
        number
    }

    /// A room by number.
    pub(in crate::filing) fn get(&self, room: u32) -> &Place {
        &self.all[room as usize]
    }

    /// The name of a room by its slug; the slug where it has none.
    pub(in crate::filing) fn name<'a>(&'a self, slug: &'a str) -> &'a str {
        self.by_slug.get(slug).map_or(slug, |number| &self.get(*number).name)
    }

    /// The room that a hashtag names.
    pub(in crate::filing) fn tagged(&self, tag: &str) -> Option<u32> {
        self.by_tag.get(&tag_key(tag)).copied()
    }
}
