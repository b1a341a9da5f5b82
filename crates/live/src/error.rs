//! What can go wrong with the live log, and what a loop does about it.

use std::path::PathBuf;

/// What a loop does about an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Wait and try again.
    Retry,
    /// This request cannot be served; others can.
    Reject,
    /// Stop: a person must act.
    Fatal,
}

/// What can go wrong with the live log.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another process holds this ledger.
    #[error("another process ({holder}) holds {}; stop it, or give this one another data_dir", .path.display())]
    Locked {
        /// The ledger.
        path: PathBuf,
        /// The process that holds it, as far as the lock file tells.
        holder: String,
    },
    /// The ledger was written by a newer program.
    #[error("{} was written by a newer version (schema {found}, this program knows {known}); upgrade the program", .path.display())]
    TooNew {
        /// The ledger.
        path: PathBuf,
        /// Its schema.
        found: i64,
        /// Ours.
        known: i64,
    },
    /// A file or directory cannot be used.
    #[error("{}: {what}: {source}", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What was tried.
        what: &'static str,
        /// What the system said.
        source: std::io::Error,
    },
    /// SQLite refused.
    #[error("the ledger: {0}")]
    Ledger(#[from] sqlx::Error),
    /// What is left of removed rows cannot be wiped.
    #[error("what removed rows leave in the ledger cannot be wiped: {0}")]
    Unscoured(scour::Error),
    /// Redis is away, or refused.
    #[error("Redis: {0}")]
    Redis(String),
    /// Redis is set up in a way that would lose entries.
    #[error("{0}")]
    Unfit(String),
    /// Somebody else writes this event's log.
    #[error("{0}")]
    NotOurs(String),
    /// No such event.
    #[error("there is no event {0}")]
    NoEvent(String),
    /// What is stored cannot be read.
    #[error("stored data cannot be read: {0}")]
    Corrupt(String),
}

impl Error {
    /// What a loop does about it.
    #[must_use]
    pub fn class(&self) -> Class {
        match self {
            Self::Redis(_) => Class::Retry,
            Self::Ledger(e) => match e {
                sqlx::Error::PoolTimedOut | sqlx::Error::Io(_) => Class::Retry,
                sqlx::Error::Database(d) if d.code().is_some_and(|code| may_pass(&code)) => Class::Retry,
                _ => Class::Fatal,
            },
            Self::NoEvent(_) | Self::Unscoured(_) => Class::Reject,
            Self::Locked { .. }
            | Self::TooNew { .. }
            | Self::File { .. }
            | Self::Unfit(_)
            | Self::NotOurs(_)
            | Self::Corrupt(_) => Class::Fatal,
        }
    }
}

/// Whether SQLite may succeed later: BUSY 5, LOCKED 6, IOERR 10, FULL 13, CANTOPEN 14 (no descriptor left). A full disk is
/// waited out, accepting stops meanwhile. The primary code is the low byte: a full disk is also told as
/// `SQLITE_IOERR_SHMSIZE` (4874) or `SQLITE_IOERR_WRITE` (778).
fn may_pass(code: &str) -> bool {
    code.parse::<u32>().is_ok_and(|code| matches!(code & 0xff, 5 | 6 | 10 | 13 | 14))
}

impl From<scour::Error> for Error {
    fn from(e: scour::Error) -> Self {
        match e {
            scour::Error::Sqlite(e) => e.into(),
            other => Self::Unscoured(other),
        }
    }
}

impl From<serde_json::Error> for Error {
    fn from(e: serde_json::Error) -> Self {
        Self::Corrupt(e.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_full_disk_says_in_any_of_its_words_is_waited_out() {
        for passing in ["5", "261", "517", "6", "10", "778", "1034", "4874", "13", "14"] {
            assert!(may_pass(passing), "{passing}");
        }
        for lasting in ["1", "8", "11", "19", "26", "2067", ""] {
            assert!(!may_pass(lasting), "{lasting}");
        }
    }
}
