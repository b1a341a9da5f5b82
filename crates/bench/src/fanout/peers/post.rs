//! A publisher over HTTP: one kept connection, one POST for each message.

use std::net::SocketAddr;

use anyhow::{Context as _, ensure};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// See the module.
pub(super) struct Publisher {
    stream: BufReader<TcpStream>,
    head: String,
}

impl Publisher {
    /// Connects; messages will be posted to `path`.
    pub(super) async fn connect(address: SocketAddr, path: &str) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await.context("the publisher's connection")?;
        stream.set_nodelay(true)?;
        let head = format!("POST {path} HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\n");
        Ok(Self { stream: BufReader::new(stream), head })
    }

    /// Posts all bodies at once, then reads the answers: a burst should lie there as soon as the server looks.
    pub(super) async fn post(&mut self, bodies: &[Vec<u8>]) -> anyhow::Result<()> {
        let mut requests = Vec::new();
        for body in bodies {
            requests.extend_from_slice(self.head.as_bytes());
            requests.extend_from_slice(format!("Content-Length: {}\r\n\r\n", body.len()).as_bytes());
            requests.extend_from_slice(body);
        }
        self.stream.get_mut().write_all(&requests).await.context("posting")?;
        for _ in bodies {
            self.answer().await.context("the answer to a post")?;
        }
        Ok(())
    }

    async fn answer(&mut self) -> anyhow::Result<()> {
        let mut line = String::new();
        self.stream.read_line(&mut line).await?;
        let is_taken = line.split(' ').nth(1).is_some_and(|code| code.starts_with('2'));
        ensure!(is_taken, "{:?} is no success", line.trim_end());
        let mut bytes = 0;
        loop {
            line.clear();
            self.stream.read_line(&mut line).await?;
            let Some((name, value)) = line.split_once(':') else { break };
            if name.eq_ignore_ascii_case("content-length") {
                bytes = value.trim().parse()?;
            }
        }
        ensure!(line == "\r\n", "the connection was closed within a head");
        ensure!(bytes <= ANSWER_BYTES_MAX, "an answer of {bytes} bytes");
        let mut body = vec![0; bytes];
        self.stream.read_exact(&mut body).await?;
        Ok(())
    }
}
