//! nginx serving plain files: what a catch-up's bytes cost when nothing has to be known about them.

use std::net::SocketAddr;

use super::nginx::{Nginx, Site};

/// How a web server is set up that shall send few files to very many.
const SENDING: &str = "sendfile on; tcp_nopush on; open_file_cache max=100; open_file_cache_valid 1h;";

/// One file, served.
pub(crate) struct Files {
    nginx: Nginx,
}

impl Files {
    /// The path of the file.
    pub(crate) const PATH: &str = "/file";

    /// Serves `bytes` at [`Files::PATH`].
    pub(crate) async fn start(bytes: &[u8], workers: usize, cores: Option<&str>) -> anyhow::Result<Self> {
        let dir = tempfile::tempdir()?;
        std::fs::write(dir.path().join("file"), bytes)?;
        let locations = format!("location / {{ root {}; }}", dir.path().display());
        let site = Site { is_pushing: false, workers, cores, http: SENDING, locations: &locations };
        Ok(Self { nginx: Nginx::start(dir, &site).await? })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.nginx.address()
    }

    /// All of its processes.
    pub(crate) fn pids(&self) -> Vec<u32> {
        self.nginx.pids()
    }

    pub(crate) async fn stop(self) -> anyhow::Result<()> {
        self.nginx.stop().await
    }
}
