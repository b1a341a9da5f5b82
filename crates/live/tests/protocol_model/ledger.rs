//! The model's ledger: one file, each method one transaction. Also the entries, the fold and the states of an item.

use crate::{Mutant, rng::Rng, wills::Wills};
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
    /// Its network hides the account that wrote it, or shows it again. Arrives, and is never an entry.
    Away,
    Back,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) kind: Kind,
    pub(crate) id: Id,
    pub(crate) words: Option<Words>,
    pub(crate) rev: u32,
    /// `None` only under the mutant that leaves it out.
    pub(crate) first: Option<Seq>,
    /// A hide on the network's word, not on a moderator's.
    pub(crate) by_network: bool,
    pub(crate) voids: Rc<[Seq]>,
}

impl Entry {
    pub(crate) fn void() -> Self {
        Self {
            kind: Kind::Void,
            id: 0,
            words: None,
            rev: 0,
            first: None,
            by_network: false,
            voids: Rc::new([]),
        }
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
    pub(crate) by_network: bool,
    pub(crate) first: Seq,
    pub(crate) last: Seq,
}

/// The one fold of page, site and archive. Each entry carries its item whole, so the last one wins.
pub(crate) fn fold(rows: &mut Rows, seq: Seq, e: &Entry) {
    let known = rows.get(&e.id).map(|r| r.first);
    let first = e.first.or(known).unwrap_or(seq);
    let (state, words, rev) = match e.kind {
        Kind::Void | Kind::Away | Kind::Back => return,
        Kind::Post | Kind::Edit | Kind::Show => (RowState::Shown, e.words, e.rev),
        Kind::Hide => (RowState::Hidden, None, e.rev),
        Kind::Remove => (RowState::Removed, None, 0),
    };
    let row = Row { state, rev, words, by_network: e.by_network, first, last: seq };
    rows.insert(e.id, row);
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Held,
    Shown,
    Hidden,
    Removed,
}

/// What keeps an item from the public, each lifted on its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Veil {
    pub(crate) network: bool,
    pub(crate) person: bool,
    pub(crate) held: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(crate) state: State,
    pub(crate) veil: Veil,
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
    pub(crate) wills: Wills,
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
            wills: Wills::default(),
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
            wills: self.wills.clone(),
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
        let Row { rev, words, by_network, first, .. } = *row;
        self.add(Entry { kind, id, words, rev, first: Some(first), by_network, voids: Rc::new([]) });
        let at = if words.is_some() { vec![seq] } else { Vec::new() };
        let is_hidden = state == State::Hidden;
        let veil = Veil { network: is_hidden && by_network, person: is_hidden && !by_network, held: false };
        self.items.insert(id, Item { state, veil, rev, words, first, at });
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
        self.wills.note(h, self.items.get(&h.id).map(|it| (it.state, it.words.is_some())));
        match h.kind {
            Kind::Post | Kind::Edit => self.words(h, mutant),
            Kind::Remove => self.remove(h, mutant),
            Kind::Hide => self.hide(h, mutant),
            Kind::Show => self.show(h, mutant),
            Kind::Away => self.away(h, mutant),
            Kind::Back => self.back(h, mutant),
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
        let is_lost = it.words.is_none();
        let is_old = h.rev < it.rev || (h.rev == it.rev && !is_lost);
        if it.state == State::Removed || is_old {
            return;
        }
        (it.rev, it.words) = (h.rev, h.words);
        if it.state == State::Shown {
            let first = if mutant == Some(Mutant::NoFirst) { None } else { Some(it.first) };
            let voids = voids(&it.at, mutant);
            it.at.push(seq);
            let Happening { id, rev, words, .. } = h;
            self.add(Entry { kind: Kind::Edit, id, words, rev, first, by_network: false, voids });
        } else if is_lost {
            // A network that sends lost words again no longer withholds them.
            it.veil.network = false;
            if it.veil == Veil::default() {
                self.shown(h.id);
            }
        }
    }

    fn first_words(&mut self, h: Happening, seq: Seq) {
        let held = h.id.is_multiple_of(6);
        let state = if held { State::Held } else { State::Shown };
        let veil = Veil { held, ..Veil::default() };
        let (first, at) = if held { (0, Vec::new()) } else { (seq, vec![seq]) };
        let Happening { id, rev, words, .. } = h;
        self.items.insert(id, Item { state, veil, rev, words, first, at });
        self.add(if held {
            Entry::void()
        } else {
            let voids = Rc::new([]);
            Entry { kind: Kind::Post, id, words, rev, first: Some(seq), by_network: false, voids }
        });
    }

    fn remove(&mut self, h: Happening, mutant: Option<Mutant>) {
        let Some(it) = self.items.get_mut(&h.id) else {
            self.early.insert(h.id);
            return;
        };
        if it.state != State::Removed {
            (it.state, it.veil, it.words) = (State::Removed, Veil::default(), None);
            let (first, voids) = (Some(it.first), voids(&it.at, mutant));
            let (kind, id) = (Kind::Remove, h.id);
            self.add(Entry { kind, id, words: None, rev: 0, first, by_network: false, voids });
        }
    }

    fn hide(&mut self, h: Happening, mutant: Option<Mutant>) {
        let Some(it) = self.items.get_mut(&h.id) else { return };
        if it.state != State::Removed && !it.veil.person {
            it.state = State::Hidden;
            (it.veil.person, it.veil.held) = (true, false);
            self.hidden(h.id, false, mutant);
        }
    }

    /// The entry of an item that is hidden now.
    fn hidden(&mut self, id: Id, by_network: bool, mutant: Option<Mutant>) {
        let it = &self.items[&id];
        let (first, rev, voids) = (Some(it.first), it.rev, voids(&it.at, mutant));
        self.add(Entry { kind: Kind::Hide, id, words: None, rev, first, by_network, voids });
    }

    /// A moderator's: what the network withholds is not theirs to show, but their own hide can be taken back.
    fn show(&mut self, h: Happening, mutant: Option<Mutant>) {
        let Some(it) = self.items.get_mut(&h.id) else { return };
        if it.veil.network && mutant != Some(Mutant::ShowAll) {
            if std::mem::take(&mut it.veil.person) {
                self.hidden(h.id, true, mutant);
            }
        } else if matches!(it.state, State::Hidden | State::Held) && it.words.is_some() {
            self.shown(h.id);
        }
    }

    fn shown(&mut self, id: Id) {
        let seq = self.top() + 1;
        let Some(it) = self.items.get_mut(&id) else { return };
        (it.state, it.veil) = (State::Shown, Veil::default());
        it.at.push(seq);
        if it.first == 0 {
            it.first = seq;
        }
        let (words, rev, first) = (it.words, it.rev, Some(it.first));
        self.add(Entry { kind: Kind::Show, id, words, rev, first, by_network: false, voids: Rc::new([]) });
    }

    fn away(&mut self, h: Happening, mutant: Option<Mutant>) {
        let Some(it) = self.items.get_mut(&h.id).filter(|it| it.state != State::Removed) else { return };
        it.veil.network = true;
        if std::mem::replace(&mut it.state, State::Hidden) == State::Shown {
            self.hidden(h.id, true, mutant);
        }
    }

    fn back(&mut self, h: Happening, mutant: Option<Mutant>) {
        let Some(it) = self.items.get_mut(&h.id).filter(|it| it.veil.network) else { return };
        it.veil.network = false;
        let is_persons = it.veil.person && mutant != Some(Mutant::BackAll);
        if is_persons || it.words.is_none() {
            return;
        }
        if it.veil.held { it.state = State::Held } else { self.shown(h.id) }
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
