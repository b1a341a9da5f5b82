//! The model's world: what happens upstream, what people ask for, what breaks, and one step of time.

use crate::{
    Faults, Mutant,
    archive::{Archive, Backup, Batch},
    ledger::{Happening, Kind, Ledger},
    nozzle::{Nozzle, Who},
    readers::{Page, Reader, SITE},
    rng::Rng,
    tail::{Args, Keys, Tail},
};
use model::{Epoch, Seq};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// One step, in model seconds.
pub(crate) const DT: f64 = 0.05;
/// The tail keeps at least this many entries.
pub(crate) const KEEP: Seq = 12;

/// What comes later.
#[derive(Clone, Copy)]
pub(crate) enum Due {
    Upstream(Happening),
    /// A moderator's request with its idempotency key.
    Ask(Happening, u32),
}

pub(crate) struct World {
    pub(crate) rng: Rng,
    pub(crate) faults: Faults,
    pub(crate) mutant: Option<Mutant>,
    pub(crate) now: f64,
    pub(crate) chaos: bool,
    /// Strainers go on although the chaos is over.
    pub(crate) free: bool,
    pub(crate) wrong: BTreeSet<&'static str>,
    pub(crate) tallies: BTreeMap<&'static str, u64>,
    pub(crate) takeovers: u32,

    pub(crate) tail: Tail,
    pub(crate) snapshot: Keys,
    /// Which chain link every number of every log ever had in the tail.
    pub(crate) book: HashMap<(Epoch, Seq), u64>,
    pub(crate) ghosts: Vec<(f64, Args)>,

    pub(crate) nozzles: Vec<Nozzle>,
    /// The home ledger is gone and not yet recovered.
    pub(crate) lost: bool,
    pub(crate) readers: [Reader; 3],
    pub(crate) pages: Vec<Page>,

    pub(crate) arch: Archive,
    pub(crate) backups: Vec<Backup>,
    pub(crate) batches: [Option<Batch>; 2],

    pub(crate) upstream: Vec<Happening>,
    pub(crate) retry: Vec<(f64, Due)>,
    ids: u32,
    asks: u32,
}

impl World {
    pub(crate) fn new(seed: u64, faults: Faults, mutant: Option<Mutant>) -> Self {
        let mut ledger = Ledger::new(Rng::new(seed.wrapping_add(7)), 1);
        ledger.place = Some("home".into());
        let arch = Archive::new();
        Self {
            rng: Rng::new(seed),
            faults,
            mutant,
            now: 0.0,
            chaos: true,
            free: false,
            wrong: BTreeSet::new(),
            tallies: BTreeMap::new(),
            takeovers: 0,
            tail: Tail { up: true, run: 0, keys: Keys::default() },
            snapshot: Keys::default(),
            book: HashMap::new(),
            ghosts: Vec::new(),
            nozzles: vec![Nozzle::new(ledger, "home", Who::Home, mutant)],
            lost: false,
            readers: std::array::from_fn(|_| Reader::new()),
            pages: std::iter::repeat_with(Page::default).take(4).collect(),
            backups: vec![arch.save()],
            arch,
            batches: [None, None],
            upstream: Vec::new(),
            retry: Vec::new(),
            ids: 0,
            asks: 0,
        }
    }

    pub(crate) fn bad(&mut self, what: &'static str) {
        self.wrong.insert(what);
    }

    pub(crate) fn tally(&mut self, what: &'static str) {
        *self.tallies.entry(what).or_default() += 1;
    }

    /// The nozzle whose ledger is the log now.
    pub(crate) fn ruler(&self) -> usize {
        self.nozzles.iter().position(|n| n.course.is_owner() && n.up).unwrap_or(0)
    }

    fn happen(&mut self) {
        if self.ids == 0 || self.rng.chance(0.55) {
            self.post();
            return;
        }
        let back = 1 + self.rng.below(25) as u32;
        let id = (self.ids + 1).saturating_sub(back).max(1);
        if self.rng.chance(0.3) {
            let kind = *self.rng.choose(&[Kind::Away, Kind::Back]);
            self.retry.push((self.now, Due::Upstream(Happening { kind, id, rev: 0, words: None })));
            return;
        }
        let kinds = [Kind::Hide, Kind::Show, Kind::Hide, Kind::Show, Kind::Remove];
        let kind = *self.rng.choose(if self.faults.moderate { &kinds[..] } else { &kinds[..4] });
        self.asks += 1;
        self.retry.push((self.now, Due::Ask(Happening { kind, id, rev: 0, words: None }, self.asks)));
    }

    fn post(&mut self) {
        self.ids += 1;
        let id = self.ids;
        let words = |kind, rev| Happening { kind, id, rev, words: Some((id, rev)) };
        let mut all = vec![words(Kind::Post, 0)];
        if self.rng.chance(0.3) {
            all.push(words(Kind::Edit, 1));
        }
        if self.rng.chance(0.2) {
            all.push(Happening { kind: Kind::Remove, id, rev: 0, words: None });
        }
        if self.rng.chance(0.15) {
            self.rng.shuffle(&mut all); // a delete or an edit before its post
        }
        self.upstream.push(all.remove(0));
        for h in all {
            let at = self.now + self.rng.unit() * 6.0;
            self.retry.push((at, Due::Upstream(h)));
        }
    }

    /// Clones share a place, so a rollback of Redis beside one is beyond what is promised.
    pub(crate) fn is_quiet(&self) -> bool {
        self.faults.clone && self.nozzles.len() > 1
    }

    fn fault(&mut self) {
        let x = self.rng.unit();
        if self.faults.redis && x < 0.45 && self.redis_fault(x) {
            return;
        }
        match x {
            x if x > 0.45 && x < 0.52 => {
                let halley = self.rng.below(2);
                self.readers[halley] = Reader::new();
            }
            x if x < 0.54 => self.readers[SITE] = Reader::new(),
            x if x < 0.60 => {
                let (n, known) = (self.arch.n, self.arch.reported);
                self.arch.reported = if self.rng.chance(0.9) { n.max(known) } else { n };
            }
            x if self.faults.postgres && x < 0.66 => self.arch.up = !self.arch.up || self.rng.chance(0.5),
            x if self.faults.postgres && x < 0.70 => self.restore(),
            x if self.faults.nozzle && x < 0.74 && self.nozzles[0].up => self.kill(0),
            x if self.faults.recover && x < 0.755 && !self.lost => self.lose_ledger(),
            x if self.faults.recover && x < 0.80 && self.lost => self.recover(),
            x if x < 0.82 => self.intrude(),
            _ => {}
        }
    }

    fn redis_fault(&mut self, x: f64) -> bool {
        if x < 0.25 {
            self.snapshot = self.tail.keys.clone();
        } else if x < 0.32 {
            self.tail.up = !self.tail.up || self.rng.chance(0.6);
            self.tail.run += u64::from(!self.tail.up);
        } else if x < 0.40 && !self.is_quiet() {
            self.roll_back();
            self.tail.up = true;
            self.tally("rollback");
        } else if (0.40..0.43).contains(&x) && !self.is_quiet() {
            self.tail.keys = Keys::default();
            self.tally("flush");
        } else if x >= 0.43 && self.tail.keys.items.pop().is_some() {
            self.tally("torn");
        } else {
            return false;
        }
        true
    }

    pub(crate) fn roll_back(&mut self) {
        self.tail.keys = self.snapshot.clone();
        self.tail.run += 1;
    }

    fn restore(&mut self) {
        let i = self.rng.below(self.backups.len());
        self.backups.truncate(i + 1);
        self.arch.load(self.backups[i].clone());
        self.batches = [None, None];
        self.tally("restored");
    }

    fn lose_ledger(&mut self) {
        let alone = self.nozzles[1..].iter().all(|n| n.said.is_some());
        if alone && self.nozzles[0].led.top() > 5 {
            self.nozzles[0].up = false;
            self.nozzles[0].boot(self.mutant);
            self.lost = true;
            self.ghosts.clear();
            self.tally("ledger lost");
        }
    }

    fn intrude(&mut self) {
        let n = self.nozzles.len();
        let (led, place, who) = if self.faults.intruder && n < 3 && !self.lost {
            let place = format!("elsewhere{n}");
            if self.rng.chance(0.5) {
                (Ledger::new(Rng::new(self.rng.bits()), 1), place, Who::Empty)
            } else {
                (self.nozzles[0].led.copy(), place, Who::Copy)
            }
        } else if self.faults.clone && n < 2 && self.nozzles[0].course.is_owner() {
            (self.nozzles[0].led.copy(), "home".to_owned(), Who::Clone)
        } else {
            return;
        };
        self.nozzles.push(Nozzle::new(led, &place, who, self.mutant));
    }

    pub(crate) fn step(&mut self) {
        self.now += DT;
        if self.chaos {
            if self.rng.chance(0.35) {
                self.happen();
            }
            if self.rng.chance(0.22) {
                self.fault();
            }
        }
        let mut order: Vec<usize> = (0..self.nozzles.len()).collect();
        self.rng.shuffle(&mut order);
        for k in order {
            self.nozzle(k);
        }
        let now = self.now;
        let (due, later): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.ghosts).into_iter().partition(|(at, _)| *at <= now);
        self.ghosts = later;
        for (_, args) in due {
            // Nobody hears the answer of a second delivery.
            let _answer = self.script(&args);
        }
        for k in 0..self.readers.len() {
            if self.now >= self.readers[k].next {
                self.look(k);
            }
        }
        self.step_pages();
        for k in 0..self.batches.len() {
            if (self.chaos || self.free) && self.rng.chance(0.3) {
                self.strain(k);
            }
        }
    }

    fn step_pages(&mut self) {
        for k in 0..self.pages.len() {
            if !self.rng.chance(0.4) {
                continue;
            }
            let was = self.pages[k].at.clone();
            self.page(k);
            let (Some(was), Some(is)) = (was, &self.pages[k].at) else { continue };
            let back = is.epoch == was.epoch && is.seq < was.seq;
            if back || is.epoch.generation() < was.epoch.generation() {
                self.bad("a page went backwards");
            }
        }
    }
}
