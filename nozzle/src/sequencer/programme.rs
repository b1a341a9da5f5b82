//! Orders that change the event itself: its settings (the schedule is in `schedule`, the stage in `stage`). Each runs in a
//! transaction of its own and refiles in it what it touches.

use model::Kind;
use model::event::EventFile;
use model::filing::Programme;

use super::orders::Said;
use super::standing::SETTINGS_NOTE;
use super::work::Work;
use crate::intake::{EditEvent, Outcome, Refusal, revision};

impl Work<'_> {
    /// Refuses a room that neither the settings nor the schedule know.
    pub(super) fn has_room(&self, room: &str) -> Result<(), Refusal> {
        let fold = &self.standing.fold;
        let is_room = fold.event.iter().flat_map(|e| &e.rooms).any(|r| r.slug == room)
            || fold.talks.values().any(|t| t.room == room);
        if is_room { Ok(()) } else { Err(Refusal::Unknown(format!("There is no room {room:?}."))) }
    }

    /// Settings that were made of those that somebody has read: refused when these are no longer in force.
    pub(super) async fn edit(&mut self, edit: &EditEvent) -> Result<Said, live::Error> {
        let present = self.txn.note(SETTINGS_NOTE).await?.unwrap_or_default();
        if present != edit.text && revision(&present) != edit.revision {
            return Ok(Err(Refusal::Conflict {
                why: "Somebody has changed the settings since these were read.".to_owned(),
                state: revision(&present),
            }));
        }
        self.event(&edit.text).await
    }

    /// The host has checked the sources: it knows where they find their tokens.
    pub(super) async fn event(&mut self, text: &str) -> Result<Said, live::Error> {
        let file = match EventFile::parse(text) {
            Ok(file) => file,
            Err(bad) => return Ok(Err(Refusal::bad(bad.to_string()))),
        };
        let slug = Some(file.slug.clone());
        if self.txn.note(SETTINGS_NOTE).await?.as_deref() == Some(text) {
            return Ok(Ok(Outcome::unchanged(slug, None)));
        }
        let mut entry = file.entry();
        entry.wall = self.wall_of(&file);
        entry.life = self.life_of(&file);
        if let Err(refusal) = self.can_be_kept_until(&entry) {
            return Ok(Err(refusal));
        }
        self.txn.set_note(SETTINGS_NOTE, text).await?;
        self.effects.settings = Some(file);
        if self.standing.fold.event.as_ref() == Some(&entry) {
            // Only what the log does not carry has changed, an address of a source for example.
            return Ok(Ok(Outcome::unchanged(slug, Some("settings"))));
        }
        let seq = self.append(Kind::Event { event: Box::new(entry.clone()) })?;
        let talks = &self.standing.fold.talks;
        let stage = self.standing.stage.clone();
        let programme = Programme::new(talks.values().cloned(), Some(&entry));
        let (moves, notes) = self.programme_changed(programme, stage).await?;
        Ok(Ok(Outcome { moves, notes, ..Outcome::committed(seq, slug) }))
    }
}
