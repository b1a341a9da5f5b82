//! A server's program: bound to its cores, asked until it answers, ended with all of its processes.

use std::net::SocketAddr;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use testkit::Process;
use tokio::net::TcpStream;

const START_MAX: Duration = Duration::from_secs(20);
const STOP_MAX: Duration = Duration::from_secs(10);
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// A running program with the processes that it started. Dropping ends them: politely first, since nginx's workers outlive
/// a master that is killed.
pub(crate) struct Program {
    process: Process,
}

impl Program {
    /// Starts `command` and waits until `address` takes connections.
    pub(crate) async fn start(command: Command, address: SocketAddr) -> anyhow::Result<Self> {
        let mut program = Self::start_unheard(command)?;
        let deadline = Instant::now() + START_MAX;
        while TcpStream::connect(address).await.is_err() {
            program.must_run("it ended before it listened")?;
            if Instant::now() > deadline {
                bail!("nobody listened at {address} within {START_MAX:?}; it said:\n{}", program.output());
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        // Somebody else's server on that port would have answered as well.
        program.must_run("it ended, and something else has its port")?;
        Ok(program)
    }

    /// Starts `command`; whether it can be reached is the caller's to find out.
    pub(super) fn start_unheard(command: Command) -> anyhow::Result<Self> {
        Ok(Self { process: Process::start(command)? })
    }

    /// Its process, to read what it prints.
    pub(super) fn process(&mut self) -> &mut Process {
        &mut self.process
    }

    /// What it has printed.
    pub(crate) fn output(&self) -> String {
        self.process.output()
    }

    /// All of its processes.
    pub(crate) fn pids(&self) -> Vec<u32> {
        tree(self.process.pid())
    }

    /// Fails with what it printed if it has ended.
    pub(crate) fn must_run(&mut self, otherwise: &str) -> anyhow::Result<()> {
        if self.process.is_running() {
            return Ok(());
        }
        bail!("{otherwise}; it said:\n{}", self.output())
    }

    /// Asks it to end and waits for that.
    pub(crate) async fn stop(mut self) -> anyhow::Result<()> {
        self.process.terminate();
        self.process.wait(STOP_MAX).await.context("asked to stop")?;
        Ok(())
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if !self.process.is_running() {
            return;
        }
        let all = self.pids();
        self.process.terminate();
        let deadline = Instant::now() + STOP_MAX;
        while self.process.is_running() && Instant::now() < deadline {
            #[expect(clippy::disallowed_methods, reason = "in Drop, where nothing can be awaited")]
            std::thread::sleep(LOOK_EVERY);
        }
        if self.process.is_running() {
            for pid in all {
                // It may be gone by now.
                kill(Pid::from_raw(pid.cast_signed()), Signal::SIGKILL).ok();
            }
        }
    }
}

/// A process and all that it started, as far as their parents live.
fn tree(root: u32) -> Vec<u32> {
    let parents = parents();
    let mut tree = vec![root];
    let mut next = 0;
    while let Some(&parent) = tree.get(next) {
        let children = parents.iter().filter(|(pid, ppid)| *ppid == parent && !tree.contains(pid));
        let children: Vec<u32> = children.map(|(pid, _)| *pid).collect();
        tree.extend(children);
        next += 1;
    }
    tree
}

/// Every process with its parent.
fn parents() -> Vec<(u32, u32)> {
    let Ok(entries) = std::fs::read_dir("/proc") else { return Vec::new() };
    let pid_of = |entry: std::fs::DirEntry| entry.file_name().to_str()?.parse::<u32>().ok();
    let parent_of = |pid: u32| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // PID (NAME) STATE PPID: a name may hold anything, brackets too.
        let ppid = stat.rsplit_once(") ")?.1.split(' ').nth(1)?.parse().ok()?;
        Some((pid, ppid))
    };
    entries.flatten().filter_map(pid_of).filter_map(parent_of).collect()
}

/// `program`, to be run on these cores only if they are given.
pub(crate) fn on_cores(program: impl AsRef<std::ffi::OsStr>, cores: Option<&str>) -> Command {
    match cores {
        None => Command::new(program),
        Some(cores) => {
            let mut command = Command::new("taskset");
            command.args(["-c", cores]).arg(program);
            command
        }
    }
}

/// Whether processes can be bound to cores here: by `taskset`, of util-linux, on a machine with more than one.
pub(crate) fn pinnable() -> bool {
    std::thread::available_parallelism().is_ok_and(|cores| cores.get() > 1) && is_there("taskset")
}

/// Whether a program can be started by its name.
pub(super) fn is_there(program: &str) -> bool {
    let version = Command::new(program).arg("--version").output();
    // nginx knows only -v and complains, but it is there.
    !matches!(version, Err(error) if error.kind() == std::io::ErrorKind::NotFound)
}
