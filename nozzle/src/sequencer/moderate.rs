//! One decision of a moderator about several items: all of it in one transaction, with what takes it back. What becomes of each
//! item is `live::state`'s to say, as for every other way in.

use std::collections::BTreeMap;

use live::state::{Arrival, ItemState, Record};
use model::{GoneBy, ItemId};

use super::orders::Said;
use super::refile::Arrived;
use super::work::Work;
use crate::intake::{Judgement, MODERATE_ITEMS_MAX, Moderate, Order, Outcome, Refusal};

/// What a reader sees above words that a moderator has covered.
pub(super) const COVERED: &str = "Covered by a moderator";

impl Work<'_> {
    pub(super) async fn moderate(&mut self, ask: &Moderate, order: &Order) -> Result<Said, live::Error> {
        if ask.ids.is_empty() || ask.ids.len() > MODERATE_ITEMS_MAX {
            return Ok(Err(Refusal::bad(format!("ids holds 1 to {MODERATE_ITEMS_MAX} items"))));
        }
        if let Some(missing) = ask.ids.iter().find(|id| !self.records.contains_key(id)) {
            return Ok(Err(Refusal::Unknown(format!("There is no item {missing}."))));
        }
        let mut back: BTreeMap<Judgement, Vec<ItemId>> = BTreeMap::new();
        let (mut seq, mut notes, mut done) = (0, Vec::new(), 0);
        for id in &ask.ids {
            let before = self.records.get(id).cloned();
            match self.judge_one(*id, ask.decision, order).await? {
                Ok(Some(entered)) => {
                    seq = seq.max(entered);
                    done += 1;
                    if let Some(how) = before.and_then(|record| way_back(&record, ask.decision)) {
                        back.entry(how).or_default().push(*id);
                    }
                }
                Ok(None) => {}
                Err(why) => notes.push(format!("{id}: {why}")),
            }
        }
        if self.answer_reports(ask).await? > 0 && ask.decision != Judgement::Reopen {
            back.insert(Judgement::Reopen, ask.ids.clone());
            done = done.max(1);
        }
        let mut outcome =
            if done == 0 { Outcome::unchanged(None, None) } else { Outcome::committed(seq, None) };
        outcome.notes = notes;
        outcome.back = back.into_iter().map(|(decision, ids)| Moderate { ids, decision }).collect();
        Ok(Ok(outcome))
    }

    /// Reports are answered by whatever decides about their post.
    async fn answer_reports(&mut self, ask: &Moderate) -> Result<u64, live::Error> {
        match ask.decision {
            Judgement::Show | Judgement::Hide | Judgement::Keep => {
                self.txn.set_reports(&ask.ids, false).await
            }
            Judgement::Reopen => self.txn.set_reports(&ask.ids, true).await,
            Judgement::Hold | Judgement::Cover | Judgement::Uncover => Ok(0),
        }
    }

    /// The entry that it led to (0: none, but something has changed), none when nothing had to, or why it cannot be.
    async fn judge_one(
        &mut self,
        id: ItemId,
        decision: Judgement,
        order: &Order,
    ) -> Result<Result<Option<model::Seq>, &'static str>, live::Error> {
        let arrival = match decision {
            Judgement::Show => Arrival::Show,
            Judgement::Hide => Arrival::Hide { by: GoneBy::Moderator },
            Judgement::Hold => Arrival::Hold,
            Judgement::Cover | Judgement::Uncover => {
                match self.cover(id, decision == Judgement::Cover).await? {
                    Some(arrival) => arrival,
                    None => return Ok(Ok(None)),
                }
            }
            Judgement::Keep | Judgement::Reopen => return Ok(Ok(None)),
        };
        let entered = match self.arrive(id, arrival)? {
            Arrived::Entered(seq) => seq,
            Arrived::Kept => 0,
            Arrived::Unchanged(_) | Arrived::Duplicate | Arrived::Unknown => return Ok(Ok(None)),
            Arrived::Conflict => return Ok(Err("it has been removed for good")),
            Arrived::Withheld => {
                return Ok(Err("its network or its author has withdrawn it; it comes back when they say so"));
            }
        };
        if matches!(decision, Judgement::Show | Judgement::Hide | Judgement::Hold) {
            let mut why = self.why(id).await?;
            why.by = Some((order.actor.to_string(), decision));
            self.notes.verdicts.insert(id, why);
        }
        Ok(Ok(Some(entered)))
    }

    /// Covers an item, or takes a moderator's cover off. None where its author covers it, or nobody does.
    async fn cover(&mut self, id: ItemId, is_wanted: bool) -> Result<Option<Arrival>, live::Error> {
        let words = self.records.get(&id).and_then(|record| record.words.as_ref());
        let cover = words.and_then(|words| words.item.cover.as_deref());
        let is_ours = cover == Some(COVERED) && self.txn.covered(&[id]).await?.contains(&id);
        if words_are_lost(self.records.get(&id)) || is_ours == is_wanted || (is_wanted && cover.is_some()) {
            return Ok(None);
        }
        self.txn.set_covered(id, is_wanted).await?;
        if is_wanted {
            self.covered.insert(id);
        } else {
            self.covered.remove(&id);
        }
        Ok(Some(Arrival::Cover(is_wanted.then(|| COVERED.to_owned()))))
    }
}

fn words_are_lost(record: Option<&Record>) -> bool {
    record.is_none_or(|record| record.words.is_none())
}

/// What takes a decision back, seen from how the item stood before.
fn way_back(before: &Record, decision: Judgement) -> Option<Judgement> {
    match (decision, before.state) {
        (Judgement::Cover, _) => Some(Judgement::Uncover),
        (Judgement::Uncover, _) => Some(Judgement::Cover),
        (_, ItemState::Shown) => Some(Judgement::Show),
        (_, ItemState::Held) => Some(Judgement::Hold),
        (_, ItemState::Hidden) if before.veil.held => Some(Judgement::Hold),
        (_, ItemState::Hidden) if before.veil.person || before.veil.blocked => Some(Judgement::Hide),
        _ => None,
    }
}
