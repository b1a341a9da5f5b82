//! The fan-out daemon: WebSocket, server-sent events, long poll.
//!
//! ```text
//! live::Log -> feed -> ring -> batch -> shard -> ws | sse | poll
//!                       \-> chunks -> chunk/{n}.json, readers that are far behind
//! ```
//! An entry is encoded once; all connections share its bytes. hyper reads requests and the routes grant them; then a shard (`shard.rs`), a
//! thread of its own, owns the socket. A connection is a cursor into the ring (`reader.rs`): it pulls, so nobody's slowness costs another.
//! Nothing here knows where the log is stored, and nothing here asks the archive.
//!
//! One door: [`run`] serves halley on a listener of its own; [`service`] gives the same routes to whoever serves the site.

mod answer;
mod audience;
mod batch;
#[cfg(feature = "bench")]
pub mod bench;
mod buckets;
mod channel;
mod chunk;
mod coding;
mod config;
mod deflate;
mod error;
mod feed;
mod files;
mod frame;
mod frames;
mod gate;
mod goodbye;
mod handshake;
mod heads;
mod hub;
mod metrics;
mod packed;
mod reader;
#[cfg(test)]
mod rig;
mod ring;
mod routes;
mod shard;
mod signal;
mod status;

use std::sync::Arc;

use axum::Router;
use chassis::{Readiness, Shutdown, client_addr::Ranges, http, ops, process, status::Status};
use live::Store;

pub use config::{Config, POLL_HOLD_MAX};
pub use error::Error;

/// What halley is given by whoever starts it.
#[derive(Clone)]
pub struct Parts {
    /// The live logs, and the status board.
    pub store: Arc<dyn Store>,
    /// Where it says whether it is ready.
    pub readiness: Readiness,
}

/// Serves halley on `config.listen` until `shutdown` is triggered. Streams are told bye; [`Shutdown::finish`] waits for them.
///
/// # Errors
/// When the address cannot be had or the limit of open files cannot be read.
pub async fn run(config: Config, parts: Parts, shutdown: Shutdown) -> Result<(), Error> {
    let listener = http::bind(&config.listen, "[halley] listen").await?;
    serve(listener, config, parts, shutdown).await
}

/// As [`run`], on a listener that is open already.
///
/// # Errors
/// When the limit of open files cannot be read.
pub async fn serve(
    listener: tokio::net::TcpListener,
    config: Config,
    parts: Parts,
    shutdown: Shutdown,
) -> Result<(), Error> {
    let (readiness, ready) = (parts.readiness.clone(), parts.readiness.clone());
    let routes = service(&config, parts, &shutdown)?.merge(ops::router("halley", readiness));
    let limits = http::Limits {
        connections_max: process::connections_max(config.connections_max)? + config.others_max(),
        is_shared: config.worker.is_some() || http::is_handed_sockets(),
        hosts: Arc::new(config.hosts),
        trusted_proxies: Arc::new(config.trusted_proxies),
        ..http::Limits::default()
    };
    http::until_ready(&ready, &shutdown).await;
    http::serve(listener, routes, limits, shutdown).await;
    Ok(())
}

/// Starts what halley does in the background (tasks of `shutdown`) and returns its routes. They need the extensions that
/// [`chassis::http::serve`] adds to each request.
///
/// # Errors
/// When the limit of open files cannot be read, or the shards' threads cannot be started.
pub fn service(config: &Config, parts: Parts, shutdown: &Shutdown) -> Result<Router, Error> {
    let connections_max = process::connections_max(config.connections_max)?;
    let gate = gate::Gate::new(
        gate::GateBounds::usual(connections_max).shared(config.worker),
        Ranges::clone(&config.venue),
    );
    let bounds = ring::RingBounds {
        entries_max: config.ring_entries_max,
        bytes_max: config.ring_bytes_max,
        ..ring::RingBounds::default()
    };
    let rules = shard::Rules::usual(config.poll_hold.min(POLL_HOLD_MAX));
    let shards = shard::Shards::start(config.shards_or_cores(), rules, shutdown).map_err(Error::Threads)?;
    metrics::describe();
    let hub = hub::Hub::new(
        parts.store.clone(),
        parts.readiness.clone(),
        shutdown.clone(),
        bounds,
        shards.bells(),
        config.clock.clone(),
    );
    shutdown.spawn(hub.clone().run());
    let record = Status::new("halley", &config.version);
    shutdown.spawn(status::run(
        record,
        parts.store,
        hub.clone(),
        gate.clone(),
        config.worker,
        parts.readiness,
        shutdown.clone(),
    ));
    Ok(routes::router(Arc::new(routes::Doors { hub, gate, shards })))
}
