//! What becomes of an item: the table of states, as a pure function.
//!
//! | arrives | no item | shown | held | hidden | removed |
//! |---|---|---|---|---|---|
//! | post/edit, higher rev | `post`; held by rule: a void | `edit`, voids `at` | stays private | stays private | drop |
//! | same or lower rev | | drop | drop | fill words if lost | drop |
//! | delete | early delete | `remove`, voids `at` | `remove` | `remove` | no-op |
//! | hide | unknown | `hide`, voids `at` | `hide` | no-op | conflict |
//! | show | unknown | no-op | `show` | `show`, newest rev | conflict |
//!
//! `at` lists every seq that ever held the item's words in public, and an entry voids all of them: a voided edit has lost its own
//! list while a ring or a rolled-back tail may still hold the older words.

use model::{Filing, Gone, GoneBy, Item, ItemEntry, ItemId, Kind, Seq};
use serde::{Deserialize, Serialize};

/// Where an item stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ItemState {
    /// Public.
    Shown,
    /// Never public so far; waits for a moderator.
    Held,
    /// Taken from the public, words kept.
    Hidden,
    /// Gone for good, words erased.
    Removed,
}

impl ItemState {
    /// The name on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Shown => "shown",
            Self::Held => "held",
            Self::Hidden => "hidden",
            Self::Removed => "removed",
        }
    }
}

/// The private record of an item, as the ledger keeps it.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// Public id.
    pub id: ItemId,
    /// Where it stands.
    pub state: ItemState,
    /// Newest revision.
    pub rev: u64,
    /// Its newest words; none when removed, or lost with an older ledger.
    pub words: Option<Words>,
    /// The seq under which it was first public; 0 if it never was.
    pub first: Seq,
    /// Every seq that ever held its words in public.
    pub at: Vec<Seq>,
}

/// An item and where it is filed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Words {
    /// The item.
    pub item: Item,
    /// Where it is filed.
    pub filing: Filing,
}

/// What arrives.
#[derive(Clone, Debug, PartialEq)]
pub enum Arrival {
    /// A post, or a newer revision of one.
    Post {
        /// The item with its filing.
        words: Box<Words>,
        /// True when a rule or the source's setting holds it back.
        hold: bool,
    },
    /// Gone upstream, by the author's, a moderator's or the law's hand.
    Delete {
        /// Whose hand.
        by: GoneBy,
    },
    /// Take it from the public.
    Hide {
        /// Whose hand.
        by: GoneBy,
    },
    /// Bring it to the public.
    Show,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// Write this entry under the seq that was asked for, and keep this record.
    Entry(Box<Kind>, Record),
    /// Keep this record; nothing public changes.
    Keep(Record),
    /// We have it, or something newer: nothing to do.
    Duplicate,
    /// Already so: answer 200 with the state.
    NoOp(ItemState),
    /// Removed for good: answer 409.
    Conflict,
    /// Unknown item: a delete is remembered as early, a moderator is told 404.
    Unknown,
}

/// Decides what an arrival does to an item. `seq` is the number that an entry would get.
#[must_use]
pub fn decide(record: Option<&Record>, id: ItemId, arrival: Arrival, seq: Seq) -> Outcome {
    match (record, arrival) {
        (None, Arrival::Post { words, hold }) => first_sight(id, *words, hold, seq),
        (None, _) => Outcome::Unknown,
        (Some(r), Arrival::Post { words, .. }) => again(r, *words, seq),
        (Some(r), Arrival::Delete { by }) => remove(r, by),
        (Some(r), Arrival::Hide { by }) => hide(r, by),
        (Some(r), Arrival::Show) => show(r, seq),
    }
}

fn first_sight(id: ItemId, words: Words, hold: bool, seq: Seq) -> Outcome {
    let rev = words.item.rev;
    if hold {
        let record = Record { id, state: ItemState::Held, rev, words: Some(words), first: 0, at: Vec::new() };
        return Outcome::Entry(Box::new(Kind::Void), record);
    }
    let entry = entry(id, &words, seq, Vec::new());
    let record = Record { id, state: ItemState::Shown, rev, words: Some(words), first: seq, at: vec![seq] };
    Outcome::Entry(Box::new(Kind::Post(entry)), record)
}

fn entry(id: ItemId, words: &Words, first: Seq, voids: Vec<Seq>) -> Box<ItemEntry> {
    Box::new(ItemEntry { id, first, voids, item: words.item.clone(), filing: words.filing.clone() })
}

fn again(r: &Record, words: Words, seq: Seq) -> Outcome {
    let rev = words.item.rev;
    let is_lost = r.words.is_none() && matches!(r.state, ItemState::Hidden | ItemState::Held);
    if r.state == ItemState::Removed || rev < r.rev || (rev == r.rev && !is_lost) {
        return Outcome::Duplicate;
    }
    if r.state != ItemState::Shown {
        return Outcome::Keep(Record { rev, words: Some(words), ..r.clone() });
    }
    let entry = entry(r.id, &words, r.first, r.at.clone());
    let at = r.at.iter().copied().chain([seq]).collect();
    Outcome::Entry(Box::new(Kind::Edit(entry)), Record { rev, words: Some(words), at, ..r.clone() })
}

fn gone(r: &Record, by: GoneBy) -> Gone {
    Gone { id: r.id, first: r.first, voids: r.at.clone(), by }
}

fn remove(r: &Record, by: GoneBy) -> Outcome {
    if r.state == ItemState::Removed {
        return Outcome::NoOp(ItemState::Removed);
    }
    let record = Record { state: ItemState::Removed, words: None, ..r.clone() };
    Outcome::Entry(Box::new(Kind::Remove(gone(r, by))), record)
}

fn hide(r: &Record, by: GoneBy) -> Outcome {
    match r.state {
        ItemState::Shown | ItemState::Held => {
            let record = Record { state: ItemState::Hidden, ..r.clone() };
            Outcome::Entry(Box::new(Kind::Hide(gone(r, by))), record)
        }
        ItemState::Hidden => Outcome::NoOp(ItemState::Hidden),
        ItemState::Removed => Outcome::Conflict,
    }
}

fn show(r: &Record, seq: Seq) -> Outcome {
    match (r.state, &r.words) {
        (ItemState::Shown, _) => Outcome::NoOp(ItemState::Shown),
        (ItemState::Removed, _) => Outcome::Conflict,
        // Its words were lost with an older ledger: they come back when the network sends them again.
        (state, None) => Outcome::NoOp(state),
        (ItemState::Held | ItemState::Hidden, Some(words)) => {
            let first = if r.first == 0 { seq } else { r.first };
            let entry = entry(r.id, words, first, Vec::new());
            let at = r.at.iter().copied().chain([seq]).collect();
            Outcome::Entry(
                Box::new(Kind::Show(entry)),
                Record { state: ItemState::Shown, first, at, ..r.clone() },
            )
        }
    }
}
