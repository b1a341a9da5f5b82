//! Telling a web page from a feed, and finding the feed that a page names.

use url::Url;

/// How far into a page its links are looked for, in bytes.
const HEAD_BYTES_MAX: usize = 256 * 1024;
/// How far into a document its first element is looked for, in bytes.
const START_BYTES_MAX: usize = 16 * 1024;
/// Media types of feeds.
const FEEDS: [&str; 3] = ["application/rss+xml", "application/atom+xml", "application/feed+json"];

/// Whether a document is a web page: its first element says so, or its document type where the element says nothing.
pub(super) fn is_page(text: &str) -> bool {
    let mut rest = &text[..text.floor_char_boundary(START_BYTES_MAX)];
    let mut is_html = false;
    while let Some(at) = rest.find('<') {
        rest = &rest[at..];
        let start = rest[..rest.floor_char_boundary(64)].to_ascii_lowercase();
        let mut words = start.split(|c: char| c.is_whitespace() || c == '>');
        let first = words.next().unwrap_or_default();
        let after = |mark: &str| rest.split_once(mark).map_or("", |(_, after)| after);
        if first.starts_with("<!--") {
            rest = after("-->");
        } else if first.starts_with("<?") {
            rest = after(">");
        } else if first == "<!doctype" {
            is_html = words.next() == Some("html");
            // A document type with declarations of its own ends behind them.
            let end = rest.find(['[', '>']).unwrap_or(rest.len());
            rest = if rest[end..].starts_with('[') { after("]") } else { &rest[end..] };
        } else {
            let name = first.trim_end_matches('/').rsplit(['<', ':']).next().unwrap_or_default();
            let is_feed = matches!(name, "rss" | "rdf" | "feed" | "channel" | "entry");
            let is_pages =
                matches!(name, "html" | "head" | "body" | "title" | "div" | "p" | "h1" | "script" | "meta");
            return is_pages || is_html && !is_feed;
        }
    }
    is_html
}

/// The feed that a web page names by `<link rel="alternate">`.
pub(super) fn alternate(text: &str, base: &Url) -> Option<Url> {
    let head = &text[..text.floor_char_boundary(HEAD_BYTES_MAX)];
    let lower = head.to_ascii_lowercase();
    for (at, _) in lower.match_indices("<link") {
        let end = lower[at..].find('>').map_or(lower.len(), |end| at + end);
        let value = |name: &str| attribute(&head[at..end], &lower[at..end], name);
        let is_alternate = value("rel").is_some_and(|rel| rel.eq_ignore_ascii_case("alternate"));
        let is_feed = value("type").is_some_and(|kind| FEEDS.contains(&kind.to_ascii_lowercase().as_str()));
        if is_alternate && is_feed {
            return base
                .join(&value("href")?.replace("&amp;", "&"))
                .ok()
                .filter(|url| matches!(url.scheme(), "http" | "https"));
        }
    }
    None
}

/// The value of an attribute of a tag, quoted or not.
fn attribute<'a>(tag: &'a str, lower: &str, name: &str) -> Option<&'a str> {
    let wanted = format!("{name}=");
    let at = lower.match_indices(&wanted).find(|(at, _)| lower[..*at].ends_with(char::is_whitespace))?.0;
    let value = &tag[at + wanted.len()..];
    match value.chars().next()? {
        quote @ ('"' | '\'') => value[1..].split(quote).next(),
        _ => value.split_whitespace().next(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_told_by_its_first_element() {
        for page in [
            "<!DOCTYPE html><html><body>Log in</body></html>",
            "<?xml version='1.0'?><!DOCTYPE HTML PUBLIC '-//W3C//DTD XHTML 1.0//EN'><html/>",
            "<!-- <rss> --><HTML lang=en>",
        ] {
            assert!(is_page(page), "{page}");
        }
        for feed in [
            "<?xml version='1.0'?><!-- <html> --><rss/>",
            "<!DOCTYPE rss [<!ENTITY a '<html>'>]><rss/>",
            "<!DOCTYPE rdf:RDF><rdf:RDF/>",
            "<!DOCTYPE html PUBLIC 'x'><rss/>",
            "",
            "no markup",
        ] {
            assert!(!is_page(feed), "{feed}");
        }
    }

    #[test]
    fn a_pages_feed_is_found() {
        let base = Url::parse("https://blog.example/about/").unwrap();
        let page = "<LINK REL='stylesheet' href='x'><link type=\"application/atom+xml\" rel=\"alternate\" href=\"../feed?a=1&amp;b=2\" />";
        assert_eq!(alternate(page, &base).unwrap().as_str(), "https://blog.example/feed?a=1&b=2");
        assert_eq!(
            alternate("<link rel=alternate type=application/rss+xml href=/rss>", &base).unwrap().path(),
            "/rss"
        );
        assert_eq!(alternate("<link rel=alternate type=text/html href=/de><link", &base), None);
    }
}
