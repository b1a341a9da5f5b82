//! How far the parts of the product have come, by surface: what each says of itself on the status board, so that a receipt can
//! tell when words that were taken back were gone from there.

use crate::receipts::Surface;
use model::{Entry, EventId, Kind, Position};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// The key under which a status record tells [`Told`].
pub const RECORD_KEY: &str = "reached";

/// Whether an entry takes words back: by overwriting older entries, or by taking away what was never public.
#[must_use]
pub fn takes_back(entry: &Entry) -> bool {
    !entry.voids().is_empty() || matches!(entry.kind, Kind::Hide(_) | Kind::Remove(_))
}

/// What one part tells, by event and surface.
pub type Told = BTreeMap<EventId, BTreeMap<Surface, Reached>>;

/// Up to where a surface holds nothing that was taken back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reached {
    /// The last entry that has been obeyed.
    pub position: Position,
    /// How long ago, in milliseconds, it obeyed the last entry that took words back.
    pub age_ms: u64,
    /// How many say so together: 1, or as many as there are walls.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub told: u32,
    /// How many of them were not heard of any more.
    #[serde(default, skip_serializing_if = "is_none")]
    pub silent: u32,
    /// What had to be left of it, if anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub how: Option<How>,
}

/// What "clean" means where it does not simply mean that the words are overwritten.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum How {
    /// No row that anybody can read holds the words, and what held them may be used again; the bytes go when it is.
    Vacuumed,
    /// The server was asked and does not let us.
    Refused,
    /// There is no such thing here.
    Absent,
}

impl How {
    /// The name in the ledger and on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Vacuumed => "vacuumed",
            Self::Refused => "refused",
            Self::Absent => "absent",
        }
    }

    pub(crate) fn of(name: &str) -> Option<Self> {
        [Self::Vacuumed, Self::Refused, Self::Absent].into_iter().find(|how| how.name() == name)
    }
}

fn one() -> u32 {
    1
}

fn is_one(told: &u32) -> bool {
    *told == 1
}

fn is_none(silent: &u32) -> bool {
    *silent == 0
}

/// Where one surface stands within its process.
#[derive(Debug, Default)]
pub struct Reach(Mutex<Option<Stand>>);

#[derive(Debug)]
struct Stand {
    position: Position,
    obeyed: Instant,
    how: Option<How>,
}

impl Reach {
    /// Everything up to here is obeyed; `took_back`: something before it took words back and was not obeyed until now.
    pub fn at(&self, position: Position, took_back: bool) {
        self.put(position, took_back, None);
    }

    /// As [`Reach::at`], of a surface of which something has to be left.
    pub fn at_with(&self, position: Position, took_back: bool, how: How) {
        self.put(position, took_back, Some(how));
    }

    fn put(&self, position: Position, took_back: bool, how: Option<How>) {
        let mut stand = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let obeyed = stand.as_ref().filter(|_| !took_back).map_or_else(Instant::now, |stand| stand.obeyed);
        *stand = Some(Stand { position, obeyed, how });
    }

    /// What to tell of it; none before the first entry.
    #[must_use]
    pub fn told(&self) -> Option<Reached> {
        let stand = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        stand.as_ref().map(|stand| Reached {
            position: stand.position.clone(),
            age_ms: u64::try_from(stand.obeyed.elapsed().as_millis()).unwrap_or(u64::MAX),
            told: 1,
            silent: 0,
            how: stand.how,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Epoch;
    use std::time::Duration;

    #[tokio::test]
    async fn the_age_is_that_of_the_last_entry_that_took_words_back() {
        let reach = Reach::default();
        assert_eq!(reach.told(), None);
        let at = |seq| Position { epoch: Epoch::new(0, 7), seq };
        reach.at(at(1), true);
        tokio::time::sleep(Duration::from_millis(20)).await;
        reach.at(at(2), false);
        let told = reach.told().unwrap();
        assert!(told.position == at(2) && told.age_ms >= 20, "{told:?}");
        reach.at(at(3), true);
        assert!(reach.told().unwrap().age_ms < 20);
    }

    #[test]
    fn what_is_told_is_read_again() {
        let position = Position { epoch: Epoch::new(0, 7), seq: 9 };
        let plain = Reached { position, age_ms: 5, told: 1, silent: 0, how: None };
        let walls = Reached { told: 3, silent: 1, how: Some(How::Absent), ..plain.clone() };
        for reached in [plain, walls] {
            let json = serde_json::to_string(&reached).unwrap();
            assert_eq!(serde_json::from_str::<Reached>(&json).unwrap(), reached, "{json}");
        }
        for how in [How::Vacuumed, How::Refused, How::Absent] {
            assert_eq!(How::of(how.name()), Some(how));
        }
    }
}
