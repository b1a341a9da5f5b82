//! What the formats of feeds ask for, as far as a feed of ours can break it.

use super::tree::{Element, parse};
use std::collections::BTreeSet;

const ATOM: &str = "http://www.w3.org/2005/Atom";

fn is_rfc3339(text: &str) -> bool {
    text.ends_with('Z') && text.parse::<jiff::Timestamp>().is_ok()
}

fn is_web(text: &str) -> bool {
    url::Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
}

/// The rules of RFC 4287, section 4, and of its schema, as far as one feed can break them.
pub(super) fn check_atom(text: &str) -> Vec<String> {
    let feed = parse(text);
    assert_eq!((feed.name.as_str(), feed.attribute("xmlns")), ("feed", Some(ATOM)));
    for once in ["id", "title", "subtitle", "updated", "generator", "icon"] {
        assert_eq!(feed.all(once).count(), 1, "{once}");
    }
    assert!(is_rfc3339(feed.words("updated")), "{}", feed.words("updated"));
    let rel = |name: &'static str| move |link: &&Element| link.attribute("rel") == Some(name);
    for name in ["self", "alternate"] {
        assert_eq!(feed.all("link").filter(rel(name)).count(), 1, "{name}");
    }
    let mut ids = Vec::new();
    for entry in feed.all("entry") {
        for once in ["id", "title", "updated", "published", "content"] {
            assert_eq!(entry.all(once).count(), 1, "{once} in {entry:?}");
        }
        assert!(is_rfc3339(entry.words("updated")) && is_rfc3339(entry.words("published")));
        assert!(entry.words("published") <= entry.words("updated"));
        assert!(entry.words("updated") <= feed.words("updated"), "the feed is as new as its newest entry");
        assert!(entry.words("id").starts_with("urn:uuid:") && entry.words("id").len() == 45);
        let author = entry.all("author").next().expect("an author");
        assert!(!author.words("name").is_empty());
        assert!(author.all("uri").all(|uri| is_web(&uri.text)));
        assert_eq!(entry.all("content").next().expect("one").attribute("type"), Some("html"));
        assert_eq!(entry.all("link").filter(rel("alternate")).count(), 1);
        for link in entry.all("link") {
            assert!(is_web(link.attribute("href").unwrap_or_default()), "{link:?}");
        }
        for category in entry.all("category") {
            assert!(category.attribute("term").is_some_and(|term| !term.is_empty()));
        }
        ids.push(entry.words("id").to_owned());
    }
    for deleted in feed.all("at:deleted-entry") {
        assert!(is_rfc3339(deleted.attribute("when").unwrap_or_default()));
        assert!(deleted.text.is_empty() && deleted.children.is_empty() && deleted.attributes.len() == 2);
    }
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "a name stands once");
    ids
}

/// The rules of RSS 2.0.
fn check_rss(text: &str) -> Vec<String> {
    let rss = parse(text);
    assert_eq!((rss.name.as_str(), rss.attribute("version")), ("rss", Some("2.0")));
    let channel = rss.all("channel").next().expect("a channel");
    for once in ["title", "link", "description"] {
        assert!(channel.all(once).count() == 1 && !channel.words(once).is_empty(), "{once}");
    }
    let mut ids = Vec::new();
    for item in channel.all("item") {
        for once in ["title", "link", "description", "guid", "pubDate", "dc:creator"] {
            assert_eq!(item.all(once).count(), 1, "{once} in {item:?}");
        }
        let date = item.words("pubDate");
        assert!(jiff::fmt::rfc2822::parse(date).is_ok() && date.ends_with("+0000"), "{date}");
        assert!(!item.words("title").contains('<'), "{}", item.words("title"));
        assert_eq!(item.all("guid").next().expect("one").attribute("isPermaLink"), Some("false"));
        assert!(is_web(item.words("link")) && item.all("enclosure").count() <= 1);
        for enclosure in item.all("enclosure") {
            assert!(is_web(enclosure.attribute("url").unwrap_or_default()));
            assert_eq!(
                (enclosure.attribute("length"), enclosure.attribute("type")),
                (Some("0"), Some("image/png"))
            );
        }
        ids.push(item.words("guid").to_owned());
    }
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "a name stands once");
    ids
}

/// The rules of JSON Feed 1.1.
fn check_json(text: &str) -> Vec<String> {
    let feed: serde_json::Value = serde_json::from_str(text).expect("JSON");
    assert_eq!(feed["version"], "https://jsonfeed.org/version/1.1");
    let is_text = |value: &serde_json::Value| value.as_str().is_some_and(|text| !text.is_empty());
    assert!(is_text(&feed["title"]) && is_text(&feed["feed_url"]) && is_text(&feed["home_page_url"]));
    let items = feed["items"].as_array().expect("items");
    for item in items {
        assert!(is_text(&item["id"]) && is_web(item["url"].as_str().expect("an address")));
        assert!(item["content_html"].is_string() && item["content_text"].is_string());
        for date in ["date_published", "date_modified"] {
            assert!(is_rfc3339(item[date].as_str().expect("a date")));
        }
        assert!(is_text(&item["authors"][0]["name"]));
        for attachment in item["attachments"].as_array().into_iter().flatten() {
            assert!(
                is_web(attachment["url"].as_str().expect("an address")) && is_text(&attachment["mime_type"])
            );
        }
    }
    items.iter().map(|item| item["id"].as_str().expect("a text").to_owned()).collect()
}

/// Checks a feed of a form and gives the names of its entries.
pub(super) fn check(format: &str, text: &str) -> Vec<String> {
    match format {
        "atom" => check_atom(text),
        "rss" => check_rss(text),
        _ => check_json(text),
    }
}
