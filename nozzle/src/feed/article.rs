//! From an entry to a draft: an article with its title, its words as runs, its site as the author's handle. Pure.

use std::collections::BTreeSet;

use model::extract::{hashtags, tag_key};
use model::{Author, Micros, Network, Run, html};
use url::Url;

use super::document::{Document, Entry, Person, Text};
use super::identity;
use crate::source::{Draft, TAGS_MAX, Words};

/// How much markup is read for the words of one article, in bytes; admit keeps far less.
const MARKUP_BYTES_MAX: usize = 256 * 1024;
/// Longest text that counts for noticing an edit, in bytes.
const PRINT_BYTES_MAX: usize = 8 * 1024;
/// Most authors that are named.
const NAMED_MAX: usize = 3;
/// Longest hashtag that is made of a category, in bytes.
const TAG_BYTES_MAX: usize = 100;

/// An entry as we would say it, and what is needed to tell whether it is new.
#[derive(Clone, Debug)]
pub(super) struct Article {
    /// Its uid is that of the chosen id.
    pub(super) draft: Draft,
    /// See [`identity::twin`].
    pub(super) twin: Option<String>,
    /// A fingerprint of title and words.
    pub(super) print: u32,
    pub(super) published: Option<Micros>,
    pub(super) updated: Option<Micros>,
    /// The words that filters look at, folded as hashtags are.
    words: BTreeSet<String>,
}

impl Article {
    /// Whether it carries one of the hashtags, as a category, a hashtag or a plain word.
    pub(super) fn is_about(&self, tags: &[String]) -> bool {
        tags.iter().any(|tag| self.words.contains(&tag_key(tag)))
    }
}

/// The articles of a document, oldest last, each once. `feed` is the configured address, `base` the one that answered.
pub(super) fn read(document: &Document, feed: &Url, base: &Url) -> Vec<Article> {
    let site = Site::new(document, base);
    let mut seen = BTreeSet::new();
    let ids = identity::chosen(&document.entries);
    let entries = document.entries.iter().zip(ids);
    entries
        .filter(|(_, id)| seen.insert(id.clone()))
        .map(|(entry, id)| article(entry, &identity::native(feed, &id), identity::twin(feed, entry), &site))
        .collect()
}

struct Site<'a> {
    document: &'a Document,
    /// Host of the site, or of the feed.
    host: String,
}

impl<'a> Site<'a> {
    fn new(document: &'a Document, base: &Url) -> Self {
        let link = document.head.link.as_deref().and_then(|link| Url::parse(link).ok());
        let host = link.as_ref().and_then(Url::host_str).or(base.host_str()).unwrap_or_default();
        Self { document, host: host.strip_prefix("www.").unwrap_or(host).to_owned() }
    }

    fn author(&self, people: &[Person]) -> Author {
        let head = &self.document.head;
        let people = if people.is_empty() { &head.authors } else { people };
        let names: Vec<String> = people.iter().filter_map(shown).take(NAMED_MAX).collect();
        let id =
            if names.is_empty() { self.host.clone() } else { format!("{}:{}", self.host, names.join(",")) };
        let name = if names.is_empty() { head.title.clone() } else { Some(names.join(", ")) };
        Author {
            id,
            name: name.unwrap_or_else(|| self.host.clone()),
            handle: self.host.clone(),
            url: people.iter().find_map(|person| person.url.clone()).or_else(|| head.link.clone()),
            avatar: head.picture.clone(),
        }
    }
}

/// A person's name. Addresses for mail are not shown: a part of one is a name, too.
fn shown(person: &Person) -> Option<String> {
    let from_email = || Some(person.email.as_deref()?.split('@').next()?.to_owned());
    person.name.clone().or_else(from_email).filter(|name| !name.is_empty())
}

fn article(entry: &Entry, native: &str, twin: Option<String>, site: &Site<'_>) -> Article {
    let (words, text) = words(entry);
    let head = &site.document.head;
    let tags: Vec<String> = entry.tags.iter().filter_map(|tag| hashtag(tag)).take(TAGS_MAX).collect();
    let title = entry.title.as_deref().unwrap_or_default();
    let mut filtered: BTreeSet<String> = tags.iter().map(|tag| tag_key(tag)).collect();
    let summary = entry.summary.as_ref().map(Text::plain).unwrap_or_default();
    for part in [title, summary.as_str(), text.as_str()] {
        let words = part.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty());
        filtered.extend(words.chain(hashtags(part)).map(tag_key));
    }
    let said = entry.published.or(entry.updated);
    let draft = Draft {
        aliases: twin.iter().cloned().collect(),
        url: entry.link.clone(),
        author_time: said,
        network_time: said,
        author: site.author(&entry.authors),
        title: entry.title.clone(),
        words,
        // Some write en_US; nothing at all means that the feed's language is not this entry's.
        lang: entry
            .lang
            .as_ref()
            .or(head.lang.as_ref())
            .map(|l| l.replace('_', "-"))
            .filter(|l| !l.is_empty()),
        media: entry.media.clone(),
        tags,
        ..Draft::new(Network::Feed, native)
    };
    let print = identity::hash(&[title, &text[..text.floor_char_boundary(PRINT_BYTES_MAX)]]);
    Article {
        draft,
        twin,
        // Six digits of sixteen: what the cursor keeps.
        print: u32::from_str_radix(&print[..6], 16).unwrap_or(0),
        published: entry.published,
        updated: entry.updated,
        words: filtered,
    }
}

/// A category as a hashtag: `Rust Fest 2026` is `RustFest2026`.
fn hashtag(category: &str) -> Option<String> {
    let tag: String = category.chars().filter(|c| c.is_alphanumeric() || *c == '_').collect();
    (!tag.is_empty() && tag.len() <= TAG_BYTES_MAX).then_some(tag)
}

/// The words of an entry, and their text: the article itself, or its summary where there is no more.
fn words(entry: &Entry) -> (Words, String) {
    for text in [&entry.content, &entry.summary].into_iter().flatten() {
        let words = text.words();
        if !words.1.trim().is_empty() {
            return words;
        }
    }
    (Words::Text(String::new()), String::new())
}

impl Text {
    /// The words alone.
    pub(super) fn plain(&self) -> String {
        match self {
            Self::Plain(words) => words.clone(),
            Self::Html(markup, _) => html::to_body(cut(markup)).text(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        match self {
            Self::Plain(words) | Self::Html(words, _) => words.trim().is_empty(),
        }
    }

    /// As a draft has them: markup becomes runs here, because relative links need to know what they are relative to.
    fn words(&self) -> (Words, String) {
        let Self::Html(markup, base) = self else { return (Words::Text(self.plain()), self.plain()) };
        let mut body = html::to_body(cut(markup));
        for run in &mut body.0 {
            if let Run::Link { link, .. } | Run::Mention { url: Some(link), .. } = run
                && let Ok(absolute) = base.join(link)
            {
                *link = absolute.into();
            }
        }
        let text = body.text();
        (Words::Runs(body.0), text)
    }
}

fn cut(markup: &str) -> &str {
    &markup[..markup.floor_char_boundary(MARKUP_BYTES_MAX)]
}
