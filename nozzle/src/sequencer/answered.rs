//! What an order was answered, by its `Idempotency-Key`. The key stands for one request: asked again it gets the first answer, and another
//! request under the same key is refused, as draft-ietf-httpapi-idempotency-key-header (section 2.7) wants. Who asks is no part of the
//! request: a writer may get their cookie between two tries.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::orders::Said;
use super::work::Work;
use crate::intake::{Ask, FORM_KEY, Order, Outcome, Refusal, body};

/// An answer as it is kept.
#[derive(Serialize, Deserialize)]
struct Answered {
    /// A hash of the request; empty where an older program kept the answer.
    #[serde(default)]
    asked: String,
    #[serde(flatten)]
    outcome: Outcome,
}

impl Work<'_> {
    /// What this order was answered before.
    pub(super) async fn answered(&mut self, order: &Order) -> Result<Option<Said>, live::Error> {
        let Some(json) = self.txn.answer(&order.key).await? else { return Ok(None) };
        let Answered { asked, mut outcome } = serde_json::from_str(&json)?;
        if !asked.is_empty() && asked != name(&order.ask) && !order.key.starts_with(FORM_KEY) {
            let why =
                "This Idempotency-Key stands for another request. Give every new request a key of its own.";
            return Ok(Some(Err(Refusal::Reused(why.to_owned()))));
        }
        outcome.is_old = true;
        Ok(Some(Ok(outcome)))
    }

    /// Keeps what it is answered now.
    pub(super) async fn keep_answer(&mut self, order: &Order, outcome: &Outcome) -> Result<(), live::Error> {
        let kept = Answered { asked: name(&order.ask), outcome: outcome.clone() };
        self.txn.set_answer(&order.key, &serde_json::to_string(&kept)?, self.now).await
    }
}

/// The request in 32 letters: what is asked for, as the intake would be told.
fn name(ask: &Ask) -> String {
    let mut hash = Sha256::new();
    hash.update(ask.verb());
    hash.update([0]);
    hash.update(body(ask).unwrap_or_default());
    hash.finalize()[..16].iter().map(|byte| format!("{byte:02x}")).collect()
}
