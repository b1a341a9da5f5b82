//! frab / pretalx `schedule.json`: `schedule.conference.days[].rooms{name: [event]}`; and its second version, in which events
//! name their rooms: `schedule.events[]`.

use super::moment::{day_of, has_offset, length, moment, on_day, twice};
use super::{BadSchedule, FoundTalk, ScheduleFile};
use crate::Micros;
use crate::talk::Speaker;
use jiff::tz::TimeZone;
use serde_json::Value;

/// Before this hour a clock time belongs to the night after the day.
const TURN: i64 = 4 * Micros::HOUR;

pub(super) fn parse(bytes: &[u8], zone: &TimeZone) -> Result<ScheduleFile, BadSchedule> {
    let root: Value = serde_json::from_slice(bytes).map_err(|e| BadSchedule::Broken(e.to_string()))?;
    let schedule = root.get("schedule").unwrap_or(&root);
    let conference = schedule
        .get("conference")
        .ok_or_else(|| BadSchedule::Unknown("there is no schedule.conference in this JSON".into()))?;
    let own_zone = text(conference, "time_zone_name").and_then(|z| TimeZone::get(&z).ok());
    let zone = own_zone.as_ref().unwrap_or(zone);
    let mut file = ScheduleFile {
        version: version(schedule.get("version")),
        title: text(conference, "title"),
        ..ScheduleFile::default()
    };
    let days = conference.get("days").and_then(Value::as_array);
    for day in days.ok_or_else(|| BadSchedule::Unknown("there is no schedule.conference.days".into()))? {
        let date = text(day, "date");
        for (room, events) in day.get("rooms").and_then(Value::as_object).into_iter().flatten() {
            for event in events.as_array().into_iter().flatten() {
                add(&mut file, event, Some(room), date.as_deref(), zone);
            }
        }
    }
    // The hub's second version lists events beside the conference, each with its own room.
    for event in schedule.get("events").and_then(Value::as_array).into_iter().flatten() {
        add(&mut file, event, None, None, zone);
    }
    Ok(file)
}

fn add(file: &mut ScheduleFile, event: &Value, room: Option<&str>, date: Option<&str>, zone: &TimeZone) {
    match talk(event, room, date, zone) {
        Ok(talk) => {
            let says_offset =
                ["date", "start"].iter().any(|k| text(event, k).is_some_and(|t| has_offset(&t)));
            let remark = (!says_offset).then(|| twice(&talk.title, talk.start, zone)).flatten();
            file.remarks.extend(remark);
            file.talks.push(talk);
        }
        Err(why) => {
            let title = text(event, "title").unwrap_or_else(|| "an event without a title".into());
            file.passed_over.push(format!("{title}: {why}"));
        }
    }
}

fn talk(
    event: &Value,
    room: Option<&str>,
    date: Option<&str>,
    zone: &TimeZone,
) -> Result<FoundTalk, &'static str> {
    let own_moment = ["date", "start"].iter().find_map(|k| moment(&text(event, k)?, zone));
    let start = own_moment
        .or_else(|| on_day(date?, &text(event, "start")?, TURN, zone))
        .ok_or("it has no start that can be read")?;
    let end = text(event, "duration")
        .and_then(|d| length(&d))
        .map(|d| start.plus(d))
        .or_else(|| moment(&text(event, "end")?, zone))
        .ok_or("it has neither a duration nor an end that can be read")?;
    if end < start {
        return Err("it ends before it starts");
    }
    let room =
        room.map(str::to_owned).or_else(|| text(event, "room")).or_else(|| text(event.get("room")?, "name"));
    Ok(FoundTalk {
        guid: text(event, "guid"),
        code: text(event, "code").or_else(|| text(event, "slug")),
        native: text(event, "id"),
        title: text(event, "title").ok_or("it has no title")?,
        subtitle: text(event, "subtitle"),
        summary: text(event, "abstract").or_else(|| text(event, "description")),
        speakers: ["persons", "participants"]
            .iter()
            .find_map(|k| event.get(k)?.as_array())
            .map(|p| speakers(p))
            .unwrap_or_default(),
        room: room.unwrap_or_default(),
        track: text(event, "track").or_else(|| text(event.get("track")?, "slug")),
        lang: text(event, "language"),
        url: text(event, "url"),
        start,
        end,
        day: date.map_or_else(|| day_of(start, zone), str::to_owned),
    })
}

fn speakers(persons: &[Value]) -> Vec<Speaker> {
    let name = |p: &Value| ["public_name", "name", "full_public_name"].iter().find_map(|k| text(p, k));
    let speaks = |p: &&Value| {
        p.get("role").and_then(Value::as_str).is_none_or(|role| role.eq_ignore_ascii_case("speaker"))
    };
    persons.iter().filter(speaks).filter_map(name).map(|name| Speaker { name, handles: Vec::new() }).collect()
}

/// A value as text: numbers become text, the empty text nothing.
fn text(object: &Value, key: &str) -> Option<String> {
    match object.get(key)? {
        Value::String(s) => Some(s.trim().to_owned()).filter(|s| !s.is_empty()),
        Value::Number(n) => Some(n.to_string()),
        _ => None,
    }
}

/// One published file has a list of versions, one for each of the schedules merged into it.
fn version(value: Option<&Value>) -> String {
    match value {
        Some(Value::String(s)) => s.clone(),
        Some(Value::Number(n)) => n.to_string(),
        Some(Value::Array(all)) => all.iter().map(|v| version(Some(v))).collect::<Vec<_>>().join(", "),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"{"schedule":{"version":"0.7","conference":{"title":"Kiln","time_zone_name":"Europe/Lisbon","days":[
      {"date":"2026-06-01","rooms":{"Main hall":[
        {"guid":"g1","id":7,"code":"ABC","date":"2026-06-01T09:30:00+01:00","start":"09:30","duration":"00:40","title":"One","persons":[{"public_name":"Ana"}],"abstract":"About."},
        {"id":8,"start":"00:15","duration":"1:00","title":"Night","persons":[]},
        {"id":9,"title":"No time"}]}}]}}}"#;

    #[test]
    fn talks_are_read_with_their_own_zone() {
        let file = parse(FILE.as_bytes(), &TimeZone::UTC).unwrap();
        assert_eq!((file.version.as_str(), file.talks.len()), ("0.7", 2));
        assert_eq!(file.talks[0].start.timestamp().to_string(), "2026-06-01T08:30:00Z");
        assert_eq!(file.talks[0].end.since(file.talks[0].start), 40 * Micros::MINUTE);
        assert_eq!(file.talks[1].start.timestamp().to_string(), "2026-06-01T23:15:00Z");
        assert_eq!(file.talks[1].day, "2026-06-01");
        assert_eq!(file.passed_over, ["No time: it has no start that can be read"]);
    }

    #[test]
    fn a_talk_that_ends_before_it_starts_is_passed_over_by_name() {
        let event = |length: &str| {
            let file = format!(
                r#"{{"schedule":{{"conference":{{"days":[{{"date":"2026-06-01","rooms":{{"Hall":[
                {{"title":"Back","date":"2026-06-01T10:00:00Z",{length}}}]}}}}]}}}}}}"#
            );
            parse(file.as_bytes(), &TimeZone::UTC).unwrap().passed_over
        };
        assert_eq!(event(r#""end":"2026-06-01T09:00:00Z""#), ["Back: it ends before it starts"]);
        let unreadable = "Back: it has neither a duration nor an end that can be read";
        assert_eq!(event(r#""duration":"-01:00""#), [unreadable]);
    }

    #[test]
    fn other_json_is_refused_with_a_reason() {
        assert!(parse(b"{}", &TimeZone::UTC).unwrap_err().to_string().contains("schedule.conference"));
        assert!(parse(b"{\"schedule\":", &TimeZone::UTC).unwrap_err().to_string().contains("line 1"));
    }
}
