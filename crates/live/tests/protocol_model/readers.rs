//! Those who follow the tail: two halleys and the site by [`Follow`], pages by [`follow::page`].

use crate::{
    Mutant, POLL, RING,
    ledger::{Entry, Kind, Rows, fold},
    world::World,
};
use live::follow::{self, Follow, Head, Line, PageStep, Verdict};
use model::{Epoch, Position, Seq};

/// Where the site stands among the readers, behind the two halleys.
pub(crate) const SITE: usize = 2;

pub(crate) struct Reader {
    pub(crate) follow: Follow,
    pub(crate) base: Seq,
    pub(crate) ring: Vec<Entry>,
    pub(crate) rows: Rows,
    /// From where on its rows are complete, however few it keeps in its ring.
    pub(crate) since: Seq,
    pub(crate) next: f64,
}

impl Reader {
    pub(crate) fn new() -> Self {
        Self { follow: Follow::default(), base: 0, ring: Vec::new(), rows: Rows::new(), since: 0, next: 0.0 }
    }

    pub(crate) fn epoch(&self) -> Option<&Epoch> {
        self.follow.position().map(|p| &p.epoch)
    }

    pub(crate) fn head(&self) -> Option<Head> {
        let at = self.follow.position()?;
        Some(Head { epoch: at.epoch.clone(), base: self.base, top: at.seq, line: Line::default() })
    }

    fn start(&mut self, base: Seq) {
        self.base = base;
        self.since = base;
        self.ring.clear();
        self.rows.clear();
    }

    fn append(&mut self, entries: Vec<Entry>) {
        let mut seq = self.base + self.ring.len() as Seq;
        for e in entries {
            seq += 1;
            fold(&mut self.rows, seq, &e);
            let voids = e.voids.clone();
            self.ring.push(e);
            for v in voids.iter().filter(|v| **v > self.base && **v <= seq) {
                self.ring[(v - self.base) as usize - 1] = Entry::void();
            }
        }
        let over = self.ring.len().saturating_sub(RING);
        self.ring.drain(..over);
        self.base += over as Seq;
    }

    fn back(&mut self, head: &Head) {
        let top = head.top.max(self.base);
        self.ring.truncate((top - self.base) as usize);
        self.follow = Follow::from(Position { epoch: head.epoch.clone(), seq: top });
    }
}

/// A page in a browser.
#[derive(Default)]
pub(crate) struct Page {
    pub(crate) hal: usize,
    pub(crate) at: Option<Position>,
    pub(crate) rows: Rows,
    /// From where on its rows are complete.
    pub(crate) start: Seq,
}

impl World {
    pub(crate) fn look(&mut self, k: usize) {
        let (now, mutant) = (self.now, self.mutant);
        self.readers[k].next = now + POLL;
        for _ in 0..2 {
            let reader = &mut self.readers[k];
            let Ok(Some((head, after, entries))) = self.tail.read(reader.follow.after()) else { return };
            let mut verdict = reader.follow.judge(&head, after, entries.len());
            if let (Verdict::Hold(hold), Some(Mutant::NoGeneration)) = (verdict, mutant)
                && hold.is_alarm()
            {
                reader.follow = Follow::default();
                verdict = reader.follow.judge(&head, after, entries.len());
            }
            match verdict {
                Verdict::Hold(_) if mutant == Some(Mutant::Backwards) => return reader.back(&head),
                Verdict::Hold(_) => return,
                Verdict::Anew { base, append } => {
                    reader.start(base);
                    if append {
                        return reader.append(entries);
                    }
                }
                Verdict::Append => return reader.append(entries),
                Verdict::Reread => {}
            }
        }
    }

    pub(crate) fn page(&mut self, k: usize) {
        if self.chaos && self.rng.chance(0.08) {
            self.pages[k].hal = self.rng.below(2);
        }
        let Some(head) = self.readers[self.pages[k].hal].head() else { return };
        let Some(at) = self.pages[k].at.clone() else { return self.reload(k, &head) };
        match follow::page(&at, &head) {
            PageStep::Resume(n) => self.read_on(k, n, &head),
            PageStep::Hold if at.epoch != head.epoch && self.mutant == Some(Mutant::NoGeneration) => {
                self.reload(k, &head);
            }
            PageStep::Hold => {
                if at.epoch == head.epoch && self.mutant == Some(Mutant::Backwards) {
                    self.pages[k].at = Some(Position { epoch: head.epoch, seq: head.top });
                }
            }
            PageStep::Window(_) | PageStep::Afresh(_) => self.reload(k, &head),
        }
    }

    fn read_on(&mut self, k: usize, mut n: Seq, head: &Head) {
        let many = 1 + self.rng.below(11);
        let ring = &self.readers[self.pages[k].hal].ring;
        let mut twice = false;
        let page = &mut self.pages[k];
        for e in ring.iter().skip((n - head.base) as usize).take(many) {
            twice |= e.kind == Kind::Post && page.rows.contains_key(&e.id);
            n += 1;
            fold(&mut page.rows, n, e);
        }
        page.at = Some(Position { epoch: head.epoch.clone(), seq: n });
        if twice {
            self.bad("shown twice");
        }
    }

    /// A fresh page: archive rows through the site's overlay when they reach the ring, else the ring alone.
    fn reload(&mut self, k: usize, head: &Head) {
        let (a, site) = (&self.arch, &self.readers[SITE]);
        let one_log = site.epoch() == Some(&head.epoch) && a.epoch.as_ref() == Some(&head.epoch);
        let page = &mut self.pages[k];
        let mut seq = head.base;
        (page.rows, page.start) = (Rows::new(), seq);
        if a.up && one_log && head.base <= a.n && site.since <= a.n && a.n <= head.top {
            (page.rows, page.start, seq) = (a.rows.clone(), 0, a.n);
        }
        page.at = Some(Position { epoch: head.epoch.clone(), seq });
    }

    /// What the site serves out of the archive: through its own overlay, and only from where its masks are complete.
    pub(crate) fn archive_page(&self) -> Rows {
        let (a, site) = (&self.arch, &self.readers[SITE]);
        let (Some(theirs), Some(ours)) = (&a.epoch, site.epoch()) else { return Rows::new() };
        let unmasked = a.n < site.since && self.mutant != Some(Mutant::OldMask);
        let foreign = theirs != ours && theirs.generation() >= ours.generation();
        if !a.up || unmasked || foreign {
            return Rows::new();
        }
        let over = |(id, row): (&u32, &crate::ledger::Row)| {
            let newer = site.rows.get(id).filter(|mine| mine.last > row.last);
            (*id, newer.unwrap_or(row).clone())
        };
        a.rows.iter().map(over).collect()
    }
}
