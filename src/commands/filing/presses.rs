//! A file of what stewards said of the stage: JSON lines, one JSON array, or CSV with or without a header.

use std::collections::BTreeMap;

use model::event::room_slug;
use model::{StageEntry, Talk, TalkId, schedule};
use serde_json::{Map, Value};

use super::moment::moment;
use super::setting::Setting;

/// Largest such file, in bytes.
pub(crate) const PRESSES_BYTES_MAX: u64 = 8 << 20;
const COLUMNS: [&str; 4] = ["room", "talk", "since", "undone"];
/// How people write that nothing is on.
const BREAKS: [&str; 5] = ["", "break", "null", "none", "-"];

/// What was said of each room, in the order of the file.
pub(crate) fn read(bytes: &[u8], setting: &Setting) -> Result<BTreeMap<String, Vec<StageEntry>>, String> {
    let mut presses: BTreeMap<String, Vec<StageEntry>> = BTreeMap::new();
    for (line, fields) in rows(bytes)? {
        let press = press(&fields, setting).map_err(|why| format!("line {line}: {why}"))?;
        presses.entry(press.room.clone()).or_default().push(press);
    }
    Ok(presses)
}

/// Fields of a press, with the line (or the place in the list) at which they stand.
type Row = (usize, Map<String, Value>);

fn rows(bytes: &[u8]) -> Result<Vec<Row>, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "not UTF-8".to_owned())?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let object = |value: Value| match value {
        Value::Object(fields) => Ok(fields),
        _ => Err("a press is an object of room, talk and since".to_owned()),
    };
    match text.trim_start().chars().next() {
        Some('[') => {
            let all: Vec<Value> = serde_json::from_str(text).map_err(|why| format!("no JSON: {why}"))?;
            all.into_iter().zip(1..).map(|(value, n)| Ok((n, object(value)?))).collect()
        }
        Some('{') => {
            let lines = text.lines().zip(1..).filter(|(line, _)| !line.trim().is_empty());
            let read = |line: &str| {
                serde_json::from_str(line).map_err(|why| format!("no JSON: {why}")).and_then(object)
            };
            lines.map(|(line, n)| Ok((n, read(line).map_err(|why| format!("line {n}: {why}"))?))).collect()
        }
        _ => csv_rows(text),
    }
}

/// The columns go by the header, else by their usual order.
fn csv_rows(text: &str) -> Result<Vec<Row>, String> {
    let mut rows = schedule::table(text)?;
    let mut columns: Vec<String> = COLUMNS.map(str::to_owned).to_vec();
    let names: Vec<String> =
        rows.first().map(|row| row.fields.iter().map(|f| f.to_lowercase()).collect()).unwrap_or_default();
    if names.iter().any(|name| name == "room") {
        columns = names;
        rows.remove(0);
    }
    let fields = |row: Vec<String>| columns.iter().cloned().zip(row.into_iter().map(Value::String)).collect();
    Ok(rows.into_iter().map(|row| (row.line, fields(row.fields))).collect())
}

fn press(fields: &Map<String, Value>, setting: &Setting) -> Result<StageEntry, String> {
    let when = ["since", "at"].iter().find_map(|key| fields.get(*key)).unwrap_or(&Value::Null);
    let since = moment(when, &setting.zone).ok_or("since is no time that can be read")?;
    let name = |key: &str| match fields.get(key) {
        Some(Value::String(name)) => Some(name.trim().to_owned()),
        Some(Value::Number(number)) => Some(number.to_string()),
        _ => None,
    };
    let said_room = name("room").filter(|room| !room.is_empty());
    let said_talk = name("talk").filter(|talk| !BREAKS.contains(&talk.to_lowercase().as_str()));
    let room = said_room.map(|room| known_room(&room, setting)).transpose()?;
    let talk = said_talk.map(|talk| known_talk(&talk, room.as_deref(), since, setting)).transpose()?;
    let room = room.or_else(|| talk.map(|talk| talk.room.clone())).ok_or("it names neither room nor talk")?;
    let undone = match fields.get("undone") {
        Some(Value::Bool(undone)) => *undone,
        Some(Value::String(word)) => ["true", "yes", "1"].contains(&word.to_lowercase().as_str()),
        _ => false,
    };
    Ok(StageEntry { room, talk: talk.map(|talk| talk.id.clone()), since, undone })
}

fn known_room(name: &str, setting: &Setting) -> Result<String, String> {
    let slug = room_slug(name);
    let is_known = setting.talks.iter().any(|talk| talk.room == slug)
        || setting.event.rooms.iter().any(|room| room.slug == slug);
    is_known.then_some(slug).ok_or_else(|| format!("no room {name:?} in the schedule"))
}

/// Of several talks of one title, the one in this room, nearest in time.
fn known_talk<'a>(
    name: &str,
    room: Option<&str>,
    since: model::Micros,
    setting: &'a Setting,
) -> Result<&'a Talk, String> {
    let found: &[TalkId] = setting.names.find(name);
    let talks = setting.talks.iter().filter(|talk| found.contains(&talk.id));
    talks
        .min_by_key(|talk| (room.is_some_and(|room| room != talk.room), talk.start.since(since).abs()))
        .ok_or_else(|| format!("no talk {name:?} in the schedule"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Micros;

    fn setting() -> Setting {
        Setting::of(crate::demo::schedule_json().as_bytes(), None).unwrap()
    }

    #[test]
    fn one_press_is_read_from_every_form() {
        let setting = setting();
        let welcome = setting.talks.iter().find(|talk| talk.code.as_deref() == Some("WELCOME")).unwrap();
        let since = Micros::parse_rfc3339("2026-10-15T09:04:00+02:00").unwrap();
        let talk = Some(welcome.id.clone());
        let want = StageEntry { room: "press-hall".into(), talk, since, undone: false };
        for text in [
            "{\"room\":\"Press Hall\",\"talk\":\"WELCOME\",\"since\":\"2026-10-15T09:04:00+02:00\"}\n",
            "[{\"room\":\"press-hall\",\"talk\":\"Welcome, and where the exits are\",\"at\":1792047840}]",
            "room,talk,since\nPress Hall,welcome,2026-10-15T09:04:00\n",
            "since;talk;room\n2026-10-15 09:04:00;WELCOME;press-hall",
            "Press Hall,WELCOME,2026-10-15T07:04:00Z",
        ] {
            let read = read(text.as_bytes(), &setting).unwrap();
            assert_eq!(read["press-hall"], std::slice::from_ref(&want), "{text}");
        }
    }

    #[test]
    fn a_break_has_no_talk_and_an_undone_press_says_so() {
        let text = "Bindery,break,2026-10-15T10:00:00,\nBindery,,2026-10-15T10:00:00,yes";
        let read = read(text.as_bytes(), &setting()).unwrap();
        assert_eq!(
            read["bindery"].iter().map(|p| (p.talk.is_none(), p.undone)).collect::<Vec<_>>(),
            [(true, false), (true, true)]
        );
    }

    #[test]
    fn what_the_schedule_does_not_know_is_refused_with_its_line() {
        for (text, want) in [
            ("Press Hall,NOPE,2026-10-15T10:00:00", "line 1: no talk \"NOPE\""),
            ("\nAttic,,2026-10-15T10:00:00", "line 2: no room \"Attic\""),
            ("Press Hall,WELCOME,soon", "line 1: since"),
            ("{\"talk\":null,\"since\":1}", "line 1: it names neither"),
            ("[1]", "a press is an object"),
        ] {
            let why = read(text.as_bytes(), &setting()).unwrap_err();
            assert!(why.contains(want), "{text}: {why}");
        }
    }
}
