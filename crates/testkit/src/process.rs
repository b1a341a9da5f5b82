//! One child process: started, watched line by line, killed the hard way, stopped by pid when dropped.

use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::sync::watch;

/// How many of the newest lines are kept for messages and [`Process::output`].
const LINES_MAX: usize = 20_000;
/// How long the last lines of a program that has ended may take.
const LAST_WORDS_MAX: Duration = Duration::from_secs(2);
const POLL: Duration = Duration::from_millis(5);

/// A running program and the lines it has printed on stdout and stderr.
///
/// Independent of any async runtime, so that several tests may share one server. Dropping kills and reaps it.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    lines: Arc<Lines>,
}

#[derive(Debug)]
struct Lines {
    /// Numbered from the start of the program; the oldest are dropped beyond [`LINES_MAX`].
    kept: Mutex<(usize, VecDeque<String>)>,
    seen: watch::Sender<usize>,
}

impl Process {
    /// Starts `command` with its output captured and no input.
    ///
    /// # Errors
    /// When the program cannot be started.
    pub fn start(mut command: Command) -> anyhow::Result<Self> {
        let name = command.get_program().to_string_lossy().into_owned();
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().with_context(|| format!("cannot start {name}"))?;
        let lines = Arc::new(Lines { kept: Mutex::new((0, VecDeque::new())), seen: watch::Sender::new(0) });
        if let Some(stdout) = child.stdout.take() {
            read_lines(stdout, Arc::clone(&lines));
        }
        if let Some(stderr) = child.stderr.take() {
            read_lines(stderr, Arc::clone(&lines));
        }
        Ok(Self { name, child, lines })
    }

    /// The process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What the program has printed so far (the newest 20,000 lines).
    #[must_use]
    pub fn output(&self) -> String {
        let kept = self.lines.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.1.iter().flat_map(|line| [line.as_str(), "\n"]).collect()
    }

    /// Waits for the first line, from the program's start, of which `pick` makes something.
    ///
    /// # Errors
    /// When the program ends or `limit` passes first; the message quotes what was printed.
    pub async fn wait_line<T>(
        &mut self,
        limit: Duration,
        mut pick: impl FnMut(&str) -> Option<T>,
    ) -> anyhow::Result<T> {
        let deadline = Instant::now() + limit;
        let mut seen = self.lines.seen.subscribe();
        let mut next = 0;
        loop {
            // Asked before looking: what was printed before the end is still looked at.
            let ended = self.child.try_wait()?;
            if ended.is_some() {
                self.last_words().await;
            }
            if let Some(found) = self.lines.pick(&mut next, &mut pick) {
                return Ok(found);
            }
            if let Some(status) = ended {
                bail!("{} ended ({status}) before the line came; it said:\n{}", self.name, self.output());
            }
            if Instant::now() >= deadline {
                bail!("{} did not print the line in {limit:?}; it said:\n{}", self.name, self.output());
            }
            tokio::time::timeout(Duration::from_millis(50), seen.changed()).await.ok();
        }
    }

    /// The first http address that the program prints.
    ///
    /// # Errors
    /// As [`Process::wait_line`].
    pub async fn wait_url(&mut self, limit: Duration) -> anyhow::Result<String> {
        self.wait_line(limit, |line| {
            let start = line.find("http://")?;
            let end = line[start..].find(|c: char| c.is_whitespace() || "\"',)".contains(c));
            Some(line[start..].get(..end.unwrap_or(line.len() - start))?.trim_end_matches('/').to_owned())
        })
        .await
    }

    /// `kill -9`, and waits for the end.
    pub fn kill9(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }

    /// Sends `signal`; a program that is gone already is fine.
    pub fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id()).expect("Linux pids fit in i32");
        kill(Pid::from_raw(pid), signal).ok();
    }

    /// SIGTERM: the polite end.
    pub fn terminate(&self) {
        self.signal(Signal::SIGTERM);
    }

    /// SIGINT: Ctrl-C.
    pub fn interrupt(&self) {
        self.signal(Signal::SIGINT);
    }

    /// SIGSTOP: the program stands still, its sockets stay open.
    pub fn pause(&self) {
        self.signal(Signal::SIGSTOP);
    }

    /// SIGCONT: ends a [`Process::pause`].
    pub fn resume(&self) {
        self.signal(Signal::SIGCONT);
    }

    /// Whether the program is still running.
    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Waits for the program's end.
    ///
    /// # Errors
    /// When it still runs after `limit`.
    pub async fn wait(&mut self, limit: Duration) -> anyhow::Result<ExitStatus> {
        let deadline = Instant::now() + limit;
        loop {
            if let Some(status) = self.child.try_wait()? {
                self.last_words().await;
                return Ok(status);
            }
            if Instant::now() >= deadline {
                bail!("{} still runs after {limit:?}; it said:\n{}", self.name, self.output());
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// After the program's end: what it printed may still be in the pipes. A child of its own may hold these open, so there
    /// is an end to waiting.
    async fn last_words(&self) {
        let deadline = Instant::now() + LAST_WORDS_MAX;
        // The two threads that read the pipes hold the others.
        while Arc::strong_count(&self.lines) > 1 && Instant::now() < deadline {
            tokio::time::sleep(POLL).await;
        }
    }

    /// Waits for the program's end without a runtime, then insists with SIGKILL.
    pub(crate) fn wait_or_kill(&mut self, limit: Duration) {
        let deadline = Instant::now() + limit;
        while self.is_running() && Instant::now() < deadline {
            #[expect(clippy::disallowed_methods, reason = "called from Drop, where nothing can be awaited")]
            std::thread::sleep(POLL);
        }
        self.kill9();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill9();
    }
}

impl Lines {
    fn pick<T>(&self, next: &mut usize, pick: &mut impl FnMut(&str) -> Option<T>) -> Option<T> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let first = kept.0;
        for line in kept.1.iter().skip(next.saturating_sub(first)) {
            *next = (*next).max(first) + 1;
            if let Some(found) = pick(line) {
                return Some(found);
            }
        }
        None
    }

    fn push(&self, line: String) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.1.len() == LINES_MAX {
            kept.1.pop_front();
            kept.0 += 1;
        }
        kept.1.push_back(line);
        drop(kept);
        self.seen.send_modify(|seen| *seen += 1);
    }
}

/// Owned by the pipe: the thread ends when the program closes its end.
fn read_lines(pipe: impl Read + Send + 'static, lines: Arc<Lines>) {
    std::thread::spawn(move || {
        let mut pipe = BufReader::new(pipe);
        let mut line = Vec::new();
        while pipe.read_until(b'\n', &mut line).is_ok_and(|bytes| bytes > 0) {
            lines.push(String::from_utf8_lossy(&line).trim_end().to_owned());
            line.clear();
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Process {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        Process::start(command).expect("a shell exists")
    }

    #[tokio::test]
    async fn address_is_read_from_what_the_program_prints() {
        let mut child = shell("echo starting; echo '{\"url\":\"http://127.0.0.1:8080/\"}' >&2; sleep 60");
        let url = child.wait_url(Duration::from_secs(5)).await.unwrap();
        assert_eq!(url, "http://127.0.0.1:8080");
    }

    #[tokio::test]
    async fn early_end_is_told_with_the_last_words() {
        let mut child = shell("echo no such port; exit 3");
        let error = child.wait_url(Duration::from_secs(5)).await.unwrap_err().to_string();
        assert!(error.contains("no such port") && error.contains("exit status: 3"), "{error}");
    }

    #[tokio::test]
    async fn killed_program_is_gone_and_reaped() {
        let mut child = shell("sleep 60");
        assert!(child.is_running());
        child.pause();
        child.kill9();
        assert!(!child.is_running());
        assert!(!std::path::Path::new(&format!("/proc/{}", child.pid())).exists());
    }
}
