//! The status records of the daemons as the dashboard reads them: what a record lacks is nothing, what it has more is left alone, so that
//! daemons of two versions may run side by side during an update.

use chassis::spread::Spread;
use chassis::status::Status;
use model::{Micros, Seq};
use nozzle::intake::SourceReport;
use serde::Deserialize;
use std::collections::BTreeMap;

/// What a nozzle adds to its record.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct NozzleRecord {
    pub(super) events: Vec<NozzleEvent>,
    pub(super) disk: Option<Disk>,
}

/// One event as its nozzle tells of it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct NozzleEvent {
    pub(super) slug: Option<String>,
    pub(super) top: Seq,
    pub(super) owner: bool,
    pub(super) tail_behind: u64,
    pub(super) sources: Vec<SourceReport>,
    pub(super) watched: Vec<SourceReport>,
    pub(super) figures: Figures,
    pub(super) file_bytes: u64,
}

/// The disk of the ledgers.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Disk {
    /// `enough`, `low` or `full`.
    pub(super) state: String,
    pub(super) free_bytes: u64,
    pub(super) total_bytes: u64,
}

/// An event in figures; also what the live store keeps of it for the public pages.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::site) struct Figures {
    /// The entry up to which they count; 0: nothing was counted yet.
    pub(in crate::site) top: Seq,
    pub(in crate::site) posts: u64,
    /// Posts that belong into the archive.
    pub(in crate::site) archived: u64,
    pub(in crate::site) people: u64,
    pub(in crate::site) viewers: u64,
    pub(in crate::site) peak: Option<Peak>,
    /// The minute in which most came, and how many.
    pub(in crate::site) busiest: Option<(Micros, u64)>,
    /// Items of the last hour by minute; the last one is not over.
    pub(in crate::site) minutes: Vec<u64>,
    pub(in crate::site) sources: Vec<SourceFigures>,
    pub(in crate::site) gaps: Gaps,
}

/// The most viewers at once.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::site) struct Peak {
    pub(in crate::site) viewers: u64,
    pub(in crate::site) at: Micros,
}

/// What one source came to: received is what follows it, unless something is missing.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::site) struct SourceFigures {
    pub(in crate::site) name: String,
    pub(in crate::site) posts: u64,
    pub(in crate::site) received: u64,
    pub(in crate::site) new: u64,
    pub(in crate::site) duplicate: u64,
    pub(in crate::site) held: u64,
    pub(in crate::site) changed: u64,
    pub(in crate::site) rejected: u64,
    pub(in crate::site) missing: u64,
}

/// Windows in which something may be missing.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::site) struct Gaps {
    pub(in crate::site) open: u64,
    pub(in crate::site) unfillable: u64,
    pub(in crate::site) filled: u64,
    pub(in crate::site) known_lost: u64,
    pub(in crate::site) newest: Vec<GapFigures>,
}

/// One of them.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::site) struct GapFigures {
    pub(in crate::site) source: String,
    pub(in crate::site) from: Micros,
    pub(in crate::site) to: Option<Micros>,
    pub(in crate::site) reason: String,
    pub(in crate::site) count: Option<u64>,
}

/// What a halley adds.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct HalleyRecord {
    pub(super) events: BTreeMap<String, HalleyEvent>,
}

/// One event as a halley serves it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct HalleyEvent {
    pub(super) head: Option<HalleyHead>,
    pub(super) viewers: Viewers,
    pub(super) source_to_screen: Spread,
    pub(super) commit_to_screen: Spread,
}

/// How far it can serve.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct HalleyHead {
    pub(super) top: Seq,
}

/// Connections by transport.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(super) struct Viewers {
    pub(super) ws: u64,
    pub(super) sse: u64,
    pub(super) poll: u64,
}

/// What a strainer adds.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct StrainerRecord {
    pub(super) events: BTreeMap<String, StrainerEvent>,
}

/// One event as it is archived.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct StrainerEvent {
    pub(super) seq: Seq,
    pub(super) waiting_seconds: f64,
    pub(super) trouble: Option<String>,
}

/// What the role of a record added to it; nothing where that cannot be read.
pub(super) fn details<T: Default + for<'de> Deserialize<'de>>(record: &Status) -> T {
    serde_json::from_value(serde_json::Value::Object(record.details.clone()))
        .inspect_err(
            |error| tracing::debug!(%error, role = %record.role, "a status record is of another shape"),
        )
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_of_another_version_is_read_as_far_as_it_goes() {
        let record = |json: serde_json::Value| serde_json::from_value::<Status>(json).expect("a record");
        let record = record(serde_json::json!({
            "role": "halley", "instance": "h-1", "pid": 1, "version": "9", "started": 1, "at": 2, "ready": true, "memory": null,
            "events": {"fest": {"viewers": {"ws": 3, "webtransport": 9}, "head": {"epoch": "0.a", "top": 7, "base": 0}}}, "new": [1],
        }));
        let halley: HalleyRecord = details(&record);
        assert_eq!(halley.events["fest"].viewers, Viewers { ws: 3, sse: 0, poll: 0 });
        assert_eq!(halley.events["fest"].head.as_ref().map(|head| head.top), Some(7));
        assert!(
            details::<NozzleRecord>(&record).events.is_empty(),
            "another role's record tells a nozzle nothing"
        );
        assert_eq!(record.cpu_seconds, None);
    }
}
