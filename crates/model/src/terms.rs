//! Search terms: one way to cut words, for both archives and for queries. NFKC, lower case, words; scripts without spaces
//! between words (Han, kana, Hangul) become overlapping pairs of characters.

use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

/// Longer terms are cut: nobody searches for them, and an index has a bound.
const TERM_BYTES_MAX: usize = 64;

/// The terms of a text, in order, repeats kept.
#[must_use]
pub fn terms(text: &str) -> Vec<String> {
    let folded: String = text.nfkc().collect::<String>().to_lowercase();
    let mut out = Vec::new();
    let mut run = Vec::new();
    for word in folded.split_word_bounds() {
        if !word.is_empty() && word.chars().all(is_unspaced) {
            run.extend(word.chars());
            continue;
        }
        flush(&mut run, &mut out);
        split_mixed(word, &mut out);
    }
    flush(&mut run, &mut out);
    out
}

/// Pairs of an unspaced run; a single character stands for itself.
fn flush(run: &mut Vec<char>, out: &mut Vec<String>) {
    match run.as_slice() {
        [] => {}
        [one] => out.push(one.to_string()),
        many => out.extend(many.windows(2).map(|pair| pair.iter().collect())),
    }
    run.clear();
}

/// A word that holds both kinds of script, such as `rust入門`, is cut where the kind changes.
fn split_mixed(word: &str, out: &mut Vec<String>) {
    let mut spaced = String::new();
    let mut run = Vec::new();
    for c in word.chars() {
        if is_unspaced(c) {
            push_word(&mut spaced, out);
            run.push(c);
        } else {
            flush(&mut run, out);
            if c.is_alphanumeric() || spaced_mark(c) {
                spaced.push(c);
            } else {
                push_word(&mut spaced, out);
            }
        }
    }
    push_word(&mut spaced, out);
    flush(&mut run, out);
}

fn push_word(word: &mut String, out: &mut Vec<String>) {
    if !word.is_empty() {
        let mut end = word.len().min(TERM_BYTES_MAX);
        while !word.is_char_boundary(end) {
            end -= 1;
        }
        out.push(word[..end].to_owned());
        word.clear();
    }
}

/// Combining marks belong to their word (Devanagari, Thai, Arabic vowels).
fn spaced_mark(c: char) -> bool {
    unicode_normalization::char::is_combining_mark(c)
}

/// A letter of a script that puts no spaces between words.
pub(crate) fn is_unspaced(c: char) -> bool {
    matches!(c,
        '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}'
        | '\u{ac00}'..='\u{d7af}' | '\u{20000}'..='\u{2ffff}')
}

#[cfg(test)]
mod tests {
    use super::terms;

    #[test]
    fn words_are_folded_and_split_at_what_is_no_letter() {
        assert_eq!(terms("Straße, Ｆｕｌｌ #RustConf don't"), ["straße", "full", "rustconf", "don", "t"]);
    }

    #[test]
    fn unspaced_scripts_become_pairs() {
        assert_eq!(terms("オフライン"), ["オフ", "フラ", "ライ", "イン"]);
        assert_eq!(terms("rust入門 本"), ["rust", "入門", "本"]);
    }

    #[test]
    fn a_term_has_a_bound() {
        assert!(terms(&"a".repeat(10_000)).iter().all(|t| t.len() <= 64));
    }
}
