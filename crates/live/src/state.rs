//! What becomes of an item: the table of states, as a pure function.
//!
//! | arrives | no item | shown | held | hidden | removed |
//! |---|---|---|---|---|---|
//! | post/edit, higher rev | `post`; kept back: a void | `edit`, voids `at`; kept back: `hide`, voids `at` | stays private | stays private | drop |
//! | same or lower rev | | drop | drop | fill words if lost | drop |
//! | delete | early delete | `remove`, voids `at` | `remove` | `remove` | no-op |
//! | hide | unknown | `hide`, voids `at` | `hide` | no-op; not by a person so far: `hide` | conflict |
//! | show | unknown | no-op | `show` | `show`, newest rev; by the network: withheld | conflict |
//! | away | unknown | `hide` by network, voids `at` | stays private | stays private | no-op |
//! | back | unknown | no-op | no-op | `show`, or as a person or a rule left it | no-op |
//! | hold | unknown | `hide`, voids `at`; waits | no-op | waits, unless something else hides it | conflict |
//! | block | unknown | `hide`, voids `at` | stays private | stays private | no-op |
//! | unblock | unknown | no-op | no-op | `show`, or as others left it | no-op |
//! | cover | unknown | `edit`, voids `at` | stays private | stays private | conflict |
//!
//! Network, moderators and the block of an author hide apart from each other ([`Veil`]): what a moderator hid stays hidden when
//! the account comes back or the author is let in again, and no moderator shows what its network or its author has withdrawn.
//! Words that a rule keeps back are kept back in an edit, too: what was shown before waits with them.
//!
//! A delivery, however old, that asks for less than we have (only live, no archive) is an `edit` of the words that we have.
//!
//! `at` lists every seq that ever held the item's words in public, and an entry voids all of them: a voided edit has lost its own
//! list while a ring or a rolled-back tail may still hold the older words.

use model::{Filing, Gone, GoneBy, Item, ItemEntry, ItemId, Kind, Retain, Seq};
use serde::{Deserialize, Serialize};

mod veil;

pub use veil::Veil;

/// Where an item stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ItemState {
    /// Public.
    Shown,
    /// Waits for a moderator: never public so far, or no longer.
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
        /// What keeps these words from the public: a rule or the source's setting, a block, or its network, which hides the
        /// account that wrote it.
        veil: Veil,
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
    /// A moderator takes back what was decided: it waits again.
    Hold,
    /// Its author is blocked here.
    Block,
    /// Its author is blocked no more.
    Unblock,
    /// A moderator covers it with these words, or (none) takes the cover off.
    Cover(Option<String>),
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
        (None, Arrival::Post { words, veil }) => first_sight(id, *words, veil, seq),
        (None, _) => Outcome::Unknown,
        (Some(r), Arrival::Post { words, veil }) => again(r, *words, veil, seq),
        (Some(r), Arrival::Delete { by }) => remove(r, by),
        (Some(r), Arrival::Hide { by }) => hide(r, by),
        (Some(r), Arrival::Show) => show(r, seq),
        (Some(r), Arrival::Away) => away(r),
        (Some(r), Arrival::Back) => back(r, seq),
        (Some(r), Arrival::Hold) => hold(r),
        (Some(r), Arrival::Block) => block(r),
        (Some(r), Arrival::Unblock) => unblock(r, seq),
        (Some(r), Arrival::Cover(cover)) => self::cover(r, cover, seq),
    }
}

fn first_sight(id: ItemId, words: Words, veil: Veil, seq: Seq) -> Outcome {
    let rev = words.item.rev;
    if veil != Veil::default() {
        let record =
            Record { id, state: veil.state(), veil, rev, words: Some(words), first: 0, at: Vec::new() };
        return Outcome::Entry(Box::new(Kind::Void), record);
    }
    let entry = entry(id, &words, seq, Vec::new());
    let record =
        Record { id, state: ItemState::Shown, veil, rev, words: Some(words), first: seq, at: vec![seq] };
    Outcome::Entry(Box::new(Kind::Post(entry)), record)
}

fn entry(id: ItemId, words: &Words, first: Seq, voids: Vec<Seq>) -> Box<ItemEntry> {
    Box::new(ItemEntry { id, first, voids, item: words.item.clone(), filing: words.filing.clone() })
}

fn again(r: &Record, words: Words, said: Veil, seq: Seq) -> Outcome {
    let rev = words.item.rev;
    if r.state == ItemState::Removed {
        return Outcome::Duplicate;
    }
    let is_lost = r.words.is_none();
    let (words, said) = match &r.words {
        // The words are those that were judged before.
        Some(known) if rev <= r.rev => match asks_for_less(&known.item, &words.item) {
            true => {
                (with_retain(known, words.item.retain), Veil { network: said.network, ..Veil::default() })
            }
            false => return Outcome::Duplicate,
        },
        _ if rev < r.rev => return Outcome::Duplicate,
        _ => (words, said),
    };
    let rev = rev.max(r.rev);
    if r.state == ItemState::Shown {
        // Whether the account is away is said by the account, not by its posts.
        let veil = Veil { network: false, ..said };
        let record = Record { rev, veil, words: Some(words), state: veil.state(), ..r.clone() };
        return if veil == Veil::default() { edited(record, seq) } else { taken(record, GoneBy::Moderator) };
    }
    let veil = Veil {
        // A network that sends lost words again no longer withholds them, unless it hides the account.
        network: said.network || (r.veil.network && !is_lost),
        person: r.veil.person || said.person,
        // What a person has hidden waits for nobody.
        held: r.veil.held || (said.held && !r.veil.person),
        blocked: r.veil.blocked || said.blocked,
    };
    let state = if veil == Veil::default() { r.state } else { veil.state() };
    let record = Record { rev, veil, state, words: Some(words), ..r.clone() };
    // Only the loss of its words kept it from the public.
    if is_lost && veil == Veil::default() { shown(&record, seq) } else { Outcome::Keep(record) }
}

/// Other words of a shown item.
fn edited(record: Record, seq: Seq) -> Outcome {
    let Some(words) = &record.words else { return Outcome::NoOp(record.state) };
    let entry = entry(record.id, words, record.first, record.at.clone());
    let at = record.at.iter().copied().chain([seq]).collect();
    Outcome::Entry(Box::new(Kind::Edit(entry)), Record { at, ..record })
}

/// A shown item that is shown no more.
fn taken(record: Record, by: GoneBy) -> Outcome {
    Outcome::Entry(Box::new(Kind::Hide(gone(&record, by))), record)
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
        (_, _) if r.veil.network && !(r.veil.person || r.veil.blocked) => Outcome::Withheld,
        (_, _) if r.veil.network => {
            let veil = Veil { person: false, blocked: false, ..r.veil };
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
    hidden_with(r, record, r.veil.network, GoneBy::Network)
}

fn block(r: &Record) -> Outcome {
    let record = Record { state: ItemState::Hidden, veil: Veil { blocked: true, ..r.veil }, ..r.clone() };
    hidden_with(r, record, r.veil.blocked, GoneBy::Moderator)
}

/// Hidden for one more reason; `was_so` when it was that already.
fn hidden_with(r: &Record, record: Record, was_so: bool, by: GoneBy) -> Outcome {
    match r.state {
        ItemState::Removed => Outcome::NoOp(ItemState::Removed),
        ItemState::Shown => taken(record, by),
        ItemState::Hidden if was_so => Outcome::NoOp(ItemState::Hidden),
        // Nobody saw it, or somebody else has hidden it already.
        ItemState::Held | ItemState::Hidden => Outcome::Keep(record),
    }
}

fn back(r: &Record, seq: Seq) -> Outcome {
    if !r.veil.network {
        return Outcome::NoOp(r.state);
    }
    lifted(Record { veil: Veil { network: false, ..r.veil }, ..r.clone() }, seq)
}

fn unblock(r: &Record, seq: Seq) -> Outcome {
    if !r.veil.blocked {
        return Outcome::NoOp(r.state);
    }
    lifted(Record { veil: Veil { blocked: false, ..r.veil }, ..r.clone() }, seq)
}

/// What becomes of an item when one reason is gone: as the others leave it.
fn lifted(record: Record, seq: Seq) -> Outcome {
    if record.words.is_none() {
        return Outcome::Keep(record);
    }
    match record.veil.state() {
        ItemState::Shown => shown(&record, seq),
        state => Outcome::Keep(Record { state, ..record }),
    }
}

fn hold(r: &Record) -> Outcome {
    let veil = Veil { person: false, held: true, ..r.veil };
    let record = Record { state: veil.state(), veil, ..r.clone() };
    match r.state {
        ItemState::Removed => Outcome::Conflict,
        ItemState::Shown => taken(record, GoneBy::Moderator),
        ItemState::Held | ItemState::Hidden if r.veil == veil => Outcome::NoOp(r.state),
        ItemState::Held | ItemState::Hidden => Outcome::Keep(record),
    }
}

fn cover(r: &Record, cover: Option<String>, seq: Seq) -> Outcome {
    let Some(words) = &r.words else {
        return if r.state == ItemState::Removed { Outcome::Conflict } else { Outcome::NoOp(r.state) };
    };
    if words.item.cover == cover {
        return Outcome::NoOp(r.state);
    }
    let mut words = words.clone();
    words.item.cover = cover;
    let record = Record { words: Some(words), ..r.clone() };
    if r.state == ItemState::Shown { edited(record, seq) } else { Outcome::Keep(record) }
}

#[cfg(test)]
mod tests;
