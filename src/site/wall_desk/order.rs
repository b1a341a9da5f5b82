//! From an operator's press to the nozzle, and what came of it in words. Both the form and the API come here.

use super::super::{Site, follow::EventLive, post_box::follows};
use http::StatusCode;
use nozzle::intake::{Actor, Ask, KEY_BYTES_MAX, Order, Outcome, Refusal, SetWall};
use sha2::{Digest, Sha256};

/// Longest key of a caller, in bytes.
pub(super) const CALLER_KEY_BYTES_MAX: usize = KEY_BYTES_MAX / 2;

/// Hands an order over and waits until the page has it. Asking again under the same key changes nothing.
pub(super) async fn carry_out(
    site: &Site,
    event: &EventLive,
    actor: Actor,
    key: String,
    ask: SetWall,
) -> Result<Outcome, Refusal> {
    let order = Order { ask: Ask::Wall(ask), key, actor, is_dry_run: false };
    let outcome = site.intake.ask(event.eid, order).await?;
    follows(event, outcome.seq).await;
    Ok(outcome)
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
