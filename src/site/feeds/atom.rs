//! A feed as Atom (RFC 4287), with what answers what (RFC 4685), where older entries are (RFC 5005), and what was taken away (RFC 6721:
//! readers that know it forget the entry; no words are in it).

use super::{
    entry::{Entry, Feed},
    xml::{Attribute, Xml},
};
use crate::site::view::time::iso;

/// The type of the document.
pub(in crate::site) const KIND: &str = "application/atom+xml; charset=utf-8";

/// Writes it.
pub(in crate::site) fn write(feed: &Feed) -> Vec<u8> {
    let mut xml = Xml::new();
    xml.open(
        "feed",
        &[
            ("xmlns", "http://www.w3.org/2005/Atom"),
            ("xmlns:thr", "http://purl.org/syndication/thread/1.0"),
            ("xmlns:at", "http://purl.org/atompub/tombstones/1.0"),
        ],
    );
    xml.text("id", &[], &feed.id);
    xml.text("title", &[], &feed.title);
    xml.text("subtitle", &[], &feed.subtitle);
    xml.text("updated", &[], &iso(feed.updated));
    xml.empty("link", &[("rel", "self"), ("type", "application/atom+xml"), ("href", &feed.own)]);
    xml.empty("link", &[("rel", "alternate"), ("type", "text/html"), ("href", &feed.home)]);
    if let Some(next) = &feed.next {
        xml.empty("link", &[("rel", "next"), ("type", "application/atom+xml"), ("href", next)]);
    }
    xml.text("icon", &[], &feed.icon);
    xml.text("generator", &[("version", env!("CARGO_PKG_VERSION"))], "Perihelion");
    for (id, when) in &feed.gone {
        xml.empty("at:deleted-entry", &[("ref", id), ("when", &iso(*when))]);
    }
    for entry in &feed.entries {
        write_entry(&mut xml, entry);
    }
    xml.close("feed");
    xml.finish()
}

fn write_entry(xml: &mut Xml, entry: &Entry) {
    let lang = entry.lang.as_deref().map(|lang| ("xml:lang", lang));
    xml.open("entry", lang.as_slice());
    xml.text("id", &[], &entry.id);
    xml.text("title", &[], &entry.title);
    if let Some((name, page)) = &entry.author {
        xml.open("author", &[]);
        xml.text("name", &[], name);
        if let Some(page) = page {
            xml.text("uri", &[], page);
        }
        xml.close("author");
    }
    xml.text("published", &[], &iso(entry.published));
    xml.text("updated", &[], &iso(entry.updated));
    xml.empty("link", &[("rel", "alternate"), ("type", "text/html"), ("href", &entry.link)]);
    if let Some(original) = &entry.original {
        xml.empty("link", &[("rel", "via"), ("href", original)]);
    }
    if let Some((of, page)) = &entry.answers {
        let mut attributes: Vec<Attribute<'_>> = vec![("ref", of)];
        if let Some(page) = page {
            attributes.extend([("type", "text/html"), ("href", page.as_str())]);
        }
        xml.empty("thr:in-reply-to", &attributes);
    }
    for category in &entry.categories {
        let attributes =
            [("term", category.term.as_str()), ("scheme", &category.scheme), ("label", &category.label)];
        xml.empty("category", &attributes);
    }
    for picture in &entry.pictures {
        let mut attributes: Vec<Attribute<'_>> =
            vec![("rel", "enclosure"), ("type", picture.kind), ("href", &picture.url)];
        if !picture.alt.is_empty() {
            attributes.push(("title", &picture.alt));
        }
        xml.empty("link", &attributes);
    }
    xml.text("content", &[("type", "html")], &entry.html);
    xml.close("entry");
}
