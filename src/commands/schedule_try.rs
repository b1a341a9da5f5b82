//! `perihelion schedule try`: posts of a file, filed one after another, each with what the lines before it say. Needs no event, no
//! settings and no network, so that anybody can see what the rules make of their own schedule and their own posts.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, ErrorKind, Read, Write};
use std::path::Path;

use anyhow::{Context, anyhow};
use model::{Filing, FilingState, Item};
use serde::Serialize;

use super::filing::desk::Desk;
use super::filing::event_tags::EventTags;
use super::filing::labels::Labels;
use super::filing::lines::{LINE_BYTES_MAX, Line, Lines};
use super::filing::post::Posts;
use super::filing::presses::{self, PRESSES_BYTES_MAX};
use super::filing::setting::{Setting, read_file};
use crate::cli::TryArgs;
use crate::failure::Failure;

/// Most sentences about the schedule or the posts that are told one by one.
const TOLD_MAX: usize = 50;
/// Largest file of handles, in bytes.
const HANDLES_BYTES_MAX: u64 = 4 << 20;

/// What is printed for each post.
#[derive(Debug, Serialize)]
struct Answer<'a> {
    id: &'a str,
    /// Where it counts; none for a guess.
    talk: Option<String>,
    state: FilingState,
    score: f64,
    reasons: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    suggestion: Option<String>,
}

/// Files the posts and prints what came of it. Fails in the end when a line could not be read.
pub(crate) fn run(args: &TryArgs) -> Result<(), Failure> {
    let mut setting = Setting::read(&args.schedule, args.event.as_deref())?;
    if let Some(path) = &args.handles {
        let bytes = read_file(path, HANDLES_BYTES_MAX)?;
        setting.give_handles(&bytes).map_err(|why| asked(path, &why.to_string()))?;
    }
    let mut told = Told::default();
    setting.remarks.iter().for_each(|remark| told.say("note", remark));
    let presses = match &args.stage {
        Some(path) => {
            let bytes = read_file(path, PRESSES_BYTES_MAX)?;
            presses::read(&bytes, &setting).map_err(|why| asked(path, &why))?
        }
        None => BTreeMap::new(),
    };
    let mut labels = match &args.labels {
        Some(path) => {
            let read = Labels::read(open(path)?, &setting.names).map_err(|why| asked(path, &why))?;
            Some(read)
        }
        None => None,
    };
    let desk = Desk::new(&setting.talks, Some(&setting.event), &presses);
    let learns = args.event.is_none();
    let mut trial =
        Trial { setting, desk, told, labels: labels.as_mut(), tags: EventTags::default(), learns };
    trial.file_all(open(&args.posts)?, BufWriter::new(io::stdout().lock()))?;
    let unread = trial.told.unread;
    if let Some(labels) = labels {
        eprint!("{}", labels.report());
    }
    match unread {
        0 => Ok(()),
        n => Err(Failure::Could(anyhow!("{n} lines of {} could not be read", args.posts.display()))),
    }
}

fn asked(path: &Path, why: &str) -> Failure {
    Failure::Asked(format!("{}: {why}", path.display()))
}

fn open(path: &Path) -> Result<Box<dyn Read>, Failure> {
    if path == Path::new("-") {
        return Ok(Box::new(io::stdin()));
    }
    let opened = File::open(path).and_then(|file| match file.metadata()?.is_dir() {
        true => Err(ErrorKind::IsADirectory.into()),
        false => Ok(file),
    });
    match opened {
        Ok(file) => Ok(Box::new(file)),
        Err(why) => Err(Failure::Asked(format!("cannot read {}: {why}", path.display()))),
    }
}

/// A run over a file of posts.
struct Trial<'a> {
    setting: Setting,
    desk: Desk,
    told: Told,
    labels: Option<&'a mut Labels>,
    tags: EventTags,
    /// Nobody told the event's hashtags: they are found among the posts.
    learns: bool,
}

impl Trial<'_> {
    fn file_all(&mut self, from: impl Read, to: impl Write) -> Result<(), Failure> {
        match self.file_each(from, to) {
            // Whoever reads has enough.
            Err(why) if why.kind() == ErrorKind::BrokenPipe => Ok(()),
            outcome => outcome.context("cannot go on").map_err(Failure::Could),
        }
    }

    fn file_each(&mut self, from: impl Read, mut to: impl Write) -> io::Result<()> {
        let mut posts = Posts::new(self.setting.zone.clone());
        let mut lines = Lines::new(from);
        while let Some((number, line)) = lines.next_line()? {
            let read = match line {
                Line::Whole(bytes) => posts.read(number, &bytes),
                Line::TooLong => Err(format!("more than {LINE_BYTES_MAX} bytes")),
            };
            match read {
                Ok(post) => {
                    if let Some(remark) = &post.remark {
                        self.told.say(&format!("line {number}"), remark);
                    }
                    self.answer(&post.id, &post.item, &mut to)?;
                }
                Err(why) => self.told.unread(number, &why),
            }
            // What is known goes out before this waits for more.
            if !lines.is_ready() {
                to.flush()?;
            }
        }
        to.flush()
    }

    fn answer(&mut self, id: &str, item: &Item, to: &mut impl Write) -> io::Result<()> {
        let filing = self.desk.file(item);
        if let Some(labels) = &mut self.labels {
            labels.hear(id, &item.body.text(), &filing, &self.setting.names);
        }
        serde_json::to_writer(&mut *to, &self.shown(id, &filing))?;
        to.write_all(b"\n")?;
        if self.learns
            && let Some(found) = self.tags.hear(item)
        {
            self.setting.event.hashtags = found.to_vec();
            self.desk.learn(&self.setting.talks, &self.setting.event);
        }
        Ok(())
    }

    fn shown<'b>(&self, id: &'b str, filing: &'b Filing) -> Answer<'b> {
        let talk = filing.talk.as_ref().map(|talk| self.setting.names.shown(talk));
        let (talk, suggestion) = match filing.state {
            FilingState::Filed => (talk, None),
            FilingState::Suggested => (None, talk),
            FilingState::Unsorted | FilingState::Event => (None, None),
        };
        Answer { id, talk, state: filing.state, score: filing.score, reasons: &filing.reasons, suggestion }
    }
}

/// What goes to standard error.
#[derive(Debug, Default)]
struct Told {
    sentences: usize,
    unread: usize,
}

impl Told {
    fn say(&mut self, place: &str, what: &str) {
        self.sentences += 1;
        match self.sentences {
            n if n <= TOLD_MAX => eprintln!("{place}: {what}"),
            n if n == TOLD_MAX + 1 => eprintln!("... and more like this"),
            _ => {}
        }
    }

    /// A line that could not be read is told whatever was said before.
    fn unread(&mut self, number: usize, why: &str) {
        self.unread += 1;
        eprintln!("line {number}: {why}; passed over");
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::rc::Rc;

    use serde_json::Value;

    use super::*;

    fn trial() -> Trial<'static> {
        let setting = Setting::of(crate::demo::schedule_json().as_bytes(), None).unwrap();
        let desk = Desk::new(&setting.talks, Some(&setting.event), &BTreeMap::new());
        Trial { setting, desk, told: Told::default(), labels: None, tags: EventTags::default(), learns: true }
    }

    fn post(id: &str, at: &str, text: &str) -> String {
        format!(
            "{{\"id\":\"{id}\",\"posted_at\":\"2026-10-15T{at}+02:00\",\"author\":\"@{id}\",\"text\":\"{text}\"}}\n"
        )
    }

    fn answers(trial: &mut Trial<'_>, posts: &str) -> Vec<Value> {
        let mut out = Vec::new();
        trial.file_all(posts.as_bytes(), &mut out).unwrap();
        String::from_utf8(out).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[test]
    fn each_post_is_answered_in_order_and_only_what_is_filed_has_a_talk() {
        let mut trial = trial();
        let second =
            trial.setting.talks.iter().find(|talk| talk.code.as_deref() == Some("SECOND")).unwrap().clone();
        let during = second
            .start
            .plus(9 * model::Micros::MINUTE)
            .zoned(&trial.setting.zone)
            .strftime("%H:%M:%S")
            .to_string();
        let text = format!("{} with {}", second.title, second.speakers[0].name);
        let posts = post("a", "06:00:00", "good morning") + &post("b", &during, &text);
        let answers = answers(&mut trial, &posts);
        assert_eq!(answers.iter().map(|answer| &answer["id"]).collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(answers[1]["talk"].as_str(), second.guid.as_deref(), "{}", answers[1]);
        for answer in &answers {
            assert_eq!(answer["talk"].is_null(), answer["state"] != "filed", "{answer}");
            assert_eq!(answer.get("suggestion").is_some(), answer["state"] == "suggested", "{answer}");
            assert!(answer["reasons"].as_array().is_some_and(|reasons| !reasons.is_empty()), "{answer}");
        }
    }

    #[test]
    fn a_line_that_cannot_be_read_is_counted_and_the_rest_goes_on() {
        let mut trial = trial();
        let posts = format!(
            "\u{feff}{}not json\r\n\r\n{{\"id\":1}}\n{}",
            post("a", "06:00:00", "x"),
            post("b", "06:00:00", "y")
        );
        assert_eq!(answers(&mut trial, &posts).len(), 3);
        assert_eq!(trial.told.unread, 1);
    }

    /// Gives one line at a time, and looks at what was answered before it gives the next.
    struct Slowly {
        lines: Vec<String>,
        given: usize,
        out: Rc<RefCell<Vec<u8>>>,
    }

    impl Read for Slowly {
        fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
            let answered = self.out.borrow().iter().filter(|byte| **byte == b'\n').count();
            assert_eq!(answered, self.given, "what was asked is answered before more is waited for");
            let Some(line) = self.lines.get(self.given) else { return Ok(0) };
            self.given += 1;
            to[..line.len()].copy_from_slice(line.as_bytes());
            Ok(line.len())
        }
    }

    struct Shared(Rc<RefCell<Vec<u8>>>);

    impl Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.borrow_mut().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn what_is_known_is_printed_before_more_is_waited_for() {
        let out = Rc::new(RefCell::new(Vec::new()));
        let lines = vec![post("a", "06:00:00", "x"), post("b", "06:00:01", "y"), post("c", "06:00:02", "z")];
        let slowly = Slowly { lines, given: 0, out: out.clone() };
        trial().file_all(slowly, BufWriter::new(Shared(out))).unwrap();
    }

    #[test]
    fn whoever_reads_may_have_enough() {
        struct Closed;
        impl Write for Closed {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(ErrorKind::BrokenPipe.into())
            }

            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        trial().file_all(post("a", "06:00:00", "x").as_bytes(), Closed).unwrap();
    }

    #[test]
    fn hashtags_that_everybody_uses_become_the_events() {
        let mut trial = trial();
        let posts: String =
            (0..12).map(|n| post(&format!("p{n}"), &format!("06:00:{n:02}"), "hm #inkwell26")).collect();
        answers(&mut trial, &posts);
        assert_eq!(trial.setting.event.hashtags, ["inkwell26"]);
    }
}
