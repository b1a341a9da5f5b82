//! Filing: the first time, and again when something that it looked at has changed. Every way in which an item changes for
//! others goes through [`Work::arrive`] or [`Work::keep`]; whose context that changes waits, and is filed again in the same
//! transaction, oldest first, so many at a time. What is left follows in transactions of its own, with others served in
//! between. In the end every item is filed as filing all of them again from nothing would file it.

mod filer;
mod hand;

use std::collections::HashMap;

use live::Class;
use live::state::{Arrival, ItemState, Outcome, Record, Words, decide};
use model::filing::{Programme, file, reach};
use model::stage::Timeline;
use model::{By, Filing, FilingEntry, Item, ItemId, Kind, Micros, Move, Seq};

use super::standing::Effects;
use super::work::Work;
use super::{RETRY_AFTER_MAX, Sequencer};

pub(super) use filer::{Draft, FILING_NOTE, Filer};
use filer::{EVER, Place};

/// Most items that one transaction files again, so that others wait for milliseconds only.
pub(super) const REFILES_MAX: usize = 500;
/// As [`REFILES_MAX`], for an order that changes stage or schedule, or a dry run of one: whoever asks wants to see what moves.
pub(super) const REFILES_OF_ORDER_MAX: usize = 2_000;
/// Records read at once for that.
const RECORDS_MAX: usize = 200;
/// Most moves in one entry.
const MOVES_MAX: usize = 200;
/// Most transactions for what still waits when the sequencer stops; the rest waits for the next start.
const LAST_STEPS_MAX: usize = 40;

/// What is to be filed again, and by what, in one transaction.
#[derive(Default)]
pub(super) struct Refiling {
    /// The programme, where this transaction changes it.
    programme: Option<Programme>,
    /// What is on, where this transaction changes it.
    stage: Option<Timeline>,
    /// Items whose filing the log does not tell yet, in the order of their first change, with the filing that it tells.
    moved: Vec<ItemId>,
    told: HashMap<ItemId, Filing>,
    /// How many were filed again.
    done: usize,
}

impl Refiling {
    /// Hands over what the standing need not work out again.
    pub(super) fn leave(self, effects: &mut Effects) {
        effects.programme = self.programme;
        effects.stage = self.stage;
    }
}

/// What an order moved, and what to say of what it left to be filed again.
pub(super) type Refiled = (Vec<Move>, Vec<String>);

/// What came of an arrival.
pub(super) enum Arrived {
    /// An entry was written.
    Entered(Seq),
    /// Something was kept; nothing public has changed.
    Kept,
    /// We have it, or something newer.
    Duplicate,
    /// It was so already.
    Unchanged(ItemState),
    /// The item has been removed for good.
    Conflict,
    /// Its network or its author has withdrawn it.
    Withheld,
    /// There is no such item.
    Unknown,
}

impl Work<'_> {
    /// Decides what an arrival does to an item, and carries it out.
    pub(super) fn arrive(&mut self, id: ItemId, arrival: Arrival) -> Result<Arrived, live::Error> {
        if matches!(arrival, Arrival::Show | Arrival::Back | Arrival::Unblock) {
            // What waits to be filed again must not come to the public with an old filing.
            self.refile_one(id);
        }
        match decide(self.records.get(&id), id, arrival, self.txn.next_seq()) {
            Outcome::Entry(kind, record) => {
                self.note_receipt(&kind);
                self.forget_tags(id, &kind);
                let seq = self.append(*kind)?;
                // It carries the newest counts itself, or none; older ones that wait would undo them.
                self.effects.counts.push((id, None));
                self.refiling.told.remove(&id);
                self.keep(record);
                Ok(Arrived::Entered(seq))
            }
            Outcome::Keep(record) => {
                self.keep(record);
                Ok(Arrived::Kept)
            }
            Outcome::Duplicate => Ok(Arrived::Duplicate),
            Outcome::NoOp(state) => Ok(Arrived::Unchanged(state)),
            Outcome::Conflict => Ok(Arrived::Conflict),
            Outcome::Withheld => Ok(Arrived::Withheld),
            Outcome::Unknown => Ok(Arrived::Unknown),
        }
    }

    /// Keeps a record that may be something else to others than it was.
    pub(super) fn keep(&mut self, record: Record) {
        let before = self.records.insert(record.id, record.clone());
        self.filer.changed(before, &record);
        self.txn.put(record);
    }

    /// The programme as this transaction sees it.
    pub(super) fn programme(&self) -> &Programme {
        self.refiling.programme.as_ref().unwrap_or(&self.standing.programme)
    }

    fn stage_now(&self) -> &Timeline {
        self.refiling.stage.as_ref().unwrap_or(&self.standing.stage)
    }

    /// Files an item by the rules, as it looks now.
    pub(super) fn filed(&self, item: &Item) -> Filing {
        file(item, self.programme(), self.stage_now(), &self.filer.context(item))
    }

    /// Files an item again. A person's filing stands, in the room in which its talk is now.
    pub(super) fn filed_again(&self, words: &Words) -> Filing {
        if words.filing.by == By::Rule {
            return self.filed(&words.item);
        }
        let mut filing = words.filing.clone();
        if let Some(talk) = filing.talk.as_ref().and_then(|id| self.programme().talk(id)) {
            filing.room = Some(talk.room.clone());
        }
        filing
    }

    /// What is on has changed: what was said where the two differ is filed again.
    pub(super) async fn stage_changed(&mut self, stage: Timeline) -> Result<Refiled, live::Error> {
        for window in reach(self.stage_now(), &stage) {
            self.filer.wait_between(window);
        }
        self.refiling.stage = Some(stage);
        self.refiled().await
    }

    /// The programme or the settings have changed: everything is filed again.
    pub(super) async fn programme_changed(
        &mut self,
        programme: Programme,
        stage: Timeline,
    ) -> Result<Refiled, live::Error> {
        self.filer.wait_between(EVER);
        self.refiling.programme = Some(programme);
        self.refiling.stage = Some(stage);
        self.refiled().await
    }

    async fn refiled(&mut self) -> Result<Refiled, live::Error> {
        let moves = self.settle(REFILES_OF_ORDER_MAX).await?;
        let left = self.filer.waiting_len();
        let note = format!("{left} more posts are being looked at; what moves follows in a moment.");
        Ok((moves, (left > 0).then_some(note).into_iter().collect()))
    }

    /// Files again what waits, oldest first, until nothing waits or `max` items have been filed again in this transaction.
    /// Tells what moved, which the log now tells too.
    pub(super) async fn settle(&mut self, max: usize) -> Result<Vec<Move>, live::Error> {
        while self.refiling.done < max
            && let Some(place) = self.next_waiting()
        {
            if !self.records.contains_key(&place.1) {
                self.look_ahead(max - self.refiling.done).await?;
            }
            self.filer.done(place);
            self.refiling.done += 1;
            self.refile_one(place.1);
        }
        self.tell_moves()
    }

    fn next_waiting(&self) -> Option<Place> {
        self.filer.waiting().next()
    }

    /// Reads the records of those that come next.
    async fn look_ahead(&mut self, max: usize) -> Result<(), live::Error> {
        let places = self.filer.waiting().map(|(_, id)| id).take(max);
        let ids: Vec<ItemId> = places.filter(|id| !self.records.contains_key(id)).take(RECORDS_MAX).collect();
        self.records.extend(self.txn.items(&ids).await?);
        Ok(())
    }

    /// Files an item again that is known here. Whether the log is to tell it is seen later.
    fn refile_one(&mut self, id: ItemId) {
        let Some(record) = self.records.get(&id) else { return };
        let Some(words) = &record.words else { return };
        let filing = self.filed_again(words);
        self.move_to(id, filing);
    }

    fn move_to(&mut self, id: ItemId, filing: Filing) {
        let Some(mut record) = self.records.get(&id).cloned() else { return };
        let Some(words) = record.words.as_mut().filter(|words| words.filing != filing) else { return };
        let before = std::mem::replace(&mut words.filing, filing);
        if record.state == ItemState::Shown && !self.refiling.told.contains_key(&id) {
            self.refiling.told.insert(id, before);
            self.refiling.moved.push(id);
        }
        self.keep(record);
    }

    /// Writes the moves that the log does not tell yet.
    fn tell_moves(&mut self) -> Result<Vec<Move>, live::Error> {
        let mut moves = Vec::new();
        for id in std::mem::take(&mut self.refiling.moved) {
            // None: an entry of the item itself has told it since.
            let Some(told) = self.refiling.told.remove(&id) else { continue };
            let Some(words) = self.records.get(&id).and_then(|record| record.words.as_ref()) else {
                continue;
            };
            if words.filing != told {
                moves.push(Move { id, filing: words.filing.clone() });
            }
        }
        for some in moves.chunks(MOVES_MAX) {
            self.append(Kind::Filing(FilingEntry { moves: some.to_vec() }))?;
        }
        Ok(moves)
    }
}

impl Sequencer {
    /// Items wait to be filed again.
    pub(crate) fn has_waiting(&self) -> bool {
        self.filer.has_waiting()
    }

    /// One transaction over items that wait to be filed again. False when the ledger cannot be written just now: they wait.
    pub(crate) async fn refile(&mut self) -> Result<bool, live::Error> {
        match Box::pin(self.refile_once()).await {
            Ok(()) => Ok(true),
            Err(e) if e.class() == Class::Retry => {
                tracing::error!(error = %e, "the ledger cannot be written; posts wait to be filed again");
                tokio::time::sleep(RETRY_AFTER_MAX).await;
                Ok(false)
            }
            Err(e) => Err(e),
        }
    }

    async fn refile_once(&mut self) -> Result<(), live::Error> {
        let now = self.standing.next_at(Micros(self.clock.now()));
        let mut work = Work::begin(&self.ledger, &self.standing, &mut self.filer, now).await?;
        work.settle(REFILES_MAX).await?;
        let effects = work.commit().await?;
        self.committed(effects);
        Ok(())
    }

    /// What still waits when the sequencer stops, as far as it goes quickly.
    pub(super) async fn refile_last(&mut self) -> Result<(), live::Error> {
        for _ in 0..LAST_STEPS_MAX {
            if !self.has_waiting() || !self.refile().await? {
                break;
            }
        }
        Ok(())
    }
}
