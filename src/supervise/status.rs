//! What the supervisor says of itself and its processes: the one form of `ctl status --json`, which the dashboard reads as well. Fields are
//! added, never renamed; a reader ignores those that it does not know.

use serde::{Deserialize, Serialize};

/// Samples that are kept of each instance, and the time between two of them: two minutes in all.
pub(crate) const HISTORY_SAMPLES: usize = 60;
pub(crate) const SAMPLE_EVERY: std::time::Duration = std::time::Duration::from_secs(2);

/// Everything, at one moment. All times are microseconds UTC.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Status {
    pub(crate) now: i64,
    pub(crate) supervisor: SupervisorStatus,
    /// In the order of supervisor.toml; those that were taken out of it follow until they have ended.
    pub(crate) processes: Vec<ProcessStatus>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct SupervisorStatus {
    pub(crate) pid: u32,
    pub(crate) version: String,
    pub(crate) started: i64,
    /// The supervisor.toml in force.
    pub(crate) file: String,
    /// True once it was told to stop: what still runs is ending.
    pub(crate) stopping: bool,
}

/// One `[[process]]` of supervisor.toml.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct ProcessStatus {
    pub(crate) name: String,
    /// How many instances there should be now.
    pub(crate) wanted: usize,
    /// Whether old and new may run side by side, so that `restart --rolling` lets nobody wait.
    pub(crate) overlap: bool,
    pub(crate) after: Vec<String>,
    pub(crate) sockets: Vec<SocketStatus>,
    /// More resident memory than this, sample after sample, ends in a graceful restart.
    pub(crate) memory_max_bytes: Option<u64>,
    pub(crate) scale: Option<ScaleStatus>,
    /// What was last asked of it, and how far that is.
    pub(crate) task: Option<TaskStatus>,
    /// By number; while one replaces another, both are listed.
    pub(crate) instances: Vec<InstanceStatus>,
}

/// A listening socket that the supervisor owns and hands down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SocketStatus {
    pub(crate) name: String,
    pub(crate) address: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct ScaleStatus {
    pub(crate) min: usize,
    pub(crate) max: usize,
    pub(crate) metric: String,
    pub(crate) target: f64,
    /// The worst of the instances when it was last asked for; none while no instance tells it.
    pub(crate) value: Option<f64>,
    /// Why the number last changed.
    pub(crate) why: Option<String>,
}

/// Something asked by a person, by a rule or by `reload`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TaskStatus {
    /// Grows with every task of the supervisor: tells one's own from others'.
    pub(crate) id: u64,
    /// `start`, `stop`, `restart` or `rolling restart`.
    pub(crate) what: String,
    /// Why, when no person asked: a rule's sentence.
    pub(crate) why: Option<String>,
    pub(crate) begun: i64,
    pub(crate) outcome: TaskOutcome,
    /// For people: `2 of 4`, or what went wrong.
    pub(crate) says: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TaskOutcome {
    Doing,
    Done,
    Failed,
}

/// One operating-system process, or the place of one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct InstanceStatus {
    /// From 1. Together with the process's name it names the log.
    pub(crate) instance: usize,
    pub(crate) pid: Option<u32>,
    pub(crate) state: State,
    /// Why it is in this state, where that is not plain: what it waits for, what went wrong, why it is being replaced.
    pub(crate) why: Option<String>,
    /// When it came into this state.
    pub(crate) since: i64,
    /// When the operating-system process was started.
    pub(crate) started: Option<i64>,
    /// How many times this place was filled anew since the supervisor began, whatever the reason.
    pub(crate) restarts: u64,
    pub(crate) last_end: Option<EndStatus>,
    /// What the process says of itself (`STATUS=`).
    pub(crate) says: Option<String>,
    /// Resident memory and processor time, its own children included.
    pub(crate) memory_bytes: Option<u64>,
    pub(crate) cpu_seconds: Option<f64>,
    /// The last two minutes, oldest first.
    pub(crate) history: Vec<Sample>,
    /// `http://127.0.0.1:PORT` with `/healthz`, `/readyz` and `/metrics` of this very instance.
    pub(crate) ops_url: Option<String>,
    /// The file that its output goes to.
    pub(crate) log: String,
}

/// Where a process stands. The transitions are in `seat.rs`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum State {
    /// Not started yet: others have to be ready first.
    Pending,
    /// Runs, and is not ready yet.
    Starting,
    /// Does its work.
    Ready,
    /// Was told to end, and is finishing.
    Stopping,
    /// Ended by itself; is started again after a wait.
    BackingOff,
    /// Is not started again before a person says so.
    GivenUp,
    /// Was stopped by a person.
    Stopped,
}

impl State {
    /// As people read it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Starting => "starting",
            Self::Ready => "ready",
            Self::Stopping => "stopping",
            Self::BackingOff => "backing off",
            Self::GivenUp => "given up",
            Self::Stopped => "stopped",
        }
    }
}

/// How a process of this place last ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct EndStatus {
    pub(crate) at: i64,
    pub(crate) pid: Option<u32>,
    /// Its exit code, or
    pub(crate) code: Option<i32>,
    /// the signal that ended it.
    pub(crate) signal: Option<i32>,
    /// Both in words, with why it was ended if we did it.
    pub(crate) reason: String,
    /// The last lines that it wrote.
    pub(crate) lines: Vec<String>,
}

/// One look at a process.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Sample {
    pub(crate) at: i64,
    pub(crate) memory_bytes: u64,
    /// Of one core, since the sample before: 1.0 is one core fully used.
    pub(crate) cpu: f64,
}
