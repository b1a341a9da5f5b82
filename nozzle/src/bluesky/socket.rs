//! One WebSocket to a Jetstream host: the HTTP upgrade by the same client as everything else (one TLS set-up, one reading
//! of refusals), frames within bounds behind it.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use reqwest::header::{CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE};
use reqwest::{Client, StatusCode, Upgraded};
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig, frame::coding::CloseCode};
use tokio_tungstenite::tungstenite::{Bytes, Error, Message, Utf8Bytes};
use url::Url;

use super::frame::{POSTS, PROFILES};
use crate::source::{LINE_BYTES_MAX, SourceEnd, sample};
use crate::wire::{answer, cause};

/// Longest frame that is taken off the wire, in bytes: one beyond [`LINE_BYTES_MAX`] is still read over, one beyond this
/// ends the connection.
const FRAME_BYTES_MAX: usize = 4 * LINE_BYTES_MAX;
/// Buffer of a connection, in bytes: a replay comes by the megabyte.
const READ_BYTES: usize = 64 * 1024;
/// Longest wait for a connection.
const CONNECT_MAX: Duration = Duration::from_secs(10);
/// Longest wait for the answer to the upgrade.
const UPGRADE_MAX: Duration = Duration::from_secs(20);
/// Longest wait for a ping to leave.
const WRITE_MAX: Duration = Duration::from_secs(10);
/// Most bytes read of a refusal.
const REFUSAL_BYTES_MAX: usize = 16 * 1024;

/// A host, and how to come in.
pub(super) struct Door {
    address: Url,
    host: String,
    client: Client,
}

impl Door {
    /// One for each address.
    pub(super) fn all(urls: &[Url]) -> Result<Vec<Self>, String> {
        chassis::tls::install();
        let built = Client::builder()
            .user_agent(concat!("Perihelion/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_MAX)
            .http1_only()
            .no_gzip()
            .no_brotli()
            .build();
        let client = built.map_err(|error| format!("no HTTP client: {}", cause(&error)))?;
        let door = |url: &Url| {
            let mut address = over_http(url);
            if !address.path().ends_with("/subscribe") {
                let path = format!("{}/subscribe", address.path().trim_end_matches('/'));
                address.set_path(&path);
            }
            let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
            let host = format!("{}{port}", url.host_str().unwrap_or_default());
            Self { address, host, client: client.clone() }
        };
        Ok(urls.iter().map(door).collect())
    }

    /// The host's name, as cursors carry it.
    pub(super) fn host(&self) -> &str {
        &self.host
    }

    /// Connects: live, or from a time in microseconds.
    pub(super) async fn connect(&self, from: Option<i64>) -> Result<Socket, SourceEnd> {
        match timeout(UPGRADE_MAX, self.upgrade(from)).await {
            Ok(done) => done,
            Err(_) => Err(SourceEnd::Cut("no answer in time".into())),
        }
    }

    async fn upgrade(&self, from: Option<i64>) -> Result<Socket, SourceEnd> {
        let key = generate_key();
        let request =
            self.client.get(self.question(from)).header(CONNECTION, "Upgrade").header(UPGRADE, "websocket");
        let request = request.header(SEC_WEBSOCKET_VERSION, "13").header(SEC_WEBSOCKET_KEY, &key);
        let cut = |error: reqwest::Error| SourceEnd::Cut(cause(&error));
        let response = request.send().await.map_err(cut)?;
        if response.status() != StatusCode::SWITCHING_PROTOCOLS {
            return Err(refused(response).await);
        }
        let accepted = response.headers().get(SEC_WEBSOCKET_ACCEPT).map(|value| value.as_bytes().to_vec());
        if accepted.as_deref() != Some(derive_accept_key(key.as_bytes()).as_bytes()) {
            return Err(SourceEnd::Refused("the host upgraded to something that is no WebSocket".into()));
        }
        let upgraded = response.upgrade().await.map_err(cut)?;
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BYTES)
            .write_buffer_size(0)
            .max_write_buffer_size(LINE_BYTES_MAX)
            .max_message_size(Some(FRAME_BYTES_MAX))
            .max_frame_size(Some(FRAME_BYTES_MAX));
        Ok(Socket(WebSocketStream::from_raw_socket(upgraded, Role::Client, Some(config)).await))
    }
}

impl Door {
    fn question(&self, from: Option<i64>) -> Url {
        let mut address = self.address.clone();
        let mut query = address.query_pairs_mut();
        query.append_pair("wantedCollections", POSTS);
        query.append_pair("wantedCollections", PROFILES);
        // Hosts leave out what is longer; we would not read it.
        query.append_pair("maxMessageSizeBytes", &LINE_BYTES_MAX.to_string());
        if let Some(from) = from {
            query.append_pair("cursor", &from.to_string());
        }
        drop(query);
        address
    }
}

/// The address as the client that does the upgrade knows it: a WebSocket begins as HTTP.
fn over_http(url: &Url) -> Url {
    let mut address = url.clone();
    let scheme = match url.scheme() {
        "ws" => "http",
        "wss" => "https",
        other => other,
    };
    // Only between kinds of schemes can this fail, and these are of one kind.
    let _same_kind = address.set_scheme(scheme);
    address
}

async fn refused(mut response: reqwest::Response) -> SourceEnd {
    let (status, headers) = (response.status(), response.headers().clone());
    let mut body = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        body.extend_from_slice(&chunk[..chunk.len().min(REFUSAL_BYTES_MAX - body.len())]);
        if body.len() == REFUSAL_BYTES_MAX {
            break;
        }
    }
    answer::refusal(status, &headers, &body).end
}

/// An open connection.
pub(super) struct Socket(WebSocketStream<Upgraded>);

/// What came.
#[derive(Debug)]
pub(super) enum Heard {
    /// An event.
    Text(Utf8Bytes),
    /// The host lives.
    Pong,
    /// A frame that we did not ask for.
    Binary,
    /// A frame that nobody can read, by reason: the connection ends with it, and a replay must get past it.
    Unreadable(&'static str),
    /// The connection has ended.
    End(SourceEnd),
}

impl Socket {
    /// The next frame that matters. May be dropped while it waits.
    pub(super) async fn next(&mut self) -> Heard {
        loop {
            match self.0.next().await {
                Some(Ok(Message::Text(text))) => return Heard::Text(text),
                Some(Ok(Message::Pong(_))) => return Heard::Pong,
                Some(Ok(Message::Binary(_))) => return Heard::Binary,
                // Answered by the library.
                Some(Ok(Message::Ping(_) | Message::Frame(_))) => {}
                Some(Ok(Message::Close(frame))) => return Heard::End(closed(frame)),
                Some(Err(error)) => return failed(&error),
                None => return Heard::End(SourceEnd::Cut("the host closed the connection".into())),
            }
        }
    }

    /// Asks whether the host lives.
    pub(super) async fn ping(&mut self) -> Result<(), SourceEnd> {
        match timeout(WRITE_MAX, self.0.send(Message::Ping(Bytes::new()))).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(SourceEnd::Cut(error.to_string())),
            Err(_) => Err(SourceEnd::Stalled),
        }
    }
}

fn failed(error: &Error) -> Heard {
    match error {
        Error::Capacity(_) => Heard::Unreadable("oversize"),
        Error::Utf8(_) => Heard::Unreadable("utf8"),
        other => Heard::End(SourceEnd::Cut(other.to_string())),
    }
}

/// What a close frame means for coming back.
fn closed(frame: Option<CloseFrame>) -> SourceEnd {
    let Some(frame) = frame else { return SourceEnd::Cut("the host closed the connection".into()) };
    let words = format!("closed with {}: {}", u16::from(frame.code), sample(frame.reason.as_bytes()));
    match frame.code {
        CloseCode::Again | CloseCode::Restart | CloseCode::Error => SourceEnd::Refused(words),
        CloseCode::Policy => SourceEnd::Throttled(words),
        _ => SourceEnd::Cut(words),
    }
}
