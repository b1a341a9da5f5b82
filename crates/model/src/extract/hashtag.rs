//! Hashtags: where one begins, what it holds, and what may follow it.

use super::chars::{is_hash, is_tag, is_tag_letter, is_variation_selector};
use super::{Found, Kind};

/// All hashtags, those inside addresses included.
pub(super) fn hashtags(text: &str) -> Vec<Found> {
    let mut out = Vec::new();
    let mut from = 0;
    while let Some(sign) = text[from..].find(is_hash).map(|at| from + at) {
        let body = sign + sign_len(text, sign);
        if !may_begin(text, from, sign) || text[body..].starts_with(['\u{fe0f}', '\u{20e3}']) {
            from = body;
            continue;
        }
        let (end, has_letter) = tag_end(text, body);
        if has_letter && !is_cut_off(&text[end..]) {
            out.push(Found { kind: Kind::Hashtag, range: sign..end });
        }
        from = end.max(body);
    }
    out
}

fn sign_len(text: &str, sign: usize) -> usize {
    if text.as_bytes()[sign] == b'#' { 1 } else { '＃'.len_utf8() }
}

/// A hashtag does not begin inside a word, nor in an entity such as `&#39;`.
fn may_begin(text: &str, from: usize, sign: usize) -> bool {
    match text[from..sign].chars().next_back() {
        Some(before) => is_variation_selector(before) || (!is_tag(before) && before != '&'),
        // What stands before belongs to the tag or sign that was read last.
        None => from == 0 || text[..from].ends_with(['#', '＃']),
    }
}

fn tag_end(text: &str, body: usize) -> (usize, bool) {
    let mut has_letter = false;
    for (at, c) in text[body..].char_indices() {
        if !is_tag(c) {
            return (body + at, has_letter);
        }
        has_letter = has_letter || is_tag_letter(c);
    }
    (text.len(), has_letter)
}

/// `#one#two` and `#http://` are no tags.
fn is_cut_off(rest: &str) -> bool {
    rest.starts_with(['#', '＃']) || rest.starts_with("://")
}
