//! Carrier sentences: what people write around the subject, by kind and language. The form is explained at the head of
//! `phrases/en.txt`.

use std::collections::HashMap;

use crate::dice::Dice;

const FILES: [(&str, &str); 5] = [
    ("en", include_str!("phrases/en.txt")),
    ("de", include_str!("phrases/de.txt")),
    ("fr", include_str!("phrases/fr.txt")),
    ("es", include_str!("phrases/es.txt")),
    ("it", include_str!("phrases/it.txt")),
];
/// How often another sentence is tried when one needs what there is not.
const TRIES: usize = 12;

/// All sentences.
#[derive(Debug)]
pub(crate) struct Phrases {
    by: HashMap<(&'static str, &'static str), Vec<&'static str>>,
}

impl Phrases {
    pub(crate) fn new() -> Self {
        let mut by: HashMap<_, Vec<_>> = HashMap::new();
        for (language, text) in FILES {
            let lines = text.lines().filter(|line| !line.starts_with('#'));
            for (kind, sentence) in lines.filter_map(|line| line.split_once('|')) {
                by.entry((language, kind)).or_default().push(sentence);
            }
        }
        Self { by }
    }

    /// A sentence of this kind, its slots filled; in English where a language has none. None when nothing can fill any that
    /// was tried.
    pub(crate) fn say(
        &self,
        language: &'static str,
        kind: &'static str,
        dice: &mut Dice,
        fill: &mut dyn FnMut(char, &mut Dice) -> Option<String>,
    ) -> Option<(String, &'static str)> {
        let own = self.by.get_key_value(&(language, kind));
        let ((language, _), sentences) = own.or_else(|| self.by.get_key_value(&("en", kind)))?;
        (0..TRIES).find_map(|_| {
            let sentence = dice.pick(sentences)?;
            Some((filled(sentence, dice, fill)?, *language))
        })
    }
}

fn filled(
    sentence: &str,
    dice: &mut Dice,
    fill: &mut dyn FnMut(char, &mut Dice) -> Option<String>,
) -> Option<String> {
    let mut out = String::new();
    let mut rest = sentence;
    while let Some((before, behind)) = rest.split_once('{') {
        let (slot, after) = behind.split_once('}')?;
        out.push_str(before);
        out.push_str(&fill(slot.chars().next()?, dice)?);
        rest = after;
    }
    out.push_str(rest);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sentence_has_a_kind_and_slots_that_are_known() {
        for (language, text) in FILES {
            for line in text.lines().filter(|line| !line.starts_with('#')) {
                let (kind, sentence) = line.split_once('|').unwrap_or_else(|| panic!("{language}: {line}"));
                assert!(kind.chars().all(|c| c.is_ascii_lowercase() || c == '-'), "{line}");
                let slots =
                    sentence.split('{').skip(1).map(|rest| rest.split_once('}').expect("a closed slot").0);
                slots.for_each(|slot| assert!("wvpqgtTnsfhrcu".contains(slot) && slot.len() == 1, "{line}"));
            }
        }
    }

    #[test]
    fn a_sentence_that_cannot_be_filled_is_not_said() {
        let phrases = Phrases::new();
        let mut dice = Dice::new(1);
        assert_eq!(phrases.say("en", "strong", &mut dice, &mut |_, _| None), None);
        let (said, language) =
            phrases.say("ja", "speaker-before", &mut dice, &mut |c, _| Some(c.to_string())).unwrap();
        assert_eq!((language, said.contains('{')), ("en", false));
    }
}
