//! frab `schedule.json`, by the keys of c3voc's schema.

use super::names::{Used, acronym, ascii_slug, person, slug, uuid};
use super::{Programme, Slot, clock, day_span, length, with_offset};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// The programme as `schedule.json`: days, rooms, talks that take place.
#[must_use]
pub fn frab_json(programme: &Programme<'_>) -> String {
    let zone = programme.zone();
    let event = programme.event;
    let mut used = Used::default();
    let mut names = BTreeSet::new();
    let mut days = Vec::new();
    for (date, by_room) in programme.days() {
        let (from, to) = day_span(&date, &by_room, &zone);
        let mut rooms = Map::new();
        for (room, slots) in &by_room {
            names.insert(room.clone());
            let talks = slots.iter().map(|slot| talk(programme, slot, &mut used)).collect();
            rooms.insert(room.clone(), Value::Array(talks));
        }
        days.push(json!({
            "index": days.len() + 1,
            "date": date,
            "day_start": with_offset(from, &zone),
            "day_end": with_offset(to, &zone),
            "rooms": rooms,
        }));
    }
    let bound = |day: Option<&Value>| day.map_or_else(String::new, |day| plain(&day["date"]));
    let (first, last) = (bound(days.first()), bound(days.last()));
    json!({
        "$schema": "https://c3voc.de/schedule/schema.json",
        "generator": { "name": "Perihelion", "version": env!("CARGO_PKG_VERSION") },
        "schedule": {
            "version": programme.version,
            "base_url": programme.home,
            "conference": {
                "acronym": acronym(&event.slug),
                "title": event.title,
                "start": event.starts.clone().unwrap_or(first),
                "end": event.ends.clone().unwrap_or(last),
                "daysCount": days.len(),
                "timeslot_duration": "00:05",
                "time_zone_name": event.timezone,
                "url": programme.home,
                "rooms": names.iter().map(|name| room(&event.slug, name)).collect::<Vec<_>>(),
                "days": days,
            },
        },
    })
    .to_string()
}

fn plain(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn room(event: &str, name: &str) -> Value {
    let guid = uuid(&format!("room:{event}:{name}"));
    let slug = ascii_slug(name);
    if slug.len() < 2 {
        return json!({ "name": name, "guid": guid });
    }
    json!({ "name": name, "guid": guid, "slug": slug })
}

fn talk(programme: &Programme<'_>, slot: &Slot<'_>, used: &mut Used) -> Value {
    let (talk, zone, event) = (slot.talk, programme.zone(), &programme.event.slug);
    let id = used.id(slot);
    let persons: Vec<Value> = talk
        .speakers
        .iter()
        .map(|s| json!({ "id": person(event, &s.name), "public_name": s.name }))
        .collect();
    let mut out = json!({
        "id": id,
        "guid": used.guid(event, slot),
        "date": with_offset(slot.from, &zone),
        "start": clock(slot.from, &zone),
        "end": with_offset(slot.to, &zone),
        "duration": length(slot),
        "room": slot.room,
        "slug": slug(&acronym(event), id, &talk.title),
        "url": programme.page(talk),
        "title": talk.title,
        "subtitle": talk.subtitle,
        "track": talk.track,
        "type": "talk",
        "language": talk.lang,
        "abstract": talk.summary,
        "description": slot.note,
        "persons": persons,
        "links": [],
    });
    if let (Some(code), Some(out)) = (used.code(slot), out.as_object_mut()) {
        out.insert("code".to_owned(), code.into());
    }
    out
}
