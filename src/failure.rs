//! How a command ends when it cannot do what was asked: a sentence for the person and an exit code for the script.

use std::fmt;
use std::process::ExitCode;

use crate::config::Problem;

/// Exit code for what went wrong at run time.
const COULD_NOT: u8 = 1;
/// Exit code for what was asked wrongly: settings, arguments, an event.toml. clap ends with the same.
const ASKED_WRONGLY: u8 = 2;

/// Why a command did not end well.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Settings that cannot be; all of them.
    Settings(Vec<Problem>),
    /// Something else that the caller has to write differently.
    Asked(String),
    /// It was asked rightly and still could not be done.
    Could(anyhow::Error),
    /// As [`Failure::Could`], and a supervisor must not try again: an event belongs to another nozzle.
    NotOurs(anyhow::Error),
}

impl Failure {
    /// Prints the sentences on standard error and gives the exit code.
    pub(crate) fn report(&self) -> ExitCode {
        eprintln!("{self}");
        ExitCode::from(match self {
            Self::Settings(_) | Self::Asked(_) => ASKED_WRONGLY,
            Self::Could(_) => COULD_NOT,
            Self::NotOurs(_) => nozzle::EXIT_NOT_OURS,
        })
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Settings(problems) => {
                let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
                f.write_str(&lines.join("\n"))
            }
            Self::Asked(sentence) => write!(f, "perihelion: {sentence}"),
            Self::Could(error) | Self::NotOurs(error) => write!(f, "perihelion: {}", sentence(error)),
        }
    }
}

impl From<Vec<Problem>> for Failure {
    fn from(problems: Vec<Problem>) -> Self {
        Self::Settings(problems)
    }
}

impl From<nozzle::Error> for Failure {
    fn from(error: nozzle::Error) -> Self {
        match error.exit_code() {
            nozzle::EXIT_NOT_OURS => Self::NotOurs(error.into()),
            _ => Self::Could(error.into()),
        }
    }
}

impl From<chassis::Error> for Failure {
    fn from(error: chassis::Error) -> Self {
        Self::Could(error.into())
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::Could(error)
    }
}

/// An error with its causes, each said once: some libraries repeat the cause in their own words.
pub(crate) fn sentence(error: &anyhow::Error) -> String {
    let mut said = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if !said.contains(&cause) {
            let joint = if said.is_empty() { "" } else { ": " };
            said.push_str(&format!("{joint}{cause}"));
        }
    }
    said
}

#[cfg(test)]
mod tests {
    use anyhow::Context;

    use super::*;

    #[test]
    fn cause_that_was_said_already_is_not_repeated() {
        let error =
            Err::<(), _>(anyhow::anyhow!("no route")).context("no answer: no route").context("postgres://h");
        assert_eq!(sentence(&error.unwrap_err()), "postgres://h: no answer: no route");
    }
}
