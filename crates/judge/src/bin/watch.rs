//! `watch`: a live page without a page. Follows one event over one transport from its first entry, reconnects with its position
//! whenever the connection ends, and writes down every frame as it came, one a line.

use anyhow::{Context, Result, bail, ensure};
use clap::{Parser, ValueEnum};
use futures_util::StreamExt;
use serde_json::Value;
use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;
use tokio_tungstenite::tungstenite::Message;

/// Follows one event and writes down every frame.
#[derive(Parser)]
struct Arguments {
    /// How to follow it.
    transport: Transport,
    /// Address of the server, such as http://127.0.0.1:8080.
    base: String,
    /// Slug of the event.
    event: String,
    /// Where the frames go.
    file: PathBuf,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Transport {
    Ws,
    Sse,
    Poll,
}

const RETRY: Duration = Duration::from_millis(100);
/// Longer than the server's 15 s between beats, and than a held poll.
const SILENCE_MAX: Duration = Duration::from_secs(35);

struct Watcher {
    arguments: Arguments,
    client: reqwest::Client,
    file: std::fs::File,
    epoch: Option<String>,
    seq: u64,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    rustls::crypto::ring::default_provider().install_default().ok();
    let arguments = Arguments::parse();
    let file =
        std::fs::File::create(&arguments.file).with_context(|| arguments.file.display().to_string())?;
    let client = reqwest::Client::builder().no_proxy().connect_timeout(Duration::from_secs(5)).build()?;
    let mut watcher = Watcher { arguments, client, file, epoch: None, seq: 0 };
    loop {
        if let Err(error) = watcher.follow().await {
            eprintln!("{error:#}");
        }
        tokio::time::sleep(RETRY).await;
    }
}

impl Watcher {
    async fn follow(&mut self) -> Result<()> {
        if self.epoch.is_none() {
            self.epoch = Some(self.first_epoch().await?);
        }
        match self.arguments.transport {
            Transport::Ws => self.follow_ws().await,
            Transport::Sse => self.follow_sse().await,
            Transport::Poll => self.follow_poll().await,
        }
    }

    async fn first_epoch(&self) -> Result<String> {
        let url = format!("{}/live/{}/head.json", self.arguments.base, self.arguments.event);
        let head: Value = self.client.get(url).send().await?.error_for_status()?.json().await?;
        Ok(head["epoch"].as_str().context("head.json names no epoch")?.to_owned())
    }

    fn address(&self, transport: &str) -> String {
        let epoch = self.epoch.as_deref().unwrap_or_default();
        format!(
            "{}/live/{}/{transport}?after={epoch}.{}",
            self.arguments.base, self.arguments.event, self.seq
        )
    }

    async fn follow_ws(&mut self) -> Result<()> {
        let address = self.address("ws").replacen("http", "ws", 1);
        let host =
            self.arguments.base.strip_prefix("http://").context("the base address begins with http://")?;
        let stream = tokio::net::TcpStream::connect(host).await?;
        let (mut socket, _) = tokio_tungstenite::client_async(address, stream).await?;
        loop {
            match tokio::time::timeout(SILENCE_MAX, socket.next()).await? {
                Some(Ok(Message::Text(text))) => self.frame(text.as_str())?,
                Some(Ok(Message::Close(_))) | None => bail!("closed"),
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(error.into()),
            }
        }
    }

    async fn follow_sse(&mut self) -> Result<()> {
        let mut answer = self.client.get(self.address("sse")).send().await?.error_for_status()?;
        let mut buffer = Vec::new();
        while let Some(bytes) = tokio::time::timeout(SILENCE_MAX, answer.chunk()).await?? {
            buffer.extend_from_slice(&bytes);
            while let Some(end) = buffer.windows(2).position(|w| w == b"\n\n") {
                let event: Vec<u8> = buffer.drain(..end + 2).collect();
                for line in String::from_utf8(event)?.lines() {
                    if let Some(data) = line.strip_prefix("data:") {
                        self.frame(data.trim_start())?;
                    }
                }
            }
        }
        bail!("closed")
    }

    async fn follow_poll(&mut self) -> Result<()> {
        loop {
            let answer = self
                .client
                .get(self.address("poll"))
                .timeout(SILENCE_MAX)
                .send()
                .await?
                .error_for_status()?;
            if answer.status() != reqwest::StatusCode::NO_CONTENT {
                self.frame(&answer.text().await?)?;
            }
        }
    }

    /// Writes the frame down as it came, then moves the position by what it holds. A frame that starts another log, or that does
    /// not begin at the position, is written down too: the judge finds it.
    fn frame(&mut self, text: &str) -> Result<()> {
        ensure!(!text.contains('\n'), "a frame holds a line break");
        writeln!(self.file, "{text}")?;
        let frame: Value = serde_json::from_str(text).context("a frame is no JSON")?;
        if let Some(hello) = frame.get("hello") {
            self.epoch = hello["epoch"].as_str().map(str::to_owned);
            self.seq = hello["after"].as_u64().context("a hello without after")?;
        }
        for entry in frame["entries"].as_array().unwrap_or(&Vec::new()).iter().chain([&frame]) {
            if let Some(seq) = entry.get("seq").and_then(Value::as_u64) {
                self.seq = seq;
            }
        }
        Ok(())
    }
}
