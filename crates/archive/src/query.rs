//! What can be asked of the archive, and the shapes of its answers.

use model::{EventEntry, EventId, ItemId, Micros, Row, ScheduleEntry, Seq, StageEntry, TalkId};

use crate::{Cursor, Search};

/// The most items that one question answers.
pub const ITEMS_MAX: u32 = 500;
/// The most links that one question answers.
pub const LINKS_MAX: u32 = 100;
/// The most items and talks that are told of a link.
pub const LINK_ROWS_MAX: u32 = 8;
/// See [`LINK_ROWS_MAX`].
pub const LINK_TALKS_MAX: u32 = 4;
/// The most schedule versions that one question answers.
pub const VERSIONS_MAX: u32 = 100;

/// Which items.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All of the event.
    Event,
    /// Those filed to a talk.
    Talk(TalkId),
    /// Those filed to a room, by its slug.
    Room(String),
    /// Those that are not filed to any talk: suggested, unsorted, or about the event.
    Unfiled,
    /// Those of which we only guess that they are about this talk; they count for none.
    Suggested(TalkId),
    /// Those with something to look at.
    Photos,
    /// Those that answer this one.
    Replies(ItemId),
    /// Those that a search finds: words, author, place, network. At 200,000 items a page takes milliseconds, however
    /// many items hold the words.
    Search(Search),
}

/// By `when`, then id.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// As it was said.
    #[default]
    OldestFirst,
    /// Newest on top.
    NewestFirst,
}

/// Which shown items, in which order, from where on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// Which items.
    pub scope: Scope,
    /// Said at this moment or later.
    pub from: Option<Micros>,
    /// Said before this moment.
    pub to: Option<Micros>,
    /// In which order.
    pub order: Order,
    /// Behind this item, in that order: the last of the page before.
    pub after: Option<Page>,
    /// So many at most; never more than [`ITEMS_MAX`].
    pub limit: u32,
}

/// Where a page of items ends: the key by which items are ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// When the last item was said.
    pub when: Micros,
    /// Its id.
    pub id: ItemId,
}

impl Query {
    /// The first [`ITEMS_MAX`] items of a scope, as they were said.
    #[must_use]
    pub fn new(scope: Scope) -> Self {
        Self { scope, from: None, to: None, order: Order::OldestFirst, after: None, limit: ITEMS_MAX }
    }

    /// The newest items that a search finds.
    #[must_use]
    pub fn newest(search: Search) -> Self {
        Self { order: Order::NewestFirst, ..Self::new(Scope::Search(search)) }
    }

    /// So many rows at most.
    pub(crate) fn rows_max(&self) -> u32 {
        self.limit.min(ITEMS_MAX)
    }
}

/// Which shown items, by the seq under which each was first public: the order of the live page, in which nothing that comes late
/// slips in behind a reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrivals {
    /// First public behind this seq.
    pub after: Seq,
    /// First public before this seq.
    pub before: Seq,
    /// In which order of their seqs.
    pub order: Order,
    /// So many at most; never more than [`ITEMS_MAX`].
    pub limit: u32,
}

/// What was known at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Then {
    /// The moment.
    pub at: Micros,
    /// What was first public under this seq, or under one before it, had arrived.
    pub sure: Seq,
    /// What was first public under this seq, or under one behind it, had not.
    pub before: Seq,
    /// What had been said of the stage, in the order it was said.
    pub stage: Vec<StageEntry>,
}

impl Then {
    /// Whether an item had arrived. Of the few between the two seqs, which were changed since, the words' own moment tells.
    #[must_use]
    pub fn holds(&self, row: &Row) -> bool {
        row.first <= self.sure
            || row.first < self.before && row.item.as_ref().is_some_and(|item| item.when <= self.at)
    }
}

/// Which links.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Links {
    /// All of the event.
    Event,
    /// Those in items that are filed to a talk.
    Talk(TalkId),
}

/// A place in the ranking of links: the link that a page ended with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rank {
    /// How many people shared it.
    pub people: u64,
    /// When it was first shared.
    pub first: Micros,
    /// The link, as `model::link::normal` has it.
    pub link: String,
}

/// A link that people shared. Different addresses of one page (`model::link::normal`) are one.
#[derive(Clone, Debug, PartialEq)]
pub struct Link {
    /// Its place: distinct people, first moment, normal address.
    pub rank: Rank,
    /// How many items hold it.
    pub items: u64,
    /// The talks to which these are filed, the one with the most first; [`LINK_TALKS_MAX`] at most. Empty for a talk's own links.
    pub talks: Vec<TalkId>,
    /// The first items that hold it, as they were said, [`LINK_ROWS_MAX`] at most: addresses, titles and names are theirs, and a
    /// page shows no word of them but through its mask.
    pub rows: Vec<Row>,
}

/// One version of the schedule, as it was imported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// The how manieth version of the event it is, from 1.
    pub n: u64,
    /// The seq of its entry.
    pub seq: Seq,
    /// When it was committed; none for versions that an older program archived.
    pub at: Option<Micros>,
    /// What it says.
    pub entry: ScheduleEntry,
}

/// An event that the archive knows.
#[derive(Clone, Debug, PartialEq)]
pub struct EventRow {
    /// Its id.
    pub id: EventId,
    /// Its settings.
    pub settings: EventEntry,
    /// How far its log is archived.
    pub cursor: Option<Cursor>,
}

/// What is filed to one talk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TalkCount {
    /// The talk.
    pub talk: TalkId,
    /// Items.
    pub items: u64,
    /// Distinct authors.
    pub people: u64,
    /// Items with something to look at.
    pub photos: u64,
    /// Items that ask.
    pub questions: u64,
}

/// What was said in one minute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Minute {
    /// The talk that the items are filed to; none for those filed to none.
    pub talk: Option<TalkId>,
    /// The start of the minute.
    pub minute: Micros,
    /// Items.
    pub items: u64,
}

/// What an event amounts to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Items.
    pub items: u64,
    /// Distinct authors.
    pub people: u64,
    /// Items with something to look at.
    pub photos: u64,
    /// Items filed to a talk.
    pub filed: u64,
    /// Items by network, by its name on the wire.
    pub networks: Vec<(String, u64)>,
}
