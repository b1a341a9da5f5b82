//! From a steward's press to the nozzle, and what came of it in words. Both the form and the API come here.

use super::super::{
    Site,
    audit::{Undo, What},
    door::Who,
    follow::EventLive,
    post_box::follows,
};
use http::StatusCode;
use nozzle::intake::{Ask, FORM_KEY, KEY_BYTES_MAX, Order, Outcome, Refusal, SetStage};
use sha2::{Digest, Sha256};

/// Longest key of a caller, in bytes.
pub(super) const CALLER_KEY_BYTES_MAX: usize = KEY_BYTES_MAX / 2;

/// Hands a press over and waits until the page has it. Asking again under the same key changes nothing.
pub(super) async fn carry_out(
    site: &Site,
    event: &EventLive,
    who: &Who,
    (key, is_dry_run): (String, bool),
    ask: SetStage,
) -> Result<Outcome, Refusal> {
    let order = Order { ask: Ask::Stage(ask.clone()), key, actor: who.actor.clone(), is_dry_run };
    let outcome = site.intake.ask(event.eid, order).await?;
    if !is_dry_run {
        if !outcome.is_old {
            note(site, event, who, ask);
        }
        follows(event, outcome.seq).await;
    }
    Ok(outcome)
}

/// What was pressed, for the audit log. Without its moment nobody could say which press is to be taken back.
fn note(site: &Site, event: &EventLive, who: &Who, ask: SetStage) {
    let on = ask.talk.as_ref().map_or_else(|| "a break".to_owned(), |talk| format!("talk {talk}"));
    let sentence = match ask.undo {
        true => format!("Took back that {on} was on."),
        false => format!("Said that {on} is on."),
    };
    let back = SetStage { undo: !ask.undo, ..ask.clone() };
    let undo = ask.since.and_then(|_| Undo::order("stage", &back));
    site.audit(who, Some(event.eid), What::new("stage", &ask.room, sentence), undo);
}

/// The key of a printed form: the same page, pressed elsewhere, is another press.
pub(super) fn form_key(key: &str, ask: &SetStage, when: &str) -> String {
    let mut hash = Sha256::new();
    let talk = ask.talk.as_ref().map_or("", |talk| talk.as_str());
    for part in [key, &ask.room, talk, when, if ask.undo { "undo" } else { "" }] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    let digest: String = hash.finalize()[..16].iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{FORM_KEY}stage-{digest}")
}

/// Status and name of a refusal, and the sentence for the one who pressed.
pub(super) fn told(refusal: &Refusal) -> (StatusCode, &'static str, String) {
    let nothing = "Nothing was changed.";
    match refusal {
        Refusal::Bad(why) => (StatusCode::BAD_REQUEST, "bad_request", format!("{why} {nothing}")),
        Refusal::Unknown(why) => (StatusCode::NOT_FOUND, "not_found", format!("{why} {nothing}")),
        Refusal::Conflict { why, .. } => (StatusCode::CONFLICT, "conflict", format!("{why} {nothing}")),
        Refusal::Forbidden(why) => (StatusCode::FORBIDDEN, "forbidden", format!("{why} {nothing}")),
        Refusal::Reused(why) => (StatusCode::UNPROCESSABLE_ENTITY, "key_reused", format!("{why} {nothing}")),
        Refusal::Slow { why, .. } => (StatusCode::TOO_MANY_REQUESTS, "slow", format!("{why} {nothing}")),
        Refusal::Later { why, .. } => {
            tracing::warn!(%why, "the stage cannot be set just now");
            let why = "The part that keeps the log does not answer just now. Press again in a moment: pressing twice does no harm.";
            (StatusCode::SERVICE_UNAVAILABLE, "later", why.to_owned())
        }
        Refusal::Failed(why) => {
            tracing::error!(%why, "a press could not be stored");
            let why = "This could not be stored. The fault is ours, and it is in our log.";
            (StatusCode::INTERNAL_SERVER_ERROR, "failed", why.to_owned())
        }
    }
}
