//! What operators say of the walls enters the log as the event's settings, whole: so every wall hears of it the way it hears of a post, in one
//! order with them, and the archive keeps it. An order says what is so of one thing, never what to change, so that two operators who
//! blank two rooms at once do not undo each other.

use model::Kind;
use model::event::{DELAY_SECONDS_MAX, EventFile, WallSettings};

use super::orders::Said;
use super::work::Work;
use crate::intake::{Outcome, Refusal, SetWall};

/// State of an order that found everything as it wants it.
const UNCHANGED: &str = "unchanged";

impl Work<'_> {
    pub(super) fn wall(&mut self, ask: &SetWall) -> Result<Said, live::Error> {
        if let Err(refusal) = self.can_be_shown(ask) {
            return Ok(Err(refusal));
        }
        let Some(event) = &self.standing.fold.event else {
            return Ok(Err(Refusal::Unknown("This event has no settings yet.".to_owned())));
        };
        let mut event = event.clone();
        obey(&mut event.wall, ask);
        if Some(&event) == self.standing.fold.event.as_ref() {
            return Ok(Ok(Outcome::unchanged(None, Some(UNCHANGED))));
        }
        let seq = self.append(Kind::Event { event: Box::new(event) })?;
        Ok(Ok(Outcome::committed(seq, None)))
    }

    fn can_be_shown(&self, ask: &SetWall) -> Result<(), Refusal> {
        if ask.blank.is_none() && ask.during_talks.is_none() && ask.delay_s.is_none() {
            return Err(Refusal::bad("Say one of blank, during_talks and delay_s."));
        }
        if ask.room.is_some() && ask.blank.is_none() {
            return Err(Refusal::bad("A room goes with blank; the rest is said of all walls of the event."));
        }
        if ask.delay_s.is_some_and(|seconds| seconds > DELAY_SECONDS_MAX) {
            return Err(Refusal::bad(format!("delay_s lies between 0 and {DELAY_SECONDS_MAX} seconds.")));
        }
        match &ask.room {
            // A room that has left the programme can still be shown again.
            Some(room) if ask.blank == Some(true) => self.has_room(room),
            _ => Ok(()),
        }
    }

    /// What the walls obey once this file is applied: what is live, but where the file says of walls something else than the one before
    /// it said. Who is blank stays blank: a file is no reason to show what somebody took off the walls.
    pub(super) fn wall_of(&self, file: &EventFile) -> WallSettings {
        let (before, said) = (self.standing.settings.as_ref().map(|before| before.wall), file.wall);
        let Some(live) = self.standing.fold.event.as_ref().map(|event| &event.wall) else {
            return said.settings();
        };
        let mut wall = live.clone();
        if before.is_none_or(|before| before.delay != said.delay) {
            wall.delay_s = said.delay;
        }
        if before.is_none_or(|before| before.during_talks != said.during_talks) {
            wall.during_talks = said.during_talks;
        }
        wall
    }
}

fn obey(wall: &mut WallSettings, ask: &SetWall) {
    match (ask.blank, &ask.room) {
        (Some(blank), None) => wall.blank.all = blank,
        (Some(true), Some(room)) => drop(wall.blank.rooms.insert(room.clone())),
        (Some(false), Some(room)) => drop(wall.blank.rooms.remove(room)),
        (None, _) => {}
    }
    wall.during_talks = ask.during_talks.unwrap_or(wall.during_talks);
    wall.delay_s = ask.delay_s.unwrap_or(wall.delay_s);
}
