//! One fetched document: told apart (RSS, Atom, JSON Feed, a web page, nothing at all) and read into entries and hints. Pure;
//! what an entry means to us is `article`'s.

use std::collections::VecDeque;
use std::sync::Arc;

use model::{Media, Micros};
use url::Url;

use super::hints::Hints;
use super::tree::{self, Element, Ns};
use super::{encoding, entry, head, json, page};

/// Most entries of one document: those at the end where the newest stand.
pub(super) const ENTRIES_MAX: usize = 1000;

/// A feed, read.
#[derive(Debug, Default)]
pub(super) struct Document {
    pub(super) head: Head,
    /// In the order of the document.
    pub(super) entries: Vec<Entry>,
    /// Ids of entries that the feed says are gone (RFC 6721).
    pub(super) deleted: Vec<String>,
    /// The document ends where it should.
    pub(super) is_whole: bool,
    /// Entries beyond [`ENTRIES_MAX`].
    pub(super) beyond: usize,
    /// The encoding it was read in.
    pub(super) encoding: &'static str,
}

/// What a feed says of itself.
#[derive(Debug, Default)]
pub(super) struct Head {
    pub(super) title: Option<String>,
    /// The site that it belongs to.
    pub(super) link: Option<String>,
    pub(super) lang: Option<String>,
    pub(super) authors: Vec<Person>,
    pub(super) picture: Option<String>,
    /// When it was last changed: no entry is newer.
    pub(super) updated: Option<Micros>,
    /// `itunes:new-feed-url`.
    pub(super) moved: Option<Url>,
    pub(super) hints: Hints,
}

/// One entry. Texts as they came, addresses absolute where that could be done.
#[derive(Clone, Debug, Default)]
pub(super) struct Entry {
    pub(super) id: Option<String>,
    pub(super) link: Option<String>,
    pub(super) title: Option<String>,
    /// The whole article.
    pub(super) content: Option<Text>,
    /// The beginning, or what it is about.
    pub(super) summary: Option<Text>,
    pub(super) published: Option<Micros>,
    pub(super) updated: Option<Micros>,
    pub(super) authors: Vec<Person>,
    /// Categories, keywords, tags.
    pub(super) tags: Vec<String>,
    pub(super) media: Vec<Media>,
    pub(super) lang: Option<String>,
}

/// Words in one of two forms.
#[derive(Clone, Debug)]
pub(super) enum Text {
    /// As they are.
    Plain(String),
    /// Markup, and what its relative addresses are relative to.
    Html(String, Arc<Url>),
}

/// An author.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Person {
    pub(super) name: Option<String>,
    pub(super) email: Option<String>,
    pub(super) url: Option<String>,
}

/// Why a document is no feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum NotFeed {
    /// A web page; where it names its feed.
    Page(Option<Url>),
    /// Neither XML nor JSON, or of another vocabulary.
    Other,
    /// Nothing.
    Empty,
}

/// Entries as they are read. Most feeds begin with the newest; those that only ever append end with them.
#[derive(Default)]
pub(super) struct Ends {
    first: Vec<Entry>,
    last: VecDeque<Entry>,
    beyond: usize,
}

impl Ends {
    /// Takes the next one.
    pub(super) fn push(&mut self, entry: Entry) {
        if self.first.len() < ENTRIES_MAX {
            return self.first.push(entry);
        }
        self.beyond += 1;
        self.last.push_back(entry);
        if self.last.len() > ENTRIES_MAX {
            self.last.pop_front();
        }
    }

    /// Those at the newer end, and how many were left out.
    pub(super) fn newest(mut self) -> (Vec<Entry>, usize) {
        let date = |entry: Option<&Entry>| entry.and_then(|entry| entry.published.or(entry.updated));
        if date(self.last.back()) > date(self.first.first()) {
            self.first.extend(self.last);
            self.first.drain(..self.first.len() - ENTRIES_MAX);
        }
        (self.first, self.beyond)
    }
}

/// Reads a document. `charset` is what the HTTP header says, `base` the address that it came from.
pub(super) fn read(bytes: &[u8], charset: Option<&str>, base: &Url) -> Result<Document, NotFeed> {
    let (text, encoding) = encoding::decode(bytes, charset);
    let text = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}' || c == '\0');
    let document = match text.chars().next() {
        None => return Err(NotFeed::Empty),
        Some('{') => json::read(text, base).ok_or(NotFeed::Other)?,
        _ => xml(text, base)?,
    };
    Ok(Document { encoding, ..document })
}

fn xml(text: &str, base: &Url) -> Result<Document, NotFeed> {
    let start = text.find('<').ok_or(NotFeed::Other)?;
    if page::is_page(&text[start..]) {
        return Err(NotFeed::Page(page::alternate(text, base)));
    }
    let mut ends = Ends::default();
    let outcome = tree::read(&text[start..], base, |element| ends.push(entry::read(&element)));
    let (found, beyond) = ends.newest();
    let Some(root) = outcome.root else {
        // One entry by itself is a document too.
        let is_whole = !found.is_empty();
        let document = Document { entries: found, is_whole, ..Document::default() };
        return if is_whole { Ok(document) } else { Err(NotFeed::Other) };
    };
    let is_feed = matches!(root.name.as_str(), "rss" | "rdf" | "feed" | "channel");
    if !is_feed && found.is_empty() {
        return Err(NotFeed::Other);
    }
    Ok(Document {
        head: head::read(&root),
        deleted: deleted(&root),
        entries: found,
        is_whole: outcome.is_whole,
        beyond,
        encoding: "",
    })
}

/// Entries that a feed says are gone.
fn deleted(root: &Element) -> Vec<String> {
    let channels = std::iter::once(root).chain(root.all(Ns::Core, "channel"));
    let entries = channels.flat_map(|channel| channel.all(Ns::Tombstones, "deleted-entry"));
    entries
        .filter_map(|e| e.attribute("ref"))
        .filter(|id| !id.is_empty())
        .take(ENTRIES_MAX)
        .map(str::to_owned)
        .collect()
}

/// An address made absolute; `None` for what is none.
pub(super) fn absolute(raw: &str, base: &Url) -> Option<String> {
    let raw = raw.trim();
    if raw.is_empty() {
        return None;
    }
    base.join(raw).ok().map(String::from)
}
