//! How far the archive has read a log.

use std::collections::HashMap;

use model::{Epoch, Position, Seq};

/// The position up to which the archive holds the fold of a log, and that log's ancestry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// Every entry up to here is folded in.
    pub position: Position,
    /// The older logs that this one continues, each with the last seq carried over.
    pub line: HashMap<Epoch, Seq>,
}

impl Cursor {
    /// A cursor in a log without ancestors.
    #[must_use]
    pub fn new(epoch: Epoch, seq: Seq) -> Self {
        Self { position: Position { epoch, seq }, line: HashMap::new() }
    }

    /// The same log, at another seq.
    #[must_use]
    pub fn at(&self, seq: Seq) -> Self {
        Self { position: Position { epoch: self.position.epoch.clone(), seq }, line: self.line.clone() }
    }
}
