//! How an event's sources are doing, as the dashboard and `event show` read it. What is still missing somewhere says what
//! somebody must do about it.

use std::collections::BTreeMap;

use model::Micros;
use serde::{Deserialize, Serialize};

use crate::sequencer::NearTag;

/// All of an event's sources, and hashtags that may be worth following.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourcesReport {
    /// In the order of event.toml; posts from the page last, unless event.toml names them.
    pub sources: Vec<SourceReport>,
    /// The looks at the addresses of the schedule and of the speakers' handles, where event.toml names such.
    #[serde(default)]
    pub watched: Vec<SourceReport>,
    /// Those with most people first.
    pub near_tags: Vec<NearTag>,
}

/// One source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceReport {
    /// Its name in event.toml.
    pub name: String,
    /// Its kind in event.toml.
    pub kind: String,
    /// How posts come from it.
    pub how: How,
    /// How it is doing.
    pub state: Doing,
    /// Since when.
    pub since: Micros,
    /// Until when it stays away, while it backs off or waits for somebody.
    pub until: Option<Micros>,
    /// What happened, where something did.
    pub why: Option<String>,
    /// What somebody must do, where somebody must.
    pub cure: Option<String>,
    /// What an operator should know although it works.
    pub warning: Option<String>,
    /// When it last said anything at all.
    pub heard: Option<Micros>,
    /// When its last new post was committed; after a restart, until there is one, when the newest was said.
    pub last_item: Option<Micros>,
    /// Messages since the start of the process; below, what became of them.
    pub received: u64,
    /// Posts that became entries.
    pub new: u64,
    /// Posts that were there already.
    pub duplicate: u64,
    /// Posts that wait for a moderator.
    pub held: u64,
    /// What was dropped, by reason.
    pub rejected: BTreeMap<String, u64>,
    /// Streams that ended since the start of the process.
    pub ends: u64,
    /// The newest of what could not be read.
    pub samples: Vec<DroppedSample>,
}

/// How posts come from a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// The network tells us at once.
    Streaming,
    /// We ask again and again.
    Polling,
    /// Others send to us.
    Pushed,
    /// People write on the page.
    Written,
}

/// How a source is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Doing {
    /// On the way to the network.
    Connecting,
    /// Connected, and fetching what was posted meanwhile.
    CatchingUp,
    /// Connected, nothing missing; the network tells us at once.
    Streaming,
    /// As often as it should, nothing missing.
    Polling,
    /// Takes what is sent to it or written.
    Open,
    /// Stays away before the next try.
    BackingOff,
    /// The network wants a (different) token.
    NeedsCredentials,
    /// The settings cannot work.
    Misconfigured,
    /// Connected, and silent for three times as long as it should ever be; or its posts have stopped, by its own pace,
    /// while other sources go on.
    Stale,
    /// Somebody has paused it.
    Paused,
    /// There is no more to come.
    Finished,
}

impl Doing {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Connecting,
        Self::CatchingUp,
        Self::Streaming,
        Self::Polling,
        Self::Open,
        Self::BackingOff,
        Self::NeedsCredentials,
        Self::Misconfigured,
        Self::Stale,
        Self::Paused,
        Self::Finished,
    ];

    /// As records and metrics name it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Connecting => "connecting",
            Self::CatchingUp => "catching_up",
            Self::Streaming => "streaming",
            Self::Polling => "polling",
            Self::Open => "open",
            Self::BackingOff => "backing_off",
            Self::NeedsCredentials => "needs_credentials",
            Self::Misconfigured => "misconfigured",
            Self::Stale => "stale",
            Self::Paused => "paused",
            Self::Finished => "finished",
        }
    }

    /// The words that people read.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Connecting => "connecting",
            Self::CatchingUp => "catching up",
            Self::Streaming => "streaming",
            Self::Polling => "polling",
            Self::Open => "open",
            Self::BackingOff => "backing off",
            Self::NeedsCredentials => "needs credentials",
            Self::Misconfigured => "misconfigured",
            Self::Stale => "stale",
            Self::Paused => "paused",
            Self::Finished => "finished",
        }
    }
}

/// The beginning of something that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DroppedSample {
    /// Short word for what was wrong.
    pub reason: String,
    /// How it begins, escaped.
    pub line: String,
}
