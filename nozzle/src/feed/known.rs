//! What the feed was last seen to hold, so that a look tells only what has changed, and an entry that comes back under
//! another id is recognised.

use std::collections::{HashMap, HashSet, VecDeque};

use model::Micros;

use super::article::Article;
use crate::source::{Kept, Revision};

/// Entries that are remembered.
pub(super) const KNOWN_MAX: usize = 4000;
/// Changes without a date that are believed of one entry: some feeds print the time of day into every article.
const UNDATED_CHANGES_MAX: u8 = 3;
/// A change within so long after the first publishing is none.
const EDIT_AFTER: i64 = Micros::MINUTE;
/// A date so far in the future is a wrong clock.
const FUTURE_MAX: i64 = 5 * Micros::MINUTE;
/// Entries that the cursor names.
const MARKS_MAX: usize = 60;

#[derive(Clone, Copy, Debug)]
struct Seen {
    /// `None` when only the ledger knows the entry.
    print: Option<u32>,
    updated: Option<Micros>,
    undated_changes: u8,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Known {
    order: VecDeque<String>,
    seen: HashMap<String, Seen>,
    /// Uid by twin.
    twins: HashMap<String, String>,
    /// What the cursor of an earlier start knew: the beginning of a uid, and a print.
    marks: HashMap<String, u32>,
}

/// What a look at an entry tells.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Change {
    New(Revision),
    Edited(Revision),
    Nothing,
}

impl Known {
    /// Takes over what the ledger holds of this source, beside what has been seen since.
    pub(super) fn recall(&mut self, kept: &[Kept]) {
        for item in kept.iter().rev() {
            if !self.seen.contains_key(&item.uid) {
                self.remember(&item.uid, None, None);
            }
            for twin in &item.aliases {
                self.twins.insert(twin.clone(), item.uid.clone());
            }
        }
    }

    /// Takes over what a cursor names.
    pub(super) fn recall_marks(&mut self, marks: &str) {
        let mark = |mark: &str| {
            let (uid, print) = mark.split_at_checked(8)?;
            Some((uid.to_owned(), u32::from_str_radix(print, 16).ok()?))
        };
        self.marks = marks.split(' ').take(MARKS_MAX).filter_map(mark).collect();
    }

    /// The newest entries for a cursor.
    pub(super) fn marks(&self) -> String {
        let mark = |uid: &String| {
            let print = self.seen.get(uid)?.print?;
            Some(format!("{}{print:06x}", beginning(uid)))
        };
        self.order.iter().rev().filter_map(mark).take(MARKS_MAX).collect::<Vec<_>>().join(" ")
    }

    /// Whether this entry was there before, under whatever id.
    pub(super) fn has(&self, article: &Article) -> bool {
        let uid = &article.draft.uid.0;
        self.seen.contains_key(uid)
            || self.marks.contains_key(beginning(uid))
            || article.twin.as_ref().is_some_and(|twin| self.twins.contains_key(twin))
    }

    /// The uid under which an entry is known: its own, or that of an entry with the same link and title which is no longer in
    /// the document (ids that change with every fetch).
    pub(super) fn uid(&self, article: &Article, present: &HashSet<String>) -> String {
        let uid = &article.draft.uid.0;
        if self.seen.contains_key(uid) || self.marks.contains_key(beginning(uid)) {
            return uid.clone();
        }
        let twin = article.twin.as_ref().and_then(|twin| self.twins.get(twin));
        twin.filter(|known| !present.contains(*known)).unwrap_or(uid).clone()
    }

    /// Remembers an entry as it is now; says what has changed since the last look.
    pub(super) fn look(&mut self, uid: &str, article: &Article, now: Micros) -> Change {
        if let Some(twin) = &article.twin {
            self.twins.insert(twin.clone(), uid.to_owned());
        }
        let updated = article.updated.filter(|at| at.since(now) <= FUTURE_MAX);
        let mark = self.marks.remove(beginning(uid));
        let before = self.seen.get(uid).copied();
        let known_print = before.and_then(|seen| seen.print).or(mark);
        let first = || match (updated, article.published) {
            (Some(at), Some(published)) if at.since(published) > EDIT_AFTER => Revision::EditedAt(at),
            _ => Revision::Original,
        };
        let mut undated_changes = before.map_or(0, |seen| seen.undated_changes);
        let change = match known_print {
            None if before.is_none() => Change::New(first()),
            // In the ledger, and not looked at since: a dated edit is one, the rest is as it was.
            None => match first() {
                Revision::Original => Change::Nothing,
                revision => Change::Edited(revision),
            },
            Some(print) if print == article.print => Change::Nothing,
            Some(_) => match updated.filter(|at| before.is_none_or(|seen| Some(*at) > seen.updated)) {
                Some(at) if article.published.is_none_or(|published| at > published) => {
                    Change::Edited(Revision::EditedAt(at))
                }
                _ if undated_changes < UNDATED_CHANGES_MAX => {
                    undated_changes += 1;
                    Change::Edited(Revision::Newer)
                }
                _ => Change::Nothing,
            },
        };
        self.remember(uid, Some(article.print), updated.or(before.and_then(|seen| seen.updated)));
        if let Some(seen) = self.seen.get_mut(uid) {
            seen.undated_changes = undated_changes;
        }
        change
    }

    fn remember(&mut self, uid: &str, print: Option<u32>, updated: Option<Micros>) {
        let seen = Seen { print, updated, undated_changes: 0 };
        if self.seen.insert(uid.to_owned(), seen).is_none() {
            self.order.push_back(uid.to_owned());
        }
        if self.order.len() > KNOWN_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.seen.remove(&oldest);
            self.twins.retain(|_, uid| *uid != oldest);
        }
    }

    /// Forgets an entry that its feed has taken back.
    pub(super) fn forget(&mut self, uid: &str) {
        if self.seen.remove(uid).is_some() {
            self.order.retain(|known| known != uid);
            self.twins.retain(|_, known| known != uid);
        }
    }
}

/// What the cursor keeps of a uid: 32 bits of its hash.
fn beginning(uid: &str) -> &str {
    let native = uid.strip_prefix("feed:").unwrap_or(uid);
    native.get(..8).unwrap_or(native)
}
