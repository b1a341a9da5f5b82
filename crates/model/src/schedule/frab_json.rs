//! frab / pretalx `schedule.json`: `schedule.conference.days[].rooms{name: [event]}`; and its second version, c3voc's hub, in
//! which events stand beside the conference and name their rooms: `schedule.events[]`.

use super::collect::{Collect, Draft};
use super::json::{spoken, text};
use super::moment::{At, Clock, TURN, date, length_or_minutes, turn};
use super::{BadSchedule, FoundTalk, ScheduleFile, pretalx};
use crate::Micros;
use crate::talk::Speaker;
use jiff::tz::TimeZone;
use serde_json::Value;

/// Reads `schedule`, in which `conference` was found.
pub(super) fn parse(
    schedule: &Value,
    conference: &Value,
    venue: &TimeZone,
) -> Result<ScheduleFile, BadSchedule> {
    let name = text(conference, "time_zone_name");
    let clock = Clock::of_file(name.as_deref(), "schedule.conference.time_zone_name", venue);
    let version = version(schedule.get("version"));
    let title = conference.get("title").and_then(|title| spoken(title, None));
    let mut walk = Walk { collect: Collect::new(version, title), clock, tracks: tracks(conference) };
    let days = conference.get("days").and_then(Value::as_array);
    let events = schedule.get("events").and_then(Value::as_array);
    if days.is_none() && events.is_none() {
        let why = "there is neither schedule.conference.days nor schedule.events in this JSON";
        return Err(BadSchedule::Unknown(why.into()));
    }
    for (i, day) in days.into_iter().flatten().enumerate() {
        walk.day(day, &format!("days[{i}]"))?;
    }
    for (i, event) in events.into_iter().flatten().enumerate() {
        walk.add(event, &format!("events[{i}]"), &Day::default())?;
    }
    walk.collect.done()
}

/// What a day says of its events.
#[derive(Default)]
struct Day<'a> {
    room: Option<&'a str>,
    date: Option<String>,
    turn: Option<i64>,
}

struct Walk {
    collect: Collect,
    clock: Clock,
    /// Slug and name of each track.
    tracks: Vec<(String, String)>,
}

impl Walk {
    fn day(&mut self, day: &Value, place: &str) -> Result<(), BadSchedule> {
        let date = text(day, "date");
        let turn = text(day, "day_start").and_then(|start| turn(&start));
        match day.get("rooms") {
            Some(Value::Object(rooms)) => {
                for (room, events) in rooms {
                    let day = Day { room: Some(room), date: date.clone(), turn };
                    self.events(events, &format!("{place}.rooms.{room}"), &day)?;
                }
            }
            Some(Value::Array(rooms)) => {
                for (i, room) in rooms.iter().enumerate() {
                    let name = room.get("name").and_then(|name| spoken(name, None));
                    let day = Day { room: name.as_deref(), date: date.clone(), turn };
                    let events = room.get("events").or_else(|| room.get("talks")).unwrap_or(&Value::Null);
                    self.events(events, &format!("{place}.rooms[{i}]"), &day)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn events(&mut self, events: &Value, place: &str, day: &Day<'_>) -> Result<(), BadSchedule> {
        for (i, event) in events.as_array().into_iter().flatten().enumerate() {
            self.add(event, &format!("{place}[{i}]"), day)?;
        }
        Ok(())
    }

    fn add(&mut self, event: &Value, place: &str, day: &Day<'_>) -> Result<(), BadSchedule> {
        let lang = text(event, "language");
        let title = event.get("title").and_then(|title| spoken(title, lang.as_deref())).unwrap_or_default();
        let start = self.start(event, day);
        let end = match &start {
            Ok(start) => self.end(event, start.at),
            Err(_) => None,
        };
        let talk = self.talk(event, day, title, lang);
        self.collect.add(Draft { place: place.to_owned(), talk, start: Some(start), end })
    }

    fn start(&self, event: &Value, day: &Day<'_>) -> Result<At, String> {
        let [own, start] = ["date", "start"].map(|key| text(event, key));
        let turn = day.turn.unwrap_or(TURN);
        self.clock.start(own.as_deref(), start.as_deref(), day.date.as_deref(), turn)
    }

    fn end(&self, event: &Value, start: Micros) -> Option<Result<Micros, String>> {
        if let Some(said) = text(event, "duration") {
            // Only pretalx gives its talks codes.
            let is_pretalx = text(event, "code").is_some();
            return Some(length_or_minutes(&said, is_pretalx).map(|length| start.plus(length)));
        }
        Some(self.clock.end(&text(event, "end")?, start))
    }

    fn talk(&self, event: &Value, day: &Day<'_>, title: String, lang: Option<String>) -> FoundTalk {
        let said = |key: &str| event.get(key).and_then(|value| spoken(value, lang.as_deref()));
        let url = text(event, "url");
        let code = text(event, "code").or_else(|| url.as_deref().and_then(pretalx::code_in));
        let persons = ["persons", "participants", "speakers"].iter().find_map(|k| event.get(k)?.as_array());
        FoundTalk {
            guid: text(event, "guid"),
            code,
            native: text(event, "id"),
            title,
            subtitle: said("subtitle"),
            summary: said("abstract").or_else(|| said("description")),
            speakers: persons.map(|p| speakers(p)).unwrap_or_default(),
            room: day.room.map(str::to_owned).or_else(|| said("room")).unwrap_or_default(),
            track: self.track(event, lang.as_deref()),
            lang,
            url,
            day: day.date.clone().filter(|day| date(day).is_some()).unwrap_or_default(),
            ..FoundTalk::default()
        }
    }

    /// A track is its name, or an object with its name, or one with the slug under which the conference lists it.
    fn track(&self, event: &Value, lang: Option<&str>) -> Option<String> {
        let track = event.get("track")?;
        let slug = text(track, "slug");
        let listed = || Some(self.tracks.iter().find(|(own, _)| Some(own) == slug.as_ref())?.1.clone());
        spoken(track, lang).or_else(listed).or_else(|| slug.clone())
    }
}

fn tracks(conference: &Value) -> Vec<(String, String)> {
    let all = conference.get("tracks").and_then(Value::as_array);
    let pair = |track: &Value| Some((text(track, "slug")?, spoken(track.get("name")?, None)?));
    all.into_iter().flatten().filter_map(pair).collect()
}

fn speakers(persons: &[Value]) -> Vec<Speaker> {
    let name = |p: &Value| {
        let said = ["public_name", "name", "full_public_name", "display_name"];
        said.iter().find_map(|key| text(p, key)).or_else(|| p.as_str().map(str::to_owned))
    };
    let role = |p: &Value| text(p, "role").is_none_or(|role| role.eq_ignore_ascii_case("speaker"));
    let is_told_apart = persons.iter().any(role);
    let all = persons.iter().filter(|p| !is_told_apart || role(p));
    all.filter_map(name).map(|name| Speaker { name, handles: Vec::new() }).collect()
}

/// One published file has a list of versions, one for each of the schedules merged into it.
fn version(value: Option<&Value>) -> String {
    match value {
        Some(Value::Array(all)) => all.iter().map(|v| version(Some(v))).collect::<Vec<_>>().join(", "),
        Some(value) => super::json::plain(value).unwrap_or_default(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"{"schedule":{"version":"0.7","conference":{"title":"Kiln","time_zone_name":"Europe/Lisbon","days":[
      {"date":"2026-06-01","rooms":{"Main hall":[
        {"guid":"g1","id":7,"code":"ABC","date":"2026-06-01T09:30:00+01:00","start":"09:30","duration":"00:40","title":"One","persons":[{"public_name":"Ana"}],"abstract":"About."},
        {"id":8,"start":"00:15","duration":"1:00","title":"Night","url":"https://p.example/kiln/talk/XYZ123/","persons":[]},
        {"id":9,"title":"No time"}]}}]}}}"#;

    fn read(text: &str) -> Result<ScheduleFile, BadSchedule> {
        super::super::parse(text.as_bytes(), &TimeZone::UTC)
    }

    #[test]
    fn talks_are_read_with_their_own_zone() {
        let file = read(FILE).unwrap();
        assert_eq!((file.version.as_str(), file.talks.len()), ("0.7", 2));
        assert_eq!(file.talks[0].start.timestamp().to_string(), "2026-06-01T08:30:00Z");
        assert_eq!(file.talks[0].end.since(file.talks[0].start), 40 * Micros::MINUTE);
        assert_eq!(file.talks[1].start.timestamp().to_string(), "2026-06-01T23:15:00Z");
        assert_eq!(
            (file.talks[1].day.as_str(), file.talks[1].code.as_deref()),
            ("2026-06-01", Some("XYZ123"))
        );
        assert_eq!(
            file.passed_over,
            ["days[0].rooms.Main hall[2], No time: it has no start that can be read"]
        );
    }

    #[test]
    fn the_hubs_events_name_room_track_and_speakers() {
        let file = read(
            r#"{"schedule":{"version":"2","conference":{"title":"Hub","tracks":[{"slug":"ethics","name":"Ethics & More"}],"time_zone_name":"Europe/Berlin"},
            "events":[{"guid":"g","title":"T","room":{"name":"Saal 1"},"track":{"slug":"ethics"},"language":"de","start":"2026-06-01T00:15:00","end":"2026-06-01T01:15:00",
            "participants":[{"name":"Ana","role":"SPEAKER"},{"name":"Help","role":"CONTRIBUTOR"}]}]}}"#,
        );
        let talk = &file.unwrap().talks[0];
        assert_eq!((talk.room.as_str(), talk.track.as_deref()), ("Saal 1", Some("Ethics & More")));
        assert_eq!(talk.start.timestamp().to_string(), "2026-05-31T22:15:00Z");
        assert_eq!(talk.speakers.iter().map(|s| s.name.as_str()).collect::<Vec<_>>(), ["Ana"]);
    }

    fn one(event: &str) -> Result<ScheduleFile, BadSchedule> {
        let conference = r#""time_zone_name":"Mars/Phobos","days":[{"date":"2026-06-01","rooms":{"Hall":["#;
        read(&format!(
            r#"{{"schedule":{{"conference":{{{conference}{{"title":"Good","date":"2026-06-01T09:00:00Z","duration":"00:10"}},{event}]}}}}]}}}}}}"#
        ))
    }

    #[test]
    fn a_talk_that_cannot_be_is_passed_over_by_name_and_place() {
        let passed = |event: &str| one(event).unwrap().passed_over.join("");
        let back = r#"{"title":"Back","date":"2026-06-01T10:00:00Z","end":"2026-06-01T09:00:00Z"}"#;
        assert_eq!(passed(back), "days[0].rooms.Hall[1], Back: it ends before it starts");
        let length = r#"{"title":"Back","date":"2026-06-01T10:00:00Z","duration":"-01:00"}"#;
        assert_eq!(passed(length), "days[0].rooms.Hall[1], Back: the duration \"-01:00\" cannot be read");
        let zone = r#"{"title":"Local","start":"10:00","duration":"01:00"}"#;
        assert!(
            passed(zone)
                .contains("Local: the zone \"Mars/Phobos\" (schedule.conference.time_zone_name) is unknown")
        );
    }
}
