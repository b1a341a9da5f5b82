//! An entry: one numbered line of an event's live log. Design: every kind is listed here, nothing else enters the log.

use crate::{Counts, EventEntry, Filing, Item, ItemId, Micros, Seq, Talk, TalkId, schedule};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One line of the log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Its number, from 1 without holes.
    pub seq: Seq,
    /// When it was committed. Zero (and absent on the wire) for a void.
    #[serde(default, skip_serializing_if = "Micros::is_zero")]
    pub at: Micros,
    /// What it says.
    #[serde(flatten)]
    pub kind: Kind,
}

/// What an entry says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Kind {
    /// A new item with its first filing.
    Post(Box<ItemEntry>),
    /// A new revision of an item.
    Edit(Box<ItemEntry>),
    /// A hidden or held item is public (again), whole.
    Show(Box<ItemEntry>),
    /// Taken from the public, undoable.
    Hide(Gone),
    /// Gone for good.
    Remove(Gone),
    /// What the networks counted since, for up to 200 items.
    Counts(CountsEntry),
    /// Up to 200 items filed anew.
    Filing(FilingEntry),
    /// What is really on in a room.
    Stage(StageEntry),
    /// One talk's full record.
    Talk {
        /// The talk as it is now.
        talk: Box<Talk>,
    },
    /// A version of the schedule, after its talks.
    Schedule(ScheduleEntry),
    /// The event's settings, without secrets.
    Event {
        /// The settings as they are now.
        event: Box<EventEntry>,
    },
    /// A window in which a source may have lost something.
    Gap {
        /// The window.
        gap: Gap,
    },
    /// One minute of one source, counted.
    Tally {
        /// The minute.
        tally: Tally,
    },
    /// Words from the organisers.
    Notice {
        /// The words.
        notice: Notice,
    },
    /// The number was used; its words are gone, or were never public.
    Void,
}

impl Entry {
    /// The line that overwrites an entry whose words nobody may fetch again.
    #[must_use]
    pub fn void(seq: Seq) -> Self {
        Self { seq, at: Micros(0), kind: Kind::Void }
    }

    /// The seqs that held the old words of what this entry changes. Whoever keeps entries overwrites them with voids in
    /// the same step.
    #[must_use]
    pub fn voids(&self) -> &[Seq] {
        match &self.kind {
            Kind::Post(e) | Kind::Edit(e) | Kind::Show(e) => &e.voids,
            Kind::Hide(g) | Kind::Remove(g) => &g.voids,
            _ => &[],
        }
    }

    /// The item entry, for post, edit and show.
    #[must_use]
    pub fn item(&self) -> Option<&ItemEntry> {
        match &self.kind {
            Kind::Post(e) | Kind::Edit(e) | Kind::Show(e) => Some(e),
            _ => None,
        }
    }

    /// The kind's name on the wire.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match &self.kind {
            Kind::Post(_) => "post",
            Kind::Edit(_) => "edit",
            Kind::Show(_) => "show",
            Kind::Hide(_) => "hide",
            Kind::Remove(_) => "remove",
            Kind::Counts(_) => "counts",
            Kind::Filing(_) => "filing",
            Kind::Stage(_) => "stage",
            Kind::Talk { .. } => "talk",
            Kind::Schedule(_) => "schedule",
            Kind::Event { .. } => "event",
            Kind::Gap { .. } => "gap",
            Kind::Tally { .. } => "tally",
            Kind::Notice { .. } => "notice",
            Kind::Void => "void",
        }
    }
}

/// The body of post, edit and show: the item whole, so that a page that saw only this entry draws it in the same place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ItemEntry {
    /// The item's public id.
    pub id: ItemId,
    /// The seq under which the item was first public.
    pub first: Seq,
    /// Every seq that held older words of it in public.
    #[serde(default)]
    pub voids: Vec<Seq>,
    /// The item as it is now.
    pub item: Item,
    /// Where it was filed.
    pub filing: Filing,
}

/// Who took an item away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GoneBy {
    /// Its author deleted it.
    Author,
    /// Its network took it down, or deactivated the account.
    Network,
    /// A moderator of the event.
    Moderator,
    /// The law.
    Law,
}

impl GoneBy {
    /// The name on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Author => "author",
            Self::Network => "network",
            Self::Moderator => "moderator",
            Self::Law => "law",
        }
    }
}

/// The body of hide and remove.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gone {
    /// The item's public id; named even if nobody saw the item, so that it cannot come back after a recovery.
    pub id: ItemId,
    /// The seq under which the item was first public; 0 if it never was.
    pub first: Seq,
    /// Every seq that held its words in public.
    #[serde(default)]
    pub voids: Vec<Seq>,
    /// Who took it away.
    pub by: GoneBy,
}

/// The body of counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CountsEntry {
    /// Up to 200 items with their counts as they are now.
    pub counts: Vec<ItemCounts>,
}

/// One item's counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemCounts {
    /// The item.
    pub id: ItemId,
    /// Its counts as they are now.
    #[serde(flatten)]
    pub counts: Counts,
}

/// The body of filing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FilingEntry {
    /// Up to 200 moves.
    pub moves: Vec<Move>,
}

/// One item filed anew.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Move {
    /// The item.
    pub id: ItemId,
    /// Where it is filed now.
    pub filing: Filing,
}

/// What is really on in a room since a moment: a talk, or a break.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageEntry {
    /// The room's slug.
    pub room: String,
    /// The talk; null is a break.
    pub talk: Option<TalkId>,
    /// Since when.
    pub since: Micros,
    /// What stands for this room and this moment is taken back: it counts as never said, and what it had replaced stands again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub undone: bool,
}

/// A version of the schedule. Its talks came right before it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScheduleEntry {
    /// The version's name, as the file gives it or as we made it.
    pub version: String,
    /// The talks that are new or differ from the version before.
    pub changed: Vec<TalkId>,
    /// The talks that are no longer in it.
    #[serde(default)]
    pub dropped: Vec<TalkId>,
    /// What changed, talk by talk, at most [`schedule::CHANGES_MAX`], weightiest first; none in the first version, in which
    /// everything is new. Kept out of the public form: pages tell it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<schedule::Change>,
    /// How many changes beyond those there are.
    #[serde(default, skip_serializing_if = "is_none")]
    pub more: usize,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
fn is_none(n: &usize) -> bool {
    *n == 0
}

/// A window in which a source may have lost something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// Its name; a later gap entry of the same name replaces this one.
    pub id: String,
    /// The source.
    pub source: String,
    /// From when.
    pub from: Micros,
    /// Until when; null while it lasts.
    pub to: Option<Micros>,
    /// Why, as a sentence that readers see.
    pub reason: String,
    /// How many were lost, where the network says so.
    #[serde(default)]
    pub count: Option<u64>,
    /// True when what was missing has been fetched after all.
    #[serde(default)]
    pub closed: bool,
}

/// One minute of one source, counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// The source.
    pub source: String,
    /// The start of the minute.
    pub minute: Micros,
    /// What was counted.
    #[serde(flatten)]
    pub counts: TallyCounts,
}

/// The counters of a tally.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TallyCounts {
    /// Messages that reached us.
    pub received: u64,
    /// Items that became entries.
    pub new: u64,
    /// Items that we had.
    pub duplicate: u64,
    /// Messages that we dropped, by reason.
    #[serde(default)]
    pub rejected: BTreeMap<String, u64>,
    /// Items held back for a moderator.
    pub held: u64,
    /// Messages that changed or repeated a change of what we had: edits, deletes, counts, boosts. Without it (older programs did
    /// not count them) what was received and what became of it cannot be held against each other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed: Option<u64>,
}

impl TallyCounts {
    /// Adds what was counted elsewhere in the same minute.
    pub fn add(&mut self, other: &Self) {
        self.received += other.received;
        self.new += other.new;
        self.duplicate += other.duplicate;
        self.held += other.held;
        if let Some(changed) = other.changed {
            *self.changed.get_or_insert_default() += changed;
        }
        for (reason, n) in &other.rejected {
            *self.rejected.entry(reason.clone()).or_default() += n;
        }
    }

    /// Of how many messages it is told what became of them.
    #[must_use]
    pub fn settled(&self) -> u64 {
        self.new
            + self.duplicate
            + self.held
            + self.changed.unwrap_or(0)
            + self.rejected.values().sum::<u64>()
    }
}

/// Words from the organisers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// The words.
    pub text: String,
    /// Shown until then; null: until the next notice.
    pub until: Option<Micros>,
}
