//! What is known of posts and accounts: which of the world's deletions concern us, and which posts of a replay have been
//! deleted meanwhile. Bounded; names are kept as 64-bit keyed hashes.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, RandomState};

use crate::source::{AccountChange, Kept};

/// Posts of ours that are remembered.
pub(super) const POSTS_MAX: usize = 50_000;
/// Accounts of which we have something.
const ACCOUNTS_MAX: usize = 50_000;
/// Deletions of posts that are none of ours, as far as we know: some hours of the whole network's.
const DELETIONS_MAX: usize = 200_000;
/// Changes of accounts.
const CHANGES_MAX: usize = 50_000;

/// A bounded map that forgets what came first.
struct Recent<V> {
    map: HashMap<u64, V>,
    order: VecDeque<u64>,
}

impl<V> Default for Recent<V> {
    fn default() -> Self {
        Self { map: HashMap::new(), order: VecDeque::new() }
    }
}

impl<V> Recent<V> {
    fn put(&mut self, key: u64, value: V, max: usize) {
        if self.map.insert(key, value).is_some() {
            return;
        }
        self.order.push_back(key);
        if self.order.len() > max
            && let Some(oldest) = self.order.pop_front()
        {
            self.map.remove(&oldest);
        }
    }

    fn get(&self, key: u64) -> Option<&V> {
        self.map.get(&key)
    }
}

/// See the module.
#[derive(Default)]
pub(super) struct Known {
    hashes: RandomState,
    posts: Recent<()>,
    accounts: Recent<()>,
    /// When a post was deleted.
    deleted: Recent<i64>,
    /// What became of an account, and when.
    changes: Recent<(i64, AccountChange)>,
    /// When an account last said what it is.
    profiles: Recent<i64>,
}

impl Known {
    fn key(&self, name: &str) -> u64 {
        self.hashes.hash_one(name)
    }

    /// Takes over what the ledger holds, newest first.
    pub(super) fn remember(&mut self, kept: &[Kept]) {
        for kept in kept.iter().rev() {
            let account = kept.author.strip_prefix("bluesky:").unwrap_or(&kept.author);
            self.have(&kept.uid, account);
        }
    }

    /// We have this post.
    pub(super) fn have(&mut self, uid: &str, did: &str) {
        let (post, account) = (self.key(uid), self.key(did));
        self.posts.put(post, (), POSTS_MAX);
        self.accounts.put(account, (), ACCOUNTS_MAX);
    }

    /// Whether we have something of this account.
    pub(super) fn has_account(&self, did: &str) -> bool {
        self.accounts.get(self.key(did)).is_some()
    }

    /// Whether we have this post.
    pub(super) fn has_post(&self, uid: &str) -> bool {
        self.posts.get(self.key(uid)).is_some()
    }

    /// A post was deleted at this time; says whether it is one of ours.
    pub(super) fn delete(&mut self, uid: &str, time: i64) -> bool {
        let key = self.key(uid);
        let newest = self.deleted.get(key).copied().unwrap_or(0).max(time);
        self.deleted.put(key, newest, DELETIONS_MAX);
        self.posts.get(key).is_some()
    }

    /// Whether this post was deleted at or after this time: a replay brings it once more.
    pub(super) fn is_deleted(&self, uid: &str, time: i64) -> bool {
        self.deleted.get(self.key(uid)).is_some_and(|deleted| *deleted >= time)
    }

    /// An account changed at this time; says whether that is news, and concerns us.
    pub(super) fn change(&mut self, did: &str, time: i64, change: AccountChange) -> bool {
        let key = self.key(did);
        if self
            .changes
            .get(key)
            .is_some_and(|(known, same)| *known > time || (*known == time && *same == change))
        {
            return false;
        }
        self.changes.put(key, (time, change), CHANGES_MAX);
        self.accounts.get(key).is_some()
    }

    /// An account said what it is at this time; says whether that is news, and concerns us.
    pub(super) fn profile(&mut self, did: &str, time: i64) -> bool {
        let key = self.key(did);
        let is_news = self.profiles.get(key).is_none_or(|known| *known < time);
        let concerns_us = is_news && self.accounts.get(key).is_some();
        if concerns_us {
            self.profiles.put(key, time, CHANGES_MAX);
        }
        concerns_us
    }

    /// Whether an account was last heard to be gone or away.
    pub(super) fn is_away(&self, did: &str) -> bool {
        self.changes.get(self.key(did)).is_some_and(|(_, change)| *change != AccountChange::Back)
    }

    /// What became of an account at or after this time.
    pub(super) fn changed(&self, did: &str, time: i64) -> Option<AccountChange> {
        self.changes.get(self.key(did)).filter(|(at, _)| *at >= time).map(|(_, change)| *change)
    }
}

#[cfg(test)]
mod tests {
    use model::{Counts, Micros};

    use super::*;

    #[test]
    fn only_the_deletion_of_what_we_have_concerns_us_and_no_replay_brings_it_back() {
        let mut known = Known::default();
        let kept = Kept {
            uid: "bluesky:at://did:plc:a/p/1".into(),
            aliases: Vec::new(),
            author: "bluesky:did:plc:a".into(),
            when: Micros(0),
            rev: 0,
            counts: Counts::default(),
        };
        known.remember(&[kept]);
        assert!(known.has_account("did:plc:a") && !known.has_account("did:plc:b"));
        assert!(known.delete("bluesky:at://did:plc:a/p/1", 5));
        assert!(!known.delete("bluesky:at://did:plc:b/p/2", 5));
        assert!(known.is_deleted("bluesky:at://did:plc:b/p/2", 4));
        assert!(!known.is_deleted("bluesky:at://did:plc:b/p/2", 6), "written anew under its old name");
    }

    #[test]
    fn an_older_change_of_an_account_does_not_undo_a_newer_one() {
        let mut known = Known::default();
        known.have("bluesky:at://did:plc:a/p/1", "did:plc:a");
        assert!(known.change("did:plc:a", 9, AccountChange::Hidden));
        assert!(!known.change("did:plc:a", 8, AccountChange::Back), "replayed");
        assert!(!known.change("did:plc:a", 9, AccountChange::Hidden), "heard twice");
        assert!(!known.change("did:plc:b", 9, AccountChange::Hidden), "none of ours");
        assert_eq!(known.changed("did:plc:b", 3), Some(AccountChange::Hidden));
        assert_eq!(known.changed("did:plc:b", 10), None);
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut recent = Recent::default();
        for n in 0..10 {
            recent.put(n, (), 4);
        }
        assert_eq!((recent.map.len(), recent.order.len()), (4, 4));
        assert!(recent.get(5).is_none() && recent.get(6).is_some());
    }
}
