//! A desk that files items one after another with what was said before, as the sequencer does, without a log.

use std::collections::BTreeMap;

use model::filing::{Filing, Programme, Register, file};
use model::stage::Timeline;
use model::{EventEntry, Item, StageEntry, Talk};

/// See the module.
#[derive(Debug)]
pub(crate) struct Desk {
    programme: Programme,
    stage: Timeline,
    register: Register,
}

impl Desk {
    /// For these talks and this event, with everything that was ever said about the stage.
    pub(crate) fn new(
        talks: &[Talk],
        event: Option<&EventEntry>,
        presses: &BTreeMap<String, Vec<StageEntry>>,
    ) -> Self {
        Self {
            programme: Programme::new(talks.to_vec(), event),
            stage: Timeline::new(talks, presses),
            register: Register::default(),
        }
    }

    /// Learns more about the event. What is filed stays filed.
    pub(crate) fn learn(&mut self, talks: &[Talk], event: &EventEntry) {
        self.programme = Programme::new(talks.to_vec(), Some(event));
    }

    /// Files an item, and remembers it.
    pub(crate) fn file(&mut self, item: &Item) -> Filing {
        let context = self.register.context(item);
        let filing = file(item, &self.programme, &self.stage, &context);
        self.register.put(item, &filing);
        filing
    }
}
