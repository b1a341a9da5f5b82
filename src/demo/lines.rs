//! Reads the demo's hand-written content: the lines of both days, the people, the voices. The form is explained at the
//! head of `content/day1.txt`. All of it is compiled in; a mistake in it is found by the tests.

const DAYS: [&str; 2] = [include_str!("content/day1.txt"), include_str!("content/day2.txt")];
const PEOPLE: &str = include_str!("content/people.txt");
const VOICES: &str = include_str!("content/voices.txt");

/// Which of the fake networks a person writes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Net {
    Mastodon,
    X,
    Bluesky,
}

/// One of the 120 people.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Person {
    pub(crate) net: Net,
    pub(crate) lang: &'static str,
    pub(crate) name: &'static str,
    pub(crate) handle: &'static str,
    /// The code of the talk that this person gives.
    pub(crate) talk: Option<&'static str>,
}

/// What a line is, by its first word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Words of the speaker, to be set as a quotation.
    Quote,
    /// Somebody's own words.
    Remark,
    /// Answers the line before it that is no answer.
    Answer,
    /// Written by the speaker.
    Speaker,
    /// With a picture.
    Photo { name: &'static str, alt: &'static str },
    /// Replaced by other words after some minutes.
    Edited { after: &'static str },
    /// Deleted after some minutes.
    Deleted,
    /// Behind a content warning.
    Warned { warning: &'static str },
}

/// One line of a day.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line {
    pub(crate) kind: Kind,
    pub(crate) lang: &'static str,
    pub(crate) text: &'static str,
}

/// When the lines of a block are said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    /// During a talk, by its code.
    Talk(&'static str),
    /// Between two times of the day, in minutes after midnight.
    Between(i64, i64),
}

/// A block of lines: a talk or a stretch between talks.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    /// 0 for the first day.
    pub(crate) day: usize,
    pub(crate) when: When,
    pub(crate) lines: Vec<Line>,
}

/// Small things people say around the lines.
#[derive(Clone, Debug, Default)]
pub(crate) struct Voices {
    pub(crate) frames: Vec<&'static str>,
    pub(crate) asides: Vec<&'static str>,
    /// Language and words of answers.
    pub(crate) nods: Vec<(&'static str, &'static str)>,
    /// Said at the beginning, in the middle and at the end of a talk: where, language, words.
    pub(crate) moments: Vec<(Part, &'static str, &'static str)>,
}

/// Part of a talk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Open,
    Live,
    Close,
}

/// The blocks of both days, in the order of the files.
pub(crate) fn blocks() -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    for (day, text) in DAYS.iter().enumerate() {
        for line in written(text) {
            if let Some(head) = line.strip_prefix("= ") {
                blocks.push(Block { day, when: when(head), lines: Vec::new() });
            } else if let (Some(block), Some(line)) = (blocks.last_mut(), parse_line(line)) {
                block.lines.push(line);
            }
        }
    }
    blocks
}

/// Everybody, in the order of the file.
pub(crate) fn people() -> Vec<Person> {
    written(PEOPLE)
        .filter_map(|line| {
            let mut fields = line.split('|');
            let net = match fields.next()? {
                "x" => Net::X,
                "b" => Net::Bluesky,
                _ => Net::Mastodon,
            };
            let (lang, name, handle) = (fields.next()?, fields.next()?, fields.next()?);
            Some(Person { net, lang, name, handle, talk: fields.next() })
        })
        .collect()
}

/// The voices.
pub(crate) fn voices() -> Voices {
    let mut voices = Voices::default();
    for line in written(VOICES) {
        let mut words = line.splitn(3, ' ');
        match (words.next(), words.next(), words.next()) {
            (Some(_), Some("frame"), Some(text)) => voices.frames.push(text),
            (Some(_), Some("aside"), Some(text)) => voices.asides.push(text),
            (Some(lang), Some("nod"), Some(text)) => voices.nods.push((lang, text)),
            (Some(lang), Some("open"), Some(text)) => voices.moments.push((Part::Open, lang, text)),
            (Some(lang), Some("live"), Some(text)) => voices.moments.push((Part::Live, lang, text)),
            (Some(lang), Some("close"), Some(text)) => voices.moments.push((Part::Close, lang, text)),
            _ => {}
        }
    }
    voices
}

/// The lines that are neither empty nor comments.
fn written(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
}

fn when(head: &'static str) -> When {
    let minutes = |word: &str| {
        let (hours, minutes) = word.split_once(':')?;
        Some(hours.parse::<i64>().ok()? * 60 + minutes.parse::<i64>().ok()?)
    };
    let mut words = head.split(' ');
    let (first, second) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    match (minutes(first), minutes(second)) {
        (Some(from), Some(to)) => When::Between(from, to),
        _ => When::Talk(first),
    }
}

fn parse_line(line: &'static str) -> Option<Line> {
    let (mark, text) = line.split_once(' ')?;
    let english = |kind, text| Some(Line { kind, lang: "en", text });
    match mark {
        "\"" => english(Kind::Quote, text),
        "+" | "?" | "~" => english(Kind::Remark, text),
        ">" => english(Kind::Answer, text),
        "s" => Some(Line { kind: Kind::Speaker, lang: language_of(text), text }),
        "x" => english(Kind::Deleted, text),
        "p" => {
            let (name, rest) = text.split_once('|')?;
            let (alt, text) = rest.split_once('|')?;
            english(Kind::Photo { name, alt }, text)
        }
        "e" => {
            let (text, after) = text.split_once("||")?;
            english(Kind::Edited { after }, text)
        }
        "w" => {
            let (warning, text) = text.split_once("||")?;
            english(Kind::Warned { warning }, text)
        }
        "de" | "es" | "fr" | "ja" | "ar" => Some(Line { kind: Kind::Remark, lang: mark, text }),
        _ => None,
    }
}

/// Speakers mostly write English; one writes Japanese, which its script gives away.
fn language_of(text: &str) -> &'static str {
    if text.chars().any(|c| ('\u{3040}'..='\u{30ff}').contains(&c)) { "ja" } else { "en" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_written_line_is_understood() {
        let lines: usize = blocks().iter().map(|b| b.lines.len()).sum();
        let heads = DAYS.iter().flat_map(|d| written(d)).filter(|l| l.starts_with("= ")).count();
        let all = DAYS.iter().flat_map(|d| written(d)).count();
        assert_eq!(lines + heads, all);
        let voices = voices();
        let understood = voices.frames.len() + voices.asides.len() + voices.nods.len() + voices.moments.len();
        assert_eq!(understood, written(VOICES).count());
        assert!(voices.frames.iter().all(|f| f.contains("{q}")));
    }

    #[test]
    fn one_hundred_and_twenty_people_write_six_languages() {
        let people = people();
        assert_eq!(people.len(), 120);
        let handles: BTreeSet<_> = people.iter().map(|p| p.handle).collect();
        assert_eq!(handles.len(), 120);
        let languages: BTreeSet<_> = people.iter().map(|p| p.lang).collect();
        assert_eq!(languages.into_iter().collect::<Vec<_>>(), ["ar", "de", "en", "es", "fr", "ja"]);
    }

    #[test]
    fn no_block_opens_with_an_answer() {
        for block in blocks() {
            assert_ne!(block.lines[0].kind, Kind::Answer, "{:?}", block.when);
        }
    }
}
