//! Mentions: `@name`, `@name@host` and `@name/list`.

use super::chars::{is_at, is_latin_accent, is_name};
use super::domain::{HOST_BYTES_MAX, Run};
use super::{Found, Kind};

/// Longest screen name at X, in characters.
const NAME_CHARS_MAX: usize = 20;
/// Longest name of a list at X, in characters.
const LIST_CHARS_MAX: usize = 25;
/// Longest local part of an account, in characters.
const LOCAL_CHARS_MAX: usize = 64;

/// All mentions.
pub(super) fn mentions(text: &str) -> Vec<Found> {
    let mut out = Vec::new();
    let mut from = 0;
    while let Some(sign) = text[from..].find(is_at).map(|at| from + at) {
        let body = sign + text[sign..].chars().next().map_or(1, char::len_utf8);
        let found = if may_begin(&text[..sign]) { mention(text, sign, body) } else { None };
        from = found.as_ref().map_or(body, |found| found.range.end);
        out.extend(found);
    }
    out
}

/// Not inside a word, a mail address or a price; but `RT@name` was always written so.
fn may_begin(before: &str) -> bool {
    let Some(last) = before.chars().next_back() else { return true };
    if !is_name(last) && !matches!(last, '!' | '#' | '$' | '%' | '&' | '*') && !is_at(last) {
        return true;
    }
    let bytes = before.as_bytes();
    let Some(rest) = bytes.len().checked_sub(2) else { return false };
    let is_retweet = bytes[rest..].eq_ignore_ascii_case(b"rt");
    is_retweet
        && before[..rest]
            .chars()
            .next_back()
            .is_none_or(|c| !is_name(c) && !matches!(c, '+' | '~' | '.' | '-'))
}

fn mention(text: &str, sign: usize, body: usize) -> Option<Found> {
    if let Some(end) = account_end(text, body) {
        return Some(Found { kind: Kind::Account, range: sign..end });
    }
    let name = run_len(&text[body..], NAME_CHARS_MAX, is_name);
    let mut end = body + name;
    let list = list_len(&text[end..]);
    end += list;
    let rest = &text[end..];
    if name == 0 || rest.starts_with("://") || rest.starts_with(|c| is_at(c) || is_latin_accent(c)) {
        return None;
    }
    let kind = if list == 0 { Kind::Mention } else { Kind::List };
    Some(Found { kind, range: sign..end })
}

/// The end of `name@host`, where the host is one that the world knows.
fn account_end(text: &str, body: usize) -> Option<usize> {
    let local = run_len(&text[body..], LOCAL_CHARS_MAX, |c| is_name(c) || matches!(c, '.' | '-'));
    let host = body + local + 1;
    let is_shaped =
        text[body..body + local].starts_with(is_name) && text[body..body + local].ends_with(is_name);
    if !is_shaped || text.as_bytes().get(host - 1) != Some(&b'@') {
        return None;
    }
    let length =
        run_len(&text[host..], HOST_BYTES_MAX, |c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.'));
    let name = text[host..host + length].trim_end_matches(['.', '-']);
    // Most of what looks like an account is none; that is seen before anything is looked up.
    let run = if name.contains('.') { Run::first(name)? } else { return None };
    let end = host + run.explicit_end()?;
    let goes_on = text[end..].starts_with(|c: char| is_name(c) || is_at(c) || c == '-');
    (!goes_on).then_some(end)
}

fn list_len(rest: &str) -> usize {
    let Some(slug) =
        rest.strip_prefix('/').filter(|slug| slug.starts_with(|c: char| c.is_ascii_alphabetic()))
    else {
        return 0;
    };
    1 + run_len(slug, LIST_CHARS_MAX, |c| is_name(c) || c == '-')
}

/// How many leading ASCII characters are of a kind, at most so many.
fn run_len(text: &str, chars_max: usize, is_kind: impl Fn(char) -> bool) -> usize {
    text.bytes().take(chars_max).take_while(|b| b.is_ascii() && is_kind(char::from(*b))).count()
}
