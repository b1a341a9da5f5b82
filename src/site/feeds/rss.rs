//! A feed as RSS 2.0 (the specification of the RSS Advisory Board), with the elements of other vocabularies that readers know: Atom's
//! addresses and moments, Dublin Core's creator and language, Media RSS for what pictures show, `thr` for what answers what.

use super::{
    entry::{Entry, Feed, Picture},
    xml::{Attribute, Xml},
};
use crate::site::view::time::iso;
use model::Micros;

/// The type of the document.
pub(in crate::site) const KIND: &str = "application/rss+xml; charset=utf-8";

/// Writes it.
pub(in crate::site) fn write(feed: &Feed) -> Vec<u8> {
    let mut xml = Xml::new();
    xml.open(
        "rss",
        &[
            ("version", "2.0"),
            ("xmlns:atom", "http://www.w3.org/2005/Atom"),
            ("xmlns:dc", "http://purl.org/dc/elements/1.1/"),
            ("xmlns:media", "http://search.yahoo.com/mrss/"),
            ("xmlns:thr", "http://purl.org/syndication/thread/1.0"),
        ],
    );
    xml.open("channel", &[]);
    xml.text("title", &[], &harmless(&feed.title));
    xml.text("link", &[], &feed.home);
    xml.text("description", &[], &harmless(&feed.subtitle));
    xml.text("lastBuildDate", &[], &rfc822(feed.updated));
    xml.text("generator", &[], concat!("Perihelion ", env!("CARGO_PKG_VERSION")));
    xml.text("docs", &[], "https://www.rssboard.org/rss-specification");
    xml.empty("atom:link", &[("rel", "self"), ("type", "application/rss+xml"), ("href", &feed.own)]);
    if let Some(next) = &feed.next {
        xml.empty("atom:link", &[("rel", "next"), ("type", "application/rss+xml"), ("href", next)]);
    }
    for entry in &feed.entries {
        write_item(&mut xml, entry);
    }
    xml.close("channel");
    xml.close("rss");
    xml.finish()
}

fn write_item(xml: &mut Xml, entry: &Entry) {
    xml.open("item", &[]);
    xml.text("title", &[], &harmless(&entry.title));
    xml.text("link", &[], &entry.link);
    xml.text("guid", &[("isPermaLink", "false")], &entry.id);
    xml.text("pubDate", &[], &rfc822(entry.published));
    xml.text("atom:updated", &[], &iso(entry.updated));
    // RSS's own `author` is a mail address, which nobody here has.
    if let Some((name, _)) = &entry.author {
        xml.text("dc:creator", &[], name);
    }
    if let Some(lang) = &entry.lang {
        xml.text("dc:language", &[], lang);
    }
    for category in &entry.categories {
        xml.text("category", &[("domain", &category.scheme)], &category.label);
    }
    if let Some((of, page)) = &entry.answers {
        let page = page.as_deref().map(|page| ("href", page));
        let attributes: Vec<Attribute<'_>> = [("ref", of.as_str())].into_iter().chain(page).collect();
        xml.empty("thr:in-reply-to", &attributes);
    }
    xml.text("description", &[], &entry.html);
    // One enclosure is all that many readers take; Media RSS names each picture and says what it shows.
    if let Some(first) = entry.pictures.first() {
        // The length is not known before somebody asks for the picture; the Board's advice is then 0.
        xml.empty("enclosure", &[("url", &first.url), ("type", first.kind), ("length", "0")]);
    }
    for picture in &entry.pictures {
        write_picture(xml, picture);
    }
    xml.close("item");
}

fn write_picture(xml: &mut Xml, picture: &Picture) {
    let size = |side: Option<u32>| side.map(|side| side.to_string());
    let (width, height) = (size(picture.width), size(picture.height));
    let mut attributes = vec![("url", picture.url.as_str()), ("type", picture.kind), ("medium", "image")];
    attributes.extend(width.as_deref().map(|width| ("width", width)));
    attributes.extend(height.as_deref().map(|height| ("height", height)));
    xml.open("media:content", &attributes);
    if !picture.alt.is_empty() {
        xml.text("media:description", &[("type", "plain")], &picture.alt);
    }
    xml.close("media:content");
}

/// `Mon, 01 Jun 2026 12:00:00 +0000`.
fn rfc822(at: Micros) -> String {
    at.timestamp().strftime("%a, %d %b %Y %H:%M:%S +0000").to_string()
}

/// RSS does not say whether a title is plain or HTML, and readers guess. So no title holds what could be taken for a tag.
fn harmless(title: &str) -> String {
    title.replace('<', "‹").replace('>', "›")
}
