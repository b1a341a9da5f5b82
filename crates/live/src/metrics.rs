//! What the live log counts, by the event's id.

use crate::push::Word;
use model::EventId;
use std::time::Duration;

/// Gauge: how long the tail has been lacking an accepted entry, in seconds.
pub const TAIL_BEHIND_SECONDS: &str = "perihelion_live_tail_behind_seconds";
/// Counter: answers of the push script, by word.
pub const PUSH_ANSWERS_TOTAL: &str = "perihelion_live_push_answers_total";

pub(crate) fn behind(eid: EventId, since: Duration) {
    metrics::gauge!(TAIL_BEHIND_SECONDS, "eid" => eid.to_string()).set(since.as_secs_f64());
}

pub(crate) fn answered(eid: EventId, word: Word) {
    metrics::counter!(PUSH_ANSWERS_TOTAL, "eid" => eid.to_string(), "answer" => word.name()).increment(1);
}
