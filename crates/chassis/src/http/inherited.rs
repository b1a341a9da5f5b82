//! Taking over listeners that another process has opened: systemd's sockets (`LISTEN_FDS`), which our own supervisor hands down in the same
//! way, and a worker's way to the socket that all workers share.

use std::{
    env,
    fs::File,
    io::{self, IsTerminal},
    net::{self, SocketAddr},
    os::fd::{AsFd, OwnedFd},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use listenfd::ListenFd;
use nix::unistd::dup2_stdin;
use socket2::{SockRef, Type};
use tokio::{
    net::TcpListener,
    time::{Instant, sleep},
};

use crate::{Error, Readiness, Shutdown};

/// Names of the sockets, in their order, with colons between them.
const NAMES: &str = "LISTEN_FDNAMES";
/// More sockets than this are not handed to anybody.
const HANDED_MAX: usize = 64;

/// How often a process looks whether it is ready before it accepts from a socket that was handed down, and how long it holds back.
const LOOK_EVERY: Duration = Duration::from_millis(10);
const READY_WAIT: Duration = Duration::from_secs(10);

/// The process's inheritance: what was handed down and not taken yet. Part of the process like its standard input, and as single.
static HANDED: Mutex<Handed> = Mutex::new(Handed { sockets: Vec::new(), were_any: false });

#[derive(Debug)]
struct Handed {
    sockets: Vec<Socket>,
    were_any: bool,
}

#[derive(Debug)]
struct Socket {
    name: String,
    listener: net::TcpListener,
}

/// Takes the sockets that systemd, or a supervisor that speaks as it does, has handed down (`LISTEN_FDS`, `LISTEN_PID`,
/// `LISTEN_FDNAMES`), and says how many. From now on [`super::bind`] finds them: first by name (`site`, `halley`, `nozzle`, `hooks`,
/// `strainer`: `FileDescriptorName=` in a socket unit), then by port. Processes that we start do not inherit them.
///
/// Call it once, before any thread is started: it takes the variables out of the environment.
pub fn adopt() -> usize {
    let names = env::var(NAMES).unwrap_or_default();
    let mut given = ListenFd::from_env();
    let mut sockets = Vec::new();
    for (at, name) in (0..given.len().min(HANDED_MAX)).zip(names.split(':').chain(std::iter::repeat(""))) {
        let taken = given.take_tcp_listener(at).map(|listener| listener.map(|l| listening(l.into())));
        match taken {
            Ok(Some(Ok(listener))) => sockets.push(Socket { name: name.to_owned(), listener }),
            Ok(Some(Err(error))) => eprintln!("perihelion: socket {} of LISTEN_FDS: {error}", at + 1),
            Ok(None) => {}
            Err(error) => eprintln!("perihelion: socket {} of LISTEN_FDS is passed over: {error}", at + 1),
        }
    }
    let count = sockets.len();
    let mut handed = HANDED.lock().unwrap_or_else(PoisonError::into_inner);
    *handed = Handed { sockets, were_any: count > 0 };
    count
}

/// Whether [`adopt`] found any: another process may then accept from the same sockets.
pub fn is_handed_sockets() -> bool {
    HANDED.lock().unwrap_or_else(PoisonError::into_inner).were_any
}

/// Waits until this process is ready, if its sockets were handed down: others may serve the same ones, and whoever comes is better off
/// with them, or in the queue, than with an answer that says "not yet". It does not wait for ever, so that people are told when nothing
/// becomes ready.
pub async fn until_ready(readiness: &Readiness, shutdown: &Shutdown) {
    let began = Instant::now();
    while is_handed_sockets() && !readiness.is_ready() && began.elapsed() < READY_WAIT {
        tokio::select! {
            () = sleep(LOOK_EVERY) => {}
            () = shutdown.triggered() => return,
        }
    }
}

/// The listener that was handed down under this name, if one was.
pub fn handed(name: &str) -> Option<Result<TcpListener, Error>> {
    HANDED.lock().unwrap_or_else(PoisonError::into_inner).take(name, None).map(watched)
}

/// The listener that was handed down for the setting `key`, whose value is `address`, if one was.
pub(super) fn take(key: &str, address: &str) -> Option<Result<TcpListener, Error>> {
    let port = address.parse().ok().map(|address: SocketAddr| address.port());
    let taken = HANDED.lock().unwrap_or_else(PoisonError::into_inner).take(name_of(key), port)?;
    if let Ok(at) = taken.local_addr()
        && Ok(at) != address.parse()
    {
        tracing::info!(%at, "the socket that was handed down is used; {key} = {address} is not");
    }
    Some(watched(taken))
}

/// `[site] listen` is the socket `site`, `[nozzle] hooks_listen` is `hooks`.
fn name_of(key: &str) -> &str {
    let (section, key) = key.trim_start_matches('[').split_once(']').unwrap_or((key, ""));
    key.trim().strip_suffix("_listen").unwrap_or(section)
}

impl Handed {
    fn take(&mut self, name: &str, port: Option<u16>) -> Option<net::TcpListener> {
        let has_port = |socket: &Socket| {
            let at = socket.listener.local_addr().ok().map(|at| at.port());
            at.is_some() && at == port.filter(|port| *port > 0)
        };
        let at = self.sockets.iter().position(|socket| socket.name == name);
        let at = at.or_else(|| self.sockets.iter().position(has_port))?;
        Some(self.sockets.remove(at).listener)
    }
}

/// The listener that this process was given as its standard input, in inetd's way. Standard input is empty afterwards, so that the port is
/// free once the listener is dropped everywhere.
///
/// # Errors
/// [`Error::NotAListener`] when standard input is something else, with what it is.
pub fn inherited() -> Result<TcpListener, Error> {
    let stdin = io::stdin();
    let refused = |is: String| Error::NotAListener { is };
    if stdin.is_terminal() {
        return Err(refused("a terminal".to_owned()));
    }
    let system = |what| move |source| Error::System { what, source };
    let handed = stdin.as_fd().try_clone_to_owned().map_err(system("a copy of standard input"))?;
    let listener = listening(handed).map_err(|is| refused(is.to_owned()))?;
    let nothing = File::open("/dev/null").map_err(system("/dev/null"))?;
    dup2_stdin(&nothing).map_err(|error| system("emptying standard input")(error.into()))?;
    watched(listener)
}

fn watched(listener: net::TcpListener) -> Result<TcpListener, Error> {
    let system = |what| move |source| Error::System { what, source };
    listener.set_nonblocking(true).map_err(system("a listener that does not block"))?;
    TcpListener::from_std(listener).map_err(system("watching the listener"))
}

/// The descriptor as a listener, if it is one; else what it is.
fn listening(handed: OwnedFd) -> Result<net::TcpListener, &'static str> {
    let socket = SockRef::from(&handed);
    Err(match (socket.is_listener(), socket.r#type()) {
        (Err(_), _) | (_, Err(_)) => "no socket",
        (Ok(false), _) => "a socket that does not listen",
        (Ok(true), Ok(kind)) if kind != Type::STREAM => "a socket that does not carry streams",
        (Ok(true), Ok(_)) if !socket.local_addr().is_ok_and(|at| at.as_socket().is_some()) => {
            "a listener on this machine's file system, not on TCP"
        }
        (Ok(true), Ok(_)) => return Ok(net::TcpListener::from(handed)),
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::{UnixListener, UnixStream};

    use super::*;

    fn refused(handed: impl Into<OwnedFd>) -> &'static str {
        listening(handed.into()).expect_err("no listener")
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
        assert!(refused(File::open("/dev/null").expect("there")).contains("no socket"));
        let (one, _other) = UnixStream::pair().expect("a pair");
        assert!(refused(one).contains("does not listen"));
        let udp = net::UdpSocket::bind("127.0.0.1:0").expect("a free port");
        assert!(refused(udp).contains("does not listen"));
        let dir = tempfile::tempdir().expect("a temporary directory can be made");
        let error = refused(UnixListener::bind(dir.path().join("socket")).expect("a free name"));
        assert!(error.contains("not on TCP"), "{error}");
    }

    #[test]
    fn sockets_are_named_by_the_setting_that_they_stand_for() {
        for (key, name) in [
            ("[site] listen", "site"),
            ("[halley] listen", "halley"),
            ("[nozzle] listen", "nozzle"),
            ("[nozzle] hooks_listen", "hooks"),
            ("[strainer] listen", "strainer"),
        ] {
            assert_eq!(name_of(key), name);
        }
    }

    #[test]
    fn a_socket_is_found_by_name_before_port_and_only_once() {
        let listen = || net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = |listener: &net::TcpListener| listener.local_addr().expect("bound").port();
        let (site, plain) = (listen(), listen());
        let (site_port, plain_port) = (port(&site), port(&plain));
        let sockets = [("site", site), ("perihelion.socket", plain)];
        let sockets = sockets.map(|(name, listener)| Socket { name: name.to_owned(), listener }).into();
        let mut handed = Handed { sockets, were_any: true };
        assert!(handed.take("halley", Some(1)).is_none());
        assert!(handed.take("halley", Some(0)).is_none(), "port 0 is nobody's");
        assert_eq!(handed.take("site", Some(plain_port)).map(|l| port(&l)), Some(site_port));
        assert_eq!(handed.take("site", Some(plain_port)).map(|l| port(&l)), Some(plain_port));
        assert!(handed.take("site", Some(plain_port)).is_none());
    }
}
