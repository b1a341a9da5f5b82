//! The fold: what a log says, read from its first entry to its last. ONE function for strainer, site and tests; the
//! archive loads the rows that a batch touches into a fold, applies the batch, and writes them back.

use crate::{
    Counts, Entry, EventEntry, Filing, Gap, Gone, GoneBy, Item, ItemEntry, ItemId, Kind, Micros, Notice,
    ScheduleEntry, Seq, StageEntry, Talk, TalkId, TallyCounts,
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};

/// What became of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RowState {
    /// Public.
    Shown,
    /// Taken from the public; may come back.
    Hidden,
    /// Gone for good.
    Removed,
}

/// One item, folded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Its public id.
    pub id: ItemId,
    /// What became of it.
    pub state: RowState,
    /// The item with its newest words and counts; none unless shown.
    pub item: Option<Item>,
    /// Where it is filed; none unless shown.
    pub filing: Option<Filing>,
    /// Who took it away; none while it is shown.
    pub by: Option<GoneBy>,
    /// When its last post, edit, show, hide or remove was committed.
    pub at: Micros,
    /// The seq under which it was first public; 0 if it never was.
    pub first: Seq,
    /// The seq of its last post, edit, show, hide or remove.
    pub last: Seq,
    /// The seq of the last entry that changed anything of it, counts and filing included.
    pub touched: Seq,
}

/// A log, folded.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fold {
    top: Seq,
    /// Items by id.
    pub items: HashMap<ItemId, Row>,
    /// Talks by id, dropped ones included.
    pub talks: BTreeMap<TalkId, Talk>,
    /// The newest schedule version.
    pub schedule: Option<ScheduleEntry>,
    /// What was on, by room, in the order it was said.
    pub stage: BTreeMap<String, Vec<StageEntry>>,
    /// The event's settings.
    pub event: Option<EventEntry>,
    /// Gaps by name.
    pub gaps: BTreeMap<String, Gap>,
    /// Tallies by minute and source.
    pub tallies: BTreeMap<(Micros, String), TallyCounts>,
    /// Notices by seq.
    pub notices: BTreeMap<Seq, Notice>,
}

impl Fold {
    /// An empty fold that stands at `seq`, for a log whose beginning is not read.
    #[must_use]
    pub fn at(seq: Seq) -> Self {
        Self { top: seq, ..Self::default() }
    }

    /// The seq of the last entry applied.
    #[must_use]
    pub fn top(&self) -> Seq {
        self.top
    }

    /// Applies the next entry. Entries come in the order of their seqs; one that was applied before changes nothing.
    pub fn apply(&mut self, entry: &Entry) {
        if entry.seq <= self.top {
            return;
        }
        self.top = entry.seq;
        match &entry.kind {
            Kind::Post(e) | Kind::Edit(e) | Kind::Show(e) => self.show(entry, e),
            Kind::Hide(gone) => self.take_away(entry, gone, RowState::Hidden),
            Kind::Remove(gone) => self.take_away(entry, gone, RowState::Removed),
            Kind::Counts(e) => {
                for c in &e.counts {
                    self.count(entry.seq, c.id, c.counts);
                }
            }
            Kind::Filing(e) => {
                for m in &e.moves {
                    self.move_to(entry.seq, m.id, &m.filing);
                }
            }
            Kind::Stage(e) => self.stage.entry(e.room.clone()).or_default().push(e.clone()),
            Kind::Talk { talk } => {
                self.talks.insert(talk.id.clone(), (**talk).clone());
            }
            Kind::Schedule(e) => self.schedule = Some(e.clone()),
            Kind::Event { event } => self.event = Some((**event).clone()),
            Kind::Gap { gap } => {
                self.gaps.insert(gap.id.clone(), gap.clone());
            }
            Kind::Tally { tally } => {
                self.tallies.insert((tally.minute, tally.source.clone()), tally.counts.clone());
            }
            Kind::Notice { notice } => {
                self.notices.insert(entry.seq, notice.clone());
            }
            Kind::Void => {}
        }
    }

    fn show(&mut self, entry: &Entry, e: &ItemEntry) {
        let row = Row {
            id: e.id,
            state: RowState::Shown,
            item: Some(e.item.clone()),
            filing: Some(e.filing.clone()),
            by: None,
            at: entry.at,
            first: e.first,
            last: entry.seq,
            touched: entry.seq,
        };
        self.items.insert(e.id, row);
    }

    fn take_away(&mut self, entry: &Entry, gone: &Gone, state: RowState) {
        let row = Row {
            id: gone.id,
            state,
            item: None,
            filing: None,
            by: Some(gone.by),
            at: entry.at,
            first: gone.first,
            last: entry.seq,
            touched: entry.seq,
        };
        self.items.insert(gone.id, row);
    }

    fn count(&mut self, seq: Seq, id: ItemId, counts: Counts) {
        if let Some(row) = self.items.get_mut(&id)
            && let Some(item) = &mut row.item
        {
            item.counts = counts;
            row.touched = seq;
        }
    }

    fn move_to(&mut self, seq: Seq, id: ItemId, filing: &Filing) {
        if let Some(row) = self.items.get_mut(&id)
            && row.state == RowState::Shown
        {
            row.filing = Some(filing.clone());
            row.touched = seq;
        }
    }
}

/// What an entry changes: which rows must be at hand before it is applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Touched {
    /// These items.
    Items(Vec<ItemId>),
    /// Something of the event that is not an item (talk, stage, settings, gap, tally, notice).
    Event,
    /// Nothing.
    Nothing,
}

/// See [`Touched`].
#[must_use]
pub fn touched(entry: &Entry) -> Touched {
    match &entry.kind {
        Kind::Post(e) | Kind::Edit(e) | Kind::Show(e) => Touched::Items(vec![e.id]),
        Kind::Hide(g) | Kind::Remove(g) => Touched::Items(vec![g.id]),
        Kind::Counts(e) => Touched::Items(e.counts.iter().map(|c| c.id).collect()),
        Kind::Filing(e) => Touched::Items(e.moves.iter().map(|m| m.id).collect()),
        Kind::Void => Touched::Nothing,
        _ => Touched::Event,
    }
}
