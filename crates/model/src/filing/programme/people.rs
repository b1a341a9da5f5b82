//! Who speaks: by name, by handle, by a name written as one word.

use super::Slot;
use super::vocabulary::Vocabulary;
use crate::Talk;
use crate::filing::words::Words;
use std::collections::{BTreeMap, HashMap};

/// Words of one name that are compared.
const NAME_WORDS_MAX: usize = 8;
/// Most people that share one word of a name.
pub(in crate::filing) const NAMESAKES_MAX: usize = 24;
/// Most talks of one person that are looked at; who has more is an organisation.
const TALKS_MAX: usize = 12;

/// Somebody who speaks.
#[derive(Clone, Debug)]
pub(in crate::filing) struct Person {
    /// As printed.
    pub(in crate::filing) name: String,
    /// The words of the name, as numbers.
    pub(in crate::filing) words: Vec<u32>,
    /// Their talks.
    pub(in crate::filing) talks: Vec<u32>,
    /// The talks that they were to give once.
    pub(in crate::filing) former: Vec<u32>,
}

/// A handle of somebody.
#[derive(Clone, Debug)]
pub(in crate::filing) struct Handle {
    pub(in crate::filing) person: u32,
    /// The server, where the handle names one.
    pub(in crate::filing) host: Option<String>,
}

/// See the module.
#[derive(Clone, Debug, Default)]
pub(in crate::filing) struct People {
    all: Vec<Person>,
    handles: HashMap<String, Vec<Handle>>,
    joined: HashMap<String, u32>,
}

impl People {
    pub(super) fn new<'a>(
        talks: impl Iterator<Item = &'a Talk>,
        slots: &[Slot],
        vocabulary: &mut Vocabulary,
    ) -> Self {
        let mut people = Self::default();
        let mut by_name: BTreeMap<String, u32> = BTreeMap::new();
        for (number, talk) in (0..).zip(talks) {
            if slots.get(number as usize).is_none_or(|slot| slot.is_break) {
                continue;
            }
            for speaker in &talk.speakers {
                let Some(person) = people.person(&speaker.name, &mut by_name, vocabulary) else { continue };
                people.note(person, number, false);
                for handle in &speaker.handles {
                    people.handle(person, handle);
                }
            }
            for name in talk.was.iter().flat_map(|was| &was.speakers) {
                if let Some(person) = people.person(name, &mut by_name, vocabulary) {
                    people.note(person, number, true);
                }
            }
        }
        people
    }

    fn person(
        &mut self,
        name: &str,
        by_name: &mut BTreeMap<String, u32>,
        vocabulary: &mut Vocabulary,
    ) -> Option<u32> {
        let words = Words::of(main_name(name));
        let folded: Vec<&str> = words.iter().take(NAME_WORDS_MAX).map(|w| words.folded(w)).collect();
        let key = folded.join(" ");
        if key.is_empty() {
            return None;
        }
        if let Some(person) = by_name.get(&key) {
            return Some(*person);
        }
        let person = u32::try_from(self.all.len()).ok()?;
        self.joined.entry(folded.concat()).or_insert(person);
        let numbers = words
            .iter()
            .take(NAME_WORDS_MAX)
            .filter(|word| words.folded(word).len() > 1)
            .map(|word| vocabulary.learn_name(&words, word, person))
            .collect();
        let name = name.trim().to_owned();
        self.all.push(Person { name, words: numbers, talks: Vec::new(), former: Vec::new() });
        by_name.insert(key, person);
        Some(person)
    }

    fn note(&mut self, person: u32, talk: u32, is_former: bool) {
        let person = &mut self.all[person as usize];
        let talks = if is_former { &mut person.former } else { &mut person.talks };
        if talks.last() != Some(&talk) && talks.len() <= TALKS_MAX {
            talks.push(talk);
        }
    }

    fn handle(&mut self, person: u32, handle: &str) {
        let Some((local, host)) = parts(handle) else { return };
        let handles = self.handles.entry(local).or_default();
        if handles.len() < NAMESAKES_MAX && !handles.iter().any(|h| h.person == person && h.host == host) {
            handles.push(Handle { person, host });
        }
    }

    /// Somebody by number.
    pub(in crate::filing) fn get(&self, person: u32) -> &Person {
        &self.all[person as usize]
    }

    /// Who goes by a name in front of the server's.
    pub(in crate::filing) fn by_handle(&self, local: &str) -> &[Handle] {
        self.handles.get(local).map_or(&[], Vec::as_slice)
    }

    /// Whose name, written as one word, this is.
    pub(in crate::filing) fn by_joined(&self, joined: &str) -> Option<u32> {
        self.joined.get(joined).copied()
    }
}

impl Person {
    /// True for somebody who gives so many talks that the name tells none: the organisers, a company.
    pub(in crate::filing) fn is_many(&self) -> bool {
        self.talks.len() > TALKS_MAX
    }
}

/// A name without what stands in brackets or behind "aka".
fn main_name(name: &str) -> &str {
    let cut = ["(", "[", " aka ", " / ", " - ", ","]
        .iter()
        .filter_map(|sign| name.find(sign))
        .filter(|at| *at > 0)
        .min();
    let main = name[..cut.unwrap_or(name.len())].trim();
    // "Lovelace, Ada" is one name.
    if name[main.len()..].starts_with(',') { name } else { main }
}

/// `@Ada@Social.Example` as `ada` and `social.example`; `@ada.bsky.social` is a name with a host of its own, as a whole.
pub(in crate::filing) fn parts(handle: &str) -> Option<(String, Option<String>)> {
    let handle = handle.trim().trim_end_matches('/');
    let handle = handle.rsplit_once('/').map_or(handle, |(_, last)| last).trim_start_matches('@');
    let (local, host) = handle.split_once('@').map_or((handle, None), |(local, host)| (local, Some(host)));
    let is_fit = |text: &str| !text.is_empty() && text.len() <= 253 && !text.contains(char::is_whitespace);
    (is_fit(local) && host.is_none_or(is_fit)).then(|| (local.to_lowercase(), host.map(str::to_lowercase)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_is_known_however_it_is_written() {
        let host = Some("social.example".to_owned());
        assert_eq!(parts("@Ada@Social.Example"), Some(("ada".into(), host.clone())));
        assert_eq!(parts("https://social.example/@ada"), Some(("ada".into(), None)));
        assert_eq!(parts("ada@social.example"), Some(("ada".into(), host)));
        assert_eq!((parts("@"), parts("a b"), parts("")), (None, None, None));
    }

    #[test]
    fn a_name_ends_where_the_rest_begins() {
        assert_eq!(main_name("fabio carletti aka Ryuw"), "fabio carletti");
        assert_eq!(main_name("Ada Lovelace (Analytical Society)"), "Ada Lovelace");
        assert_eq!(main_name("Lovelace, Ada"), "Lovelace, Ada");
    }
}
