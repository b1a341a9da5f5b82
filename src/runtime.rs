//! What every daemon of this binary starts with: logs, metrics, a runtime and the stop signal; and what plain
//! commands start with, which is less.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context;
use chassis::telemetry::{self, Format};
use chassis::workers::Seat;
use chassis::{Ending, Readiness, Shutdown, http, notify, ops};

use tokio::runtime::{Builder, Runtime};

use crate::failure::Failure;

const LOG_FILTER: &str = "info";
/// For commands whose answer is their standard output.
const LOG_FILTER_OF_COMMANDS: &str = "warn";
/// The demo breaks its own networks on purpose: what the product says to that would bury the demo's one line.
const LOG_FILTER_OF_THE_DEMO: &str = "error";
const LOG_FORMAT_VARIABLE: &str = "PERIHELION_LOG_FORMAT";

/// A daemon's stop signal, together with the first failure that pulled it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fate {
    shutdown: Shutdown,
    readiness: Readiness,
    first: Arc<Mutex<Option<Failure>>>,
}

impl Fate {
    /// A fate that hangs on this stop signal.
    pub(crate) fn new(shutdown: Shutdown) -> Self {
        Self { shutdown, readiness: Readiness::default(), first: Arc::default() }
    }

    /// The stop signal, and the owner of the daemon's tasks.
    pub(crate) fn shutdown(&self) -> &Shutdown {
        &self.shutdown
    }

    /// Stops the daemon; it ends with the first failure that it is given.
    pub(crate) fn fail(&self, failure: Failure) {
        tracing::error!(error = %failure, "cannot go on");
        self.first.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(failure);
        self.shutdown.trigger();
    }

    /// What the process says of itself to whoever started it, at `/readyz` and in its record.
    pub(crate) fn readiness(&self) -> &Readiness {
        &self.readiness
    }

    fn ended(&self) -> Result<(), Failure> {
        self.first.lock().unwrap_or_else(PoisonError::into_inner).take().map_or(Ok(()), Err)
    }
}

/// Runs a daemon until it is told to stop or fails. `start` returns once everything runs; what it started is owned by
/// the fate's shutdown and is waited for.
pub(crate) fn daemon<F>(start: impl FnOnce(Fate) -> F) -> Result<(), Failure>
where
    F: Future<Output = Result<(), Failure>>,
{
    run(LOG_FILTER, None, threads, start)
}

/// The same for the supervisor, which needs the main thread and no other.
pub(crate) fn supervisor<F>(start: impl FnOnce(Fate) -> F) -> Result<(), Failure>
where
    F: Future<Output = Result<(), Failure>>,
{
    run(LOG_FILTER, None, one_thread, start)
}

/// The same for one of several workers, whose logs and metrics say which one it is.
pub(crate) fn worker<F>(seat: Seat, start: impl FnOnce(Fate) -> F) -> Result<(), Failure>
where
    F: Future<Output = Result<(), Failure>>,
{
    run(LOG_FILTER, Some(seat), threads, start)
}

/// The same for the demo, which speaks for itself.
pub(crate) fn demo<F>(start: impl FnOnce(Fate) -> F) -> Result<(), Failure>
where
    F: Future<Output = Result<(), Failure>>,
{
    run(LOG_FILTER_OF_THE_DEMO, None, threads, start)
}

fn run<F>(
    log_filter: &str,
    seat: Option<Seat>,
    runtime: fn() -> anyhow::Result<Runtime>,
    start: impl FnOnce(Fate) -> F,
) -> Result<(), Failure>
where
    F: Future<Output = Result<(), Failure>>,
{
    // Before there is any thread: it takes variables out of the environment.
    let handed = http::adopt();
    logs(log_filter, seat)?;
    if handed > 0 {
        tracing::info!(sockets = handed, "listening sockets were handed down");
    }
    chassis::metrics::install(seat);
    runtime()?.block_on(async {
        let fate = Fate::new(Shutdown::on_signals().map_err(anyhow::Error::from)?);
        // A worker belongs to the process that started it, which tells others.
        if seat.is_none() {
            fate.shutdown().spawn(notify::keep(fate.readiness().clone(), fate.shutdown().clone()));
            fate.shutdown().spawn(ops::serve(fate.readiness().clone(), fate.shutdown().clone()));
        }
        let started = start(fate.clone()).await;
        if started.is_err() {
            fate.shutdown().trigger();
        }
        if let Ending::CutOff(tasks) = fate.shutdown().finish().await {
            tracing::warn!(tasks.left = tasks, "stopped without waiting any longer");
        }
        started.and_then(|()| fate.ended())
    })
}

/// Runs one command to its end.
pub(crate) fn command<F>(work: F) -> Result<(), Failure>
where
    F: Future<Output = Result<(), Failure>>,
{
    logs(LOG_FILTER_OF_COMMANDS, None)?;
    threads()?.block_on(work)
}

fn threads() -> anyhow::Result<Runtime> {
    Builder::new_multi_thread().enable_all().build().context("cannot start the runtime")
}

fn one_thread() -> anyhow::Result<Runtime> {
    Builder::new_current_thread().enable_all().build().context("cannot start the runtime")
}

/// `RUST_LOG` says what is logged, `PERIHELION_LOG_FORMAT` how.
fn logs(default_filter: &str, seat: Option<Seat>) -> Result<(), Failure> {
    let filter = std::env::var("RUST_LOG").unwrap_or_else(|_| default_filter.to_owned());
    let format = match std::env::var(LOG_FORMAT_VARIABLE).as_deref() {
        Ok("json") => Format::Json,
        Ok("text") | Err(_) => Format::Text,
        Ok(other) => {
            return Err(Failure::Asked(format!("${LOG_FORMAT_VARIABLE} is {other:?}; allowed: text, json")));
        }
    };
    telemetry::init(format, &filter, seat).map_err(|error| Failure::Asked(format!("$RUST_LOG: {error}")))
}
