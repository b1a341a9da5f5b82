//! Who did what, and how it is taken back. [`Site::audit`] notes it at once and never waits: the line goes to the log of the process, and to the
//! database within two seconds, later while that is away.
//!
//! The pages are in `page`, what takes things back in `undo`. A line never holds words that somebody wrote in public: those may have to be
//! forgotten, and this log is not.

mod page;
mod undo;

pub(super) use page::{of_event, of_site, take_back};
pub(super) use undo::Undo;

use super::{
    Site,
    door::{Who, real_now},
};
use archive::people::{Account, AuditLine, Change, People, PersonId, Role};
use model::EventId;
use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

/// Lines that wait for the database; more are in the log of the process alone.
const WAITING_MAX: usize = 5_000;
/// Lines that are written at once.
const WRITTEN_AT_ONCE_MAX: usize = 200;
/// Longest object and sentence, in characters.
const OBJECT_CHARS_MAX: usize = 120;
const SENTENCE_CHARS_MAX: usize = 400;

/// What somebody did.
#[derive(Clone, Debug)]
pub(super) struct What {
    /// A short word: `hide`, `grant`, `apply`.
    pub(super) verb: &'static str,
    /// The id or name of what it was done to.
    pub(super) object: String,
    /// One sentence with its full stop, without words that somebody wrote in public.
    pub(super) sentence: String,
}

impl What {
    /// See the fields.
    pub(super) fn new(verb: &'static str, object: &str, sentence: impl Into<String>) -> Self {
        Self { verb, object: object.to_owned(), sentence: sentence.into() }
    }
}

/// Lines on their way to the database.
#[derive(Debug, Default)]
pub(super) struct Waiting(Mutex<VecDeque<AuditLine>>);

impl Site {
    /// Notes what somebody did, at an event or (none) at the installation as a whole, and the order that takes it back, where there is one.
    pub(super) fn audit(&self, who: &Who, event: Option<EventId>, what: What, undo: Option<Undo>) {
        self.note(who.person.clone(), who.actor.to_string(), event, what, undo);
    }

    /// The same of somebody who is not inside yet.
    pub(super) fn audit_of(&self, account: &Account, event: Option<EventId>, what: What) {
        let role = account.grants.iter().map(|grant| grant.role).max().unwrap_or(Role::Steward);
        self.note(Some(account.id.clone()), format!("{role}:{}", account.login), event, what, None);
    }

    /// The same of what was done by itself: `nozzle:retain_until`.
    pub(super) fn audit_by(&self, who: &str, event: Option<EventId>, what: What) {
        self.note(None, who.to_owned(), event, what, None);
    }

    fn note(
        &self,
        person: Option<PersonId>,
        who: String,
        event: Option<EventId>,
        what: What,
        undo: Option<Undo>,
    ) {
        let line = AuditLine {
            at: real_now(),
            event,
            person,
            who: clean(&who, OBJECT_CHARS_MAX),
            verb: what.verb.to_owned(),
            object: clean(&what.object, OBJECT_CHARS_MAX),
            sentence: clean(&what.sentence, SENTENCE_CHARS_MAX),
            undo: undo.and_then(|undo| undo.written()),
        };
        let (eid, AuditLine { who, verb, object, .. }) = (event.map(|event| event.to_string()), &line);
        tracing::info!(event.id = eid.as_deref(), %who, %verb, %object, "somebody changed something");
        self.audit.push(line);
        self.door.memory.wake.notify_one();
    }
}

impl Waiting {
    fn push(&self, line: AuditLine) {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() >= WAITING_MAX {
            waiting.pop_front();
            metrics::counter!(crate::site::metrics::AUDIT_DROPPED).increment(1);
            tracing::error!(
                "the audit log waits for its database and is full: its oldest line is in this log alone"
            );
        }
        waiting.push_back(line);
    }

    /// Writes what waits. What cannot be written now waits on.
    pub(super) async fn write(&self, people: &dyn People) -> Result<(), archive::Error> {
        loop {
            let lines: Vec<AuditLine> = {
                let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
                let count = waiting.len().min(WRITTEN_AT_ONCE_MAX);
                waiting.drain(..count).collect()
            };
            if lines.is_empty() {
                return Ok(());
            }
            if let Err(error) = people.change(Change::Audit(lines.clone())).await {
                let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
                for line in lines.into_iter().rev() {
                    waiting.push_front(line);
                }
                return Err(error);
            }
        }
    }
}

/// One line of plain characters.
fn clean(text: &str, chars_max: usize) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(chars_max).collect()
}
