//! `[halley]`: the fan-out daemon.

use std::net::SocketAddr;
use std::time::Duration;

use chassis::workers::WORKERS_MAX;
use url::Url;

use super::kinds::{Count, Listen, OptionalOrigin, Seconds};
use super::settings::Settings;

/// A machine has no more descriptors than this to give away.
const CONNECTIONS_MAX: u32 = 10_000_000;
/// More threads than this never share one process.
const SHARDS_MAX: u32 = 256;
/// Routers cut silent requests at 30 s; a hold must end before ([`halley::POLL_HOLD_MAX`]).
const POLL_HOLD_SECONDS_MAX: u32 = 28;

/// Settings of halley.
#[derive(Debug, Clone)]
pub(crate) struct HalleyConfig {
    /// `halley.listen`: where a halley process of its own serves the live routes. Default `127.0.0.1:8081`.
    pub(crate) listen: SocketAddr,
    /// `halley.public_url`: halley as browsers see it. Default empty: the site's own origin.
    pub(crate) public_url: Option<Url>,
    /// `halley.connections_max`: open connections of all workers together. Default 0: from each process's limit of open files.
    pub(crate) connections_max: u32,
    /// `halley.workers`: processes that share `halley.listen`, which needs Redis. Default 1; 0: as many as `connections_max` needs.
    pub(crate) workers: u32,
    /// `halley.shards`: threads of one process that write to sockets. Default 0: one per core, divided among the workers.
    pub(crate) shards: u32,
    /// `halley.poll_hold_seconds`: how long a long poll without news is held. Default 25, at most 28.
    pub(crate) poll_hold: Duration,
}

impl HalleyConfig {
    pub(super) fn read(settings: &mut Settings) -> Self {
        let connections = Count { min: 0, max: CONNECTIONS_MAX };
        let workers = Count { min: 0, max: WORKERS_MAX as u32 };
        let shards = Count { min: 0, max: SHARDS_MAX };
        let hold = Seconds { min: 1, max: POLL_HOLD_SECONDS_MAX };
        Self {
            listen: settings.take("halley.listen", Listen, "127.0.0.1:8081"),
            public_url: settings.take("halley.public_url", OptionalOrigin, ""),
            connections_max: settings.take("halley.connections_max", connections, "0"),
            workers: settings.take("halley.workers", workers, "1"),
            shards: settings.take("halley.shards", shards, "0"),
            poll_hold: settings.take("halley.poll_hold_seconds", hold, "25"),
        }
    }
}
