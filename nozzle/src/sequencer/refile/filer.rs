//! What the sequencer keeps for filing: the register of what was said, and the items that wait to be filed again. A
//! transaction changes both through a [`Draft`], which takes back what was not committed.
//!
//! Which items wait is remembered in the ledger as the stretch of time that holds them all. To file an item again that did
//! not wait changes nothing, so that is enough, and a few bytes whatever waits.

use std::collections::BTreeSet;

use live::ledger::Ledger;
use live::state::{ItemState, Record};
use model::filing::{Context, RULES, Register};
use model::{Item, ItemId, Micros};
use serde::{Deserialize, Serialize};

/// Name of the ledger's note that says which rules filed the items, and what waits.
pub(in crate::sequencer) const FILING_NOTE: &str = "filing";
/// Records read at once when the register is loaded.
const RECORDS_MAX: usize = 500;

/// An item by its place in the order of what was said.
pub(in crate::sequencer) type Place = (Micros, ItemId);

/// All time: what holds every item.
pub(in crate::sequencer) const EVER: (Micros, Micros) = (Micros(i64::MIN), Micros(i64::MAX));

/// See the module.
#[derive(Default)]
pub(in crate::sequencer) struct Filer {
    register: Register,
    waiting: BTreeSet<Place>,
    noted: Option<Note>,
    undo: Vec<Undo>,
}

/// The ledger's note.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Note {
    /// The version of the rules.
    rules: u32,
    /// From when to when what waits was said; the second moment is after the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    waits: Option<(Micros, Micros)>,
}

enum Undo {
    /// What the item's record was before; none: it had none.
    Was(ItemId, Option<Box<Record>>),
    /// It did not wait.
    Waits(Place),
    /// It waited.
    Done(Place),
}

impl Filer {
    /// Reads every item's part from its record, and what waited when the ledger was last written. Items that were filed by
    /// other rules than ours wait, all of them.
    pub(in crate::sequencer) async fn load(ledger: &Ledger) -> Result<Self, live::Error> {
        let mut filer = Self::default();
        let mut after = None;
        loop {
            let records = ledger.view().records(after, RECORDS_MAX).await?;
            for record in &records {
                drop(filer.enter(record));
            }
            match records.last() {
                Some(last) if records.len() == RECORDS_MAX => after = Some(last.id),
                _ => break,
            }
        }
        let note = ledger.view().note(FILING_NOTE).await?;
        filer.noted = note.and_then(|json| serde_json::from_str(&json).ok());
        let waits = match filer.noted {
            Some(note) if note.rules == RULES => note.waits,
            _ => Some(EVER),
        };
        if let Some((from, to)) = waits {
            filer.waiting = filer.register.between(from, to).collect();
        }
        Ok(filer)
    }

    pub(in crate::sequencer) fn has_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    pub(in crate::sequencer) fn begin(&mut self) -> Draft<'_> {
        self.take_back();
        Draft(self)
    }

    /// Takes in what an item is to others, and names those whose context that changes.
    fn enter(&mut self, record: &Record) -> Vec<Place> {
        match (record.state, &record.words) {
            (ItemState::Shown, Some(words)) => self.register.put(&words.item, &words.filing),
            // What is not public is nobody's context. It is filed again itself when it is shown.
            _ => self.register.remove(record.id),
        }
    }

    fn take_back(&mut self) {
        while let Some(undo) = self.undo.pop() {
            match undo {
                Undo::Was(_, Some(record)) => drop(self.enter(&record)),
                Undo::Was(id, None) => drop(self.register.remove(id)),
                Undo::Waits(place) => drop(self.waiting.remove(&place)),
                Undo::Done(place) => drop(self.waiting.insert(place)),
            }
        }
    }

    fn note(&self) -> Note {
        let ends = self.waiting.first().zip(self.waiting.last());
        Note { rules: RULES, waits: ends.map(|(first, last)| (first.0, last.0.plus(1))) }
    }
}

/// The filer within one transaction. Dropped without [`Draft::keep`], it was never changed.
pub(in crate::sequencer) struct Draft<'a>(&'a mut Filer);

impl Draft<'_> {
    /// What was said before an item.
    pub(in crate::sequencer) fn context(&self, item: &Item) -> Context {
        self.0.register.context(item)
    }

    /// An item is from now on what its record says, and was before what the first one says. Those whose context that
    /// changes wait.
    pub(in crate::sequencer) fn changed(&mut self, before: Option<Record>, record: &Record) {
        let concerned = self.0.enter(record);
        self.0.undo.push(Undo::Was(record.id, before.map(Box::new)));
        self.wait_for(concerned);
    }

    /// What was said between two moments waits, the second excluded.
    pub(in crate::sequencer) fn wait_between(&mut self, (from, to): (Micros, Micros)) {
        let concerned: Vec<Place> = self.0.register.between(from, to).collect();
        self.wait_for(concerned);
    }

    fn wait_for(&mut self, concerned: Vec<Place>) {
        for place in concerned {
            if self.0.waiting.insert(place) {
                self.0.undo.push(Undo::Waits(place));
            }
        }
    }

    /// The items that wait, the oldest first.
    pub(in crate::sequencer) fn waiting(&self) -> impl Iterator<Item = Place> {
        self.0.waiting.iter().copied()
    }

    /// How many wait.
    pub(in crate::sequencer) fn waiting_len(&self) -> usize {
        self.0.waiting.len()
    }

    /// An item waits no more.
    pub(in crate::sequencer) fn done(&mut self, place: Place) {
        if self.0.waiting.remove(&place) {
            self.0.undo.push(Undo::Done(place));
        }
    }

    /// The note to write, if it is not what the ledger holds.
    pub(in crate::sequencer) fn note_due(&self) -> Result<Option<String>, live::Error> {
        let note = self.0.note();
        if self.0.noted == Some(note) {
            return Ok(None);
        }
        Ok(Some(serde_json::to_string(&note)?))
    }

    /// The transaction has committed.
    pub(in crate::sequencer) fn keep(self) {
        self.0.noted = Some(self.0.note());
        self.0.undo.clear();
    }
}

impl Drop for Draft<'_> {
    fn drop(&mut self) {
        self.0.take_back();
    }
}
