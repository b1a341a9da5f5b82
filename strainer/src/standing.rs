//! How an event's archiving stands, for the status record.

use std::sync::{Mutex, PoisonError};

use model::{Position, Seq};
use serde_json::{Value, json};

/// Shared between a follower, which writes it, and the status record.
#[derive(Debug, Default)]
pub(crate) struct Standing(Mutex<Facts>);

#[derive(Debug, Default, Clone)]
struct Facts {
    cursor: Option<Position>,
    top: Seq,
    trouble: Option<String>,
}

impl Standing {
    /// The archive is here, the log there.
    pub(crate) fn is_at(&self, cursor: Option<Position>, top: Seq) {
        let mut facts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *facts = Facts { cursor, top, trouble: None };
    }

    /// It does not go on, because of this.
    pub(crate) fn is_stuck(&self, why: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).trouble = Some(why.to_owned());
    }

    pub(crate) fn json(&self) -> Value {
        let facts = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let seq = facts.cursor.as_ref().map_or(0, |at| at.seq);
        json!({
            "cursor": facts.cursor.map(|at| at.to_string()),
            "top": facts.top,
            "behind": facts.top.saturating_sub(seq),
            "trouble": facts.trouble,
        })
    }
}
