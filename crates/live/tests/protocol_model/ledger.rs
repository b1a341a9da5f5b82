//! The model's ledger: one file, each method one transaction. Also the entries, the fold and the states of an item.

use crate::{Mutant, rng::Rng};
use live::follow::Line;
use model::{Epoch, Seq};
use std::{
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

pub(crate) type Id = u32;
/// The words of an item: whose, and of which revision.
pub(crate) type Words = (Id, u32);
pub(crate) type Rows = BTreeMap<Id, Row>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Void,
    Post,
    Edit,
    Show,
    Hide,
    Remove,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) kind: Kind,
    pub(crate) id: Id,
    pub(crate) words: Option<Words>,
    pub(crate) rev: u32,
    /// `None` only under the mutant that leaves it out.
    pub(crate) first: Option<Seq>,
    pub(crate) voids: Rc<[Seq]>,
}

impl Entry {
    pub(crate) fn void() -> Self {
        Self { kind: Kind::Void, id: 0, words: None, rev: 0, first: None, voids: Rc::new([]) }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RowState {
    Shown,
    Hidden,
    Removed,
}

/// One item, folded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) state: RowState,
    pub(crate) rev: u32,
    pub(crate) words: Option<Words>,
    pub(crate) first: Seq,
    pub(crate) last: Seq,
}

/// The one fold of page, site and archive. Each entry carries its item whole, so the last one wins.
pub(crate) fn fold(rows: &mut Rows, seq: Seq, e: &Entry) {
    let known = rows.get(&e.id).map(|r| r.first);
    let first = e.first.or(known).unwrap_or(seq);
    let row = match e.kind {
        Kind::Void => return,
        Kind::Post | Kind::Edit | Kind::Show => {
            Row { state: RowState::Shown, rev: e.rev, words: e.words, first, last: seq }
        }
        Kind::Hide => Row { state: RowState::Hidden, rev: e.rev, words: None, first, last: seq },
        Kind::Remove => Row { state: RowState::Removed, rev: 0, words: None, first, last: seq },
    };
    rows.insert(e.id, row);
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Held,
    Shown,
    Hidden,
    Removed,
}

#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(crate) state: State,
    pub(crate) rev: u32,
    pub(crate) words: Option<Words>,
    pub(crate) first: Seq,
    /// Every seq that ever held its words in public: all, because a voided edit has lost its own list.
    pub(crate) at: Vec<Seq>,
}

/// What arrives: from a network, or from a moderator.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Happening {
    pub(crate) kind: Kind,
    pub(crate) id: Id,
    pub(crate) rev: u32,
    pub(crate) words: Option<Words>,
}

pub(crate) struct Ledger {
    rng: Rng,
    pub(crate) epoch: Epoch,
    pub(crate) line: Line,
    pub(crate) entries: Vec<Entry>,
    /// `chain[seq]`; `chain[0]` stands for the epoch.
    pub(crate) chain: Vec<u64>,
    pub(crate) items: BTreeMap<Id, Item>,
    early: BTreeSet<Id>,
    keys: BTreeSet<u32>,
    pub(crate) cursor: usize,
    pub(crate) trim: Seq,
    /// Where it was last used.
    pub(crate) place: Option<String>,
}

impl Ledger {
    pub(crate) fn new(mut rng: Rng, generation: u64) -> Self {
        let random = rng.bits();
        Self {
            rng,
            epoch: Epoch::new(generation, random),
            line: Line::default(),
            entries: Vec::new(),
            chain: vec![random],
            items: BTreeMap::new(),
            early: BTreeSet::new(),
            keys: BTreeSet::new(),
            cursor: 0,
            trim: 0,
            place: None,
        }
    }

    /// The same log under another name, for the mutant that recovers without raising the generation.
    pub(crate) fn rename(&mut self, epoch: Epoch) {
        self.epoch = epoch;
    }

    pub(crate) fn top(&self) -> Seq {
        self.entries.len() as Seq
    }

    /// A copy of the file, as an operator makes one.
    pub(crate) fn copy(&mut self) -> Self {
        Self {
            rng: Rng::new(self.rng.bits()),
            epoch: self.epoch.clone(),
            line: self.line.clone(),
            entries: self.entries.clone(),
            chain: self.chain.clone(),
            items: self.items.clone(),
            early: self.early.clone(),
            keys: self.keys.clone(),
            cursor: self.cursor,
            trim: self.trim,
            place: self.place.clone(),
        }
    }

    pub(crate) fn add(&mut self, e: Entry) {
        let voids = Rc::clone(&e.voids);
        self.entries.push(e);
        self.chain.push(self.rng.bits());
        for v in voids.iter() {
            self.entries[*v as usize - 1] = Entry::void();
        }
    }

    /// A new item entry out of an archive's row or a tail, under its old number.
    pub(crate) fn again(&mut self, id: Id, row: &Row, seq: Seq) {
        let (kind, state) = match row.state {
            RowState::Shown => (Kind::Show, State::Shown),
            RowState::Hidden => (Kind::Hide, State::Hidden),
            RowState::Removed => (Kind::Remove, State::Removed),
        };
        self.add(Entry {
            kind,
            id,
            words: row.words,
            rev: row.rev,
            first: Some(row.first),
            voids: Rc::new([]),
        });
        let at = if row.words.is_some() { vec![seq] } else { Vec::new() };
        self.items.insert(id, Item { state, rev: row.rev, words: row.words, first: row.first, at });
    }

    /// Admits one thing from a network and moves the source's cursor with it.
    pub(crate) fn take(&mut self, h: Happening, mutant: Option<Mutant>) {
        self.cursor += 1;
        self.act(h, mutant);
    }

    /// Admits a moderator's request; a repeated key changes nothing.
    pub(crate) fn ask(&mut self, h: Happening, key: u32, mutant: Option<Mutant>) {
        if self.keys.insert(key) {
            self.act(h, mutant);
        }
    }

    /// Dedupes, decides, numbers, stores.
    pub(crate) fn act(&mut self, h: Happening, mutant: Option<Mutant>) {
        match h.kind {
            Kind::Post | Kind::Edit => self.words(h, mutant),
            Kind::Remove => self.remove(h, mutant),
            Kind::Hide => self.hide(h, mutant),
            Kind::Show => self.show(h),
            Kind::Void => {}
        }
    }

    fn words(&mut self, h: Happening, mutant: Option<Mutant>) {
        let seq = self.top() + 1;
        let Some(it) = self.items.get_mut(&h.id) else {
            if !self.early.contains(&h.id) {
                self.first_words(h, seq);
            }
            return;
        };
        let is_old = h.rev < it.rev || (h.rev == it.rev && it.words.is_some());
        if it.state == State::Removed || is_old {
            return;
        }
        (it.rev, it.words) = (h.rev, h.words);
        if it.state == State::Shown {
            let first = if mutant == Some(Mutant::NoFirst) { None } else { Some(it.first) };
            let voids = voids(&it.at, mutant);
            it.at.push(seq);
            self.add(Entry { kind: Kind::Edit, id: h.id, words: h.words, rev: h.rev, first, voids });
        }
    }

    fn first_words(&mut self, h: Happening, seq: Seq) {
        let held = h.id.is_multiple_of(6);
        let state = if held { State::Held } else { State::Shown };
        let (first, at) = if held { (0, Vec::new()) } else { (seq, vec![seq]) };
        self.items.insert(h.id, Item { state, rev: h.rev, words: h.words, first, at });
        self.add(if held {
            Entry::void()
        } else {
            let voids = Rc::new([]);
            Entry { kind: Kind::Post, id: h.id, words: h.words, rev: h.rev, first: Some(seq), voids }
        });
    }

    fn remove(&mut self, h: Happening, mutant: Option<Mutant>) {
        let Some(it) = self.items.get_mut(&h.id) else {
            self.early.insert(h.id);
            return;
        };
        if it.state != State::Removed {
            (it.state, it.words) = (State::Removed, None);
            let (first, voids) = (Some(it.first), voids(&it.at, mutant));
            self.add(Entry { kind: Kind::Remove, id: h.id, words: None, rev: 0, first, voids });
        }
    }

    fn hide(&mut self, h: Happening, mutant: Option<Mutant>) {
        let Some(it) = self.items.get_mut(&h.id) else { return };
        if matches!(it.state, State::Shown | State::Held) {
            it.state = State::Hidden;
            let (first, rev, voids) = (Some(it.first), it.rev, voids(&it.at, mutant));
            self.add(Entry { kind: Kind::Hide, id: h.id, words: None, rev, first, voids });
        }
    }

    fn show(&mut self, h: Happening) {
        let seq = self.top() + 1;
        let Some(it) = self.items.get_mut(&h.id) else { return };
        if matches!(it.state, State::Hidden | State::Held) && it.words.is_some() {
            it.state = State::Shown;
            it.at.push(seq);
            if it.first == 0 {
                it.first = seq;
            }
            let (words, rev, first) = (it.words, it.rev, Some(it.first));
            self.add(Entry { kind: Kind::Show, id: h.id, words, rev, first, voids: Rc::new([]) });
        }
    }

    pub(crate) fn rows(&self) -> Rows {
        let mut rows = Rows::new();
        for (i, e) in self.entries.iter().enumerate() {
            fold(&mut rows, i as Seq + 1, e);
        }
        rows
    }
}

fn voids(at: &[Seq], mutant: Option<Mutant>) -> Rc<[Seq]> {
    match (mutant, at.last()) {
        (Some(Mutant::LastVoid), Some(last)) => Rc::new([*last]),
        _ => Rc::from(at),
    }
}
