//! Titles as a machine compares them: the same but for case, blanks and punctuation ([`title_key`]), or nearly the same
//! ([`alike`]).

use std::collections::BTreeMap;

use unicode_normalization::UnicodeNormalization;

/// Two titles are nearly the same when their pairs of letters agree to this share (Dice's coefficient), in hundredths.
const ALIKE_HUNDREDTHS: usize = 60;
/// Longest part of a title that is compared, in characters.
const TITLE_CHARS_MAX: usize = 300;

/// A title, or a name, without case, punctuation and superfluous blanks. What has no letters is kept as it is.
pub(super) fn title_key(title: &str) -> String {
    let folded: String = title.nfkc().flat_map(char::to_lowercase).take(TITLE_CHARS_MAX).collect();
    let words: Vec<&str> = folded.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).collect();
    if words.is_empty() { folded.trim().to_owned() } else { words.join(" ") }
}

/// Whether two keys are nearly the same: a word more, a typing error, a longer subtitle.
pub(super) fn alike(one: &str, other: &str) -> bool {
    if one == other {
        return true;
    }
    if one.is_empty() || other.is_empty() {
        return false;
    }
    let (short, long) = if one.len() < other.len() { (one, other) } else { (other, one) };
    // A title that went on: "Zero copy" became "Zero copy: how we got there".
    if long.starts_with(&format!("{short} ")) && short.split(' ').count() >= 2 {
        return true;
    }
    let (a, b) = (pairs(one), pairs(other));
    let both: usize = a.iter().map(|(pair, n)| b.get(pair).map_or(0, |m| *n.min(m))).sum();
    let all = a.values().sum::<usize>() + b.values().sum::<usize>();
    all > 0 && 200 * both >= ALIKE_HUNDREDTHS * all
}

/// Neighbouring letters, and how often they stand so.
fn pairs(key: &str) -> BTreeMap<(char, char), usize> {
    let mut out = BTreeMap::new();
    for word in key.split(' ') {
        let letters: Vec<char> = std::iter::once(' ').chain(word.chars()).collect();
        for pair in letters.windows(2) {
            *out.entry((pair[0], pair[1])).or_default() += 1;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_the_same_whatever_its_case_blanks_and_punctuation() {
        assert_eq!(title_key("  Zero-Copy:\tthe  END! "), "zero copy the end");
        assert_eq!(title_key("Ｚｅｒｏ copy the end"), title_key("ZERO COPY (the end)"));
        assert_eq!(title_key("入門 Rust"), "入門 rust");
        assert_eq!(title_key(" … "), "...");
    }

    #[test]
    fn titles_that_were_corrected_or_went_on_are_alike_and_others_are_not() {
        for (one, other) in [
            ("zero copy", "zero copies"),
            ("zero copy", "zero copy how we got there and what it cost"),
            ("the life of a pakcet", "the life of a packet"),
            ("lightning talks day 1", "lightning talks day 2"),
        ] {
            assert!(alike(one, other) && alike(other, one), "{one} / {other}");
        }
        for (one, other) in [
            ("zero copy", "borrow checker"),
            ("keynote", "closing"),
            ("", "keynote"),
            ("why rust", "why c++ will not die and what we can do"),
            ("lunch", "lunch with the board and all who came"),
        ] {
            assert!(!alike(one, other), "{one} / {other}");
        }
    }
}
