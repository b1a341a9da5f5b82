//! What becomes of an event as a whole enters the log as the event's settings, whole, like what is said of its walls: every page hears
//! of it in one order with the posts. Deleting is the host's: it leaves no log to write to.

use model::event::{EventFile, Life, bad_slug, day_over, with_slug};
use model::{EventEntry, Kind, Micros};

use super::orders::Said;
use super::standing::SETTINGS_NOTE;
use super::work::Work;
use crate::intake::{Ask, Outcome, Refusal, SetLife};

/// State of an order that found everything as it wants it.
const UNCHANGED: &str = "unchanged";

impl Work<'_> {
    pub(super) async fn life(&mut self, ask: &SetLife) -> Result<Said, live::Error> {
        let Some(mut event) = self.standing.fold.event.clone() else {
            return Ok(Err(Refusal::Unknown("This event has no settings yet.".to_owned())));
        };
        match ask {
            SetLife::End { at } => {
                let at = at.unwrap_or(self.now);
                if event.life.is_over() {
                    let why = "This event is over already. Reopen it first to give it another end.";
                    return Ok(match at <= self.now {
                        true => Ok(Outcome::unchanged(None, Some(UNCHANGED))),
                        false => Err(Refusal::Conflict { why: why.to_owned(), state: "over".to_owned() }),
                    });
                }
                (event.life.ends, event.life.ended) =
                    if at > self.now { (Some(at), None) } else { (None, Some(at)) };
            }
            SetLife::Reopen {} => event.life = Life { former: event.life.former, ..Life::default() },
            SetLife::Archive {} => {
                event.life.ends = None;
                event.life.ended.get_or_insert(self.now);
                event.life.archived.get_or_insert(self.now);
            }
            SetLife::Rename { slug } => {
                if let Some(bad) = bad_slug(slug) {
                    return Ok(Err(Refusal::bad(format!("slug: {bad}"))));
                }
                event.life.moved(&event.slug, slug);
                if let Err(refusal) = self.rename_file(slug).await? {
                    return Ok(Err(refusal));
                }
                event.slug.clone_from(slug);
            }
            SetLife::Delete { .. } => {
                return Ok(Err(Refusal::bad(
                    "An event is deleted by the nozzle that holds it, not by its log.",
                )));
            }
        }
        if Some(&event) == self.standing.fold.event.as_ref() {
            return Ok(Ok(Outcome::unchanged(None, Some(UNCHANGED))));
        }
        let slug = event.slug.clone();
        let seq = self.append(Kind::Event { event: Box::new(event) })?;
        Ok(Ok(Outcome::committed(seq, Some(slug))))
    }

    /// The event.toml that is kept has to say the new slug too, or the next page that changes a setting takes the old one back.
    async fn rename_file(&mut self, slug: &str) -> Result<Result<(), Refusal>, live::Error> {
        let Some(text) = self.txn.note(SETTINGS_NOTE).await? else { return Ok(Ok(())) };
        let Some(text) = with_slug(&text, slug) else {
            let why = "The event.toml that was applied last cannot be read any more; apply one that can be, with the new slug.";
            return Ok(Err(Refusal::Conflict { why: why.to_owned(), state: "unreadable".to_owned() }));
        };
        self.txn.set_note(SETTINGS_NOTE, &text).await?;
        self.effects.settings = EventFile::parse(&text).ok();
        Ok(Ok(()))
    }

    /// What became of the event stays so whatever file is applied; a file with another slug renames it.
    pub(super) fn life_of(&self, file: &EventFile) -> Life {
        let Some(event) = &self.standing.fold.event else { return Life::default() };
        let mut life = event.life.clone();
        if event.slug != file.slug {
            life.moved(&event.slug, &file.slug);
        }
        life
    }

    /// Refuses a day until which an event is kept that is over already: it would be deleted soon after. One that was said before is no
    /// news.
    pub(super) fn can_be_kept_until(&self, entry: &EventEntry) -> Result<(), Refusal> {
        let before = self.standing.fold.event.as_ref().and_then(|event| event.retain_until.as_ref());
        let Some(day) = entry.retain_until.as_ref().filter(|day| before != Some(day)) else { return Ok(()) };
        match day_over(day, &entry.timezone) {
            Some(over) if over <= self.now => Err(Refusal::bad(format!(
                "retain_until: {day} is over already, and the event would be deleted; name a day ahead, or delete it with \
                 `perihelion event delete`"
            ))),
            _ => Ok(()),
        }
    }

    /// Whether an order may still be taken: when it is over, nobody writes; when it is archived, words are only taken away.
    pub(super) fn may_still(&self, ask: &Ask) -> Result<(), Refusal> {
        let Some(event) = &self.standing.fold.event else { return Ok(()) };
        if event.life.is_archived() && !ask.takes_away() {
            let why =
                "This event is archived and can only be read. Reopen it first (`perihelion event reopen`).";
            return Err(Refusal::Conflict { why: why.to_owned(), state: "archived".to_owned() });
        }
        if matches!(ask, Ask::Say(_)) && !is_open(&event.life, self.now) {
            let why = "This event is over; nothing more is posted here.";
            return Err(Refusal::Conflict { why: why.to_owned(), state: "over".to_owned() });
        }
        Ok(())
    }
}

/// Whether sources and schedule are still looked at: not once the event is over, nor from the moment on at which it is to end.
pub(crate) fn is_open(life: &Life, now: Micros) -> bool {
    !life.is_over() && life.ends.is_none_or(|ends| ends > now)
}
