//! `perihelion supervise`: keeps the processes of supervisor.toml running.
//!
//! ```text
//! supervisor.toml -> plan -> core (pure: process -> seat) -> orders -> keeper -> run (one process each)
//!                             ^ what became of them, samples, lateness, requests |
//! ctl, dashboard -> client -> control socket --------------------------------------/
//! ```
//! What happens goes into `core`, which starts nothing and waits for nothing; what must be done comes out of it. Everything that touches
//! processes, sockets or files is in `keeper`, `run`, `launch`, `scribe` and `control`.

pub(crate) mod client;
mod control;
mod core;
mod end;
mod keeper;
pub(crate) mod launch;
mod lines;
mod memory;
mod metrics;
mod notify;
mod orphans;
mod plan;
mod process;
mod run;
mod sample;
mod scale;
mod scribe;
mod seat;
mod sockets;
pub(crate) mod status;
mod tail;
mod view;
pub(crate) mod wire;

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use nix::fcntl::{Flock, FlockArg};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::config::Config;
use crate::failure::Failure;
use crate::runtime::Fate;
use client::{Client, RUN_DIR};
use keeper::{Ground, Keeper};
use orphans::Record;
use plan::Plan;
use scribe::Scribe;
use sockets::Sockets;

/// The plan that is read when no other is named.
pub(crate) const DEFAULT_FILE: &str = "supervisor.toml";
/// Requests that wait for the supervisor.
const ASKED_MAX: usize = 16;

/// Reads the plan and says what is wrong with it.
pub(crate) fn check(file: &Path, config: &Config) -> Result<usize, Failure> {
    Ok(plan(file, config)?.processes.len())
}

fn plan(file: &Path, config: &Config) -> Result<Plan, Failure> {
    Plan::read(file, config).map_err(|bad| Failure::Asked(view::lines(&bad)))
}

/// Supervises until the stop, and returns when every process has ended. Must run on the main thread, and on a runtime that has no other
/// (`launch.rs` says why).
pub(crate) async fn run(
    file: &Path,
    config: &Config,
    config_file: Option<&Path>,
    fate: &Fate,
) -> Result<(), Failure> {
    let readiness = fate.readiness().part("processes", "the processes are being started");
    let plan = plan(file, config)?;
    let run_dir =
        std::path::absolute(config.data_dir.join(RUN_DIR)).context("the data directory has no path")?;
    control::make_run_dir(&run_dir)?;
    let _alone = lock(&run_dir)?;
    let record = Record::in_dir(&run_dir);
    record.wait_for_orphans().await.context("the list of processes of the last run cannot be written")?;
    let mut sockets = Sockets::default();
    sockets.open(&plan.sockets).await?;
    let control =
        std::path::absolute(Client::socket_in(&config.data_dir)).context("the socket has no path")?;
    let listener = control::open(&control)?;
    let hangups = signal(SignalKind::hangup()).context("cannot listen for SIGHUP")?;
    let (scribe, writing) = Scribe::start().context("cannot start the thread that writes logs")?;
    let ground = Ground {
        config: config.clone(),
        config_file: config_file
            .map(std::path::absolute)
            .transpose()
            .context("the settings file has no path")?,
        program: program()?,
        control: control.clone(),
        sockets,
        record,
        scribe,
        readiness,
    };
    let (asks, asked) = mpsc::channel(ASKED_MAX);
    let mut tasks = JoinSet::new();
    tasks.spawn(control::serve(listener, asks));
    Keeper::new(plan, ground).keep(asked, hangups, fate.shutdown()).await;
    drop(tasks);
    // The last lines; the runs that held the way to the thread have ended.
    let _written = tokio::task::spawn_blocking(move || writing.join()).await;
    fate.shutdown().trigger();
    if let Err(error) = std::fs::remove_file(&control) {
        tracing::debug!(%error, "the control socket was removed by somebody else");
    }
    Ok(())
}

/// One supervisor for each data directory. The lock goes with its holder, however that ends.
fn lock(run_dir: &Path) -> Result<Flock<File>> {
    let path = run_dir.join("supervisor.lock");
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .with_context(|| format!("cannot open {}", path.display()))?;
    Flock::lock(file, FlockArg::LockExclusiveNonblock).map_err(|(_, errno)| match errno {
        nix::errno::Errno::EWOULDBLOCK => anyhow::anyhow!(
            "another supervisor holds {}: ask that one (`perihelion ctl status`), or set data_dir",
            path.display()
        ),
        other => anyhow::Error::from(other).context(format!("cannot lock {}", path.display())),
    })
}

/// This program's file under the name that it has now: after an update by renaming, what is started next is the new one.
fn program() -> Result<PathBuf> {
    std::env::current_exe().context("cannot find the running program")
}
