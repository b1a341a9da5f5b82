//! Host names in running text. They may stand between words of a script without blanks, so which characters belong to one
//! is found by its last label: a top-level domain of the Public Suffix List.
//!
//! A [`Run`] is looked at once, however many places in it may begin a host; that is what keeps extraction linear.

use std::borrow::Cow;
use std::net::Ipv4Addr;
use std::ops::Range;

use psl::{List, Psl};
use url::Host;

use super::chars::{is_domain, is_latin_accent};

/// Top-level domains outside the public tree that people do write: documentation and trials (RFC 2606), homes and
/// companies (RFC 6762, ICANN's `internal`), Tor (RFC 7686).
const OUTSIDE: [&str; 5] = ["example", "test", "local", "internal", "onion"];
/// Countries that hand out names under categories only (`co.za`). The list names the categories, not the country.
const CATEGORIES_ONLY: [&str; 1] = ["za"];
/// Longest top-level domain that is looked up, in characters of its own script.
const TLD_CHARS_MAX: usize = 24;
/// Longest host name, in bytes as they are sent (RFC 1035).
pub(super) const HOST_BYTES_MAX: usize = 253;
/// Longest part of a host name between dots, in bytes as they are sent (RFC 1035).
const LABEL_BYTES_MAX: usize = 63;

/// A stretch of characters that could be a host name or several: letters, digits, dots, hyphens, underscores.
pub(super) struct Run<'a> {
    text: &'a str,
    /// Where the run stands, in bytes.
    pub(super) range: Range<usize>,
    labels: Vec<Label>,
}

struct Label {
    range: Range<usize>,
    /// Behind its last underscore: from there on it can be the name under a top-level domain.
    after_underscore: usize,
    is_last_char_sound: bool,
    /// End of the top-level domain that this label begins with.
    tld_end: Option<usize>,
    /// End of the longest host that has this label, whole and before the top-level domain, in it.
    host_end: Option<usize>,
}

fn is_run(c: char) -> bool {
    matches!(c, '.' | '-' | '_') || is_domain(c)
}

fn run_end(text: &str, start: usize) -> usize {
    text[start..].find(|c| !is_run(c)).map_or(text.len(), |at| start + at)
}

impl<'a> Run<'a> {
    /// The next run that has a dot in it, from a place in the text on.
    pub(super) fn next(text: &'a str, mut from: usize) -> Option<Self> {
        loop {
            let start = text.len() - text[from..].trim_start_matches(|c| !is_run(c)).len();
            let end = run_end(text, start);
            if text.as_bytes()[start..end].contains(&b'.') {
                return Some(Self::read(text, start..end));
            }
            if end == text.len() {
                return None;
            }
            from = end;
        }
    }

    /// The run that a text begins with.
    pub(super) fn first(text: &'a str) -> Option<Self> {
        let end = run_end(text, 0);
        (end > 0).then(|| Self::read(text, 0..end))
    }

    fn read(text: &'a str, range: Range<usize>) -> Self {
        let mut labels = Vec::new();
        let mut start = range.start;
        for part in text[range.clone()].split('.') {
            let end = start + part.len();
            labels.push(Label {
                range: start..end,
                after_underscore: part.rfind('_').map_or(start, |at| start + at + 1),
                is_last_char_sound: part.ends_with(is_domain),
                tld_end: if start == range.start { None } else { tld_end(text, start..end) },
                host_end: None,
            });
            start = end + 1;
        }
        let mut run = Self { text, range, labels };
        for at in (0..run.labels.len()).rev() {
            run.labels[at].host_end = run.end_from(at, run.labels[at].range.start);
        }
        run
    }

    /// The end of the longest host that begins at `start`, inside the label `at`. Labels behind have been answered.
    fn end_from(&self, at: usize, start: usize) -> Option<usize> {
        let label = &self.labels[at];
        let is_sound =
            label.is_last_char_sound && start < label.range.end && self.text[start..].starts_with(is_domain);
        let next = self.labels.get(at + 1).filter(|_| is_sound)?;
        // Names of machines may have underscores, the registered name may not.
        next.host_end.or_else(|| next.tld_end.filter(|_| label.after_underscore <= start))
    }

    /// The end of the longest host that the run begins with, when the writer said that it is one: then it may also be
    /// an address by numbers, or a name from outside the public tree.
    pub(super) fn explicit_end(&self) -> Option<usize> {
        let public = self.labels.first()?.host_end;
        let raw = &self.text[self.range.clone()];
        let plain =
            raw.find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '.')).unwrap_or(raw.len());
        let name = raw[..plain].trim_end_matches('.');
        let last = name.rsplit_once('.').map_or("", |(_, last)| last);
        let is_private =
            OUTSIDE.iter().any(|tld| last.eq_ignore_ascii_case(tld)) && !name.starts_with(['-', '.']);
        let private =
            (is_private || name.parse::<Ipv4Addr>().is_ok()).then_some(self.range.start + name.len());
        public.max(private)
    }

    /// The first host at or behind `from` whose beginning `may_begin` accepts.
    pub(super) fn host_from(&self, from: usize, may_begin: impl Fn(usize) -> bool) -> Option<Range<usize>> {
        let first = self.labels.partition_point(|label| label.range.end < from);
        for at in first..self.labels.len() {
            let label = &self.labels[at];
            if self.labels.get(at + 1).is_none_or(|next| next.host_end.is_none() && next.tld_end.is_none()) {
                continue;
            }
            let begin = label.range.start.max(from);
            for (offset, _) in self.text[begin..label.range.end].char_indices() {
                let start = begin + offset;
                if may_begin(start)
                    && let Some(end) = self.end_from(at, start)
                {
                    return Some(start..end);
                }
            }
        }
        None
    }
}

/// The end of the longest top-level domain that a label begins with; what follows it must not go on with the word.
fn tld_end(text: &str, label: Range<usize>) -> Option<usize> {
    let raw = &text[label.clone()];
    if let Some(code) = raw.get(..4).filter(|head| head.eq_ignore_ascii_case("xn--")).map(|_| &raw[4..]) {
        let length = code.bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'-').count();
        return (length > 0).then_some(label.start + 4 + length);
    }
    let goes_on = |length: usize| {
        let next = text.as_bytes().get(label.start + length);
        next.is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'@' | b'+' | b'-'))
    };
    // Before the first character of another script there is one place where the word can end.
    let ascii = raw.bytes().take_while(u8::is_ascii_alphanumeric).count();
    let others = raw[ascii..].char_indices().take(TLD_CHARS_MAX).map(|(at, c)| ascii + at + c.len_utf8());
    let others: Vec<usize> = if raw.len() == ascii { Vec::new() } else { others.collect() };
    let lengths = others.into_iter().rev().chain([ascii]);
    lengths
        .filter(|length| !goes_on(*length))
        .find(|length| is_tld(&raw[..*length]))
        .map(|length| label.start + length)
}

/// Whether the Public Suffix List knows a top-level domain.
fn is_tld(label: &str) -> bool {
    if label.len() < 2 {
        return false;
    }
    let is_lower = label.bytes().all(|b| b.is_ascii_lowercase());
    let lower = if is_lower { Cow::Borrowed(label) } else { Cow::Owned(label.to_lowercase()) };
    // Some countries have suffixes under them only (`*.ck`), so a name is looked up with the label.
    List.find([lower.as_bytes(), b"x"].into_iter()).typ.is_some() || CATEGORIES_ONLY.contains(&&*lower)
}

/// Whether a host can be asked for: names in other scripts have an ASCII form (RFC 5890), and that is short enough.
pub(super) fn is_askable(host: &str) -> bool {
    let is_encoded = |label: &str| label.get(..4).is_some_and(|head| head.eq_ignore_ascii_case("xn--"));
    let fits = |name: &str| {
        name.len() <= HOST_BYTES_MAX && name.split('.').all(|label| label.len() <= LABEL_BYTES_MAX)
    };
    if host.is_ascii() && !host.split('.').any(is_encoded) {
        return fits(host);
    }
    // An ASCII form has no fewer characters.
    let may_fit = host.chars().nth(HOST_BYTES_MAX).is_none();
    may_fit && matches!(Host::parse(host), Ok(Host::Domain(name)) if fits(&name))
}

/// The hosts in Latin letters within a host: what a writer without blanks put between other words.
pub(super) fn latin_hosts(text: &str, host: Range<usize>) -> Vec<Range<usize>> {
    // Nearly every host: nothing stands between.
    if text[host.clone()].is_ascii() && !text[host.clone()].contains('_') {
        return vec![host];
    }
    let is_latin = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.') || is_latin_accent(c);
    let mut out = Vec::new();
    let mut from = host.start;
    while let Some(start) = text[from..host.end].find(|c| is_latin(c) && c != '.').map(|at| from + at) {
        let end = text[start..host.end].find(|c| !is_latin(c)).map_or(host.end, |at| start + at);
        let found = latin_end(&text[..host.end], start..end);
        out.extend(found.map(|found| start..found));
        from = found.unwrap_or(end).max(end);
    }
    out
}

fn latin_end(text: &str, latin: Range<usize>) -> Option<usize> {
    let dots: Vec<usize> =
        text[latin.clone()].match_indices('.').map(|(at, _)| latin.start + at + 1).collect();
    let label_end = |start: usize| text[start..].find('.').map_or(text.len(), |at| start + at);
    dots.into_iter().rev().find_map(|start| tld_end(text, start..label_end(start)))
}
