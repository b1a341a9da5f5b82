//! Runs the binary under test in a directory of its own, without the machine's `PERIHELION_*` variables.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// A run that takes longer than this hangs.
const RUN_LIMIT: Duration = Duration::from_secs(60);

/// A place for one test: its current directory, with `data_dir` and settings in it.
pub(crate) struct Place {
    dir: TempDir,
}

/// How a run ended and what it said.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// A program that runs; killed when dropped.
#[derive(Debug)]
pub(crate) struct Running {
    child: Child,
    said: String,
}

impl Running {
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it had said on standard output when it was ready.
    pub(crate) fn said(&self) -> &str {
        &self.said
    }

    /// Asks it to end, so that it finishes what it has begun, and waits for its end.
    pub(crate) fn end(&mut self) {
        let pid = i32::try_from(self.child.id()).expect("process ids fit");
        nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), nix::sys::signal::Signal::SIGTERM)
            .expect("our own child can be asked to end");
        let status = self.child.wait().expect("our own child can be waited for");
        assert!(status.success(), "it did not end well: {status}");
    }

    /// Kills it and waits for its end.
    pub(crate) fn stop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Place {
    pub(crate) fn new() -> Self {
        Self { dir: tempfile::tempdir().expect("a temporary directory can be made") }
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Writes a file of this place.
    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path().join(name), text).expect("the temporary directory takes a file");
    }

    /// The program with these arguments, not started yet.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_perihelion"));
        command.args(arguments).current_dir(self.path()).stdin(Stdio::null());
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("PERIHELION_") || name == "RUST_LOG" {
                command.env_remove(name);
            }
        }
        command
    }

    /// Runs the program to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        self.run_command(&mut self.command(arguments))
    }

    /// Starts the program and waits until it says `word` on standard output.
    pub(crate) fn start(&self, arguments: &[&str], word: &str) -> Running {
        let mut command = self.command(arguments);
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the binary under test starts");
        let stdout = child.stdout.take().expect("standard output is a pipe");
        let mut running = Running { child, said: String::new() };
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            running.said.push_str(&line);
            running.said.push('\n');
            if line.contains(word) {
                return running;
            }
        }
        panic!("the program ended before it said {word:?}; it said {:?}", running.said);
    }

    /// Starts a program that says nothing on standard output.
    pub(crate) fn start_quietly(&self, arguments: &[&str]) -> Running {
        let mut command = self.command(arguments);
        let child = command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the binary under test starts");
        Running { child, said: String::new() }
    }

    /// Runs a prepared program to its end; one that hangs fails the test.
    pub(crate) fn run_command(&self, command: &mut Command) -> Ended {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary under test starts");
        let read = |pipe: Option<Box<dyn Read + Send>>| {
            std::thread::spawn(move || {
                let mut text = String::new();
                pipe.map(|mut pipe| pipe.read_to_string(&mut text));
                text
            })
        };
        let stdout = read(child.stdout.take().map(|pipe| Box::new(pipe) as _));
        let stderr = read(child.stderr.take().map(|pipe| Box::new(pipe) as _));
        let started = Instant::now();
        let status = loop {
            match child.try_wait().expect("a child can be asked") {
                Some(status) => break Some(status),
                None if started.elapsed() > RUN_LIMIT => {
                    child.kill().expect("our own child can be killed");
                    child.wait().expect("a killed child ends");
                    break None;
                }
                None => std::thread::park_timeout(Duration::from_millis(5)),
            }
        };
        let ended = Ended {
            code: status.and_then(|status| status.code()),
            stdout: stdout.join().expect("a reader does not panic"),
            stderr: stderr.join().expect("a reader does not panic"),
        };
        assert!(status.is_some(), "the program did not end within {RUN_LIMIT:?}: {ended:?}");
        ended
    }
}
