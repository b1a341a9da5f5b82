//! Starting an operating-system process so that it has what systemd would give it: sockets as descriptors from 3 on, `LISTEN_FDS` and its
//! like, `NOTIFY_SOCKET`, a user of its own; and so that it ends when the supervisor is gone.
//!
//! `LISTEN_PID` must name the process that gets the sockets, which only that process knows in time. So it begins as this program
//! (`launch`), sets the variable, asks the kernel for a SIGTERM when its parent dies, and becomes the command by exec, under the same id.

use std::ffi::CString;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use command_fds::{CommandFdExt, FdMapping};
use nix::sys::prctl;
use nix::sys::signal::Signal;
use nix::unistd::{Pid, User, getppid, initgroups, setgid, setuid};

use super::plan::{OURSELVES, ProcessPlan};
use crate::cli::{LAUNCH, LaunchArgs};
use crate::failure::Failure;

/// The running program, also after its file was replaced: supervisor and launcher agree on each other's words.
const LAUNCHER: &str = "/proc/self/exe";
/// The first descriptor that is handed down, by systemd's rule.
const FIRST_FD: i32 = 3;
/// What a process of ours must not take for its own.
const NOT_INHERITED: [&str; 6] =
    ["LISTEN_FDS", "LISTEN_FDNAMES", "LISTEN_PID", "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"];
/// Names the control socket to the processes: the pages ask there.
pub(crate) const CONTROL_VARIABLE: &str = "PERIHELION_SUPERVISOR";
/// The settings file, for commands of this program (see `cli.rs`).
const CONFIG_VARIABLE: &str = "PERIHELION_CONFIG";

/// What a process is given beside its plan.
pub(crate) struct Given<'a> {
    /// Its listening sockets, by name.
    pub(crate) sockets: Vec<(String, OwnedFd)>,
    pub(crate) notify: &'a str,
    pub(crate) control: &'a Path,
    /// The settings file, if one was named.
    pub(crate) config: Option<&'a Path>,
    /// This program's file, as it is called now: after an update, that is the new one.
    pub(crate) program: &'a Path,
}

/// The command that starts the process; its output is to be read.
pub(crate) fn command(plan: &ProcessPlan, given: Given<'_>) -> Result<Command> {
    let mut command = Command::new(LAUNCHER);
    command.args([LAUNCH, "--parent", &std::process::id().to_string()]);
    if let Some(user) = &plan.user {
        command.args(["--user", user]);
    }
    command.arg("--");
    match plan.is_ours() {
        true => command.arg(given.program),
        false => command.arg(&plan.command[0]),
    };
    command.args(&plan.command[1..]);
    for name in NOT_INHERITED {
        command.env_remove(name);
    }
    command.env(CONTROL_VARIABLE, given.control).env("NOTIFY_SOCKET", given.notify);
    if let Some(file) = given.config {
        command.env(CONFIG_VARIABLE, file);
    }
    if let Some(silence) = plan.rules.watchdog {
        command.env("WATCHDOG_USEC", silence.as_micros().to_string());
    }
    command.envs(plan.env.iter().map(|(name, value)| (name, value.expose())));
    hand_down(&mut command, given.sockets)?;
    if let Some(dir) = &plan.dir {
        command.current_dir(dir);
    }
    // A group of its own: Ctrl-C is ours to answer, and the hard stop takes its children along.
    command.process_group(0).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    Ok(command)
}

fn hand_down(command: &mut Command, sockets: Vec<(String, OwnedFd)>) -> Result<()> {
    if sockets.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = sockets.iter().map(|(name, _)| name.as_str()).collect();
    command.env("LISTEN_FDS", names.len().to_string()).env("LISTEN_FDNAMES", names.join(":"));
    let mappings = sockets
        .into_iter()
        .zip(FIRST_FD..)
        .map(|((_, parent_fd), child_fd)| FdMapping { parent_fd, child_fd })
        .collect();
    command.fd_mappings(mappings).context("the sockets cannot be handed down")?;
    Ok(())
}

/// What the launcher does: all of it before the command itself begins. Returns only when that cannot be.
pub(crate) fn launch(args: &LaunchArgs) -> Failure {
    match become_it(args) {
        Ok(never) => match never {},
        Err(error) => Failure::Could(error),
    }
}

fn become_it(args: &LaunchArgs) -> Result<std::convert::Infallible> {
    let program = args.command.first().context("there is no command to start")?;
    let mut command = Command::new(program);
    command.args(&args.command[1..]);
    if Path::new(program).file_name().is_some_and(|name| name == OURSELVES) {
        command.arg0(OURSELVES);
    }
    if let Some(name) = &args.user {
        change_user(name, &mut command)?;
    }
    // After the change of user, which forgets it. It follows the thread that started us, which in the supervisor is the main one.
    prctl::set_pdeathsig(Signal::SIGTERM).context("cannot ask to be stopped with the supervisor")?;
    anyhow::ensure!(getppid() == Pid::from_raw(args.parent), "the supervisor has gone");
    if std::env::var_os("LISTEN_FDS").is_some() {
        command.env("LISTEN_PID", std::process::id().to_string());
    }
    Err(command.exec()).with_context(|| format!("cannot start {}", program.to_string_lossy()))
}

fn change_user(name: &str, command: &mut Command) -> Result<()> {
    let user = User::from_name(name)?.with_context(|| format!("there is no user {name:?}"))?;
    if user.uid != nix::unistd::geteuid() {
        let changing = || format!("cannot become {name:?}");
        initgroups(&CString::new(name)?, user.gid).with_context(changing)?;
        setgid(user.gid).with_context(changing)?;
        setuid(user.uid).with_context(changing)?;
    }
    command.env("USER", name).env("LOGNAME", name).env("HOME", &user.dir);
    Ok(())
}
