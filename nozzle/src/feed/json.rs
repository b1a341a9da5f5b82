//! JSON Feed 1.0 and 1.1, leniently: a field of the wrong type costs the field, an item that is no object costs the item.

use std::sync::Arc;

use model::Media;
use serde_json::{Map, Value};
use url::Url;

use super::document::{Document, Ends, Entry, Head, Person, Text, absolute};
use super::{date, media};

type Object = Map<String, Value>;

/// Reads a feed; `None` when it is none.
pub(super) fn read(text: &str, base: &Url) -> Option<Document> {
    let feed: Object = serde_json::from_str(text).ok()?;
    let is_feed = string(&feed, "version").is_some_and(|version| version.contains("jsonfeed.org"));
    let items = feed.get("items").and_then(Value::as_array);
    let looks_like_one =
        items.is_some() && ["version", "title", "feed_url"].iter().any(|name| feed.contains_key(*name));
    if !is_feed && !looks_like_one {
        return None;
    }
    let items = items.map(Vec::as_slice).unwrap_or_default();
    let base = Arc::new(base.clone());
    let mut ends = Ends::default();
    items.iter().filter_map(Value::as_object).for_each(|item| ends.push(entry(item, &base)));
    let (entries, beyond) = ends.newest();
    Some(Document { head: head(&feed, &base), entries, is_whole: true, beyond, ..Document::default() })
}

/// Text; a number counts as its digits.
fn string(object: &Object, name: &str) -> Option<String> {
    let text = match object.get(name)? {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    (!text.is_empty()).then_some(text)
}

fn head(feed: &Object, base: &Url) -> Head {
    let link = |name| string(feed, name).and_then(|url| absolute(&url, base));
    Head {
        title: string(feed, "title"),
        link: link("home_page_url"),
        lang: string(feed, "language"),
        authors: persons(feed),
        picture: link("favicon").or_else(|| link("icon")),
        ..Head::default()
    }
}

fn entry(item: &Object, base: &Arc<Url>) -> Entry {
    let link = |name| string(item, name).and_then(|url| absolute(&url, base));
    let html = string(item, "content_html").map(|html| Text::Html(html, Arc::clone(base)));
    let tags = item.get("tags").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    Entry {
        id: string(item, "id"),
        link: link("url").or_else(|| link("external_url")),
        title: string(item, "title"),
        content: html.or_else(|| string(item, "content_text").map(Text::Plain)),
        summary: string(item, "summary").map(Text::Plain),
        published: string(item, "date_published").and_then(|text| date::moment(&text)),
        updated: string(item, "date_modified").and_then(|text| date::moment(&text)),
        authors: persons(item),
        tags: tags
            .iter()
            .filter_map(Value::as_str)
            .map(|tag| tag.trim().to_owned())
            .filter(|tag| !tag.is_empty())
            .collect(),
        media: attached(item, base),
        lang: string(item, "language"),
    }
}

fn persons(object: &Object) -> Vec<Person> {
    let many = object.get("authors").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let one = object.get("author").into_iter();
    let person = |value: &Value| {
        let object = value.as_object()?;
        let url = string(object, "url").filter(|url| url.starts_with("http"));
        let person = Person { name: string(object, "name"), email: None, url };
        (person != Person::default()).then_some(person)
    };
    let found: Vec<Person> = many.iter().filter_map(person).collect();
    if found.is_empty() { one.filter_map(person).collect() } else { found }
}

fn attached(item: &Object, base: &Url) -> Vec<Media> {
    let files = item.get("attachments").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let picture =
        string(item, "image").or_else(|| string(item, "banner_image")).and_then(|url| absolute(&url, base));
    let mut found: Vec<Media> = Vec::new();
    for file in files.iter().filter_map(Value::as_object) {
        let Some(url) = string(file, "url").and_then(|url| absolute(&url, base)) else { continue };
        let kind = media::kind(&url, string(file, "mime_type").as_deref(), None);
        match kind {
            Some(model::MediaKind::Video) | None => {}
            Some(kind) => found.push(Media { alt: string(file, "title"), ..media::plain(kind, url) }),
        }
    }
    let picture = picture.filter(|url| found.iter().all(|known| known.url != *url));
    picture.map(|url| media::plain(model::MediaKind::Photo, url)).into_iter().chain(found).collect()
}
