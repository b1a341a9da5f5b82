//! What can go wrong in halley.

/// What can go wrong in halley.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The process could not be set up.
    #[error(transparent)]
    SetUp(#[from] chassis::Error),
    /// The threads that write to sockets could not be started.
    #[error("starting the threads of [halley] shards: {0}")]
    Threads(#[source] std::io::Error),
    /// The log cannot be read.
    #[error(transparent)]
    Log(#[from] live::Error),
    /// The log is being rolled back or replaced; what was asked for cannot be told apart from older words just now.
    #[error("the live log is catching up with itself")]
    Behind,
    /// Compression failed.
    #[error("encoding a chunk: {0}")]
    Encode(#[source] std::io::Error),
    /// The process is stopping.
    #[error("halley is stopping")]
    Closed,
}

impl Error {
    /// What a loop does about it.
    pub fn class(&self) -> live::Class {
        match self {
            Self::Log(error) => error.class(),
            Self::Behind => live::Class::Retry,
            Self::SetUp(_) | Self::Threads(_) | Self::Encode(_) | Self::Closed => live::Class::Fatal,
        }
    }
}
