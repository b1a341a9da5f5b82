//! What is said over the control socket: one request and one answer, each a line of JSON. `client.rs` asks, `control.rs` answers.

use serde::{Deserialize, Serialize};

use super::status::Status;

/// Longest request, in bytes.
pub(crate) const REQUEST_BYTES_MAX: usize = 4 * 1024;
/// Longest answer, in bytes: all samples of 64 instances.
pub(crate) const ANSWER_BYTES_MAX: usize = 4 << 20;
/// Most lines of a log in one answer.
pub(crate) const LINES_MAX: usize = 500;

/// What can be asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Request {
    /// Everything about everybody.
    Status,
    /// Start a process that is stopped, given up or waiting. It begins anew: its deaths are forgotten.
    Start { process: String },
    /// Stop it, gracefully, then the hard way. It stays stopped.
    Stop { process: String },
    /// Stop and start it; `rolling`: one instance after the other, the new one ready before the old one goes where they may overlap.
    Restart {
        process: String,
        #[serde(default)]
        rolling: bool,
    },
    /// Read supervisor.toml again.
    Reload,
    /// The newest lines of a process's output.
    Logs(LogsRequest),
}

/// Lines of one process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LogsRequest {
    pub(crate) process: String,
    /// Which instance; absent: all of them, in the order in which the lines came.
    #[serde(default)]
    pub(crate) instance: Option<usize>,
    /// At most so many ([`LINES_MAX`]), the newest.
    pub(crate) lines: usize,
    /// Only lines behind this number, which an earlier answer named.
    #[serde(default)]
    pub(crate) after: Option<u64>,
}

/// What is answered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Answer {
    Status(Box<Status>),
    /// It has begun: the process's `task` in the status tells how it goes.
    Begun {
        task: u64,
    },
    Reloaded(Reloaded),
    Logs(Lines),
    /// It cannot be, and why, with the cure.
    Refused {
        why: String,
    },
}

/// What `reload` found, by process names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Reloaded {
    pub(crate) started: Vec<String>,
    pub(crate) stopped: Vec<String>,
    pub(crate) restarted: Vec<String>,
    /// Other limits or rules, without a restart.
    pub(crate) adjusted: Vec<String>,
    pub(crate) unchanged: Vec<String>,
}

/// A piece of output.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Lines {
    pub(crate) lines: Vec<LogLine>,
    /// Ask with this number as `after` for what comes next.
    pub(crate) next: u64,
}

/// One line, with control characters escaped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LogLine {
    pub(crate) at: i64,
    pub(crate) instance: usize,
    pub(crate) text: String,
}
