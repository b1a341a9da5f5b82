//! Processes that a supervisor left behind when it was killed. The kernel has told them to end (`launch.rs`); the next supervisor waits for
//! that before it starts others in their place, and kills who does not: two nozzles at one ledger would only refuse each other.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep};

use super::sample::birth;
use crate::bounded;

const RECORD_BYTES_MAX: u64 = 1 << 20;
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// A process that runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Child {
    pub(crate) name: String,
    pub(crate) pid: u32,
    /// With the id, a name that is never used twice.
    pub(crate) birth: u64,
    /// What its plan gives it to stop.
    pub(crate) stop_seconds: u64,
}

impl Child {
    fn is_alive(&self) -> bool {
        birth(self.pid) == Some(self.birth)
    }
}

/// The list of processes that run, in a file of the run directory.
#[derive(Debug)]
pub(crate) struct Record {
    path: PathBuf,
}

impl Record {
    pub(crate) fn in_dir(dir: &Path) -> Self {
        Self { path: dir.join("children.json") }
    }

    /// Writes the list anew.
    pub(crate) fn write(&self, children: &[Child]) -> io::Result<()> {
        let draft = self.path.with_extension("draft");
        std::fs::write(&draft, serde_json::to_vec(children)?)?;
        std::fs::rename(&draft, &self.path)
    }

    /// Waits for everybody on the list of an earlier supervisor, and kills who does not end in time.
    pub(crate) async fn wait_for_orphans(&self) -> io::Result<()> {
        let mut left: Vec<Child> = self.read().into_iter().filter(Child::is_alive).collect();
        for child in &left {
            tracing::warn!(process.name = %child.name, process.pid = child.pid, "the supervisor before this one has left it behind; waiting for its end");
        }
        let began = Instant::now();
        while !left.is_empty() {
            sleep(LOOK_EVERY).await;
            left.retain(Child::is_alive);
            for child in left.iter().filter(|child| began.elapsed().as_secs() >= child.stop_seconds) {
                tracing::warn!(process.name = %child.name, process.pid = child.pid, "it did not end in time and is killed");
                if let Ok(pid) = i32::try_from(child.pid) {
                    // It may have ended this moment.
                    let _gone = killpg(Pid::from_raw(pid), Signal::SIGKILL);
                }
            }
        }
        self.write(&[])
    }

    fn read(&self) -> Vec<Child> {
        let bytes = match bounded::read(&self.path, RECORD_BYTES_MAX) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Vec::new(),
            Err(error) => {
                tracing::warn!(path = %self.path.display(), %error, "cannot be read: processes left behind are not known");
                return Vec::new();
            }
        };
        serde_json::from_slice(&bytes).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::CommandExt;
    use std::process::Command;

    use super::*;

    fn sleeper(script: &str, stop_seconds: u64) -> (std::process::Child, Child) {
        let process = Command::new("sh").args(["-c", script]).process_group(0).spawn().expect("a shell");
        let birth = birth(process.id()).expect("it lives");
        let child = Child { name: "one".to_owned(), pid: process.id(), birth, stop_seconds };
        (process, child)
    }

    #[tokio::test]
    async fn who_was_left_behind_is_waited_for_and_killed_when_it_stays() {
        let dir = tempfile::tempdir().expect("a temporary directory can be made");
        let record = Record::in_dir(dir.path());
        let (mut ends, first) = sleeper("sleep 0.2", 60);
        let (mut stays, second) = sleeper("trap '' TERM; sleep 60", 1);
        record.write(&[first, second]).expect("written");
        let reap = std::thread::spawn(move || (ends.wait(), stays.wait()));
        let began = Instant::now();
        record.wait_for_orphans().await.expect("waited");
        assert!(began.elapsed() < Duration::from_secs(20) && began.elapsed() >= Duration::from_secs(1));
        let (_, killed) = reap.join().expect("reaped");
        assert!(killed.expect("waited").code().is_none(), "it did not end by itself");
        assert!(record.read().is_empty());
    }

    #[tokio::test]
    async fn a_stranger_with_the_same_id_is_left_alone_and_a_damaged_list_stops_nobody() {
        let dir = tempfile::tempdir().expect("a temporary directory can be made");
        let record = Record::in_dir(dir.path());
        let (mut stranger, mut child) = sleeper("sleep 60", 0);
        child.birth -= 1;
        record.write(&[child]).expect("written");
        record.wait_for_orphans().await.expect("nobody to wait for");
        assert!(stranger.try_wait().expect("asked").is_none(), "it was not ours to kill");
        stranger.kill().expect("our own");
        stranger.wait().expect("our own");
        std::fs::write(dir.path().join("children.json"), "{half").expect("written");
        record.wait_for_orphans().await.expect("nobody is known");
    }
}
