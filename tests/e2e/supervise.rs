//! `perihelion supervise` and `ctl` as programs, over processes that live, die, hang and flood.

mod activation;
mod any;
mod daemons;
mod load;
mod rolling;

use std::path::Path;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use testkit::Process;

use crate::program::{Ended, Place};

/// Longer than anything here takes on a busy machine.
const SOON: Duration = Duration::from_secs(60);

/// A supervisor over a directory of its own.
struct Stand {
    place: Place,
    supervisor: Process,
}

impl Stand {
    /// Starts it over a supervisor.toml, with a perihelion.toml where the test wants one.
    async fn start(plan: &str, settings: &str) -> Self {
        let place = Place::new();
        place.write("perihelion.toml", settings);
        place.write("supervisor.toml", plan);
        let supervisor = supervise(&place);
        let stand = Self { place, supervisor };
        stand.wait(|status| status.is_object(), "a supervisor that answers").await;
        stand
    }

    fn ctl(&self, arguments: &[&str]) -> Ended {
        self.place.run(&[&["ctl"], arguments].concat())
    }

    /// The status, or null while nobody answers.
    fn status(&self) -> Value {
        serde_json::from_str(&self.ctl(&["status", "--json"]).stdout).unwrap_or_default()
    }

    /// Waits until the status is so, and returns it.
    async fn wait(&self, is_so: impl Fn(&Value) -> bool, what: &str) -> Value {
        let deadline = Instant::now() + SOON;
        loop {
            let status = self.status();
            if is_so(&status) {
                return status;
            }
            assert!(
                Instant::now() < deadline,
                "there is not {what}: {status:#}\n{}",
                self.supervisor.output()
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn wait_state(&self, process: &str, state: &str) -> Value {
        let what = format!("{process} {state}");
        let status = self.wait(|status| instance(status, process)["state"] == state, &what).await;
        instance(&status, process).clone()
    }

    /// The log of a process, as `ctl logs` shows it.
    fn logs(&self, process: &str) -> String {
        self.ctl(&["logs", process, "-n", "500"]).stdout
    }

    fn file(&self, name: &str) -> String {
        std::fs::read_to_string(self.place.path().join(name)).unwrap_or_default()
    }
}

fn supervise(place: &Place) -> Process {
    let mut command = place.command(&["supervise"]);
    command.env("RUST_LOG", "info");
    Process::start(command).expect("the binary under test starts")
}

/// The first instance of a process.
fn instance<'a>(status: &'a Value, process: &str) -> &'a Value {
    &process_of(status, process)["instances"][0]
}

fn process_of<'a>(status: &'a Value, process: &str) -> &'a Value {
    let processes = status["processes"].as_array().map_or(&[][..], Vec::as_slice);
    processes.iter().find(|one| one["name"] == process).unwrap_or(&Value::Null)
}

fn pid(instance: &Value) -> i32 {
    instance["pid"].as_i64().and_then(|pid| i32::try_from(pid).ok()).expect("a process id")
}

fn kill9(pid: i32) {
    kill(Pid::from_raw(pid), Signal::SIGKILL).expect("a process of ours");
}

/// Neither gone nor waiting to be reaped.
fn is_alive(pid: i32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']))
}

async fn wait_until(is_so: impl Fn() -> bool, what: &str) {
    let deadline = Instant::now() + SOON;
    while !is_so() {
        assert!(Instant::now() < deadline, "there is not {what} in {SOON:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn exists(dir: &Path, name: &str) -> bool {
    dir.join(name).exists()
}
