//! How a process ended, in words that a person can act on.

use std::fmt;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use nix::sys::signal::Signal;

/// The end of one operating-system process.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct End {
    pub(crate) pid: Option<u32>,
    pub(crate) code: Option<i32>,
    pub(crate) signal: Option<i32>,
    /// Why there was no process at all.
    pub(crate) not_started: Option<String>,
    /// The last lines that it wrote.
    pub(crate) lines: Vec<String>,
}

impl End {
    pub(crate) fn of(pid: u32, status: ExitStatus, lines: Vec<String>) -> Self {
        Self { pid: Some(pid), code: status.code(), signal: status.signal(), not_started: None, lines }
    }

    pub(crate) fn not_started(why: String) -> Self {
        Self { not_started: Some(why), ..Self::default() }
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.not_started, self.code, self.signal) {
            (Some(why), _, _) => write!(f, "it could not be started: {why}"),
            (None, Some(code), _) => write!(f, "exit code {code}"),
            (None, None, Some(signal)) => match Signal::try_from(signal) {
                Ok(known) => write!(f, "signal {signal} ({known})"),
                Err(_) => write!(f, "signal {signal}"),
            },
            (None, None, None) => f.write_str("an end that the system did not tell"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_told_by_code_signal_or_why_there_was_none() {
        let status = |raw| End::of(7, ExitStatus::from_raw(raw), Vec::new()).to_string();
        assert_eq!(status(3 << 8), "exit code 3");
        assert_eq!(status(9), "signal 9 (SIGKILL)");
        assert_eq!(status(0), "exit code 0");
        assert_eq!(
            End::not_started("no such file".to_owned()).to_string(),
            "it could not be started: no such file"
        );
    }
}
