//! Runs one child with a time limit, passes its output on, and remembers the lines that tell of tests.

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::again::{Failed, passed};

/// What a test prints when it cannot run here.
const SKIP_MARK: &str = "SKIPPED:";
/// Lines waiting to be printed; more than this and the child waits for us.
const LINES_WAITING_MAX: usize = 256;
/// How often a silent child is looked at.
const POLL: Duration = Duration::from_millis(500);

/// How a child ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) succeeded: bool,
    /// In words: the exit status, or the limit it ran into.
    pub(crate) ended: String,
    /// Every line that named a skipped test.
    pub(crate) skipped: Vec<String>,
    /// Tests that failed.
    pub(crate) failed: Failed,
    /// How many tests passed.
    pub(crate) passed: usize,
}

/// Runs `command` without input for at most `limit`; a child over its limit is killed.
pub(crate) fn run_limited(command: &mut Command, limit: Duration) -> Result<Ran> {
    let started = Instant::now();
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().with_context(|| format!("cannot start {:?}", command.get_program()))?;
    let (sender, lines) = sync_channel(LINES_WAITING_MAX);
    forward(child.stdout.take(), sender.clone());
    forward(child.stderr.take(), sender);
    let (mut skipped, mut failed, mut count) = (Vec::new(), Failed::default(), 0);
    let status = loop {
        match lines.recv_timeout(POLL) {
            Ok(line) => {
                println!("{line}");
                failed.read(&line);
                count += passed(&line);
                if let Some(at) = line.find(SKIP_MARK) {
                    skipped.push(line[at..].to_owned());
                }
            }
            Err(RecvTimeoutError::Disconnected) => break child.wait()?,
            // A server that outlived its test may hold the pipes open: silence after the end is the end.
            Err(RecvTimeoutError::Timeout) => {
                if let Some(status) = child.try_wait()? {
                    break status;
                }
            }
        }
        if started.elapsed() > limit {
            child.kill().context("cannot kill a child over its limit")?;
            child.wait()?;
            let ended = format!("killed after its limit of {} s", limit.as_secs());
            return Ok(Ran { succeeded: false, ended, skipped, failed, passed: count });
        }
    };
    Ok(Ran { succeeded: status.success(), ended: status.to_string(), skipped, failed, passed: count })
}

fn forward(pipe: Option<impl Read + Send + 'static>, lines: SyncSender<String>) {
    let Some(pipe) = pipe else { return };
    std::thread::spawn(move || {
        for line in BufReader::new(pipe).split(b'\n').map_while(Result::ok) {
            if lines.send(String::from_utf8_lossy(&line).into_owned()).is_err() {
                return;
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str, limit: Duration) -> Ran {
        run_limited(Command::new("sh").args(["-c", script]), limit).unwrap()
    }

    #[test]
    fn child_that_fails_is_reported_with_its_status() {
        let ran = shell("exit 3", Duration::from_secs(10));
        assert!(!ran.succeeded);
        assert!(ran.ended.contains('3'), "{}", ran.ended);
    }

    #[test]
    fn child_over_its_limit_is_killed() {
        let started = Instant::now();
        let ran = shell("exec sleep 60", Duration::from_millis(200));
        assert!(!ran.succeeded && ran.ended.contains("limit"), "{}", ran.ended);
        assert!(started.elapsed() < Duration::from_secs(20));
    }

    #[test]
    fn grandchild_that_keeps_the_pipe_open_does_not_hold_us() {
        let started = Instant::now();
        let ran = shell("sleep 30 & exit 0", Duration::from_secs(60));
        assert!(ran.succeeded);
        assert!(started.elapsed() < Duration::from_secs(15));
    }

    #[test]
    fn skipped_tests_are_collected_from_both_pipes() {
        let ran =
            shell("echo 'x SKIPPED: no redis'; echo 'SKIPPED: no chromium' >&2", Duration::from_secs(10));
        let mut skipped = ran.skipped;
        skipped.sort();
        assert_eq!(skipped, ["SKIPPED: no chromium", "SKIPPED: no redis"]);
    }
}
