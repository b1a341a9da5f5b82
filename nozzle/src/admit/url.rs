//! Addresses: which ones may be followed, and what may be shown for them.

use url::Url;

/// Longest address that is kept, in characters.
pub const URL_CHARS_MAX: usize = 2048;

/// The address as the WHATWG parser writes it, when it is http or https, has a host and no credentials, and neither the
/// raw nor the parsed form is too long. Characters that parsers disagree about (controls, blanks, backslashes) are
/// refused rather than repaired.
pub(super) fn checked(raw: &str) -> Option<String> {
    let raw = raw.trim_matches(' ');
    if raw.len() > URL_CHARS_MAX * 4 || raw.chars().any(|c| c.is_control() || c.is_whitespace() || c == '\\')
    {
        return None;
    }
    let url = Url::parse(raw).ok()?;
    let is_web = matches!(url.scheme(), "http" | "https") && has_authority(raw);
    let is_bare = url.username().is_empty() && url.password().is_none();
    let fits = url.as_str().chars().count() <= URL_CHARS_MAX;
    (is_web && is_bare && fits && url.host_str().is_some_and(|h| !h.is_empty())).then(|| url.into())
}

/// `http:evil` is an address to the parser, and something else to others.
fn has_authority(raw: &str) -> bool {
    raw.split_once(':').is_some_and(|(_, rest)| rest.starts_with("//") && !rest.starts_with("///"))
}

/// What is shown for a link: the writer's text, unless that poses as an address of another host, or as a host in letters
/// of mixed scripts; then the address's own host.
pub(super) fn shown(address: &str, text: &str) -> String {
    let Some(host) = Url::parse(address).ok().and_then(|u| u.host_str().map(str::to_owned)) else {
        return text.to_owned();
    };
    let text = text.trim();
    if text.is_empty() {
        return host;
    }
    match posed_host(text) {
        Some(posed) if bare(&posed) != bare(&host) || is_mixed(text) => host,
        _ => text.to_owned(),
    }
}

/// The host that a text reads as, when it reads as an address at all.
fn posed_host(text: &str) -> Option<String> {
    let (scheme, rest) = text.split_once("://").unwrap_or(("https", text));
    let authority = rest.split(['/', '?', '#', '…']).next()?;
    let looks_like_host = authority.contains('.')
        && !authority.starts_with('.')
        && !authority.ends_with('.')
        && !authority.chars().any(|c| c.is_whitespace() || c == '@');
    if !looks_like_host || !matches!(scheme, "http" | "https") {
        return None;
    }
    Url::parse(&format!("https://{authority}")).ok()?.host_str().map(str::to_owned)
}

fn bare(host: &str) -> &str {
    host.strip_prefix("www.").unwrap_or(host)
}

/// Latin letters beside Greek, Cyrillic, Armenian or Cherokee ones, whose shapes they share.
fn is_mixed(text: &str) -> bool {
    let alike =
        |c: char| matches!(c, '\u{370}'..='\u{58f}' | '\u{13a0}'..='\u{13ff}' | '\u{ab70}'..='\u{abbf}');
    text.chars().any(alike) && text.chars().any(|c| c.is_ascii_alphabetic())
}
