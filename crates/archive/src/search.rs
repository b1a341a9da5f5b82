//! What people search for: words and phrases, and what narrows them; and where a text holds what was searched for. No I/O.

use std::ops::Range;

use model::terms::{Term, located, terms};
use model::{Network, TalkId};

/// Phrases of one search that are looked at; the rest is left out.
pub const PHRASES_MAX: usize = 12;
/// Terms of one phrase that are looked at.
const PHRASE_TERMS_MAX: usize = 16;
/// A shorter beginning is that of too many words.
const OPEN_CHARS_MIN: usize = 2;
/// Characters that open or close a phrase.
const QUOTES: [char; 9] = ['"', '“', '”', '„', '‟', '«', '»', '「', '」'];

/// What is searched for. Everything that is given must hold; nothing given finds everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Search {
    /// Words and phrases, each of which the item holds: in its words, titles, descriptions of pictures or its author's name.
    pub words: Words,
    /// Its author, as somebody typed it: `@ada@pixels.example` or `@ada` is that handle, anything else words of name or handle.
    pub by: Option<String>,
    /// The talk that it is filed to.
    pub talk: Option<TalkId>,
    /// The room that it is filed to, by its slug.
    pub room: Option<String>,
    /// Its network.
    pub network: Option<Network>,
    /// The source that brought it.
    pub source: Option<String>,
    /// What it has.
    pub has: Vec<Has>,
}

/// What an item can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Has {
    /// Something to look at.
    Photo,
    /// A question.
    Question,
    /// A link.
    Link,
}

/// Words and phrases.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words(Vec<Phrase>);

/// Terms that stand side by side in this order. One word is a phrase as well: `don't` has two terms, `入門書` two pairs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Phrase {
    /// At least one.
    pub(crate) terms: Vec<String>,
    /// Whether the last term is only the beginning of one.
    pub(crate) is_open: bool,
}

impl Search {
    /// A search for what somebody typed, see [`Words::parse`], and for nothing else.
    #[must_use]
    pub fn words(typed: &str) -> Self {
        Self { words: Words::parse(typed), ..Self::default() }
    }
}

impl Words {
    /// Reads what somebody typed: words, "phrases in quotes" of any kind, and beginnings of words, `rust*`. Whatever is no
    /// letter or digit only parts words; so there is no wrong way to write it.
    #[must_use]
    pub fn parse(typed: &str) -> Self {
        let mut phrases = Vec::new();
        for (n, part) in typed.split(QUOTES).enumerate() {
            if n % 2 == 1 {
                phrases.extend(Phrase::new(part));
            } else {
                phrases.extend(part.split_whitespace().filter_map(Phrase::new));
            }
        }
        phrases.truncate(PHRASES_MAX);
        Self(phrases)
    }

    /// Whether nothing is searched for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many words and phrases there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn phrases(&self) -> &[Phrase] {
        &self.0
    }

    /// Where a text holds any of them: ranges of its bytes, in order, apart from each other.
    #[must_use]
    pub fn found_in(&self, text: &str) -> Vec<Range<usize>> {
        if self.is_empty() {
            return Vec::new();
        }
        let terms = located(text);
        let mut found: Vec<Range<usize>> = Vec::new();
        let hits = (0..terms.len()).flat_map(|at| self.0.iter().map(move |p| (at, p.terms.len(), p)));
        for (at, count, phrase) in hits {
            let Some(there) = terms.get(at..at + count).filter(|there| phrase.is(there)) else { continue };
            let range = there[0].range.start..there[count - 1].range.end;
            match found.last_mut() {
                Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
                _ => found.push(range),
            }
        }
        found
    }
}

impl Phrase {
    fn new(typed: &str) -> Option<Self> {
        let mut all = terms(typed);
        all.truncate(PHRASE_TERMS_MAX);
        let long = all.last()?.chars().count() >= OPEN_CHARS_MIN;
        Some(Self { terms: all, is_open: long && typed.trim_end().ends_with('*') })
    }

    fn is(&self, there: &[Term]) -> bool {
        let last = self.terms.len() - 1;
        self.terms.iter().zip(there).enumerate().all(|(n, (term, there))| {
            there.term == *term || (self.is_open && n == last && there.term.starts_with(term.as_str()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marked(typed: &str, text: &str) -> String {
        let (mut out, mut done) = (String::new(), 0);
        for range in Words::parse(typed).found_in(text) {
            out += &format!("{}[{}]", &text[done..range.start], &text[range.clone()]);
            done = range.end;
        }
        out + &text[done..]
    }

    #[test]
    fn words_phrases_and_beginnings_are_told_apart() {
        let words = Words::parse("Rust „late night“ fest* don't \"open");
        let shapes: Vec<(String, bool)> =
            words.phrases().iter().map(|phrase| (phrase.terms.join("+"), phrase.is_open)).collect();
        let shape = |terms: &str, is_open| (terms.to_owned(), is_open);
        assert_eq!(
            shapes,
            [
                shape("rust", false),
                shape("late+night", false),
                shape("fest", true),
                shape("don+t", false),
                shape("open", false)
            ]
        );
        assert!(Words::parse("... ** \"\" ' ? -").is_empty());
        assert!(!Words::parse("r*").phrases()[0].is_open);
        assert_eq!(Words::parse(&"a ".repeat(500)).len(), PHRASES_MAX);
    }

    #[test]
    fn what_was_searched_for_is_found_again_however_it_is_written() {
        assert_eq!(marked("cafe", "A Café, a CAFE\u{301}; cafes"), "A [Café], a [CAFE\u{301}]; cafes");
        assert_eq!(marked("strasse", "Die Straße"), "Die [Straße]");
        assert_eq!(
            marked("\"late night\"", "late nights, Late-Night late"),
            "late nights, [Late-Night] late"
        );
        assert_eq!(marked("fest* rust", "Rustfest Rust festival"), "Rustfest [Rust] [festival]");
        assert_eq!(marked("don't", "I don’t, don t"), "I [don’t], [don t]");
        assert_eq!(marked("フライ", "オフライン"), "オ[フライ]ン");
        assert_eq!(marked("fi", "ﬁ ﬁne"), "[ﬁ] ﬁne");
        assert_eq!(marked("a b", "a b"), "[a] [b]");
        assert_eq!(marked("", "words"), "words");
    }
}
