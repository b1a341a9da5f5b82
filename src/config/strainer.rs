//! `[strainer]`: the archiving daemon.

use std::net::SocketAddr;

use super::kinds::Listen;
use super::settings::Settings;

/// Settings of strainer.
#[derive(Debug, Clone)]
pub(crate) struct StrainerConfig {
    /// `strainer.listen`: health and metrics. Default `127.0.0.1:8084`.
    pub(crate) listen: SocketAddr,
}

impl StrainerConfig {
    pub(super) fn read(settings: &mut Settings) -> Self {
        Self { listen: settings.take("strainer.listen", Listen, "127.0.0.1:8084") }
    }
}
