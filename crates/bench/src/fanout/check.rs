//! Whether one subscriber got every message once and in order.

use serde::{Deserialize, Serialize};

use super::message::Found;

/// How far behind the newest a message may come and still be told from a second copy.
const WINDOW: u64 = u128::BITS as u64;

/// What went wrong, over all subscribers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Faults {
    /// Messages that never came.
    pub(crate) lost: u64,
    /// Copies beyond the first.
    pub(crate) doubled: u64,
    /// Messages that came after a later one.
    pub(crate) out_of_order: u64,
    /// Messages that were not as they were published.
    pub(crate) torn: u64,
}

impl Faults {
    /// Adds another's.
    pub(crate) fn add(&mut self, other: Self) {
        self.lost += other.lost;
        self.doubled += other.doubled;
        self.out_of_order += other.out_of_order;
        self.torn += other.torn;
    }

    /// Whether there is none.
    pub(crate) fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

/// What one subscriber has seen.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Seen {
    /// The highest number.
    high: u64,
    /// Which of the numbers up to `high` came: bit 0 is `high` itself.
    came: u128,
    /// Numbers below `high` that have not come.
    missing: u64,
}

impl Seen {
    /// Begins anew: the next message is `first`.
    pub(crate) fn before(first: u64) -> Self {
        Self { high: first - 1, came: u128::MAX, missing: 0 }
    }

    /// Takes one message into account. Whether it was whole and new, so that its latency counts. What is older than the
    /// first that is waited for must not be given.
    pub(crate) fn note(&mut self, found: Found, faults: &mut Faults) -> bool {
        let number = match found {
            Found::Whole { number, .. } => number,
            Found::Torn { number } => {
                faults.torn += 1;
                // It is told as torn; it is not lost as well.
                let Some(number) = number else { return false };
                self.come(number, &mut Faults::default());
                return false;
            }
        };
        self.come(number, faults)
    }

    fn come(&mut self, number: u64, faults: &mut Faults) -> bool {
        if number > self.high {
            let ahead = number - self.high;
            self.missing += ahead - 1;
            self.came = self.came.checked_shl(ahead as u32).filter(|_| ahead < WINDOW).unwrap_or(0) | 1;
            self.high = number;
            return true;
        }
        let bit = 1u128.checked_shl((self.high - number) as u32).filter(|_| self.high - number < WINDOW);
        // Beyond the window nobody knows any more: a second copy is the likelier one.
        let Some(bit) = bit.filter(|bit| self.came & bit == 0) else {
            faults.doubled += 1;
            return false;
        };
        self.came |= bit;
        self.missing -= 1;
        faults.out_of_order += 1;
        true
    }

    /// Whether all up to `last` have come.
    pub(crate) fn has_all(&self, last: u64) -> bool {
        self.high >= last && self.missing == 0
    }

    /// How many up to `last` have not come.
    pub(crate) fn lacks(&self, last: u64) -> u64 {
        self.missing + last.saturating_sub(self.high)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(first: u64, last: u64, numbers: &[u64]) -> (Faults, usize) {
        let (mut seen, mut faults) = (Seen::before(first), Faults::default());
        let news =
            numbers.iter().filter(|n| seen.note(Found::Whole { number: **n, due: 0 }, &mut faults)).count();
        faults.lost = seen.lacks(last);
        assert_eq!(seen.has_all(last), faults.lost == 0);
        (faults, news)
    }

    #[test]
    fn what_comes_once_and_in_order_is_without_fault() {
        assert_eq!(faults(5, 9, &[5, 6, 7, 8, 9]), (Faults::default(), 5));
    }

    #[test]
    fn each_fault_is_counted_as_itself_only() {
        let none = Faults::default();
        assert_eq!(faults(1, 5, &[1, 2, 4, 5]), (Faults { lost: 1, ..none }, 4));
        assert_eq!(faults(1, 5, &[1, 2, 3]), (Faults { lost: 2, ..none }, 3));
        assert_eq!(faults(1, 5, &[]), (Faults { lost: 5, ..none }, 0));
        assert_eq!(faults(1, 3, &[1, 1, 2, 3, 2]), (Faults { doubled: 2, ..none }, 3));
        assert_eq!(faults(1, 4, &[1, 3, 2, 4]), (Faults { out_of_order: 1, ..none }, 4));
        assert_eq!(faults(1, 500, &[1, 500]), (Faults { lost: 498, ..none }, 2));
        assert_eq!(faults(1, 130, &[130]), (Faults { lost: 129, ..none }, 1));
    }

    #[test]
    fn a_torn_message_is_not_lost_as_well_when_its_number_can_be_read() {
        let (mut seen, mut faults) = (Seen::before(1), Faults::default());
        assert!(!seen.note(Found::Torn { number: Some(1) }, &mut faults));
        assert!(seen.note(Found::Whole { number: 2, due: 0 }, &mut faults));
        assert!(!seen.note(Found::Torn { number: None }, &mut faults));
        assert_eq!((faults, seen.lacks(3)), (Faults { torn: 2, ..Faults::default() }, 1));
    }
}
