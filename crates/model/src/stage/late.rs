//! How late it is: in a room now, and of a talk. What changed places with another talk is not late.

use super::{OVERRUN_MAX, SaidBy, Span, Timeline};
use crate::{Micros, TalkId};

/// Below this nobody calls it late or early, in microseconds.
const LATE_MIN: i64 = 3 * Micros::MINUTE;
/// Beyond this a talk is at another time, not late, in microseconds.
const LATE_MAX: i64 = 3 * Micros::HOUR;
/// Beyond this a talk is at another time, not early, in microseconds.
const EARLY_MAX: i64 = 20 * Micros::MINUTE;

/// How far from its schedule something runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lateness {
    /// Whole minutes, rounded down, never below 3.
    pub minutes: i64,
    /// Before its time, rather than after it.
    pub is_early: bool,
}

impl Lateness {
    fn of(micros: i64) -> Option<Self> {
        let is_early = micros < 0;
        let most = if is_early { EARLY_MAX } else { LATE_MAX };
        let by = micros.checked_abs()?;
        let says = (LATE_MIN..=most).contains(&by);
        says.then_some(Self { minutes: by / Micros::MINUTE, is_early })
    }
}

/// Where and when a talk is really on, as far as anybody knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expected<'a> {
    /// Slug of the room where it ends.
    pub room: &'a str,
    /// When it began or will begin.
    pub from: Micros,
    /// When it ended or should end.
    pub to: Micros,
    /// How far its beginning is from the schedule.
    pub lateness: Option<Lateness>,
    /// A steward says so.
    pub by: SaidBy,
}

impl Timeline {
    /// Where and when a talk is on. None when the room was on something else in its time and nobody said when it comes.
    #[must_use]
    pub fn expected(&self, talk: &TalkId) -> Option<Expected<'_>> {
        let plan = self.talks.get(talk)?;
        let (&first, &last) = (plan.spans.first()?, plan.spans.last()?);
        let (_, first) = self.at(first);
        let (room, last) = self.at(last);
        let off = first.from.since(plan.start);
        let lateness = Lateness::of(off).filter(|_| !plan.out_of_turn);
        Some(Expected { room, from: first.from, to: last.due, lateness, by: first.by })
    }

    /// How late a room runs: by when the talk on stage should be over, else by when the next one begins.
    #[must_use]
    pub fn lateness(&self, room: &str, now: Micros) -> Option<Lateness> {
        match self.in_room(room, now).filter(|span| span.talk.is_some()).last() {
            Some(span) => self.late_by_end(span),
            None => self.late_by_start(self.next(room, now)?),
        }
    }

    /// How much later (or earlier) than planned a span of this timeline should be over.
    #[must_use]
    pub fn late_by_end(&self, span: &Span) -> Option<Lateness> {
        self.plan(span).and_then(|plan| Lateness::of(span.due.since(plan.end)))
    }

    /// How much later (or earlier) than planned a span of this timeline begins.
    #[must_use]
    pub fn late_by_start(&self, span: &Span) -> Option<Lateness> {
        self.plan(span).and_then(|plan| Lateness::of(span.from.since(plan.start)))
    }

    /// What was planned, where the distance from that tells of a delay.
    fn plan(&self, span: &Span) -> Option<&super::Plan> {
        let plan = span.talk.as_ref().and_then(|talk| self.talks.get(talk))?;
        Some(plan).filter(|plan| !plan.out_of_turn)
    }

    /// The talk that is on next in a room.
    #[must_use]
    pub fn next(&self, room: &str, now: Micros) -> Option<&Span> {
        let spans = &self.lane(room)?.spans;
        let after = spans.partition_point(|span| span.from <= now);
        spans[after..].iter().find(|span| span.talk.is_some())
    }

    /// The talk that should be over, where nobody has said what is on instead: perhaps it still is. What people write of it
    /// decides whether to ask.
    #[must_use]
    pub fn still_on(&self, room: &str, now: Micros) -> Option<&Span> {
        let spans = &self.lane(room)?.spans;
        let begun = spans.partition_point(|span| span.from <= now);
        let is_over = |span: &&Span| span.talk.is_some() && span.due <= now;
        let over = spans[..begun].iter().rposition(|span| is_over(&span))?;
        let said_since = spans[over + 1..begun].iter().any(|span| span.by == SaidBy::Steward);
        let span = &spans[over];
        (!said_since && now.since(span.due) < OVERRUN_MAX).then_some(span)
    }

    fn at(&self, (lane, span): (usize, usize)) -> (&str, &Span) {
        (self.lanes[lane].room.as_str(), &self.lanes[lane].spans[span])
    }
}
