//! What a source may ask of the past: which of its posts the log holds, so that it can look at them again after a restart
//! (networks that tell nobody of deletions or edits). Reading only; what it finds out goes the usual way.

use async_trait::async_trait;
use model::{Counts, Micros};

/// The items that one source has brought and that are not gone, as the log holds them.
#[async_trait]
pub trait Memory: Send + Sync {
    /// The newest of them, newest first, at most `max`. Empty when the log cannot be read just now.
    async fn newest(&self, max: usize) -> Vec<Kept>;
}

/// One item of a source, without its words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// `network:native id`.
    pub uid: String,
    /// The other names under which it is known; see `Draft::aliases`.
    pub aliases: Vec<String>,
    /// `network:id` of its author.
    pub author: String,
    /// When it was said.
    pub when: Micros,
    /// Newest revision.
    pub rev: u64,
    /// What the network counted last.
    pub counts: Counts,
}

/// A memory of nothing: settings are only being checked.
#[derive(Clone, Copy, Debug)]
pub struct Forgetful;

#[async_trait]
impl Memory for Forgetful {
    async fn newest(&self, _max: usize) -> Vec<Kept> {
        Vec::new()
    }
}
