//! What is really on: the schedule's clock, corrected by what stewards say. A pure function of talks and presses.
//!
//! A press says "room R is on talk T, or on a break, since S". Presses are ordered by S, never by when they arrived; the
//! later said of two for the same room and moment stands, and one that was undone counts as never said (what it had
//! replaced stands again). A talk that was pressed is on where and when the presses say, and nowhere else. Then, room by room:
//! - A talk on stage is due to end when it has had its full length since it was pressed, breaks not counted. Pressing it again
//!   before that changes nothing; pressing it again afterwards says that it is still on, for [`STILL`] more.
//! - A press holds until the next press in its room, until its talk is pressed in another room, or until the clock takes over:
//!   at the start of the room's next talk that no press speaks of, never before the talk on stage is due (a late start
//!   moves what follows it, until a gap takes it up). Nothing is held longer than [`OVERRUN_MAX`] after it was due.
//! - A break ends what was on, and holds until the next press or the next talk that starts after it by the clock; the last
//!   one ends with the event.
//! - A press passes over the talks that were to start before it, but for those that the schedule has behind the talk that
//!   was pressed: they come after it. Breaks in between change nothing of that.
//! - A press of a talk that is not (or no longer) in the programme ends what was pressed before it; the clock goes on.
//! - Where nobody pressed anything, the clock drives; two talks that a schedule puts into one room at one time are both on.
//!
//! How presses become cues: `stage/said.rs`; how a room is walked: `stage/walk.rs`; how late it is: `stage/late.rs`.

mod late;
mod said;
mod walk;

#[cfg(test)]
mod tests;

pub use late::{Expected, Lateness};
pub use said::{Press, standing};

use crate::{Micros, StageEntry, Talk, TalkId};
use std::collections::BTreeMap;

/// How long a press holds at most after its talk was due to end, in microseconds.
pub const OVERRUN_MAX: i64 = 30 * Micros::MINUTE;
/// How much longer a talk is expected to take that was pressed again when it was due to have ended, in microseconds.
pub const STILL: i64 = 5 * Micros::MINUTE;

/// Who says that a talk is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SaidBy {
    /// The schedule, moved by what runs late before it.
    Clock,
    /// A steward.
    Steward,
}

/// A stretch of time in one room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// What is on; none is a break that a steward called.
    pub talk: Option<TalkId>,
    /// Its first moment.
    pub from: Micros,
    /// The moment after its last.
    pub to: Micros,
    /// When it should be over; after that and before `to` nobody has said that it is.
    pub due: Micros,
    /// Who says so.
    pub by: SaidBy,
}

impl Span {
    /// True from its first to before its last moment.
    #[must_use]
    pub fn holds(&self, at: Micros) -> bool {
        self.from <= at && at < self.to
    }
}

/// What was, is and will be on in each room.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Timeline {
    /// By room.
    lanes: Vec<Lane>,
    /// The talks that are in the programme, with their spans as (lane, span), by start.
    talks: BTreeMap<TalkId, Plan>,
}

/// One room.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Lane {
    room: String,
    /// By start.
    spans: Vec<Span>,
    /// For each span the last moment of it and of all before it, so that a search need not look at them all.
    ends: Vec<Micros>,
}

/// A talk as the schedule has it, and where it is really on.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Plan {
    room: String,
    start: Micros,
    end: Micros,
    /// By start.
    spans: Vec<(usize, usize)>,
    /// What is on instead was said out of the schedule's order: its distance from the schedule tells of no delay.
    out_of_turn: bool,
}

impl Timeline {
    /// From the talks of an event (dropped ones are never on) and what was said of each room, in the order it was said.
    #[must_use]
    pub fn new<'a>(
        talks: impl IntoIterator<Item = &'a Talk>,
        presses: &BTreeMap<String, Vec<StageEntry>>,
    ) -> Self {
        let talks: BTreeMap<&TalkId, &Talk> = talks
            .into_iter()
            .filter(|talk| !talk.dropped && talk.end > talk.start)
            .map(|talk| (&talk.id, talk))
            .collect();
        let said = said::Said::new(&talks, presses);
        let last = talks.values().map(|talk| talk.end).max();
        let horizon = last.unwrap_or_default().plus(OVERRUN_MAX);
        let mut slots: BTreeMap<&str, Vec<&Talk>> = BTreeMap::new();
        for room in said.rooms() {
            slots.insert(room, Vec::new());
        }
        for talk in talks.values() {
            let here = slots.entry(&talk.room).or_default();
            if !said.speaks_of(&talk.id) {
                here.push(talk);
            }
        }
        let mut lanes = Vec::with_capacity(slots.len());
        for (room, mut slots) in slots {
            slots.sort_by_key(|talk| (talk.start, &talk.id));
            let spans = walk::room(&slots, said.cues(room), horizon);
            if !spans.is_empty() {
                lanes.push(Lane::new(room, spans));
            }
        }
        let mut plans: BTreeMap<TalkId, Plan> = BTreeMap::new();
        for (id, talk) in &talks {
            let out_of_turn = said.is_out_of_turn(talk);
            let (room, start, end) = (talk.room.clone(), talk.start, talk.end);
            plans.insert((*id).clone(), Plan { room, start, end, spans: Vec::new(), out_of_turn });
        }
        for (l, lane) in lanes.iter().enumerate() {
            for (s, span) in lane.spans.iter().enumerate() {
                if let Some(plan) = span.talk.as_ref().and_then(|talk| plans.get_mut(talk)) {
                    plan.spans.push((l, s));
                }
            }
        }
        for plan in plans.values_mut() {
            plan.spans.sort_by_key(|&(l, s)| lanes[l].spans[s].from);
        }
        Self { lanes, talks: plans }
    }

    /// The spans of each room, by room and start. Two may overlap where a schedule puts two talks in one room.
    pub fn rooms(&self) -> impl Iterator<Item = (&str, &[Span])> {
        self.lanes.iter().map(|lane| (lane.room.as_str(), lane.spans.as_slice()))
    }

    /// What is on in a room: nothing, a talk, a break that was called, or (in a schedule with a slip) several talks.
    pub fn in_room(&self, room: &str, at: Micros) -> impl Iterator<Item = &Span> {
        self.lane(room).into_iter().flat_map(move |lane| lane.on(at))
    }

    /// What is on anywhere, by room: talks and the breaks that were called. Takes a search of each room, whatever its length.
    pub fn on_at(&self, at: Micros) -> impl Iterator<Item = (&str, &Span)> {
        self.lanes.iter().flat_map(move |lane| lane.on(at).map(|span| (lane.room.as_str(), span)))
    }

    /// Where and when a talk is on, by start.
    pub fn of_talk<'a>(&'a self, talk: &'a TalkId) -> impl Iterator<Item = (&'a str, &'a Span)> {
        let spans = self.talks.get(talk).map_or(&[][..], |plan| &plan.spans);
        spans.iter().map(|&(l, s)| (self.lanes[l].room.as_str(), &self.lanes[l].spans[s]))
    }

    /// The windows, in order and apart from one another, outside of which the two say the same of every room. What begins or
    /// ends elsewhere than it did differs from its first to its last moment, in the one and in the other.
    #[must_use]
    pub fn differs(&self, other: &Self) -> Vec<(Micros, Micros)> {
        let mut windows = Vec::new();
        for (one, two) in [(self, other), (other, self)] {
            for lane in &one.lanes {
                let there = two.lane(&lane.room).map_or(&[][..], |lane| lane.spans.as_slice());
                only_in(&lane.spans, there, &mut windows);
            }
        }
        windows.sort_unstable();
        windows.dedup_by(|next, last| {
            let is_one = next.0 <= last.1;
            if is_one {
                last.1 = last.1.max(next.1);
            }
            is_one
        });
        windows
    }

    fn lane(&self, room: &str) -> Option<&Lane> {
        let at = self.lanes.binary_search_by(|lane| lane.room.as_str().cmp(room)).ok()?;
        self.lanes.get(at)
    }
}

impl Lane {
    fn new(room: &str, spans: Vec<Span>) -> Self {
        let mut last = Micros(i64::MIN);
        let ends = spans.iter().map(|span| {
            last = last.max(span.to);
            last
        });
        Self { room: room.to_owned(), ends: ends.collect(), spans }
    }

    /// Those that hold, by start.
    fn on(&self, at: Micros) -> impl Iterator<Item = &Span> {
        let begun = self.spans.partition_point(|span| span.from <= at);
        let over = self.ends[..begun].partition_point(|end| *end <= at);
        self.spans[over..begun].iter().filter(move |span| span.holds(at))
    }
}

/// Adds the windows of what is among `these` but not among `those`; both are in order.
fn only_in(these: &[Span], those: &[Span], windows: &mut Vec<(Micros, Micros)>) {
    let key = |span: &Span| (span.from, span.to);
    for span in these {
        let from = those.partition_point(|other| key(other) < key(span));
        let same =
            those[from..].iter().take_while(|other| key(other) == key(span)).any(|other| other == span);
        if !same {
            windows.push((span.from, span.to));
        }
    }
}
