//! One `item` or `entry` of RSS, Atom or CDF. Vocabularies are mixed in the wild, so each field is looked for under every
//! name that it has anywhere.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::document::{Entry, Person, Text, absolute};
use super::tree::{Element, Ns};
use super::{date, media};

/// Most tags of one entry that are read.
const TAGS_MAX: usize = 64;
/// Most authors of one entry that are read.
const AUTHORS_MAX: usize = 8;

/// Reads an entry.
pub(super) fn read(e: &Element) -> Entry {
    let source = e.child(Ns::Core, "source");
    let mut authors = persons(e);
    if authors.is_empty() {
        authors = source.map(persons).unwrap_or_default();
    }
    Entry {
        id: id(e),
        link: link(e),
        title: title(e),
        content: content(e),
        summary: summary(e),
        published: first_date(
            e,
            &[
                (Ns::Core, "published"),
                (Ns::Core, "pubdate"),
                (Ns::Core, "issued"),
                (Ns::Dc, "issued"),
                (Ns::Dc, "available"),
                (Ns::Dc, "date"),
                (Ns::Core, "created"),
                (Ns::Dc, "created"),
            ],
        ),
        updated: first_date(
            e,
            &[
                (Ns::Core, "updated"),
                (Ns::Core, "modified"),
                (Ns::Dc, "modified"),
                (Ns::Core, "lastbuilddate"),
            ],
        )
        .or_else(|| e.attribute("lastmod").and_then(date::moment)),
        authors,
        tags: tags(e),
        media: media::of(e),
        lang: lang(e),
    }
}

fn id(e: &Element) -> Option<String> {
    let named = [(Ns::Core, "guid"), (Ns::Core, "id")];
    let inside = named.iter().find_map(|(ns, name)| e.child(*ns, name)?.words());
    inside.or_else(|| e.attribute("about").filter(|id| !id.is_empty()).map(str::to_owned))
}

/// Where an entry leads: its link for people, else its permanent id, else whatever link it has.
fn link(e: &Element) -> Option<String> {
    let links = || e.all(Ns::Core, "link");
    let is_page = |l: &&Element| {
        matches!(l.attribute("rel").map(rel), None | Some("alternate"))
            && l.attribute("type").is_none_or(|kind| !kind.contains("json") && !kind.contains("atom"))
    };
    let for_people = links().filter(is_page).find_map(address);
    for_people
        .or_else(|| {
            let guid = e.child(Ns::Core, "guid")?;
            let is_link =
                guid.attribute("ispermalink").is_none_or(|word| !word.eq_ignore_ascii_case("false"));
            let words = guid.words().filter(|words| is_link && words.starts_with("http"))?;
            absolute(&words, &guid.base)
        })
        .or_else(|| e.attribute("href").and_then(|href| absolute(href, &e.base)))
        .or_else(|| {
            let is_other = |l: &&Element| matches!(l.attribute("rel").map(rel), Some("related" | "via"));
            links().filter(is_other).find_map(address)
        })
        .or_else(|| e.attribute("about").filter(|about| about.starts_with("http")).map(str::to_owned))
}

/// A relation by its short name.
fn rel(raw: &str) -> &str {
    raw.strip_prefix("http://www.iana.org/assignments/relation/").unwrap_or(raw)
}

/// Where a link leads, Atom's way (an attribute) or RSS's (its words).
pub(super) fn address(link: &Element) -> Option<String> {
    match link.attribute("href") {
        Some(href) => absolute(href, &link.base),
        None => absolute(&link.words()?, &link.base),
    }
}

/// A title is one line of words.
pub(super) fn title(e: &Element) -> Option<String> {
    let title = [(Ns::Core, "title"), (Ns::Dc, "title"), (Ns::Itunes, "title"), (Ns::Media, "title")];
    let words = title.iter().find_map(|(ns, name)| construct(e.child(*ns, name)?))?;
    let line = words.plain().split_whitespace().collect::<Vec<_>>().join(" ");
    (!line.is_empty()).then_some(line)
}

/// The words of an element, by its `type` (Atom), its `mode` (Atom 0.3), or their looks (RSS).
pub(super) fn construct(e: &Element) -> Option<Text> {
    let kind = e.attribute("type").unwrap_or_default().to_ascii_lowercase();
    if e.is_marked_up() {
        return Some(Text::Html(e.inner_html(), Arc::clone(&e.base))).filter(|text| !text.is_empty());
    }
    let words = e.words()?;
    if is_base64(e, &kind) {
        let packed: String = words.split_whitespace().collect();
        let unpacked = String::from_utf8(STANDARD.decode(packed).ok()?).ok()?;
        return Some(Text::Html(unpacked, Arc::clone(&e.base))).filter(|text| !text.is_empty());
    }
    let is_escaped = e.attribute("mode").is_some_and(|mode| mode.eq_ignore_ascii_case("escaped"));
    Some(match kind.as_str() {
        "text" | "text/plain" => Text::Plain(words),
        "html" | "text/html" | "xhtml" | "application/xhtml+xml" => Text::Html(words, Arc::clone(&e.base)),
        _ if is_escaped || looks_marked_up(&words) => Text::Html(words, Arc::clone(&e.base)),
        _ => Text::Plain(words),
    })
}

/// Whether words without a type are markup: they hold a character reference or a tag that writers use.
fn looks_marked_up(words: &str) -> bool {
    const TAGS: [&str; 26] = [
        "a",
        "abbr",
        "b",
        "blockquote",
        "br",
        "cite",
        "code",
        "del",
        "div",
        "em",
        "font",
        "h1",
        "h2",
        "h3",
        "i",
        "img",
        "ins",
        "li",
        "p",
        "pre",
        "small",
        "span",
        "strong",
        "sub",
        "sup",
        "u",
    ];
    let is_reference = |rest: &str| {
        let name = rest.split(';').next().unwrap_or_default();
        let digits = name.strip_prefix('#').unwrap_or(name);
        name.len() < rest.len()
            && (2..=10).contains(&name.len())
            && digits.bytes().all(|b| b.is_ascii_alphanumeric())
    };
    let is_tag = |rest: &str| {
        let rest = rest.strip_prefix('/').unwrap_or(rest);
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
        TAGS.contains(&rest[..end].to_ascii_lowercase().as_str()) && rest[end..].contains('>')
    };
    words.match_indices('&').any(|(at, _)| is_reference(&words[at + 1..]))
        || words.match_indices('<').any(|(at, _)| is_tag(&words[at + 1..]))
}

/// What is always markup, whatever it looks like.
fn markup(e: &Element) -> Option<Text> {
    match construct(e)? {
        Text::Plain(words)
            if e.attribute("type").is_none_or(|kind| !kind.contains("plain") && kind != "text") =>
        {
            Some(Text::Html(words, Arc::clone(&e.base)))
        }
        other => Some(other),
    }
}

fn content(e: &Element) -> Option<Text> {
    let encoded = e.child(Ns::Content, "encoded").and_then(markup);
    let body = || e.child(Ns::Xhtml, "body").or_else(|| e.child(Ns::Xhtml, "div")).and_then(markup);
    let atom = || e.all(Ns::Core, "content").find_map(construct);
    let full = || e.child(Ns::Core, "fullitem").or_else(|| e.child(Ns::Core, "body")).and_then(markup);
    encoded.or_else(body).or_else(atom).or_else(full)
}

/// Words that Atom wants packed because their type is none of words'; pictures come to nothing when they are unpacked.
fn is_base64(e: &Element, kind: &str) -> bool {
    let is_words = !kind.contains('/') || kind.starts_with("text/") || kind.ends_with("xml");
    !is_words || e.attribute("mode").is_some_and(|mode| mode.eq_ignore_ascii_case("base64"))
}

fn summary(e: &Element) -> Option<Text> {
    let always_markup = e.child(Ns::Core, "description").and_then(markup);
    let by_type = || e.child(Ns::Core, "summary").and_then(construct);
    let others = [
        (Ns::Dc, "description"),
        (Ns::Core, "abstract"),
        (Ns::Itunes, "summary"),
        (Ns::Media, "description"),
    ];
    always_markup
        .or_else(by_type)
        .or_else(|| others.iter().find_map(|(ns, name)| markup(e.child(*ns, name)?)))
        .or_else(|| e.child(Ns::Media, "group")?.child(Ns::Media, "description").and_then(construct))
        .or_else(|| e.child(Ns::Itunes, "subtitle").and_then(markup))
}

pub(super) fn first_date(e: &Element, names: &[(Ns, &str)]) -> Option<model::Micros> {
    names.iter().find_map(|(ns, name)| e.all(*ns, name).find_map(|d| date::moment(&d.words()?)))
}

/// The authors of an entry or a feed.
pub(super) fn persons(e: &Element) -> Vec<Person> {
    let ways = [
        (Ns::Core, "author"),
        (Ns::Dc, "creator"),
        (Ns::Dc, "author"),
        (Ns::Itunes, "author"),
        (Ns::Core, "managingeditor"),
    ];
    let found = ways
        .iter()
        .map(|(ns, name)| e.all(*ns, name).filter_map(person).take(AUTHORS_MAX).collect::<Vec<_>>());
    found.into_iter().find(|people| !people.is_empty()).unwrap_or_default()
}

fn person(e: &Element) -> Option<Person> {
    if !e.is_marked_up() {
        return Some(named(&e.words()?));
    }
    let words =
        |name: &str| e.child(Ns::Core, name).or_else(|| e.child(Ns::Itunes, name)).and_then(Element::words);
    let url = ["uri", "url", "homepage"]
        .into_iter()
        .find_map(|name| absolute(&words(name)?, &e.child(Ns::Core, name)?.base));
    let person = Person { name: words("name"), email: words("email"), url };
    (person != Person::default()).then_some(person)
}

/// `me@example.com (My Name)`, `My Name <me@example.com>`, `My Name`.
fn named(raw: &str) -> Person {
    let is_address =
        |word: &&str| word.split_once('@').is_some_and(|(who, host)| !who.is_empty() && host.contains('.'));
    let bare = |word: &str| word.trim_start_matches("mailto:").to_owned();
    let marks = |c: char| "<>()[],;\"".contains(c);
    let email = raw.split_whitespace().map(|word| word.trim_matches(marks)).find(is_address).map(bare);
    let without = match &email {
        Some(email) => raw.replace("mailto:", "").replace(email.as_str(), " "),
        None => raw.to_owned(),
    };
    let name = if email.is_some() {
        without.split(marks).map(str::trim).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
    } else {
        without.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    Person { name: Some(name).filter(|name| !name.is_empty()), email, url: None }
}

fn tags(e: &Element) -> Vec<String> {
    let term = |c: &Element| {
        let words =
            c.attribute("label").or_else(|| c.attribute("term")).map(str::to_owned).or_else(|| c.words());
        words.or_else(|| c.attribute("text").map(str::to_owned))
    };
    let terms = e
        .all(Ns::Core, "category")
        .chain(e.all(Ns::Dc, "subject"))
        .chain(e.all(Ns::Media, "category"))
        .filter_map(term);
    let lists = e.all(Ns::Itunes, "keywords").chain(e.all(Ns::Media, "keywords")).filter_map(Element::words);
    let keywords =
        lists.flat_map(|list| list.split(',').map(|word| word.trim().to_owned()).collect::<Vec<_>>());
    let mut tags: Vec<String> = Vec::new();
    for tag in terms.chain(keywords).filter(|tag| !tag.is_empty()) {
        if tags.len() < TAGS_MAX && !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    tags
}

fn lang(e: &Element) -> Option<String> {
    let said = [(Ns::Dc, "language"), (Ns::Core, "language")]
        .iter()
        .find_map(|(ns, name)| e.child(*ns, name)?.words());
    let content = || {
        e.child(Ns::Core, "content").or_else(|| e.child(Ns::Core, "title")).and_then(|c| c.lang.as_deref())
    };
    said.or_else(|| content().or(e.lang.as_deref()).map(str::to_owned))
}
