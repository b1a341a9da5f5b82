//! The model's PostgreSQL, two strainers that race for its cursor, and the recovery of a lost ledger.

use crate::{
    Mutant,
    ledger::{Entry, Ledger, Rows, fold},
    rng::Rng,
    world::{DT, KEEP, World},
};
use live::follow::{self, CursorStep, Line};
use model::{Epoch, Position, Seq};

/// What a backup of the archive holds.
#[derive(Clone, Default)]
pub(crate) struct Backup {
    epoch: Option<Epoch>,
    n: Seq,
    rows: Rows,
    applied: Seq,
    line: Line,
}

pub(crate) struct Archive {
    pub(crate) up: bool,
    pub(crate) epoch: Option<Epoch>,
    pub(crate) n: Seq,
    pub(crate) rows: Rows,
    /// How many entries were ever applied: more than the cursor says means twice.
    pub(crate) applied: Seq,
    /// The cursor that the nozzle has heard of.
    pub(crate) reported: Seq,
    line: Line,
}

impl Archive {
    pub(crate) fn new() -> Self {
        let line = Line::default();
        Self { up: true, epoch: None, n: 0, rows: Rows::new(), applied: 0, reported: 0, line }
    }

    pub(crate) fn save(&self) -> Backup {
        let (epoch, rows, line) = (self.epoch.clone(), self.rows.clone(), self.line.clone());
        Backup { epoch, n: self.n, rows, applied: self.applied, line }
    }

    pub(crate) fn load(&mut self, b: Backup) {
        (self.epoch, self.n, self.rows, self.applied, self.line) = (b.epoch, b.n, b.rows, b.applied, b.line);
    }

    pub(crate) fn cursor(&self) -> Option<Position> {
        self.epoch.clone().map(|epoch| Position { epoch, seq: self.n })
    }
}

/// A strainer's open batch: read, not yet committed.
pub(crate) struct Batch {
    was: Option<Position>,
    was_n: Seq,
    epoch: Epoch,
    n: Seq,
    entries: Vec<Entry>,
    line: Line,
}

const BATCH_MAX: usize = 20;

impl World {
    pub(crate) fn strain(&mut self, k: usize) {
        if !self.arch.up {
            self.batches[k] = None;
        } else if let Some(batch) = self.batches[k].take() {
            self.commit(batch);
        } else {
            self.batches[k] = self.read_batch();
        }
    }

    fn read_batch(&mut self) -> Option<Batch> {
        let was = self.arch.cursor();
        let was_n = self.arch.n;
        let (head, _, mut entries) = self.tail.read(was_n).ok()??;
        let mut step = follow::cursor(was.as_ref(), &head);
        let anything = matches!(self.mutant, Some(Mutant::NoGeneration | Mutant::RecoverAt1));
        if step == CursorStep::Foreign && anything {
            let pretended = Position { epoch: head.epoch.clone(), seq: was_n };
            step = follow::cursor(Some(&pretended), &head);
        }
        let mut n = was_n;
        match step {
            CursorStep::Wait | CursorStep::Foreign => return None,
            CursorStep::Tail(_) => {}
            CursorStep::Ledger { base, .. } if self.mutant == Some(Mutant::IgnoreTrim) => n = base,
            CursorStep::Ledger { after, base } => {
                let nozzle = self.ruler();
                let nozzle = &self.nozzles[nozzle];
                if !nozzle.course.is_owner() || nozzle.led.epoch != head.epoch {
                    return None;
                }
                let missing = (base - after) as usize;
                entries = nozzle.led.entries.iter().skip(after as usize).take(missing).cloned().collect();
                self.tally("ledger reads");
            }
        }
        entries.truncate(BATCH_MAX);
        let changed = was.as_ref().is_none_or(|p| p.epoch != head.epoch);
        let batch = Batch { was, was_n, epoch: head.epoch, n, entries, line: head.line };
        (changed || !batch.entries.is_empty()).then_some(batch)
    }

    fn commit(&mut self, b: Batch) {
        let cas = self.mutant != Some(Mutant::NoCas);
        if cas && (self.arch.cursor() != b.was || self.arch.n != b.was_n) {
            return;
        }
        let apart = self.mutant == Some(Mutant::CursorApart);
        let n = b.n + b.entries.len() as Seq;
        if self.chaos && self.rng.chance(0.1) {
            if apart && self.rng.chance(0.5) {
                (self.arch.epoch, self.arch.n) = (Some(b.epoch), n);
            }
            return;
        }
        for (i, e) in b.entries.iter().enumerate() {
            fold(&mut self.arch.rows, b.n + i as Seq + 1, e);
        }
        self.arch.applied += n - b.was_n;
        if apart && self.chaos && self.rng.chance(0.1) {
            return;
        }
        (self.arch.epoch, self.arch.n, self.arch.line) = (Some(b.epoch), n, b.line);
        if self.chaos && self.rng.chance(0.3) {
            self.backups.push(self.arch.save());
            let over = self.backups.len().saturating_sub(5);
            self.backups.drain(..over);
        }
    }

    /// `perihelion recover`: a ledger out of archive and tail.
    pub(crate) fn recover(&mut self) {
        if !self.arch.up {
            return;
        }
        let Ok(tail) = self.tail.read(0) else { return };
        let mut rows = self.arch.rows.clone();
        let mut line = self.arch.line.clone();
        let mut epochs: Vec<Epoch> = self.arch.epoch.iter().cloned().collect();
        let mut top = self.arch.n;
        if let Some((head, base, entries)) = tail {
            line.join(&head.line);
            epochs.push(head.epoch.clone());
            let same =
                self.arch.epoch.as_ref().is_none_or(|e| *e == head.epoch || head.line.carried(e).is_some());
            if same {
                if self.arch.n < head.base {
                    self.tally("declared gap");
                }
                for (seq, e) in (base + 1..).zip(&entries) {
                    if seq > self.arch.n {
                        fold(&mut rows, seq, e);
                    }
                }
                top = top.max(head.top);
            }
        }
        let rng = Rng::new(self.rng.bits());
        let mut ledger = if self.mutant == Some(Mutant::RecoverAt1) && !epochs.is_empty() {
            self.renumber(rng, &rows, epochs)
        } else {
            self.renew(rng, &rows, epochs, line, top)
        };
        ledger.trim = self.arch.n.min(ledger.top().saturating_sub(KEEP));
        self.move_in(ledger);
    }

    /// A new ledger under the old numbers, of a generation that nobody has seen; the archive's cursor goes with it.
    fn renew(&mut self, rng: Rng, rows: &Rows, epochs: Vec<Epoch>, mut line: Line, top: Seq) -> Ledger {
        let by_clock = (self.now / DT) as u64 + 2;
        let generation = epochs.iter().map(|e| e.generation() + 1).fold(by_clock, u64::max);
        let mut ledger = Ledger::new(rng, generation);
        for epoch in epochs {
            line.carry(epoch, top);
        }
        ledger.line = line.clone();
        (self.arch.epoch, self.arch.line) = (Some(ledger.epoch.clone()), line);
        let by_last: std::collections::BTreeMap<Seq, u32> =
            rows.iter().map(|(id, r)| (r.last, *id)).collect();
        for seq in 1..=top {
            match by_last.get(&seq) {
                Some(id) => ledger.again(*id, &rows[id], seq),
                None => ledger.add(Entry::void()),
            }
        }
        ledger
    }

    /// The mutant: numbers from 1 under the old name.
    fn renumber(&mut self, rng: Rng, rows: &Rows, epochs: Vec<Epoch>) -> Ledger {
        let mut ledger = Ledger::new(rng, 0);
        let newest = epochs.into_iter().max_by_key(Epoch::generation);
        ledger.rename(newest.unwrap_or(ledger.epoch.clone()));
        let mut by_last: Vec<_> = rows.iter().collect();
        by_last.sort_by_key(|(_, row)| row.last);
        for (id, row) in by_last {
            ledger.again(*id, row, ledger.top() + 1);
        }
        (self.tail.keys.items, self.tail.keys.meta) = (Vec::new(), None);
        ledger
    }

    fn move_in(&mut self, mut ledger: Ledger) {
        let now = self.now;
        let home = &mut self.nozzles[0];
        ledger.place = Some(home.place.clone());
        home.led = ledger;
        home.said = None;
        home.back = now;
        home.boot(self.mutant);
        self.lost = false;
        self.tally("recover");
    }
}
