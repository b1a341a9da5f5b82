//! halley's settings, as the configuration hands them over.

use std::time::Duration;

use chassis::{client_addr::Ranges, clock::Clock, http::Hosts, workers::Seat};

/// How long a poll may be held: routers on the way cut at 30 s.
pub const POLL_HOLD_MAX: Duration = Duration::from_secs(28);

/// halley's settings.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where [`crate::run`] listens (`[halley] listen`). Unused when another server mounts the routes.
    pub listen: String,
    /// Streams and held polls at once; 0: from the limit of open files (`[halley] connections_max`).
    pub connections_max: usize,
    /// Threads that write to sockets; 0: one per core (`[halley] shards`).
    pub shards: usize,
    /// Which worker this is when several processes serve one listener (`[halley] workers`). `connections_max` is its own share.
    pub worker: Option<Seat>,
    /// How long a poll is held without news (`[halley] poll_hold_seconds`), [`POLL_HOLD_MAX`] at most.
    pub poll_hold: Duration,
    /// Proxies whose `X-Forwarded-For` counts (`[http] trusted_proxies`).
    pub trusted_proxies: Ranges,
    /// Addresses of the venue, which may hold and ask for more (`[http] venue_cidrs`).
    pub venue: Ranges,
    /// Names under which halley may be asked for.
    pub hosts: Hosts,
    /// The program's version, for the status record.
    pub version: String,
    /// Tells how late posts are; that of whoever stamps them.
    pub clock: Clock,
    /// Entries that each event's ring holds in memory; older ones are read as chunks.
    pub ring_entries_max: usize,
    /// Bytes that each event's ring holds in memory.
    pub ring_bytes_max: usize,
}

/// Connections that are no streams: health checks, chunks.
const OTHERS_MAX: usize = 64;

impl Config {
    /// How many threads write to sockets.
    pub(crate) fn shards_or_cores(&self) -> usize {
        let cores = || std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
        if self.shards == 0 { cores() } else { self.shards }
    }

    /// Room beside the streams for requests that end at once. A worker has none: it must be full when the next connection comes, which
    /// another worker may take, and not only when that one asks for a stream.
    pub(crate) fn others_max(&self) -> usize {
        if self.worker.is_some() { 0 } else { OTHERS_MAX }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:8081".to_owned(),
            connections_max: 0,
            shards: 0,
            worker: None,
            poll_hold: Duration::from_secs(25),
            trusted_proxies: Ranges::default(),
            venue: Ranges::default(),
            hosts: Hosts::any(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            clock: Clock::real(),
            ring_entries_max: 4096,
            ring_bytes_max: 16 << 20,
        }
    }
}
