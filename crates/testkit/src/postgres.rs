//! A throw-away PostgreSQL from the distribution's packages.

use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use nix::sys::signal::Signal;
use nix::unistd::{Uid, User, chown};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tempfile::TempDir;
use tokio::sync::Mutex;

use crate::process::Process;
use crate::{free_port, skip_loudly};

const START_LIMIT: Duration = Duration::from_secs(60);
const STOP_LIMIT: Duration = Duration::from_secs(30);
const PORT_ATTEMPTS_MAX: usize = 5;
const USER: &str = "perihelion";

/// A real PostgreSQL on a free loopback port, run by the user `postgres` where tests run as root.
#[derive(Debug)]
pub struct Postgres {
    dir: TempDir,
    bin: PathBuf,
    port: u16,
    durable: bool,
    process: Option<Process>,
    databases: AtomicU32,
}

impl Postgres {
    /// Starts a server that does not wait for the disk, or skips loudly where PostgreSQL is not installed.
    ///
    /// # Panics
    /// When it is installed and does not start.
    pub async fn start() -> Option<Self> {
        Self::open(false).await
    }

    /// As [`Postgres::start`], with fsync on: for measurements.
    ///
    /// # Panics
    /// When it is installed and does not start.
    pub async fn start_durable() -> Option<Self> {
        Self::open(true).await
    }

    /// One server for all tests of a binary that run at the same time; each takes a database of its own from
    /// [`Postgres::create_database`]. It stops with its last user.
    ///
    /// # Panics
    /// When it is installed and does not start.
    pub async fn shared() -> Option<Arc<Self>> {
        static SHARED: Mutex<Weak<Postgres>> = Mutex::const_new(Weak::new());
        let mut shared = SHARED.lock().await;
        if let Some(running) = shared.upgrade() {
            return Some(running);
        }
        let started = Arc::new(Self::start().await?);
        *shared = Arc::downgrade(&started);
        Some(started)
    }

    /// The address of the database `postgres`.
    #[must_use]
    pub fn url(&self) -> String {
        self.database_url("postgres")
    }

    /// The port, to put a proxy in front.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The address of database `name`.
    #[must_use]
    pub fn database_url(&self, name: &str) -> String {
        format!("postgres://{USER}@127.0.0.1:{}/{name}?sslmode=disable", self.port)
    }

    /// Makes an empty database and gives its address.
    ///
    /// # Panics
    /// When the server is away.
    pub async fn create_database(&self) -> String {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.execute(&self.url(), &format!("CREATE DATABASE {name}")).await.expect("a database can be made");
        self.database_url(&name)
    }

    /// Runs one statement on a connection of its own.
    ///
    /// # Errors
    /// When the server is away or refuses the statement.
    pub async fn execute(&self, url: &str, sql: &str) -> anyhow::Result<()> {
        let mut connection = PgConnection::connect(url).await?;
        // The text is the test's own.
        sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut connection).await?;
        connection.close().await?;
        Ok(())
    }

    /// `pg_ctl stop -m immediate`: as a crash, open transactions are lost.
    pub fn stop_immediate(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.signal(Signal::SIGQUIT);
            process.wait_or_kill(STOP_LIMIT);
        }
    }

    /// Starts again on the same port and data (stopping what runs), through crash recovery if need be.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn start_again(&mut self) {
        self.stop_immediate();
        self.launch().await.expect("PostgreSQL starts again");
    }

    async fn open(durable: bool) -> Option<Self> {
        let Some(bin) = find_bin() else {
            skip_loudly("PostgreSQL (initdb and postgres)");
            return None;
        };
        let dir = tempfile::tempdir().expect("a temporary directory can be made");
        let mut server = Self { dir, bin, port: 0, durable, process: None, databases: AtomicU32::new(0) };
        server.initdb().unwrap_or_else(|error| panic!("initdb fails: {error:#}"));
        let mut last = None;
        // Another process may take the port between our look and the server's bind.
        for _ in 0..PORT_ATTEMPTS_MAX {
            server.port = free_port();
            match server.launch().await {
                Ok(()) => return Some(server),
                Err(error) => last = Some(error),
            }
        }
        panic!("PostgreSQL does not start: {:#}", last.expect("at least one attempt was made"));
    }

    fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    fn initdb(&self) -> anyhow::Result<()> {
        let mut command = self.command("initdb")?;
        command.arg("-D").arg(self.data());
        command.args(["-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]);
        let output = command.output()?;
        if !output.status.success() {
            bail!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        }
        Ok(())
    }

    async fn launch(&mut self) -> anyhow::Result<()> {
        let mut command = self.command("postgres")?;
        command.arg("-D").arg(self.data()).arg("-k").arg(self.dir.path());
        command.args(["-p", &self.port.to_string(), "-c", "listen_addresses=127.0.0.1"]);
        command.args(["-c", "shared_buffers=64MB", "-c", "max_connections=100"]);
        if !self.durable {
            command.args(["-c", "fsync=off", "-c", "full_page_writes=off"]);
        }
        let mut process = Process::start(command)?;
        let deadline = Instant::now() + START_LIMIT;
        // The socket opens before the server answers, so only a query proves that it is ready.
        while self.execute(&self.url(), "SELECT 1").await.is_err() || !process.is_running() {
            if !process.is_running() {
                bail!("postgres ended: {}", process.output());
            }
            if Instant::now() > deadline {
                bail!("postgres is not ready after {START_LIMIT:?}: {}", process.output());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        self.process = Some(process);
        Ok(())
    }

    /// PostgreSQL refuses to run as root, so root's tests run it as `postgres`, who must own the directory.
    fn command(&self, program: &str) -> anyhow::Result<Command> {
        let mut command = Command::new(self.bin.join(program));
        command.current_dir(self.dir.path()).env("LC_ALL", "C");
        if Uid::effective().is_root() {
            let user = User::from_name("postgres")?.context("there is no user `postgres`")?;
            chown(self.dir.path(), Some(user.uid), Some(user.gid))?;
            command.uid(user.uid.as_raw()).gid(user.gid.as_raw());
        }
        Ok(command)
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.stop_immediate();
    }
}

/// The newest packaged server (Debian's layout, then Red Hat's), else what is on the path.
fn find_bin() -> Option<PathBuf> {
    let packaged = |root: &str, before: &str, after: &str| {
        let mut found: Vec<(u32, PathBuf)> = std::fs::read_dir(root)
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|entry| {
                let version = entry.file_name().to_str()?.strip_prefix(before)?.parse().ok()?;
                Some((version, entry.path().join(after)))
            })
            .filter(|(_, bin)| has_server(bin))
            .collect();
        found.sort();
        found.pop().map(|(_, bin)| bin)
    };
    packaged("/usr/lib/postgresql", "", "bin")
        .or_else(|| packaged("/usr", "pgsql-", "bin"))
        .or_else(|| std::env::split_paths(&std::env::var_os("PATH")?).find(|bin| has_server(bin)))
}

fn has_server(bin: &Path) -> bool {
    bin.join("initdb").is_file() && bin.join("postgres").is_file()
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn count(url: &str) -> anyhow::Result<i64> {
        let mut connection = PgConnection::connect(url).await?;
        Ok(sqlx::query_scalar("SELECT count(*) FROM word").fetch_one(&mut connection).await?)
    }

    #[tokio::test]
    async fn committed_rows_survive_an_immediate_stop() {
        let Some(mut server) = Postgres::start().await else { return };
        let url = server.create_database().await;
        server.execute(&url, "CREATE TABLE word (w text); INSERT INTO word VALUES ('kept')").await.unwrap();
        server.stop_immediate();
        assert!(count(&url).await.is_err());
        server.start_again().await;
        assert_eq!(count(&url).await.unwrap(), 1);
    }

    #[tokio::test]
    async fn two_tests_share_a_server_and_not_a_database() {
        let Some(one) = Postgres::shared().await else { return };
        let two = Postgres::shared().await.unwrap();
        assert_eq!(one.port(), two.port());
        let (a, b) = (one.create_database().await, two.create_database().await);
        one.execute(&a, "CREATE TABLE word (w text)").await.unwrap();
        assert!(count(&a).await.is_ok());
        assert!(count(&b).await.is_err());
    }
}
