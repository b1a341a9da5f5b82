//! A source's memory: what the ledger holds of its posts.

use async_trait::async_trait;
use live::ledger::LedgerView;

use crate::source::{Kept, Memory};

/// Reads beside the sequencer; never writes.
#[derive(Clone, Debug)]
pub(super) struct LedgerMemory {
    view: LedgerView,
    source: String,
}

impl LedgerMemory {
    /// The memory of the source of this name.
    pub(super) fn new(view: &LedgerView, source: &str) -> Self {
        Self { view: view.clone(), source: source.to_owned() }
    }
}

#[async_trait]
impl Memory for LedgerMemory {
    async fn newest(&self, max: usize) -> Vec<Kept> {
        match self.view.newest_of(&self.source, max).await {
            Ok(kept) => kept,
            Err(error) => {
                tracing::warn!(source.name = %self.source, %error, "the ledger does not tell what it holds of a source");
                Vec::new()
            }
        }
    }
}
