//! What can go wrong with an archive, and what a loop does about it.

use sqlx::migrate::MigrateError;

/// What the caller does about an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Wait, read the cursor again, try again.
    Retry,
    /// This request can never succeed; others can.
    Reject,
    /// Stop and tell a person.
    Fatal,
}

/// Why the archive did not do as asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database is away, too busy, full, or not prepared yet.
    #[error("the archive does not answer: {0}")]
    Away(#[source] sqlx::Error),
    /// The database took the question and says nothing.
    #[error("the archive does not answer in time")]
    Silent,
    /// What is searched was not filled yet: a newer program has just begun to do so.
    #[error("the archive's search is being filled after an upgrade")]
    Unfilled,
    /// The cursor is not where the writer believed it to be: another writer moved it, or our own last commit
    /// succeeded although its answer was lost.
    #[error("the archive's cursor was moved meanwhile")]
    Moved,
    /// The lines of a rebuild could not be read.
    #[error("the log's lines could not be read: {0}")]
    Lines(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The address in `archive.url` is none that we know.
    #[error("archive.url: {0}")]
    Address(String),
    /// The database was written by a newer program.
    #[error(
        "the archive was written by a newer perihelion (schema {found}, this program knows {known}); \
         start that version, or point archive.url elsewhere"
    )]
    Newer {
        /// The schema version in the database.
        found: i64,
        /// The newest one that this program knows.
        known: i64,
    },
    /// The schema could not be brought up to date.
    #[error("the archive's schema cannot be brought up to date: {0}")]
    Schema(#[source] MigrateError),
    /// A stored value is none that we wrote.
    #[error("the archive holds a damaged {what} for {key}: {why}")]
    Damaged {
        /// Which column.
        what: &'static str,
        /// Whose.
        key: String,
        /// What is wrong with it.
        why: String,
    },
    /// The database refuses what we ask; no repetition helps.
    #[error("the archive refuses: {0}")]
    Refused(#[source] sqlx::Error),
    /// What is left of removed rows cannot be wiped.
    #[error("what removed rows leave in the archive cannot be wiped: {0}")]
    Unscoured(#[source] scour::Error),
    /// The task of a transaction ended without an answer (the runtime is shutting down, or it panicked).
    #[error("the archive's transaction was abandoned")]
    Abandoned,
}

impl Error {
    /// What a loop does about it.
    #[must_use]
    pub fn class(&self) -> Class {
        match self {
            Self::Away(_)
            | Self::Silent
            | Self::Unfilled
            | Self::Moved
            | Self::Lines(_)
            | Self::Abandoned => Class::Retry,
            Self::Damaged { .. } | Self::Unscoured(_) => Class::Reject,
            Self::Address(_) | Self::Newer { .. } | Self::Schema(_) | Self::Refused(_) => Class::Fatal,
        }
    }
}

impl From<scour::Error> for Error {
    fn from(error: scour::Error) -> Self {
        match error {
            scour::Error::Sqlite(error) => error.into(),
            other => Self::Unscoured(other),
        }
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        if may_pass(&error) { Self::Away(error) } else { Self::Refused(error) }
    }
}

impl Error {
    /// Names the scheme alone: an address may hold a password.
    pub(crate) fn unknown_address(url: &str) -> Self {
        let scheme = url.split("://").next().unwrap_or_default();
        Self::Address(format!("write \"embedded\" or \"postgres://user@host/database\", not {scheme:?}"))
    }

    pub(crate) fn from_migration(error: MigrateError, known: i64) -> Self {
        match error {
            MigrateError::VersionMissing(found) if found > known => Self::Newer { found, known },
            MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) if may_pass(&error) => {
                Self::Away(error)
            }
            other => Self::Schema(other),
        }
    }
}

/// Whether the same request may succeed later. Refusals that no time cures are told apart by their codes.
fn may_pass(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed
        | sqlx::Error::BeginFailed => true,
        sqlx::Error::Database(database) => database.code().is_none_or(|code| is_passing_code(&code)),
        _ => false,
    }
}

/// PostgreSQL's SQLSTATE (five characters) or SQLite's result code (a number).
fn is_passing_code(code: &str) -> bool {
    if code.len() == 5 {
        let class = &code[..2];
        // Connection, resources, operator intervention, system errors, rolled back, read only for now; and a table
        // that is missing because nobody has prepared the schema yet.
        return matches!(class, "08" | "53" | "57" | "58" | "40" | "55") || matches!(code, "25006" | "42P01");
    }
    // Primary code in the low byte: BUSY 5, LOCKED 6, READONLY 8, IOERR 10, FULL 13, CANTOPEN 14.
    code.parse::<u32>().is_ok_and(|code| matches!(code & 0xff, 5 | 6 | 8 | 10 | 13 | 14))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_that_pass_are_told_from_refusals() {
        for passing in ["57P01", "57P03", "08006", "53100", "40001", "55P03", "42P01", "5", "261", "13"] {
            assert!(is_passing_code(passing), "{passing}");
        }
        for refusal in ["42501", "28P01", "3D000", "23505", "42601", "19", "11", "2067"] {
            assert!(!is_passing_code(refusal), "{refusal}");
        }
    }

    #[test]
    fn every_class_has_its_errors() {
        assert_eq!(Error::Moved.class(), Class::Retry);
        assert_eq!(Error::from(sqlx::Error::PoolTimedOut).class(), Class::Retry);
        assert_eq!(Error::from(sqlx::Error::RowNotFound).class(), Class::Fatal);
        let newer = Error::from_migration(MigrateError::VersionMissing(7), 1);
        assert!(newer.to_string().contains("newer perihelion (schema 7, this program knows 1)"), "{newer}");
    }
}
