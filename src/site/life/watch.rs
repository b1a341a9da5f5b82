//! What goes on by itself: the nozzle's disk is looked at on the status board, and events that were deleted because their day was over
//! get their line in the audit log.

use super::super::{Site, audit::What};
use chassis::Shutdown;
use serde_json::Value;
use std::{
    sync::atomic::{AtomicU8, Ordering},
    time::Duration,
};

/// How often the board is read.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// What deletes by itself begins so.
const BY_ITSELF: &str = "nozzle:";

const ENOUGH: u8 = 0;
const LOW: u8 = 1;
const FULL: u8 = 2;

/// How much room the nozzle has, as far as it says. A nozzle that says nothing changes nothing.
#[derive(Debug, Default)]
pub(in crate::site) struct Disk(AtomicU8);

impl Disk {
    /// Nothing more is taken.
    pub(in crate::site) fn is_full(&self) -> bool {
        self.0.load(Ordering::Relaxed) == FULL
    }

    /// Nearly full.
    pub(in crate::site) fn is_low(&self) -> bool {
        self.0.load(Ordering::Relaxed) == LOW
    }

    /// Takes the records of the board; true when pages look otherwise now.
    fn take(&self, records: &[(String, String)]) -> bool {
        let of_nozzles = records.iter().filter(|(key, _)| key.starts_with("status:nozzle:"));
        let states = of_nozzles.filter_map(|(_, json)| serde_json::from_str::<Value>(json).ok());
        let worst = states.filter_map(|record| level(&record)).max();
        let Some(now) = worst else { return false };
        self.0.swap(now, Ordering::Relaxed) != now
    }
}

fn level(record: &Value) -> Option<u8> {
    let disk =
        record.get("disk").or_else(|| record.get("details").and_then(|details| details.get("disk")))?;
    Some(match disk.get("state")?.as_str()? {
        "full" => FULL,
        "low" => LOW,
        _ => ENOUGH,
    })
}

/// Looks until the process stops.
pub(in crate::site) async fn watch(site: Site, shutdown: Shutdown) {
    while !shutdown.is_triggered() {
        match site.events.statuses().await {
            // Every page is drawn anew: the banner is on it now, or no longer.
            Ok(records) if site.disk.take(&records) => site.events.turn_all(),
            Ok(_) => {}
            Err(error) => tracing::debug!(%error, "the status board cannot be read"),
        }
        for deleted in site.events.take_deleted() {
            if deleted.by.starts_with(BY_ITSELF) {
                let sentence = "The day until which it was to be kept is over: all of it was deleted.";
                site.audit_by(&deleted.by, Some(deleted.eid), What::new("delete", &deleted.slug, sentence));
            }
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK_EVERY) => {}
            () = shutdown.triggered() => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fullest_disk_counts_and_silence_changes_nothing() {
        let record = |instance: &str, state: &str| {
            (
                format!("status:nozzle:{instance}"),
                format!(r#"{{"role":"nozzle","disk":{{"state":"{state}"}}}}"#),
            )
        };
        let disk = Disk::default();
        assert!(!disk.take(&[record("a", "enough")]));
        assert!(disk.take(&[record("a", "low"), record("b", "full")]) && disk.is_full());
        assert!(!disk.take(&[]) && disk.is_full(), "nobody said that there is room again");
        assert!(!disk.take(&[("status:nozzle:a".to_owned(), "{".to_owned())]) && disk.is_full());
        assert!(disk.take(&[record("a", "low")]) && disk.is_low());
    }
}
