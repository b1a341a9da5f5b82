//! Speakers' names as people write them: whole, by surname, by first name, by handle, and with the accents wrong.

use model::{Talk, TalkId};

use crate::dice::Dice;

/// How people may speak of a speaker.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Name {
    /// As printed in the programme.
    pub(crate) whole: String,
    /// None of a name of one word.
    pub(crate) first: Option<String>,
    pub(crate) last: Option<String>,
    /// With its `@`.
    pub(crate) handle: String,
    /// The organisers know the handle.
    pub(crate) is_known: bool,
}

/// A handle that the organisers know, of one of a talk's speakers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handle {
    /// The talk.
    pub talk: TalkId,
    /// The speaker's place among the talk's speakers.
    pub speaker: usize,
    /// With its `@`.
    pub handle: String,
}

/// The speakers of each talk. The same speaker has the same handle everywhere.
pub(crate) fn of(talks: &[Talk], dice: &mut Dice) -> Vec<Vec<Name>> {
    let mut known: std::collections::BTreeMap<String, Name> = std::collections::BTreeMap::new();
    talks
        .iter()
        .map(|talk| {
            let speakers = talk.speakers.iter().filter(|speaker| !speaker.name.trim().is_empty());
            speakers
                .map(|speaker| {
                    known
                        .entry(speaker.name.clone())
                        .or_insert_with(|| name(&speaker.name, speaker.handles.first(), dice))
                        .clone()
                })
                .collect()
        })
        .collect()
}

fn name(whole: &str, handle: Option<&String>, dice: &mut Dice) -> Name {
    let words: Vec<&str> = whole.split_whitespace().collect();
    let plain = |word: &str| -> String {
        unaccented(word).to_lowercase().chars().filter(char::is_ascii_alphanumeric).collect()
    };
    let (first, last) = match words[..] {
        [first, .., last] => (Some(first.to_owned()), Some(last.to_owned())),
        _ => (None, None),
    };
    let user = match (&first, &last, dice.below(4)) {
        (Some(first), Some(last), 0) => format!("{}{}", plain(first), plain(last)),
        (Some(first), Some(last), 1) => {
            format!("{}_{}", plain(last), &plain(first).chars().take(1).collect::<String>())
        }
        (Some(first), Some(_), 2) => format!("{}codes", plain(first)),
        _ => plain(whole),
    };
    // A name without a single letter of ours still has a handle.
    let user = if user.trim_matches('_').len() < 3 { format!("speaker{}", dice.below(10_000)) } else { user };
    let invented = match dice.below(3) {
        0 => format!("@{user}"),
        1 => format!("@{user}@talks.example"),
        _ => format!("@{user}.bsky.example"),
    };
    Name {
        whole: whole.trim().to_owned(),
        first,
        last,
        handle: handle.cloned().unwrap_or(invented),
        is_known: handle.is_some() || dice.is(0.5),
    }
}

/// The name as somebody types it who does not have the keys, or the ear.
pub(crate) fn typed(name: &str, dice: &mut Dice) -> String {
    match dice.below(12) {
        0 | 1 => unaccented(name),
        2 => name.to_lowercase(),
        _ => name.to_owned(),
    }
}

/// Letters without their marks, as far as European names need it.
pub(crate) fn unaccented(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' | 'ą' => 'a',
            'ç' | 'ć' | 'č' => 'c',
            'è' | 'é' | 'ê' | 'ë' | 'ę' | 'ě' => 'e',
            'ì' | 'í' | 'î' | 'ï' => 'i',
            'ł' => 'l',
            'ñ' | 'ń' | 'ň' => 'n',
            'ò' | 'ó' | 'ô' | 'õ' | 'ö' | 'ø' => 'o',
            'ř' => 'r',
            'ś' | 'š' => 's',
            'ù' | 'ú' | 'û' | 'ü' | 'ů' => 'u',
            'ý' | 'ÿ' => 'y',
            'ź' | 'ż' | 'ž' => 'z',
            'À' | 'Á' | 'Â' | 'Ä' | 'Å' => 'A',
            'Ç' | 'Č' => 'C',
            'È' | 'É' | 'Ê' => 'E',
            'Ö' | 'Ø' | 'Ó' => 'O',
            'Š' | 'Ś' => 'S',
            'Ü' | 'Ú' => 'U',
            'Ž' | 'Ż' => 'Z',
            c => c,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_speaker_has_one_handle_in_all_talks() {
        let mut talks =
            [crate::tests::talk(1, "One", "", "hall", 0), crate::tests::talk(2, "Two", "", "hall", 60)];
        for talk in &mut talks {
            talk.speakers = vec![model::Speaker { name: "Zoë van Dijk".into(), handles: Vec::new() }];
        }
        let names = of(&talks, &mut Dice::new(1));
        assert_eq!(names[0], names[1]);
        assert_eq!((names[0][0].first.as_deref(), names[0][0].last.as_deref()), (Some("Zoë"), Some("Dijk")));
    }

    #[test]
    fn a_name_of_one_word_has_no_surname_and_a_handle_still() {
        let name = name("大家", None, &mut Dice::new(1));
        assert_eq!((name.first, name.last), (None, None));
        assert!(name.handle.starts_with("@speaker"), "{}", name.handle);
    }
}
