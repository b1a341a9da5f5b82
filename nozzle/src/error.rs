//! What can end the nozzle, and with which exit code.

/// Exit code when another nozzle owns an event, or the tail belongs to another log: a supervisor must not restart us.
pub const EXIT_NOT_OURS: u8 = 3;

/// What ends the nozzle.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A listener or a signal handler could not be set up.
    #[error(transparent)]
    Setup(#[from] chassis::Error),
    /// A ledger or the live store failed for good, or is somebody else's.
    #[error(transparent)]
    Live(#[from] live::Error),
    /// The folder of ledgers cannot be read.
    #[error("cannot list the ledgers in {}: {source}", .path.display())]
    Folder {
        /// The folder.
        path: std::path::PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

/// What whoever started the nozzle does about its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Start it again.
    Retry,
    /// A person must act first.
    Fatal,
}

impl Error {
    /// What to do about it.
    pub fn class(&self) -> Class {
        match self {
            Self::Live(e) if e.class() == live::Class::Retry => Class::Retry,
            _ => Class::Fatal,
        }
    }

    /// The process's exit code.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Live(live::Error::NotOurs(_)) => EXIT_NOT_OURS,
            _ => 1,
        }
    }
}
