//! The first look at a frame: bytes, not JSON. Nearly all of the network's posts are none of ours, so they must cost
//! next to nothing; whatever is in doubt is parsed. Pure.
//!
//! Jetstream writes `{"did":..,"time_us":..,"kind":"commit","commit":{..,"operation":..,"collection":..,"rkey":..,"record":{..`.
//! What stands before the first inner `{` is the *head*, from there to the record the *commit*. A frame that is written
//! in another order is parsed whole, so no order is relied on.

use aho_corasick::AhoCorasick;
use memchr::{memchr, memchr_iter, memchr2, memmem};

use super::tags::Tags;

/// The collection of posts.
pub(super) const POSTS: &str = "app.bsky.feed.post";
/// The collection of what accounts say of themselves; the only one beside posts that is asked for.
pub(super) const PROFILES: &str = "app.bsky.actor.profile";

/// Looks at frames for one set of hashtags.
pub(crate) struct Scanner {
    time: memmem::Finder<'static>,
    commit: memmem::Finder<'static>,
    posts: memmem::Finder<'static>,
    delete: memmem::Finder<'static>,
    create: memmem::Finder<'static>,
    tags: memmem::Finder<'static>,
    wide_mark: memmem::Finder<'static>,
    escape: memmem::Finder<'static>,
    /// Our hashtags in either case; `None` when bytes cannot decide: hashtags beyond ASCII have several spellings.
    ours: Option<AhoCorasick>,
    /// Every post is wanted.
    is_everything: bool,
}

/// What a look tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Look<'a> {
    /// The event's time in microseconds, when it was seen at once.
    pub(crate) time: Option<i64>,
    /// What to do with the frame.
    pub(crate) kind: Kind<'a>,
}

/// What to do with a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind<'a> {
    /// A post that holds none of our hashtags.
    Unmatched,
    /// A post was deleted.
    Delete {
        /// Whose.
        did: &'a str,
        /// Which.
        rkey: &'a str,
    },
    /// To be parsed: a post that may be ours, or anything out of the ordinary.
    Whole,
}

impl Scanner {
    /// A scanner for these hashtags.
    pub(crate) fn new(tags: &Tags) -> Self {
        let finder = memmem::Finder::new;
        let by_bytes = tags.folded().iter().all(|tag| tag.is_ascii());
        let build = || AhoCorasick::builder().ascii_case_insensitive(true).build(tags.folded());
        Self {
            time: finder("\"time_us\":"),
            commit: finder("\"kind\":\"commit\""),
            posts: finder("\"collection\":\"app.bsky.feed.post\""),
            delete: finder("\"operation\":\"delete\""),
            create: finder("\"operation\":\"create\""),
            tags: finder("\"tags\""),
            wide_mark: finder("＃"),
            escape: finder("\\u"),
            ours: by_bytes.then(|| build().ok()).flatten(),
            is_everything: tags.is_everything(),
        }
    }

    /// Looks at a frame.
    pub(crate) fn look<'a>(&self, text: &'a str) -> Look<'a> {
        let bytes = text.as_bytes();
        let whole = |time| Look { time, kind: Kind::Whole };
        let Some(inner) = memchr(b'{', bytes.get(1..).unwrap_or_default()).map(|at| at + 1) else {
            return whole(None);
        };
        let (head, rest) = bytes.split_at(inner);
        let time = self.time_in(head);
        let end = memchr2(b'{', b'}', &rest[1..]).map_or(rest.len(), |at| at + 1);
        let (commit, record) = rest.split_at(end);
        // The first inner object must be the commit itself: a host may say something new before it.
        let is_plain = head[0] == b'{'
            && time.is_some()
            && self.commit.find(head).is_some()
            && head.ends_with(b"\"commit\":");
        if !is_plain || self.posts.find(commit).is_none() {
            return whole(time);
        }
        if self.delete.find(commit).is_some() {
            return match (value(head, "\"did\":\""), value(commit, "\"rkey\":\"")) {
                (Some(did), Some(rkey)) => Look { time, kind: Kind::Delete { did, rkey } },
                _ => whole(time),
            };
        }
        // A newer version may have lost the hashtag for which we have the older one.
        let is_new = self.create.find(commit).is_some();
        let kind = if !is_new || self.may_be_ours(record) { Kind::Whole } else { Kind::Unmatched };
        Look { time, kind }
    }

    fn time_in(&self, head: &[u8]) -> Option<i64> {
        let digits = &head[self.time.find(head)? + self.time.needle().len()..];
        let end = digits.iter().position(|b| !b.is_ascii_digit()).filter(|end| digits[*end] == b',')?;
        std::str::from_utf8(&digits[..end]).ok()?.parse().ok()
    }

    /// Whether a record may hold one of our hashtags. A hashtag is in the words behind a mark, in a facet of the type
    /// `..facet#tag`, or in `tags`; only where there is any of these are our own looked for.
    fn may_be_ours(&self, record: &[u8]) -> bool {
        if self.is_everything || self.escape.find_iter(record).any(|at| !is_harmless(&record[at + 2..])) {
            return true;
        }
        let holds_any = memchr_iter(b'#', record).any(|at| !is_type(&record[..at], &record[at + 1..]))
            || self.tags.find(record).is_some()
            || self.wide_mark.find(record).is_some();
        // Other spellings of our letters (full width, say) are beyond ASCII.
        let may_match = |ours: &AhoCorasick| ours.is_match(record) || !record.is_ascii();
        holds_any && self.ours.as_ref().is_none_or(may_match)
    }
}

/// Whether a `#` stands within a type's name that has nothing to do with hashtags; words may end with `#link`, too.
fn is_type(before: &[u8], rest: &[u8]) -> bool {
    let names: [(&[u8], &[u8]); 3] =
        [(b".facet", b"link\""), (b".facet", b"mention\""), (b".defs", b"selfLabels\"")];
    names.iter().any(|(before_it, name)| rest.starts_with(name) && before.ends_with(before_it))
}

/// Whether an escaped character (its four hex digits come first) can be no part of a hashtag, of its mark, nor of a key:
/// control characters, quotes, `&`, `<`, `>` and the two separators, which JSON writers like to escape.
fn is_harmless(rest: &[u8]) -> bool {
    let code = rest.get(..4).and_then(|hex| std::str::from_utf8(hex).ok());
    let code = code.and_then(|hex| u32::from_str_radix(hex, 16).ok());
    matches!(code, Some(0..=0x1f | 0x22 | 0x26 | 0x27 | 0x3c | 0x3e | 0x7f | 0x2028 | 0x2029))
}

/// The text behind `key`, when it is plain.
fn value<'a>(within: &'a [u8], key: &str) -> Option<&'a str> {
    let rest = &within[memmem::find(within, key.as_bytes())? + key.len()..];
    let text = &rest[..memchr(b'"', rest)?];
    let text = std::str::from_utf8(text).ok()?;
    (!text.contains('\\')).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scanner(tags: &[&str]) -> Scanner {
        Scanner::new(&Tags::new(&tags.iter().map(|tag| (*tag).to_owned()).collect::<Vec<_>>()))
    }

    fn post(record: &str) -> String {
        format!(
            r#"{{"did":"did:plc:abc","time_us":1783175888090631,"kind":"commit","commit":{{"rev":"3m","operation":"create","collection":"app.bsky.feed.post","rkey":"3mpt","record":{{{record}}},"cid":"b"}}}}"#
        )
    }

    #[test]
    fn a_post_is_ours_by_its_words_a_facet_or_its_tags() {
        let scanner = scanner(&["rustfest"]);
        for record in [
            r##""text":"hello #RustFest""##,
            r##""text":"hello ＃rustFEST""##,
            r##""text":"x","facets":[{"features":[{"$type":"app.bsky.richtext.facet#tag","tag":"RUSTFEST"}]}]"##,
            r##""text":"x","tags":["Rustfest"]"##,
            r##""text":"#rustfest26 is near""##,
            r##""text":"\u0023rustfest""##,
            r##""text":"#rust\u0066est""##,
            r##""text":"x","\u0074ags":["rustfest"]"##,
            r##""text":"a literal \\u0066 is parsed to be sure""##,
        ] {
            assert_eq!(scanner.look(&post(record)).kind, Kind::Whole, "{record}");
        }
    }

    #[test]
    fn a_post_that_is_none_of_ours_is_passed_by_with_its_time() {
        let scanner = scanner(&["rustfest", "rf26"]);
        for record in [
            r##""text":"hello""##,
            r##""text":"rustfest without a mark, Q\u0026A \u003c3""##,
            r##""text":"#rust and #fest""##,
            r##""text":"x","facets":[{"features":[{"$type":"app.bsky.richtext.facet#link","uri":"https://rustfest.example"}]}]"##,
        ] {
            let line = post(record);
            let look = scanner.look(&line);
            assert_eq!(look, Look { time: Some(1_783_175_888_090_631), kind: Kind::Unmatched }, "{record}");
        }
    }

    #[test]
    fn a_hashtag_that_is_called_like_a_type_is_ours_all_the_same() {
        let scanner = scanner(&["link", "mention"]);
        for text in ["see you at #link", "#mention"] {
            assert_eq!(scanner.look(&post(&format!(r#""text":"{text}""#))).kind, Kind::Whole, "{text}");
        }
    }

    #[test]
    fn a_hashtag_beyond_ascii_is_never_missed() {
        let scanner = scanner(&["köln"]);
        for text in ["#KÖLN", "#ko\u{308}ln", "#k\\u00f6ln", "#K\\u00d6LN"] {
            assert_eq!(scanner.look(&post(&format!(r#""text":"{text}""#))).kind, Kind::Whole, "{text}");
        }
        let plain = post(r#""text":"no hashtag at all""#);
        assert_eq!(scanner.look(&plain).kind, Kind::Unmatched, "posts without any hashtag cost nothing");
    }

    #[test]
    fn a_deletion_is_read_at_once() {
        let line = r#"{"did":"did:plc:4s","time_us":1783175888377628,"kind":"commit","commit":{"rev":"3m","operation":"delete","collection":"app.bsky.feed.post","rkey":"3mpt"}}"#;
        let kind = Kind::Delete { did: "did:plc:4s", rkey: "3mpt" };
        assert_eq!(scanner(&["x1"]).look(line), Look { time: Some(1_783_175_888_377_628), kind });
    }

    #[test]
    fn whatever_is_out_of_the_ordinary_is_parsed() {
        let scanner = scanner(&["rustfest"]);
        for line in [
            "",
            "{",
            "{}",
            "[1]",
            "nonsense",
            r#"{"kind":"commit","commit":{"collection":"app.bsky.feed.post","operation":"create","record":{}},"did":"d","time_us":1}"#,
            r#"{"did":"d","time_us":1,"kind":"identity","identity":{"did":"d"}}"#,
            r#"{"did":"d","time_us":1,"kind":"commit","about":{"collection":"app.bsky.feed.post","operation":"delete","rkey":"x"},"commit":{"collection":"app.bsky.feed.like","operation":"delete","rkey":"x"}}"#,
            r#"{"did":"d","time_us":1783175888090631.5,"kind":"commit","commit":{"collection":"app.bsky.feed.post","operation":"create","record":{}}}"#,
            r#"{"did":"d","time_us":"1","kind":"commit","commit":{"collection":"app.bsky.feed.post"}}"#,
        ] {
            assert_eq!(scanner.look(line).kind, Kind::Whole, "{line}");
        }
    }
}
