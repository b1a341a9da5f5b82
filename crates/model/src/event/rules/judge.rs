//! The rules of an event, ready to be asked about posts.

use super::words::{Words, squeezed};
use super::{MINUTES, RuleAction, RuleFile};
use crate::{Item, Micros, link};
use std::sync::Arc;
use url::Url;

/// Rules, compiled. Asking costs one pass over a post's words whatever the number of words looked for.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    list: Vec<Rule>,
    words: Option<Words>,
    /// Words that could not be compiled: then rules with words hold for everything, so that nothing slips through.
    is_blind: bool,
}

#[derive(Clone, Debug)]
struct Rule {
    name: Arc<str>,
    file: RuleFile,
    links: Vec<Place>,
}

/// A rule that holds for a post.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Match {
    /// Its name.
    pub rule: Arc<str>,
    /// What it asks for.
    pub action: RuleAction,
}

/// What is known of a post beside its words.
pub struct Seen<'a> {
    /// The post.
    pub item: &'a Item,
    /// Hashtags that its network told, those in its words included.
    pub tags: usize,
    /// How many posts of its author have been shown here; none where nobody can say who the author is.
    pub shown_before: Option<u32>,
    /// How many other posts have brought this link (as [`link::normal`] writes it) within so long before or after it.
    pub copies: &'a dyn Fn(&str, i64) -> u32,
}

impl Rules {
    /// Of the rules of an event.toml.
    #[must_use]
    pub fn new(files: &[RuleFile]) -> Self {
        let list: Vec<Rule> = files
            .iter()
            .map(|file| Rule {
                name: Arc::from(file.name.trim()),
                links: file.links.iter().filter_map(|link| place(link)).collect(),
                file: file.clone(),
            })
            .collect();
        let words = files
            .iter()
            .enumerate()
            .flat_map(|(n, file)| file.words.iter().map(move |word| (n, word.as_str())));
        let words = Words::of(words);
        let is_blind = words.is_none() && files.iter().any(|file| !file.words.is_empty());
        Self { list, words, is_blind }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The names, in the order of event.toml.
    pub fn names(&self) -> impl Iterator<Item = &Arc<str>> {
        self.list.iter().map(|rule| &rule.name)
    }

    /// The most posts of an author to which a rule counts; none where no rule asks.
    #[must_use]
    pub fn counts_authors_to(&self) -> Option<u32> {
        self.list.iter().filter_map(|rule| rule.file.new_author).max()
    }

    /// The longest time within which a rule counts copies of a link, in microseconds; none where no rule asks.
    #[must_use]
    pub fn counts_copies_for(&self) -> Option<i64> {
        self.list.iter().filter_map(Rule::copies).map(|(_, within)| within).max()
    }

    /// The rules that hold for a post, in the order of event.toml.
    #[must_use]
    pub fn judge(&self, seen: &Seen<'_>) -> Vec<Match> {
        if self.list.is_empty() {
            return Vec::new();
        }
        let mut has_word = vec![self.is_blind; self.list.len()];
        if let Some(words) = &self.words {
            words.in_text(&text_of(seen.item), &mut has_word);
        }
        let links = Links::of(seen.item);
        let holds = |(n, rule): &(usize, &Rule)| rule.holds(seen, has_word[*n], &links);
        self.list.iter().enumerate().filter(holds).map(|(_, rule)| rule.matched()).collect()
    }

    /// The rules that hide a post of this source which so many readers have reported.
    #[must_use]
    pub fn reported(&self, source: &str, reports: u32) -> Vec<Match> {
        let holds = |rule: &&Rule| rule.file.reports.is_some_and(|max| reports > max) && rule.is_for(source);
        self.list.iter().filter(holds).map(Rule::matched).collect()
    }
}

impl Rule {
    fn matched(&self) -> Match {
        Match { rule: Arc::clone(&self.name), action: self.file.action }
    }

    fn is_for(&self, source: &str) -> bool {
        self.file.sources.as_ref().is_none_or(|names| names.iter().any(|name| name == source))
    }

    fn copies(&self) -> Option<(u32, i64)> {
        let within = i64::from(self.file.minutes.unwrap_or(MINUTES)) * Micros::MINUTE;
        self.file.copies.map(|most| (most, within))
    }

    /// Whether everything that it names holds.
    fn holds(&self, seen: &Seen<'_>, has_word: bool, links: &Links) -> bool {
        let file = &self.file;
        let too_many = |(most, within): (u32, i64)| {
            // This post is one of them.
            links.normal.iter().any(|link| (seen.copies)(link, within).saturating_add(1) > most)
        };
        file.reports.is_none()
            && self.is_for(&seen.item.source)
            && (file.words.is_empty() || has_word)
            && (file.links.is_empty() || self.links.iter().any(|place| links.lead_to(place)))
            && file.tags.is_none_or(|most| seen.tags > most as usize)
            && file.new_author.is_none_or(|least| seen.shown_before.is_some_and(|shown| shown < least))
            && (file.languages.is_empty() || is_other_language(seen.item.lang.as_deref(), &file.languages))
            && self.copies().is_none_or(too_many)
    }
}

/// Whether a post says that it is in a language, and that is none of these: `en` takes in `en-GB`.
fn is_other_language(said: Option<&str>, wanted: &[String]) -> bool {
    let base = |tag: &str| tag.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
    // `und` and `zxx` are said where nobody knows, and where there are no words.
    let said = said.map(base).filter(|said| !matches!(said.as_str(), "" | "und" | "zxx"));
    said.is_some_and(|said| wanted.iter().all(|wanted| base(wanted) != said))
}

/// All words of a post that readers see, whoever wrote them into which field.
fn text_of(item: &Item) -> String {
    let card = item.card.iter().flat_map(|card| [Some(card.title.as_str()), card.text.as_deref()]);
    let media = item.media.iter().map(|media| media.alt.as_deref());
    let author = [Some(item.author.name.as_str()), Some(item.author.handle.as_str())];
    let head = [item.title.as_deref(), item.cover.as_deref()];
    let mut text = item.body.text();
    for part in head.into_iter().chain(card).chain(media).chain(author).flatten() {
        // Words of two fields are no phrase.
        text.push_str(" \u{2c} ");
        text.push_str(part);
    }
    squeezed(&text)
}

/// Where a rule's link leads: a host, and the way below it, which may be empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    host: String,
    path: String,
}

/// A host or an address as an organiser writes it; none for what is neither.
pub(super) fn place(text: &str) -> Option<Place> {
    let text = text.trim().trim_end_matches('/');
    let text = text.strip_prefix("*.").unwrap_or(text);
    let url = if text.contains("://") { Url::parse(text) } else { Url::parse(&format!("https://{text}")) };
    let url = url.ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    let is_plain = url.username().is_empty() && url.password().is_none();
    let host = url.host_str().filter(|host| is_plain && host.contains('.'))?;
    let host = host.strip_prefix("www.").unwrap_or(host).to_owned();
    let normal = link::normal(url.as_str())?;
    let path = normal.find(['/', '?']).map_or_else(String::new, |at| normal[at..].to_owned());
    Some(Place { host, path })
}

/// The links of a post, as they are compared.
struct Links {
    places: Vec<Place>,
    normal: Vec<String>,
}

impl Links {
    fn of(item: &Item) -> Self {
        let mut normal: Vec<String> =
            link::shared(item).filter_map(|shared| link::normal(shared.address)).collect();
        normal.sort_unstable();
        normal.dedup();
        Self { places: link::shared(item).filter_map(|shared| place(shared.address)).collect(), normal }
    }

    fn lead_to(&self, wanted: &Place) -> bool {
        let is_host = |host: &str| {
            host == wanted.host || host.strip_suffix(&wanted.host).is_some_and(|rest| rest.ends_with('.'))
        };
        let is_below = |path: &str| {
            path.strip_prefix(&wanted.path)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?', '&']))
                || wanted.path.is_empty()
        };
        self.places.iter().any(|place| is_host(&place.host) && is_below(&place.path))
    }
}
