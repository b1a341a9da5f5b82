//! Programmes written out and read again: the talks of recorded schedules are the same after each of the three forms, and the
//! frab forms have the keys and shapes of c3voc's schemas.

use jiff::tz::TimeZone;
use model::event::{Room, room_slug};
use model::schedule::write::{Programme, frab_json, frab_xml, icalendar};
use model::schedule::{self, FoundTalk, ScheduleFile};
use model::{EventEntry, Micros, Talk};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

const RECORDED: [&str; 9] = [
    "31c3-v4.xml",
    "36c3-merged.xml",
    "divoc-ptt/schedule.ics",
    "emf-2018/schedule.ics",
    "debconf-pentabarf.xml",
    "rc3-pretalx.json",
    "hub-schedule2.json",
    "pretalx-api/pyconfr-2024/2024-10-31-84c356e.json",
    "jres-2022.ics",
];

fn place(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/fixtures/schedules").join(name);
    if path.exists() {
        return Some(path);
    }
    testkit::skip_loudly(&format!("the recorded schedule {name}"));
    None
}

fn zone() -> TimeZone {
    TimeZone::get("Europe/Berlin").unwrap()
}

fn read(bytes: &[u8], name: &str) -> ScheduleFile {
    schedule::parse(bytes, &zone()).unwrap_or_else(|e| panic!("{name}: {e}"))
}

fn event(file: &ScheduleFile) -> EventEntry {
    let event: EventEntry = serde_json::from_value(
        serde_json::json!({"slug": "kiln-26", "title": "Kiln", "timezone": "Europe/Berlin"}),
    )
    .unwrap();
    let names: BTreeMap<String, String> = file
        .talks
        .iter()
        .map(|t| (room_slug(&t.room), t.room.clone()))
        .filter(|(_, name)| !name.is_empty())
        .collect();
    let rooms = names.into_iter().map(|(slug, name)| Room { slug, name, tags: Vec::new() }).collect();
    EventEntry { rooms, ..event }
}

/// The three forms of what a file says.
fn written(file: &ScheduleFile) -> ([String; 3], Vec<Talk>) {
    let talks = schedule::merge(&BTreeMap::new(), file).talks;
    let refs: Vec<&Talk> = talks.iter().collect();
    let event = event(file);
    let programme = Programme {
        event: &event,
        version: &file.version,
        talks: &refs,
        home: "https://live.example/kiln-26",
        changed_at: Micros::parse_rfc3339("2026-05-01T00:00:00Z").unwrap(),
        real: &|_| None,
    };
    ([frab_json(&programme), frab_xml(&programme), icalendar(&programme)], talks)
}

/// What a talk has in every form. Lengths are whole minutes in the frab forms.
fn known(talk: &Talk) -> String {
    let minutes = (talk.end.since(talk.start) + Micros::MINUTE - 1) / Micros::MINUTE;
    let names: Vec<&str> = talk.speakers.iter().map(|s| s.name.as_str()).collect();
    format!(
        "{} {minutes} {:?} {:?} {names:?} {:?} {:?}",
        talk.start.0, talk.title, talk.room, talk.subtitle, talk.track
    )
}

fn found(talk: &FoundTalk) -> String {
    let minutes = (talk.end.since(talk.start) + Micros::MINUTE - 1) / Micros::MINUTE;
    let names: Vec<&str> = talk.speakers.iter().map(|s| s.name.as_str()).collect();
    let room = room_slug(&talk.room);
    format!(
        "{} {minutes} {:?} {room:?} {names:?} {:?} {:?}",
        talk.start.0, talk.title, talk.subtitle, talk.track
    )
}

fn sorted(all: impl Iterator<Item = String>) -> Vec<String> {
    let mut all: Vec<String> = all.collect();
    all.sort();
    all
}

#[test]
fn recorded_programmes_are_the_same_after_each_form() {
    for name in RECORDED {
        let Some(path) = place(name) else { continue };
        let file = read(&std::fs::read(path).unwrap(), name);
        let (forms, talks) = written(&file);
        for (form, text) in ["json", "xml", "ics"].iter().zip(&forms) {
            let again = read(text.as_bytes(), name);
            let [known, found] = [sorted(talks.iter().map(known)), sorted(again.talks.iter().map(found))];
            let differ: Vec<_> = known.iter().zip(&found).filter(|(a, b)| a != b).take(2).collect();
            assert!(
                known.len() == found.len() && differ.is_empty(),
                "{name} as {form}: {} of {}: {differ:?} {:?}",
                found.len(),
                known.len(),
                again.passed_over
            );
            assert_eq!(again.version, file.version, "{name} as {form}");
            if *form != "ics" {
                let days = |days: Vec<&str>| {
                    let mut days = days;
                    days.sort_unstable();
                    days.join(" ")
                };
                assert_eq!(
                    days(talks.iter().map(|t| t.day.as_str()).collect()),
                    days(again.talks.iter().map(|t| t.day.as_str()).collect()),
                    "{name} as {form}"
                );
            }
        }
        for line in forms[2].split("\r\n") {
            assert!(line.len() <= 75, "{name}: {line}");
        }
    }
}

/// What a value lacks by a schema: type, required and unknown keys, in all it holds.
fn lacks(schema: &Value, root: &Value, value: &Value, place: &str, out: &mut Vec<String>) {
    if let Some(name) = schema["$ref"].as_str().and_then(|r| r.strip_prefix("#/definitions/")) {
        return lacks(&root["definitions"][name], root, value, place, out);
    }
    let kinds: Vec<&str> = match &schema["type"] {
        Value::String(kind) => vec![kind],
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let is = |kind: &&str| match *kind {
        "string" => value.is_string(),
        "integer" => value.is_u64() || value.is_i64(),
        "number" => value.is_number(),
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        _ => value.is_object(),
    };
    if !kinds.is_empty() && !kinds.iter().any(is) {
        out.push(format!("{place} is no {kinds:?}"));
    }
    for key in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if value.get(key).is_none() {
            out.push(format!("{place} has no {key}"));
        }
    }
    let is_closed = schema["additionalProperties"] == Value::Bool(false);
    for (key, inner) in value.as_object().into_iter().flatten() {
        let pattern = schema["patternProperties"].as_object().and_then(|p| p.values().next());
        match (schema["properties"].get(key).or(pattern), is_closed) {
            (Some(schema), _) => lacks(schema, root, inner, &format!("{place}.{key}"), out),
            (None, true) => out.push(format!("{place} has a key that is unknown: {key}")),
            _ => {}
        }
    }
    if let (Some(items), Some(list)) = (schema.get("items"), value.as_array()) {
        list.iter()
            .enumerate()
            .for_each(|(i, inner)| lacks(items, root, inner, &format!("{place}[{i}]"), out));
    }
}

#[test]
fn written_json_has_the_keys_of_the_schema() {
    let Some(schema) = place("spec/c3voc-schema.json") else { return };
    let schema: Value = serde_json::from_slice(&std::fs::read(schema).unwrap()).unwrap();
    for name in RECORDED {
        let Some(path) = place(name) else { continue };
        let json = &written(&read(&std::fs::read(path).unwrap(), name)).0[0];
        let value: Value = serde_json::from_str(json).unwrap();
        let mut out = Vec::new();
        lacks(&schema, &schema, &value, "", &mut out);
        assert!(out.is_empty(), "{name}: {:?}", &out[..out.len().min(5)]);
        let days = value["schedule"]["conference"]["days"].as_array().unwrap();
        let talks = days
            .iter()
            .flat_map(|d| d["rooms"].as_object().unwrap().values())
            .flat_map(|r| r.as_array().unwrap());
        let mut seen = BTreeSet::new();
        for talk in talks {
            assert!(
                seen.insert(talk["guid"].to_string()) && seen.insert(talk["id"].to_string()),
                "{name}: {talk}"
            );
            let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_');
            let slug = talk["slug"].as_str().unwrap();
            assert!(slug.chars().all(is_plain) && !slug.ends_with(['-', '_']), "{slug}");
            assert_eq!(talk["guid"].as_str().unwrap().len(), 36);
        }
        // For a look with other tools: `xmllint --schema`.
        if let Some(folder) = std::env::var_os("PERIHELION_WRITTEN") {
            let forms = written(&read(&std::fs::read(place(name).unwrap()).unwrap(), name)).0;
            for (form, text) in ["json", "xml", "ics"].iter().zip(forms) {
                std::fs::write(Path::new(&folder).join(format!("{}.{form}", name.replace('/', "_"))), text)
                    .unwrap();
            }
        }
    }
}
