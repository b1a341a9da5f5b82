//! halley as several processes on one listener: how many there are, what each may hold, and how they are started.

use std::path::{Path, PathBuf};
use std::process;
use std::time::Duration;

use anyhow::Context;
use chassis::http;
use chassis::process::connections_fit;
use chassis::workers::{self, Seat, WORKERS_MAX};
use tokio::net::TcpListener;
use tokio::process::Command;
use tokio::time::{Instant, sleep};

use super::live;
use crate::cli::HALLEY_WORKER;
use crate::config::{Config, HalleyConfig};
use crate::failure::Failure;
use crate::runtime::Fate;

/// The running program, also after its file was replaced or removed: workers that come back are those that went.
const OURSELVES: &str = "/proc/self/exe";
/// How long the workers of a process that was killed may take to let go of the listener.
const LET_GO_WAIT: Duration = Duration::from_secs(2);
const LET_GO_EVERY: Duration = Duration::from_millis(50);

/// How halley's connections are spread over processes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Plan {
    workers: usize,
    /// For all workers together; 0: whatever fits.
    connections_max: usize,
    /// What one process can hold.
    fits: usize,
}

impl Plan {
    /// The plan of these settings on this machine.
    pub(crate) fn of(settings: &HalleyConfig) -> Result<Self, chassis::Error> {
        let (workers, connections) = (settings.workers as usize, settings.connections_max as usize);
        Ok(Self::with(workers, connections, connections_fit()?))
    }

    /// The plan with so many workers, which somebody has decided already.
    pub(crate) fn for_workers(settings: &HalleyConfig, workers: usize) -> Result<Self, chassis::Error> {
        Ok(Self { workers, ..Self::of(settings)? })
    }

    fn with(workers: usize, connections_max: usize, fits: usize) -> Self {
        let workers = match workers {
            0 => connections_max.div_ceil(fits),
            wished if connections_max > 0 => wished.min(connections_max),
            wished => wished,
        };
        Self { workers: workers.clamp(1, WORKERS_MAX), connections_max, fits }
    }

    /// How many processes.
    pub(crate) fn workers(&self) -> usize {
        self.workers
    }

    /// What one of the processes may hold, by its number from 1. The shares add up to what was wished, unless more was wished than
    /// fits ([`Plan::excess`]). 0: whatever fits.
    pub(crate) fn share(&self, number: usize) -> usize {
        let one_more = usize::from(number <= self.connections_max % self.workers);
        (self.connections_max / self.workers + one_more).min(self.fits)
    }

    /// What is wrong when more connections are wished than the processes can hold, and the cure. `apart`: halley has its own processes.
    pub(crate) fn excess(&self, apart: bool) -> Option<String> {
        let Self { workers, connections_max, fits } = *self;
        let held = fits * workers;
        if connections_max <= held {
            return None;
        }
        let needed = connections_max.div_ceil(fits);
        let processes = if workers == 1 { "one process".to_owned() } else { format!("{workers} processes") };
        let how = if apart { "" } else { ", run the roles as processes of their own on Redis" };
        Some(format!(
            "halley.connections_max = {connections_max} is more than {processes} can hold here: {held}, by the limit of open files. \
             Raise the limit (ulimit -n, LimitNOFILE=){how}{} set halley.workers = {needed} (0: as many as it takes)",
            if apart { ", or" } else { " and" }
        ))
    }

    /// Says at the start what is wrong; who comes beyond what fits is then turned away politely.
    pub(crate) fn warn(&self, apart: bool) {
        if let Some(excess) = self.excess(apart) {
            tracing::warn!("{excess}");
        }
    }
}

/// Opens the listener, starts the workers and keeps them running until the stop; returns when all have ended.
pub(super) async fn run(config: &Config, plan: &Plan, fate: &Fate) -> Result<(), Failure> {
    // A Redis that is unfit ends this start, as no waiting cures it; the workers would be started for it again and again.
    live(config).await?;
    let listener = bind(config).await?.into_std().context("the listener cannot be handed down")?;
    let (program, file) = (program()?, config.file.path.clone());
    let command = |seat| command(&program, &file, seat);
    workers::run(listener, plan.workers(), config.text.clone(), command, fate.shutdown()).await;
    Ok(())
}

/// Opens the listener. Workers of a first process that was killed a moment ago may still hold it: they are let go.
async fn bind(config: &Config) -> Result<TcpListener, chassis::Error> {
    let address = config.halley.listen.to_string();
    let deadline = Instant::now() + LET_GO_WAIT;
    loop {
        match http::bind(&address, super::roles::HALLEY_KEY).await {
            Err(chassis::Error::AddressInUse { .. }) if Instant::now() < deadline => {}
            bound => return bound,
        }
        sleep(LET_GO_EVERY).await;
    }
}

fn program() -> Result<PathBuf, Failure> {
    let ourselves = PathBuf::from(OURSELVES);
    if ourselves.exists() {
        return Ok(ourselves);
    }
    Ok(std::env::current_exe().context("cannot find the running program")?)
}

/// The file is only named: the worker is told what it said when the first of them was started.
fn command(program: &Path, file: &Path, seat: Seat) -> Command {
    let mut command = process::Command::new(program);
    command.args([HALLEY_WORKER, &seat.to_string(), "--config"]).arg(file);
    let mut command = Command::from(command);
    command.arg0(env!("CARGO_PKG_NAME"));
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_add_up_to_what_was_wished() {
        for (workers, connections) in [(1, 7), (2, 30_001), (3, 30_001), (7, 8), (9, 4)] {
            let plan = Plan::with(workers, connections, 19_744);
            let shares: Vec<usize> = (1..=plan.workers()).map(|n| plan.share(n)).collect();
            assert_eq!(shares.iter().sum::<usize>(), connections, "{shares:?}");
            assert!(shares.iter().all(|share| *share > 0), "{shares:?}");
            assert_eq!(plan.excess(true), None);
        }
        assert_eq!(Plan::with(4, 0, 19_744).share(4), 0, "0: whatever fits");
    }

    #[test]
    fn zero_workers_are_as_many_as_the_connections_need() {
        assert_eq!(Plan::with(0, 0, 1000).workers(), 1);
        assert_eq!(Plan::with(0, 1000, 1000).workers(), 1);
        assert_eq!(Plan::with(0, 30_000, 19_744).workers(), 2);
        assert_eq!(Plan::with(0, 10_000_000, 16).workers(), WORKERS_MAX);
    }

    #[test]
    fn more_than_fits_is_lowered_and_told_with_the_cure() {
        let plan = Plan::with(1, 30_000, 19_744);
        assert_eq!(plan.share(1), 19_744);
        let told = plan.excess(true).expect("it is told");
        assert!(told.contains("one process can hold here: 19744"), "{told}");
        assert!(told.ends_with("or set halley.workers = 2 (0: as many as it takes)"), "{told}");
        let told = plan.excess(false).expect("it is told");
        assert!(told.contains("on Redis and set halley.workers = 2"), "{told}");
    }
}
