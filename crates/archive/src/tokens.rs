//! What an item is found by, and what a search asks for, in the same words: the terms of what it says, and marks for everything
//! else that narrows a search. Both stores index these and nothing else; how each writes them is its own affair.
//!
//! A mark is a term that no text can hold: it begins with a character for private use, which `model::terms` never leaves in.

use model::{EventId, FilingState, Item, Mark, Micros, Network, Row, RowState, terms::terms};

use crate::search::{Has, Phrase, Search};

/// Terms of one item that are indexed. Articles are the only items that come near.
const TERMS_MAX: usize = 4_000;
/// Longer names are cut: nobody searches for their ends.
const MARK_BYTES_MAX: usize = 160;
/// How long a stretch of time is that has a mark of its own.
pub(crate) const STRETCH: i64 = 4 * Micros::HOUR;
/// Stretches are counted from one so long ago that their numbers have no sign.
pub(crate) const STRETCHES_BEFORE_1970: i64 = 1_000_000_000;
/// Begins a mark.
const PRIVATE: char = '\u{e000}';
/// Stands before the two digits of a character that a tokenizer would part or change.
const ESCAPE: char = '\u{e001}';

/// What an item is found by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tokens {
    /// Terms with their places. Between two fields a place is left out, so that no phrase reaches from one into the next.
    pub(crate) words: Vec<(usize, String)>,
    /// Marks, each once.
    pub(crate) marks: Vec<String>,
}

/// What a search asks for: all of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) phrases: Vec<Phrase>,
    pub(crate) marks: Vec<String>,
}

impl Tokens {
    /// None unless the row is shown.
    pub(crate) fn of(event: EventId, row: &Row) -> Option<Self> {
        let item = row.item.as_ref().filter(|_| row.state == RowState::Shown)?;
        let filing = row.filing.as_ref().filter(|filing| filing.state == FilingState::Filed);
        let mut marks = author(item);
        marks.extend(filing.and_then(|filing| filing.talk.as_ref()).map(|talk| mark('t', talk.as_str())));
        marks.extend(filing.and_then(|filing| filing.room.as_ref()).map(|room| mark('r', room)));
        marks.push(mark('n', item.network.name()));
        marks.push(mark('s', &item.source));
        marks.extend(has(item).map(|has| mark('h', has_name(has))));
        marks.push(format!("{}{}", stretch_mark(), stretch(item.when.0)));
        marks.push(of_event(event));
        marks.sort_unstable();
        marks.dedup();
        Some(Self { words: words(item), marks })
    }
}

impl Wanted {
    pub(crate) fn new(event: EventId, search: &Search) -> Self {
        let mut marks = search.by.as_deref().map_or_else(Vec::new, typed_author);
        marks.extend(search.talk.as_ref().map(|talk| mark('t', talk.as_str())));
        marks.extend(search.room.as_ref().map(|room| mark('r', room)));
        marks.extend(search.network.map(|network| mark('n', network.name())));
        marks.extend(search.source.as_ref().map(|source| mark('s', source)));
        marks.extend(search.has.iter().map(|has| mark('h', has_name(*has))));
        marks.push(of_event(event));
        Self { phrases: search.words.phrases().to_vec(), marks }
    }
}

/// The terms of its words, titles, descriptions of pictures, and its author.
fn words(item: &Item) -> Vec<(usize, String)> {
    let body = item.body.text();
    let fields = [
        Some(body.as_str()),
        item.title.as_deref(),
        item.cover.as_deref(),
        Some(&item.author.name),
        Some(&item.author.handle),
    ];
    let card = item.card.iter().flat_map(|card| [Some(card.title.as_str()), card.text.as_deref()]);
    let media = item.media.iter().map(|media| media.alt.as_deref());
    let mut out = Vec::new();
    let mut place = 0;
    for field in fields.into_iter().chain(card).chain(media).flatten() {
        for term in terms(field) {
            place += 1;
            out.push((place, term));
        }
        place += 1;
    }
    out.truncate(TERMS_MAX);
    out
}

/// Words of name and handle, the handle, and its part before the server's name.
fn author(item: &Item) -> Vec<String> {
    let author = &item.author;
    let handle = author.handle.trim_start_matches('@').to_lowercase();
    let names = [author.name.as_str(), handle.as_str()];
    let mut marks: Vec<String> = names.into_iter().flat_map(terms).map(|term| mark('a', &term)).collect();
    if !handle.is_empty() {
        let local = handle.split('@').next().unwrap_or_default();
        marks.push(mark('u', local));
        // `@ada.bsky.social` is known as `@ada` as well.
        if item.network == Network::Bluesky {
            marks.extend(local.split_once('.').map(|(name, _)| mark('u', name)));
        }
        marks.push(mark('w', &handle));
    }
    marks
}

fn typed_author(typed: &str) -> Vec<String> {
    let typed = typed.trim();
    if typed.contains('@') {
        let handle = typed.trim_start_matches('@').to_lowercase();
        return vec![mark(if handle.contains('@') { 'w' } else { 'u' }, &handle)];
    }
    let marks: Vec<String> = terms(typed).iter().map(|term| mark('a', term)).collect();
    // What has no letter is nobody's name.
    if marks.is_empty() { vec![mark('a', "")] } else { marks }
}

fn has(item: &Item) -> impl Iterator<Item = Has> {
    let photo = item.has_photo().then_some(Has::Photo);
    let question = item.marks.contains(&Mark::Question).then_some(Has::Question);
    let link = model::link::shared(item).next().map(|_| Has::Link);
    [photo, question, link].into_iter().flatten()
}

fn has_name(has: Has) -> &'static str {
    match has {
        Has::Photo => "photo",
        Has::Question => "question",
        Has::Link => "link",
    }
}

/// The stretch of time in which something was said.
fn stretch(said: i64) -> i64 {
    said.div_euclid(STRETCH) + STRETCHES_BEFORE_1970
}

/// Begins the mark of a stretch; its number follows.
pub(crate) fn stretch_mark() -> String {
    mark('z', "")
}

fn of_event(event: EventId) -> String {
    mark('e', event.as_str())
}

/// One token to every tokenizer, and no other value's: small ASCII letters, digits and all that is not ASCII stand for themselves.
fn mark(kind: char, value: &str) -> String {
    let mut out = String::with_capacity(value.len() + 4);
    out.push(PRIVATE);
    out.push(kind);
    for c in value[..value.floor_char_boundary(MARK_BYTES_MAX)].chars() {
        if c.is_ascii_lowercase() || c.is_ascii_digit() || !c.is_ascii() && c != ESCAPE {
            out.push(c);
        } else {
            out.push(ESCAPE);
            out.push_str(&format!("{:02x}", u32::from(c)));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_one_token_and_tells_its_value() {
        let values = ["t7", "T7", "t 7", "t-7", "t'7", "t\u{e001}7", "t\u{0}7", "é", ""];
        let marks: std::collections::BTreeSet<String> = values.iter().map(|value| mark('t', value)).collect();
        assert_eq!(marks.len(), values.len());
        let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || !c.is_ascii();
        assert!(marks.iter().all(|mark| mark.chars().all(is_plain)), "{marks:?}");
        assert!(terms(&marks.into_iter().collect::<String>()).iter().all(|term| !term.contains(PRIVATE)));
    }

    #[test]
    fn an_author_is_known_by_handle_or_by_words() {
        assert_eq!(typed_author("@Ada@Pixels.example"), [mark('w', "ada@pixels.example")]);
        assert_eq!(typed_author("ada@pixels.example"), [mark('w', "ada@pixels.example")]);
        assert_eq!(typed_author(" @ada "), [mark('u', "ada")]);
        assert_eq!(typed_author("Ada Löve"), [mark('a', "ada"), mark('a', "love")]);
        assert_eq!(typed_author("..."), [mark('a', "")]);
    }
}
