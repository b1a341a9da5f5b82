//! What every format does with what it found: bounds, plain text, the checks that a talk must pass, and the sentences about
//! those that do not. A format says where it stands ([`Draft::place`]) and what it read; it decides nothing here.

use super::moment::{At, NO_START, Slip};
use super::{BadSchedule, FoundTalk, ScheduleFile, TALKS_MAX};
use crate::Micros;
use crate::html::to_body;

/// Characters of a title, a name, a track, a code at most.
const WORDS_CHARS_MAX: usize = 500;
/// Characters of an abstract at most.
const SUMMARY_CHARS_MAX: usize = 30_000;
/// Speakers of a talk at most.
const SPEAKERS_MAX: usize = 100;
/// Sentences about a file at most, of each kind.
const SENTENCES_MAX: usize = 500;
/// Characters of a sentence: what it quotes is a stranger's.
const SENTENCE_CHARS_MAX: usize = 700;
/// Characters of a title in a sentence.
const SHOWN_CHARS_MAX: usize = 80;
/// A talk that takes longer than this, in microseconds, is a slip of the pen: four weeks.
const LENGTH_MAX: i64 = 28 * 24 * Micros::HOUR;

/// A talk as a format found it.
#[derive(Default)]
pub(super) struct Draft {
    /// Where it stands in the file: `line 12`, `events[3]`.
    pub(super) place: String,
    /// Everything but the times.
    pub(super) talk: FoundTalk,
    /// Its start, or why there is none.
    pub(super) start: Option<Result<At, String>>,
    /// Its end, or why there is none.
    pub(super) end: Option<Result<Micros, String>>,
}

/// The file under way.
#[derive(Default)]
pub(super) struct Collect {
    file: ScheduleFile,
    more: [usize; 3],
    seen: usize,
}

impl Collect {
    pub(super) fn new(version: String, title: Option<String>) -> Self {
        let file = ScheduleFile {
            version: plain(&version, WORDS_CHARS_MAX),
            title: title.and_then(|t| words(&t)),
            ..ScheduleFile::default()
        };
        Self { file, ..Self::default() }
    }

    /// Takes a talk, or says why not.
    ///
    /// # Errors
    /// [`BadSchedule::TooLarge`] when there are too many.
    pub(super) fn add(&mut self, draft: Draft) -> Result<(), BadSchedule> {
        self.seen += 1;
        if self.seen > TALKS_MAX {
            return Err(BadSchedule::TooLarge);
        }
        let Draft { place, mut talk, start, end } = draft;
        trim(&mut talk);
        if let Some(Ok(At { slip: Some(Slip { sentence, is_never }), .. })) = &start {
            let sentence = format!("{}: {sentence}", named(&place, &talk.title));
            if *is_never {
                self.slip(sentence.clone());
            }
            self.remark(sentence);
        }
        // What has no time yet, or no title, is no slip: programmes are published before they are full.
        let is_planned = match &start {
            None => false,
            Some(Ok(_)) => !talk.title.is_empty(),
            Some(Err(why)) => !talk.title.is_empty() && !why.starts_with(NO_START),
        };
        match times(&talk, start.map(|start| start.map(|start| start.at)), end) {
            Ok((start, end)) => {
                if start == end {
                    self.remark(format!("{}: it has no length", named(&place, &talk.title)));
                }
                (talk.start, talk.end) = (start, end);
                self.file.talks.push(talk);
            }
            Err(why) => {
                let sentence = format!("{}: {why}", named(&place, &talk.title));
                if is_planned {
                    self.slip(sentence.clone());
                    self.file.unread.push(talk);
                }
                self.pass_over(sentence);
            }
        }
        Ok(())
    }

    /// A sentence about something that was passed over.
    pub(super) fn pass_over(&mut self, sentence: String) {
        push(&mut self.file.passed_over, &mut self.more[0], sentence);
    }

    /// Something that was passed over behind so many others that nobody reads of it.
    pub(super) fn pass_over_silently(&mut self) {
        self.more[0] += 1;
    }

    /// True when there is no room for more sentences about what was passed over.
    pub(super) fn is_full(&self) -> bool {
        self.file.passed_over.len() >= SENTENCES_MAX
    }

    /// A sentence about something that was taken although it looks like a slip.
    pub(super) fn remark(&mut self, sentence: String) {
        push(&mut self.file.remarks, &mut self.more[1], sentence);
    }

    /// A sentence about something that nobody can have meant.
    pub(super) fn slip(&mut self, sentence: String) {
        push(&mut self.file.slips, &mut self.more[2], sentence);
    }

    /// The version's name, where it is found late in the file.
    pub(super) fn set_version(&mut self, version: &str) {
        self.file.version = plain(version, WORDS_CHARS_MAX);
    }

    /// The conference's title, where it is found late in the file.
    pub(super) fn set_title(&mut self, title: &str) {
        self.file.title = words(title);
    }

    /// The file, when it holds a talk.
    ///
    /// # Errors
    /// [`BadSchedule::Broken`] with the first things that were passed over, when nothing is left: a schedule without talks
    /// would take every talk out of the programme.
    pub(super) fn done(mut self) -> Result<ScheduleFile, BadSchedule> {
        for (sentences, more) in [&mut self.file.passed_over, &mut self.file.remarks, &mut self.file.slips]
            .into_iter()
            .zip(self.more)
        {
            if more > 0 {
                sentences.push(format!("and {more} more of this kind"));
            }
        }
        if !self.file.talks.is_empty() {
            return Ok(self.file);
        }
        let why: Vec<&str> = self.file.passed_over.iter().take(3).map(String::as_str).collect();
        Err(BadSchedule::Broken(match why.as_slice() {
            [] => "there is no talk in it; export it again once talks have a time".to_owned(),
            why => format!("none of its talks can be read: {}", why.join("; ")),
        }))
    }
}

fn push(sentences: &mut Vec<String>, more: &mut usize, sentence: String) {
    let sentence = short(sentence);
    // All times of a series have the same to be said of them.
    if sentences.last() == Some(&sentence) {
        return;
    }
    if sentences.len() < SENTENCES_MAX {
        sentences.push(sentence);
    } else {
        *more += 1;
    }
}

/// A sentence, held to its bound.
pub(super) fn short(sentence: String) -> String {
    match sentence.char_indices().nth(SENTENCE_CHARS_MAX) {
        Some((at, _)) => format!("{}…", &sentence[..at]),
        None => sentence,
    }
}

/// How a sentence names a talk: its place, and its title where it has one.
pub(super) fn named(place: &str, title: &str) -> String {
    let title = plain(title, WORDS_CHARS_MAX);
    let shown = match title.char_indices().nth(SHOWN_CHARS_MAX) {
        Some((at, _)) => format!("{}…", &title[..at]),
        None => title,
    };
    match (place, shown.as_str()) {
        ("", "") => "an event without a title".to_owned(),
        ("", shown) => shown.to_owned(),
        (place, "") => format!("{place}, an event without a title"),
        (place, shown) => format!("{place}, {shown}"),
    }
}

/// A talk's times; or everything that keeps it from being one.
fn times(
    talk: &FoundTalk,
    start: Option<Result<Micros, String>>,
    end: Option<Result<Micros, String>>,
) -> Result<(Micros, Micros), String> {
    let title = (!talk.title.is_empty()).then_some(()).ok_or("it has no title".to_owned());
    let times = start.unwrap_or_else(|| Err(NO_START.to_owned())).and_then(|start| {
        let end = end.unwrap_or_else(|| Err("it has neither an end nor a duration".to_owned()))?;
        match end.since(start) {
            ..0 => Err("it ends before it starts".to_owned()),
            length if length > LENGTH_MAX => Err("it takes longer than four weeks".to_owned()),
            _ => Ok((start, end)),
        }
    });
    match (title, times) {
        (Ok(()), times) => times,
        (Err(title), Ok(_)) => Err(title),
        (Err(title), Err(times)) => Err(format!("{title}; {times}")),
    }
}

/// Holds every text of a talk to its bound.
fn trim(talk: &mut FoundTalk) {
    for own in [&mut talk.guid, &mut talk.code, &mut talk.native, &mut talk.subtitle, &mut talk.track] {
        *own = own.take().and_then(|text| words(&text));
    }
    for own in [&mut talk.lang, &mut talk.url] {
        *own = own.take().and_then(|text| words(&text)).filter(|text| !text.contains(' '));
    }
    talk.url = talk.url.take().filter(|url| url.chars().count() < WORDS_CHARS_MAX);
    talk.title = plain(&talk.title, WORDS_CHARS_MAX);
    talk.room = plain(&talk.room, WORDS_CHARS_MAX);
    talk.summary = talk.summary.take().map(|text| long(&text)).filter(|text| !text.is_empty());
    for speaker in &mut talk.speakers {
        speaker.name = plain(&speaker.name, WORDS_CHARS_MAX);
    }
    talk.speakers.retain(|speaker| !speaker.name.is_empty());
    talk.speakers.truncate(SPEAKERS_MAX);
}

/// One line of text: line breaks and what else is no letter become a blank, blanks at the ends nothing.
pub(super) fn plain(text: &str, chars_max: usize) -> String {
    let mut out = String::new();
    for c in text.trim().chars().take(chars_max) {
        if !c.is_control() && !matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}') {
            out.push(c);
        } else if !out.ends_with(' ') {
            out.push(' ');
        }
    }
    out.trim().to_owned()
}

fn words(text: &str) -> Option<String> {
    Some(plain(text, WORDS_CHARS_MAX)).filter(|text| !text.is_empty())
}

/// Text of several lines, held to its bound. Some programmes keep their abstracts as HTML; its words are wanted, not its tags.
fn long(text: &str) -> String {
    let text: String = text.chars().take(SUMMARY_CHARS_MAX).collect();
    let is_html = ["</", "<br", "<p>", "<BR"].iter().any(|tag| text.contains(tag));
    let text = if is_html { to_body(&text).text() } else { text };
    let kept = text.trim().chars().filter(|c| *c == '\n' || *c == '\t' || !c.is_control());
    kept.collect::<String>().trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(title: &str, start: i64, end: i64) -> Draft {
        let talk = FoundTalk { title: title.into(), ..FoundTalk::default() };
        Draft {
            place: "line 3".into(),
            talk,
            start: Some(Ok(At { at: Micros(start), slip: None })),
            end: Some(Ok(Micros(end))),
        }
    }

    fn collected(drafts: Vec<Draft>) -> Result<ScheduleFile, BadSchedule> {
        let mut collect = Collect::default();
        for draft in drafts {
            collect.add(draft)?;
        }
        collect.done()
    }

    #[test]
    fn what_is_no_talk_is_named_with_its_place() {
        let month = 40 * 24 * Micros::HOUR;
        let drafts = vec![
            draft("Good", 0, 5),
            draft("Back", 5, 0),
            draft(" \u{0} ", 0, 5),
            draft("Point", 5, 5),
            draft("Endless", 0, month),
            Draft { start: None, ..draft("Never", 0, 5) },
        ];
        let file = collected(drafts).unwrap();
        assert_eq!(file.talks.len(), 2);
        assert_eq!(file.remarks, ["line 3, Point: it has no length"]);
        assert_eq!(
            file.passed_over,
            [
                "line 3, Back: it ends before it starts",
                "line 3, an event without a title: it has no title",
                "line 3, Endless: it takes longer than four weeks",
                "line 3, Never: it has no start",
            ]
        );
        assert_eq!(file.slips, [&file.passed_over[0], &file.passed_over[2]].map(Clone::clone));
        assert_eq!(file.unread.iter().map(|t| t.title.as_str()).collect::<Vec<_>>(), ["Back", "Endless"]);
    }

    #[test]
    fn a_file_without_a_talk_is_refused_with_the_first_reasons() {
        assert!(collected(Vec::new()).unwrap_err().to_string().contains("there is no talk in it"));
        let why = collected(vec![draft("Back", 5, 0)]).unwrap_err().to_string();
        assert!(why.contains("line 3, Back: it ends before it starts"), "{why}");
    }

    #[test]
    fn numbers_and_lengths_have_bounds() {
        let many = (0..=TALKS_MAX).map(|_| draft("T", 0, 5)).collect();
        assert_eq!(collected(many), Err(BadSchedule::TooLarge));
        let file = collected(
            (0..2000)
                .map(|n| draft(&format!("Back {n}"), 5, 0))
                .chain([draft(&"w ".repeat(9999), 0, 5)])
                .collect(),
        );
        let file = file.unwrap();
        assert_eq!(file.passed_over.len(), SENTENCES_MAX + 1);
        assert_eq!(file.passed_over[SENTENCES_MAX], "and 1500 more of this kind");
        assert!(file.talks[0].title.chars().count() <= WORDS_CHARS_MAX);
        assert_eq!(plain(" a\r\n\tb\u{0}c  d ", 99), "a b c  d");
    }
}
