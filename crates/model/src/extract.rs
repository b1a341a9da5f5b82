//! Hashtags, mentions and addresses in plain text, by the rules that X made common and published as twitter-text, so that
//! a post reads the same wherever it was written. Pure, and linear in the length of the text. What a find becomes (a run, a
//! link that is checked) is the caller's.
//!
//! Two deliberate additions: `@name@host` is one mention, and an address with a protocol may name a host that no public
//! list has (`https://demo.example`, `http://192.168.0.7:8080`).
//!
//! ```
//! use model::extract::{Kind, extract, tag_key};
//! let text = "See rustfest.eu, @karo: #RustFest!";
//! let found: Vec<_> = extract(text).into_iter().map(|f| (f.kind, &text[f.range])).collect();
//! assert_eq!(found, [(Kind::Url, "rustfest.eu"), (Kind::Mention, "@karo"), (Kind::Hashtag, "#RustFest")]);
//! assert_eq!(tag_key("RustFest"), tag_key("ｒｕｓｔｆｅｓｔ"));
//! ```

mod chars;
mod domain;
mod hashtag;
mod mention;
mod web;

use std::ops::Range;

use unicode_normalization::UnicodeNormalization;

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `#tag`, with its sign.
    Hashtag,
    /// `@name`, with its sign.
    Mention,
    /// `@name@host`: an account with the server that it lives on.
    Account,
    /// `@name/list`: a list at X. Nobody is meant by it.
    List,
    /// An address, with or without `http://` or `https://`.
    Url,
}

/// One find.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// What it is.
    pub kind: Kind,
    /// Where it stands, in bytes; always on character boundaries.
    pub range: Range<usize>,
}

/// All finds of a text, in reading order. They do not overlap: what begins inside an earlier one is part of that.
#[must_use]
pub fn extract(text: &str) -> Vec<Found> {
    let mut all = web::urls(text);
    all.extend(hashtag::hashtags(text));
    all.extend(mention::mentions(text));
    without_overlaps(all)
}

/// The hashtags of a text, without their sign, in order, as written. Those inside addresses are none.
pub fn hashtags(text: &str) -> impl Iterator<Item = &str> {
    let mut all = hashtag::hashtags(text);
    // Most texts of a firehose have no hashtag, and few of those that have one have an address as well.
    if !all.is_empty() && text.contains('.') {
        all.extend(web::urls(text));
        all = without_overlaps(all);
    }
    all.into_iter().filter(|found| found.kind == Kind::Hashtag).map(|found| without_sign(&text[found.range]))
}

/// The form under which a hashtag is compared: two tags are the same when their keys are. Compatible forms (full width,
/// composed and decomposed accents) and cases are one; accents, underscores and digits tell apart, as they do on the networks.
#[must_use]
pub fn tag_key(tag: &str) -> String {
    if tag.is_ascii() {
        return tag.to_ascii_lowercase();
    }
    // Letter by letter, because a final sigma is the same letter; normalised again, because lower case may decompose.
    let folded = tag.nfkc().flat_map(char::to_lowercase).map(|c| if c == 'ς' { 'σ' } else { c });
    folded.filter(|c| !chars::is_joiner(*c)).nfkc().collect()
}

/// A find of [`Kind::Hashtag`] or a mention without its sign.
#[must_use]
pub fn without_sign(shown: &str) -> &str {
    shown.strip_prefix(['#', '＃', '@', '＠']).unwrap_or(shown)
}

fn without_overlaps(mut all: Vec<Found>) -> Vec<Found> {
    all.sort_by_key(|found| found.range.start);
    let mut end = 0;
    all.retain(|found| {
        let stays = found.range.start >= end;
        if stays {
            end = found.range.end;
        }
        stays
    });
    all
}

#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod tests;
