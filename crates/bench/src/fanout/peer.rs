//! What is measured: one server that fans messages out, and how it is reached, told to publish and accounted for.
//!
//! A peer is started anew for every run, so that each run has its own idle memory and nobody carries another's garbage.
//! What a subscriber says to it is the generator's affair, which goes by the peer's [`Dialect`]. The peers themselves, and which of
//! them can be started here, are in `peers.rs`.

use std::net::SocketAddr;
use std::path::PathBuf;

use async_trait::async_trait;
use clap::ValueEnum;

use super::message::Message;

/// How subscribers are served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, ValueEnum, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Mode {
    /// WebSocket, text frames.
    #[value(name = "ws")]
    WebSocket,
    /// Server-sent events.
    #[value(name = "sse")]
    Events,
    /// Long poll, the next request on the same connection at once.
    #[value(name = "poll")]
    Poll,
}

/// How the generator must speak and read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Dialect {
    /// A poll asks `?after=EPOCH.NEXT` from the JSON of the answer before; the first one asks without and is answered at once.
    Halley,
    /// A poll repeats `Last-Modified` and `Etag` as `If-Modified-Since` and `If-None-Match`; the first one is held.
    Nchan,
    /// Heads and bodies that never vary. A poll asks the same again and is held; its answer has a `Content-Length`.
    Raw,
}

/// Which server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, ValueEnum, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Server {
    /// Ours, all limits on.
    Halley,
    /// nginx with its push module.
    Nchan,
    /// The floor: accept, a fixed head, one `write(2)` for each subscriber and message.
    Raw,
}

impl Mode {
    /// As it is called on the command line and in tables.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::WebSocket => "ws",
            Self::Events => "sse",
            Self::Poll => "poll",
        }
    }
}

impl Server {
    /// Whether it can be asked that way: whoever only writes cannot be polled.
    pub(crate) fn speaks(self, mode: Mode) -> bool {
        (self, mode) != (Self::Raw, Mode::Poll)
    }

    /// As it is called on the command line and in tables.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Halley => "halley",
            Self::Nchan => "nchan",
            Self::Raw => "raw",
        }
    }
}

/// What a peer is started for.
#[derive(Clone, Debug)]
pub(crate) struct Start {
    pub(crate) mode: Mode,
    /// It must be able to hold so many, and some more.
    pub(crate) connections: usize,
    /// A message as subscribers receive it (a WebSocket frame's payload, an event's `data`), in bytes.
    pub(crate) bytes: usize,
    /// Shards, workers or threads.
    pub(crate) threads: usize,
    /// Cores that the server may run on, as `taskset -c` takes them; `None` where there is no `taskset` or only one core.
    pub(crate) cores: Option<String>,
    /// The release build of our own server.
    pub(crate) product: PathBuf,
}

/// One running server.
#[async_trait]
pub(crate) trait Peer: Send {
    /// Where subscribers connect.
    fn address(&self) -> SocketAddr;
    /// All of its processes. Their CPU time and memory are charged to it.
    fn pids(&self) -> Vec<u32>;
    /// See [`Dialect`].
    fn dialect(&self) -> Dialect;
    /// Path (and query, if any) of the stream.
    fn path(&self) -> String;
    /// Publishes all of them, in order and as close together as the peer can be told to: several are a burst. Returns once the
    /// server has taken them. What a subscriber receives must hold [`Message::text`] once and be [`Message::bytes`] long.
    async fn publish(&mut self, messages: &[Message]) -> anyhow::Result<()>;
    /// Stops it and waits for its end. Dropping a peer must end it as well.
    async fn stop(self: Box<Self>) -> anyhow::Result<()>;
}
