//! The trait that the rest of the product sees.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use model::{Entry, EventId, Fold, Gap, ItemId, Micros, Notice, Row, Seq, StageEntry, Talk, Tally};

use crate::query::{Arrivals, EventRow, Link, Links, Minute, Query, Rank, TalkCount, Then, Totals, Version};
use crate::{Cursor, Error};

/// What one transaction writes.
#[derive(Clone, Debug)]
pub struct Batch {
    /// Whose log.
    pub event: EventId,
    /// Where the writer believes the cursor to be; none for an event that the archive does not know.
    pub from: Option<Cursor>,
    /// The entries behind it, in order.
    pub entries: Arc<[Entry]>,
    /// Where the cursor is afterwards.
    pub to: Cursor,
}

/// What became of removed words in the database's files; see [`Archive::purge`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purged {
    /// They are in none of them.
    Wiped,
    /// No row holds them and their room is free; the bytes go when it is used again.
    Vacuumed,
    /// The database does not let us do anything.
    Refused,
}

/// A log read from its first entry, for [`Archive::rebuild`].
#[async_trait]
pub trait Lines: Send {
    /// The next entries, in order; none at the end. Each step must take less than ten seconds.
    async fn next(&mut self) -> Result<Option<Vec<Entry>>, Box<dyn std::error::Error + Send + Sync>>;
    /// The position of the last entry handed out.
    fn cursor(&self) -> Cursor;
}

/// The archive of all events. See the crate's contract.
///
/// Every method fails with [`Error::Away`] (class Retry) within seconds while the database is down.
#[async_trait]
pub trait Archive: fmt::Debug + Send + Sync {
    /// Makes the schema, or brings it up to date. Refuses one that a newer program wrote.
    async fn prepare(&self) -> Result<(), Error>;
    /// Whether the database answers.
    async fn ping(&self) -> Result<(), Error>;

    /// Gets what was removed before this call off the disk, as far as the database lets us. None when a reader was in the way of
    /// that: try again soon. Takes its time, in steps that let others write and read in between.
    async fn purge(&self) -> Result<Option<Purged>, Error>;

    /// How far an event's log is archived.
    async fn cursor(&self, event: EventId) -> Result<Option<Cursor>, Error>;
    /// Folds a batch in and moves the cursor, in one transaction. [`Error::Moved`] when the cursor was not at `from`.
    async fn write(&self, batch: Batch) -> Result<(), Error>;
    /// Moves the cursor alone: `recover` readdresses the archive to the log it has built from it.
    async fn move_cursor(&self, event: EventId, from: Cursor, to: Cursor) -> Result<(), Error>;
    /// Replaces everything of an event by a fold of its log from zero, in one transaction: readers see the old rows
    /// until the new ones are complete.
    async fn rebuild(&self, event: EventId, lines: Box<dyn Lines>) -> Result<Cursor, Error>;

    /// Erases everything of an event, its cursor and what people were allowed there included. Nobody may be writing it any more.
    async fn forget(&self, event: EventId) -> Result<(), Error>;

    /// The events that the archive knows, by id.
    async fn events(&self) -> Result<Vec<EventRow>, Error>;
    /// One item in any state.
    async fn item(&self, event: EventId, id: ItemId) -> Result<Option<Row>, Error>;
    /// Shown items, a page at a time.
    async fn items(&self, event: EventId, query: &Query) -> Result<Vec<Row>, Error>;
    /// How many shown items a search finds (a query of [`crate::Scope::Search`]; others count as none: [`Archive::talk_counts`] and
    /// [`Archive::totals`] count those). It stops counting at `most`; `after` and `limit` of the query play no part.
    async fn count(&self, event: EventId, query: &Query, most: u32) -> Result<u64, Error>;
    /// The links that most people shared, those first shared last on top among equals; behind `after`, at most `limit` of them
    /// (and never more than [`crate::LINKS_MAX`]). Links of covered items do not count.
    async fn links(
        &self,
        event: EventId,
        of: &Links,
        after: Option<&Rank>,
        limit: u32,
    ) -> Result<Vec<Link>, Error>;
    /// Shown items, by the seq under which each was first public.
    async fn arrivals(&self, event: EventId, asked: &Arrivals) -> Result<Vec<Row>, Error>;
    /// The same of rows in any state, so that what was taken away keeps its place. What was never public has none.
    async fn places(&self, event: EventId, asked: &Arrivals) -> Result<Vec<Row>, Error>;
    /// What was known at a moment.
    async fn then(&self, event: EventId, at: Micros) -> Result<Then, Error>;
    /// How many shown items of the time from `from` to before `to` are filed to no talk.
    async fn unfiled(&self, event: EventId, from: Micros, to: Micros) -> Result<u64, Error>;
    /// Rows in any state that an entry behind `after` changed, by that entry's seq (`touched`): what a reader whose
    /// position is older than the tail has missed. About `limit` rows; all of one seq come together, so the last
    /// row's `touched` is where to go on.
    async fn changed_after(&self, event: EventId, after: Seq, limit: u32) -> Result<Vec<Row>, Error>;
    /// The talks, dropped ones included, by id.
    async fn talks(&self, event: EventId) -> Result<Vec<Talk>, Error>;
    /// The versions of the schedule before the `below`-th, the newest first, at most `limit` of them (and never more than
    /// [`crate::VERSIONS_MAX`]).
    async fn versions(&self, event: EventId, below: u64, limit: u32) -> Result<Vec<Version>, Error>;
    /// What was on, in the order it was said.
    async fn stage(&self, event: EventId) -> Result<Vec<StageEntry>, Error>;
    /// The gaps, by name.
    async fn gaps(&self, event: EventId) -> Result<Vec<Gap>, Error>;
    /// The minutes of all sources from `from` to before `to`.
    async fn tallies(&self, event: EventId, from: Micros, to: Micros) -> Result<Vec<Tally>, Error>;
    /// The organisers' words, in the order they were said.
    async fn notices(&self, event: EventId) -> Result<Vec<Notice>, Error>;
    /// What is filed to each talk that has anything.
    async fn talk_counts(&self, event: EventId) -> Result<Vec<TalkCount>, Error>;
    /// Items per minute and talk, by minute.
    async fn minutes(&self, event: EventId) -> Result<Vec<Minute>, Error>;
    /// What the event amounts to.
    async fn totals(&self, event: EventId) -> Result<Totals, Error>;
    /// The archive's fold as of its cursor, all seen at one moment, with the `items_max` most recently changed items.
    async fn snapshot(&self, event: EventId, items_max: u32) -> Result<Option<(Cursor, Fold)>, Error>;
}
