//! Whether the archive equals a fold of the ledger from zero.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Debug};

use model::{Fold, ItemId, Row};

use crate::record::is_kept;

/// The most differences that are told.
const DIFFERENCES_MAX: usize = 50;

/// One place where an archive and a fold of its log disagree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// What differs.
    pub what: String,
    /// What the log says; empty where it says nothing.
    pub expected: String,
    /// What the archive holds; empty where it holds nothing.
    pub found: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: the log says {}, the archive holds {}",
            self.what,
            or_nothing(&self.expected),
            or_nothing(&self.found)
        )
    }
}

fn or_nothing(text: &str) -> &str {
    if text.is_empty() { "nothing" } else { text }
}

/// Compares a fold of a ledger from zero with what [`crate::Archive::snapshot`] gave (with no bound on items). None
/// (an empty list) is the promise. Items that are only shown live are no difference.
#[must_use]
pub fn compare(ledger: &Fold, archived: &Fold) -> Vec<Difference> {
    let mut found = Vec::new();
    value(&mut found, "top", &ledger.top(), &archived.top());
    let expected: BTreeMap<ItemId, &Row> =
        ledger.items.iter().filter(|(_, row)| is_kept(row)).map(|(id, row)| (*id, row)).collect();
    let held: BTreeMap<ItemId, &Row> = archived.items.iter().map(|(id, row)| (*id, row)).collect();
    maps(&mut found, "item", &expected, &held);
    maps(&mut found, "talk", &ledger.talks, &archived.talks);
    value(&mut found, "schedule", &ledger.schedule, &archived.schedule);
    maps(&mut found, "stage", &ledger.stage, &archived.stage);
    value(&mut found, "event", &ledger.event, &archived.event);
    maps(&mut found, "gap", &ledger.gaps, &archived.gaps);
    maps(&mut found, "tally", &ledger.tallies, &archived.tallies);
    maps(&mut found, "notice", &ledger.notices, &archived.notices);
    found.truncate(DIFFERENCES_MAX);
    found
}

fn value<T: PartialEq + Debug>(found: &mut Vec<Difference>, what: &str, expected: &T, held: &T) {
    if expected != held {
        let (expected, held) = (format!("{expected:?}"), format!("{held:?}"));
        found.push(Difference { what: what.to_owned(), expected, found: held });
    }
}

fn maps<K: Ord + Debug, V: PartialEq + Debug>(
    found: &mut Vec<Difference>,
    what: &str,
    expected: &BTreeMap<K, V>,
    held: &BTreeMap<K, V>,
) {
    let keys: BTreeSet<&K> = expected.keys().chain(held.keys()).collect();
    for key in keys {
        let (should, is) = (expected.get(key), held.get(key));
        if should != is {
            let text = |value: Option<&V>| value.map(|value| format!("{value:?}")).unwrap_or_default();
            let what = format!("{what} {key:?}");
            found.push(Difference { what, expected: text(should), found: text(is) });
        }
    }
}
