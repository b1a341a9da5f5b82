//! A throw-away redis-server with an append-only file, and the accidents that happen to one.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use tempfile::TempDir;

use crate::process::Process;
use crate::resp::{self, Reply};
use crate::{free_port, skip_loudly};

const START_LIMIT: Duration = Duration::from_secs(60);
const PORT_ATTEMPTS_MAX: usize = 5;

/// A real redis-server on a free loopback port. Keeps its port through restarts.
#[derive(Debug)]
pub struct Redis {
    dir: TempDir,
    port: u16,
    arguments: Vec<String>,
    process: Option<Process>,
}

/// What a [`Redis`] held at one moment; see [`Redis::restart_from`].
#[derive(Debug)]
pub struct RedisSnapshot {
    rdb: Vec<u8>,
}

impl Redis {
    /// Starts a server, or skips loudly where redis-server is not installed.
    ///
    /// # Panics
    /// When it is installed and does not start.
    pub async fn start() -> Option<Self> {
        Self::start_with(&[]).await
    }

    /// As [`Redis::start`], with more command-line arguments (they are kept through restarts).
    ///
    /// # Panics
    /// When it is installed and does not start.
    pub async fn start_with(arguments: &[&str]) -> Option<Self> {
        if Command::new("redis-server").arg("--version").output().is_err() {
            skip_loudly("redis-server");
            return None;
        }
        let arguments: Vec<String> = arguments.iter().map(|word| (*word).to_owned()).collect();
        let mut last = None;
        // Another process may take the port between our look and the server's bind.
        for _ in 0..PORT_ATTEMPTS_MAX {
            let dir = tempfile::tempdir().expect("a temporary directory can be made");
            let mut redis = Self { dir, port: free_port(), arguments: arguments.clone(), process: None };
            match redis.launch("yes").await {
                Ok(()) => return Some(redis),
                Err(error) => last = Some(error),
            }
        }
        panic!("redis-server does not start: {:#}", last.expect("at least one attempt was made"));
    }

    /// `redis://127.0.0.1:PORT`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Where it keeps its files.
    #[must_use]
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// The port, to put a proxy in front.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Runs one command over a connection of its own.
    ///
    /// # Errors
    /// When the server is away, or answers with an error.
    pub async fn command(&self, words: &[&str]) -> anyhow::Result<Reply> {
        let words: Vec<&[u8]> = words.iter().map(|word| word.as_bytes()).collect();
        resp::command(self.port, &words).await
    }

    /// `kill -9`. What was acknowledged stays in the append-only file.
    pub fn kill9(&mut self) {
        self.process = None;
    }

    /// Starts again (killing what runs) on the same port from its append-only file.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn restart(&mut self) {
        self.kill9();
        self.launch("yes").await.expect("redis-server restarts on its own port");
    }

    /// Takes a snapshot of everything that the server holds.
    ///
    /// # Panics
    /// When the server is away.
    pub async fn save_snapshot(&self) -> RedisSnapshot {
        self.command(&["SAVE"]).await.expect("Redis writes a snapshot");
        let rdb = std::fs::read(self.dir.path().join("dump.rdb")).expect("SAVE leaves dump.rdb behind");
        RedisSnapshot { rdb }
    }

    /// `kill -9`, then starts from an older snapshot: everything written since is gone.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn restart_from(&mut self, snapshot: &RedisSnapshot) {
        self.kill9();
        self.roll_back(snapshot).await.expect("redis-server restarts from a snapshot");
    }

    /// `FLUSHALL`.
    ///
    /// # Panics
    /// When the server is away.
    pub async fn flushall(&self) {
        self.command(&["FLUSHALL"]).await.expect("Redis flushes");
    }

    /// Closes every subscriber's connection.
    ///
    /// # Panics
    /// When the server is away.
    pub async fn client_kill_pubsub(&self) {
        self.command(&["CLIENT", "KILL", "TYPE", "pubsub"]).await.expect("Redis kills subscribers");
    }

    /// Closes every ordinary connection.
    ///
    /// # Panics
    /// When the server is away.
    pub async fn client_kill_normal(&self) {
        self.command(&["CLIENT", "KILL", "TYPE", "normal"]).await.expect("Redis kills clients");
    }

    /// SIGSTOP: connections stay open and nothing answers.
    pub fn pause(&self) {
        if let Some(process) = &self.process {
            process.pause();
        }
    }

    /// SIGCONT: ends a [`Redis::pause`].
    pub fn resume(&self) {
        if let Some(process) = &self.process {
            process.resume();
        }
    }

    /// A server with the append-only file on ignores a snapshot file, so it starts without and turns it on.
    async fn roll_back(&mut self, snapshot: &RedisSnapshot) -> anyhow::Result<()> {
        let log = self.dir.path().join("appendonlydir");
        if log.exists() {
            std::fs::remove_dir_all(&log)?;
        }
        std::fs::write(self.dir.path().join("dump.rdb"), &snapshot.rdb)?;
        self.launch("no").await?;
        self.command(&["CONFIG", "SET", "appendonly", "yes"]).await?;
        let deadline = Instant::now() + START_LIMIT;
        loop {
            let info = self.command(&["INFO", "persistence"]).await?.text();
            if info.contains("aof_rewrite_in_progress:0") && info.contains("aof_rewrite_scheduled:0") {
                return Ok(());
            }
            if Instant::now() > deadline {
                bail!("Redis did not write its append-only file anew:\n{info}");
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    async fn launch(&mut self, appendonly: &str) -> anyhow::Result<()> {
        let process = Process::start(self.command_line(self.dir.path(), appendonly))?;
        let process = self.process.insert(process);
        let deadline = Instant::now() + START_LIMIT;
        loop {
            // Asked for its pid, since another test's server may have taken the port.
            let answer = resp::command(self.port, &[b"INFO", b"server"]).await;
            if !process.is_running() {
                bail!("redis-server ended: {}", process.output());
            }
            let is_ours =
                answer.is_ok_and(|info| info.text().contains(&format!("process_id:{}\r\n", process.pid())));
            // INFO is answered while a large snapshot is still being loaded; PING is refused.
            if is_ours && resp::command(self.port, &[b"PING"]).await.is_ok() {
                return Ok(());
            }
            if Instant::now() > deadline {
                bail!("redis-server is not ready after {START_LIMIT:?}: {}", process.output());
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    fn command_line(&self, dir: &Path, appendonly: &str) -> Command {
        let mut command = Command::new("redis-server");
        command.current_dir(dir).arg("--dir").arg(dir);
        command.args(["--port", &self.port.to_string(), "--bind", "127.0.0.1", "--save", ""]);
        command.args(["--appendonly", appendonly, "--enable-debug-command", "local"]);
        command.args(&self.arguments);
        command
    }
}

impl RedisSnapshot {
    /// Reads a snapshot file that an earlier run wrote with [`RedisSnapshot::write`].
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        Ok(Self { rdb: std::fs::read(path).with_context(|| path.display().to_string())? })
    }

    /// Writes the snapshot to a file, so that a failing run can be looked at.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self, path: &Path) -> anyhow::Result<()> {
        std::fs::write(path, &self.rdb).with_context(|| path.display().to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn acknowledged_writes_survive_kill_9() {
        let Some(mut redis) = Redis::start().await else { return };
        redis.command(&["SET", "word", "kept"]).await.unwrap();
        redis.kill9();
        assert!(redis.command(&["PING"]).await.is_err());
        redis.restart().await;
        assert_eq!(redis.command(&["GET", "word"]).await.unwrap().text(), "kept");
    }

    #[tokio::test]
    async fn restart_from_an_older_snapshot_forgets_what_came_after() {
        let Some(mut redis) = Redis::start().await else { return };
        redis.command(&["SET", "word", "old"]).await.unwrap();
        let snapshot = redis.save_snapshot().await;
        redis.command(&["SET", "word", "new"]).await.unwrap();
        redis.restart_from(&snapshot).await;
        assert_eq!(redis.command(&["GET", "word"]).await.unwrap().text(), "old");
        redis.restart().await;
        assert_eq!(redis.command(&["GET", "word"]).await.unwrap().text(), "old", "the log was on again");
    }

    #[tokio::test]
    async fn paused_server_answers_again_after_resume() {
        let Some(redis) = Redis::start().await else { return };
        redis.flushall().await;
        redis.pause();
        let silent = tokio::time::timeout(Duration::from_millis(300), redis.command(&["PING"])).await;
        assert!(silent.is_err(), "a stopped server says nothing");
        redis.resume();
        assert_eq!(redis.command(&["PING"]).await.unwrap(), Reply::Status("PONG".into()));
    }
}
