//! What a talk is about, as somebody in the room would put it: words, pairs of words, half sentences, and a title cut short. How
//! telling a word is among the other talks decides only how likely people are to use it; plenty of what they use is common.

use std::collections::HashMap;

use model::Talk;

use crate::dice::Dice;

/// Words that carry no subject in any of the languages of the carriers, and those with which programmes speak of talks.
const EMPTY: &str = include_str!("phrases/empty.txt");
/// Shortest word that people take up, in characters.
const WORD_CHARS_MIN: usize = 4;
/// Words of a half sentence.
const QUOTE_WORDS: std::ops::RangeInclusive<usize> = 4..=9;
/// Words that carry the subject in a note, and the most of them.
const NOTE_WORDS_MIN: usize = 3;
const NOTE_WORDS_MAX: usize = 5;
/// Words that a title is cut to.
const SHORT_WORDS: usize = 4;
const SHORT_CHARS_MIN: usize = 5;
/// Of so many words that come to mind, people write the one that tells most.
const COME_TO_MIND: usize = 2;
/// How much of an abstract people have in mind, in words.
const ABOUT_WORDS_MAX: usize = 160;

/// What can be said of one talk.
#[derive(Clone, Debug, Default)]
pub(crate) struct Subject {
    /// Words, each with how likely it is taken up.
    words: Vec<(String, f64)>,
    pairs: Vec<(String, f64)>,
    quotes: Vec<String>,
    /// Sentences, each word with whether it carries the subject.
    notes: Vec<Vec<(String, bool)>>,
    pub(crate) title: String,
    pub(crate) short: String,
}

/// The subjects of all talks.
pub(crate) fn subjects(talks: &[Talk]) -> Vec<Subject> {
    let empty: std::collections::HashSet<&str> = EMPTY.split_whitespace().collect();
    let texts: Vec<Vec<Vec<&str>>> = talks.iter().map(sentences).collect();
    let mut talks_with: HashMap<String, usize> = HashMap::new();
    for text in &texts {
        let mut keys: Vec<String> = text.iter().flatten().map(|word| word.to_lowercase()).collect();
        keys.sort_unstable();
        keys.dedup();
        keys.into_iter().for_each(|key| *talks_with.entry(key).or_default() += 1);
    }
    let is_full = |word: &str| {
        word.chars().count() >= WORD_CHARS_MIN
            && word.chars().any(char::is_alphabetic)
            && word.chars().all(|c| c.is_alphanumeric() || c == '-')
            && !empty.contains(word.to_lowercase().as_str())
    };
    let telling = |word: &str| {
        let others = talks_with.get(&word.to_lowercase()).copied().unwrap_or(1);
        (talks.len() as f64 / others as f64).max(1.0).powf(0.7)
    };
    talks.iter().zip(&texts).map(|(talk, text)| subject(talk, text, &is_full, &telling)).collect()
}

fn subject(
    talk: &Talk,
    text: &[Vec<&str>],
    is_full: &impl Fn(&str) -> bool,
    telling: &impl Fn(&str) -> f64,
) -> Subject {
    let mut subject = Subject { title: talk.title.clone(), short: short(&talk.title), ..Subject::default() };
    for (index, sentence) in text.iter().enumerate() {
        // The title's words are on everybody's lips.
        let loud = if index == 0 { 3.0 } else { 1.0 };
        let full = sentence.iter().filter(|word| is_full(word));
        subject.words.extend(full.map(|word| ((*word).to_owned(), loud * telling(word))));
        let pairs = sentence.windows(2).filter(|pair| pair.iter().all(|word| is_full(word)));
        subject.pairs.extend(pairs.map(|pair| (pair.join(" "), loud * telling(pair[0]) * telling(pair[1]))));
        if index > 0 && sentence.len() >= *QUOTE_WORDS.start() {
            subject.quotes.push(sentence.join(" "));
        }
        let note: Vec<(String, bool)> =
            sentence.iter().map(|word| ((*word).to_owned(), is_full(word))).collect();
        if note.iter().filter(|(_, full)| *full).count() >= NOTE_WORDS_MIN {
            subject.notes.push(note);
        }
    }
    subject.words.sort_by(|a, b| a.0.cmp(&b.0));
    subject.words.dedup_by(|a, b| a.0.to_lowercase() == b.0.to_lowercase());
    subject
}

/// Title, subtitle and abstract as sentences of words.
fn sentences(talk: &Talk) -> Vec<Vec<&str>> {
    let about = [talk.subtitle.as_deref(), talk.summary.as_deref()].into_iter().flatten();
    let mut left = ABOUT_WORDS_MAX;
    let mut sentences = vec![words(&talk.title)];
    for sentence in about.flat_map(|text| text.split(['.', '!', '?', ';', ':', '\n', '(', ')', '"'])) {
        let words = words(sentence);
        if words.len() > left {
            break;
        }
        left -= words.len();
        sentences.push(words);
    }
    sentences
}

fn words(sentence: &str) -> Vec<&str> {
    sentence
        .split_whitespace()
        .filter(|word| !word.contains(['/', '<', '>', '=', '@', '_']))
        .map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()))
        .map(whole)
        .filter(|word| !word.is_empty() && !word.starts_with("http"))
        .collect()
}

/// What people make of a long title: the part before the colon, or its first words. Numbers before it are the organisers'.
fn short(title: &str) -> String {
    let behind = title.trim_start_matches(|c: char| c.is_ascii_digit()).trim_start();
    let title = behind.strip_prefix(['-', '–', '.']).unwrap_or(title).trim_start();
    let parts = title.split([':', '–', '—', '?', '!']).flat_map(|part| part.split(" - "));
    // A head of one short word is nobody's name for a talk.
    let head = parts.map(str::trim).find(|part| part.chars().count() >= SHORT_CHARS_MIN).unwrap_or(title);
    let words: Vec<&str> = head.split_whitespace().collect();
    if words.len() <= SHORT_WORDS + 1 { head.to_owned() } else { words[..SHORT_WORDS].join(" ") }
}

/// A word without the article that French and Italian elide before it.
fn whole(word: &str) -> &str {
    match word.split_once(['\'', '\u{2019}']) {
        Some((article, rest)) if article.chars().count() <= 4 && rest.chars().count() >= WORD_CHARS_MIN => {
            rest
        }
        _ => word,
    }
}

impl Subject {
    /// A word, mostly not a common one.
    pub(crate) fn word(&self, dice: &mut Dice) -> Option<&str> {
        salient(&self.words, dice)
    }

    /// Two words that stand together.
    pub(crate) fn pair(&self, dice: &mut Dice) -> Option<&str> {
        salient(&self.pairs, dice)
    }

    /// Half a sentence: nobody types a whole one in time.
    pub(crate) fn quote(&self, dice: &mut Dice) -> Option<String> {
        let words: Vec<&str> = dice.pick(&self.quotes)?.split(' ').collect();
        let length = (*QUOTE_WORDS.start() + dice.below(QUOTE_WORDS.count())).min(words.len());
        let from = dice.below(words.len() - length + 1);
        Some(words[from..from + length].join(" "))
    }

    /// What somebody notes of a sentence while it is said: some of what carries it, little of what holds it together.
    pub(crate) fn note(&self, dice: &mut Dice) -> Option<String> {
        let sentence = dice.pick(&self.notes)?;
        let full: Vec<usize> = (0..sentence.len()).filter(|place| sentence[*place].1).collect();
        let length = (NOTE_WORDS_MIN + dice.below(NOTE_WORDS_MAX - NOTE_WORDS_MIN + 1)).min(full.len());
        let first = dice.below(full.len() - length + 1);
        let span = full[first]..=full[first + length - 1];
        let missed = if length > NOTE_WORDS_MIN { Some(full[first + dice.below(length)]) } else { None };
        let kept =
            span.filter(|place| Some(*place) != missed).filter(|place| sentence[*place].1 || dice.is(0.55));
        let words: Vec<&str> = kept.map(|place| sentence[place].0.as_str()).collect();
        Some(words.join(" "))
    }
}

/// The weightiest of what comes to mind.
fn salient<'a>(among: &'a [(String, f64)], dice: &mut Dice) -> Option<&'a str> {
    let minds = (0..COME_TO_MIND).filter_map(|_| dice.weighed(among.iter().map(|(_, weight)| *weight)));
    let best = minds.max_by(|a, b| among[*a].1.total_cmp(&among[*b].1))?;
    Some(&among[best].0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn talk(title: &str, about: &str) -> Talk {
        crate::tests::talk(1, title, about, "hall", 0)
    }

    #[test]
    fn a_subject_has_what_its_text_has_and_no_empty_words() {
        let talks = [
            talk(
                "Borrow checkers: an atlas",
                "We chart lifetimes with Polonius. See https://x.example/a now.",
            ),
            talk("Garbage", "Nothing about lifetimes."),
        ];
        let all = subjects(&talks);
        let mut dice = Dice::new(1);
        let words: std::collections::BTreeSet<String> =
            (0..300).filter_map(|_| all[0].word(&mut dice).map(str::to_lowercase)).collect();
        assert!(words.contains("polonius") && words.contains("borrow"), "{words:?}");
        assert!(
            !words.contains("with") && !words.iter().any(|word| word.contains("http") || word.contains('/')),
            "{words:?}"
        );
        assert_eq!(all[0].short, "Borrow checkers");
        assert_eq!(all[0].pair(&mut dice).map(str::to_lowercase), Some("borrow checkers".into()));
        let quote = all[0].quote(&mut dice).unwrap();
        assert!("We chart lifetimes with Polonius".contains(&quote), "{quote}");
        assert_eq!(all[0].note(&mut dice).map(|note| note.split(' ').count() >= 3), Some(true));
        assert_eq!((all[1].pair(&mut dice), all[1].note(&mut dice)), (None, None));
    }

    #[test]
    fn long_titles_are_cut_and_short_ones_are_not() {
        assert_eq!(short("The second reader"), "The second reader");
        assert_eq!(short("How we learned to stop worrying about the tape"), "How we learned to");
        assert_eq!(short("Cargo - a story"), "Cargo");
        assert_eq!(short("182 - Numérique : enjeux"), "Numérique");
        assert_eq!(short("C++: what now"), "what now");
        assert_eq!(short("31C3 Keynote"), "31C3 Keynote");
        assert_eq!(
            (whole("d\u{2019}importantes"), whole("l'or"), whole("doesn't")),
            ("importantes", "l'or", "doesn't")
        );
    }
}
