//! Schedules that conferences really published, when the recordings are at hand: none may panic, and what is passed over is named.

use jiff::tz::TimeZone;
use model::schedule::{self, merge};
use model::{Talk, TalkId};
use std::collections::BTreeMap;
use std::path::PathBuf;

fn recording(name: &str) -> Option<Vec<u8>> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/fixtures/schedules");
    let found = std::fs::read(folder.join(name)).ok();
    if found.is_none() {
        eprintln!("SKIPPED: the recorded schedule {name} is not here");
    }
    found
}

fn berlin() -> TimeZone {
    TimeZone::get("Europe/Berlin").unwrap()
}

#[test]
fn published_files_are_read() {
    for (name, least) in [
        ("31c3-v1.xml", 100),
        ("31c3-v4.xml", 100),
        ("36c3-merged.xml", 1300),
        ("debconf-pentabarf.xml", 10),
        ("fosdem2018-excerpt.xml", 2),
        ("rc3-pretalx.json", 10),
        ("hub-schedule2.json", 1),
    ] {
        let Some(bytes) = recording(name) else { continue };
        let file = schedule::parse(&bytes, &berlin()).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert!(
            file.talks.len() >= least,
            "{name}: {} talks, passed over {:?}",
            file.talks.len(),
            file.passed_over
        );
        assert!(
            file.talks.iter().all(|t| t.end >= t.start && !t.title.is_empty() && !t.day.is_empty()),
            "{name}"
        );
        assert!(file.passed_over.len() * 20 <= file.talks.len(), "{name}: {:?}", file.passed_over);
    }
}

#[test]
fn a_series_of_versions_keeps_talks_by_id() {
    let mut known: BTreeMap<TalkId, Talk> = BTreeMap::new();
    let mut sizes = Vec::new();
    for version in 1..=4 {
        let Some(bytes) = recording(&format!("31c3-v{version}.xml")) else { return };
        let file = schedule::parse(&bytes, &berlin()).unwrap();
        let merged = merge(&known, &file);
        assert!(!merged.shrunk);
        known.extend(merged.talks.into_iter().map(|t| (t.id.clone(), t)));
        sizes.push(known.len());
        assert_eq!(known.values().filter(|t| !t.dropped).count(), file.talks.len());
        assert_eq!(merge(&known, &file).schedule, None, "the same file twice changes nothing");
    }
    assert!(sizes[3] < sizes[0] * 2, "talks were recognised, not added anew: {sizes:?}");
}
