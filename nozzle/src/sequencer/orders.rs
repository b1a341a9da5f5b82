//! What people ask for: decisions about items, filings by hand, notices; posts written on the page are in `onsite`. An
//! order under a key that was answered before gets that answer and changes nothing.

use live::state::{Arrival, ItemState, Outcome as Decided, decide};
use model::{Filing, FilingEntry, GoneBy, ItemId, Kind, Move, Notice, TalkId};

use super::work::Work;
use crate::admit;
use crate::intake::{
    Ask, Decide, Decision, FILE_ITEMS_MAX, FileItems, NOTICE_BYTES_MAX, Order, Outcome, Refusal, SayNotice,
    by_person,
};

pub(super) type Said = Result<Outcome, Refusal>;

impl Work<'_> {
    pub(super) async fn order(&mut self, order: &Order) -> Result<Said, live::Error> {
        if let Some(json) = self.txn.answer(&order.key).await? {
            let mut first: Outcome = serde_json::from_str(&json)?;
            first.is_old = true;
            return Ok(Ok(first));
        }
        let said = match &order.ask {
            Ask::Decide(ask) => self.decide(ask)?,
            Ask::File(ask) => self.file_by_hand(ask, order)?,
            Ask::Say(ask) => self.say(ask, order).await?,
            Ask::Unsay(ask) => self.unsay(ask, order)?,
            Ask::Limit(ask) => self.limit(ask).await?,
            Ask::Notice(ask) => self.notice(ask)?,
            Ask::Stage(ask) => self.stage(ask).await?,
            Ask::Schedule(file) => self.schedule(file).await?,
            Ask::Event(text) => self.event(text).await?,
        };
        if let (Ok(outcome), false) = (&said, order.is_dry_run) {
            self.txn.set_answer(&order.key, &serde_json::to_string(outcome)?, self.now).await?;
            tracing::info!(order.actor = %order.actor, order.verb = order.ask.verb(), seq = outcome.seq, "an order was taken");
        }
        Ok(said)
    }

    fn decide(&mut self, ask: &Decide) -> Result<Said, live::Error> {
        let by = if ask.law { GoneBy::Law } else { GoneBy::Moderator };
        let arrival = match ask.decision {
            Decision::Hide => Arrival::Hide { by },
            Decision::Show => Arrival::Show,
            Decision::Remove => Arrival::Delete { by },
        };
        let id = Some(ask.id.to_string());
        match decide(self.records.get(&ask.id), ask.id, arrival, self.txn.next_seq()) {
            Decided::Entry(kind, record) => {
                let is_public = record.state == ItemState::Shown;
                let seq = self.append(*kind)?;
                self.put(record);
                if !is_public {
                    self.effects.counts.push((ask.id, None));
                }
                Ok(Ok(Outcome::committed(seq, id)))
            }
            Decided::NoOp(state) => Ok(Ok(Outcome::unchanged(id, Some(state.name())))),
            Decided::Conflict => Ok(Err(Refusal::Conflict {
                why: "This post has been removed for good.".to_owned(),
                state: ItemState::Removed.name().to_owned(),
            })),
            Decided::Withheld => Ok(Err(Refusal::Conflict {
                why: "Its network or its author has withdrawn this post; it comes back when they say so."
                    .to_owned(),
                state: ItemState::Hidden.name().to_owned(),
            })),
            Decided::Unknown | Decided::Keep(_) | Decided::Duplicate => {
                Ok(Err(Refusal::Unknown(format!("There is no item {}.", ask.id))))
            }
        }
    }

    fn file_by_hand(&mut self, ask: &FileItems, order: &Order) -> Result<Said, live::Error> {
        if ask.ids.is_empty() || ask.ids.len() > FILE_ITEMS_MAX {
            return Ok(Err(Refusal::bad(format!("ids holds 1 to {FILE_ITEMS_MAX} items"))));
        }
        let room = match ask.talk.as_ref().map(|talk| self.room_of(talk)).transpose() {
            Ok(room) => room,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let has_words = |id: &&ItemId| self.records.get(id).is_some_and(|r| r.words.is_some());
        if let Some(missing) = ask.ids.iter().find(|id| !has_words(id)) {
            return Ok(Err(Refusal::Unknown(format!("There is no item {missing}."))));
        }
        let filing = by_person(ask.talk.clone().zip(room), ask.event, &order.actor);
        let mut moves = Vec::new();
        for id in &ask.ids {
            moves.extend(self.move_by_hand(*id, &filing));
        }
        let mut outcome = Outcome::unchanged(None, None);
        if !moves.is_empty() {
            outcome =
                Outcome::committed(self.append(Kind::Filing(FilingEntry { moves: moves.clone() }))?, None);
        }
        Ok(Ok(Outcome { moves, ..outcome }))
    }

    /// The public move, if the item is public and not there already.
    fn move_by_hand(&mut self, id: ItemId, filing: &Filing) -> Option<Move> {
        let mut record = self.records.get(&id)?.clone();
        let words = record.words.as_mut().filter(|w| w.filing != *filing)?;
        words.filing = filing.clone();
        let is_public = record.state == ItemState::Shown;
        self.put(record);
        is_public.then(|| Move { id, filing: filing.clone() })
    }

    pub(super) fn room_of(&self, talk: &TalkId) -> Result<String, Refusal> {
        let known = self.standing.fold.talks.get(talk);
        known.map(|t| t.room.clone()).ok_or_else(|| Refusal::Unknown(format!("There is no talk {talk}.")))
    }

    fn notice(&mut self, ask: &SayNotice) -> Result<Said, live::Error> {
        if ask.text.len() > NOTICE_BYTES_MAX {
            return Ok(Err(Refusal::bad(format!("a notice has at most {NOTICE_BYTES_MAX} bytes"))));
        }
        let notice = Notice { text: admit::plain_lines(&ask.text), until: ask.until };
        let seq = self.append(Kind::Notice { notice })?;
        Ok(Ok(Outcome::committed(seq, None)))
    }
}
