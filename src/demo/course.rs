//! What really happens at the conference, beside what its programme says: which talks overrun, swap, move, are called off; who
//! presses what on the stage, and the version of the programme that the organisers publish on the second day. All of it is
//! written in `content/steward.txt` and `content/version-1.3.txt`, which are compiled in.

use anyhow::{Context, Result};
use jiff::tz::TimeZone;
use model::Micros;
use model::schedule::FoundTalk;
use serde_json::Value;

use super::times;

const PRESSES: &str = include_str!("content/steward.txt");
const VERSION: &str = include_str!("content/version-1.3.txt");
/// The later version's name.
const VERSION_NAME: &str = "1.3";

/// One press on the stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Press {
    /// When it is pressed, in microseconds UTC.
    pub(crate) at: i64,
    /// The room's name.
    pub(crate) room: &'static str,
    /// The talk's code; none is a break.
    pub(crate) talk: Option<&'static str>,
    /// Since when it is so.
    pub(crate) since: i64,
    /// Who presses.
    pub(crate) who: &'static str,
    /// What the demo says of it; empty where it is not worth a line.
    pub(crate) tell: &'static str,
}

/// All presses, in the order of the file. `first` is a moment of the first day.
pub(crate) fn presses(first: i64, zone: &TimeZone) -> Vec<Press> {
    written(PRESSES).filter_map(|line| press(line, first, zone)).collect()
}

fn written(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
}

fn press(line: &'static str, first: i64, zone: &TimeZone) -> Option<Press> {
    let mut words = line.splitn(3, ' ');
    let (day, clock) = (words.next()?, words.next()?);
    let fields: Vec<&'static str> = words.next()?.split('|').collect();
    let [room, talk, since, who, tell] = fields[..] else { return None };
    Some(Press {
        at: moment(day, clock, first, zone)?,
        room,
        talk: (talk != "-").then_some(talk),
        since: moment(day, since, first, zone)?,
        who,
        tell,
    })
}

/// `2`, `10:46`.
fn moment(day: &str, clock: &str, first: i64, zone: &TimeZone) -> Option<i64> {
    let day = day.parse::<i64>().ok()?.checked_sub(1)?;
    let (hours, minutes) = clock.split_once(':')?;
    let minutes = hours.parse::<i64>().ok()? * 60 + minutes.parse::<i64>().ok()?;
    Some(times::midnight(first, zone) + day * times::DAY + minutes * times::MINUTE)
}

/// The later version of the programme: where talks go, and when it is published.
#[derive(Clone, Debug)]
pub(crate) struct Revision {
    /// When it is published, in microseconds UTC.
    pub(crate) at: i64,
    /// Codes with the names of their new rooms; none is called off.
    moves: Vec<(&'static str, Option<&'static str>)>,
}

impl Revision {
    /// The one that is written.
    ///
    /// # Errors
    /// Never with the file that is compiled in, which a test reads.
    pub(crate) fn read(first: i64, zone: &TimeZone) -> Result<Self> {
        let mut lines = written(VERSION);
        let head = lines.next().and_then(|line| line.strip_prefix("at ")?.split_once(' '));
        let at = head.and_then(|(day, clock)| moment(day, clock, first, zone));
        let known = |room: &'static str| (room != "-").then_some(room);
        let moves = lines.filter_map(|line| line.split_once('|')).map(|(code, room)| (code, known(room)));
        Ok(Self { at: at.context("when the later version is published")?, moves: moves.collect() })
    }

    /// Codes of the talks that move, with the names of their new rooms; none is called off.
    pub(crate) fn moves(&self) -> impl Iterator<Item = (&'static str, Option<&'static str>)> {
        self.moves.iter().copied()
    }

    /// The schedule's text with these changes, under a name of its own.
    ///
    /// # Errors
    /// Never with the files that are compiled in.
    pub(crate) fn applied(&self, schedule: &str) -> Result<String> {
        let mut whole: Value = serde_json::from_str(schedule)?;
        whole["schedule"]["version"] = VERSION_NAME.into();
        let days = whole["schedule"]["conference"]["days"].as_array_mut().context("days")?;
        for rooms in days.iter_mut().filter_map(|day| day["rooms"].as_object_mut()) {
            let mut moved: Vec<(&str, Value)> = Vec::new();
            for talks in rooms.values_mut().filter_map(Value::as_array_mut) {
                let mut kept = Vec::with_capacity(talks.len());
                for mut talk in talks.drain(..) {
                    match self.moves.iter().find(|(code, _)| talk["code"] == **code) {
                        None => kept.push(talk),
                        Some((_, None)) => {}
                        Some((_, Some(room))) => {
                            talk["room"] = (*room).into();
                            moved.push((room, talk));
                        }
                    }
                }
                *talks = kept;
            }
            for (room, talk) in moved {
                rooms.get_mut(room).and_then(Value::as_array_mut).context("a room")?.push(talk);
            }
        }
        Ok(serde_json::to_string_pretty(&whole)?)
    }
}

/// The talks as they are really held: when stewards say, in the rooms of the later version, without those called off.
pub(crate) fn really(talks: &[FoundTalk], presses: &[Press], revision: &Revision) -> Vec<FoundTalk> {
    let mut held: Vec<FoundTalk> = Vec::new();
    for talk in talks {
        let mut talk = talk.clone();
        let code = talk.code.as_deref();
        match revision.moves.iter().find(|(moved, _)| Some(*moved) == code) {
            Some((_, None)) => continue,
            Some((_, Some(room))) => talk.room = (*room).to_owned(),
            None => {}
        }
        if let Some((room, from, to)) = pressed(presses, code) {
            let length = talk.end.since(talk.start);
            talk.room = room.to_owned();
            (talk.start, talk.end) = (Micros(from), to.map_or(Micros(from + length), Micros));
        }
        held.push(talk);
    }
    held
}

/// Where and from when to when a talk is on as pressed.
fn pressed(presses: &[Press], code: Option<&str>) -> Option<(&'static str, i64, Option<i64>)> {
    let first =
        presses.iter().filter(|press| press.talk.is_some() && press.talk == code).min_by_key(|p| p.since)?;
    let ends = |press: &&Press| press.room == first.room && press.since > first.since && press.talk != code;
    Some((first.room, first.since, presses.iter().filter(ends).map(|press| press.since).min()))
}
