//! What every daemon of this binary starts with: logs, metrics, a runtime and the stop signal; and what plain
//! commands start with, which is less.

use std::future::Future;

use anyhow::Context;
use chassis::telemetry::{self, Format};
use chassis::{Ending, Shutdown};

use crate::failure::Failure;

const LOG_FILTER: &str = "info";
/// For commands whose answer is their standard output.
const LOG_FILTER_OF_COMMANDS: &str = "warn";
const LOG_FORMAT_VARIABLE: &str = "PERIHELION_LOG_FORMAT";

/// Runs a daemon until it is told to stop. `start` returns once everything runs (or with the reason why it does not);
/// what it started is owned by the shutdown and is waited for.
pub(crate) fn daemon<F>(start: impl FnOnce(Shutdown) -> F) -> Result<(), Failure>
where
    F: Future<Output = Result<(), Failure>>,
{
    logs(LOG_FILTER)?;
    chassis::metrics::install();
    tokio_runtime()?.block_on(async {
        let shutdown = Shutdown::on_signals().map_err(anyhow::Error::from)?;
        let started = start(shutdown.clone()).await;
        if started.is_err() {
            shutdown.trigger();
        }
        if let Ending::CutOff(tasks) = shutdown.finish().await {
            tracing::warn!(tasks.left = tasks, "stopped without waiting any longer");
        }
        started
    })
}

/// Runs one command to its end.
pub(crate) fn command<F>(work: F) -> Result<(), Failure>
where
    F: Future<Output = Result<(), Failure>>,
{
    logs(LOG_FILTER_OF_COMMANDS)?;
    tokio_runtime()?.block_on(work)
}

fn tokio_runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start the runtime")
}

/// `RUST_LOG` says what is logged, `PERIHELION_LOG_FORMAT` how.
fn logs(default_filter: &str) -> Result<(), Failure> {
    let filter = std::env::var("RUST_LOG").unwrap_or_else(|_| default_filter.to_owned());
    let format = match std::env::var(LOG_FORMAT_VARIABLE).as_deref() {
        Ok("json") => Format::Json,
        Ok("text") | Err(_) => Format::Text,
        Ok(other) => {
            return Err(Failure::Asked(format!("${LOG_FORMAT_VARIABLE} is {other:?}; allowed: text, json")));
        }
    };
    telemetry::init(format, &filter).map_err(|error| Failure::Asked(format!("$RUST_LOG: {error}")))
}
