//! What a source may ask of the past: which of its posts the log holds, so that it can look at them again after a restart
//! (networks that tell nobody of deletions or edits). Reading only; what it finds out goes the usual way.

use async_trait::async_trait;

pub use live::ledger::Kept;

/// The items that one source has brought and that are not gone, as the log holds them.
#[async_trait]
pub trait Memory: Send + Sync {
    /// The newest of them, newest first, at most `max`. Empty when the log cannot be read just now.
    async fn newest(&self, max: usize) -> Vec<Kept>;
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
