//! For tests: frames as clients write them, and how tungstenite and we hear them.

use std::{
    io::{self, Read, Write},
    ops::ControlFlow,
};

use tokio_tungstenite::tungstenite::{
    Error, Message, WebSocket,
    protocol::{Role, WebSocketConfig},
};

use super::{Heard, INBOUND_BYTES_MAX, Inbound};

pub(super) const MASK: [u8; 4] = [0x6d, 0xb6, 0xb2, 0x80];

/// A frame with the first byte (end, reserved bits, opcode) as given, in the shortest form.
pub(super) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    match payload.len() {
        len @ 0..126 => bytes.push(0x80 | len as u8),
        len @ 126..65_536 => {
            bytes.push(0x80 | 126);
            bytes.extend((len as u16).to_be_bytes());
        }
        len => {
            bytes.push(0x80 | 127);
            bytes.extend((len as u64).to_be_bytes());
        }
    }
    bytes.extend(MASK);
    bytes.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    bytes
}

/// What reached the one who listens, and the code that the socket is closed with.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Told {
    Ping(Vec<u8>),
    Pong,
    Text,
    Binary,
    Closed(Option<u16>),
}

/// Cuts as `sizes` say, again and again; uncut without any.
pub(super) fn cut<'a>(bytes: &'a [u8], sizes: &[usize]) -> Vec<&'a [u8]> {
    let (mut pieces, mut rest) = (Vec::new(), bytes);
    for size in sizes.iter().cycle() {
        let (piece, after) = rest.split_at((*size).clamp(1, rest.len().max(1)).min(rest.len()));
        pieces.push(piece);
        rest = after;
        if rest.is_empty() {
            return pieces;
        }
    }
    vec![rest]
}

/// How we hear the bytes, fragments left out; and how many frames that were.
pub(super) fn ours(pieces: &[&[u8]], is_deflating: bool) -> (Vec<Told>, usize) {
    let (mut inbound, mut told, mut frames) = (Inbound::default(), Vec::new(), 0);
    for piece in pieces {
        inbound.hear(&mut piece.to_vec(), is_deflating, &mut |heard| {
            frames += 1;
            assert!(!matches!(told.last(), Some(Told::Closed(_))), "{heard:?} after the end");
            told.extend(match heard {
                Heard::Fragment => None,
                Heard::Ping(payload) => Some(Told::Ping(payload.to_vec())),
                Heard::Pong => Some(Told::Pong),
                Heard::Message(why) => Some(if why.code() == 1003 { Told::Binary } else { Told::Text }),
                Heard::Close(code) => Some(Told::Closed(code)),
                Heard::Bad(why) => Some(Told::Closed(Some(why.code()))),
            });
            ControlFlow::Continue(())
        });
    }
    (told, frames)
}

/// How tungstenite hears them, up to the end of the bytes or of the socket.
pub(super) fn theirs(pieces: &[&[u8]]) -> Vec<Told> {
    let cap = Some(INBOUND_BYTES_MAX as usize);
    let config = WebSocketConfig::default().read_buffer_size(1024).max_message_size(cap).max_frame_size(cap);
    let pipe = Pipe(pieces.iter().filter(|piece| !piece.is_empty()).map(|piece| piece.to_vec()).collect());
    let mut socket = WebSocket::from_raw_socket(pipe, Role::Server, Some(config));
    let mut told = Vec::new();
    while !matches!(told.last(), Some(Told::Closed(_))) {
        told.push(match socket.read() {
            Ok(Message::Ping(payload)) => Told::Ping(payload.to_vec()),
            Ok(Message::Pong(_)) => Told::Pong,
            Ok(Message::Text(_)) => Told::Text,
            Ok(Message::Binary(_)) => Told::Binary,
            Ok(Message::Close(frame)) => Told::Closed(frame.map(|frame| frame.code.into())),
            Ok(Message::Frame(_)) => unreachable!("never read"),
            Err(Error::Io(_)) => break,
            Err(Error::Capacity(_)) => Told::Closed(Some(1009)),
            Err(Error::Utf8(_)) => Told::Closed(Some(1007)),
            Err(Error::Protocol(_)) => Told::Closed(Some(1002)),
            Err(error) => panic!("{error}"),
        });
    }
    told
}

/// Gives one piece with each read, and nothing more at the end; takes whatever is written.
struct Pipe(std::collections::VecDeque<Vec<u8>>);

impl Read for Pipe {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(piece) = self.0.front_mut() else { return Err(io::ErrorKind::WouldBlock.into()) };
        let size = piece.len().min(buffer.len());
        buffer[..size].copy_from_slice(&piece[..size]);
        piece.drain(..size);
        if piece.is_empty() {
            self.0.pop_front();
        }
        Ok(size)
    }
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
