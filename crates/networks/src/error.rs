//! What can go wrong when a fake network is set up. Once it runs, it answers errors over the wire as its model does.

use std::path::PathBuf;

/// Why a fake network could not be started or fed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The port could not be bound, or the journal not be written.
    #[error("{what}: {source}")]
    Io {
        /// What was tried.
        what: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// A line of a file of posts cannot be read.
    #[error("{path}, line {line}: {why}")]
    BadLine {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// What is wrong with it.
        why: String,
    },
    /// The runner's settings cannot be read.
    #[error("settings: {0}")]
    BadSettings(String),
}

impl Error {
    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.into();
        move |source| Self::Io { what, source }
    }
}
