//! What the timelines were last seen to hold, so that a poll tells only what has changed, and a status that has
//! disappeared is noticed.

use std::collections::{HashMap, HashSet, VecDeque};

use crate::source::DraftCounts;

/// Statuses that are remembered.
const KNOWN_MAX: usize = 2000;
/// Statuses that may be asked for one by one after one look.
const SUSPECTS_MAX: usize = 10;

type Version = (Option<String>, DraftCounts);

/// See the module.
#[derive(Default)]
pub(super) struct Known {
    /// Tag and id in the order of first sight.
    order: VecDeque<(String, String)>,
    versions: HashMap<String, Version>,
}

/// What a look at a status tells.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Change {
    New,
    Edited,
    Counts,
    Nothing,
}

impl Known {
    /// Remembers a status as it is now; says what has changed since the last look.
    pub(super) fn look(&mut self, tag: &str, id: &str, version: Version) -> Change {
        match self.versions.get_mut(id) {
            Some(known) if *known == version => Change::Nothing,
            Some(known) => {
                let is_edit = known.0 != version.0;
                *known = version;
                if is_edit { Change::Edited } else { Change::Counts }
            }
            None => {
                self.order.push_back((tag.to_owned(), id.to_owned()));
                self.versions.insert(id.to_owned(), version);
                if self.order.len() > KNOWN_MAX
                    && let Some((_, oldest)) = self.order.pop_front()
                {
                    self.versions.remove(&oldest);
                }
                Change::New
            }
        }
    }

    pub(super) fn has(&self, id: &str) -> bool {
        self.versions.contains_key(id)
    }

    /// Forgets a status that is gone.
    pub(super) fn forget(&mut self, id: &str) {
        if self.versions.remove(id).is_some() {
            self.order.retain(|(_, known)| known != id);
        }
    }

    /// Statuses of a hashtag that came after `oldest` and are not among those seen now: gone, or without the hashtag.
    pub(super) fn missing(&self, tag: &str, oldest: &str, seen: &HashSet<String>) -> Vec<String> {
        let from = self.order.iter().position(|(_, id)| id == oldest).map_or(self.order.len(), |at| at + 1);
        let after = self.order.iter().skip(from).filter(|(t, id)| t == tag && !seen.contains(id));
        after.take(SUSPECTS_MAX).map(|(_, id)| id.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(edited: Option<&str>, boosts: i64) -> Version {
        (edited.map(str::to_owned), DraftCounts { boosts: Some(boosts), ..DraftCounts::default() })
    }

    #[test]
    fn a_look_tells_only_what_has_changed() {
        let mut known = Known::default();
        assert_eq!(known.look("a", "1", version(None, 0)), Change::New);
        assert_eq!(known.look("a", "1", version(None, 0)), Change::Nothing);
        assert_eq!(known.look("a", "1", version(None, 1)), Change::Counts);
        assert_eq!(known.look("a", "1", version(Some("t"), 1)), Change::Edited);
    }

    #[test]
    fn only_what_is_newer_than_the_oldest_seen_can_be_missing() {
        let mut known = Known::default();
        for id in ["1", "2", "3", "4"] {
            known.look("a", id, version(None, 0));
        }
        known.look("b", "5", version(None, 0));
        let seen = HashSet::from(["2".to_owned(), "4".to_owned()]);
        assert_eq!(known.missing("a", "2", &seen), ["3"]);
        assert!(known.missing("a", "unknown", &seen).is_empty());
        known.forget("3");
        assert!(known.missing("a", "2", &seen).is_empty());
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut known = Known::default();
        for id in 0..KNOWN_MAX + 10 {
            known.look("a", &id.to_string(), version(None, 0));
        }
        assert_eq!((known.order.len(), known.versions.len()), (KNOWN_MAX, KNOWN_MAX));
        assert!(!known.has("9") && known.has("10"));
    }
}
