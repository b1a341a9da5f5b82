//! Addresses: protocol, host, port, path and query, each as far as it goes; a sentence's punctuation stays outside.

use std::ops::Range;

use super::chars::{is_before_no_url, is_path, is_path_end, is_query, is_query_end};
use super::domain::{self, Run};
use super::{Found, Kind};

/// Longest address, in characters; a longer one is left as text.
const URL_CHARS_MAX: usize = 4096;
/// Longest name behind `t.co`, in characters: X's own short links have no more.
const SLUG_CHARS_MAX: usize = 40;

/// All addresses, in order.
pub(super) fn urls(text: &str) -> Vec<Found> {
    let mut out = Vec::new();
    // Where the last address ended, and where the next run is looked for.
    let (mut from, mut at) = (0, 0);
    while let Some(run) = Run::next(text, at) {
        if let Some(start) = protocol(text, from, run.range.start)
            && let Some(host) = run.explicit_end()
        {
            from = explicit(text, start, run.range.start..host, &mut out);
        }
        while let Some(host) = run.host_from(from, |start| may_begin(text, from, start)) {
            from = bare(text, host, &mut out);
        }
        at = run.range.end.max(from);
    }
    out
}

/// Whether an address may begin here, the last one having ended at `from`.
fn may_begin(text: &str, from: usize, start: usize) -> bool {
    match text[from.min(start)..start].chars().next_back() {
        Some(before) => !is_before_no_url(before),
        None => start == 0,
    }
}

/// Where the protocol before a host begins, when there is one that may begin there.
fn protocol(text: &str, from: usize, host: usize) -> Option<usize> {
    let before = text.get(from..host)?;
    let start = ["https://", "http://"].into_iter().find_map(|name| {
        let head = before.len().checked_sub(name.len())?;
        before.as_bytes()[head..].eq_ignore_ascii_case(name.as_bytes()).then_some(from + head)
    })?;
    may_begin(text, from, start).then_some(start)
}

/// Takes an address with its protocol; returns where it ends.
fn explicit(text: &str, start: usize, host: Range<usize>, out: &mut Vec<Found>) -> usize {
    let tail = tail(text, host.end);
    let shown_end =
        if text[host.clone()].eq_ignore_ascii_case("t.co") { short_end(text, host.end) } else { Short::No };
    let end = match shown_end {
        Short::No => Some(tail.end),
        Short::Link(end) => Some(end),
        Short::TooLong => None,
    };
    let is_address = |end: &usize| fits(&text[start..*end]) && domain::is_askable(&text[host.clone()]);
    if let Some(end) = end.filter(is_address) {
        out.push(Found { kind: Kind::Url, range: start..end });
    }
    tail.end
}

/// Takes an address without protocol: the hosts in Latin letters, path and query with the last one. Returns where it ends.
fn bare(text: &str, host: Range<usize>, out: &mut Vec<Found>) -> usize {
    let tail = tail(text, host.end);
    let is_rest_of_a_word = text[..host.start].ends_with(['-', '_', '.', '/']);
    if is_rest_of_a_word || !fits(&text[host.start..tail.end]) {
        return tail.end;
    }
    let mut hosts = domain::latin_hosts(text, host.clone());
    hosts.retain(|one| domain::is_askable(&text[one.clone()]));
    if let Some(last) = hosts.last_mut().filter(|last| tail.has_path && last.end == host.end) {
        last.end = tail.end;
    }
    out.extend(hosts.into_iter().map(|range| Found { kind: Kind::Url, range }));
    tail.end
}

fn fits(url: &str) -> bool {
    url.len() <= URL_CHARS_MAX || url.chars().count() <= URL_CHARS_MAX
}

/// What follows a host.
struct Tail {
    has_path: bool,
    end: usize,
}

fn tail(text: &str, host_end: usize) -> Tail {
    let port_end = port_end(text, host_end);
    let path_end = path_end(text, port_end);
    Tail { has_path: path_end > port_end, end: query_end(text, path_end) }
}

fn port_end(text: &str, at: usize) -> usize {
    let digits =
        text[at..].strip_prefix(':').map_or(0, |rest| rest.bytes().take_while(u8::is_ascii_digit).count());
    if digits == 0 { at } else { at + 1 + digits }
}

/// Parentheses belong to a path when they are balanced in it, at most two deep.
fn path_end(text: &str, at: usize) -> usize {
    if !text[at..].starts_with('/') {
        return at;
    }
    let (mut here, mut end) = (at + 1, at + 1);
    while let Some(c) = text[here..].chars().next() {
        if is_path(c) {
            here += c.len_utf8();
            end = if is_path_end(c) { here } else { end };
        } else if let Some(closed) = balanced_end(text, here) {
            (here, end) = (closed, closed);
        } else {
            break;
        }
    }
    end
}

/// The end of `(words)` or `(words(words)words)`.
fn balanced_end(text: &str, at: usize) -> Option<usize> {
    let words = |from: usize| from + text[from..].find(|c| !is_path(c)).unwrap_or(text.len() - from);
    let sign = |at: usize, sign: char| text[at..].starts_with(sign).then_some(at + 1);
    let open = sign(at, '(')?;
    let mut end = words(open);
    if end > open && text[end..].starts_with(')') {
        return Some(end + 1);
    }
    let inner = sign(end, '(')?;
    end = words(inner);
    let closed = sign(end, ')').filter(|_| end > inner)?;
    sign(words(closed), ')')
}

fn query_end(text: &str, at: usize) -> usize {
    let Some(query) = text[at..].strip_prefix('?') else { return at };
    let length = query.bytes().take_while(|b| b.is_ascii() && is_query(char::from(*b))).count();
    query[..length].rfind(is_query_end).map_or(at, |last| at + 1 + last + 1)
}

/// A short link of X ends where its name ends, whatever stands behind.
enum Short {
    No,
    Link(usize),
    TooLong,
}

fn short_end(text: &str, host_end: usize) -> Short {
    let Some(slug) = text[host_end..].strip_prefix('/') else { return Short::No };
    match slug.bytes().take_while(u8::is_ascii_alphanumeric).count() {
        0 => Short::No,
        length if length > SLUG_CHARS_MAX => Short::TooLong,
        length => Short::Link(query_end(text, host_end + 1 + length)),
    }
}
