//! WebSocket: each object one text frame. Clients have nothing to say here but pong and close.

use std::time::Duration;

use axum::{body::Body, response::Response};
use futures_util::{SinkExt, StreamExt};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::{Instant, timeout},
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        self, Message, Utf8Bytes,
        error::{CapacityError, ProtocolError},
        handshake::derive_accept_key,
        protocol::{CloseFrame, Role, WebSocketConfig},
    },
};

use crate::{
    answer::Refused,
    buckets::{Bucket, Flow},
    frame::Frame,
    goodbye::Goodbye,
    metrics::{self, Counted},
    reader::{Ending, Reader, Step},
};

/// A message from a client.
const INBOUND_BYTES_MAX: usize = 4 * 1024;
const READ_BUFFER_BYTES: usize = 1024;
/// Frames of a batch are gathered up to this size before they are written;
const WRITE_BUFFER_BYTES: usize = 4 * 1024;
/// one that does not fit is an entry above this size, which admit does not let through.
const WRITE_BUFFER_BYTES_MAX: usize = 1 << 20;
/// A batch (32 KiB or one entry) must be taken by the client within this time.
const WRITE_WAIT: Duration = Duration::from_secs(15);
/// Our close must be sent and answered within this time.
const CLOSE_WAIT: Duration = Duration::from_secs(2);
/// Frames from a client, in "bytes" of the bucket: a burst, then one each second.
const INBOUND_FRAMES: Flow = Flow { rate_bytes: 1, burst_bytes: 20 };

/// Bytes to and from a client: an upgraded connection, or a pipe in tests.
trait Wire: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Wire for T {}

/// What the reading half learned.
enum Heard {
    /// Nothing that matters.
    Fine,
    /// The client closes, or is gone.
    Left,
    /// It has to go.
    Bad(Goodbye),
}

/// Checks the handshake and answers it; the stream itself is the returned upgrade.
pub(crate) fn accept(request: &mut Request<Body>) -> Result<(Response, OnUpgrade), Refused> {
    let headers = request.headers();
    if request.method() != Method::GET {
        return Err(Refused::NotWebSocket("a WebSocket begins with GET"));
    }
    if !has_token(headers, header::CONNECTION, "upgrade") || !has_token(headers, header::UPGRADE, "websocket")
    {
        return Err(Refused::NotWebSocket("this address speaks WebSocket; see docs for the other ways"));
    }
    if headers.get(header::SEC_WEBSOCKET_VERSION).is_none_or(|version| version != "13") {
        return Err(Refused::NotWebSocket("only version 13 of WebSocket is spoken here"));
    }
    let key = headers.get(header::SEC_WEBSOCKET_KEY).map(HeaderValue::as_bytes).filter(|key| key.len() == 24);
    let key =
        derive_accept_key(key.ok_or(Refused::NotWebSocket("Sec-WebSocket-Key is missing or too short"))?);
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let out = response.headers_mut();
    out.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    out.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    out.insert(header::SEC_WEBSOCKET_ACCEPT, HeaderValue::from_str(&key).expect("base64 is a header value"));
    Ok((response, hyper::upgrade::on(request)))
}

fn has_token(headers: &HeaderMap, name: header::HeaderName, token: &str) -> bool {
    let values = headers.get_all(name);
    values
        .iter()
        .filter_map(|v| v.to_str().ok())
        .flat_map(|v| v.split(','))
        .any(|t| t.trim().eq_ignore_ascii_case(token))
}

/// Serves one stream until one side ends it.
pub(crate) async fn run(upgrade: OnUpgrade, mut reader: Reader) {
    let Ok(upgraded) = upgrade.await else { return };
    let mut socket = socket(TokioIo::new(upgraded)).await;
    let counted = Counted::open("ws");
    if let Some(goodbye) = converse(&mut socket, &mut reader, &counted).await {
        close(socket, goodbye).await;
    }
}

async fn socket<S: Wire>(wire: S) -> WebSocketStream<S> {
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(WRITE_BUFFER_BYTES)
        .max_write_buffer_size(WRITE_BUFFER_BYTES_MAX)
        .max_message_size(Some(INBOUND_BYTES_MAX))
        .max_frame_size(Some(INBOUND_BYTES_MAX));
    WebSocketStream::from_raw_socket(wire, Role::Server, Some(config)).await
}

/// Says why we close, or nothing when the client has left.
async fn converse<S: Wire>(
    socket: &mut WebSocketStream<S>,
    reader: &mut Reader,
    counted: &Counted,
) -> Option<Goodbye> {
    let mut inbound = Bucket::full(INBOUND_FRAMES, Instant::now());
    loop {
        let step = tokio::select! {
            step = reader.next() => step,
            message = socket.next() => match hear(message, &mut inbound) {
                Heard::Fine => continue,
                Heard::Left => return None,
                Heard::Bad(goodbye) => return Some(goodbye),
            },
        };
        let said = match step {
            Step::Signal(signal) => {
                timeout(WRITE_WAIT, socket.send(Message::Text(signal.json().into()))).await
            }
            Step::Entries(frames) => {
                counted.delivered(frames.len());
                timeout(WRITE_WAIT, say(socket, &frames)).await
            }
            Step::End(Ending::Drain) => return Some(Goodbye::Drain),
            Step::End(Ending::Overload) => return Some(Goodbye::Overload),
        };
        match said {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::debug!(%error, "a WebSocket client is gone");
                return None;
            }
            Err(_elapsed) => return Some(Goodbye::Slow),
        }
    }
}

async fn say<S: Wire>(socket: &mut WebSocketStream<S>, frames: &[Frame]) -> Result<(), tungstenite::Error> {
    for frame in frames {
        socket.feed(Message::Text(frame.text().clone())).await?;
    }
    socket.flush().await
}

fn hear(message: Option<Result<Message, tungstenite::Error>>, inbound: &mut Bucket) -> Heard {
    let message = match message {
        None => return Heard::Left,
        Some(Err(error)) => return judge(&error),
        Some(Ok(message)) => message,
    };
    let now = Instant::now();
    inbound.charge(INBOUND_FRAMES, now, 1);
    if !inbound.wait(INBOUND_FRAMES, now).is_zero() {
        return Heard::Bad(Goodbye::TooMany);
    }
    match message {
        Message::Text(_) => Heard::Bad(Goodbye::BadInput),
        Message::Binary(_) => Heard::Bad(Goodbye::Binary),
        // Pongs are queued by the library and go out with the next read or write.
        Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => Heard::Fine,
        // The library answers; reading on gives the end.
        Message::Close(_) => Heard::Fine,
    }
}

fn judge(error: &tungstenite::Error) -> Heard {
    match error {
        tungstenite::Error::Capacity(
            CapacityError::MessageTooLong { .. } | CapacityError::TooManyHeaders,
        ) => Heard::Bad(Goodbye::TooBig),
        tungstenite::Error::Utf8(_) => Heard::Bad(Goodbye::BadText),
        tungstenite::Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => Heard::Left,
        tungstenite::Error::Protocol(_) => Heard::Bad(Goodbye::Broken),
        _ => Heard::Left,
    }
}

/// Says why, then reads on for a moment: closing with unread bytes would reset the connection and take the reason with it.
async fn close<S: Wire>(mut socket: WebSocketStream<S>, goodbye: Goodbye) {
    let frame = CloseFrame { code: goodbye.code().into(), reason: Utf8Bytes::from_static(goodbye.reason()) };
    match goodbye {
        Goodbye::Drain | Goodbye::Overload => {}
        Goodbye::Slow => ::metrics::counter!(metrics::SLOW).increment(1),
        _ => {
            let code = goodbye.code().to_string();
            ::metrics::counter!(metrics::BAD_CLIENT, "code" => code).increment(1);
        }
    }
    let parting = async {
        if socket.close(Some(frame)).await.is_ok() {
            while let Some(Ok(_)) = socket.next().await {}
        }
    };
    let _parted_or_late = timeout(CLOSE_WAIT, parting).await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{reader::BEAT_EVERY, rig::Rig};

    #[tokio::test(start_paused = true)]
    async fn a_client_that_does_not_read_is_closed_as_slow() {
        let (ours, _theirs) = tokio::io::duplex(512);
        let rig = Rig::with_entries(0, 100);
        let (mut socket, mut reader) = (socket(ours).await, rig.reader(Some(0), BEAT_EVERY));
        let began = Instant::now();
        let goodbye = converse(&mut socket, &mut reader, &Counted::open("ws")).await;
        assert_eq!(goodbye, Some(Goodbye::Slow));
        assert!(began.elapsed() >= WRITE_WAIT && began.elapsed() < WRITE_WAIT * 2);
        timeout(CLOSE_WAIT * 2, close(socket, Goodbye::Slow)).await.expect("nobody waits for it long");
    }

    #[test]
    fn tokens_are_found_in_lists_whatever_their_case() {
        let mut headers = HeaderMap::new();
        headers.append(header::CONNECTION, HeaderValue::from_static("keep-alive, Upgrade"));
        assert!(has_token(&headers, header::CONNECTION, "upgrade"));
        assert!(!has_token(&headers, header::UPGRADE, "websocket"));
    }
}
