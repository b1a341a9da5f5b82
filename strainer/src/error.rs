//! What can go wrong in the strainer.

use live::Class;
use model::{EventId, Position};

/// What can go wrong in the strainer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The process could not be set up.
    #[error(transparent)]
    SetUp(#[from] chassis::Error),
    /// The log cannot be read.
    #[error(transparent)]
    Log(#[from] live::Error),
    /// The archive cannot be written.
    #[error(transparent)]
    Archive(#[from] archive::Error),
    /// The nozzle did not give older entries.
    #[error("entries that the tail no longer holds: {0}")]
    History(#[from] HistoryError),
    /// The tail begins behind the archive's cursor, and nobody can be asked for what lies between.
    #[error(
        "the tail begins at {base} and the archive ends at {after}; a nozzle must be running to give what lies between"
    )]
    NoHistory {
        /// The archive's cursor.
        after: u64,
        /// The tail's base.
        base: u64,
    },
    /// The archive holds the fold of a log that this one does not continue.
    #[error(
        "the archive of event {event} belongs to another log: it is at {archived}, and the live log is {log}. \
         If the ledger was lost, run `perihelion recover`; if the archive is the wrong one, correct archive.url; \
         to fill it anew from this ledger, run `perihelion archive rebuild`"
    )]
    Foreign {
        /// The event.
        event: EventId,
        /// The archive's cursor.
        archived: Position,
        /// The epoch of the live log.
        log: String,
    },
    /// The ledger and its tail are of two logs at this moment.
    #[error("the ledger and its tail are of two logs; waiting until they agree")]
    Torn,
}

/// Why older entries could not be had.
#[derive(Debug, thiserror::Error)]
#[error("{why}")]
pub struct HistoryError {
    /// The reason, as a sentence.
    pub why: String,
    /// Whether asking again later may help.
    pub may_pass: bool,
}

impl Error {
    /// What a loop does about it.
    #[must_use]
    pub fn class(&self) -> Class {
        match self {
            Self::Log(error) => error.class(),
            Self::Archive(error) => match error.class() {
                archive::Class::Retry => Class::Retry,
                archive::Class::Reject => Class::Reject,
                archive::Class::Fatal => Class::Fatal,
            },
            Self::History(error) if !error.may_pass => Class::Fatal,
            Self::History(_) | Self::NoHistory { .. } | Self::Torn => Class::Retry,
            Self::SetUp(_) | Self::Foreign { .. } => Class::Fatal,
        }
    }
}
