//! Asking the supervisor over its control socket: for `perihelion ctl` and for the dashboard.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::time::timeout;

use super::launch::CONTROL_VARIABLE;
use super::status::Status;
use super::wire::{ANSWER_BYTES_MAX, Answer, Lines, LogsRequest, Reloaded, Request};

/// How long the supervisor may take to answer; it answers in milliseconds.
const ANSWER_WAIT: Duration = Duration::from_secs(5);
/// Where its files lie, below the data directory.
pub(crate) const RUN_DIR: &str = "run";
const SOCKET: &str = "supervisor.sock";

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// No supervisor runs here.
    #[error("no supervisor answers at {}: start one with `perihelion supervise`, or name its socket with --socket", .0.display())]
    Nobody(PathBuf),
    #[error("the supervisor's socket {} cannot be used: {source}", .path.display())]
    Failed { path: PathBuf, source: io::Error },
    /// It says no, and why.
    #[error("{0}")]
    Refused(String),
}

/// One supervisor. Each question has a connection of its own, so it may be restarted in between.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    path: PathBuf,
}

impl Client {
    /// The supervisor at this socket.
    pub(crate) fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// The supervisor that started this process, if one did.
    pub(crate) fn ours() -> Option<Self> {
        std::env::var_os(CONTROL_VARIABLE).filter(|path| !path.is_empty()).map(Self::at)
    }

    /// Where the supervisor of a data directory listens.
    pub(crate) fn socket_in(data_dir: &Path) -> PathBuf {
        data_dir.join(RUN_DIR).join(SOCKET)
    }

    /// Everything about everybody.
    ///
    /// # Errors
    /// [`Error`].
    pub(crate) async fn status(&self) -> Result<Status, Error> {
        match self.ask(&Request::Status).await? {
            Answer::Status(status) => Ok(*status),
            other => Err(self.odd(&other)),
        }
    }

    /// Asks to start, stop or restart; the number of the task, which the status tells more of.
    ///
    /// # Errors
    /// [`Error`]; refused when there is no such process.
    pub(crate) async fn act(&self, request: &Request) -> Result<u64, Error> {
        match self.ask(request).await? {
            Answer::Begun { task } => Ok(task),
            other => Err(self.odd(&other)),
        }
    }

    /// Has supervisor.toml read again.
    ///
    /// # Errors
    /// [`Error`]; refused when it cannot be, and then nothing has changed.
    pub(crate) async fn reload(&self) -> Result<Reloaded, Error> {
        match self.ask(&Request::Reload).await? {
            Answer::Reloaded(done) => Ok(done),
            other => Err(self.odd(&other)),
        }
    }

    /// The newest lines of a process's output.
    ///
    /// # Errors
    /// [`Error`]; refused when there is no such process.
    pub(crate) async fn logs(&self, request: LogsRequest) -> Result<Lines, Error> {
        match self.ask(&Request::Logs(request)).await? {
            Answer::Logs(lines) => Ok(lines),
            other => Err(self.odd(&other)),
        }
    }

    /// Asks anything. What is refused is an error.
    ///
    /// # Errors
    /// [`Error`].
    pub(crate) async fn ask(&self, request: &Request) -> Result<Answer, Error> {
        let answered = timeout(ANSWER_WAIT, self.converse(request)).await;
        match answered.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())) {
            Ok(Answer::Refused { why }) => Err(Error::Refused(why)),
            Ok(answer) => Ok(answer),
            Err(error) => Err(match error.kind() {
                io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => {
                    Error::Nobody(self.path.clone())
                }
                _ => Error::Failed { path: self.path.clone(), source: error },
            }),
        }
    }

    async fn converse(&self, request: &Request) -> io::Result<Answer> {
        let mut stream = UnixStream::connect(&self.path).await?;
        let mut line = serde_json::to_vec(request)?;
        line.push(b'\n');
        stream.write_all(&line).await?;
        let mut answer = Vec::new();
        let limit = u64::try_from(ANSWER_BYTES_MAX).unwrap_or(u64::MAX);
        BufReader::new(stream).take(limit).read_until(b'\n', &mut answer).await?;
        Ok(serde_json::from_slice(&answer)?)
    }

    fn odd(&self, answer: &Answer) -> Error {
        let source = io::Error::other(format!("an answer to another question: {answer:?}"));
        Error::Failed { path: self.path.clone(), source }
    }
}
