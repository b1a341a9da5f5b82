//! Words with one slip: a letter too many, too few, another one, or two that changed places. Long words of titles and names
//! only; a slip in a short word is another word. Found by what remains when one letter is left out, on either side.

use std::collections::{HashMap, HashSet};

/// Shorter words are compared as they are.
const LETTERS_MIN: usize = 6;
/// Longer words are passed over: so many deletions for something nobody types.
const LETTERS_MAX: usize = 24;
/// Words that may share one remainder.
const SHARERS_MAX: usize = 8;

/// See the module.
#[derive(Clone, Debug, Default)]
pub(super) struct Typos {
    words: Vec<(Box<str>, u32)>,
    seen: HashSet<Box<str>>,
    by_rest: HashMap<u64, Vec<u32>>,
}

impl Typos {
    /// Takes a folded word in.
    pub(super) fn learn(&mut self, word: &str, number: u32) {
        if !is_fit(word) || self.seen.contains(word) {
            return;
        }
        let Ok(at) = u32::try_from(self.words.len()) else { return };
        self.seen.insert(word.into());
        self.words.push((word.into(), number));
        for rest in rests(word) {
            let sharers = self.by_rest.entry(rest).or_default();
            if sharers.len() < SHARERS_MAX && sharers.last() != Some(&at) {
                sharers.push(at);
            }
        }
    }

    /// The known word that this one was meant to be, if it is only one.
    pub(super) fn find(&self, word: &str) -> Option<u32> {
        if !is_fit(word) {
            return None;
        }
        let mut found = None;
        for at in rests(word).filter_map(|rest| self.by_rest.get(&rest)).flatten() {
            let (known, number) = &self.words[*at as usize];
            // The first letter is rarely the one that slips, and words that differ there differ in meaning.
            if known.as_bytes()[0] != word.as_bytes()[0] || !is_one_slip(word.as_bytes(), known.as_bytes()) {
                continue;
            }
            match found {
                Some(other) if other != *number => return None,
                _ => found = Some(*number),
            }
        }
        found
    }
}

fn is_fit(word: &str) -> bool {
    word.is_ascii()
        && (LETTERS_MIN..=LETTERS_MAX).contains(&word.len())
        && !word.bytes().any(|b| b.is_ascii_digit())
}

/// Hashes of the word and of the word without each of its letters.
fn rests(word: &str) -> impl Iterator<Item = u64> {
    let bytes = word.as_bytes();
    (0..=bytes.len()).map(move |without| {
        let kept = bytes.iter().enumerate().filter(|(at, _)| *at != without);
        kept.fold(0xcbf2_9ce4_8422_2325, |hash: u64, (_, b)| {
            (hash ^ u64::from(*b)).wrapping_mul(0x0100_0000_01b3)
        })
    })
}

/// True when one slip makes one of the other.
fn is_one_slip(a: &[u8], b: &[u8]) -> bool {
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    let same = short.iter().zip(long).take_while(|(x, y)| x == y).count();
    let (short, long) = (&short[same..], &long[same..]);
    match long.len() - short.len() {
        0 => {
            short.is_empty()
                || short[1..] == long[1..]
                || (short.len() >= 2 && short[0] == long[1] && short[1] == long[0] && short[2..] == long[2..])
        }
        1 => *short == long[1..],
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_slip_in_a_long_word_is_mended() {
        let mut typos = Typos::default();
        typos.learn("heartbleed", 1);
        typos.learn("iridium", 2);
        for word in ["heartbled", "heartbleeed", "hearbtleed", "heartblaed"] {
            assert_eq!(typos.find(word), Some(1), "{word}");
        }
        assert_eq!(
            (typos.find("iridum"), typos.find("hartbled"), typos.find("eartbleed")),
            (Some(2), None, None)
        );
    }

    #[test]
    fn a_slip_between_two_words_is_neither() {
        let mut typos = Typos::default();
        typos.learn("casting", 1);
        typos.learn("cashing", 2);
        assert_eq!(typos.find("cas-ing"), None);
        assert_eq!(typos.find("caszing"), None);
    }
}
