//! From a form to the nozzle: the event's file is read, changed and applied under the condition that nobody was quicker; whoever was makes
//! it read again, so that two people who change different things do not undo each other.

use super::super::{
    Site,
    audit::{Undo, What},
    door::Who,
    failure::Failure,
    follow::EventLive,
    post_box::follows,
};
use http::StatusCode;
use model::event::EventFile;
use nozzle::intake::{Ask, EditEvent, EventText, Order, Refusal, revision};
use nozzle::sources;

/// How often a file that somebody else has changed is read again before we give up.
const TRIES_MAX: usize = 4;

/// The file of an event as it is in force.
#[derive(Clone, Debug)]
pub(super) struct Present {
    pub(super) file: EventFile,
    text: EventText,
}

/// What came of a change.
#[derive(Debug)]
pub(super) enum Done {
    /// It is so now.
    Yes,
    /// It was so already.
    Same,
    /// The nozzle did not take it.
    Refused(Refusal),
}

/// Reads the file of an event.
pub(super) async fn read(site: &Site, event: &EventLive) -> Result<Present, Failure> {
    match present(site, event).await {
        Ok(present) => Ok(present),
        Err(Refusal::Unknown(_)) => Err(Failure::NotFound),
        Err(Refusal::Later { why, .. } | Refusal::Slow { why, .. }) => {
            tracing::warn!(%why, "an event's settings cannot be read just now");
            Err(Failure::Starting)
        }
        Err(refusal) => Err(Failure::ours(&refusal)),
    }
}

async fn present(site: &Site, event: &EventLive) -> Result<Present, Refusal> {
    let text = site.intake.settings(event.eid).await?;
    let file = EventFile::parse(&text.text)
        .map_err(|bad| Refusal::Failed(format!("the event's settings cannot be read: {bad}")))?;
    Ok(Present { file, text })
}

/// Changes the file and applies it. `change` says of the file that is in force what is to be so; it is asked again when somebody was quicker.
pub(super) async fn change<E>(
    site: &Site,
    event: &EventLive,
    (who, key): (&Who, &str),
    change: impl Fn(&mut EventFile) -> Result<What, E>,
) -> Result<Done, E> {
    let mut tries = 0;
    loop {
        tries += 1;
        let present = match present(site, event).await {
            Ok(present) => present,
            Err(refusal) => return Ok(Done::Refused(refusal)),
        };
        let mut file = present.file.clone();
        let what = change(&mut file)?;
        if file == present.file {
            return Ok(Done::Same);
        }
        let text = file.write_over(&present.text.text);
        let undo = EditEvent { text: present.text.text, revision: revision(&text) };
        let edit = EditEvent { text, revision: present.text.revision };
        let order = Order {
            ask: Ask::Edit(edit),
            key: format!("{key}-{tries}"),
            actor: who.actor.clone(),
            is_dry_run: false,
        };
        match site.intake.ask(event.eid, order).await {
            Ok(outcome) => {
                follows(event, outcome.seq).await;
                site.audit(who, Some(event.eid), what, Undo::order("edit", &undo));
                return Ok(Done::Yes);
            }
            Err(Refusal::Conflict { state, .. }) if state != "taken" && tries < TRIES_MAX => {}
            Err(refusal) => return Ok(Done::Refused(refusal)),
        }
    }
}

/// What is wrong with a whole file, as applying it would say. Whether variables are set is not asked here: the nozzle's are its own.
pub(super) fn check(file: &EventFile) -> Result<(), model::event::BadEvent> {
    sources::read(&file.write(), &|_| None).map(drop)
}

/// Status and sentence of a refusal.
pub(super) fn told(refusal: &Refusal) -> (StatusCode, String) {
    let nothing = "Nothing was changed.";
    match refusal {
        Refusal::Bad(why) => (StatusCode::BAD_REQUEST, format!("{why} {nothing}")),
        Refusal::Reused(why) => (StatusCode::UNPROCESSABLE_ENTITY, format!("{why} {nothing}")),
        Refusal::Unknown(why) => (StatusCode::NOT_FOUND, format!("{why} {nothing}")),
        Refusal::Conflict { why, .. } => (StatusCode::CONFLICT, format!("{why} {nothing}")),
        Refusal::Forbidden(why) => (StatusCode::FORBIDDEN, format!("{why} {nothing}")),
        Refusal::Slow { why, .. } => (StatusCode::TOO_MANY_REQUESTS, format!("{why} {nothing}")),
        Refusal::Later { why, .. } => {
            tracing::warn!(%why, "settings cannot be changed just now");
            let why = "The part that keeps the log does not answer just now. Send it again in a moment: doing it twice does no harm.";
            (StatusCode::SERVICE_UNAVAILABLE, why.to_owned())
        }
        Refusal::Failed(why) => {
            tracing::error!(%why, "settings could not be changed");
            let why = "This could not be stored. The fault is ours, and it is in our log.";
            (StatusCode::INTERNAL_SERVER_ERROR, why.to_owned())
        }
    }
}
