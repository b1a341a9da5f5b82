//! What points at one talk and at no other: its code, its guid, its page, a link that holds one of these.

use crate::{Talk, link::normal};
use std::collections::HashMap;

/// A shorter code or name in an address is anybody's.
const CODE_BYTES_MIN: usize = 4;
/// Parts of an address that are compared.
const SEGMENTS_MAX: usize = 12;
/// What stands before the number of a talk in the addresses of programmes.
const BEFORE_NUMBERS: [&str; 18] = [
    "event",
    "events",
    "talk",
    "talks",
    "session",
    "sessions",
    "submission",
    "fahrplan",
    "schedule",
    "programme",
    "program",
    "vortrag",
    "conference",
    "presentation",
    "contribution",
    "contributions",
    "lecture",
    "proposal",
];

/// What an address leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::filing) enum Target {
    /// The talk's page, or an address with its code.
    Page(u32),
    /// An address with its number behind a word such as "events".
    Number(u32),
}

/// A talk under a key, or several, which is none.
#[derive(Clone, Debug, Default)]
struct Unique(HashMap<String, Option<u32>>);

impl Unique {
    fn add(&mut self, key: String, talk: u32) {
        let known = self.0.entry(key).or_insert(Some(talk));
        if *known != Some(talk) {
            *known = None;
        }
    }

    fn get(&self, key: &str) -> Option<u32> {
        self.0.get(key).copied().flatten()
    }
}

/// See the module.
#[derive(Clone, Debug, Default)]
pub(in crate::filing) struct Pointers {
    pages: Unique,
    names: Unique,
    codes: Unique,
    numbers: Unique,
}

impl Pointers {
    pub(super) fn new<'a>(talks: impl Iterator<Item = &'a Talk>) -> Self {
        let mut pointers = Self::default();
        for (number, talk) in (0..).zip(talks) {
            pointers.add(number, talk);
        }
        pointers
    }

    fn add(&mut self, number: u32, talk: &Talk) {
        if let Some(guid) = talk.guid.as_deref().filter(|guid| guid.len() >= 16) {
            self.names.add(guid.to_lowercase(), number);
        }
        if let Some(code) = talk.code.as_deref().filter(|code| code.len() >= CODE_BYTES_MIN) {
            self.codes.add(code.to_owned(), number);
            if !is_number(code) {
                self.names.add(code.to_lowercase(), number);
            }
        }
        if let Some(native) = talk.native.as_deref().filter(|native| is_number(native)) {
            self.numbers.add(native.to_owned(), number);
        }
        let Some(page) = talk.url.as_deref().and_then(normal) else { return };
        let last = segments(&page).last().map(|last| without_suffix(last).to_owned());
        self.pages.add(page, number);
        if let Some(last) = last.filter(|last| last.len() >= 8 && last.chars().any(char::is_alphabetic)) {
            self.names.add(last, number);
        }
    }

    /// Where an address leads.
    pub(in crate::filing) fn target(&self, address: &str) -> Option<Target> {
        let normal = normal(address)?;
        if let Some(talk) = self.pages.get(&normal) {
            return Some(Target::Page(talk));
        }
        let mut before = "";
        for segment in segments(&normal).take(SEGMENTS_MAX) {
            let segment = without_suffix(segment);
            if let Some(talk) = self.names.get(segment) {
                return Some(Target::Page(talk));
            }
            if BEFORE_NUMBERS.contains(&before)
                && let Some(talk) = leading_number(segment).and_then(|number| self.numbers.get(number))
            {
                return Some(Target::Number(talk));
            }
            before = segment;
        }
        None
    }

    /// The talk of a code that stands in a text as it is: `ABC3DE`. One of letters only may be a word in capitals.
    pub(in crate::filing) fn code(&self, word: &str) -> Option<u32> {
        let is_code =
            word.bytes().any(|b| b.is_ascii_digit()) && word.bytes().any(|b| b.is_ascii_alphabetic());
        is_code.then(|| self.codes.get(word)).flatten()
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.len() <= 12 && text.bytes().all(|b| b.is_ascii_digit())
}

/// `6121` of `6121`, `6121-the-title`, `6121_title`.
fn leading_number(segment: &str) -> Option<&str> {
    let digits = segment.bytes().take_while(u8::is_ascii_digit).count();
    let is_alone = segment[digits..].is_empty() || segment[digits..].starts_with(['-', '_']);
    (digits >= 1 && is_alone).then_some(&segment[..digits])
}

fn without_suffix(segment: &str) -> &str {
    segment.strip_suffix(".html").or_else(|| segment.strip_suffix(".htm")).unwrap_or(segment)
}

/// The parts of the path of a normal address.
fn segments(normal: &str) -> impl Iterator<Item = &str> {
    normal.split(['/', '?', '&', '=', '#']).skip(1).filter(|segment| !segment.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TalkId;

    fn pointers() -> Pointers {
        let talk = |n: usize, code: &str, native: &str, url: &str| -> Talk {
            serde_json::from_value(serde_json::json!({
                "id": TalkId::numbered(n), "title": "x", "room": "r", "start": 0, "end": 1, "day": "2026-06-01",
                "code": code, "native": native, "url": url, "guid": format!("0a1b2c3d-0000-0000-0000-00000000000{n}"),
            }))
            .unwrap()
        };
        Pointers::new(
            [
                talk(1, "ABC3DE", "6121", "https://www.conf.example/events/6121.html"),
                talk(2, "QWRTZP", "42", "https://conf.example/talk/zero-copy-parsing/?utm_source=x#top"),
            ]
            .iter(),
        )
    }

    #[test]
    fn addresses_lead_to_the_talk_whose_page_they_are() {
        let pointers = pointers();
        for (address, target) in [
            ("http://conf.example/events/6121.html?utm_campaign=a", Some(Target::Page(0))),
            ("https://pretalx.example/conf/talk/ABC3DE/", Some(Target::Page(0))),
            ("https://media.example/v/zero-copy-parsing", Some(Target::Page(1))),
            ("https://conf.example/x/0A1B2C3D-0000-0000-0000-000000000002", Some(Target::Page(1))),
            ("https://other.example/fahrplan/events/6121-title", Some(Target::Number(0))),
            ("https://other.example/issues/6121", None),
            ("https://conf.example/", None),
            ("javascript:alert(1)", None),
        ] {
            assert_eq!(pointers.target(address), target, "{address}");
        }
    }

    #[test]
    fn a_code_in_a_text_has_a_digit() {
        let pointers = pointers();
        assert_eq!(
            (pointers.code("ABC3DE"), pointers.code("abc3de"), pointers.code("QWRTZP")),
            (Some(0), None, None)
        );
    }
}
