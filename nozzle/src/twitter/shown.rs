//! The posts that were shown, for the second look: X tells nobody that a post was deleted, or that its author has closed
//! the account. Pure: says which posts to look at next, and what the answer means.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap, HashSet};

use crate::source::{AccountChange, BoostOf, Deleter, Draft, DraftCounts, Kept, Upstream};

/// Posts that are looked at again; of more, the newest.
pub(super) const SHOWN_MAX: usize = 5000;
/// An answer in which more than half of at least so many posts are gone is believed the second time only: a removal
/// is final, and a network may have a bad minute.
const SUSPICIOUS_MIN: usize = 10;

/// A post to look at, by its first and its newest id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) first: u64,
    pub(super) newest: u64,
}

/// What a look found.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) present: Vec<Present>,
    /// By the id that was asked for.
    pub(super) absent: Vec<(u64, Absence)>,
}

/// A post that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Present {
    pub(super) first: u64,
    pub(super) newest: u64,
    pub(super) author: Option<String>,
    pub(super) counts: DraftCounts,
    /// Taken from everybody by law.
    pub(super) is_withheld: bool,
}

/// Why a post is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Absence {
    /// Deleted, or its author is gone.
    Gone,
    /// There, but not for us: its author protects the account, or is suspended.
    Hidden,
}

struct Post {
    newest: u64,
    author: String,
    counts: DraftCounts,
    /// The turn in which it was seen last; 0: not since the start.
    seen: u64,
    is_missing: bool,
}

/// One for the life of the process.
#[derive(Default)]
pub(super) struct Shown {
    posts: HashMap<u64, Post>,
    /// Seen the longest ago first; of those, the newest first.
    order: BTreeSet<(u64, Reverse<u64>)>,
    turn: u64,
    /// Accounts that we have hidden.
    hidden: HashSet<String>,
    /// Accounts from before the start: they may have been hidden then.
    unsure: HashSet<String>,
}

fn number(name: &str) -> Option<u64> {
    name.strip_prefix("x:")?.parse().ok()
}

impl Shown {
    /// What the log holds from before the start, newest first.
    pub(super) fn remember(&mut self, kept: Vec<Kept>) {
        for one in kept {
            let Some(first) = number(&one.uid) else { continue };
            let newest = one.aliases.iter().filter_map(|a| number(a)).fold(first, u64::max);
            let counts = DraftCounts {
                boosts: Some(one.counts.boosts.into()),
                likes: Some(one.counts.likes.into()),
                replies: Some(one.counts.replies.into()),
            };
            if !self.posts.contains_key(&first) {
                self.unsure.insert(one.author.clone());
                self.put(first, Post { newest, author: one.author, counts, seen: 0, is_missing: false });
            }
        }
    }

    fn put(&mut self, first: u64, post: Post) {
        self.forget(first);
        self.order.insert((post.seen, Reverse(first)));
        self.posts.insert(first, post);
        if self.posts.len() > SHOWN_MAX
            && let Some(oldest) = self.posts.keys().min().copied()
        {
            self.forget(oldest);
        }
    }

    pub(super) fn len(&self) -> usize {
        self.posts.len()
    }

    fn forget(&mut self, first: u64) -> Option<Post> {
        let post = self.posts.remove(&first)?;
        self.order.remove(&(post.seen, Reverse(first)));
        Some(post)
    }

    /// A message is about to be told. Returns what must be told before it: an account that posts is back.
    pub(super) fn told(&mut self, message: &Upstream) -> Option<Upstream> {
        match message {
            Upstream::Post(draft) | Upstream::Boost { of: BoostOf::Post(draft), .. } => self.came(draft),
            Upstream::Delete { name, .. } => {
                let id = number(name)?;
                let first = if self.posts.contains_key(&id) { id } else { self.first_of(id)? };
                self.forget(first);
                None
            }
            _ => None,
        }
    }

    fn first_of(&self, newest: u64) -> Option<u64> {
        self.posts.iter().find(|(_, post)| post.newest == newest).map(|(first, _)| *first)
    }

    fn came(&mut self, draft: &Draft) -> Option<Upstream> {
        let first = number(&draft.uid.0)?;
        let known = self.posts.get(&first).map_or(first, |post| post.newest);
        let newest = draft.aliases.iter().filter_map(|a| number(a)).fold(known, u64::max);
        let author =
            if draft.author.id.is_empty() { String::new() } else { format!("x:{}", draft.author.id) };
        let back = self.back(&author);
        self.turn += 1;
        self.put(first, Post { newest, author, counts: draft.counts, seen: self.turn, is_missing: false });
        back
    }

    /// An account is seen: what was hidden with it comes back.
    fn back(&mut self, author: &str) -> Option<Upstream> {
        let was_unsure = self.unsure.remove(author);
        let was_hidden = self.hidden.remove(author);
        (was_unsure || was_hidden)
            .then(|| Upstream::Account { name: author.to_owned(), change: AccountChange::Back })
            .filter(|_| !author.is_empty())
    }

    /// The posts to look at next: those that were not seen the longest, of these the newest; only those that `may` be.
    pub(super) fn next(&self, posts_max: usize, may: impl Fn(u64) -> bool) -> Vec<Asked> {
        let all = self.order.iter().filter_map(|(_, Reverse(first))| {
            let newest = self.posts.get(first)?.newest;
            Some(Asked { first: *first, newest })
        });
        all.filter(|asked| may(asked.newest)).take(posts_max).collect()
    }

    /// What the answer about these posts means.
    pub(super) fn judge(&mut self, asked: &[Asked], found: Found) -> Vec<Upstream> {
        self.turn += 1;
        let turn = self.turn;
        for one in asked {
            if let Some(mut post) = self.forget(one.first) {
                post.seen = turn;
                self.put(one.first, post);
            }
        }
        let mut out = Vec::new();
        let mut present: HashSet<String> = HashSet::new();
        for one in found.present {
            present.extend(one.author.as_ref().map(|id| format!("x:{id}")));
            self.is_there(one, &mut out);
        }
        let of_ours = |id: u64| asked.iter().find(|a| a.newest == id || a.first == id).map(|a| a.first);
        let absent: Vec<(u64, Absence)> =
            found.absent.into_iter().filter_map(|(id, why)| Some((of_ours(id)?, why))).collect();
        let is_suspicious = absent.len() >= SUSPICIOUS_MIN && absent.len() * 2 > asked.len();
        for (first, why) in absent {
            out.extend(self.is_absent(first, why, is_suspicious, &present));
        }
        out
    }

    fn is_there(&mut self, one: Present, out: &mut Vec<Upstream>) {
        let name = format!("x:{}", one.first);
        if one.is_withheld {
            if self.forget(one.first).is_some() {
                out.push(Upstream::Delete { name, by: Deleter::Law });
            }
            return;
        }
        let Some(post) = self.posts.get_mut(&one.first) else { return };
        post.is_missing = false;
        if std::mem::replace(&mut post.counts, one.counts) != one.counts {
            out.push(Upstream::Counts { name, counts: one.counts });
        }
        let author = post.author.clone();
        out.extend(self.back(&author));
    }

    fn is_absent(
        &mut self,
        first: u64,
        why: Absence,
        is_suspicious: bool,
        present: &HashSet<String>,
    ) -> Option<Upstream> {
        let post = self.posts.get_mut(&first)?;
        if is_suspicious && !post.is_missing {
            post.is_missing = true;
            return None;
        }
        let name = format!("x:{first}");
        let author = post.author.clone();
        match why {
            Absence::Gone => {
                self.forget(first);
                Some(Upstream::Delete { name, by: Deleter::Author })
            }
            // Another post of the account is there, so it is this one that was taken away.
            Absence::Hidden if author.is_empty() || present.contains(&author) => {
                self.forget(first);
                Some(Upstream::Delete { name, by: Deleter::Network })
            }
            // The posts stay in turn: that is how we learn that the account is back.
            Absence::Hidden => {
                self.unsure.remove(&author);
                let is_new = self.hidden.insert(author.clone());
                is_new.then_some(Upstream::Account { name: author, change: AccountChange::Hidden })
            }
        }
    }

    /// Posts whose newest revision we do not have, by the id of that revision.
    pub(super) fn edited(&mut self, found: &Found) -> Vec<u64> {
        let mut out = Vec::new();
        for one in &found.present {
            if let Some(post) = self.posts.get_mut(&one.first).filter(|post| one.newest > post.newest) {
                post.newest = one.newest;
                out.push(one.newest);
            }
        }
        out
    }
}

#[cfg(test)]
mod tests;
