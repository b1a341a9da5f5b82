//! nginx in the foreground with a configuration of ours, in a temporary directory.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use nix::sys::resource::{Resource, getrlimit};
use tempfile::TempDir;

use super::program::{Program, is_there, on_cores};

/// Of a limit that says "infinite".
const FILES_MAX: u64 = 1_000_000;
const FORK_MAX: Duration = Duration::from_secs(5);
const LOOK_EVERY: Duration = Duration::from_millis(10);
const MODULE: &str = "ngx_nchan_module.so";
/// Where Debian and its relatives keep modules.
const MODULE_DIRS: [&str; 3] =
    ["/usr/lib/nginx/modules", "/usr/lib64/nginx/modules", "/usr/share/nginx/modules"];

/// A running nginx.
pub(super) struct Nginx {
    program: Program,
    address: SocketAddr,
    _dir: TempDir,
}

/// What the configuration is made of.
pub(super) struct Site<'a> {
    /// With the push module.
    pub(super) is_pushing: bool,
    pub(super) workers: usize,
    pub(super) cores: Option<&'a str>,
    /// Directives of the `http` block.
    pub(super) http: &'a str,
    /// The `location` blocks.
    pub(super) locations: &'a str,
}

impl Nginx {
    /// Starts it in `dir`, which it keeps.
    ///
    /// # Errors
    /// When nginx or its push module is not installed, or the configuration is refused.
    pub(super) async fn start(dir: TempDir, site: &Site<'_>) -> anyhow::Result<Self> {
        if let Some(missing) = missing(site.is_pushing) {
            bail!(missing);
        }
        let nginx = program().context("nginx is missing")?;
        let module = module().filter(|_| site.is_pushing);
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, testkit::free_port()));
        let file = dir.path().join("nginx.conf");
        std::fs::write(&file, configuration(site, module.as_deref(), address)?)?;
        let mut command: Command = on_cores(nginx, site.cores);
        command.arg("-p").arg(dir.path()).arg("-c").arg(&file).args(["-e", "stderr"]);
        let program = Program::start(command, address).await?;
        let mut nginx = Self { program, address, _dir: dir };
        nginx.forked(site.workers).await?;
        Ok(nginx)
    }

    /// The port is open before the workers are there, and they are the ones to be accounted for.
    async fn forked(&mut self, workers: usize) -> anyhow::Result<()> {
        let deadline = Instant::now() + FORK_MAX;
        while self.pids().len() <= workers {
            self.program.must_run("nginx ended before it had workers")?;
            ensure!(Instant::now() < deadline, "nginx has no workers after {FORK_MAX:?}");
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Ok(())
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(super) fn pids(&self) -> Vec<u32> {
        self.program.pids()
    }

    pub(super) async fn stop(self) -> anyhow::Result<()> {
        self.program.stop().await
    }
}

/// Several workers get a queue of connections each: with one queue for all, the first to wake takes most of them.
fn configuration(site: &Site<'_>, module: Option<&Path>, address: SocketAddr) -> anyhow::Result<String> {
    let Site { workers, http, locations, .. } = site;
    let (_, files) = getrlimit(Resource::RLIMIT_NOFILE).context("reading RLIMIT_NOFILE")?;
    let files = files.min(FILES_MAX);
    // nginx closes idle connections, the publisher's too, when fewer than a sixteenth are free: more than there are files, then.
    let connections = files + files / 8;
    let module = module.map(|path| format!("load_module {};", path.display())).unwrap_or_default();
    let user = if nix::unistd::geteuid().is_root() { "user root;" } else { "" };
    let reuse = if *workers > 1 { " reuseport" } else { "" };
    Ok(format!(
        "{module}
{user}
daemon off;
worker_processes {workers};
worker_rlimit_nofile {files};
error_log stderr warn;
pid nginx.pid;
events {{ worker_connections {connections}; multi_accept on; }}
http {{
  access_log off;
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  tcp_nodelay on; gzip off; keepalive_timeout 1h; keepalive_requests 1000000000;
  {http}
  server {{
    listen {address} backlog=4096{reuse};
    {locations}
  }}
}}
"
    ))
}

/// See [`super::missing`].
pub(super) fn missing(is_pushing: bool) -> Option<String> {
    let install = "install it with `apt-get install nginx libnginx-mod-nchan`";
    if program().is_none() {
        return Some(format!("nginx is missing: {install}"));
    }
    let is_module_missing = is_pushing && module().is_none();
    is_module_missing.then(|| format!("nginx's push module ({MODULE}) is missing: {install}"))
}

fn program() -> Option<&'static str> {
    ["nginx", "/usr/sbin/nginx"].into_iter().find(|place| is_there(place))
}

fn module() -> Option<PathBuf> {
    MODULE_DIRS.iter().map(|dir| Path::new(dir).join(MODULE)).find(|path| path.exists())
}
