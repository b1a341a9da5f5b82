//! What becomes of an item: the table of states, as a pure function.
//!
//! | arrives | no item | shown | held | hidden | removed |
//! |---|---|---|---|---|---|
//! | post/edit, higher rev | `post`; held by rule: a void | `edit`, voids `at` | stays private | stays private | drop |
//! | same or lower rev | | drop | drop | fill words if lost | drop |
//! | delete | early delete | `remove`, voids `at` | `remove` | `remove` | no-op |
//! | hide | unknown | `hide`, voids `at` | `hide` | no-op; not by a person so far: `hide` | conflict |
//! | show | unknown | no-op | `show` | `show`, newest rev; by the network: withheld | conflict |
//! | away | unknown | `hide` by network, voids `at` | stays private | stays private | no-op |
//! | back | unknown | no-op | no-op | `show`, or as a person or a rule left it | no-op |
//!
//! Network and people hide apart from each other ([`Veil`]): what a moderator hid stays hidden when the account comes back, and
//! no moderator shows what its network or its author has withdrawn.
//!
//! A delivery, however old, that asks for less than we have (only live, no archive) is an `edit` of the words that we have.
//!
//! `at` lists every seq that ever held the item's words in public, and an entry voids all of them: a voided edit has lost its own
//! list while a ring or a rolled-back tail may still hold the older words.

use model::{Filing, Gone, GoneBy, Item, ItemEntry, ItemId, Kind, Retain, Seq};
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

/// What keeps an item from the public, each reason to be lifted on its own. Empty for one that is shown or removed, and for
/// a hidden one that would be shown if its words were not lost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Veil {
    /// Its network has closed the account for now, or its author no longer wants it shown.
    pub network: bool,
    /// A moderator or the law.
    pub person: bool,
    /// It waits for a moderator, and has never been public.
    pub held: bool,
}

impl Veil {
    /// The bit of `network` in [`Veil::bits`].
    pub const NETWORK: i64 = 1;
    const PERSON: i64 = 2;
    const HELD: i64 = 4;
    const WAITS: Self = Self { network: false, person: false, held: true };

    /// As the ledger's column holds it.
    #[must_use]
    pub fn bits(self) -> i64 {
        [(self.network, Self::NETWORK), (self.person, Self::PERSON), (self.held, Self::HELD)]
            .into_iter()
            .filter_map(|(is_set, bit)| is_set.then_some(bit))
            .sum()
    }

    /// From the ledger's column.
    #[must_use]
    pub fn from_bits(bits: i64) -> Self {
        let has = |bit| bits & bit != 0;
        Self { network: has(Self::NETWORK), person: has(Self::PERSON), held: has(Self::HELD) }
    }
}

/// The private record of an item, as the ledger keeps it.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// Public id.
    pub id: ItemId,
    /// Where it stands.
    pub state: ItemState,
    /// What keeps it from the public.
    pub veil: Veil,
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
        /// True while its network hides the account that wrote it.
        away: bool,
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
    /// Its network has closed the account for now, or its author no longer wants it shown.
    Away,
    /// The account is back.
    Back,
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
    /// Withdrawn by its network or author, and not a moderator's to show: answer 409.
    Withheld,
    /// Unknown item: a delete is remembered as early, a moderator is told 404.
    Unknown,
}

/// Decides what an arrival does to an item. `seq` is the number that an entry would get.
#[must_use]
pub fn decide(record: Option<&Record>, id: ItemId, arrival: Arrival, seq: Seq) -> Outcome {
    match (record, arrival) {
        (None, Arrival::Post { words, hold, away }) => first_sight(id, *words, hold, away, seq),
        (None, _) => Outcome::Unknown,
        (Some(r), Arrival::Post { words, away, .. }) => again(r, *words, away, seq),
        (Some(r), Arrival::Delete { by }) => remove(r, by),
        (Some(r), Arrival::Hide { by }) => hide(r, by),
        (Some(r), Arrival::Show) => show(r, seq),
        (Some(r), Arrival::Away) => away(r),
        (Some(r), Arrival::Back) => back(r, seq),
    }
}

fn first_sight(id: ItemId, words: Words, hold: bool, away: bool, seq: Seq) -> Outcome {
    let rev = words.item.rev;
    if hold || away {
        let state = if away { ItemState::Hidden } else { ItemState::Held };
        let veil = Veil { network: away, person: false, held: hold };
        let record = Record { id, state, veil, rev, words: Some(words), first: 0, at: Vec::new() };
        return Outcome::Entry(Box::new(Kind::Void), record);
    }
    let entry = entry(id, &words, seq, Vec::new());
    let veil = Veil::default();
    let record =
        Record { id, state: ItemState::Shown, veil, rev, words: Some(words), first: seq, at: vec![seq] };
    Outcome::Entry(Box::new(Kind::Post(entry)), record)
}

fn entry(id: ItemId, words: &Words, first: Seq, voids: Vec<Seq>) -> Box<ItemEntry> {
    Box::new(ItemEntry { id, first, voids, item: words.item.clone(), filing: words.filing.clone() })
}

fn again(r: &Record, words: Words, away: bool, seq: Seq) -> Outcome {
    let rev = words.item.rev;
    if r.state == ItemState::Removed {
        return Outcome::Duplicate;
    }
    let is_lost = r.words.is_none();
    let words = match &r.words {
        Some(known) if rev <= r.rev => match asks_for_less(&known.item, &words.item) {
            true => with_retain(known, words.item.retain),
            false => return Outcome::Duplicate,
        },
        _ if rev < r.rev => return Outcome::Duplicate,
        _ => words,
    };
    let rev = rev.max(r.rev);
    if r.state == ItemState::Shown {
        let entry = entry(r.id, &words, r.first, r.at.clone());
        let at = r.at.iter().copied().chain([seq]).collect();
        let record = Record { rev, words: Some(words), at, ..r.clone() };
        return Outcome::Entry(Box::new(Kind::Edit(entry)), record);
    }
    // A network that sends lost words again no longer withholds them, unless it hides the account.
    let veil = Veil { network: away || (r.veil.network && !is_lost), ..r.veil };
    let record = Record { rev, veil, words: Some(words), ..r.clone() };
    // Only the loss of its words kept it from the public.
    if is_lost && veil == Veil::default() { shown(&record, seq) } else { Outcome::Keep(record) }
}

fn asks_for_less(known: &Item, said: &Item) -> bool {
    known.retain == Retain::Archive && said.retain == Retain::Live
}

fn with_retain(known: &Words, retain: Retain) -> Words {
    let mut words = known.clone();
    words.item.retain = retain;
    words
}

fn gone(r: &Record, by: GoneBy) -> Gone {
    Gone { id: r.id, first: r.first, voids: r.at.clone(), by }
}

fn remove(r: &Record, by: GoneBy) -> Outcome {
    if r.state == ItemState::Removed {
        return Outcome::NoOp(ItemState::Removed);
    }
    let record = Record { state: ItemState::Removed, veil: Veil::default(), words: None, ..r.clone() };
    Outcome::Entry(Box::new(Kind::Remove(gone(r, by))), record)
}

/// A person has decided: it waits for nobody any more.
fn hide(r: &Record, by: GoneBy) -> Outcome {
    match r.state {
        ItemState::Removed => Outcome::Conflict,
        ItemState::Hidden if r.veil.person => Outcome::NoOp(ItemState::Hidden),
        ItemState::Shown | ItemState::Held | ItemState::Hidden => {
            let veil = Veil { person: true, held: false, ..r.veil };
            let record = Record { state: ItemState::Hidden, veil, ..r.clone() };
            Outcome::Entry(Box::new(Kind::Hide(gone(r, by))), record)
        }
    }
}

fn show(r: &Record, seq: Seq) -> Outcome {
    match (r.state, &r.words) {
        (ItemState::Shown, _) => Outcome::NoOp(ItemState::Shown),
        (ItemState::Removed, _) => Outcome::Conflict,
        (_, _) if r.veil.network && !r.veil.person => Outcome::Withheld,
        (_, _) if r.veil.network => {
            let veil = Veil { person: false, ..r.veil };
            let record = Record { veil, ..r.clone() };
            Outcome::Entry(Box::new(Kind::Hide(gone(r, GoneBy::Network))), record)
        }
        // Its words were lost with an older ledger: they come back when the network sends them again.
        (state, None) => Outcome::NoOp(state),
        (ItemState::Held | ItemState::Hidden, Some(_)) => shown(r, seq),
    }
}

/// Public, whole, with its newest words.
fn shown(r: &Record, seq: Seq) -> Outcome {
    let Some(words) = &r.words else { return Outcome::NoOp(r.state) };
    let first = if r.first == 0 { seq } else { r.first };
    let entry = entry(r.id, words, first, Vec::new());
    let at = r.at.iter().copied().chain([seq]).collect();
    let record = Record { state: ItemState::Shown, veil: Veil::default(), first, at, ..r.clone() };
    Outcome::Entry(Box::new(Kind::Show(entry)), record)
}

fn away(r: &Record) -> Outcome {
    let record = Record { state: ItemState::Hidden, veil: Veil { network: true, ..r.veil }, ..r.clone() };
    match r.state {
        ItemState::Removed => Outcome::NoOp(ItemState::Removed),
        ItemState::Shown => Outcome::Entry(Box::new(Kind::Hide(gone(r, GoneBy::Network))), record),
        ItemState::Hidden if r.veil.network => Outcome::NoOp(ItemState::Hidden),
        // Nobody saw it, or a person has hidden it already.
        ItemState::Held | ItemState::Hidden => Outcome::Keep(record),
    }
}

fn back(r: &Record, seq: Seq) -> Outcome {
    if !r.veil.network {
        return Outcome::NoOp(r.state);
    }
    let record = Record { veil: Veil { network: false, ..r.veil }, ..r.clone() };
    if record.veil.person || record.words.is_none() {
        Outcome::Keep(record)
    } else if record.veil.held {
        Outcome::Keep(Record { state: ItemState::Held, veil: Veil::WAITS, ..record })
    } else {
        shown(&record, seq)
    }
}

#[cfg(test)]
mod tests;
