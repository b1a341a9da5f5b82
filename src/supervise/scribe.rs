//! Writes log files, on a thread of its own: a disk that hangs or is full costs lines, never the supervisor or who wrote them.

use std::collections::HashMap;
use std::fs::{File, OpenOptions, rename};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use super::plan::LogPlan;

/// Pieces that wait to be written. Each is what one look at a pipe brought, 64 KiB at most.
const WAITING_MAX: usize = 256;
/// A log may hold what nobody else should read.
const LOG_MODE: u32 = 0o640;
const LOGS_DIR_MODE: u32 = 0o750;

/// One log file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Log {
    pub(crate) path: PathBuf,
    pub(crate) plan: LogPlan,
}

/// The way to the thread. It ends when all of these are gone.
#[derive(Debug, Clone)]
pub(crate) struct Scribe {
    sender: SyncSender<(Arc<Log>, String)>,
    dropped: Arc<AtomicU64>,
}

impl Scribe {
    /// Starts the thread.
    pub(crate) fn start() -> io::Result<(Self, JoinHandle<()>)> {
        let (sender, receiver) = sync_channel(WAITING_MAX);
        let dropped = Arc::new(AtomicU64::new(0));
        let thread = std::thread::Builder::new().name("logs".to_owned()).spawn({
            let dropped = dropped.clone();
            move || write_all(&receiver, &dropped)
        })?;
        Ok((Self { sender, dropped }, thread))
    }

    /// Has some lines written, each with its end. Never waits: what cannot be taken is counted.
    pub(crate) fn write(&self, log: &Arc<Log>, lines: String) {
        let bytes = lines.len() as u64;
        if self.sender.try_send((log.clone(), lines)).is_err() {
            self.dropped.fetch_add(bytes, Ordering::Relaxed);
        }
    }
}

fn write_all(receiver: &Receiver<(Arc<Log>, String)>, dropped: &AtomicU64) {
    let mut files: HashMap<PathBuf, Open> = HashMap::new();
    let mut is_told = false;
    while let Ok((log, mut lines)) = receiver.recv() {
        let open = files.entry(log.path.clone()).or_default();
        let lost = dropped.swap(0, Ordering::Relaxed);
        if lost > 0 {
            lines.insert_str(
                0,
                &format!("--- {lost} bytes of logs were dropped here: the disk was too slow or full\n"),
            );
        }
        let written = open.write(&log, lines.as_bytes());
        if let Err(error) = &written {
            dropped.fetch_add(lines.len() as u64, Ordering::Relaxed);
            open.file = None;
            if !is_told {
                tracing::error!(path = %log.path.display(), %error, "a log cannot be written; lines are dropped and all else goes on");
            }
        }
        is_told = written.is_err();
    }
}

/// A log file and its size.
#[derive(Debug, Default)]
struct Open {
    file: Option<(File, u64)>,
}

impl Open {
    fn write(&mut self, log: &Log, bytes: &[u8]) -> io::Result<()> {
        let is_full = |size: u64| size > 0 && size.saturating_add(bytes.len() as u64) > log.plan.bytes_max;
        if self.file.as_ref().is_some_and(|(_, size)| is_full(*size)) {
            self.file = None;
            rotate(&log.path, log.plan.files)?;
        }
        let (file, size) = match &mut self.file {
            Some(open) => open,
            None => {
                let opened = open(&log.path)?;
                if is_full(opened.1) {
                    rotate(&log.path, log.plan.files)?;
                    self.file.insert(open(&log.path)?)
                } else {
                    self.file.insert(opened)
                }
            }
        };
        file.write_all(bytes)?;
        *size += bytes.len() as u64;
        Ok(())
    }
}

fn open(path: &Path) -> io::Result<(File, u64)> {
    if let Some(dir) = path.parent() {
        std::fs::DirBuilder::new().recursive(true).mode(LOGS_DIR_MODE).create(dir)?;
    }
    let file = OpenOptions::new().append(true).create(true).mode(LOG_MODE).open(path)?;
    let size = file.metadata()?.len();
    Ok((file, size))
}

/// `x.log` becomes `x.log.1`, `x.log.1` becomes `x.log.2`, and so on; the last one goes.
fn rotate(path: &Path, keep: usize) -> io::Result<()> {
    let aside = |n: usize| {
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".{n}"));
        PathBuf::from(name)
    };
    let missing_is_fine = |done: io::Result<()>| match done {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    };
    if keep == 0 {
        return missing_is_fine(std::fs::remove_file(path));
    }
    for n in (1..keep).rev() {
        missing_is_fine(rename(aside(n), aside(n + 1)))?;
    }
    missing_is_fine(rename(path, aside(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(dir: &Path, bytes_max: u64, files: usize) -> Arc<Log> {
        Arc::new(Log { path: dir.join("logs/one.log"), plan: LogPlan { bytes_max, files } })
    }

    fn names(dir: &Path) -> Vec<String> {
        let list = std::fs::read_dir(dir.join("logs")).expect("a folder");
        let mut names: Vec<String> =
            list.map(|file| file.expect("a file").file_name().into_string().expect("text")).collect();
        names.sort();
        names
    }

    #[test]
    fn files_are_bounded_by_size_and_number_and_the_newest_lines_are_whole() {
        let dir = tempfile::tempdir().expect("a temporary directory can be made");
        let log = log(dir.path(), 1000, 2);
        let (scribe, thread) = Scribe::start().expect("a thread");
        for n in 0..350 {
            while scribe.sender.try_send((log.clone(), format!("line {n:04}\n"))).is_err() {
                std::thread::yield_now();
            }
        }
        drop(scribe);
        thread.join().expect("it ends");
        assert_eq!(names(dir.path()), ["one.log", "one.log.1", "one.log.2"]);
        let read = |name: &str| std::fs::read_to_string(dir.path().join("logs").join(name)).expect("a log");
        let all = ["one.log.2", "one.log.1", "one.log"].map(read);
        assert!(all.iter().all(|text| text.len() <= 1000));
        let lines: Vec<String> = all.concat().lines().map(str::to_owned).collect();
        let first = 350 - lines.len();
        assert!(lines.iter().enumerate().all(|(n, line)| *line == format!("line {:04}", first + n)));
    }

    #[test]
    fn a_log_that_cannot_be_written_costs_lines_and_nothing_else() {
        let dir = tempfile::tempdir().expect("a temporary directory can be made");
        std::fs::write(dir.path().join("logs"), "in the way").expect("written");
        let log = log(dir.path(), 1 << 20, 0);
        let (scribe, thread) = Scribe::start().expect("a thread");
        (0..2000).for_each(|_| scribe.write(&log, "lost\n".to_owned()));
        while scribe.dropped.load(Ordering::Relaxed) == 0 {
            std::thread::yield_now();
        }
        std::fs::remove_file(dir.path().join("logs")).expect("removed");
        while scribe.sender.try_send((log.clone(), "kept\n".to_owned())).is_err() {
            std::thread::yield_now();
        }
        drop(scribe);
        thread.join().expect("it ends");
        let text = std::fs::read_to_string(&log.path).expect("a log");
        assert!(text.contains("bytes of logs were dropped here") && text.ends_with("kept\n"), "{text}");
    }
}
