//! Writing to and reading from sockets that would rather block than take or give more.

use std::{
    io::{self, ErrorKind, Read},
    net::Shutdown,
};

use mio::net::TcpStream;
use socket2::SockRef;

/// Bytes that the kernel may hold unsent before it takes another record. Whatever a client has not read beyond these stays shared, in the ring.
const UNSENT_BYTES_MAX: u32 = 8 * 1024;
/// A record ends as soon as it has so many bytes. The kernel counts what is unsent only when it begins a buffer, and goes on filling one up to
/// half the window of the client, 64 KiB perhaps; a record's end makes it begin another. With [`WRITE_BYTES_MAX`], a client that does not read
/// costs at most 28 KiB of bytes and 1 KiB for each of few buffers.
const RECORD_BYTES: usize = 8 * 1024;
/// What is written at once, so that no record is much larger.
const WRITE_BYTES_MAX: usize = 12 * 1024;
/// Ends a record: the same number on all kinds of Linux (send(2)). A stream's bytes are not changed by it.
const MSG_EOR: i32 = 0x80;
/// The same when a connection ends: room for the end of the entry it is in, and for the reason.
const LAST_UNSENT_BYTES_MAX: u32 = 512 * 1024;

/// The other end is gone.
pub(super) struct Gone;

/// Bounds what the kernel holds for a client that does not read.
pub(super) fn bound(stream: &TcpStream) {
    set_unsent(stream, UNSENT_BYTES_MAX);
}

/// Makes room for the last words.
pub(super) fn unbound(stream: &TcpStream) {
    set_unsent(stream, LAST_UNSENT_BYTES_MAX);
}

fn set_unsent(stream: &TcpStream, bytes: u32) {
    if let Err(error) = SockRef::from(stream).set_tcp_notsent_lowat(bytes) {
        // A peer that is gone already shows with the next write.
        tracing::debug!(%error, "what the kernel holds unsent keeps its bound");
    }
}

/// The bytes of the record that was begun last.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Record(u32);

impl Record {
    /// What tells the kernel whether so many bytes more are the end of it.
    fn flags(self, bytes: usize) -> i32 {
        if self.0 as usize + bytes >= RECORD_BYTES { MSG_EOR } else { 0 }
    }

    /// So many were taken with these flags; only all of them together end it.
    fn took(&mut self, bytes: usize, are_all: bool, flags: i32) {
        self.0 = if are_all && flags == MSG_EOR { 0 } else { self.0.saturating_add(bytes as u32) };
    }
}

/// How many of these bytes the socket took: fewer than all when it is full.
pub(super) fn write(stream: &TcpStream, bytes: &[u8], record: &mut Record) -> Result<usize, Gone> {
    let socket = SockRef::from(stream);
    let mut sent = 0;
    while sent < bytes.len() {
        let piece = &bytes[sent..bytes.len().min(sent + WRITE_BYTES_MAX)];
        let flags = record.flags(piece.len());
        match socket.send_with_flags(piece, flags) {
            Ok(0) => return Err(Gone),
            Ok(taken) => {
                sent += taken;
                record.took(taken, taken == piece.len(), flags);
                if taken < piece.len() {
                    break;
                }
            }
            Err(error) => match error.kind() {
                ErrorKind::Interrupted => {}
                ErrorKind::WouldBlock => break,
                _ => return Err(Gone),
            },
        }
    }
    Ok(sent)
}

/// How many bytes came; `None` when there are none now.
pub(super) fn read(stream: &TcpStream, into: &mut [u8]) -> Result<Option<usize>, Gone> {
    let mut stream = stream;
    loop {
        match stream.read(into) {
            Ok(0) => return Err(Gone),
            Ok(came) => return Ok(Some(came)),
            Err(error) => match error.kind() {
                ErrorKind::Interrupted => {}
                ErrorKind::WouldBlock => return Ok(None),
                _ => return Err(Gone),
            },
        }
    }
}

/// Says that nothing more will be written.
pub(super) fn finish(stream: &TcpStream) -> Result<(), Gone> {
    stream.shutdown(Shutdown::Write).map_err(|_: io::Error| Gone)
}
