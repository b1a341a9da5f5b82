//! The product as it is shipped, every role in one process, on the cores that it is given, with an event whose pages can be asked for.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::stock;
use crate::fanout::peers::{Program, on_cores};

const START_MAX: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(50);
const ANSWER_MAX: Duration = Duration::from_secs(10);

/// See the module. The server goes before its data.
pub(crate) struct Server {
    program: Program,
    address: SocketAddr,
    _dir: TempDir,
}

/// An answer, read whole.
pub(crate) struct Answer {
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

impl Server {
    /// Starts it, and waits until the archive has every post.
    pub(crate) async fn start(bin: &Path, cores: Option<&str>) -> anyhow::Result<Self> {
        let dir = tempfile::tempdir()?;
        let data = dir.path().join("data");
        std::fs::create_dir(&data)?;
        stock::write(&data).await?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, testkit::free_port()));
        let free = "\"127.0.0.1:0\"";
        let settings = dir.path().join("perihelion.toml");
        let text = format!(
            "data_dir = \"data\"\n[site]\nlisten = \"{address}\"\n[nozzle]\nlisten = {free}\nhooks_listen = {free}\n\
             [halley]\nlisten = {free}\n[strainer]\nlisten = {free}\n"
        );
        std::fs::write(&settings, text)?;
        let mut command = on_cores(bin.canonicalize().context("the release build")?, cores);
        command.arg("--config").arg(&settings).arg("up").current_dir(dir.path()).env("RUST_LOG", "warn");
        let program = Program::start(command, address).await?;
        let mut server = Self { program, address, _dir: dir };
        server.ready().await?;
        Ok(server)
    }

    async fn ready(&mut self) -> anyhow::Result<()> {
        let deadline = Instant::now() + START_MAX;
        let whole = format!(">{}<", stock::POSTS);
        loop {
            let talk = self.get(&talk(), "identity").await;
            if talk.as_ref().is_ok_and(|talk| talk.text().contains(&whole)) {
                return Ok(());
            }
            self.program.must_run("it ended before it had its posts")?;
            if Instant::now() > deadline {
                bail!(
                    "the talk's page never had its {} posts; the server said:\n{}",
                    stock::POSTS,
                    self.program.output()
                );
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// All of its processes.
    pub(crate) fn pids(&self) -> Vec<u32> {
        self.program.pids()
    }

    /// Asks for one thing on a connection of its own; anything but a 200 is an error.
    pub(crate) async fn get(&self, path: &str, accept: &str) -> anyhow::Result<Answer> {
        let mut stream = TcpStream::connect(self.address).await?;
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {}\r\nAccept-Encoding: {accept}\r\nConnection: close\r\n\r\n",
            self.address
        );
        stream.write_all(request.as_bytes()).await?;
        let mut answer = Vec::new();
        tokio::time::timeout(ANSWER_MAX, stream.read_to_end(&mut answer)).await??;
        let end = memchr::memmem::find(&answer, b"\r\n\r\n").context("an answer without a head")? + 4;
        let body = answer.split_off(end);
        let head = String::from_utf8_lossy(&answer).into_owned();
        ensure!(head.starts_with("HTTP/1.1 200"), "{path} was answered\n{head}");
        Ok(Answer { body })
    }

    pub(crate) async fn stop(self) -> anyhow::Result<()> {
        self.program.stop().await
    }
}

/// The page of the talk.
pub(crate) fn talk() -> String {
    format!("/{}/talks/{}", stock::SLUG, stock::TALK)
}

/// The programme.
pub(crate) fn programme() -> String {
    format!("/{}/programme", stock::SLUG)
}

/// The live page.
pub(crate) fn live() -> String {
    format!("/{}", stock::SLUG)
}
