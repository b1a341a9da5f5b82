//! Filing by hand: a person's move beats every rule and stays until a person takes it back.

use model::{By, Filing, ItemId};

use crate::intake::{FILE_ITEMS_MAX, FileItems, Order, Outcome, Refusal, by_person};
use crate::sequencer::orders::Said;
use crate::sequencer::work::Work;

use super::{REFILES_MAX, REFILES_OF_ORDER_MAX};

impl Work<'_> {
    /// Files items as a person says, or gives them back to the rules. All of them or none; what follows them by context
    /// moves in the same transaction and is told too.
    pub(in crate::sequencer) async fn file_by_hand(
        &mut self,
        ask: &FileItems,
        order: &Order,
    ) -> Result<Said, live::Error> {
        let filing = match self.by_hand(ask, order) {
            Ok(filing) => filing,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let max = if order.is_dry_run { REFILES_OF_ORDER_MAX } else { REFILES_MAX };
        // What others have moved in this transaction is not this order's.
        self.settle(max).await?;
        for id in &ask.ids {
            match &filing {
                Some(filing) => self.file_as(*id, filing),
                None => self.give_back(*id),
            }
        }
        let moves = self.settle(max).await?;
        let outcome = match moves.is_empty() {
            true => Outcome::unchanged(None, None),
            false => Outcome::committed(self.txn.next_seq() - 1, None),
        };
        Ok(Ok(Outcome { moves, ..outcome }))
    }

    /// What an order says, as a filing; none: as the rules say.
    fn by_hand(&self, ask: &FileItems, order: &Order) -> Result<Option<Filing>, Refusal> {
        if ask.ids.is_empty() || ask.ids.len() > FILE_ITEMS_MAX {
            return Err(Refusal::bad(format!("ids holds 1 to {FILE_ITEMS_MAX} items")));
        }
        if ask.rule && (ask.talk.is_some() || ask.event) {
            let why = "rule gives items back to the rules, so it goes with neither talk nor event";
            return Err(Refusal::bad(why));
        }
        let room = ask.talk.as_ref().map(|talk| self.room_of(talk)).transpose()?;
        let has_words = |id: &&ItemId| self.records.get(id).is_some_and(|r| r.words.is_some());
        if let Some(missing) = ask.ids.iter().find(|id| !has_words(id)) {
            return Err(Refusal::Unknown(format!("There is no item {missing}.")));
        }
        let filing = by_person(ask.talk.clone().zip(room), ask.event, &order.actor);
        Ok((!ask.rule).then_some(filing))
    }

    fn file_as(&mut self, id: ItemId, filing: &Filing) {
        let words = self.records.get(&id).and_then(|record| record.words.as_ref());
        // Who else said the same before makes no difference.
        if words.is_some_and(|words| !is_same_by_hand(&words.filing, filing)) {
            self.move_to(id, filing.clone());
        }
    }

    fn give_back(&mut self, id: ItemId) {
        let words = self.records.get(&id).and_then(|record| record.words.as_ref());
        let Some(words) = words.filter(|words| words.filing.by == By::Person) else { return };
        let filing = self.filed(&words.item);
        self.move_to(id, filing);
    }
}

fn is_same_by_hand(known: &Filing, said: &Filing) -> bool {
    let what = |filing: &Filing| (filing.by, filing.state, filing.talk.clone());
    what(known) == what(said)
}
