//! What is really on: the schedule's clock, corrected by what stewards say. A pure function of talks and presses.
//!
//! A press says "room R is on talk T, or on a break, since S". Presses are ordered by S, never by when they arrived; the
//! later said of two for the same moment stands; one that was undone counts as never said. Then, room by room:
//! - A press holds until the next press in its room, or until the clock takes over: at the start of the room's next talk
//!   that no press speaks of, never before the talk on stage has had its full length (a late start moves what follows,
//!   until a gap takes it up), and not before that moment if the next press names that very talk.
//! - A talk that was pressed is on where and when the presses say, and nowhere else.
//! - Where nobody pressed anything, the clock drives.

use crate::{Micros, StageEntry, Talk, TalkId};
use std::collections::BTreeMap;

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
    rooms: BTreeMap<String, Vec<Span>>,
}

impl Timeline {
    /// From the talks of an event (dropped ones are never on) and what was said of each room, in the order it was said.
    #[must_use]
    pub fn new<'a>(
        talks: impl IntoIterator<Item = &'a Talk>,
        _presses: &BTreeMap<String, Vec<StageEntry>>,
    ) -> Self {
        let mut rooms: BTreeMap<String, Vec<Span>> = BTreeMap::new();
        for talk in talks.into_iter().filter(|talk| !talk.dropped && talk.end > talk.start) {
            let span =
                Span { talk: Some(talk.id.clone()), from: talk.start, to: talk.end, by: SaidBy::Clock };
            rooms.entry(talk.room.clone()).or_default().push(span);
        }
        for spans in rooms.values_mut() {
            spans.sort_by(|a, b| (a.from, &a.talk).cmp(&(b.from, &b.talk)));
        }
        Self { rooms }
    }

    /// The spans of each room, by room and start. Two may overlap where a schedule puts two talks in one room.
    pub fn rooms(&self) -> impl Iterator<Item = (&str, &[Span])> {
        self.rooms.iter().map(|(room, spans)| (room.as_str(), spans.as_slice()))
    }

    /// What is on in a room: nothing, a talk, a break that was called, or (in a schedule with a slip) several talks.
    pub fn in_room(&self, room: &str, at: Micros) -> impl Iterator<Item = &Span> {
        self.rooms.get(room).into_iter().flatten().filter(move |span| span.holds(at))
    }

    /// Where and when a talk is on.
    pub fn of_talk<'a>(&'a self, talk: &'a TalkId) -> impl Iterator<Item = (&'a str, &'a Span)> {
        self.rooms()
            .flat_map(|(room, spans)| spans.iter().map(move |span| (room, span)))
            .filter(move |(_, span)| span.talk.as_ref() == Some(talk))
    }
}
