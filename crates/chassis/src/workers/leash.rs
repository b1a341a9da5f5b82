//! The line between a worker and the process that started it. Whoever holds the other end says one word at the start and then
//! nothing; when it lets go, by will or because it was killed, the worker stops. So no worker outlives who started it, and a
//! signal that reaches both (Ctrl-C, a supervisor's stop) is not counted twice.

use std::{
    io::{self, Read},
    os::{
        fd::{AsFd, OwnedFd},
        unix::net::UnixStream as Line,
    },
    time::Duration,
};

use nix::unistd::dup2_stdout;
use socket2::{Domain, SockRef};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::UnixStream,
    time::timeout,
};

use crate::{Error, Secret, Shutdown};

/// The longest word.
const WORD_BYTES_MAX: usize = 1 << 20;
/// Saying and hearing it must not take longer.
const WORD_WAIT: Duration = Duration::from_secs(10);

/// A worker's end of the line.
#[derive(Debug)]
pub struct Leash(Line);

impl Leash {
    /// Takes the line from standard output, where [`super::run`] puts it, and hears the word. What is printed from now on goes to
    /// standard error.
    ///
    /// # Errors
    /// [`Error::NotAWorker`] when this process was not started by [`super::run`].
    pub fn take() -> Result<(Self, Secret<String>), Error> {
        let handed = io::stdout().as_fd().try_clone_to_owned().map_err(not_a_worker)?;
        let mut line = as_line(handed).map_err(not_a_worker)?;
        let word = hear(&mut line).map_err(not_a_worker)?;
        dup2_stdout(io::stderr()).map_err(|error| not_a_worker(error.into()))?;
        Ok((Self(line), Secret::new(word)))
    }

    /// Triggers `shutdown` when the other end lets go.
    ///
    /// # Errors
    /// [`Error::System`] when the line cannot be watched.
    pub fn hold(self, shutdown: &Shutdown) -> Result<(), Error> {
        let watched = |source| Error::System { what: "watching who started this worker", source };
        self.0.set_nonblocking(true).map_err(watched)?;
        let mut line = UnixStream::from_std(self.0).map_err(watched)?;
        let stop = shutdown.clone();
        shutdown.spawn(async move {
            tokio::select! {
                () = gone(&mut line) => {
                    tracing::info!("who started this worker stops it, or has gone");
                    stop.trigger();
                }
                () = stop.triggered() => {}
            }
        });
        Ok(())
    }
}

fn not_a_worker(source: io::Error) -> Error {
    Error::NotAWorker { source }
}

fn as_line(handed: OwnedFd) -> io::Result<Line> {
    if SockRef::from(&handed).domain()? == Domain::UNIX {
        return Ok(Line::from(handed));
    }
    Err(io::Error::new(io::ErrorKind::InvalidInput, "standard output is another kind of socket"))
}

async fn gone(line: &mut UnixStream) {
    let mut more = [0; 64];
    while line.read(&mut more).await.is_ok_and(|read| read > 0) {}
}

/// Both ends: ours is watched, theirs is handed down.
pub(super) fn pair() -> io::Result<(UnixStream, OwnedFd)> {
    let (ours, theirs) = Line::pair()?;
    ours.set_nonblocking(true)?;
    Ok((UnixStream::from_std(ours)?, theirs.into()))
}

/// Says the word: its length in four bytes, then itself.
pub(super) async fn tell(line: &mut UnixStream, word: &str) -> io::Result<()> {
    let length = u32::try_from(word.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
    let said = async {
        line.write_all(&length.to_be_bytes()).await?;
        line.write_all(word.as_bytes()).await
    };
    timeout(WORD_WAIT, said).await?
}

fn hear(line: &mut Line) -> io::Result<String> {
    line.set_read_timeout(Some(WORD_WAIT))?;
    let mut length = [0; 4];
    line.read_exact(&mut length)?;
    let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
    if length > WORD_BYTES_MAX {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut word = vec![0; length];
    line.read_exact(&mut word)?;
    String::from_utf8(word).map_err(|_| io::ErrorKind::InvalidData.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_worker_hears_its_word_and_stops_when_the_other_end_is_gone() {
        let (mut ours, theirs) = pair().expect("a pair");
        let word = "data_dir = \"ä\"\n".repeat(5000);
        tell(&mut ours, &word).await.expect("it is said");
        let mut line = as_line(theirs).expect("a Unix socket");
        assert_eq!(hear(&mut line).expect("it is heard"), word);
        let shutdown = Shutdown::new();
        Leash(line).hold(&shutdown).expect("it can be watched");
        tokio::task::yield_now().await;
        assert!(!shutdown.is_triggered());
        drop(ours);
        shutdown.triggered().await;
    }

    #[test]
    fn a_file_is_no_line_and_a_cut_word_is_no_word() {
        assert!(as_line(std::fs::File::open("/dev/null").expect("there").into()).is_err());
        let (ours, mut theirs) = Line::pair().expect("a pair");
        io::Write::write_all(&mut &ours, &[0, 0, 0, 9, b'x']).expect("room");
        drop(ours);
        assert!(hear(&mut theirs).is_err());
    }
}
