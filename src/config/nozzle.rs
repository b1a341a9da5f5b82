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
    /// `nozzle.intake_token_file`: the token that callers of the intake show. Default empty: `intake-token` in the data
    /// directory, made at the first start.
    pub(crate) intake_token_file: Option<PathBuf>,
}

impl NozzleConfig {
    pub(super) fn read(settings: &mut Settings) -> Self {
        // Checked and shown already, so that files written today stay valid; sources of kind `hook` will listen there.
        settings.take("nozzle.hooks_listen", Listen, "127.0.0.1:8083");
        Self {
            listen: settings.take("nozzle.listen", Listen, "127.0.0.1:8082"),
            intake_token_file: settings.take("nozzle.intake_token_file", OptionalPath, ""),
        }
    }
}
