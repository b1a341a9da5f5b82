//! A talk: one slot of the schedule, recognised again from version to version.

use crate::Micros;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Our own short id of a talk, `t` and a number, given at first sight.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TalkId(pub String);

impl TalkId {
    /// The n-th talk of an event.
    #[must_use]
    pub fn numbered(n: usize) -> Self {
        Self(format!("t{n}"))
    }

    /// The number behind the `t`, if there is one.
    #[must_use]
    pub fn number(&self) -> Option<usize> {
        self.0.strip_prefix('t').and_then(|n| n.parse().ok())
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TalkId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One talk's full record. Times are the schedule's; what really happened is the stage's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Talk {
    /// Our id.
    pub id: TalkId,
    /// The file's guid, where it has one.
    #[serde(default)]
    pub guid: Option<String>,
    /// The file's code (pretalx), where it has one.
    #[serde(default)]
    pub code: Option<String>,
    /// The file's own id, where it has one.
    #[serde(default)]
    pub native: Option<String>,
    /// Title.
    pub title: String,
    /// Second line of the title.
    #[serde(default)]
    pub subtitle: Option<String>,
    /// What it is about. Kept out of the public form.
    #[serde(default, rename = "abstract")]
    pub summary: Option<String>,
    /// Who speaks, in the schedule's order.
    #[serde(default)]
    pub speakers: Vec<Speaker>,
    /// Slug of the room.
    pub room: String,
    /// The room as the schedule prints it, where that differs from the slug. The event's settings may name it otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room_name: Option<String>,
    /// Track, where the schedule has tracks.
    #[serde(default)]
    pub track: Option<String>,
    /// Language.
    #[serde(default)]
    pub lang: Option<String>,
    /// Its page at the organisers'.
    #[serde(default)]
    pub url: Option<String>,
    /// Start.
    pub start: Micros,
    /// End.
    pub end: Micros,
    /// The day it belongs to (`2026-06-01`); after midnight that is still the day before.
    pub day: String,
    /// No longer in the schedule, or called off.
    #[serde(default)]
    pub dropped: bool,
    /// What earlier versions of the schedule said of it where they differ, newest first, at most [`WAS_MAX`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub was: Vec<Was>,
}

/// What an earlier version of the schedule said of a talk. Each value stands once, with the newest version that had it, and only
/// while the talk has another one now: absent is the same as now, or said already by a newer version's entry.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Was {
    /// The version's name.
    #[serde(default)]
    pub version: String,
    /// Its title then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Its room's slug then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<String>,
    /// Its start and end then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<(Micros, Micros)>,
    /// Who was to speak, by name, where somebody no longer does.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub speakers: Vec<String>,
}

/// Most earlier versions that a talk's record tells of.
pub const WAS_MAX: usize = 5;

impl Talk {
    /// True from its first to before its last moment, by the schedule.
    #[must_use]
    pub fn is_on(&self, at: Micros) -> bool {
        !self.dropped && self.start <= at && at < self.end
    }
}

/// Someone who speaks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Speaker {
    /// As printed in the programme.
    pub name: String,
    /// Handles on the networks, as far as we know them.
    #[serde(default)]
    pub handles: Vec<String>,
}
