//! WebSocket frames (RFC 6455), without a buffer for a client who says nothing. tungstenite reads and writes every header.
//!
//! Here is what halley writes; what clients write is read in `frames/inbound.rs`. Why a socket is closed stands in `goodbye.rs`, the
//! handshake in `handshake.rs`.

mod inbound;
mod utf8;

use tokio_tungstenite::tungstenite::{
    Utf8Bytes,
    protocol::{
        CloseFrame,
        frame::{
            Frame, FrameHeader,
            coding::{Data, OpCode},
        },
    },
};

pub(crate) use inbound::{Heard, Inbound};

/// A message from a client, all its fragments together.
pub(crate) const INBOUND_BYTES_MAX: u64 = 4 * 1024;
/// What a control frame may carry (RFC 6455 section 5.5).
pub(crate) const CONTROL_BYTES_MAX: usize = 125;
/// The longest header that we write: two bytes, and a length of eight.
const HEAD_BYTES_MAX: usize = 10;

/// The header of one text frame of ours, to be written before its payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TextHeader {
    bytes: [u8; HEAD_BYTES_MAX],
    len: u8,
}

impl AsRef<[u8]> for TextHeader {
    fn as_ref(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }
}

/// For a whole message of `payload_bytes`; `is_deflated` marks it as compressed (RFC 7692 section 6), where that was agreed.
pub(crate) fn text_header(payload_bytes: usize, is_deflated: bool) -> TextHeader {
    let header =
        FrameHeader { opcode: OpCode::Data(Data::Text), rsv1: is_deflated, ..FrameHeader::default() };
    let mut bytes = [0; HEAD_BYTES_MAX];
    let mut rest = &mut bytes[..];
    header.format(payload_bytes as u64, &mut rest).expect("the longest header fits");
    let len = (HEAD_BYTES_MAX - rest.len()) as u8;
    TextHeader { bytes, len }
}

/// The answer to a ping: the same payload.
pub(crate) fn pong(payload: &[u8]) -> Vec<u8> {
    debug_assert!(payload.len() <= CONTROL_BYTES_MAX, "a control frame");
    formatted(Frame::pong(payload.to_vec()))
}

/// The answer to a client's close: the same code, or none.
pub(crate) fn close_echo(code: Option<u16>) -> Vec<u8> {
    formatted(Frame::close(code.map(|code| CloseFrame { code: code.into(), reason: Utf8Bytes::default() })))
}

fn formatted(frame: Frame) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(frame.len());
    frame.format(&mut bytes).expect("a vector takes all");
    bytes
}

#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod rig;
#[cfg(test)]
mod tests;
