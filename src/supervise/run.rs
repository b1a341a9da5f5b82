//! One operating-system process from its start to its end: its output, what it says of itself, its signals. What all that means is
//! `core.rs`'s to decide.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::end::End;
use super::lines::{Budget, Lines, Verdict};
use super::notify::{Ear, Note};
use super::plan::Ready;
use super::scribe::{Log, Scribe};
use super::seat::RunId;
use super::tail::Tail;
use super::wire::LogLine;

/// One look at a pipe, in bytes: as much as a pipe holds.
const PIPE_BYTES: usize = 64 * 1024;
/// After a look whose bytes were beyond the budget: a flood is taken at 64 MB a second at most, and its writer waits.
const FLOOD_PAUSE: Duration = Duration::from_millis(1);
/// What was written before the end is still in the pipes. A child of its own may hold these open, so there is an end to waiting.
const LAST_WORDS_WAIT: Duration = Duration::from_millis(500);
/// One that says nothing of itself and still runs after so long has not died of its start.
const STARTED_AFTER: Duration = Duration::from_secs(1);
/// How often an address is asked whether the process is ready, and how long it may take to answer.
const ASK_EVERY: Duration = Duration::from_millis(100);
const ASK_WAIT: Duration = Duration::from_secs(2);

/// Whose lines the supervisor's own notes are.
const NOBODY: RunId = RunId(0);

/// What a run tells.
#[derive(Debug)]
pub(crate) enum Told {
    Note(Note),
    Ended(End),
}

/// Where a run writes to, and where it is remembered.
#[derive(Clone)]
pub(crate) struct Paper {
    pub(crate) run: RunId,
    pub(crate) instance: usize,
    pub(crate) scribe: Scribe,
    pub(crate) log: Arc<Log>,
    pub(crate) tail: Arc<Mutex<Tail>>,
}

impl Paper {
    /// Writes lines into the log and the tail.
    pub(crate) fn write(&self, lines: Vec<String>) {
        if lines.is_empty() {
            return;
        }
        let mut text = lines.join("\n");
        text.push('\n');
        self.scribe.write(&self.log, text);
        let at = jiff::Timestamp::now().as_microsecond();
        let mut tail = self.tail.lock().unwrap_or_else(PoisonError::into_inner);
        for text in lines {
            tail.push(self.run, LogLine { at, instance: self.instance, text });
        }
    }

    /// Notes what the supervisor does, where the process's own lines are; they are not its words.
    fn note(&self, text: String) {
        Self { run: NOBODY, ..self.clone() }.write(vec![format!("--- supervise: {text}")]);
    }

    fn last_words(&self) -> Vec<String> {
        self.tail.lock().unwrap_or_else(PoisonError::into_inner).last_words(self.run)
    }
}

/// A process that was started.
#[derive(Debug)]
pub(crate) struct Started {
    pub(crate) pid: u32,
    /// Signals that it is to get.
    pub(crate) signals: mpsc::Sender<Signal>,
}

/// Starts it and attends to it until its end, in a task. All that it has to tell goes to `tell`.
pub(crate) fn start(
    command: std::process::Command,
    ear: Ear,
    ready: &Ready,
    paper: Paper,
    tell: mpsc::Sender<(RunId, Told)>,
) -> Result<Started> {
    let mut command = Command::from(command);
    let mut child = command.kill_on_drop(true).spawn().context("the system refused it")?;
    // The command holds copies of the sockets that were handed down.
    drop(command);
    let pid = child.id().context("it has no process id")?;
    let (signals, orders) = mpsc::channel(4);
    let run = paper.run;
    paper.note(format!("started as process {pid}"));
    let budget = Arc::new(Mutex::new(Budget::new(Instant::now())));
    let mut pipes = JoinSet::new();
    if let Some(out) = child.stdout.take() {
        pipes.spawn(listen(out, paper.clone(), budget.clone()));
    }
    if let Some(out) = child.stderr.take() {
        pipes.spawn(listen(out, paper.clone(), budget));
    }
    let asks = ask(ready.clone());
    tokio::spawn(async move {
        let end = attend(&mut child, pid, ear, orders, asks, |note| {
            let tell = tell.clone();
            async move { drop(tell.send((run, Told::Note(note))).await) }
        })
        .await;
        let _heard_or_late =
            timeout(LAST_WORDS_WAIT, async { while pipes.join_next().await.is_some() {} }).await;
        drop(pipes);
        let end = end.map_or_else(
            |error| End::not_started(error.to_string()),
            |status| End::of(pid, status, paper.last_words()),
        );
        paper.note(format!("process {pid} ended: {end}"));
        drop(tell.send((run, Told::Ended(end))).await);
    });
    Ok(Started { pid, signals })
}

async fn attend<F: Future<Output = ()>>(
    child: &mut Child,
    pid: u32,
    ear: Ear,
    mut orders: mpsc::Receiver<Signal>,
    asks: impl Future<Output = ()>,
    tell: impl Fn(Note) -> F,
) -> std::io::Result<std::process::ExitStatus> {
    tokio::pin!(asks);
    let mut is_answered = false;
    loop {
        tokio::select! {
            ended = child.wait() => return ended,
            // In this task only: whoever has been waited for gets no signal, which might reach another of that id.
            Some(signal) = orders.recv() => send(pid, signal),
            note = ear.hear() => if let Ok(note) = note { tell(note).await },
            () = &mut asks, if !is_answered => {
                is_answered = true;
                tell(Note { is_ready: true, status: None }).await;
            }
        }
    }
}

/// The polite signal is the process's own to pass on; the hard one reaches its children as well.
fn send(pid: u32, signal: Signal) {
    let Ok(pid) = i32::try_from(pid) else { return };
    let pid = Pid::from_raw(pid);
    let sent = match signal {
        Signal::SIGKILL => killpg(pid, signal).or_else(|_| kill(pid, signal)),
        other => kill(pid, other),
    };
    if let Err(error) = sent {
        tracing::warn!(process.pid = pid.as_raw(), %signal, %error, "a signal cannot be sent");
    }
}

/// Ends when the process is ready, as far as that is asked from outside.
async fn ask(ready: Ready) {
    match ready {
        Ready::Started => sleep(STARTED_AFTER).await,
        Ready::Notify => std::future::pending().await,
        Ready::Tcp(address) => {
            while !matches!(timeout(ASK_WAIT, tokio::net::TcpStream::connect(address)).await, Ok(Ok(_))) {
                sleep(ASK_EVERY).await;
            }
        }
        Ready::Http(url) => {
            let Ok(client) = super::metrics::client(ASK_WAIT) else { return };
            let asks =
                || async { client.get(url.clone()).send().await.is_ok_and(|a| a.status().is_success()) };
            while !asks().await {
                sleep(ASK_EVERY).await;
            }
        }
    }
}

/// Reads one pipe to its end.
async fn listen(mut pipe: impl AsyncRead + Unpin, paper: Paper, budget: Arc<Mutex<Budget>>) {
    let (mut lines, mut bytes) = (Lines::default(), vec![0; PIPE_BYTES]);
    while let Ok(length @ 1..) = pipe.read(&mut bytes).await {
        let verdict = budget.lock().unwrap_or_else(PoisonError::into_inner).take(length, Instant::now());
        let mut kept = Vec::new();
        match verdict {
            Verdict::Drop => {
                lines.lose();
                sleep(FLOOD_PAUSE).await;
                continue;
            }
            Verdict::KeepAfter { dropped } => {
                kept.push(format!(
                    "--- supervise: {dropped} bytes of output were dropped: it wrote too much at once"
                ));
            }
            Verdict::Keep => {}
        }
        lines.feed(&bytes[..length], |line| kept.push(line));
        paper.write(kept);
    }
    let mut last = Vec::new();
    lines.finish(|line| last.push(line));
    paper.write(last);
}
