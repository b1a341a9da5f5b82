//! The archiving daemon: folds the live log of every event into the archive.
//!
//! ```text
//! live::Log -> follower -> archive (rows + cursor in one transaction)
//!                  \-> tells the log how far it is, so that the tail may be trimmed
//! ```
//! One follower per event reads behind the archive's own cursor, so nothing is remembered here: killed at any moment,
//! it goes on from what is committed. Two strainers by mistake do no harm, since the cursor moves by compare-and-set.
//!
//! One door: [`run`] serves health and metrics on a listener of its own; [`start`] does the work only, for a process
//! that serves those already. [`rebuild`] and [`verify`] hold an archive against a whole ledger.

mod config;
mod error;
mod follower;
mod hub;
mod metrics;
mod purge;
mod rebuild;
mod standing;
mod status;
mod step;

use std::sync::Arc;

use archive::Archive;
use async_trait::async_trait;
use chassis::{Readiness, Shutdown, http, ops};
use live::{Page, Store};
use model::{EventId, Seq};

pub use config::Config;
pub use error::{Error, HistoryError};
pub use rebuild::{rebuild, verify};

/// What the strainer is given by whoever starts it.
#[derive(Clone)]
pub struct Parts {
    /// The live logs, and the status board.
    pub store: Arc<dyn Store>,
    /// Where everything goes.
    pub archive: Arc<dyn Archive>,
    /// Entries that a tail no longer holds; none where readers read the ledger itself.
    pub history: Option<Arc<dyn History>>,
    /// Where it says whether it is ready.
    pub readiness: Readiness,
}

/// The whole ledger, asked of whoever holds it (the nozzle).
#[async_trait]
pub trait History: Send + Sync {
    /// The entries behind `after`, `max` at most, under what the ledger says of itself.
    async fn lines(&self, eid: EventId, after: Seq, max: usize) -> Result<Page, HistoryError>;
}

/// Archives until `shutdown` is triggered, and serves health and metrics on `config.listen`.
///
/// # Errors
/// When the address cannot be had.
pub async fn run(config: Config, parts: Parts, shutdown: Shutdown) -> Result<(), Error> {
    let listener = http::bind(&config.listen, "[strainer] listen").await?;
    let routes = ops::router("strainer", parts.readiness.clone());
    start(&config, parts, &shutdown);
    http::serve(listener, routes, http::Limits::default(), shutdown).await;
    Ok(())
}

/// Starts the work in tasks of `shutdown`, without a listener.
pub fn start(config: &Config, parts: Parts, shutdown: &Shutdown) {
    metrics::describe();
    let hub = hub::Hub::new(parts.clone(), shutdown.clone());
    shutdown.spawn(Arc::clone(&hub).run());
    shutdown.spawn(status::run(config.version.clone(), parts, hub, shutdown.clone()));
}
