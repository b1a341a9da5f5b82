//! What the register keeps of an item: numbers in place of words, so that a quarter of a million stay small.

use crate::{By, FilingState, ItemId, Micros};
use std::collections::HashMap;

/// An item as others see it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Kept {
    pub(super) when: Micros,
    pub(super) author: u64,
    pub(super) links: Box<[u64]>,
    pub(super) parent: Option<ItemId>,
    pub(super) quoted: Option<ItemId>,
    pub(super) talk: Option<u32>,
    pub(super) room: Option<u32>,
    pub(super) state: FilingState,
    pub(super) score: f64,
    pub(super) by: By,
}

impl Kept {
    /// What it answers and quotes.
    pub(super) fn related(&self) -> impl Iterator<Item = ItemId> {
        self.parent.into_iter().chain(self.quoted)
    }

    /// True when the context of others holds the same of both.
    pub(super) fn tells_the_same(&self, other: &Self) -> bool {
        Self { parent: None, quoted: None, ..self.clone() }
            == Self { parent: None, quoted: None, ..other.clone() }
    }
}

/// Words that come again and again: ids of talks, slugs of rooms. There are as many as schedules ever named.
#[derive(Clone, Debug, Default)]
pub(super) struct Interned {
    texts: Vec<Box<str>>,
    numbers: HashMap<Box<str>, u32>,
}

impl Interned {
    /// The number of a word.
    pub(super) fn number(&mut self, text: &str) -> u32 {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        let number = u32::try_from(self.texts.len()).expect("talks and rooms are bounded far below");
        self.texts.push(text.into());
        self.numbers.insert(text.into(), number);
        number
    }

    /// The word of a number.
    pub(super) fn text(&self, number: u32) -> &str {
        &self.texts[number as usize]
    }
}
