//! Taking over a listener that another process has opened: a worker's way to the socket that all of them share.

use std::{
    fs::File,
    io::{self, IsTerminal},
    net,
    os::fd::{AsFd, OwnedFd},
};

use nix::unistd::dup2_stdin;
use socket2::{SockRef, Type};
use tokio::net::TcpListener;

use crate::Error;

/// The listener that this process was given as its standard input, in inetd's way: nothing but safe code is needed to hand one down
/// or to take it. Standard input is empty afterwards, so that the port is free once the listener is dropped everywhere.
///
/// # Errors
/// [`Error::NotAListener`] when standard input is something else, with what it is.
pub fn inherited() -> Result<TcpListener, Error> {
    let stdin = io::stdin();
    if stdin.is_terminal() {
        return Err(Error::NotAListener { is: "a terminal".to_owned() });
    }
    let system = |what| move |source| Error::System { what, source };
    let handed = stdin.as_fd().try_clone_to_owned().map_err(system("a copy of standard input"))?;
    let listener = listening(handed)?;
    let nothing = File::open("/dev/null").map_err(system("/dev/null"))?;
    dup2_stdin(&nothing).map_err(|error| system("emptying standard input")(error.into()))?;
    listener.set_nonblocking(true).map_err(system("a listener that does not block"))?;
    TcpListener::from_std(listener).map_err(system("watching the listener"))
}

/// The descriptor as a listener, if it is one.
fn listening(handed: OwnedFd) -> Result<net::TcpListener, Error> {
    let socket = SockRef::from(&handed);
    let is = match (socket.is_listener(), socket.r#type()) {
        (Err(_), _) | (_, Err(_)) => "no socket",
        (Ok(false), _) => "a socket that does not listen",
        (Ok(true), Ok(kind)) if kind != Type::STREAM => "a socket that does not carry streams",
        (Ok(true), Ok(_)) if !socket.local_addr().is_ok_and(|at| at.as_socket().is_some()) => {
            "a listener on this machine's file system, not on TCP"
        }
        (Ok(true), Ok(_)) => return Ok(net::TcpListener::from(handed)),
    };
    Err(Error::NotAListener { is: is.to_owned() })
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::{UnixListener, UnixStream};

    use super::*;

    fn refused(handed: impl Into<OwnedFd>) -> String {
        listening(handed.into()).expect_err("no listener").to_string()
    }

    #[test]
    fn a_listening_socket_is_taken_with_its_address() {
        let bound = net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = bound.local_addr().expect("bound");
        let taken = listening(bound.into()).expect("it listens");
        assert_eq!(taken.local_addr().expect("bound"), address);
    }

    #[test]
    fn whatever_is_no_listener_is_refused_by_name() {
        assert!(refused(File::open("/dev/null").expect("there")).contains("is no socket"));
        let (one, _other) = UnixStream::pair().expect("a pair");
        assert!(refused(one).contains("does not listen"));
        let udp = net::UdpSocket::bind("127.0.0.1:0").expect("a free port");
        assert!(refused(udp).contains("does not listen"));
        let dir = tempfile::tempdir().expect("a temporary directory can be made");
        let error = refused(UnixListener::bind(dir.path().join("socket")).expect("a free name"));
        assert!(error.contains("not on TCP") && error.contains("[halley] workers"), "{error}");
    }
}
