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
    match File::open(path) {
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
