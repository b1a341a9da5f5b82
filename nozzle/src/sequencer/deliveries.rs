//! A hook's delivery: its items and the memory of its id stand or fall together, so that a sender who never heard our
//! answer may send it again without a second effect.

use super::command::Delivery;
use super::work::Work;
use crate::intake::Outcome;

impl Work<'_> {
    /// Takes a delivery in, once; one that is known already changes nothing, whatever it holds now.
    pub(super) async fn delivery(&mut self, delivery: &Delivery) -> Result<Outcome, live::Error> {
        let items = delivery.brought.len() as u64;
        if let Some(json) = self.txn.answer(&delivery.key).await? {
            let counted = self.counted(&delivery.source);
            counted.received += items;
            counted.duplicate += items;
            let first: Outcome = serde_json::from_str(&json)?;
            return Ok(Outcome { is_old: true, ..first });
        }
        let before = self.txn.next_seq();
        for what in &delivery.brought {
            self.brought(&delivery.source, what)?;
        }
        let counted = self.counted(&delivery.source);
        counted.received += items;
        for (reason, times) in &delivery.rejected {
            counted.received += times;
            *counted.rejected.entry((*reason).to_owned()).or_default() += times;
        }
        let after = self.txn.next_seq();
        let outcome = Outcome::committed(if after > before { after - 1 } else { 0 }, None);
        self.txn.set_answer(&delivery.key, &serde_json::to_string(&outcome)?, self.now).await?;
        Ok(outcome)
    }
}
