//! supervisor.toml, read and checked: which processes there are and how each is to be kept.

mod check;
mod file;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use chassis::Secret;
use url::Url;

use super::scale::Rule;
use super::seat::Rules;
use crate::config::Config;

pub(crate) use file::Problem;

/// What a command begins with to run this very program.
pub(crate) const OURSELVES: &str = "perihelion";
/// Longest supervisor.toml, in bytes.
const FILE_BYTES_MAX: u64 = 256 * 1024;
/// Most processes.
const PROCESSES_MAX: usize = 64;
/// Most instances of one process.
pub(crate) const INSTANCES_MAX: usize = 64;

/// Everything that supervisor.toml says.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    /// The file, as an absolute path.
    pub(crate) file: PathBuf,
    pub(crate) logs_dir: PathBuf,
    /// In the order of the file.
    pub(crate) processes: Vec<Arc<ProcessPlan>>,
    /// Addresses of all sockets that some process wants, by name.
    pub(crate) sockets: BTreeMap<String, SocketAddr>,
}

/// One `[[process]]`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ProcessPlan {
    pub(crate) name: String,
    /// Program and arguments.
    pub(crate) command: Vec<String>,
    /// Variables beside those of the supervisor, `env` over `env_files`.
    pub(crate) env: BTreeMap<String, Secret<String>>,
    pub(crate) dir: Option<PathBuf>,
    pub(crate) user: Option<String>,
    pub(crate) after: Vec<String>,
    /// Names and addresses of the sockets that are handed down, in their order.
    pub(crate) sockets: Vec<(String, SocketAddr)>,
    pub(crate) ready: Ready,
    pub(crate) overlap: bool,
    pub(crate) instances: usize,
    pub(crate) scale: Option<Rule>,
    pub(crate) memory_max: Option<u64>,
    pub(crate) rules: Rules,
    pub(crate) log: LogPlan,
}

/// How a process shows that it does its work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ready {
    /// It says `READY=1` to `NOTIFY_SOCKET`, as to systemd.
    Notify,
    /// It has run for a second.
    Started,
    /// This address answers 200.
    Http(Url),
    /// This address takes a connection.
    Tcp(SocketAddr),
}

/// Where its output goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LogPlan {
    /// A file that would grow beyond this is put aside.
    pub(crate) bytes_max: u64,
    /// How many that were put aside are kept.
    pub(crate) files: usize,
}

impl Plan {
    /// Reads and checks a supervisor.toml; all that is wrong with it.
    pub(crate) fn read(file: &std::path::Path, config: &Config) -> Result<Self, Vec<Problem>> {
        let text = crate::bounded::read_text(file, FILE_BYTES_MAX)
            .map_err(|error| vec![Problem::whole(file, format!("cannot be read: {error}"))])?;
        let path =
            std::path::absolute(file).map_err(|error| vec![Problem::whole(file, error.to_string())])?;
        Self::of_text(&text, &path, config)
    }

    /// The same from its text; `path` is where relative paths begin.
    pub(crate) fn of_text(text: &str, path: &std::path::Path, config: &Config) -> Result<Self, Vec<Problem>> {
        check::plan(text, path, config)
    }

    pub(crate) fn process(&self, name: &str) -> Option<&Arc<ProcessPlan>> {
        self.processes.iter().find(|process| process.name == name)
    }
}

impl ProcessPlan {
    /// Most instances that there may ever be at once, those that replace each other not counted.
    pub(crate) fn instances_max(&self) -> usize {
        self.scale.as_ref().map_or(self.instances, |scale| scale.max)
    }

    /// How many there are at first.
    pub(crate) fn instances_first(&self) -> usize {
        self.scale.as_ref().map_or(self.instances, |scale| scale.min)
    }

    /// Whether it runs this program, which serves health and metrics of each instance where it is told to.
    pub(crate) fn is_ours(&self) -> bool {
        self.command.first().is_some_and(|program| program == OURSELVES)
    }

    /// Whether only limits and rules differ, which take effect without a restart.
    pub(crate) fn runs_the_same_as(&self, other: &Self) -> bool {
        let runs = |plan: &Self| Self {
            after: Vec::new(),
            overlap: false,
            instances: 0,
            scale: None,
            memory_max: None,
            rules: Rules { watchdog: plan.rules.watchdog, ..other.rules.clone() },
            log: other.log.clone(),
            ..plan.clone()
        };
        runs(self) == runs(other)
    }

    /// The name of an instance's log, without its folder.
    pub(crate) fn log_name(&self, instance: usize) -> String {
        match self.instances_max() {
            1 => format!("{}.log", self.name),
            _ => format!("{}.{instance}.log", self.name),
        }
    }
}

/// Waits that are not set.
pub(crate) const STOP_WAIT: Duration = Duration::from_secs(20);
pub(crate) const READY_WAIT: Duration = Duration::from_secs(30);
/// Exit codes that nobody cures by starting again: wrong settings or arguments, and an event that is another nozzle's.
pub(crate) const FINAL_CODES: [i32; 2] = [2, nozzle::EXIT_NOT_OURS as i32];
pub(crate) const LOG_MB: u64 = 10;
pub(crate) const LOG_FILES: usize = 5;
const DOWN_SECONDS: u64 = 300;
const QUANTILE: f64 = 0.99;

#[cfg(test)]
mod tests;
