//! What people ask for: decisions about items, notices; filings by hand are in `refile::hand`, posts written on the page in
//! `onsite`. An order under a key that was answered before gets that answer and changes nothing.

use live::receipts::Asker;
use live::state::{Arrival, ItemState};
use model::{GoneBy, Kind, Notice, TalkId};

use super::refile::Arrived;
use super::work::Work;
use crate::admit;
use crate::intake::{Ask, Decide, Decision, NOTICE_BYTES_MAX, Order, Outcome, Refusal, SayNotice};

pub(super) type Said = Result<Outcome, Refusal>;

impl Work<'_> {
    pub(super) async fn order(&mut self, order: &Order) -> Result<Said, live::Error> {
        if let Some(said) = self.answered(order).await? {
            return Ok(said);
        }
        if let Err(refusal) = self.may_still(&order.ask) {
            return Ok(Err(refusal));
        }
        self.asked_by(Asker::hand(&order.actor.role));
        let said = match &order.ask {
            Ask::Decide(ask) => self.decide(ask)?,
            Ask::File(ask) => self.file_by_hand(ask, order).await?,
            Ask::Say(ask) => self.say(ask, order).await?,
            Ask::Unsay(ask) => self.unsay(ask, order)?,
            Ask::Limit(ask) => self.limit(ask).await?,
            Ask::Moderate(ask) => self.moderate(ask, order).await?,
            Ask::Author(ask) => self.set_author(ask, order),
            Ask::Report(ask) => self.report(ask, order).await?,
            Ask::Notice(ask) => self.notice(ask)?,
            Ask::Stage(ask) => self.stage(ask, order).await?,
            Ask::Schedule(file) => self.schedule(file, order).await?,
            Ask::Handles(file) => self.handles(file).await?,
            Ask::Event(text) => self.event(text).await?,
            Ask::Edit(edit) => self.edit(edit).await?,
            Ask::Wall(ask) => self.wall(ask)?,
            Ask::Life(ask) => self.life(ask).await?,
        };
        if let (Ok(outcome), false) = (&said, order.is_dry_run) {
            self.keep_answer(order, outcome).await?;
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
        match self.arrive(ask.id, arrival)? {
            Arrived::Entered(seq) => Ok(Ok(Outcome::committed(seq, id))),
            Arrived::Unchanged(state) => Ok(Ok(Outcome::unchanged(id, Some(state.name())))),
            Arrived::Conflict => Ok(Err(Refusal::Conflict {
                why: "This post has been removed for good.".to_owned(),
                state: ItemState::Removed.name().to_owned(),
            })),
            Arrived::Withheld => Ok(Err(Refusal::Conflict {
                why: "Its network or its author has withdrawn this post; it comes back when they say so."
                    .to_owned(),
                state: ItemState::Hidden.name().to_owned(),
            })),
            Arrived::Unknown | Arrived::Kept | Arrived::Duplicate => {
                Ok(Err(Refusal::Unknown(format!("There is no item {}.", ask.id))))
            }
        }
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
