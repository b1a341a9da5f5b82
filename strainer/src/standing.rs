//! How an event's archiving stands, for the status record.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

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
    /// Since when the archive has not been known to have everything.
    behind_since: Option<Instant>,
}

impl Facts {
    fn behind(&self) -> u64 {
        self.top.saturating_sub(self.cursor.as_ref().map_or(0, |at| at.seq))
    }

    fn waiting(&self) -> Duration {
        self.behind_since.map(|since| since.elapsed()).unwrap_or_default()
    }
}

impl Standing {
    /// The archive is here, the log there.
    pub(crate) fn is_at(&self, cursor: Option<Position>, top: Seq) {
        let mut facts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = facts.behind_since;
        *facts = Facts { cursor, top, trouble: None, behind_since: None };
        if facts.behind() > 0 {
            facts.behind_since = before.or_else(|| Some(Instant::now()));
        }
    }

    /// It does not go on, because of this.
    pub(crate) fn is_stuck(&self, why: &str) {
        let mut facts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        facts.trouble = Some(why.to_owned());
        // What has come since cannot be known while the log or the archive is away.
        facts.behind_since.get_or_insert_with(Instant::now);
    }

    /// How many entries are not archived yet, as far as is known, and since when not everything is.
    pub(crate) fn behind(&self) -> (u64, Duration) {
        let facts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        (facts.behind(), facts.waiting())
    }

    pub(crate) fn json(&self) -> Value {
        let facts = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        json!({
            "cursor": facts.cursor.as_ref().map(ToString::to_string),
            "seq": facts.cursor.as_ref().map_or(0, |at| at.seq),
            "top": facts.top,
            "behind": facts.behind(),
            "waiting_seconds": facts.waiting().as_secs_f64(),
            "trouble": facts.trouble,
        })
    }
}
