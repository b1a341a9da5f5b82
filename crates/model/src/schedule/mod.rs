//! Schedules: what a file says ([`parse`]), and how a new version meets the talks we know ([`merge()`]).

mod alike;
mod collect;
mod csv;
mod day;
mod diff;
mod earlier;
mod frab_json;
mod frab_xml;
mod given;
mod handles;
mod ics;
mod identity;
mod json;
mod merge;
mod moment;
mod overlap;
mod pretalx;
mod repeats;
mod text;
mod unread;
pub mod write;
mod xcal;
mod xml;

pub use csv::rows::{Row, table};
pub use diff::{CHANGES_MAX, Change, Speakers, What, changes, summary};
pub use earlier::earlier;
pub use given::{Given, Handed, give};
pub use handles::{Handles, handles};
pub use merge::{Merged, merge, merge_version};

use crate::Micros;
use crate::talk::Speaker;

/// A file above this size is refused.
pub const FILE_BYTES_MAX: usize = 32 << 20;
const TALKS_MAX: usize = 20_000;

/// What a schedule file says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScheduleFile {
    /// The version's name; empty when the file has none.
    pub version: String,
    /// The conference's title, where given.
    pub title: Option<String>,
    /// Its talks, in file order.
    pub talks: Vec<FoundTalk>,
    /// What was passed over, each a sentence with the place in the file.
    pub passed_over: Vec<String>,
    /// What was taken although it looks like a slip, each a sentence that names every talk concerned.
    pub remarks: Vec<String>,
    /// What nobody can have meant: those of the sentences above that are about `unread` talks, about a start that no clock
    /// shows, or that this is only a part of the programme. A person is asked before such a file is imported.
    pub slips: Vec<String>,
    /// Talks that the file has and that cannot be placed in time, without their times. They were passed over, but they are
    /// not gone.
    pub unread: Vec<FoundTalk>,
}

/// A talk as a file has it, before it is recognised.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FoundTalk {
    /// The file's guid.
    pub guid: Option<String>,
    /// The file's code.
    pub code: Option<String>,
    /// The file's id.
    pub native: Option<String>,
    /// Title.
    pub title: String,
    /// Second line.
    pub subtitle: Option<String>,
    /// What it is about.
    pub summary: Option<String>,
    /// Who speaks.
    pub speakers: Vec<Speaker>,
    /// Name of the room.
    pub room: String,
    /// Track.
    pub track: Option<String>,
    /// Language.
    pub lang: Option<String>,
    /// Its page.
    pub url: Option<String>,
    /// Start.
    pub start: Micros,
    /// End.
    pub end: Micros,
    /// The day it belongs to.
    pub day: String,
}

/// Why a file is no schedule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadSchedule {
    /// No file of a kind that we read.
    #[error("this is no schedule we can read: {0}")]
    Unknown(String),
    /// Broken, with the place.
    #[error("the schedule is broken: {0}")]
    Broken(String),
    /// Too large.
    #[error("the schedule is larger than {} MiB or has more than {TALKS_MAX} talks", FILE_BYTES_MAX >> 20)]
    TooLarge,
}

/// What may be put into [`parse`].
const KINDS: &str =
    "frab or pretalx schedule.json or schedule.xml, pretalx's API as JSON, iCalendar, xCal and CSV are read";

/// Reads a schedule file. What it is, its content says, never its name: frab/pretalx `schedule.json` and `schedule.xml`,
/// c3voc's hub, Pentabarf, pretalx's API, iCalendar, xCal, or a spreadsheet as CSV.
///
/// `zone` is the venue's, for files that give local times only.
///
/// # Errors
/// [`BadSchedule`]; single events that cannot be read are passed over and named instead.
pub fn parse(bytes: &[u8], zone: &jiff::tz::TimeZone) -> Result<ScheduleFile, BadSchedule> {
    if bytes.len() > FILE_BYTES_MAX {
        return Err(BadSchedule::TooLarge);
    }
    let mut file = told_apart(bytes, zone).map_err(BadSchedule::short)?;
    day::assign(&mut file.talks, zone);
    file.remarks.extend(overlap::remarks(&file.talks, zone));
    Ok(file)
}

fn told_apart(bytes: &[u8], zone: &jiff::tz::TimeZone) -> Result<ScheduleFile, BadSchedule> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if ics::is_calendar(bytes) {
        return ics::parse(bytes, zone);
    }
    let text::Text { text, remark } = text::decoded(bytes)?;
    let text = text.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']);
    let mut file = match text.chars().next() {
        Some('{' | '[') => json::parse(text, zone)?,
        Some('<') => xml::parse(text, zone)?,
        Some(_) if ics::is_calendar(text.as_bytes()) => ics::parse(text.as_bytes(), zone)?,
        Some(_) => csv::parse(text, zone)?,
        None => return Err(BadSchedule::Unknown("the file is empty".into())),
    };
    file.remarks.extend(remark);
    Ok(file)
}

impl BadSchedule {
    /// The same, with what it quotes of the file held to a bound.
    fn short(self) -> Self {
        match self {
            Self::Unknown(why) => Self::Unknown(collect::short(why)),
            Self::Broken(why) => Self::Broken(collect::short(why)),
            Self::TooLarge => Self::TooLarge,
        }
    }
}

#[cfg(test)]
mod fuzz;
