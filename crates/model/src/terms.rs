//! Search terms: one way to cut words, for both archives, for queries, and for finding again in a text what a query hit. NFKC,
//! lower case, Latin and Greek letters without accents and ligatures, words; scripts without spaces between words (Han, kana,
//! Hangul) become overlapping pairs of characters.

use std::ops::Range;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::{decompose_canonical, is_combining_mark};
use unicode_segmentation::UnicodeSegmentation;

/// Longer terms are cut: nobody searches for them, and an index has a bound.
const TERM_BYTES_MAX: usize = 64;

/// A term, and the bytes of the text that it stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// As it is compared.
    pub term: String,
    /// Where it stands in the text that it was cut from.
    pub range: Range<usize>,
}

/// The terms of a text, in order, repeats kept.
#[must_use]
pub fn terms(text: &str) -> Vec<String> {
    located(text).into_iter().map(|term| term.term).collect()
}

/// The terms of a text with their places, in order, repeats kept.
#[must_use]
pub fn located(text: &str) -> Vec<Term> {
    let folded = Folded::of(text);
    let mut cut = Cut { folded: &folded, run: Vec::new(), out: Vec::new() };
    for (at, word) in folded.text.split_word_bound_indices() {
        if word.chars().all(is_unspaced) {
            cut.run.extend(word.char_indices().map(|(i, c)| (at + i, c)));
        } else {
            cut.flush();
            cut.split_mixed(at, word);
        }
    }
    cut.flush();
    cut.out
}

/// A text as it is compared, whole: gaps and signs included.
#[must_use]
pub fn folded(text: &str) -> String {
    Folded::of(text).text
}

/// A text as it is compared, and where each piece of it comes from.
struct Folded {
    text: String,
    /// Where clusters begin, here and in the original; empty where both are the same.
    clusters: Vec<(usize, usize)>,
}

impl Folded {
    fn of(text: &str) -> Self {
        if text.is_ascii() {
            return Self { text: text.to_ascii_lowercase(), clusters: Vec::new() };
        }
        let mut folded = Self { text: String::with_capacity(text.len()), clusters: Vec::new() };
        for (at, cluster) in text.grapheme_indices(true) {
            folded.clusters.push((folded.text.len(), at));
            if cluster.is_ascii() {
                folded.text.push_str(cluster);
            } else {
                fold(cluster, &mut folded.text);
            }
        }
        folded.text.make_ascii_lowercase();
        folded.clusters.push((folded.text.len(), text.len()));
        folded
    }

    /// The bytes of the original that these stand for; whole clusters.
    fn original(&self, range: Range<usize>) -> Range<usize> {
        if self.clusters.is_empty() {
            return range;
        }
        // Clusters that fold to nothing begin where the next one does: the last of them is meant.
        let first = self.clusters.partition_point(|(begin, _)| *begin <= range.start).saturating_sub(1);
        let next = self.clusters.partition_point(|(begin, _)| *begin < range.end);
        let place = |n: usize| self.clusters.get(n).or(self.clusters.last()).map_or(0, |(_, at)| *at);
        place(first)..place(next)
    }
}

/// One cluster as it is compared.
fn fold(cluster: &str, out: &mut String) {
    let mut is_accented = false;
    for c in cluster.nfkc().flat_map(char::to_lowercase) {
        if is_accented && matches!(c, '\u{300}'..='\u{36f}') {
            continue;
        }
        is_accented = has_accents(c);
        match c {
            'ß' => out.push_str("ss"),
            'æ' => out.push_str("ae"),
            'œ' => out.push_str("oe"),
            'ø' => out.push('o'),
            'ł' => out.push('l'),
            'đ' | 'ð' => out.push('d'),
            'ı' => out.push('i'),
            'ς' => out.push('σ'),
            'ё' => out.push('е'),
            c if is_accented => decompose_canonical(c, |part| {
                if !is_combining_mark(part) {
                    out.push(part);
                }
            }),
            c => out.push(c),
        }
    }
}

/// A letter of a script whose readers take an accented letter for a kind of the bare one: Latin and Greek. In others, marks
/// make other letters (й, が) or carry the vowels.
fn has_accents(c: char) -> bool {
    c.is_ascii_alphabetic()
        || matches!(c, '\u{c0}'..='\u{24f}' | '\u{370}'..='\u{3ff}' | '\u{1e00}'..='\u{1fff}')
}

/// Terms in the making.
struct Cut<'a> {
    folded: &'a Folded,
    /// Characters of an unspaced script that stand together, with their places.
    run: Vec<(usize, char)>,
    out: Vec<Term>,
}

impl Cut<'_> {
    fn push(&mut self, term: String, range: Range<usize>) {
        self.out.push(Term { term, range: self.folded.original(range) });
    }

    /// Pairs of an unspaced run; a single character stands for itself.
    fn flush(&mut self) {
        let run = std::mem::take(&mut self.run);
        let end = |(at, c): (usize, char)| at + c.len_utf8();
        match run.as_slice() {
            [] => {}
            [one] => self.push(one.1.to_string(), one.0..end(*one)),
            many => {
                for pair in many.windows(2) {
                    self.push(pair.iter().map(|(_, c)| c).collect(), pair[0].0..end(pair[1]));
                }
            }
        }
    }

    /// A word that holds both kinds of script, such as `rust入門`, is cut where the kind changes.
    fn split_mixed(&mut self, from: usize, word: &str) {
        let mut spaced: Option<Range<usize>> = None;
        for (i, c) in word.char_indices() {
            let (at, end) = (from + i, from + i + c.len_utf8());
            if is_unspaced(c) {
                self.push_word(spaced.take());
                self.run.push((at, c));
            } else {
                self.flush();
                // Combining marks belong to their word (Devanagari, Thai, Arabic vowels).
                if c.is_alphanumeric() || is_combining_mark(c) {
                    spaced = Some(spaced.map_or(at, |range| range.start)..end);
                } else {
                    self.push_word(spaced.take());
                }
            }
        }
        self.push_word(spaced);
        self.flush();
    }

    fn push_word(&mut self, word: Option<Range<usize>>) {
        let Some(range) = word else { return };
        let text = &self.folded.text[range.clone()];
        let term = text[..text.floor_char_boundary(TERM_BYTES_MAX)].to_owned();
        self.push(term, range);
    }
}

/// A letter of a script that puts no spaces between words.
pub(crate) fn is_unspaced(c: char) -> bool {
    matches!(c,
        '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}'
        | '\u{ac00}'..='\u{d7af}' | '\u{20000}'..='\u{2ffff}')
}

#[cfg(test)]
mod tests {
    use super::{located, terms};

    #[test]
    fn words_are_folded_and_split_at_what_is_no_letter() {
        assert_eq!(terms("Straße, Ｆｕｌｌ #RustConf don't"), ["strasse", "full", "rustconf", "don", "t"]);
    }

    #[test]
    fn accents_and_ligatures_are_folded_where_they_are_no_letters_of_their_own() {
        assert_eq!(terms("Café cafe\u{301} ŁÓDŹ İstanbul Ærø"), ["cafe", "cafe", "lodz", "istanbul", "aero"]);
        assert_eq!(terms("ΆΝΘΡΩΠΟΣ άνθρωπος"), ["ανθρωποσ", "ανθρωποσ"]);
        assert_eq!(terms("чай и ёж"), ["чай", "и", "еж"]);
        assert_eq!(terms("ガ か\u{3099} ｶﾞ"), ["ガ", "が", "ガ"]);
        assert_eq!(terms("नमस्ते"), ["नमस्ते"]);
    }

    #[test]
    fn unspaced_scripts_become_pairs() {
        assert_eq!(terms("オフライン"), ["オフ", "フラ", "ライ", "イン"]);
        assert_eq!(terms("rust入門 本"), ["rust", "入門", "本"]);
    }

    #[test]
    fn a_term_has_a_bound() {
        assert!(terms(&"a".repeat(10_000)).iter().all(|t| t.len() <= 64));
        assert!(terms(&"é".repeat(10_000)).iter().all(|t| t.len() <= 64));
    }

    #[test]
    fn a_term_knows_the_bytes_that_it_stands_for() {
        let text = "\u{200b}Ein CAFE\u{301} in ｆull Straße, 入門書 ｶﾞ!";
        let seen: Vec<(String, &str)> = located(text).into_iter().map(|t| (t.term, &text[t.range])).collect();
        let seen: Vec<(&str, &str)> = seen.iter().map(|(term, text)| (term.as_str(), *text)).collect();
        assert_eq!(
            seen,
            [
                ("ein", "Ein"),
                ("cafe", "CAFE\u{301}"),
                ("in", "in"),
                ("full", "ｆull"),
                ("strasse", "Straße"),
                ("入門", "入門"),
                ("門書", "門書"),
                ("ガ", "ｶﾞ"),
            ]
        );
    }
}
