//! What was said before: the context that filing looks at, and the register that gives it.
//!
//! The context of an item is made of items before it in the order of (`when`, `id`) that are public, with the filing that
//! they have now. So the filing of every item is a function of what was said up to it, whatever order it reached us in:
//! filing all again from nothing gives the same. Whoever changes an item's contribution files again those that
//! [`Register::put`] names, the oldest first, until nothing changes any more; that ends, since each is later than its cause.

use crate::{By, Filing, FilingState, Item, ItemId, Micros, TalkId};

/// What is known of an item that was said before.
#[derive(Clone, Debug, PartialEq)]
pub struct Known {
    /// The item.
    pub id: ItemId,
    /// When it was said.
    pub when: Micros,
    /// Its talk.
    pub talk: Option<TalkId>,
    /// Its room.
    pub room: Option<String>,
    /// How sure that is.
    pub state: FilingState,
    /// From 0 to 1.
    pub score: f64,
    /// Who filed it.
    pub by: By,
}

/// A talk to which items with the same link or photo are filed.
#[derive(Clone, Debug, PartialEq)]
pub struct Linked {
    /// The talk.
    pub talk: TalkId,
    /// How many people shared it there.
    pub people: usize,
}

/// What filing looks at besides the item, the schedule and the stage.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Context {
    /// What it replies to.
    pub parent: Option<Known>,
    /// What it quotes.
    pub quoted: Option<Known>,
    /// What its author said of late, newest first.
    pub author: Vec<Known>,
    /// Where its links and photos are filed already.
    pub links: Vec<Linked>,
}

/// What was said and where it is filed, as later filings see it.
#[derive(Clone, Debug, Default)]
pub struct Register {}

impl Register {
    /// The context of an item: what was said before it.
    #[must_use]
    pub fn context(&self, _item: &Item) -> Context {
        Context::default()
    }

    /// Takes in an item with its filing, or in place of what it was before. Names the later items whose context this
    /// changes, oldest first.
    pub fn put(&mut self, _item: &Item, _filing: &Filing) -> Vec<(Micros, ItemId)> {
        Vec::new()
    }

    /// Takes in an item that is not public (held, hidden), or in place of what it was before: it is no part of anybody's
    /// context, but is itself named, here and in [`Register::between`], when its own context changes. Names the later items
    /// whose context this changes, oldest first.
    pub fn put_private(&mut self, _item: &Item) -> Vec<(Micros, ItemId)> {
        Vec::new()
    }

    /// Forgets an item that is gone. Names the later items whose context this changes, oldest first.
    pub fn remove(&mut self, _id: ItemId) -> Vec<(Micros, ItemId)> {
        Vec::new()
    }

    /// The items said between two moments, private ones included, the second moment excluded, oldest first.
    pub fn between(&self, _from: Micros, _to: Micros) -> impl Iterator<Item = (Micros, ItemId)> {
        std::iter::empty()
    }
}
