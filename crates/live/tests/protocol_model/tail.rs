//! The model's Redis: the tail, the owner key, and the push script in Rust.

use crate::{Mutant, TTL, ledger::Entry, world::World};
use live::{
    follow::{Head, Line},
    push::{Answer, Word},
};
use model::{Epoch, Seq};

pub(crate) struct Down;

#[derive(Clone)]
pub(crate) struct Meta {
    pub(crate) epoch: Epoch,
    pub(crate) base: Seq,
    pub(crate) top: Seq,
    pub(crate) tip: u64,
    pub(crate) line: Line,
}

/// What a snapshot of Redis holds.
#[derive(Clone, Default)]
pub(crate) struct Keys {
    pub(crate) items: Vec<Entry>,
    pub(crate) meta: Option<Meta>,
    /// Who, and until when.
    pub(crate) owner: Option<(String, f64)>,
}

pub(crate) struct Tail {
    pub(crate) up: bool,
    /// The number of the server's run: another one means another connection.
    pub(crate) run: u64,
    pub(crate) keys: Keys,
}

/// The arguments of one push; kept whole, because a client library may send them twice.
#[derive(Clone)]
pub(crate) struct Args {
    pub(crate) me: String,
    pub(crate) epoch: Epoch,
    pub(crate) line: Line,
    pub(crate) prev: Seq,
    pub(crate) tip: u64,
    pub(crate) anew: bool,
    pub(crate) trim: Seq,
    pub(crate) batch: Vec<(u64, Entry)>,
}

impl Tail {
    pub(crate) fn holder(&self, now: f64) -> Option<&str> {
        self.keys.owner.as_ref().filter(|(_, until)| *until > now).map(|(who, _)| who.as_str())
    }

    /// The read script: the head and what follows `after` (or `base`, if that is later), or nothing while torn.
    pub(crate) fn read(&self, after: Seq) -> Result<Option<(Head, Seq, Vec<Entry>)>, Down> {
        if !self.up {
            return Err(Down);
        }
        let Some(m) = &self.keys.meta else { return Ok(None) };
        if m.base + self.keys.items.len() as Seq != m.top {
            return Ok(None);
        }
        let after = after.max(m.base);
        let entries = self.keys.items.iter().skip((after - m.base) as usize).cloned().collect();
        let head = Head { epoch: m.epoch.clone(), base: m.base, top: m.top, line: m.line.clone() };
        Ok(Some((head, after, entries)))
    }

    fn say(&self, word: Word) -> Answer {
        match &self.keys.meta {
            Some(m) => {
                let tip = format!("{:x}", m.tip);
                Answer { word, epoch: Some(m.epoch.clone()), base: m.base, top: m.top, tip }
            }
            None => Answer { word, epoch: None, base: 0, top: 0, tip: String::new() },
        }
    }

    /// Whether the tail has to be written anew, or the word that refuses the push.
    fn must_write(&self, a: &Args, mutant: Option<Mutant>) -> Result<bool, Word> {
        let Some(m) = &self.keys.meta else { return if a.anew { Ok(true) } else { Err(Word::None) } };
        if m.epoch != a.epoch {
            let is_older =
                m.epoch.generation() < a.epoch.generation() && mutant != Some(Mutant::NoGeneration);
            return if a.anew && is_older { Ok(true) } else { Err(Word::Epoch) };
        }
        if m.base + self.keys.items.len() as Seq != m.top {
            return if a.anew { Ok(true) } else { Err(Word::Torn) };
        }
        Ok(false)
    }
}

/// Whether the push joins what is there without a hole and without a second history.
fn joins(m: &Meta, a: &Args, mutant: Option<Mutant>) -> Result<(), Word> {
    if a.prev > m.top {
        return Err(Word::Hole);
    }
    if a.prev + (a.batch.len() as Seq) < m.top {
        return Err(Word::Ahead);
    }
    let joint = if m.top == a.prev { a.tip } else { a.batch[(m.top - a.prev) as usize - 1].0 };
    if joint != m.tip && mutant != Some(Mutant::NoChain) { Err(Word::Fork) } else { Ok(()) }
}

impl World {
    /// The push script.
    pub(crate) fn script(&mut self, a: &Args) -> Result<Answer, Down> {
        let (mutant, now) = (self.mutant, self.now);
        if !self.tail.up {
            return Err(Down);
        }
        let other = self.tail.holder(now).is_some_and(|who| who != a.me);
        if other && mutant != Some(Mutant::NoOwner) {
            return Ok(self.tail.say(Word::Owner));
        }
        let write = match self.tail.must_write(a, mutant) {
            Ok(write) => write,
            Err(word) => return Ok(self.tail.say(word)),
        };
        let mut prev = a.prev;
        let mut meta = match self.tail.keys.meta.take() {
            Some(meta) if !write => meta,
            _ => {
                self.tail.keys.items.clear();
                Meta { epoch: a.epoch.clone(), base: prev, top: prev, tip: a.tip, line: a.line.clone() }
            }
        };
        if !write {
            if mutant == Some(Mutant::NoCompare) {
                prev = meta.top;
            } else if let Err(word) = joins(&meta, a, mutant) {
                self.tail.keys.meta = Some(meta);
                return Ok(self.tail.say(word));
            }
        }
        self.append(&mut meta, a, prev);
        if meta.base < a.trim && a.trim <= meta.top {
            self.tail.keys.items.drain(..(a.trim - meta.base) as usize);
            meta.base = a.trim;
        }
        meta.line = a.line.clone();
        self.tail.keys.owner = Some((a.me.clone(), now + TTL));
        self.tail.keys.meta = Some(meta);
        self.ring();
        Ok(self.tail.say(Word::Ok))
    }

    fn append(&mut self, meta: &mut Meta, a: &Args, prev: Seq) {
        for (i, (chain, e)) in a.batch.iter().enumerate() {
            if prev + (i as Seq) < meta.top {
                continue;
            }
            self.tail.keys.items.push(e.clone());
            meta.top += 1;
            meta.tip = *chain;
            if *self.book.entry((a.epoch.clone(), meta.top)).or_insert(*chain) != *chain {
                self.bad("two entries under one number");
            }
            if self.mutant == Some(Mutant::NoOverwrite) {
                continue;
            }
            for v in e.voids.iter().filter(|v| **v > meta.base && **v <= meta.top) {
                self.tail.keys.items[(v - meta.base) as usize - 1] = Entry::void();
            }
        }
    }

    /// The bell; a ring may be lost.
    fn ring(&mut self) {
        for reader in [0, 1, 2] {
            if self.rng.chance(0.7) {
                self.readers[reader].next = self.now;
            }
        }
    }
}
