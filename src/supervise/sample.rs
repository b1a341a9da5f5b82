//! What processes use of memory and processor, from `/proc`: a process and those that it started.

use std::fs;

use nix::unistd::{SysconfVar, sysconf};

/// Processes below one that are counted: a tree that grows without end is not followed for ever.
const TREE_MAX: usize = 512;

/// What a process and its children use at one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Usage {
    pub(crate) memory_bytes: u64,
    /// Since they began. Of children that have ended, what their parent has heard of.
    pub(crate) cpu_seconds: f64,
}

/// Looks at a process; none when it is gone.
pub(crate) fn usage(pid: u32) -> Option<Usage> {
    let mut sum = of_one(pid)?;
    let (mut next, mut seen) = (children(pid), 1);
    while let Some(child) = next.pop().filter(|_| seen < TREE_MAX) {
        seen += 1;
        if let Some(usage) = of_one(child) {
            sum.memory_bytes += usage.memory_bytes;
            sum.cpu_seconds += usage.cpu_seconds;
            next.extend(children(child));
        }
    }
    Some(sum)
}

/// When the process was started, in the kernel's ticks since boot: with its id, a name that is never used twice.
pub(crate) fn birth(pid: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let is_dead = matches!(field(&stat, 0), Some("Z" | "X"));
    field(&stat, 19).filter(|_| !is_dead)?.parse().ok()
}

fn of_one(pid: u32) -> Option<Usage> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // utime, stime, cutime, cstime: fields 14 to 17 of proc_pid_stat(5).
    let ticks: u64 = (11..15).filter_map(|n| field(&stat, n)?.parse::<u64>().ok()).sum();
    let pages: u64 = field(&stat, 21)?.parse().ok()?;
    let memory_bytes = pages * setting(SysconfVar::PAGE_SIZE, 4096);
    Some(Usage { memory_bytes, cpu_seconds: ticks as f64 / setting(SysconfVar::CLK_TCK, 100) as f64 })
}

fn setting(variable: SysconfVar, usual: u64) -> u64 {
    sysconf(variable).ok().flatten().and_then(|value| u64::try_from(value).ok()).unwrap_or(usual)
}

/// A field of `/proc/PID/stat` behind the program's name, which may hold spaces and brackets: 0 is the state.
fn field(stat: &str, n: usize) -> Option<&str> {
    stat.rsplit_once(") ")?.1.split_whitespace().nth(n)
}

fn children(pid: u32) -> Vec<u32> {
    let list = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    list.split_whitespace().filter_map(|pid| pid.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_uses_memory_and_has_a_birth_and_nobody_has_neither() {
        let usage = usage(std::process::id()).expect("we live");
        assert!(usage.memory_bytes > 100_000 && usage.cpu_seconds >= 0.0, "{usage:?}");
        assert!(birth(std::process::id()).is_some_and(|birth| birth > 0));
        assert_eq!(birth(u32::MAX), None);
    }

    #[test]
    fn children_count_with_who_started_them() {
        let mut shell = std::process::Command::new("sh");
        let script = "sleep 60 & sleep 60 & wait";
        let mut child = shell.args(["-c", script]).spawn().expect("a shell");
        while children(child.id()).len() < 2 {
            std::thread::yield_now();
        }
        let (alone, all) = (of_one(child.id()).expect("alive"), usage(child.id()).expect("alive"));
        let grandchildren = children(child.id());
        child.kill().expect("our own");
        child.wait().expect("our own");
        grandchildren.iter().for_each(|pid| {
            let pid = nix::unistd::Pid::from_raw(i32::try_from(*pid).expect("a pid"));
            nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGKILL).expect("our own child's child");
        });
        assert!(all.memory_bytes > alone.memory_bytes, "{alone:?} {all:?}");
    }
}
