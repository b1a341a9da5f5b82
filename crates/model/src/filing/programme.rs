//! What filing knows of the event: its talks, its rooms and its own names, made ready to be asked. Built anew when the
//! schedule or the settings change, asked for each item. When talks are on is the stage's affair ([`crate::stage`]).

use crate::{EventEntry, Talk, TalkId};
use std::collections::BTreeMap;

/// See the module.
#[derive(Clone, Debug, Default)]
pub struct Programme {
    talks: BTreeMap<TalkId, Talk>,
}

impl Programme {
    /// Takes all talks of an event, dropped ones included: what is said about one that was called off stays said about it.
    #[must_use]
    pub fn new(talks: impl IntoIterator<Item = Talk>, _event: Option<&EventEntry>) -> Self {
        Self { talks: talks.into_iter().map(|talk| (talk.id.clone(), talk)).collect() }
    }

    /// A talk, dropped or not.
    #[must_use]
    pub fn talk(&self, id: &TalkId) -> Option<&Talk> {
        self.talks.get(id)
    }
}
