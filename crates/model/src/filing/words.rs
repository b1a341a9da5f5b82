//! Words as filing compares them: folded (no case, no accents), cut at what is no letter or digit, and with a stem. Scripts
//! without spaces between words give overlapping pairs, as everywhere ([`crate::terms`]). What a word is worth is said
//! elsewhere; which words say nothing in any schedule is in `lists`.

pub(super) mod lists;

use crate::terms::is_unspaced;
use std::ops::Range;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Words read of one text; what follows is not looked at.
pub(super) const WORDS_MAX: usize = 1_200;
/// A longer word is cut.
const WORD_BYTES_MAX: usize = 48;
/// A stem keeps this many bytes at least.
const STEM_BYTES_MIN: usize = 4;
/// Endings that are taken off, the longest first: the commonest of six languages. Coarse on purpose: "parser", "parsing" and
/// "parsed" are to meet, and a wrong meeting costs little where words count by how rare they are.
const ENDINGS: [&str; 47] = [
    "ierungen", "isierung", "ization", "isation", "ierung", "ungen", "ments", "ation", "azione", "acion",
    "ering", "keit", "heit", "ment", "tion", "sion", "ings", "ators", "ator", "eurs", "eur", "ieren", "ier",
    "ing", "ung", "ers", "ies", "ern", "est", "ed", "er", "en", "em", "es", "or", "os", "as", "is", "ly",
    "s", "e", "n", "t", "a", "o", "i", "y",
];

/// How a word was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Shape {
    /// Begins with a capital.
    pub(super) capital: bool,
    /// Two capitals or more: an acronym, or a name such as `OpenSSL`.
    pub(super) capitals: bool,
    /// Holds a digit.
    pub(super) digit: bool,
    /// Nothing but digits.
    pub(super) number: bool,
    /// From a hashtag.
    pub(super) tag: bool,
    /// Between quotation marks.
    pub(super) quoted: bool,
    /// The first of a sentence, where a capital says nothing.
    pub(super) first: bool,
    /// A pair of an unspaced script.
    pub(super) pair: bool,
}

/// One word of a text.
#[derive(Clone, Debug)]
pub(super) struct Word {
    folded: Range<u32>,
    stem_bytes: u32,
    /// How it was written.
    pub(super) shape: Shape,
}

/// The words of a text. All folded words share one buffer.
#[derive(Clone, Debug, Default)]
pub(super) struct Words {
    buffer: String,
    list: Vec<Word>,
    is_quoted: bool,
    is_first: bool,
}

impl Words {
    /// The words of a plain text.
    pub(super) fn of(text: &str) -> Self {
        let mut words = Self { is_first: true, ..Self::default() };
        words.read(text);
        words
    }

    /// In reading order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Word> {
        self.list.iter()
    }

    /// The n-th.
    pub(super) fn get(&self, n: usize) -> Option<&Word> {
        self.list.get(n)
    }

    /// A word without case and accents.
    pub(super) fn folded(&self, word: &Word) -> &str {
        &self.buffer[word.folded.start as usize..word.folded.end as usize]
    }

    /// A word without its ending.
    pub(super) fn stem(&self, word: &Word) -> &str {
        let from = word.folded.start as usize;
        &self.buffer[from..from + word.stem_bytes as usize]
    }

    /// Adds the words of a plain text.
    pub(super) fn read(&mut self, text: &str) {
        let mut from = None;
        for (at, c) in text.char_indices() {
            if c.is_alphanumeric() || is_combining_mark(c) {
                from.get_or_insert(at);
                continue;
            }
            if let Some(from) = from.take() {
                self.word(&text[from..at], Shape::default());
            }
            match c {
                '.' | '!' | '?' | ':' | '\n' | '\u{2022}' => self.is_first = true,
                '\u{201c}' | '\u{201e}' | '\u{ab}' | '\u{300c}' => self.is_quoted = true,
                '\u{201d}' | '\u{bb}' | '\u{300d}' => self.is_quoted = false,
                '"' => self.is_quoted = !self.is_quoted,
                _ => {}
            }
        }
        if let Some(from) = from {
            self.word(&text[from..], Shape::default());
        }
    }

    /// Adds the words of a hashtag: `ZeroCopyParsing` has three, and is one as well.
    pub(super) fn read_tag(&mut self, tag: &str) {
        let parts = camel_parts(tag);
        let shape = Shape { tag: true, ..Shape::default() };
        for part in &parts {
            self.word(part, shape);
        }
        if parts.len() > 1 {
            self.word(tag, shape);
        }
    }

    /// Ends a sentence and a quotation: what follows was written elsewhere.
    pub(super) fn part(&mut self) {
        (self.is_first, self.is_quoted) = (true, false);
    }

    fn word(&mut self, raw: &str, mut shape: Shape) {
        if self.list.len() >= WORDS_MAX {
            return;
        }
        shape.first = std::mem::take(&mut self.is_first);
        shape.quoted = self.is_quoted;
        if raw.is_ascii() {
            self.ascii_word(raw, shape);
        } else if raw.chars().any(is_unspaced) {
            for pair in crate::terms::terms(raw) {
                let is_pair = pair.chars().any(is_unspaced);
                self.folded_word(raw, &pair, Shape { pair: is_pair, ..shape });
            }
        } else {
            let folded = folded(raw);
            self.folded_word(raw, &folded, shape);
        }
    }

    fn ascii_word(&mut self, raw: &str, shape: Shape) {
        let from = self.buffer.len();
        self.buffer.push_str(&raw[..raw.len().min(WORD_BYTES_MAX)]);
        self.buffer[from..].make_ascii_lowercase();
        self.finish(raw, from, shape);
    }

    fn folded_word(&mut self, raw: &str, folded: &str, shape: Shape) {
        if folded.is_empty() || self.list.len() >= WORDS_MAX {
            return;
        }
        let from = self.buffer.len();
        self.buffer.push_str(&folded[..folded.floor_char_boundary(WORD_BYTES_MAX)]);
        self.finish(raw, from, shape);
    }

    fn finish(&mut self, raw: &str, from: usize, mut shape: Shape) {
        let capitals = raw.chars().take(WORD_BYTES_MAX).filter(|c| c.is_uppercase()).count();
        shape.capital = raw.chars().next().is_some_and(char::is_uppercase);
        shape.capitals = capitals >= 2;
        let folded = &self.buffer[from..];
        shape.digit = folded.bytes().any(|b| b.is_ascii_digit());
        shape.number = folded.bytes().all(|b| b.is_ascii_digit());
        let stem_bytes = if shape.pair || shape.digit { folded.len() } else { stem(folded).len() };
        self.list.push(Word {
            folded: place(from)..place(self.buffer.len()),
            stem_bytes: place(stem_bytes),
            shape,
        });
    }
}

/// Offsets stay far below 2^32: texts are bounded long before.
fn place(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

/// Letters without case, accents and ligatures.
pub(super) fn folded(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    for c in raw.nfkd().flat_map(char::to_lowercase) {
        match c {
            '\u{df}' => out.push_str("ss"),
            '\u{e6}' => out.push_str("ae"),
            '\u{153}' => out.push_str("oe"),
            '\u{f8}' => out.push('o'),
            '\u{142}' => out.push('l'),
            '\u{111}' | '\u{f0}' => out.push('d'),
            '\u{131}' => out.push('i'),
            c if is_combining_mark(c) => {}
            c => out.push(c),
        }
    }
    out
}

/// Takes one ending off, or two where the first is a plural's.
fn stem(folded: &str) -> &str {
    let once = without_ending(folded);
    if folded.len() - once.len() == 1 { without_ending(once) } else { once }
}

fn without_ending(word: &str) -> &str {
    if word.len() <= STEM_BYTES_MIN {
        return word;
    }
    // The last byte rules most of them out, for less than a comparison.
    let last = word.as_bytes().last();
    let fits = |ending: &&&str| {
        ending.as_bytes().last() == last
            && word.len() >= STEM_BYTES_MIN + ending.len()
            && word.ends_with(**ending)
    };
    let ending = ENDINGS.iter().find(fits);
    ending.map_or(word, |ending| &word[..word.len() - ending.len()])
}

/// The parts of `ZeroCopy_parsing2026`: at capitals, at underscores, between letters and digits; `HTTPServer` is two.
pub(super) fn camel_parts(tag: &str) -> Vec<&str> {
    let chars: Vec<(usize, char)> = tag.char_indices().take(2 * WORD_BYTES_MAX).collect();
    let mut parts = Vec::new();
    let mut from = 0;
    for pair in 1..chars.len() {
        let ((_, before), (at, c)) = (chars[pair - 1], chars[pair]);
        let next_is_small = chars.get(pair + 1).is_some_and(|(_, n)| n.is_lowercase());
        let is_cut = (before.is_lowercase() && c.is_uppercase())
            || (before.is_uppercase() && c.is_uppercase() && next_is_small)
            || (before.is_alphabetic() && c.is_numeric() && before.is_lowercase())
            || c == '_'
            || before == '_';
        if is_cut {
            parts.push(&tag[from..at]);
            from = at;
        }
    }
    parts.push(&tag[from..]);
    parts.retain(|part| part.chars().any(char::is_alphanumeric));
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str) -> Vec<String> {
        let words = Words::of(text);
        words.iter().map(|w| words.folded(w).to_owned()).collect()
    }

    fn stem_of(text: &str) -> String {
        let words = Words::of(text);
        words.stem(words.get(0).unwrap()).to_owned()
    }

    #[test]
    fn case_and_accents_do_not_tell_words_apart() {
        assert_eq!(all("Été STRAßE Łódź l\u{2019}eau"), ["ete", "strasse", "lodz", "l", "eau"]);
        assert_eq!(all("日本語 Rust入門"), ["日本", "本語", "rust", "入門"]);
    }

    #[test]
    fn forms_of_one_word_share_a_stem() {
        for group in [
            &["parser", "parsers", "parsing", "parsed"][..],
            &["optimierung", "Optimierungen", "optimieren"],
            &["drone", "drones", "droni"],
            &["Wahlcomputer", "Wahlcomputern", "wahlcomputers"],
        ] {
            let stems: Vec<String> = group.iter().map(|word| stem_of(word)).collect();
            assert!(stems.iter().all(|stem| *stem == stems[0]), "{stems:?}");
        }
    }

    #[test]
    fn a_hashtag_is_cut_at_its_capitals() {
        assert_eq!(camel_parts("ZeroCopyParsing"), ["Zero", "Copy", "Parsing"]);
        assert_eq!(camel_parts("HTTPServer_new"), ["HTTP", "Server", "new"]);
        assert_eq!(camel_parts("zerocopy"), ["zerocopy"]);
        assert_eq!(camel_parts("__"), [""; 0]);
    }

    #[test]
    fn words_know_how_they_were_written() {
        let words = Words::of("We saw \u{201c}Zero Copy\u{201d}. OpenSSL 42");
        let shapes: Vec<Shape> = words.iter().map(|w| w.shape).collect();
        assert!(shapes[0].first && shapes[2].quoted && shapes[3].quoted && !shapes[4].quoted);
        assert!(shapes[4].capitals && shapes[4].first && shapes[5].number);
    }

    #[test]
    fn a_text_has_a_bound() {
        for text in ["ab ", "語"] {
            assert_eq!(Words::of(&text.repeat(5_000)).iter().count(), WORDS_MAX);
        }
        assert!(all(&"x".repeat(10_000))[0].len() <= WORD_BYTES_MAX);
    }
}
