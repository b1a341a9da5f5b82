//! What the dashboard and the health checks see of a source.

use std::collections::BTreeMap;
use std::time::Duration;

use model::Micros;
use serde::Serialize;

use super::Sample;

/// How a source is doing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum SourceState {
    /// On the way to the network, or waiting for its first word.
    Connecting,
    /// Connected, and fetching what was posted meanwhile.
    CatchingUp,
    /// Connected, nothing missing.
    Live,
    /// Waiting before the next try.
    Waiting {
        /// What happened.
        why: String,
        /// For how long, in seconds.
        seconds: u64,
    },
    /// The network wants a (different) token; tried again every 15 minutes.
    NeedsCredentials {
        /// What to set.
        why: String,
    },
    /// The settings cannot work; the other sources run.
    Misconfigured {
        /// Which, and what would work.
        why: String,
    },
    /// Somebody has said that nothing is to be fetched for now.
    Paused,
    /// There is no more to come.
    Finished,
}

/// A source's state with what led to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SourceStatus {
    /// Name of the source.
    pub name: String,
    /// How it is doing.
    #[serde(flatten)]
    pub state: SourceState,
    /// Since when it is in this state.
    pub since: Micros,
    /// What an operator should know although it works.
    pub warning: Option<String>,
    /// When it last said something.
    pub heard: Option<Micros>,
    /// How long a stream of it may be silent; none where nobody has to say anything.
    #[serde(skip)]
    pub silence_max: Option<Duration>,
    /// Messages since the start of the process.
    pub received: u64,
    /// Those that were dropped before the sequencer saw them, by reason.
    pub rejected: BTreeMap<&'static str, u64>,
    /// Streams that ended since the start of the process.
    pub ends: u64,
    /// The newest lines that could not be read.
    pub samples: Vec<Sample>,
}

impl SourceStatus {
    /// A source that has not begun.
    pub fn new(name: &str, state: SourceState, now: Micros) -> Self {
        Self {
            name: name.to_owned(),
            state,
            since: now,
            warning: None,
            heard: None,
            silence_max: None,
            received: 0,
            rejected: BTreeMap::new(),
            ends: 0,
            samples: Vec::new(),
        }
    }
}
