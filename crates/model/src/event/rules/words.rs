//! Words and phrases as rules compare them: folded as search folds them, one space between words, so that a phrase is found by
//! looking for its letters between two spaces. No pattern language: what an organiser writes is what is looked for.

use crate::terms;
use aho_corasick::{AhoCorasick, MatchKind};
use unicode_normalization::char::is_combining_mark;

/// What a character is to the comparison.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    /// Part of a word that spaces end.
    Letter,
    /// A word by itself: Han, kana, Hangul, emoji.
    Sign,
    /// Between words.
    Gap,
    /// Not seen by readers, and no end of a word: what hides a word from a comparison.
    Unseen,
}

fn class(c: char) -> Class {
    match c {
        '\u{ad}'
        | '\u{34f}'
        | '\u{180e}'
        | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{e0000}'..='\u{e0fff}' => Class::Unseen,
        c if terms::is_unspaced(c) => Class::Sign,
        c if c.is_alphanumeric() || is_combining_mark(c) => Class::Letter,
        c if c.is_whitespace() || ('\u{3000}'..='\u{303f}').contains(&c) => Class::Gap,
        '\u{2190}'.. => Class::Sign,
        _ => Class::Gap,
    }
}

/// A text as rules compare it: ` two words ` with a space at both ends, and around runs of signs.
pub(super) fn squeezed(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push(' ');
    let mut before = Class::Gap;
    for c in terms::folded(text).chars() {
        let now = class(c);
        if now == Class::Unseen {
            continue;
        }
        if now != before && !out.ends_with(' ') {
            out.push(' ');
        }
        if now != Class::Gap {
            out.push(c);
        }
        before = now;
    }
    if !out.ends_with(' ') {
        out.push(' ');
    }
    out
}

/// A word or phrase as it is looked for. At an edge that is a sign, the text may go on: such scripts have no spaces.
fn pattern(word: &str) -> String {
    let squeezed = squeezed(word);
    let inner = squeezed.trim();
    let is_sign = |c: Option<char>| c.is_some_and(|c| class(c) == Class::Sign);
    let edge = |is_sign: bool| if is_sign { "" } else { " " };
    format!("{}{inner}{}", edge(is_sign(inner.chars().next())), edge(is_sign(inner.chars().next_back())))
}

/// The words of all rules, looked for in one pass.
#[derive(Clone, Debug)]
pub(super) struct Words {
    automaton: AhoCorasick,
    /// Whose each pattern is.
    owners: Vec<usize>,
}

impl Words {
    /// Of these rules' words, by the number of the rule; none when there are no words, or they do not fit into memory.
    pub(super) fn of<'w>(words: impl Iterator<Item = (usize, &'w str)>) -> Option<Self> {
        let (owners, patterns): (Vec<usize>, Vec<String>) = words
            .map(|(owner, word)| (owner, pattern(word)))
            .filter(|(_, word)| !word.trim().is_empty())
            .unzip();
        if owners.is_empty() {
            return None;
        }
        let automaton = AhoCorasick::builder().match_kind(MatchKind::Standard).build(patterns).ok()?;
        Some(Self { automaton, owners })
    }

    /// The rules with a word in this text, which is squeezed already.
    pub(super) fn in_text(&self, squeezed: &str, found: &mut [bool]) {
        for hit in self.automaton.find_overlapping_iter(squeezed) {
            if let Some(found) =
                self.owners.get(hit.pattern().as_usize()).and_then(|owner| found.get_mut(*owner))
            {
                *found = true;
            }
        }
    }
}
