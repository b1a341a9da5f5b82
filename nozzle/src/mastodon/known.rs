//! What the timelines were last seen to hold, so that only what has changed is told, and a status that has disappeared is
//! noticed. Begins with what the log holds of this server's statuses.

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet, VecDeque};
use std::time::Duration;

use tokio::time::Instant;

use crate::source::{DraftCounts, Kept};

/// How far a server's timelines may lag behind its streams: large ones read them from copies of their database.
const LAG_MAX: Duration = Duration::from_secs(60);
/// Statuses that are remembered.
const KNOWN_MAX: usize = 2000;
/// Of what the log holds, so many of the newest are looked at again after an outage.
pub(super) const LOOK_BACK_ITEMS_MAX: usize = 200;

/// What two looks at a status compare.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Version {
    /// When it was last edited, in microseconds; 0 when never.
    pub(super) edited: u64,
    /// Attachments that are ready, and whether there is a preview of a link: both come later, and without an edit.
    /// Unknown of what the log holds.
    pub(super) looks: Option<(usize, bool)>,
    pub(super) counts: DraftCounts,
}

/// What a look at a status tells.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Change {
    New,
    Edited,
    /// Nobody edited it, but there is more to see.
    Completed,
    Counts,
    Nothing,
}

/// See the module.
#[derive(Default)]
pub(super) struct Known {
    /// Ids in the order of first sight.
    order: VecDeque<String>,
    versions: HashMap<String, Version>,
    /// When a stream told the newest of them.
    streamed: VecDeque<(String, Instant)>,
    has_memory: bool,
}

impl Known {
    /// What has changed about a status since the last look.
    pub(super) fn change(&self, id: &str, version: &Version) -> Change {
        let Some(known) = self.versions.get(id) else { return Change::New };
        match (known.looks, version.looks) {
            _ if version.edited > known.edited => Change::Edited,
            (Some(before), Some(now)) if before != now => Change::Completed,
            _ if version.counts != known.counts => Change::Counts,
            _ => Change::Nothing,
        }
    }

    /// Remembers a status as it has just been told.
    pub(super) fn note(&mut self, id: &str, version: Version) {
        if self.versions.insert(id.to_owned(), version).is_some() {
            return;
        }
        self.order.push_back(id.to_owned());
        if self.order.len() > KNOWN_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.versions.remove(&oldest);
        }
    }

    /// As [`Known::note`], of a status that a stream told: the timelines may not show it yet.
    pub(super) fn note_streamed(&mut self, id: &str, version: Version) {
        let now = Instant::now();
        while self.streamed.front().is_some_and(|(_, at)| now - *at > LAG_MAX)
            || self.streamed.len() >= KNOWN_MAX
        {
            self.streamed.pop_front();
        }
        self.streamed.push_back((id.to_owned(), now));
        self.note(id, version);
    }

    pub(super) fn has(&self, id: &str) -> bool {
        self.versions.contains_key(id)
    }

    /// Whether the log has been asked what it holds.
    pub(super) fn has_memory(&self) -> bool {
        self.has_memory
    }

    /// Takes in what the log holds, newest first, under this server's own ids, which begin with `prefix` among an item's
    /// names.
    pub(super) fn recall(&mut self, kept: &[Kept], prefix: &str) {
        self.has_memory = true;
        for item in kept.iter().rev() {
            let counts = DraftCounts {
                boosts: Some(item.counts.boosts.into()),
                likes: Some(item.counts.likes.into()),
                replies: Some(item.counts.replies.into()),
            };
            for id in item.aliases.iter().filter_map(|alias| alias.strip_prefix(prefix)) {
                if !self.has(id) {
                    self.note(id, Version { edited: item.rev, looks: None, counts });
                }
            }
        }
    }

    /// Forgets a status that is gone.
    pub(super) fn forget(&mut self, id: &str) {
        if self.versions.remove(id).is_some() {
            self.order.retain(|known| known != id);
        }
    }

    /// The oldest id among the newest that are looked at again.
    pub(super) fn horizon(&self) -> Option<&str> {
        let newest = self.order.iter().rev().take(LOOK_BACK_ITEMS_MAX);
        newest.map(String::as_str).min_by(|a, b| order(a, b).unwrap_or(Ordering::Equal))
    }

    /// All that a timeline must show by now, in the order of first sight.
    pub(super) fn expected(&self) -> Vec<String> {
        let is_fresh = |(_, at): &&(String, Instant)| at.elapsed() <= LAG_MAX;
        let fresh: HashSet<&str> = self.streamed.iter().filter(is_fresh).map(|(id, _)| id.as_str()).collect();
        self.order.iter().filter(|id| !fresh.contains(id.as_str())).cloned().collect()
    }
}

/// Which of two ids of one server is the later one. Mastodon's are numbers; those of its relatives sort as texts of one
/// length; others have no order that we know.
pub(super) fn order(a: &str, b: &str) -> Option<Ordering> {
    match (a.parse::<u128>(), b.parse::<u128>()) {
        (Ok(a), Ok(b)) => Some(a.cmp(&b)),
        _ if a == b => Some(Ordering::Equal),
        (Err(_), Err(_)) if a.len() == b.len() && !a.contains('-') => Some(a.cmp(b)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use model::{Counts, Micros};

    use super::*;

    fn version(edited: u64, boosts: i64) -> Version {
        let counts = DraftCounts { boosts: Some(boosts), ..DraftCounts::default() };
        Version { edited, looks: Some((0, false)), counts }
    }

    #[test]
    fn a_look_tells_only_what_has_changed() {
        let mut known = Known::default();
        let mut look = |version: Version| {
            let change = known.change("1", &version);
            known.note("1", version);
            change
        };
        assert_eq!(look(version(0, 0)), Change::New);
        assert_eq!(look(version(0, 0)), Change::Nothing);
        assert_eq!(look(version(0, 1)), Change::Counts);
        assert_eq!(look(Version { looks: Some((1, false)), ..version(0, 1) }), Change::Completed);
        assert_eq!(look(version(7, 1)), Change::Edited);
    }

    #[test]
    fn the_horizon_is_the_oldest_of_the_newest() {
        let mut known = Known::default();
        for id in ["9", "10", "12", "11"] {
            known.note(id, version(0, 0));
        }
        assert_eq!(known.horizon(), Some("9"));
        known.forget("9");
        assert_eq!((known.horizon(), known.expected().len()), (Some("10"), 3));
    }

    #[tokio::test(start_paused = true)]
    async fn what_a_stream_has_just_told_is_not_expected_of_a_timeline_yet() {
        let mut known = Known::default();
        known.note("1", version(0, 0));
        known.note_streamed("2", version(0, 0));
        assert_eq!(known.expected(), ["1"]);
        tokio::time::sleep(LAG_MAX + Duration::from_secs(1)).await;
        assert_eq!(known.expected(), ["1", "2"]);
    }

    #[test]
    fn what_the_log_holds_is_known_under_this_servers_own_ids() {
        let kept = Kept {
            uid: "mastodon:https://a.example/1".into(),
            aliases: vec!["mastodon@a.example:1".into(), "mastodon@b.example:77".into()],
            author: "mastodon:https://a.example/users/a".into(),
            when: Micros(0),
            rev: 5,
            counts: Counts { boosts: 2, ..Counts::default() },
        };
        let mut known = Known::default();
        known.recall(&[kept], "mastodon@b.example:");
        assert!(known.has("77") && !known.has("1") && known.has_memory());
        let counts = DraftCounts { boosts: Some(2), likes: Some(0), replies: Some(0) };
        let now = |edited| Version { edited, looks: Some((1, true)), counts };
        assert_eq!(known.change("77", &now(5)), Change::Nothing, "what the log does not say is not compared");
        assert_eq!(known.change("77", &now(6)), Change::Edited);
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut known = Known::default();
        for id in 0..KNOWN_MAX + 10 {
            known.note(&id.to_string(), version(0, 0));
        }
        assert_eq!((known.order.len(), known.versions.len()), (KNOWN_MAX, KNOWN_MAX));
        assert!(!known.has("9") && known.has("10"));
    }
}
