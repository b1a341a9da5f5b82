//! `[nozzle]`: the ingest daemon.

use std::net::SocketAddr;
use std::path::PathBuf;

use super::kinds::{Listen, OptionalPath};
use super::settings::Settings;

/// Settings of nozzle.
#[derive(Debug, Clone)]
pub(crate) struct NozzleConfig {
    /// `nozzle.listen`: the intake, for the strainer and for commands, who call this same address; never for the
    /// world. Default `127.0.0.1:8082`.
    pub(crate) listen: SocketAddr,
    /// `nozzle.hooks_listen`: signed deliveries from the world, for sources of kind `hook`; open once some event has
    /// one. Default `127.0.0.1:8083`.
    pub(crate) hooks_listen: SocketAddr,
    /// `nozzle.intake_token_file`: the token that callers of the intake show. Default empty: `intake-token` in the data
    /// directory, made at the first start.
    pub(crate) intake_token_file: Option<PathBuf>,
}

impl NozzleConfig {
    pub(super) fn read(settings: &mut Settings) -> Self {
        Self {
            listen: settings.take("nozzle.listen", Listen, "127.0.0.1:8082"),
            hooks_listen: settings.take("nozzle.hooks_listen", Listen, "127.0.0.1:8083"),
            intake_token_file: settings.take("nozzle.intake_token_file", OptionalPath, ""),
        }
    }
}
