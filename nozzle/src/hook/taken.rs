//! What a delivery comes to: posts that admit let through, deletes, and what is only counted.

use std::collections::BTreeMap;

use metrics::counter;
use model::event::Consent;
use model::{GoneBy, Micros};
use sha2::{Digest, Sha512};

use super::verify::{Style, Verified, WINDOW};
use crate::admit::{Arrival, admit, is_name};
use crate::metrics as names;
use crate::sequencer::Brought;
use crate::source::{Deleter, Draft, Upstream};

/// How old a post may be that still counts as live, in microseconds: the first try of an honest sender is younger.
const LATE_AFTER: i64 = WINDOW;
/// What a sender hears whose delivery brings nothing.
pub(super) const NOTHING_TO_SHOW: &str =
    "no item has anything to show: give each an id, and text, html, a title or media (post.deleted: the id)";

/// What a delivery comes to.
#[derive(Default)]
pub(super) struct Taken {
    pub(super) is_held: bool,
    pub(super) brought: Vec<Brought>,
    pub(super) rejected: BTreeMap<&'static str, u64>,
    /// For the pump alone.
    pub(super) aside: Vec<Upstream>,
}

impl Taken {
    pub(super) fn add(&mut self, message: Upstream, source: &str, now: Micros) {
        match message {
            Upstream::Post(draft) => self.post(*draft, source, now),
            Upstream::Delete { name, by } if is_name(&name) => {
                let by = match by {
                    Deleter::Author => GoneBy::Author,
                    Deleter::Network => GoneBy::Network,
                    Deleter::Law => GoneBy::Law,
                };
                self.brought.push(Brought::Delete { name, by });
            }
            Upstream::Delete { .. } => self.reject("identity"),
            Upstream::Malformed { reason, .. } => self.reject(reason),
            other => self.aside.push(other),
        }
    }

    fn post(&mut self, draft: Draft, source: &str, now: Micros) {
        let is_late = draft.network_time.is_some_and(|said| now.since(said) > LATE_AFTER);
        match admit(draft, Arrival { source, received: now, is_late, consent: Consent::default() }) {
            Ok(admitted) => {
                for what in &admitted.trimmed {
                    counter!(names::TRIMMED, "what" => *what).increment(1);
                }
                self.brought.push(Brought::Post { admitted: Box::new(admitted), is_held: self.is_held });
            }
            Err(rejection) => self.reject(rejection.reason()),
        }
    }

    fn reject(&mut self, reason: &'static str) {
        counter!(names::REJECTED, "reason" => reason).increment(1);
        *self.rejected.entry(reason).or_default() += 1;
    }
}

/// Under which key the ledger remembers a delivery: a digest longer than `KEY_BYTES_MAX`, see `Delivery::key`.
pub(super) fn key(source: &str, by: &Verified) -> String {
    let style = match by.style {
        Style::Standard => "standard",
        Style::GitHub { .. } => "github",
    };
    let digest = Sha512::digest(format!("{style}\n{source}\n{}", by.id));
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("delivery:{hex}")
}
