//! From an operator's press to the nozzle, and what came of it in words. Both the form and the API come here.

use super::super::{
    Site,
    audit::{Undo, What},
    door::Who,
    follow::EventLive,
    post_box::follows,
};
use http::StatusCode;
use model::event::WallSettings;
use nozzle::intake::{Ask, KEY_BYTES_MAX, Order, Outcome, Refusal, SetWall};
use sha2::{Digest, Sha256};

/// Longest key of a caller, in bytes.
pub(super) const CALLER_KEY_BYTES_MAX: usize = KEY_BYTES_MAX / 2;

/// Hands an order over and waits until the page has it. Asking again under the same key changes nothing.
pub(super) async fn carry_out(
    site: &Site,
    event: &EventLive,
    who: &Who,
    key: String,
    ask: SetWall,
) -> Result<Outcome, Refusal> {
    let before = event.fold().fold().event.as_ref().map(|event| event.wall.clone()).unwrap_or_default();
    let order = Order { ask: Ask::Wall(ask.clone()), key, actor: who.actor.clone(), is_dry_run: false };
    let outcome = site.intake.ask(event.eid, order).await?;
    if !outcome.is_old {
        note(site, event, who, &ask, &before);
    }
    follows(event, outcome.seq).await;
    Ok(outcome)
}

/// What was said of the walls, for the audit log.
fn note(site: &Site, event: &EventLive, who: &Who, ask: &SetWall, before: &WallSettings) {
    let sentence = match (ask.blank, &ask.room) {
        (Some(true), None) => "Blanked all walls.",
        (Some(false), None) => "Showed all walls again.",
        (Some(true), Some(_)) => "Blanked the walls of a room.",
        (Some(false), Some(_)) => "Showed the walls of a room again.",
        (None, _) => "Changed what walls show.",
    };
    let back = SetWall {
        room: ask.room.clone(),
        blank: ask.blank.map(|blank| !blank),
        during_talks: ask.during_talks.map(|_| before.during_talks),
        delay_s: ask.delay_s.map(|_| before.delay_s),
    };
    let object = ask.room.as_deref().unwrap_or("all");
    site.audit(who, Some(event.eid), What::new("wall", object, sentence), Undo::order("wall", &back));
}

/// The key of a printed form: another button of the same page is another order.
pub(super) fn form_key(key: &str, press: &str, fields: &str) -> String {
    let mut hash = Sha256::new();
    for part in [key, press, fields] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    let digest: String = hash.finalize()[..16].iter().map(|byte| format!("{byte:02x}")).collect();
    format!("wall-form-{digest}")
}

/// Status and name of a refusal, and the sentence for the one who pressed.
pub(super) fn told(refusal: &Refusal) -> (StatusCode, &'static str, String) {
    let nothing = "The walls are as they were.";
    match refusal {
        Refusal::Bad(why) => (StatusCode::BAD_REQUEST, "bad_request", format!("{why} {nothing}")),
        Refusal::Unknown(why) => (StatusCode::NOT_FOUND, "not_found", format!("{why} {nothing}")),
        Refusal::Conflict { why, .. } => (StatusCode::CONFLICT, "conflict", format!("{why} {nothing}")),
        Refusal::Forbidden(why) => (StatusCode::FORBIDDEN, "forbidden", format!("{why} {nothing}")),
        Refusal::Reused(why) => (StatusCode::UNPROCESSABLE_ENTITY, "key_reused", format!("{why} {nothing}")),
        Refusal::Slow { why, .. } => (StatusCode::TOO_MANY_REQUESTS, "slow", format!("{why} {nothing}")),
        Refusal::Later { why, .. } => {
            tracing::warn!(%why, "the walls cannot be told anything just now");
            let why = "The part that keeps the log does not answer, so the walls have not been told. Press again; if it is urgent, cover the projector.";
            (StatusCode::SERVICE_UNAVAILABLE, "later", why.to_owned())
        }
        Refusal::Failed(why) => {
            tracing::error!(%why, "what was said of the walls could not be stored");
            let why = "This could not be stored, so the walls have not been told. If it is urgent, cover the projector. The fault is ours, and it is in our log.";
            (StatusCode::INTERNAL_SERVER_ERROR, "failed", why.to_owned())
        }
    }
}
