//! `?replay=1`: the conversation in step with the talk's recording. The page prints every post under its distance from the recording's first
//! frame, so it reads without a script; the script (`templates/static/js/replay.js`) plays it. `t=SECONDS` is where it begins,
//! `start=HH:MM:SS` when the first frame was, on the clocks of the venue.

use super::{Mine, cues::offset};
use crate::site::{
    Site,
    failure::Failure,
    follow::EventLive,
    view::{
        feed::{Block, Line},
        start::Start,
    },
};
use jiff::civil::Time;
use model::Micros;
use serde::Serialize;

const BAD_START: &str =
    "start is the venue's time when the recording's first frame was made, as in 14:02:30.";
const BAD_T: &str = "t is where to begin, in whole seconds of the recording.";
/// The longest recording, in seconds.
const RECORDING_SECONDS_MAX: u64 = 24 * 3600;

/// A talk's recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Recording {
    /// When its first frame was made.
    pub(super) first_frame: Micros,
}

impl Recording {
    /// `14:02:30` or `14:02` on the day on which the talk began; absent: it began with the talk.
    pub(super) fn parse(start: Option<&str>, mine: &Mine) -> Result<Self, Failure> {
        let Some(start) = start.filter(|start| !start.is_empty()) else {
            return Ok(Self { first_frame: mine.course.from });
        };
        let clock: Time = start.trim().parse().map_err(|_| Failure::Bad(BAD_START))?;
        let venue = mine.venue();
        let of_day = |at: Micros| {
            let zoned = venue.date(at).to_datetime(clock).to_zoned(venue.zone().clone());
            zoned.map(|zoned| Micros(zoned.timestamp().as_microsecond())).map_err(|_| Failure::Bad(BAD_START))
        };
        // A recording that began before midnight belongs to the talk that began after it.
        let days = [-1, 0, 1].map(|day| of_day(mine.course.from.plus(day * 24 * Micros::HOUR)));
        let mut all = days.into_iter().collect::<Result<Vec<_>, _>>()?;
        all.sort_by_key(|at| at.since(mine.course.from).abs());
        all.first().map(|at| Self { first_frame: *at }).ok_or(Failure::Bad(BAD_START))
    }
}

/// What the page of a replay shows beside its posts.
#[derive(Debug)]
pub(super) struct ReplayView {
    /// The first frame, `14:02:30`.
    pub(super) start: String,
    /// How long the talk took, in seconds from the first frame.
    pub(super) seconds: i64,
    pub(super) minutes: i64,
    /// Seconds at which it begins to play.
    pub(super) t: u64,
    pub(super) cues: String,
    pub(super) data: Data,
}

/// What the script starts from.
#[derive(Debug, Serialize)]
pub(super) struct Data {
    #[serde(flatten)]
    start: Start,
    first_frame: Micros,
    seconds: i64,
    t: u64,
}

/// Where a replay begins.
pub(super) fn parse_t(t: Option<&str>) -> Result<u64, Failure> {
    let Some(t) = t.filter(|t| !t.is_empty()) else { return Ok(0) };
    t.parse().ok().filter(|t| *t <= RECORDING_SECONDS_MAX).ok_or(Failure::Bad(BAD_T))
}

pub(super) fn view(
    site: &Site,
    event: &EventLive,
    mine: &Mine,
    recording: Recording,
    (t, start): (u64, Option<&str>),
    here: &str,
) -> ReplayView {
    let venue = mine.venue();
    let seconds = mine
        .course
        .to
        .since(recording.first_frame)
        .div_euclid(Micros::SECOND)
        .clamp(1, RECORDING_SECONDS_MAX as i64);
    let live_url = site.settings.live_url.as_ref();
    let slug = event.listed().slug;
    ReplayView {
        start: recording.first_frame.zoned(venue.zone()).strftime("%H:%M:%S").to_string(),
        seconds,
        minutes: (seconds + 59) / 60,
        t,
        cues: super::cues::address(here, start),
        data: Data {
            start: Start::new(&slug, mine.position.as_ref(), &venue, site.clock.pace(), live_url),
            first_frame: recording.first_frame,
            seconds,
            t,
        },
    }
}

/// Each post by itself, under its distance from the first frame.
pub(super) fn in_step(blocks: Vec<Block>, recording: Recording) -> Vec<Block> {
    let mut out = Vec::new();
    for block in blocks {
        match block {
            Block::Minute { lines, iso, .. } => out.extend(lines.into_iter().map(|line| {
                let at = Micros(match &line {
                    Line::Item(item) => item.at,
                    Line::Gone(gone) => gone.at,
                    Line::Mark(mark) => mark.from,
                });
                let key = at.0.div_euclid(Micros::SECOND);
                Block::Minute {
                    key,
                    iso: iso.clone(),
                    hhmm: offset(at, recording.first_frame),
                    lines: vec![line],
                }
            })),
            other => out.push(other),
        }
    }
    out
}
