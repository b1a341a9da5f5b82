//! Where a feed is and how far it was read: the cursor, as JSON of at most 4 KiB. Whatever does not fit is left out, the
//! least important first; a cursor without a part only costs a fetch.

use model::Micros;
use serde::{Deserialize, Serialize};
use url::Url;

use super::hints::Hints;
use super::identity;
use crate::source::{CURSOR_BYTES_MAX, Cursor};

/// Longest address that is kept, in bytes.
const ADDRESS_BYTES_MAX: usize = 900;
/// Longest validator that is kept, in bytes.
const VALIDATOR_BYTES_MAX: usize = 300;

/// See the module.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Place {
    /// Hash of the address in the settings: a feed that is configured anew starts anew.
    pub(super) of: String,
    /// Where the feed has moved to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) moved: Option<Url>,
    /// What the validators belong to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) answered: Option<Url>,
    /// `ETag`, verbatim.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) etag: Option<String>,
    /// `Last-Modified`, verbatim.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) modified: Option<String>,
    /// Hash of the body: servers that name a new ETag for the same bytes exist.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) body: String,
    /// The newest entry's date.
    #[serde(default)]
    pub(super) newest: Micros,
    /// What the feed wishes.
    #[serde(default)]
    pub(super) hints: Hints,
    /// The newest entries, see `Known::marks`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) marks: String,
}

impl Place {
    /// Nothing was read yet.
    pub(super) fn new(feed: &Url) -> Self {
        Self { of: identity::hash(&[feed.as_str()]), ..Self::default() }
    }

    /// Reads a cursor; one of another address counts as none.
    pub(super) fn parse(cursor: Option<&Cursor>, feed: &Url) -> Self {
        let fresh = Self::new(feed);
        let saved = cursor.and_then(|cursor| serde_json::from_str::<Self>(&cursor.0).ok());
        saved.filter(|saved| saved.of == fresh.of).unwrap_or(fresh)
    }

    /// Where to ask.
    pub(super) fn address<'a>(&'a self, feed: &'a Url) -> &'a Url {
        self.moved.as_ref().unwrap_or(feed)
    }

    /// Notes where the feed is now; an address too long to be kept is not moved to.
    pub(super) fn move_to(&mut self, to: Url, feed: &Url) {
        if to.as_str().len() <= ADDRESS_BYTES_MAX {
            self.moved = (to != *feed).then_some(to);
        }
    }

    /// Notes the validators of an answer that was read to its end.
    pub(super) fn validated(&mut self, by: &Url, etag: Option<String>, modified: Option<String>) {
        let fits = |text: &String| !text.is_empty() && text.len() <= VALIDATOR_BYTES_MAX;
        let is_kept = by.as_str().len() <= ADDRESS_BYTES_MAX;
        self.etag = etag.filter(|etag| is_kept && fits(etag));
        self.modified = modified.filter(|modified| is_kept && fits(modified));
        let has_any = self.etag.is_some() || self.modified.is_some();
        self.answered = (is_kept && has_any).then(|| by.clone());
    }

    /// As a cursor, within its bound.
    pub(super) fn cursor(&self) -> Cursor {
        let written = |place: &Self| serde_json::to_string(place).unwrap_or_default();
        let whole = written(self);
        if whole.len() <= CURSOR_BYTES_MAX {
            return Cursor(whole);
        }
        let short = Self { marks: String::new(), etag: None, modified: None, answered: None, ..self.clone() };
        Cursor(written(&short))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_holds_everything_and_stays_within_its_bound() {
        let feed = Url::parse("https://a.example/feed").unwrap();
        let long = |n: usize| Url::parse(&format!("https://b.example/{}", "x".repeat(n))).unwrap();
        let mut place = Place::new(&feed);
        place.move_to(long(800), &feed);
        place.validated(&long(800), Some(format!("W/\"{}\"", "\"".repeat(290))), Some("yesterday".into()));
        place.marks = "0123456789abcd ".repeat(60).trim().to_owned();
        let cursor = place.cursor();
        assert!(cursor.0.len() <= CURSOR_BYTES_MAX, "{}", cursor.0.len());
        assert_eq!(Place::parse(Some(&cursor), &feed), place);
        place.move_to(long(5000), &feed);
        place.validated(&long(5000), Some("e".into()), None);
        assert_eq!((place.moved, place.etag), (Some(long(800)), None));
    }

    #[test]
    fn a_cursor_of_another_address_or_of_nobody_counts_as_none() {
        let feed = Url::parse("https://a.example/feed").unwrap();
        let other = Place { newest: Micros(5), ..Place::new(&Url::parse("https://b.example/").unwrap()) };
        assert_eq!(Place::parse(Some(&other.cursor()), &feed), Place::new(&feed));
        for odd in ["", "{", "[]", "{\"of\":1}"] {
            assert_eq!(Place::parse(Some(&Cursor(odd.into())), &feed), Place::new(&feed));
        }
    }
}
