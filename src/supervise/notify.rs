//! Hearing what a process says of itself, in systemd's words: `READY=1`, `STATUS=...`, `WATCHDOG=1`. One socket for each run, under a name
//! that only the run is told.

use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram as Std};

use tokio::net::UnixDatagram;

/// Longest message, in bytes; a longer one is cut.
const MESSAGE_BYTES_MAX: usize = 4 * 1024;
/// Longest `STATUS=`, in characters.
const STATUS_CHARS_MAX: usize = 200;

/// What a message says, as far as we want to know.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Note {
    pub(crate) is_ready: bool,
    pub(crate) status: Option<String>,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Ear {
    socket: UnixDatagram,
    /// What goes into `NOTIFY_SOCKET`.
    pub(crate) name: String,
}

impl Ear {
    pub(crate) fn open() -> io::Result<Self> {
        // No file: nothing to remove, no limit on a path's length, and reachable for any user who knows the name.
        let name = format!("perihelion-{:032x}", rand::random::<u128>());
        let socket = Std::bind_addr(&SocketAddr::from_abstract_name(&name)?)?;
        socket.set_nonblocking(true)?;
        Ok(Self { socket: UnixDatagram::from_std(socket)?, name: format!("@{name}") })
    }

    /// The next message.
    pub(crate) async fn hear(&self) -> io::Result<Note> {
        let mut message = [0; MESSAGE_BYTES_MAX];
        let length = self.socket.recv(&mut message).await?;
        Ok(read(&message[..length]))
    }
}

/// Lines of `NAME=value`; whatever else they say is somebody else's to know.
fn read(message: &[u8]) -> Note {
    let mut note = Note::default();
    for line in String::from_utf8_lossy(message).lines() {
        match line.split_once('=') {
            Some(("READY", "1")) => note.is_ready = true,
            Some(("STATUS", status)) => {
                let clean = status.chars().map(|c| if c.is_control() { ' ' } else { c });
                note.status = Some(clean.take(STATUS_CHARS_MAX).collect());
            }
            _ => {}
        }
    }
    note
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_a_process_says_is_heard_and_the_rest_is_passed_over() {
        let ear = Ear::open().expect("a socket");
        let name = ear.name.strip_prefix('@').expect("abstract");
        let mouth = Std::unbound().expect("a socket");
        let to = SocketAddr::from_abstract_name(name).expect("a name");
        mouth.send_to_addr(b"STATUS=waiting\x1b for Redis\nREADY=1\nMAINPID=7\nnonsense", &to).expect("sent");
        let note = ear.hear().await.expect("heard");
        assert_eq!(note, Note { is_ready: true, status: Some("waiting  for Redis".to_owned()) });
        mouth.send_to_addr(b"WATCHDOG=1\n\xff\xfe", &to).expect("sent");
        assert_eq!(ear.hear().await.expect("heard"), Note::default());
        mouth.send_to_addr(format!("STATUS={}", "ä".repeat(9000)).as_bytes(), &to).expect("sent");
        assert_eq!(
            ear.hear().await.expect("heard").status.map(|s| s.chars().count()),
            Some(STATUS_CHARS_MAX)
        );
    }
}
