//! What can be asked of the supervisor: to run, and over its control socket.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::supervise::DEFAULT_FILE;

/// The command with which the supervisor starts each process. People have no use for it.
pub(crate) const LAUNCH: &str = "launch";
/// Lines of a log that are shown when nothing else is asked.
const LINES: usize = 50;

pub(crate) const SUPERVISE: &str = "\
The supervisor starts the processes of supervisor.toml in the order in which they become ready, brings back what dies, and holds \
their listening sockets, so that nobody is refused while a process is being replaced. It runs in the foreground; Ctrl-C stops \
everything gracefully. SIGHUP reads supervisor.toml again.

  perihelion ctl status                       what runs, since when, how often it came back
  perihelion ctl restart --rolling halley     a new process on the same socket, then the old one says goodbye
  perihelion ctl logs nozzle -f               what it writes, as it writes it";

#[derive(Debug, Args)]
pub(crate) struct SuperviseArgs {
    /// Which processes, and how
    #[arg(long, value_name = "FILE", default_value = DEFAULT_FILE)]
    pub(crate) file: PathBuf,
    /// Only say whether the file can be used
    #[arg(long)]
    pub(crate) check: bool,
}

/// What the supervisor tells the launcher.
#[derive(Debug, Args)]
pub(crate) struct LaunchArgs {
    /// Who starts it
    #[arg(long)]
    pub(crate) parent: i32,
    /// Whose process it becomes
    #[arg(long)]
    pub(crate) user: Option<String>,
    /// What it becomes
    #[arg(last = true, required = true)]
    pub(crate) command: Vec<OsString>,
}

#[derive(Debug, Args)]
pub(crate) struct CtlArgs {
    /// The supervisor's socket; without it that of the data directory
    #[arg(long, global = true, value_name = "PATH", env = "PERIHELION_SUPERVISOR")]
    pub(crate) socket: Option<PathBuf>,
    /// Print JSON
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) command: CtlCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CtlCommand {
    /// What runs, and how it is doing
    Status,
    /// Start processes that are stopped or given up
    Start(Names),
    /// Stop processes gracefully; they stay stopped
    Stop(Names),
    /// Stop and start processes
    Restart(RestartArgs),
    /// Read supervisor.toml again: start what is new, stop what is gone, restart what changed
    Reload,
    /// What a process writes
    Logs(LogsArgs),
}

#[derive(Debug, Args)]
pub(crate) struct Names {
    /// Names in supervisor.toml
    #[arg(required = true, value_name = "NAME")]
    pub(crate) names: Vec<String>,
    /// Do not wait until it is done
    #[arg(long)]
    pub(crate) no_wait: bool,
}

#[derive(Debug, Args)]
pub(crate) struct RestartArgs {
    #[command(flatten)]
    pub(crate) names: Names,
    /// One instance after the other, the new one ready before the old one goes where both may run: nobody is refused
    #[arg(long)]
    pub(crate) rolling: bool,
}

#[derive(Debug, Args)]
pub(crate) struct LogsArgs {
    /// A name in supervisor.toml
    pub(crate) name: String,
    /// Only this instance
    #[arg(long, value_name = "N")]
    pub(crate) instance: Option<usize>,
    /// How many lines, 500 at most
    #[arg(short = 'n', long, value_name = "N", default_value_t = LINES)]
    pub(crate) lines: usize,
    /// Go on with what comes
    #[arg(short, long)]
    pub(crate) follow: bool,
}
