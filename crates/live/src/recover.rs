//! A new ledger for an event whose ledger is lost, out of what the archive and the tail still know.
//!
//! [`plan`] decides, purely; [`build`] writes the new ledger beside its place. Then the caller moves the archive's cursor
//! to [`Plan::epoch`] and [`Plan::line`] by compare-and-set (so that a strainer's open batch fails), and [`Built::install`]
//! puts the file where the nozzle looks for it. A crash in between is recovered by running all of it again.
//!
//! Neither witness knows which accounts were hidden or removed, nor who wrote what is hidden: a hidden item returns as its
//! last entry tells, without words. What its network had withdrawn is shown again once the network delivers the words anew,
//! and only then: a network that still withholds them does not. A replay may (Bluesky's last 36 hours), until it comes to
//! the account's own event, which hides or removes what it brought. What a moderator hid stays hidden in any case.

mod build;

pub use build::{Built, build};

use crate::follow::{Head, Line as Lineage};
use crate::ledger::Birth;
use crate::log::Line;
use crate::push::KEEP_MIN;
use crate::state::{ItemState, Record, Veil, Words};
use model::{
    CountsEntry, Epoch, Fold, Gap, Gone, GoneBy, ItemCounts, ItemEntry, Kind, Micros, Position, Row,
    RowState, Seq, StageEntry, Tally,
};
use std::collections::BTreeMap;

/// What the archive knows.
pub struct ArchiveWitness {
    /// Everything that it holds, folded.
    pub fold: Fold,
    /// How far it is; `None` when it is empty.
    pub cursor: Option<Position>,
    /// The logs that the cursor's log continues.
    pub line: Lineage,
}

/// What the tail knows: all of it, read from its base.
pub struct TailWitness {
    /// What it says of itself.
    pub head: Head,
    /// Every entry behind `head.base`.
    pub lines: Vec<Line>,
}

/// What a person has agreed to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Consent {
    /// Do without the archive.
    pub without_archive: bool,
    /// Do without the tail.
    pub without_tail: bool,
    /// Entries between the archive's cursor and the tail's base are lost, removals among them.
    pub accept_gap: bool,
}

/// Why no ledger is made.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// One witness is missing.
    #[error(
        "the archive cannot be read, and entries that only it holds would be lost; bring it back, or say --without-archive"
    )]
    NoArchive,
    /// The other one is missing.
    #[error(
        "Redis has no usable tail, and entries that only it holds would be lost; bring it back, or say --without-tail"
    )]
    NoTail,
    /// Neither knows anything.
    #[error("neither the archive nor Redis knows this event; there is nothing to recover from")]
    Nothing,
    /// They tell of two logs.
    #[error(
        "archive ({archive}) and tail ({tail}) belong to two logs; say --without-tail or --without-archive"
    )]
    TwoLogs {
        /// The archive's log.
        archive: Epoch,
        /// The tail's log.
        tail: Epoch,
    },
    /// Something between them is lost.
    #[error(
        "the archive ends at {cursor} and the tail begins behind {base}: what was said, changed and taken back between is \
         lost. Bring a newer archive back, or say --accept-gap"
    )]
    Gap {
        /// The archive's cursor.
        cursor: Seq,
        /// The tail's base.
        base: Seq,
    },
    /// What was read makes no sense.
    #[error("{0}")]
    Corrupt(#[from] crate::Error),
}

/// The ledger to be made.
#[derive(Debug)]
pub struct Plan {
    /// Its name: of a generation that nobody has seen.
    pub epoch: Epoch,
    /// What it continues.
    pub line: Lineage,
    /// The last seq that it takes over; new entries go on behind it.
    pub top: Seq,
    /// The seq behind which its tail begins.
    pub trim: Seq,
    /// How many items come back.
    pub items: usize,
    /// How many of them are hidden, their words lost unless the network sends them again.
    pub hidden: usize,
    /// What was lost between archive and tail.
    pub gap: Option<Gap>,
    entries: BTreeMap<Seq, Kind>,
    records: Vec<Record>,
}

impl Plan {
    fn birth(&self) -> Birth {
        Birth { epoch: self.epoch.clone(), line: self.line.clone() }
    }
}

/// Decides what the new ledger holds. `now` names its generation, so that it is new even if both witnesses are old.
///
/// # Errors
/// [`Refusal`], each with what to bring or to say.
pub fn plan(
    archive: Option<ArchiveWitness>,
    tail: Option<TailWitness>,
    consent: Consent,
    now: Micros,
) -> Result<Plan, Refusal> {
    if archive.is_none() && !consent.without_archive {
        return Err(Refusal::NoArchive);
    }
    if tail.is_none() && !consent.without_tail {
        return Err(Refusal::NoTail);
    }
    let known = Known::of(archive, tail, consent)?;
    let top = known.top;
    let generation = known.epochs.iter().map(|e| e.generation() + 1).fold(seconds(now), u64::max);
    let mut line = known.line;
    for epoch in known.epochs {
        line.carry(epoch, top);
    }
    let gap = known.gap.map(|(cursor, base)| Gap {
        id: format!("recover-{generation}"),
        source: "ledger".into(),
        from: now,
        to: Some(now),
        reason: format!("The log was recovered after a loss; entries {} to {base} could not be.", cursor + 1),
        count: None,
        closed: false,
    });
    let (entries, records) = lay_out(&known.fold, top)?;
    Ok(Plan {
        epoch: Epoch::new(generation, rand::random()),
        line,
        top,
        trim: known.cursor.min(top.saturating_sub(KEEP_MIN)),
        items: known.fold.items.len(),
        hidden: known.fold.items.values().filter(|r| r.state == RowState::Hidden).count(),
        gap,
        entries,
        records,
    })
}

fn seconds(now: Micros) -> u64 {
    u64::try_from(now.0 / 1_000_000).unwrap_or(0)
}

/// Both witnesses put together.
struct Known {
    fold: Fold,
    cursor: Seq,
    top: Seq,
    line: Lineage,
    epochs: Vec<Epoch>,
    gap: Option<(Seq, Seq)>,
}

impl Known {
    fn of(
        archive: Option<ArchiveWitness>,
        tail: Option<TailWitness>,
        consent: Consent,
    ) -> Result<Self, Refusal> {
        let empty = ArchiveWitness { fold: Fold::default(), cursor: None, line: Lineage::default() };
        let ArchiveWitness { fold, cursor, line } = archive.unwrap_or(empty);
        let n = cursor.as_ref().map_or(0, |at| at.seq);
        let epochs: Vec<Epoch> = cursor.iter().map(|at| at.epoch.clone()).collect();
        let mut known = Self { fold, cursor: n, top: n, line, epochs, gap: None };
        if let Some(tail) = tail {
            known.add_tail(tail, cursor, consent)?;
        }
        if known.epochs.is_empty() { Err(Refusal::Nothing) } else { Ok(known) }
    }

    fn add_tail(
        &mut self,
        tail: TailWitness,
        cursor: Option<Position>,
        consent: Consent,
    ) -> Result<(), Refusal> {
        let TailWitness { head, lines } = tail;
        // Up to here the tail's numbers mean what the archive's mean.
        let shared = match &cursor {
            None => Some(head.top),
            Some(at) if at.epoch == head.epoch || head.line.carries(at) => Some(head.top),
            // The cursor was moved by a recovery that did not come to its end.
            Some(_) => self.line.carried(&head.epoch),
        };
        let Some(shared) = shared else {
            if !consent.without_tail {
                let archive = cursor.map_or_else(|| head.epoch.clone(), |at| at.epoch);
                return Err(Refusal::TwoLogs { archive, tail: head.epoch });
            }
            // Its name is noted only for the generation; none of its entries are ours.
            self.epochs.push(head.epoch);
            return Ok(());
        };
        if self.cursor < head.base {
            if !consent.accept_gap {
                return Err(Refusal::Gap { cursor: self.cursor, base: head.base });
            }
            self.gap = Some((self.cursor, head.base));
        }
        for line in lines.iter().filter(|l| l.seq > self.cursor && l.seq <= shared) {
            self.fold.apply(&line.entry()?);
        }
        self.top = self.top.max(head.top.min(shared));
        self.line.join(&head.line);
        self.epochs.push(head.epoch);
        Ok(())
    }
}

type Layout = (BTreeMap<Seq, Kind>, Vec<Record>);

/// Puts everything that the fold knows under numbers up to `top`, so that folding the new ledger gives the same again:
/// items at their `last`, what touched them later at `touched`, notices at theirs, the rest into numbers left free.
fn lay_out(fold: &Fold, top: Seq) -> Result<Layout, Refusal> {
    let (mut entries, mut records) = (BTreeMap::new(), Vec::with_capacity(fold.items.len()));
    let mut touched: BTreeMap<Seq, Vec<ItemCounts>> = BTreeMap::new();
    for row in fold.items.values() {
        let (kind, record) = again(row)?;
        entries.insert(row.last, kind);
        records.push(record);
        if let Some(item) = row.item.as_ref().filter(|_| row.touched > row.last) {
            touched.entry(row.touched).or_default().push(ItemCounts { id: row.id, counts: item.counts });
        }
    }
    entries.extend(touched.into_iter().map(|(seq, counts)| (seq, Kind::Counts(CountsEntry { counts }))));
    for (seq, notice) in &fold.notices {
        entries.insert(*seq, Kind::Notice { notice: notice.clone() });
    }
    let mut free = 1..=top;
    for kind in of_event(fold) {
        let seq = free.find(|seq| !entries.contains_key(seq));
        let seq = seq.ok_or_else(|| corrupt("archive and tail hold more than their numbers allow"))?;
        entries.insert(seq, kind);
    }
    if entries.keys().next_back().is_some_and(|last| *last > top) {
        return Err(corrupt("the archive holds rows beyond its own cursor"));
    }
    Ok((entries, records))
}

fn of_event(fold: &Fold) -> Vec<Kind> {
    let mut kinds: Vec<Kind> = Vec::new();
    kinds.extend(fold.event.iter().map(|event| Kind::Event { event: Box::new(event.clone()) }));
    kinds.extend(fold.talks.values().map(|talk| Kind::Talk { talk: Box::new(talk.clone()) }));
    kinds.extend(fold.schedule.iter().cloned().map(Kind::Schedule));
    let stages = fold.stage.values().flatten().cloned();
    kinds.extend(stages.map(|stage: StageEntry| Kind::Stage(stage)));
    kinds.extend(fold.gaps.values().map(|gap| Kind::Gap { gap: gap.clone() }));
    kinds.extend(fold.tallies.iter().map(|((minute, source), counts)| Kind::Tally {
        tally: Tally { source: source.clone(), minute: *minute, counts: counts.clone() },
    }));
    kinds
}

/// One item's entry and private record.
fn again(row: &Row) -> Result<(Kind, Record), Refusal> {
    let record = |state, words: Option<Words>, at| {
        let rev = words.as_ref().map_or(0, |w| w.item.rev);
        // Whoever hid it may show it again, as far as the log tells.
        let veil = match (state, row.by) {
            (ItemState::Hidden, Some(GoneBy::Network | GoneBy::Author)) => {
                Veil { network: true, ..Veil::default() }
            }
            (ItemState::Hidden, _) => Veil { person: true, ..Veil::default() },
            _ => Veil::default(),
        };
        Record { id: row.id, state, veil, rev, words, first: row.first, at }
    };
    let gone = |by| Gone { id: row.id, first: row.first, voids: Vec::new(), by };
    Ok(match row.state {
        RowState::Hidden => (
            Kind::Hide(gone(row.by.unwrap_or(GoneBy::Moderator))),
            record(ItemState::Hidden, None, Vec::new()),
        ),
        RowState::Removed => (
            Kind::Remove(gone(row.by.unwrap_or(GoneBy::Network))),
            record(ItemState::Removed, None, Vec::new()),
        ),
        RowState::Shown => {
            let (Some(item), Some(filing)) = (row.item.clone(), row.filing.clone()) else {
                return Err(corrupt(&format!("item {} is shown and has no words", row.id)));
            };
            let entry = ItemEntry {
                id: row.id,
                first: row.first,
                voids: Vec::new(),
                item: item.clone(),
                filing: filing.clone(),
            };
            let words = Words { item, filing };
            (Kind::Show(Box::new(entry)), record(ItemState::Shown, Some(words), vec![row.last]))
        }
    })
}

fn corrupt(what: &str) -> Refusal {
    Refusal::Corrupt(crate::Error::Corrupt(what.to_owned()))
}
