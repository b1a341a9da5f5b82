//! What the sequencer knows of sources beside the log: totals since the start of the process, and the radar. Shared with
//! whoever reports the state of sources; the sequencer alone writes, after its commits.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use model::{Micros, TallyCounts};

use super::radar::{NearTag, Radar};

/// Name of the ledger's note that holds the radar.
pub(super) const RADAR_NOTE: &str = "radar";
/// Most sources of which totals are kept. Settings allow far fewer at a time; they may change.
const SOURCES_MAX: usize = 512;

/// What a source has brought since the start of the process, as the sequencer counted it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    /// New, duplicate and held items, and what was dropped late.
    pub(crate) counts: TallyCounts,
    /// When its last new item was committed.
    pub(crate) last_item: Option<Micros>,
}

/// Hashtags of something that was committed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// Of a new item.
    Post { author: String, tags: Vec<String> },
    /// Of a post that carries none of ours.
    Near { author: String, tag: String },
    /// Of an item that was removed.
    Gone { author: String, tags: Vec<String> },
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Board(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    totals: HashMap<Arc<str>, Totals>,
    radar: Radar,
    /// The radar has heard something that its note does not hold.
    is_dirty: bool,
    noted_at: Micros,
    /// When an item was last removed.
    removed_at: Micros,
}

impl Board {
    pub(super) fn load(note: Option<&str>) -> Self {
        let radar = note.map(Radar::of_note).unwrap_or_default();
        Self(Mutex::new(Inner { radar, ..Inner::default() }))
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().expect("no holder of this lock panics")
    }

    /// What a source has brought.
    pub(crate) fn totals(&self, source: &str) -> Totals {
        self.inner().totals.get(source).cloned().unwrap_or_default()
    }

    /// Hashtags that may be worth following; see [`Radar::suggestions`].
    pub(crate) fn near_tags(&self, ours: &[String], known: &[String]) -> Vec<NearTag> {
        self.inner().radar.suggestions(ours, known)
    }

    pub(super) fn count(&self, source: &Arc<str>, counts: &TallyCounts, now: Micros) {
        let mut inner = self.inner();
        if inner.totals.len() >= SOURCES_MAX && !inner.totals.contains_key(source) {
            return;
        }
        let totals = inner.totals.entry(Arc::clone(source)).or_default();
        totals.counts.add(counts);
        if counts.new + counts.held > 0 {
            totals.last_item = Some(now);
        }
    }

    pub(super) fn hear(&self, heard: Vec<Heard>) {
        if heard.is_empty() {
            return;
        }
        let mut inner = self.inner();
        inner.is_dirty = true;
        for heard in heard {
            match heard {
                Heard::Post { author, tags } => inner.radar.post(&author, tags),
                Heard::Near { author, tag } => inner.radar.near(&author, &tag),
                Heard::Gone { author, tags } => drop(inner.radar.forget(&author, &tags)),
            }
        }
    }

    /// When an item was last removed. What could not be read before that may have held its words.
    pub(crate) fn removed_at(&self) -> Micros {
        self.inner().removed_at
    }

    pub(super) fn removed(&self, at: Micros) {
        self.inner().removed_at = at;
    }

    /// The note to write: once a minute at most, and only when there is something new to remember; at once when `heard`, which is
    /// about to be committed, takes something back that the note may hold.
    pub(super) fn note_due(&self, now: Micros, heard: &[Heard]) -> Option<String> {
        let inner = self.inner();
        let mut radar = inner.radar.clone();
        let forget =
            |heard: &Heard| matches!(heard, Heard::Gone { author, tags } if radar.forget(author, tags));
        if heard.iter().map(forget).fold(false, |any, forgot| any | forgot) {
            return radar.note().ok();
        }
        let is_due = inner.is_dirty && now.since(inner.noted_at) >= Micros::MINUTE;
        is_due.then(|| inner.radar.note().ok()).flatten()
    }

    pub(super) fn noted(&self, now: Micros) {
        let mut inner = self.inner();
        (inner.is_dirty, inner.noted_at) = (false, now);
    }
}
