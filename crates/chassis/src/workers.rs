//! Several processes of one program that serve one listener: who starts them, brings them back, and stops them.
//!
//! The process that opens the listener serves nobody. It starts the workers and hands each the listener as standard input and one end
//! of a [`Leash`] as standard output. It keeps the listener itself: while a worker is being replaced, who connects meanwhile waits a
//! moment instead of being refused. What a worker does with the listener is not known here; see [`crate::http::inherited`].

mod leash;

use std::{
    fmt, io,
    net::TcpListener,
    os::fd::OwnedFd,
    process::{ExitStatus, Stdio},
    str::FromStr,
    sync::Arc,
    time::Duration,
};

use tokio::{
    net::UnixStream,
    process::{Child, Command},
    task::JoinSet,
    time::{Instant, sleep, timeout},
};

pub use leash::Leash;

use crate::{Backoff, Secret, Shutdown, shutdown};

/// More processes than this never share one listener.
pub const WORKERS_MAX: usize = 256;
/// The wait before a worker that ended is started again: the first, and the longest.
const AGAIN_STEP: Duration = Duration::from_millis(100);
const AGAIN_MAX: Duration = Duration::from_secs(10);
/// A worker that has run so long was healthy.
const PROVEN_AFTER: Duration = Duration::from_secs(30);
/// A worker may take its own [`shutdown::DEADLINE`] to stop, and a little more to end.
const STOP_WAIT: Duration = shutdown::DEADLINE.saturating_add(Duration::from_secs(3));

/// Which of the workers a process is: `2/4`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seat {
    number: usize,
    of: usize,
}

impl Seat {
    /// All seats of so many workers.
    pub fn all(of: usize) -> impl Iterator<Item = Self> {
        (1..=of.min(WORKERS_MAX)).map(move |number| Self { number, of })
    }

    /// From 1.
    pub fn number(self) -> usize {
        self.number
    }

    /// How many workers there are.
    pub fn of(self) -> usize {
        self.of
    }
}

impl fmt::Display for Seat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.of)
    }
}

impl FromStr for Seat {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let numbers = text.split_once('/').map(|(number, of)| (number.parse(), of.parse()));
        match numbers {
            Some((Ok(number), Ok(of))) if (1..=of).contains(&number) && of <= WORKERS_MAX => {
                Ok(Self { number, of })
            }
            _ => Err("a worker is written as its number and how many there are: 2/4".to_owned()),
        }
    }
}

/// Runs `of` workers on `listener` until `shutdown` is triggered, and returns when all have ended. `command` makes the process for
/// a seat; its standard input and output are set here. Each worker is told `word` (its settings) once, over its leash.
///
/// A worker that ends by itself is started again, later and later while it keeps failing. When the stop is asked for, the listener
/// closes at once, the workers are let off the leash and stop by their own rules; one that does not end is killed.
pub async fn run(
    listener: TcpListener,
    of: usize,
    word: Secret<String>,
    command: impl Fn(Seat) -> Command,
    shutdown: &Shutdown,
) {
    let (listener, word) = (Arc::new(OwnedFd::from(listener)), Arc::new(word));
    let mut keepers = JoinSet::new();
    for seat in Seat::all(of) {
        let worker = Worker { seat, command: command(seat), listener: listener.clone(), word: word.clone() };
        keepers.spawn(worker.keep(shutdown.clone()));
    }
    drop(listener);
    while keepers.join_next().await.is_some() {}
}

/// One seat, whoever sits on it just now.
struct Worker {
    seat: Seat,
    command: Command,
    listener: Arc<OwnedFd>,
    word: Arc<Secret<String>>,
}

impl Worker {
    async fn keep(mut self, shutdown: Shutdown) {
        let mut backoff = Backoff::exponential(AGAIN_STEP, AGAIN_MAX).at_least();
        let seat = self.seat;
        while !shutdown.is_triggered() {
            let began = Instant::now();
            let ended = match self.start().await {
                Ok((mut child, leash)) => tokio::select! {
                    biased;
                    () = shutdown.triggered() => {
                        drop(self);
                        return stop(seat, child, leash, &shutdown).await;
                    }
                    ended = child.wait() => ended,
                },
                Err(error) => Err(error),
            };
            if began.elapsed() >= PROVEN_AFTER {
                backoff.proven();
            }
            let wait = backoff.failed();
            say_ended(seat, &ended, wait);
            tokio::select! {
                () = sleep(wait) => {}
                () = shutdown.triggered() => {}
            }
        }
    }

    async fn start(&mut self) -> io::Result<(Child, UnixStream)> {
        let (mut ours, theirs) = leash::pair()?;
        self.command
            .stdin(Stdio::from(self.listener.try_clone()?))
            .stdout(Stdio::from(theirs))
            .kill_on_drop(true);
        let started = self.command.spawn();
        // The command keeps what it was given: our copy of their end would hide that the worker has gone.
        self.command.stdin(Stdio::null()).stdout(Stdio::null());
        let child = started?;
        tracing::info!(worker.seat = %self.seat, worker.pid = child.id(), "a worker was started");
        // A worker that does not listen to the end is ending: whoever waits for it says so.
        if let Err(error) = leash::tell(&mut ours, self.word.expose()).await {
            tracing::debug!(worker.seat = %self.seat, %error, "a worker did not take its settings");
        }
        Ok((child, ours))
    }
}

fn say_ended(seat: Seat, ended: &io::Result<ExitStatus>, wait: Duration) {
    let wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
    match ended {
        Ok(status) => {
            tracing::warn!(worker.seat = %seat, worker.end = %status, wait_ms, "a worker ended; it is started again");
        }
        Err(error) => {
            tracing::error!(worker.seat = %seat, %error, wait_ms, "a worker cannot be started; trying on");
        }
    }
}

/// Lets a worker off its leash and waits for its end; one that does not end is killed.
async fn stop(seat: Seat, mut child: Child, leash: UnixStream, shutdown: &Shutdown) {
    drop(leash);
    let ended = tokio::select! {
        ended = timeout(STOP_WAIT, child.wait()) => ended.ok(),
        () = shutdown.insisted() => None,
    };
    match ended {
        Some(Ok(status)) if status.success() => tracing::info!(worker.seat = %seat, "a worker stopped"),
        Some(Ok(status)) => {
            tracing::warn!(worker.seat = %seat, worker.end = %status, "a worker did not end well");
        }
        Some(Err(error)) => tracing::warn!(worker.seat = %seat, %error, "a worker cannot be waited for"),
        None => {
            tracing::warn!(worker.seat = %seat, "a worker did not stop in time and is killed");
            if let Err(error) = child.kill().await {
                tracing::warn!(worker.seat = %seat, %error, "a worker cannot be killed");
            }
        }
    }
}

#[cfg(test)]
mod tests;
