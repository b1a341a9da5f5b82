//! The server's half of a WebSocket, by hand, because its faults are the point: frames may be cut, dripped and broken.

use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc;
use tokio::time::sleep;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use crate::faults::Faults;
use crate::http::{self as web, Answer, Broken};

/// Largest frame of a client, in bytes.
const CLIENT_FRAME_BYTES_MAX: usize = 64 * 1024;
const TEXT: u8 = 0x1;
const BINARY: u8 = 0x2;
const CLOSE: u8 = 0x8;
const PING: u8 = 0x9;
const PONG: u8 = 0xa;

/// The client's key, when it asks for a WebSocket.
pub(super) fn key(headers: &HeaderMap) -> Option<String> {
    let text = |name: header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let is_asked = text(header::UPGRADE).is_some_and(|value| value.eq_ignore_ascii_case("websocket"))
        && text(header::SEC_WEBSOCKET_VERSION) == Some("13");
    text(header::SEC_WEBSOCKET_KEY).filter(|_| is_asked).map(str::to_owned)
}

/// The answer that accepts it (RFC 6455, section 4.2.2).
pub(super) fn accepted(key: &str) -> Answer {
    let mut answer = web::text(StatusCode::SWITCHING_PROTOCOLS.as_u16(), "", String::new());
    let headers = answer.headers_mut();
    headers.clear();
    headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    if let Ok(value) = HeaderValue::try_from(derive_accept_key(key.as_bytes())) {
        headers.insert(header::SEC_WEBSOCKET_ACCEPT, value);
    }
    answer
}

fn frame(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x80 | opcode];
    match payload.len() {
        short @ 0..=125 => frame.push(short as u8),
        middle @ 126..=0xffff => {
            frame.push(126);
            frame.extend_from_slice(&(middle as u16).to_be_bytes());
        }
        long => {
            frame.push(127);
            frame.extend_from_slice(&(long as u64).to_be_bytes());
        }
    }
    frame.extend_from_slice(payload);
    frame
}

/// A text frame; the text may be none.
pub(super) fn text(payload: &[u8]) -> Vec<u8> {
    frame(TEXT, payload)
}

pub(super) fn binary(payload: &[u8]) -> Vec<u8> {
    frame(BINARY, payload)
}

pub(super) fn ping() -> Vec<u8> {
    frame(PING, b"")
}

pub(super) fn close(code: u16, reason: &str) -> Vec<u8> {
    frame(CLOSE, &[&code.to_be_bytes(), reason.as_bytes()].concat())
}

/// How a connection behaves.
pub(super) struct Manners {
    /// Pings are not answered.
    is_silent: bool,
    /// So many bytes at a time; 0 for all.
    drip_bytes: usize,
    drip: Duration,
}

impl Manners {
    pub(super) fn of(faults: &Faults) -> Self {
        Self {
            is_silent: faults.no_pong,
            drip_bytes: faults.drip_bytes,
            drip: Duration::from_millis(faults.drip_ms),
        }
    }
}

/// Carries what is delivered to the client and answers its pings, until one of the two ends.
pub(super) async fn carry<S: AsyncRead + AsyncWrite>(
    io: S,
    mut taken: mpsc::Receiver<Result<Bytes, Broken>>,
    manners: Manners,
) {
    let (mut reader, mut writer) = tokio::io::split(io);
    let mut inbound = BytesMut::new();
    let mut boundary = Boundary::default();
    let mut owed = Vec::new();
    loop {
        tokio::select! {
            chunk = taken.recv() => {
                let Some(Ok(chunk)) = chunk else { break };
                boundary.passes(&chunk);
                if write(&mut writer, &chunk, &manners).await.is_err() {
                    return;
                }
            }
            read = reader.read_buf(&mut inbound) => {
                if !matches!(read, Ok(1..)) {
                    return;
                }
                loop {
                    match client_frame(&mut inbound) {
                        Ok(Some((PING, payload))) if !manners.is_silent => owed.extend(frame(PONG, &payload)),
                        Ok(Some((CLOSE, _))) | Err(()) => return,
                        Ok(Some(_)) => {}
                        Ok(None) => break,
                    }
                }
            }
        }
        // A pong in the middle of another frame would be part of that frame.
        if boundary.is_one()
            && !owed.is_empty()
            && writer.write_all(&std::mem::take(&mut owed)).await.is_err()
        {
            return;
        }
    }
    let _gone_already = writer.shutdown().await;
}

async fn write<W: AsyncWrite + Unpin>(
    writer: &mut W,
    chunk: &[u8],
    manners: &Manners,
) -> std::io::Result<()> {
    if manners.drip_bytes == 0 {
        return writer.write_all(chunk).await;
    }
    for piece in chunk.chunks(manners.drip_bytes) {
        writer.write_all(piece).await?;
        sleep(manners.drip).await;
    }
    Ok(())
}

/// The next whole frame of a client, unmasked; an error when it is none.
fn client_frame(inbound: &mut BytesMut) -> Result<Option<(u8, Vec<u8>)>, ()> {
    let Some([first, second]) = inbound.first_chunk::<2>().copied() else { return Ok(None) };
    let (length, head) = match second & 0x7f {
        126 => match inbound.get(2..4) {
            Some(bytes) => (usize::from(u16::from_be_bytes([bytes[0], bytes[1]])), 4),
            None => return Ok(None),
        },
        127 => return Err(()),
        short => (usize::from(short), 2),
    };
    if second & 0x80 == 0 || length > CLIENT_FRAME_BYTES_MAX {
        return Err(());
    }
    if inbound.len() < head + 4 + length {
        return Ok(None);
    }
    inbound.advance(head);
    let mask = inbound.split_to(4);
    let payload =
        inbound.split_to(length).iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask).collect();
    Ok(Some((first & 0x0f, payload)))
}

/// Follows what is written, to know where a frame ends.
#[derive(Default)]
struct Boundary {
    head: Vec<u8>,
    left: u64,
}

impl Boundary {
    fn passes(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            if self.left > 0 {
                let skipped = self.left.min(bytes.len() as u64);
                self.left -= skipped;
                bytes = &bytes[skipped as usize..];
                continue;
            }
            self.head.push(bytes[0]);
            bytes = &bytes[1..];
            let length = match self.head.get(1) {
                Some(126) => self.head.get(2..4).map(|b| u64::from(u16::from_be_bytes([b[0], b[1]]))),
                Some(127) => self.head.get(2..10).and_then(|b| b.try_into().ok()).map(u64::from_be_bytes),
                Some(short) => Some(u64::from(*short)),
                None => None,
            };
            if let Some(length) = length {
                self.left = length;
                self.head.clear();
            }
        }
    }

    fn is_one(&self) -> bool {
        self.left == 0 && self.head.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_accepted_as_the_standard_says() {
        let answer = accepted("dGhlIHNhbXBsZSBub25jZQ==");
        assert_eq!(answer.headers()[header::SEC_WEBSOCKET_ACCEPT], "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        assert_eq!(answer.status(), 101);
    }

    #[test]
    fn frames_of_every_length_are_followed_to_their_end() {
        for length in [0, 1, 125, 126, 65_535, 65_536, 70_000] {
            let bytes = text(&vec![b'x'; length]);
            for size in [1, 3, 4096] {
                let mut boundary = Boundary::default();
                for (n, chunk) in bytes.chunks(size).enumerate() {
                    assert!(n == 0 || !boundary.is_one(), "{length} in {size}");
                    boundary.passes(chunk);
                }
                assert!(boundary.is_one(), "{length} in {size}");
            }
        }
    }

    #[test]
    fn a_clients_frame_is_unmasked_and_an_unmasked_one_refused() {
        let mut bytes = BytesMut::from(&[0x89, 0x82, 1, 2, 3, 4, b'h' ^ 1, b'i' ^ 2][..]);
        assert_eq!(client_frame(&mut bytes), Ok(Some((PING, b"hi".to_vec()))));
        assert_eq!(client_frame(&mut bytes), Ok(None));
        assert_eq!(client_frame(&mut BytesMut::from(&[0x89, 0x00][..])), Err(()));
    }
}
