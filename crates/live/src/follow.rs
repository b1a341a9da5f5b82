//! The rules by which anybody follows a log that may be rolled back, wiped or replaced: the ring of halley, the site's
//! fold, a page that comes back with a position, and the archive's cursor. Pure decisions over positions; what the
//! entries say is the holder's business. Checked against random faults in `tests/protocol_model`.
//!
//! ```
//! use live::follow::{Follow, Head, Line, Verdict};
//! let head = Head { epoch: "0.a1".parse().unwrap(), base: 10, top: 12, line: Line::default() };
//! let mut follow = Follow::default();
//! assert_eq!(follow.judge(&head, 10, 2), Verdict::Anew { base: 10, append: true });
//! assert_eq!(follow.position().unwrap().seq, 12);
//! ```

use model::{Epoch, Position, Seq};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// The older logs that this one continues, each with the last seq that was carried over.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Line(HashMap<Epoch, Seq>);

impl Line {
    /// Notes that `epoch` was carried over up to `seq`; the larger of two notes stands.
    pub fn carry(&mut self, epoch: Epoch, seq: Seq) {
        let known = self.0.entry(epoch).or_default();
        *known = seq.max(*known);
    }

    /// Takes over everything that another line carries.
    pub fn join(&mut self, other: &Self) {
        for (epoch, seq) in &other.0 {
            self.carry(epoch.clone(), *seq);
        }
    }

    /// Each older log with the last seq carried over.
    pub fn iter(&self) -> impl Iterator<Item = (&Epoch, Seq)> {
        self.0.iter().map(|(epoch, seq)| (epoch, *seq))
    }

    /// Whether everything up to this position of an older log was carried over.
    #[must_use]
    pub fn carries(&self, at: &Position) -> bool {
        self.carried(&at.epoch).is_some_and(|carried| carried >= at.seq)
    }

    /// How far this older log was carried over, if it was.
    #[must_use]
    pub fn carried(&self, epoch: &Epoch) -> Option<Seq> {
        self.0.get(epoch).copied()
    }
}

impl FromIterator<(Epoch, Seq)> for Line {
    fn from_iter<T: IntoIterator<Item = (Epoch, Seq)>>(carried: T) -> Self {
        Self(carried.into_iter().collect())
    }
}

/// What a tail (or a whole ledger) says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// Which log.
    pub epoch: Epoch,
    /// The seq before the oldest entry that it still holds.
    pub base: Seq,
    /// The newest entry.
    pub top: Seq,
    /// The logs before this one.
    pub line: Line,
}

/// Why a follower changes nothing for now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// The tail was rolled back: it ends before what we already have. The nozzle's next push cures it.
    Behind,
    /// The tail is of an older generation than ours: a rollback over a recovery.
    OlderLog,
    /// The tail is another log of the same generation: never followed without a person's word.
    StrangeLog,
}

impl Hold {
    /// Whether a person must hear of it when it lasts.
    #[must_use]
    pub fn is_alarm(self) -> bool {
        !matches!(self, Self::Behind)
    }
}

/// What a follower does with one read of the tail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Keep what we have, show what we have, ask again.
    Hold(Hold),
    /// Drop everything and begin at `base`; the entries that were read belong to it only if `append`.
    Anew {
        /// The seq before the first entry to come.
        base: Seq,
        /// The entries that were read begin right behind `base`. Otherwise read again from there.
        append: bool,
    },
    /// Append the entries that were read, then let each one's `voids` overwrite what is held.
    Append,
    /// What was read does not begin behind our position (a read that was overtaken): read again from there.
    Reread,
}

/// Where a follower stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Follow {
    at: Option<Position>,
}

impl Follow {
    /// Goes on from a position whose entries are held already.
    #[must_use]
    pub fn from(position: Position) -> Self {
        Self { at: Some(position) }
    }

    /// The last entry that is held; nothing before the first read.
    #[must_use]
    pub fn position(&self) -> Option<&Position> {
        self.at.as_ref()
    }

    /// The seq behind which the next read begins.
    #[must_use]
    pub fn after(&self) -> Seq {
        self.at.as_ref().map_or(0, |at| at.seq)
    }

    /// Decides about one read: `count` entries behind `after`, found under `head`. Unless it says to hold, the
    /// position has moved to what the holder has once it did as it was told.
    pub fn judge(&mut self, head: &Head, after: Seq, count: usize) -> Verdict {
        let verdict = self.verdict(head, after);
        match verdict {
            Verdict::Anew { base, append } => {
                let seq = if append { base + count as Seq } else { base };
                self.at = Some(Position { epoch: head.epoch.clone(), seq });
            }
            Verdict::Append => {
                if let Some(at) = &mut self.at {
                    at.seq += count as Seq;
                }
            }
            Verdict::Hold(_) | Verdict::Reread => {}
        }
        verdict
    }

    fn verdict(&self, head: &Head, after: Seq) -> Verdict {
        let anew = Verdict::Anew { base: head.base, append: after == head.base };
        let Some(at) = &self.at else { return anew };
        if at.epoch != head.epoch {
            return match head.epoch.generation().cmp(&at.epoch.generation()) {
                std::cmp::Ordering::Greater => anew,
                std::cmp::Ordering::Equal => Verdict::Hold(Hold::StrangeLog),
                std::cmp::Ordering::Less => Verdict::Hold(Hold::OlderLog),
            };
        }
        if head.top < at.seq {
            Verdict::Hold(Hold::Behind)
        } else if head.base > at.seq {
            anew
        } else if after == at.seq {
            Verdict::Append
        } else {
            Verdict::Reread
        }
    }
}

/// How a page that comes with a position is served from a ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageStep {
    /// The ring holds what follows: go on from this seq, `resumed: true`.
    Resume(Seq),
    /// The page is ahead of us: hold it (30 s at most, then it starts afresh).
    Hold,
    /// The same log, but older than the ring: entries are missing between; say so with a window, then start at base.
    Window(Seq),
    /// Another log that ours replaces, or an unknown one: start at base, `resumed: false`.
    Afresh(Seq),
}

/// The rule for a page's position against what a ring holds.
#[must_use]
pub fn page(position: &Position, ring: &Head) -> PageStep {
    if position.epoch != ring.epoch {
        return if position.epoch.generation() > ring.epoch.generation() {
            PageStep::Hold
        } else {
            PageStep::Afresh(ring.base)
        };
    }
    if position.seq > ring.top {
        PageStep::Hold
    } else if position.seq < ring.base {
        PageStep::Window(ring.base)
    } else {
        PageStep::Resume(position.seq)
    }
}

/// How the archive's cursor goes on against a tail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CursorStep {
    /// Read the tail behind this seq.
    Tail(Seq),
    /// The tail begins later than the cursor: read the entries up to `base` from the ledger, by way of the nozzle.
    Ledger {
        /// The cursor.
        after: Seq,
        /// Where the tail begins.
        base: Seq,
    },
    /// The tail was rolled back: wait for the nozzle to push again.
    Wait,
    /// The archive belongs to another log, which this one does not continue: stop and say so.
    Foreign,
}

/// The rule for the archive's cursor; `None` is an empty archive.
#[must_use]
pub fn cursor(cursor: Option<&Position>, tail: &Head) -> CursorStep {
    let after = cursor.map_or(0, |at| at.seq);
    if cursor.is_some_and(|at| at.epoch != tail.epoch && !tail.line.carries(at)) {
        return CursorStep::Foreign;
    }
    if after > tail.top {
        CursorStep::Wait
    } else if after < tail.base {
        CursorStep::Ledger { after, base: tail.base }
    } else {
        CursorStep::Tail(after)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(epoch: &str, base: Seq, top: Seq) -> Head {
        Head { epoch: epoch.parse().unwrap(), base, top, line: Line::default() }
    }

    fn at(text: &str) -> Position {
        text.parse().unwrap()
    }

    #[test]
    fn a_reader_holds_while_the_tail_is_behind_it() {
        let mut follow = Follow::from(at("0.a.9"));
        assert_eq!(follow.judge(&head("0.a", 0, 7), 9, 0), Verdict::Hold(Hold::Behind));
        assert_eq!(follow.after(), 9);
        assert_eq!(follow.judge(&head("0.a", 0, 11), 9, 2), Verdict::Append);
        assert_eq!(follow.after(), 11);
    }

    #[test]
    fn only_a_higher_generation_replaces_a_log() {
        let mut follow = Follow::from(at("5.a.9"));
        assert_eq!(follow.judge(&head("5.b", 0, 90), 9, 81), Verdict::Hold(Hold::StrangeLog));
        assert_eq!(follow.judge(&head("4.b", 0, 90), 9, 81), Verdict::Hold(Hold::OlderLog));
        assert_eq!(follow.judge(&head("6.b", 0, 90), 9, 81), Verdict::Anew { base: 0, append: false });
        assert_eq!(follow.position(), Some(&at("6.b.0")));
    }

    #[test]
    fn a_reader_older_than_the_tail_starts_anew_at_its_base() {
        let mut follow = Follow::from(at("0.a.9"));
        assert_eq!(follow.judge(&head("0.a", 20, 25), 20, 5), Verdict::Anew { base: 20, append: true });
        assert_eq!(follow.after(), 25);
    }

    #[test]
    fn an_overtaken_read_is_read_again() {
        let mut follow = Follow::from(at("0.a.9"));
        assert_eq!(follow.judge(&head("0.a", 0, 20), 5, 15), Verdict::Reread);
        assert_eq!(follow.after(), 9);
    }

    #[test]
    fn a_page_is_resumed_held_or_told_that_it_starts_afresh() {
        let ring = head("5.a", 10, 20);
        assert_eq!(page(&at("5.a.10"), &ring), PageStep::Resume(10));
        assert_eq!(page(&at("5.a.21"), &ring), PageStep::Hold);
        assert_eq!(page(&at("5.a.9"), &ring), PageStep::Window(10));
        assert_eq!(page(&at("6.b.1"), &ring), PageStep::Hold);
        assert_eq!(page(&at("4.b.99"), &ring), PageStep::Afresh(10));
        assert_eq!(page(&at("5.b.15"), &ring), PageStep::Afresh(10));
    }

    #[test]
    fn an_archive_goes_on_only_in_a_log_that_carries_it() {
        let mut tail = head("9.b", 10, 20);
        assert_eq!(cursor(None, &tail), CursorStep::Ledger { after: 0, base: 10 });
        assert_eq!(cursor(Some(&at("0.a.15")), &tail), CursorStep::Foreign);
        tail.line.carry("0.a".parse().unwrap(), 14);
        assert_eq!(cursor(Some(&at("0.a.15")), &tail), CursorStep::Foreign);
        assert_eq!(cursor(Some(&at("0.a.14")), &tail), CursorStep::Tail(14));
        assert_eq!(cursor(Some(&at("9.b.21")), &tail), CursorStep::Wait);
    }
}
