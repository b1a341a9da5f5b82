//! What the system grants this process, and what it costs.

use std::sync::OnceLock;

use nix::sys::resource::{Resource, UsageWho, getrlimit, getrusage, setrlimit};
use nix::sys::time::TimeVal;

use crate::Error;

/// Descriptors kept back for files, databases, Redis and log writers.
const DESCRIPTORS_RESERVED: u64 = 128;
/// And for requests that end at once, beside the connections that stay.
const REQUESTS_RESERVED: u64 = 128;

/// Raises the soft limit of open files to the hard one and says how many that is.
///
/// # Errors
/// [`Error::System`] when the limit cannot be read.
pub fn open_files_max() -> Result<u64, Error> {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE)
        .map_err(|e| Error::System { what: "reading RLIMIT_NOFILE", source: e.into() })?;
    if soft < hard && setrlimit(Resource::RLIMIT_NOFILE, hard, hard).is_ok() {
        return Ok(hard);
    }
    Ok(soft)
}

/// The most connections that this process can hold, whatever is wished: the limit of open files less a small reserve.
///
/// # Errors
/// As [`open_files_max`].
pub fn connections_fit() -> Result<usize, Error> {
    let left = open_files_max()?.saturating_sub(DESCRIPTORS_RESERVED + REQUESTS_RESERVED).max(16);
    Ok(usize::try_from(left).unwrap_or(usize::MAX).min(CONNECTIONS_CEILING))
}

/// How many client connections fit: `configured`, or with 0 what the limit of open files leaves after a reserve (an eighth, 128 at least).
///
/// # Errors
/// As [`open_files_max`].
pub fn connections_max(configured: usize) -> Result<usize, Error> {
    // Read in any case: this also raises the limit, without which few of the configured ones would get in.
    let files = open_files_max()?;
    if configured > 0 {
        return Ok(configured);
    }
    let left = files.saturating_sub(DESCRIPTORS_RESERVED.max(files / 8)).max(16);
    Ok(usize::try_from(left).unwrap_or(usize::MAX).min(CONNECTIONS_CEILING))
}

/// More than this many connections never come from a limit that says "infinite".
const CONNECTIONS_CEILING: usize = 1_000_000;

/// Resident memory of this process in bytes, where the system tells (`/proc`).
pub fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let kib = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    kib.trim().trim_end_matches("kB").trim().parse::<u64>().ok().map(|kib| kib * 1024)
}

/// Processor time that this process has used in all its threads, in seconds, where the system tells.
pub fn cpu_seconds() -> Option<f64> {
    let usage = getrusage(UsageWho::RUSAGE_SELF).ok()?;
    let seconds = |time: TimeVal| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6;
    Some(seconds(usage.user_time()) + seconds(usage.system_time()))
}

/// File descriptors that are open, where the system tells (`/proc`).
pub fn open_files() -> Option<u64> {
    // The listing itself holds one.
    Some(std::fs::read_dir("/proc/self/fd").ok()?.count().saturating_sub(1) as u64)
}

/// When this was first asked, which is at the start of every daemon; microseconds UTC.
pub fn started_us() -> i64 {
    static STARTED: OnceLock<i64> = OnceLock::new();
    *STARTED.get_or_init(|| jiff::Timestamp::now().as_microsecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configured_cap_wins_and_zero_means_the_limit_of_open_files() {
        assert_eq!(connections_max(7).expect("configured"), 7);
        let derived = connections_max(0).expect("limits can be read");
        assert!(derived >= 16 && (derived as u64) < open_files_max().expect("limits can be read").max(17));
    }

    #[test]
    fn resident_memory_is_told_on_linux() {
        assert!(resident_bytes().is_none_or(|bytes| bytes > 100_000));
    }

    #[test]
    fn processor_time_grows_with_work() {
        let before = cpu_seconds().expect("the system tells");
        let mut sum = 0_u64;
        while cpu_seconds().expect("the system tells") < before + 0.02 {
            sum = (0..100_000_u64).fold(sum, u64::wrapping_add);
        }
        assert!(open_files().is_none_or(|files| files >= 3));
        assert!(started_us() > 0 && started_us() == started_us(), "{sum}");
    }
}
