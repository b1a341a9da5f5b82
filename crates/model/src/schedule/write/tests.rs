//! What is written is read again as the same talks, folded and escaped by the rules, with lateness and called-off talks told.

use super::*;
use crate::TalkId;
use crate::event::Room;
use crate::schedule::{ScheduleFile, parse};
use crate::talk::Speaker;
use serde_json::Value;

fn event() -> EventEntry {
    let room = |slug: &str, name: &str| Room { slug: slug.into(), name: name.into(), tags: Vec::new() };
    serde_json::from_value::<EventEntry>(serde_json::json!({
        "slug": "kiln-26", "title": "Kiln & Co", "timezone": "Europe/Lisbon", "starts": "2026-06-01",
    }))
    .map(|event| EventEntry {
        rooms: vec![room("main-hall", "Main \"hall\"; 2"), room("cellar", "Cellar")],
        ..event
    })
    .unwrap()
}

fn at(text: &str) -> Micros {
    Micros::parse_rfc3339(text).unwrap()
}

fn talk(n: usize, room: &str, start: &str, minutes: i64) -> Talk {
    let start = at(start);
    Talk {
        id: TalkId::numbered(n),
        guid: Some(format!("8abb9efc-3c12-5a88-b1dd-e721705d30{n:02}")),
        code: Some(format!("ABC12{n}")),
        native: Some(format!("{n}")),
        title: format!("Rust, <b>; & \\ \"ö\" 日本 {}", "long ".repeat(20)),
        subtitle: Some("Second; line".into()),
        summary: Some("About\nit, and more.".into()),
        speakers: ["Ana & Bo", "Ćuk; Dé, MSc"]
            .map(|name| Speaker { name: name.into(), handles: Vec::new() })
            .into(),
        room: room.into(),
        track: Some("Tools, and more".into()),
        lang: Some("pt".into()),
        url: Some(format!("https://k.example/talk/{n}?a=1&b=2")),
        start,
        end: start.plus(minutes * Micros::MINUTE),
        day: "2026-06-01".into(),
        dropped: false,
        was: Vec::new(),
        room_name: None,
    }
}

fn talks() -> Vec<Talk> {
    let bare = Talk {
        subtitle: None,
        summary: None,
        speakers: Vec::new(),
        track: None,
        lang: None,
        ..talk(3, "cellar", "2026-06-02T00:30:00Z", 60)
    };
    let gone = Talk { dropped: true, ..talk(4, "cellar", "2026-06-01T10:00:00Z", 30) };
    vec![
        talk(1, "main-hall", "2026-06-01T09:00:00Z", 40),
        talk(2, "cellar", "2026-06-01T21:00:00Z", 180),
        bare,
        gone,
    ]
}

fn written(real: &dyn Fn(&Talk) -> Option<Real>) -> [String; 3] {
    let (event, talks) = (event(), talks());
    let talks: Vec<&Talk> = talks.iter().collect();
    let programme = Programme {
        event: &event,
        version: "1.2 <b>",
        talks: &talks,
        home: "https://live.example/kiln-26",
        changed_at: at("2026-05-01T00:00:00Z"),
        real,
    };
    [frab_json(&programme), frab_xml(&programme), icalendar(&programme)]
}

fn read(text: &str) -> ScheduleFile {
    parse(text.as_bytes(), &TimeZone::get("Europe/Lisbon").unwrap()).unwrap_or_else(|e| panic!("{e}: {text}"))
}

#[test]
fn both_frab_forms_are_read_as_the_same_talks() {
    for text in &written(&|_| None)[..2] {
        let file = read(text);
        assert_eq!((file.version.as_str(), file.title.as_deref()), ("1.2 <b>", Some("Kiln & Co")));
        assert_eq!(file.passed_over, [""; 0], "{text}");
        let mut found = file.talks;
        found.sort_by_key(|talk| talk.start);
        let known: Vec<Talk> = talks().into_iter().filter(|talk| !talk.dropped).collect();
        assert_eq!(found.len(), known.len());
        for (found, known) in found.iter().zip(&known) {
            let name = if known.room == "cellar" { "Cellar" } else { "Main \"hall\"; 2" };
            assert_eq!(found.room, name);
            assert_eq!(found.title, known.title.trim());
            assert_eq!((&found.guid, &found.code, &found.native), (&known.guid, &known.code, &known.native));
            assert_eq!((&found.subtitle, &found.summary), (&known.subtitle, &known.summary));
            assert_eq!((&found.speakers, &found.track), (&known.speakers, &known.track));
            assert_eq!((&found.lang, &found.url, &found.day), (&known.lang, &known.url, &known.day));
            assert_eq!((found.start, found.end), (known.start, known.end));
        }
    }
}

#[test]
fn a_late_talk_is_written_as_it_really_is_with_a_note() {
    let late = |talk: &Talk| {
        let by = 12 * Micros::MINUTE;
        (talk.id == TalkId::numbered(1)).then(|| Real {
            from: talk.start.plus(by),
            to: talk.end.plus(by),
            room: Some("cellar".into()),
        })
    };
    let [json, xml, ics] = written(&late);
    let value: Value = serde_json::from_str(&json).unwrap();
    let first = &value["schedule"]["conference"]["days"][0]["rooms"]["Cellar"][0];
    assert_eq!(first["date"], "2026-06-01T10:12:00+01:00");
    assert_eq!(first["description"], "Running 12 min late (planned for 10:00). Moved to Cellar.");
    assert!(xml.contains("<start>10:12</start>") && xml.contains("Running 12 min late"), "{xml}");
    let ics = ics.replace("\r\n ", "");
    assert!(
        ics.contains("DTSTART:20260601T091200Z")
            && ics.contains("X-TALK-LATENESS:Running 12 min late (planned for 10:00). Moved to Cellar."),
        "{ics}"
    );
}

#[test]
fn the_calendar_is_folded_escaped_and_calls_off() {
    let ics = &written(&|_| None)[2];
    assert!(ics.split("\r\n").all(|line| line.len() <= 75 && !line.contains('\n')), "{ics}");
    let whole = ics.replace("\r\n ", "");
    assert!(whole.contains("SUMMARY;LANGUAGE=pt:Rust\\, <b>\\; & \\\\ \"ö\" 日本 long"), "{whole}");
    assert!(whole.contains("X-TALK-ABSTRACT:About\\nit\\, and more."), "{whole}");
    assert_eq!(whole.matches("STATUS:CANCELLED").count(), 1);
    assert_eq!(whole.matches("BEGIN:VEVENT").count(), 4);
    assert_eq!(&written(&|_| None)[2], ics, "the same programme gives the same bytes");
}
