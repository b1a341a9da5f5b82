//! A feed as JSON Feed 1.1 (<https://www.jsonfeed.org/version/1.1/>).

use super::{
    entry::{Entry, Feed},
    xml::clean,
};
use crate::site::view::time::iso;
use serde::Serialize;

/// The type of the document.
pub(in crate::site) const KIND: &str = "application/feed+json; charset=utf-8";

#[derive(Serialize)]
struct JsonFeed<'a> {
    version: &'static str,
    title: &'a str,
    description: &'a str,
    home_page_url: &'a str,
    feed_url: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_url: Option<&'a str>,
    icon: &'a str,
    items: Vec<JsonItem<'a>>,
}

#[derive(Serialize)]
struct JsonItem<'a> {
    id: &'a str,
    url: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_url: Option<&'a str>,
    title: &'a str,
    content_html: String,
    content_text: String,
    date_published: String,
    date_modified: String,
    authors: Vec<JsonAuthor<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attachments: Vec<JsonAttachment<'a>>,
    #[serde(rename = "_perihelion", skip_serializing_if = "Option::is_none")]
    own: Option<Own<'a>>,
}

#[derive(Serialize)]
struct JsonAuthor<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'a str>,
}

#[derive(Serialize)]
struct JsonAttachment<'a> {
    url: &'a str,
    mime_type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a str>,
}

/// What the format has no word for.
#[derive(Serialize)]
struct Own<'a> {
    about: &'static str,
    in_reply_to: &'a str,
}

/// Writes it.
pub(in crate::site) fn write(feed: &Feed) -> Vec<u8> {
    let json = JsonFeed {
        version: "https://jsonfeed.org/version/1.1",
        title: &feed.title,
        description: &feed.subtitle,
        home_page_url: &feed.home,
        feed_url: &feed.own,
        next_url: feed.next.as_deref(),
        icon: &feed.icon,
        items: feed.entries.iter().map(item).collect(),
    };
    serde_json::to_vec(&json).expect("a feed holds no maps with keys that are no text")
}

fn item(entry: &Entry) -> JsonItem<'_> {
    JsonItem {
        id: &entry.id,
        url: &entry.link,
        external_url: entry.original.as_deref(),
        title: &entry.title,
        content_html: clean(&entry.html).into_owned(),
        content_text: clean(&entry.words).into_owned(),
        date_published: iso(entry.published),
        date_modified: iso(entry.updated),
        authors: entry.author.iter().map(|(name, page)| JsonAuthor { name, url: page.as_deref() }).collect(),
        language: entry.lang.as_deref(),
        tags: entry.categories.iter().map(|category| category.label.as_str()).collect(),
        image: entry.pictures.first().map(|picture| picture.url.as_str()),
        attachments: entry
            .pictures
            .iter()
            .map(|picture| JsonAttachment {
                url: &picture.url,
                mime_type: picture.kind,
                title: Some(picture.alt.as_str()).filter(|alt| !alt.is_empty()),
            })
            .collect(),
        own: entry.answers.as_ref().map(|(of, _)| Own {
            about: "in_reply_to is the id of the item that this one answers.",
            in_reply_to: of,
        }),
    }
}
