//! pretalx's API as sites export it: pages of `{"count", "next", "results": [talk]}`, plain lists, the widget's tables (talks,
//! rooms, speakers, tracks), schedules of slots, or any layout of a site's own whose leaves are pretalx's talks.
//!
//! Sessionize's views have the same shape with a few other names (`startsAt`, `roomId`, `fullName`) and are read along with them.
//!
//! A talk is told by its title and a `slot`, `slots`, `state`, `submission_type` or a start. Only those that are accepted or
//! confirmed and have a time take place.

use super::collect::{Collect, Draft};
use super::json::{plain, spoken, text};
use super::moment::Clock;
use super::{BadSchedule, FoundTalk, ScheduleFile};
use crate::Micros;
use crate::talk::Speaker;
use jiff::tz::TimeZone;
use serde_json::Value;
use std::cell::Cell;
use std::collections::{BTreeMap, HashSet};

/// How pretalx is made to write names in place of numbers.
const EXPANDED: &str = "export it with ?expand=slots.room,speakers,track";

/// The code in the address of a talk's page: `https://host/event/talk/ABC123/`.
pub(super) fn code_in(url: &str) -> Option<String> {
    let (_, behind) = url.split_once("/talk/")?;
    let code = behind.split(['/', '?', '#']).next()?;
    Some(code).filter(|code| is_code(code)).map(str::to_owned)
}

/// Whether a text looks like a talk's code, or a speaker's.
pub(super) fn is_code(text: &str) -> bool {
    (5..=8).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

pub(super) fn parse(root: &Value, venue: &TimeZone) -> Result<ScheduleFile, BadSchedule> {
    let zone = text(root, "timezone").or_else(|| text(root, "time_zone_name"));
    let version = root.get("version").and_then(plain).unwrap_or_default();
    let title = root.get("event").and_then(|event| spoken(event, None));
    let mut walk = Walk {
        collect: Collect::new(version, title),
        clock: Clock::of_file(zone.as_deref(), "timezone", venue),
        tables: ["rooms", "tracks", "speakers"].map(|name| table(root.get(name))),
        seen: HashSet::new(),
        unslotted: BTreeMap::new(),
        is_talk_found: false,
        is_bare: Cell::new(false),
    };
    walk.walk(root, "")?;
    if !walk.is_talk_found {
        let why = "there is neither a schedule.conference nor a talk as pretalx exports them in this JSON";
        return Err(BadSchedule::Unknown(why.into()));
    }
    for (why, count) in std::mem::take(&mut walk.unslotted) {
        let talks = if count == 1 { "1 talk is".to_owned() } else { format!("{count} talks are") };
        walk.collect.pass_over(format!("{talks} left out: {why}"));
    }
    if walk.is_bare.get() {
        let why = format!("rooms, tracks or speakers have no names in it, only numbers or codes; {EXPANDED}");
        walk.collect.remark(why);
    }
    if let Some(next) = text(root, "next") {
        let next = super::collect::plain(&next, 200);
        let why = format!("this is one page of several (the next one is {next}); import them as one list");
        walk.collect.slip(why.clone());
        walk.collect.remark(why);
    }
    walk.collect.done()
}

/// Names by id or code, from a list or a map of objects.
fn table(value: Option<&Value>) -> BTreeMap<String, String> {
    let rows: Vec<&Value> = match value {
        Some(Value::Array(rows)) => rows.iter().collect(),
        Some(Value::Object(rows)) => rows.values().collect(),
        _ => Vec::new(),
    };
    let pair = |row: &Value| {
        let name = row.get("name").and_then(|name| spoken(name, None)).or_else(|| text(row, "fullName"))?;
        Some(
            ["id", "code"]
                .iter()
                .filter_map(|key| text(row, key))
                .map(|key| (key, name.clone()))
                .collect::<Vec<_>>(),
        )
    };
    rows.into_iter().filter_map(pair).flatten().collect()
}

struct Walk {
    collect: Collect,
    clock: Clock,
    /// Rooms, tracks and speakers by id or code.
    tables: [BTreeMap<String, String>; 3],
    /// Code, start and room of what was taken: a talk may stand in several places of a site's layout.
    seen: HashSet<(String, Micros, String)>,
    /// How many talks do not take place, and why.
    unslotted: BTreeMap<String, usize>,
    is_talk_found: bool,
    /// A room, track or speaker was only a number or a code.
    is_bare: Cell<bool>,
}

impl Walk {
    fn walk(&mut self, value: &Value, place: &str) -> Result<(), BadSchedule> {
        match value {
            Value::Object(object) => {
                if let Some(talk) = submission(value) {
                    return self.talk(talk, Some(value), place);
                }
                if is_talk(value) {
                    return self.talk(value, None, place);
                }
                for (key, value) in object.iter().filter(|(_, v)| v.is_array() || v.is_object()) {
                    let place = if place.is_empty() { key.clone() } else { format!("{place}.{key}") };
                    self.walk(value, &place)?;
                }
            }
            Value::Array(list) => {
                for (i, value) in list.iter().enumerate() {
                    self.walk(value, &format!("{place}[{i}]"))?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// A talk with the slot that it was found in, or with those that it names itself.
    fn talk(&mut self, talk: &Value, within: Option<&Value>, place: &str) -> Result<(), BadSchedule> {
        self.is_talk_found = true;
        let state = text(talk, "state").unwrap_or_default();
        if !matches!(state.as_str(), "" | "confirmed" | "accepted") {
            let state = super::collect::plain(&state, 40);
            *self.unslotted.entry(format!("their state is {state:?}")).or_default() += 1;
            return Ok(());
        }
        let listed = talk.get("slots").and_then(Value::as_array);
        let slots: Vec<&Value> = match (within, talk.get("slot"), listed) {
            (Some(slot), _, _) => vec![slot],
            (_, Some(slot), _) if slot.is_object() => vec![slot],
            (_, _, Some(slots)) if slots.iter().any(Value::is_object) => slots.iter().collect(),
            _ => vec![talk],
        };
        let slots: Vec<&Value> = slots.into_iter().filter(|slot| moment(slot, "start").is_some()).collect();
        if slots.is_empty() {
            let is_listed = listed.is_some_and(|slots| slots.iter().any(Value::is_number));
            let why = if is_listed {
                format!("their slots are only numbers; {EXPANDED}")
            } else {
                "they have no time yet".to_owned()
            };
            *self.unslotted.entry(why).or_default() += 1;
        }
        for slot in slots {
            self.slot(talk, slot, place)?;
        }
        Ok(())
    }

    fn slot(&mut self, talk: &Value, slot: &Value, place: &str) -> Result<(), BadSchedule> {
        let found = self.found(talk, slot);
        let start = self.clock.moment(&moment(slot, "start").unwrap_or_default());
        if let Ok(start) = &start {
            let sign = found.code.clone().unwrap_or_else(|| found.title.clone());
            if !self.seen.insert((sign, start.at, found.room.clone())) {
                return Ok(());
            }
        }
        let end = start.as_ref().ok().and_then(|start| self.end(talk, slot, start.at));
        self.collect.add(Draft { place: place.to_owned(), talk: found, start: Some(start), end })
    }

    fn end(&self, talk: &Value, slot: &Value, start: Micros) -> Option<Result<Micros, String>> {
        if let Some(end) = moment(slot, "end") {
            return Some(self.clock.moment(&end).map(|end| end.at));
        }
        let minutes = [slot, talk].into_iter().find_map(|from| from.get("duration").and_then(Value::as_i64));
        Some(Ok(start.plus(minutes.filter(|m| (0..100_000).contains(m))? * Micros::MINUTE)))
    }

    fn found(&self, talk: &Value, slot: &Value) -> FoundTalk {
        let lang = text(talk, "content_locale").or_else(|| text(talk, "language"));
        let said = |key: &str| talk.get(key).and_then(|value| spoken(value, lang.as_deref()));
        let [rooms, tracks, _] = &self.tables;
        let listed = |table: &BTreeMap<String, String>, from: &Value, key: &str| {
            let value = from.get(key)?;
            let by_id = || table.get(&plain(value)?).cloned();
            by_id().or_else(|| {
                self.is_bare.set(self.is_bare.get() || value.is_number());
                spoken(value, lang.as_deref())
            })
        };
        let room = ["room", "room_id", "roomId"].iter().find_map(|key| listed(rooms, slot, key));
        let url =
            [talk, slot].into_iter().find_map(|from| text(from, "url")).filter(|url| url.starts_with("http"));
        FoundTalk {
            guid: text(slot, "guid").or_else(|| text(talk, "guid")),
            code: text(talk, "code").or_else(|| url.as_deref().and_then(code_in)),
            native: text(talk, "id"),
            title: said("title").unwrap_or_default(),
            subtitle: said("subtitle"),
            summary: said("abstract").or_else(|| said("description")),
            speakers: self.speakers(talk),
            room: room.or_else(|| listed(rooms, talk, "room")).unwrap_or_default(),
            // The number of a room still tells rooms apart; that of a track says nothing.
            track: listed(tracks, talk, "track").filter(|track| track.parse::<u64>().is_err()),
            lang,
            url,
            ..FoundTalk::default()
        }
    }

    /// Speakers are objects with a name, or codes of such.
    fn speakers(&self, talk: &Value) -> Vec<Speaker> {
        let list = ["speakers", "persons"].iter().find_map(|key| talk.get(key)?.as_array());
        let name = |one: &Value| match one {
            Value::Object(_) => ["name", "public_name", "fullName"].iter().find_map(|key| text(one, key)),
            _ => {
                let code = plain(one)?;
                let named = self.tables[2].get(&code).cloned();
                // A code alone says nothing to anybody.
                let is_bare = named.is_none() && (is_code(&code) || !self.tables[2].is_empty());
                self.is_bare.set(self.is_bare.get() || is_bare);
                named.or_else(|| Some(code).filter(|_| !is_bare))
            }
        };
        let named = list.into_iter().flatten().filter_map(name);
        named.map(|name| Speaker { name, handles: Vec::new() }).collect()
    }
}

/// The talk within a slot, in lists of slots.
fn submission(slot: &Value) -> Option<&Value> {
    slot.get("submission").filter(|talk| talk.get("title").is_some() && slot.get("start").is_some())
}

fn is_talk(value: &Value) -> bool {
    let has = |key: &str| value.get(key).is_some_and(|v| !v.is_null());
    let is_slotted = value.get("slot").is_some() || value.get("slots").is_some() || has("submission_type");
    has("title") && (is_slotted || has("state") || has("start") || has("startsAt"))
}

/// A start or an end, under either of its names.
fn moment(slot: &Value, key: &str) -> Option<String> {
    text(slot, key).or_else(|| text(slot, &format!("{key}sAt")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> ScheduleFile {
        super::super::parse(text.as_bytes(), &TimeZone::get("Europe/Paris").unwrap())
            .unwrap_or_else(|e| panic!("{e}"))
    }

    const TALK: &str = r#"{"code":"JDQLRV","speakers":[{"code":"A1","name":"Lucie A"},{"code":"A2","name":"Bo"}],"title":"Accueil","state":"confirmed",
        "track":{"en":"Community","fr":"Communauté"},"abstract":null,"description":"Hello.","duration":30,"content_locale":"fr",
        "slot":{"room_id":1,"room":{"en":"Hall","fr":"Salle"},"start":"2026-11-02T09:00:00+01:00","end":"2026-11-02T09:30:00+01:00"}}"#;

    fn is_the_talk(file: &ScheduleFile) {
        let talk = &file.talks[0];
        assert_eq!(file.talks.len(), 1, "{:?}", file.talks);
        assert_eq!(
            (talk.title.as_str(), talk.room.as_str(), talk.code.as_deref()),
            ("Accueil", "Salle", Some("JDQLRV"))
        );
        assert_eq!(talk.start.timestamp().to_string(), "2026-11-02T08:00:00Z");
        assert_eq!(talk.end.since(talk.start), 30 * Micros::MINUTE);
        assert_eq!((talk.track.as_deref(), talk.lang.as_deref()), (Some("Communauté"), Some("fr")));
        assert_eq!(talk.speakers.len(), 2);
        assert_eq!(talk.day, "2026-11-02");
    }

    #[test]
    fn pages_lists_and_layouts_of_a_sites_own_give_the_same_talks() {
        is_the_talk(&read(&format!(r#"[{TALK}]"#)));
        is_the_talk(&read(&format!(
            r#"{{"schedule":{{"2026-11-02":{{"540":{{"1":{TALK},"2":{TALK}}}}}}},"extra":{{"x":{{"id":"lunch","title":{{"en":"Lunch"}}}}}}}}"#
        )));
        let page = read(&format!(r#"{{"count":2,"next":"https://p.example/?page=2","results":[{TALK}]}}"#));
        is_the_talk(&page);
        assert!(page.remarks[0].contains("one page of several"), "{:?}", page.remarks);
        assert_eq!(page.slips, page.remarks, "the other pages would be taken for dropped");
    }

    #[test]
    fn only_talks_that_take_place_are_taken_and_the_others_counted() {
        let talk = |state: &str, slot: &str| {
            format!(r#"{{"code":"{state}","title":"T","state":"{state}","slot":{slot}}}"#)
        };
        let slot = r#"{"room":"Hall","start":"2026-11-02T09:00:00+01:00","end":"2026-11-02T09:30:00+01:00"}"#;
        let states =
            ["accepted", "submitted", "rejected", "rejected", "withdrawn"].map(|state| talk(state, slot));
        let file = read(&format!("[{},{}]", states.join(","), talk("confirmed", "null")));
        assert_eq!(file.talks.len(), 1);
        assert_eq!(
            file.passed_over,
            [
                "2 talks are left out: their state is \"rejected\"",
                "1 talk is left out: their state is \"submitted\"",
                "1 talk is left out: their state is \"withdrawn\"",
                "1 talk is left out: they have no time yet",
            ]
        );
    }

    #[test]
    fn several_slots_and_tables_of_rooms_and_speakers_are_understood() {
        let file = read(
            r#"{"timezone":"Europe/Paris","version":"3","rooms":[{"id":4,"name":{"fr":"Salle"}}],"speakers":[{"code":"A1","name":"Ana"}],"tracks":[{"id":9,"name":{"en":"Web"}}],
            "talks":[{"id":1,"code":"AAA111","title":"W","speakers":["A1"],"track":9,"room":4,"start":"2026-11-02T09:00:00","duration":20},{"title":{"en":"Break"},"room":null,"start":null}]}"#,
        );
        let talk = &file.talks[0];
        assert_eq!(
            (talk.room.as_str(), talk.track.as_deref(), talk.speakers[0].name.as_str()),
            ("Salle", Some("Web"), "Ana")
        );
        assert_eq!(talk.start.timestamp().to_string(), "2026-11-02T08:00:00Z");
        let file = read(
            r#"{"slots":[{"id":5,"room":{"id":4,"name":{"en":"R"}},"start":"2026-11-02T09:00:00Z","end":"2026-11-02T10:00:00Z","submission":{"code":"AAA111","title":"S","state":"confirmed"}},
            {"id":6,"room":null,"start":"2026-11-02T10:00:00Z","end":"2026-11-02T10:15:00Z","submission":null,"description":{"en":"Break"}}]}"#,
        );
        assert_eq!((file.talks.len(), file.talks[0].room.as_str()), (1, "R"));
        let file = read(
            r#"[{"code":"AAA111","title":"Twice","state":"confirmed","slots":[{"room":{"en":"A"},"start":"2026-11-02T09:00:00Z","end":"2026-11-02T10:00:00Z"},{"room":"B","start":"2026-11-02T11:00:00Z","end":"2026-11-02T12:00:00Z"}]}]"#,
        );
        assert_eq!(file.talks.iter().map(|t| t.room.as_str()).collect::<Vec<_>>(), ["A", "B"]);
    }

    #[test]
    fn numbers_that_nobody_named_are_told_with_the_cure() {
        let talk = |slots: &str| {
            format!(
                r#"[{{"code":"AAA111","title":"T","state":"confirmed","speakers":["SPEAK1"],"track":3,"slots":[{slots}]}}]"#
            )
        };
        let file = read(&talk(r#"{"room":5,"start":"2026-11-02T09:00:00Z","end":"2026-11-02T10:00:00Z"}"#));
        let found = &file.talks[0];
        assert_eq!((found.room.as_str(), found.track.as_deref(), found.speakers.len()), ("5", None, 0));
        assert!(file.remarks[0].contains("?expand=slots.room,speakers,track"), "{:?}", file.remarks);
        let why = super::super::parse(talk("7").as_bytes(), &TimeZone::UTC).unwrap_err().to_string();
        assert!(why.contains("their slots are only numbers; export it with ?expand="), "{why}");
    }

    #[test]
    fn sessionizes_views_are_read() {
        let all = r#"{"sessions":[{"id":"123","title":"S","description":"d","startsAt":"2026-06-10T09:00:00","endsAt":"2026-06-10T09:45:00","speakers":["u1"],"roomId":1}],
            "speakers":[{"id":"u1","firstName":"Ana","fullName":"Ana A"}],"rooms":[{"id":1,"name":"Main"}]}"#;
        let grid = r#"[{"date":"2026-06-10T00:00:00","rooms":[{"id":1,"name":"Main","sessions":[{"id":"123","title":"S","description":"d","startsAt":"2026-06-10T09:00:00",
            "endsAt":"2026-06-10T09:45:00","speakers":[{"id":"u1","name":"Ana A"}],"roomId":1,"room":"Main"}]}]}]"#;
        let (all, grid) = (read(all), read(grid));
        assert_eq!(all.talks, grid.talks);
        let talk = &all.talks[0];
        assert_eq!((talk.room.as_str(), talk.native.as_deref()), ("Main", Some("123")));
        assert_eq!(
            (talk.speakers[0].name.as_str(), talk.end.since(talk.start)),
            ("Ana A", 45 * Micros::MINUTE)
        );
        assert_eq!(talk.start.timestamp().to_string(), "2026-06-10T07:00:00Z");
    }

    #[test]
    fn codes_are_found_in_addresses_of_talks_only() {
        assert_eq!(code_in("https://h.example/ptt/talk/CKHNL9/").as_deref(), Some("CKHNL9"));
        for other in
            ["https://h.example/talk/my-talk/", "https://h.example/CKHNL9/", "https://h.example/talk/"]
        {
            assert_eq!(code_in(other), None, "{other}");
        }
    }
}
