//! Which pages are kept, and what they may be asked with. A route that is not listed is never kept. Of one that is listed, only the
//! parameters named here are read: others are taken out of the address before anybody sees them, so that strangers cannot make pages
//! that differ in nothing, and no two pages that differ can share a place.

use http::{HeaderMap, header};
use std::borrow::Cow;

/// A longer key is not kept, in bytes.
const KEY_BYTES_MAX: usize = 512;
/// Cookies that say who somebody is, as `door` and `post_box` name them.
const COOKIES: [&str; 6] = ["session", "__Host-session", "owner", "__Host-owner", "writer", "__Host-writer"];
/// Every parameter that any page here reads. What is not among them is no parameter.
const PARAMETERS: [&str; 30] = [
    "after", "around", "at", "before", "by", "day", "format", "from", "has", "limit", "of", "order", "q",
    "read", "replay", "room", "seen", "show", "source", "start", "t", "talk", "theme", "to", "until", "view",
    "reported", "while", "wrote", "width",
];

/// How one route's pages are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rule {
    /// There are as many of them as posts, or as words to search for.
    is_many: bool,
    /// It looks otherwise to somebody who wrote here, or holds a key.
    pub(super) is_personal: bool,
    /// What is shown follows from all events.
    pub(super) of_all_events: bool,
}

const FEW: Rule = Rule { is_many: false, is_personal: false, of_all_events: false };
const MANY: Rule = Rule { is_many: true, ..FEW };

/// The rule of a route, by its pattern in `routes.rs`. What is streamed, what only stewards see and what tells the very moment is not here.
fn rule(route: &str) -> Option<Rule> {
    Some(match route {
        "/" | "/sitemap.xml" | "/api/v1/events" => Rule { of_all_events: true, ..FEW },
        // Organisers are told what is not filled in yet.
        "/{event}/privacy" | "/{event}/imprint" => Rule { is_personal: true, ..FEW },
        "/{event}/posts/{id}" => Rule { is_personal: true, ..MANY },
        "/{event}/items"
        // One number has many ways of writing it: 1, 01, +1.
        | "/{event}/schedule/v/{n}"
        | "/{event}/search"
        | "/{event}/search/feed.atom"
        | "/{event}/search/feed.rss"
        | "/{event}/search/feed.json"
        | "/{event}/posts/{id}/embed"
        | "/api/v1/events/{event}/items"
        | "/api/v1/events/{event}/items/{id}"
        | "/api/v1/events/{event}/items/{id}/answers"
        | "/api/v1/events/{event}/search" => MANY,
        "/{event}"
        | "/{event}/about"
        | "/{event}/app.webmanifest"
        | "/{event}/programme"
        | "/{event}/days/{date}"
        | "/{event}/schedule.json"
        | "/{event}/schedule.xml"
        | "/{event}/schedule.ics"
        | "/{event}/schedule/changes"
        | "/{event}/schedule/changes.atom"
        | "/{event}/talks/{talk}"
        | "/{event}/talks/{talk}/cues.vtt"
        | "/{event}/catch-up"
        | "/{event}/photos"
        | "/{event}/links"
        | "/{event}/rooms/{room}"
        | "/{event}/feeds"
        | "/{event}/embed"
        | "/{event}/talks/{talk}/embed"
        | "/{event}/feed.atom"
        | "/{event}/feed.rss"
        | "/{event}/feed.json"
        | "/{event}/talks/{talk}/feed.atom"
        | "/{event}/talks/{talk}/feed.rss"
        | "/{event}/talks/{talk}/feed.json"
        | "/{event}/rooms/{room}/feed.atom"
        | "/{event}/rooms/{room}/feed.rss"
        | "/{event}/rooms/{room}/feed.json"
        | "/api/v1/events/{event}"
        | "/api/v1/events/{event}/photos"
        | "/api/v1/events/{event}/links"
        | "/api/v1/events/{event}/talks"
        | "/api/v1/events/{event}/talks/{talk}"
        | "/api/v1/events/{event}/talks/{talk}/items"
        | "/api/v1/events/{event}/rooms"
        | "/api/v1/events/{event}/rooms/{room}/items" => FEW,
        _ => return None,
    })
}

/// One page that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Page<'a> {
    pub(super) rule: Rule,
    /// Path and what it is asked with, in one way of writing it.
    pub(super) key: Cow<'a, str>,
    /// The event's slug; empty for what is of all events.
    pub(super) slug: &'a str,
    /// Whether there may be as many such pages as anybody likes.
    pub(super) is_many: bool,
}

impl<'a> Page<'a> {
    /// The page of an address; none that is not kept.
    pub(super) fn of(route: &str, path: &'a str, query: Option<&str>) -> Option<Self> {
        let rule = rule(route)?;
        let segment = if route.starts_with("/api/") { 4 } else { 1 };
        let slug = if rule.of_all_events { "" } else { path.split('/').nth(segment)? };
        let asked = asked(query.unwrap_or_default())?;
        // Any letter of a path can be written as %XX, and a page can be asked with anything.
        let is_many = rule.is_many || !asked.is_empty() || path.contains('%');
        let key = if asked.is_empty() { Cow::Borrowed(path) } else { Cow::Owned(format!("{path}?{asked}")) };
        (key.len() <= KEY_BYTES_MAX).then_some(Self { rule, key, slug, is_many })
    }
}

/// What the page is asked with, sorted and written in one way; none when something is said twice.
fn asked(query: &str) -> Option<String> {
    if query.is_empty() {
        return Some(String::new());
    }
    let mut pairs: Vec<(Cow<'_, str>, Cow<'_, str>)> = url::form_urlencoded::parse(query.as_bytes())
        .filter(|(name, _)| PARAMETERS.contains(&&**name))
        .collect();
    pairs.sort();
    if pairs.windows(2).any(|two| two[0].0 == two[1].0) {
        return None;
    }
    Some(url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish())
}

/// Whether somebody asks who may be shown more than everybody: with a key, or with a cookie of ours.
pub(super) fn is_somebody(headers: &HeaderMap) -> bool {
    let lines = headers.get_all(header::COOKIE).into_iter();
    let mut names = lines.filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(';'));
    headers.contains_key(header::AUTHORIZATION)
        || names.any(|pair| pair.split('=').next().is_some_and(|name| COOKIES.contains(&name.trim())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(route: &str, path: &str, query: &str) -> Option<String> {
        Page::of(route, path, Some(query)).map(|page| page.key.into_owned())
    }

    #[test]
    fn what_nobody_reads_is_not_in_the_key_and_order_and_spelling_change_nothing() {
        let talk = |query| key("/{event}/talks/{talk}", "/fest/talks/t1", query);
        assert_eq!(talk("").as_deref(), Some("/fest/talks/t1"));
        assert_eq!(talk("utm_source=x&fbclid=1&&=").as_deref(), Some("/fest/talks/t1"));
        assert_eq!(talk("view=unfiled&after=1.k").as_deref(), Some("/fest/talks/t1?after=1.k&view=unfiled"));
        assert_eq!(talk("after=1%2Ek&%76iew=unfiled&x=1"), talk("view=unfiled&after=1.k"));
        assert_eq!(talk("view=a&view=b"), None, "the page refuses it");
        assert_eq!(talk(&format!("view={}", "x".repeat(KEY_BYTES_MAX))), None);
    }

    #[test]
    fn only_listed_routes_are_kept_and_what_anybody_can_multiply_is_told_apart() {
        let many = |route, path, query| Page::of(route, path, query).map(|page| page.is_many);
        assert_eq!(many("/{event}", "/fest", None), Some(false));
        assert_eq!(many("/{event}", "/fest", Some("nonsense=1")), Some(false));
        assert_eq!(many("/{event}", "/fest", Some("before=17")), Some(true));
        assert_eq!(many("/{event}/posts/{id}", "/fest/posts/k3f9q2m7xw4d", None), Some(true));
        assert_eq!(many("/{event}/rooms/{room}", "/fest/rooms/m%61in", None), Some(true));
        assert_eq!(many("/{event}/schedule/v/{n}", "/fest/schedule/v/0001", None), Some(true));
        for route in [
            "/{event}/export.ndjson",
            "/login",
            "/admin/{event}",
            "/static/{file}",
            "/{event}/posts",
            "/{event}/wall",
        ] {
            assert_eq!(many(route, "/fest/x", None), None, "{route}");
        }
    }

    #[test]
    fn the_event_is_read_from_the_address() {
        let slug = |route, path| Page::of(route, path, None).map(|page| page.slug.to_owned());
        assert_eq!(slug("/{event}/talks/{talk}", "/fest/talks/t1").as_deref(), Some("fest"));
        assert_eq!(
            slug("/api/v1/events/{event}/talks", "/api/v1/events/fest/talks").as_deref(),
            Some("fest")
        );
        assert_eq!(slug("/", "/").as_deref(), Some(""));
    }

    #[test]
    fn a_cookie_of_ours_or_a_key_is_somebody() {
        let is_somebody = |name: &'static str, value: &'static str| {
            let value = http::HeaderValue::from_static(value);
            super::is_somebody(&HeaderMap::from_iter([(http::HeaderName::from_static(name), value)]))
        };
        assert!(is_somebody("cookie", "a=b; writer=00") && is_somebody("cookie", "__Host-owner=x"));
        assert!(is_somebody("authorization", "Bearer x"));
        assert!(!is_somebody("cookie", "_ga=1; rewriter=2; x=owner") && !is_somebody("accept", "*/*"));
    }
}
