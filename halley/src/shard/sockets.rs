//! Writing to and reading from sockets that would rather block than take or give more.

use std::{
    io::{self, ErrorKind, Read, Write},
    net::Shutdown,
};

use mio::net::TcpStream;
use socket2::SockRef;

/// Bytes that the kernel may hold unsent for a stream. Whatever a client has not read beyond these stays shared, in the ring.
const UNSENT_BYTES_MAX: u32 = 16 * 1024;
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

/// How many of these bytes the socket took: fewer than all when it is full.
pub(super) fn write(stream: &TcpStream, bytes: &[u8]) -> Result<usize, Gone> {
    let mut stream = stream;
    loop {
        match stream.write(bytes) {
            Ok(0) => return Err(Gone),
            Ok(sent) => return Ok(sent),
            Err(error) => match error.kind() {
                ErrorKind::Interrupted => {}
                ErrorKind::WouldBlock => return Ok(0),
                _ => return Err(Gone),
            },
        }
    }
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
