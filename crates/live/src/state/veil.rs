//! The reasons for which an item is not public, each to be lifted on its own.

use super::ItemState;

/// What keeps an item from the public, each reason to be lifted on its own. Empty for one that is shown or removed, and for
/// a hidden one that would be shown if its words were not lost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Veil {
    /// Its network has closed the account for now, or its author no longer wants it shown.
    pub network: bool,
    /// A moderator or the law, or a rule by which moderators hide.
    pub person: bool,
    /// It waits for a moderator.
    pub held: bool,
    /// Its author is blocked here.
    pub blocked: bool,
}

impl Veil {
    /// The bit of `network` in [`Veil::bits`].
    pub const NETWORK: i64 = 1;
    const PERSON: i64 = 2;
    const HELD: i64 = 4;
    /// The bit of `blocked` in [`Veil::bits`].
    pub const BLOCKED: i64 = 8;
    pub(super) const WAITS: Self = Self { network: false, person: false, held: true, blocked: false };

    /// Where an item with these reasons stands, if its words are there.
    #[must_use]
    pub fn state(self) -> ItemState {
        match self {
            Self { network: false, person: false, held: false, blocked: false } => ItemState::Shown,
            Self::WAITS => ItemState::Held,
            _ => ItemState::Hidden,
        }
    }

    /// As the ledger's column holds it.
    #[must_use]
    pub fn bits(self) -> i64 {
        let all = [
            (self.network, Self::NETWORK),
            (self.person, Self::PERSON),
            (self.held, Self::HELD),
            (self.blocked, Self::BLOCKED),
        ];
        all.into_iter().filter_map(|(is_set, bit)| is_set.then_some(bit)).sum()
    }

    /// From the ledger's column.
    #[must_use]
    pub fn from_bits(bits: i64) -> Self {
        let has = |bit| bits & bit != 0;
        Self {
            network: has(Self::NETWORK),
            person: has(Self::PERSON),
            held: has(Self::HELD),
            blocked: has(Self::BLOCKED),
        }
    }
}
