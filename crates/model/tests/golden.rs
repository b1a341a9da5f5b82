//! The wire form of every entry kind, held against files that were written by hand and are never regenerated: readers that
//! were released once must go on reading what they read. `full/` is what ledger and tail hold, `public/` what leaves the server.

use model::{Entry, Fold, public};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::PathBuf;

const KINDS: [&str; 15] = [
    "post", "edit", "show", "hide", "remove", "counts", "filing", "stage", "talk", "schedule", "event",
    "gap", "tally", "notice", "void",
];

fn golden(kind: &str, form: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(form)
        .join(format!("{kind}.json"));
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display())).trim_end().to_owned()
}

#[test]
fn every_kind_is_written_byte_for_byte_as_its_golden_file() {
    for kind in KINDS {
        let text = golden(kind, "full");
        let entry: Entry = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{kind}: {e}"));
        assert_eq!(entry.name(), kind);
        assert_eq!(serde_json::to_string(&entry).unwrap(), text, "{kind}");
    }
}

#[test]
fn every_kind_leaves_the_server_byte_for_byte_as_its_golden_file() {
    for kind in KINDS {
        let entry: Entry = serde_json::from_str(&golden(kind, "full")).unwrap();
        let public = String::from_utf8(public::entry_json(&entry)).unwrap();
        assert_eq!(public, golden(kind, "public"), "{kind}");
        for private in ["\"uid\"", "Why a form must keep", "mastodon:https"] {
            assert!(!public.contains(private), "{kind} shows {private}");
        }
    }
}

#[test]
fn a_reader_ignores_fields_that_it_does_not_know() {
    for kind in KINDS {
        let mut value: Value = serde_json::from_str(&golden(kind, "full")).unwrap();
        let plain: Entry = serde_json::from_value(value.clone()).unwrap();
        value["from_the_future"] = Value::from(1);
        if let Some(item) = value.get_mut("item") {
            item["from_the_future"] = Value::from(1);
        }
        assert_eq!(serde_json::from_value::<Entry>(value).unwrap(), plain, "{kind}");
    }
}

#[test]
fn absent_and_null_are_the_same() {
    let mut value: Value = serde_json::from_str(&golden("post", "full")).unwrap();
    let item = value["item"].as_object_mut().unwrap();
    let optional: BTreeSet<String> =
        item.iter().filter(|(_, v)| v.is_null()).map(|(k, _)| k.clone()).collect();
    item.retain(|k, _| !optional.contains(k));
    let without: Entry = serde_json::from_value(value).unwrap();
    assert_eq!(without, serde_json::from_str(&golden("post", "full")).unwrap());
    assert!(optional.len() >= 3);
}

#[test]
fn all_kinds_fold_in_one_log() {
    let mut fold = Fold::default();
    for (i, kind) in KINDS.iter().enumerate() {
        let mut entry: Entry = serde_json::from_str(&golden(kind, "full")).unwrap();
        entry.seq = i as u64 + 1;
        fold.apply(&entry);
        fold.apply(&entry);
    }
    assert_eq!(fold.top(), KINDS.len() as u64);
    assert_eq!((fold.talks.len(), fold.gaps.len(), fold.tallies.len(), fold.notices.len()), (1, 1, 1, 1));
    assert!(fold.event.is_some() && fold.schedule.is_some() && fold.stage.len() == 1);
}
