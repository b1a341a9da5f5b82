//! One connection of the generator.

use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr};

use mio::net::TcpStream;
use socket2::{Domain, Protocol, SockAddr, Socket, Type};

use crate::fanout::check::Seen;
use crate::fanout::subscriber::{Manner, Subscriber};
use crate::fanout::wire::Broken;

/// What the kernel is asked to keep for a slow reader.
const SLOW_BUFFER_BYTES: usize = 4_096;
/// What Linux keeps for a reader of whom it knows nothing.
const USUAL_BUFFER_BYTES: usize = 128 * 1024;

/// Where a connection stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum State {
    /// Not open, but is to be.
    #[default]
    Away,
    /// The kernel is connecting.
    Opening,
    /// The request is out.
    Asked,
    /// The stream is granted, or the poll is held.
    Served,
    /// It failed or was ended by the server; it does not come back.
    Broken,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Slot {
    pub(super) socket: Option<TcpStream>,
    pub(super) state: State,
    pub(super) subscriber: Subscriber,
    pub(super) seen: Seen,
    /// Whether the messages that are looked for are looked for here.
    pub(super) is_expecting: bool,
    /// What the socket had no room for.
    pub(super) unsent: Vec<u8>,
}

impl Slot {
    /// Begins to connect; the request goes out when the connection stands.
    pub(super) fn open(&mut self, manner: &Manner, from: Ipv4Addr, to: SocketAddr) -> Result<(), Broken> {
        let socket = connecting(from, to).map_err(|error| Broken::Io(error.kind()))?;
        self.socket = Some(TcpStream::from_std(socket.into()));
        self.unsent.clear();
        self.subscriber.begin(manner, &mut self.unsent);
        self.state = State::Opening;
        Ok(())
    }

    /// Writes what is to be written, as far as the socket takes it.
    pub(super) fn write(&mut self) -> Result<(), Broken> {
        let Some(socket) = self.socket.as_mut() else { return Ok(()) };
        while !self.unsent.is_empty() {
            match socket.write(&self.unsent) {
                Ok(count) => {
                    self.unsent.drain(..count);
                }
                Err(error)
                    if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::NotConnected) =>
                {
                    break;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(Broken::Io(error.kind())),
            }
        }
        if self.unsent.is_empty() {
            self.unsent = Vec::new();
            if self.state == State::Opening {
                self.state = State::Asked;
            }
        }
        Ok(())
    }

    /// Leaves little room for what is not read, so that a slow reader is soon felt by the server.
    pub(super) fn shrink(&mut self) {
        if let Some(socket) = &self.socket {
            // The kernel takes at least its own least.
            let _least = socket2::SockRef::from(socket).set_recv_buffer_size(SLOW_BUFFER_BYTES);
        }
    }

    /// Ends what [`Slot::shrink`] did: what has gathered would come in drops.
    pub(super) fn widen(&mut self) {
        if let Some(socket) = &self.socket {
            let _least = socket2::SockRef::from(socket).set_recv_buffer_size(USUAL_BUFFER_BYTES);
        }
    }

    /// Ends the connection at once, with a reset: a port in TIME_WAIT would be missing in the next round.
    pub(super) fn drop_socket(&mut self) {
        if let Some(socket) = self.socket.take() {
            // A socket that is gone already needs no reset.
            let _gone = socket2::SockRef::from(&socket).set_linger(Some(std::time::Duration::ZERO));
        }
        self.unsent = Vec::new();
        self.state = State::Away;
    }
}

fn connecting(from: Ipv4Addr, to: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP))?;
    socket.set_nonblocking(true)?;
    socket.set_tcp_nodelay(true)?;
    socket.bind(&SockAddr::from(SocketAddr::from((from, 0))))?;
    match socket.connect(&SockAddr::from(to)) {
        Err(error) if !is_under_way(&error) => Err(error),
        _ => Ok(socket),
    }
}

fn is_under_way(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::WouldBlock
        || error.raw_os_error() == Some(nix::errno::Errno::EINPROGRESS as i32)
}
