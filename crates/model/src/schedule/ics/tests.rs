//! Calendars as conferences write them, small.

use super::*;

fn read(lines: &str) -> ScheduleFile {
    try_read(lines).unwrap_or_else(|e| panic!("{e}"))
}

fn try_read(lines: &str) -> Result<ScheduleFile, BadSchedule> {
    let calendar = format!("BEGIN:VCALENDAR\nVERSION:2.0\n{}\nEND:VCALENDAR\n", lines.trim());
    crate::schedule::parse(calendar.as_bytes(), &TimeZone::get("Europe/Berlin").unwrap())
}

fn event(lines: &str) -> String {
    format!("BEGIN:VEVENT\nUID:u1\nSUMMARY:T\n{lines}\nEND:VEVENT\n")
}

fn starts(file: &ScheduleFile) -> Vec<String> {
    file.talks.iter().map(|talk| talk.start.timestamp().strftime("%m%dT%H%M").to_string()).collect()
}

#[test]
fn an_event_becomes_a_talk() {
    let file = read(
        "X-WR-CALNAME:Kiln\nBEGIN:VEVENT\nUID:a@b\nSUMMARY;LANGUAGE=de:Rust\\, bitte\nDTSTART;TZID=Europe/Lisbon:20260601T090000\nDURATION:PT40M\n\
         LOCATION:Hall\\; left\nDESCRIPTION:One\\nTwo\nCATEGORIES:Tools,More\nURL:https://k.example/kiln/talk/AB12CD/\nATTENDEE;CN=Ana:invalid:x\n\
         BEGIN:VALARM\nDESCRIPTION:wake\nTRIGGER:-PT5M\nEND:VALARM\nEND:VEVENT",
    );
    let talk = &file.talks[0];
    assert_eq!(
        (file.title.as_deref(), talk.title.as_str(), talk.room.as_str()),
        (Some("Kiln"), "Rust, bitte", "Hall; left")
    );
    assert_eq!(
        (talk.start.timestamp().to_string(), talk.end.since(talk.start)),
        ("2026-06-01T08:00:00Z".into(), 40 * Micros::MINUTE)
    );
    assert_eq!(
        (talk.guid.as_deref(), talk.code.as_deref(), talk.lang.as_deref()),
        (Some("a@b"), Some("AB12CD"), Some("de"))
    );
    assert_eq!((talk.summary.as_deref(), talk.track.as_deref()), (Some("One\nTwo"), Some("Tools")));
    assert_eq!((talk.speakers[0].name.as_str(), talk.day.as_str()), ("Ana", "2026-06-01"));
    assert_eq!((file.passed_over.len(), file.remarks.len()), (0, 0));
}

#[test]
fn floating_times_are_the_venues_and_days_are_whole() {
    let file = read(&format!(
        "X-WR-TIMEZONE:America/New_York\n{}{}",
        event("DTSTART:20260601T090000\nDTEND:20260601T100000"),
        event("DTSTART;VALUE=DATE:20260602").replace("u1", "u2")
    ));
    assert_eq!(starts(&file), ["0601T0700", "0601T2200"]);
    assert_eq!(
        (file.talks[1].day.as_str(), file.talks[1].end.since(file.talks[1].start)),
        ("2026-06-02", 24 * Micros::HOUR)
    );
    assert!(
        file.remarks[0].contains("line 7: times without a zone are taken as the venue's"),
        "{:?}",
        file.remarks
    );
    assert!(file.remarks[1].contains("no clock time"), "{:?}", file.remarks);
}

#[test]
fn a_series_is_drawn_with_its_exceptions_changes_and_cancellations() {
    let file = read(&format!(
        "{}BEGIN:VEVENT\nUID:u1\nSUMMARY:Moved\nRECURRENCE-ID:20260603T070000Z\nDTSTART;TZID=Europe/Berlin:20260603T150000\nDURATION:PT1H\nEND:VEVENT\n\
         BEGIN:VEVENT\nUID:u1\nSUMMARY:Off\nRECURRENCE-ID;VALUE=DATE:20260604\nDTSTART;TZID=Europe/Berlin:20260604T090000\nSTATUS:CANCELLED\nEND:VEVENT",
        event(
            "DTSTART;TZID=Europe/Berlin:20260601T090000\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=5\nEXDATE;TZID=Europe/Berlin:20260602T090000\nRDATE;VALUE=PERIOD:20260610T100000Z/PT3H,20260611T100000Z/20260611T110000Z"
        )
    ));
    assert_eq!(starts(&file), ["0601T0700", "0603T1300", "0605T0700", "0610T1000", "0611T1000"]);
    let guids: Vec<&str> = file.talks.iter().map(|talk| talk.guid.as_deref().unwrap()).collect();
    assert_eq!(guids[..2], ["u1/20260601T070000Z", "u1/20260603T070000Z"]);
    assert_eq!(file.talks[3].end.since(file.talks[3].start), 3 * Micros::HOUR);
    assert_eq!(file.passed_over, ["line 19, Off: it is cancelled"]);
}

#[test]
fn a_series_keeps_its_clock_time_when_clocks_change() {
    let rule =
        "DTSTART;TZID=Europe/Berlin:20261024T090000\nDURATION:PT1H\nRRULE:FREQ=DAILY;UNTIL=20261025T080000Z";
    assert_eq!(starts(&read(&event(rule))), ["1024T0700", "1025T0800"]);
}

#[test]
fn a_series_without_end_goes_as_far_as_the_rest_or_a_month() {
    let endless = event("DTSTART:20260601T090000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY");
    let alone = read(&endless);
    assert_eq!(alone.talks.len(), 32);
    assert!(
        alone.remarks[0].contains("repeats without end; 32 of its times are taken"),
        "{:?}",
        alone.remarks
    );
    let other = event("DTSTART:20260731T090000Z\nDURATION:PT1H").replace("u1", "u2");
    assert_eq!(read(&format!("{endless}{other}")).talks.len(), 62);
    let many = read(&event("DTSTART:20260601T090000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=999999999"));
    assert_eq!(many.talks.len(), 1000);
}

#[test]
fn an_unknown_zone_is_named_with_its_line() {
    let lost = event("DTSTART;TZID=Mars/Phobos:20260601T090000");
    let why = try_read(&lost).unwrap_err().to_string();
    assert!(why.contains("line 3, T: the zone \"Mars/Phobos\" (line 6) is unknown"), "{why}");
    let good = event("DTSTART:20260601T090000Z\nDURATION:PT1H").replace("u1", "u2");
    assert_eq!(read(&format!("{lost}{good}")).passed_over.len(), 1);
}

#[test]
fn times_that_come_twice_or_never_are_named() {
    let file = read(&format!(
        "{}{}",
        event("DTSTART;TZID=Europe/Berlin:20261025T023000\nDURATION:PT1H"),
        event("DTSTART;TZID=Europe/Berlin:20260329T023000\nDURATION:PT1H").replace("u1", "u2")
    ));
    assert_eq!(starts(&file), ["1025T0030", "0329T0130"]);
    assert!(
        file.remarks[0].contains("comes twice") && file.remarks[1].contains("does not exist"),
        "{:?}",
        file.remarks
    );
}

#[test]
fn broken_lines_are_passed_over_and_broken_files_refused_whole() {
    let file = read(&event("X-RADIUS=49\nDTSTART:20260601T090000Z\nDURATION:PT1H"));
    assert_eq!(file.passed_over, ["line 6: \"X-RADIUS=49\" is no line of a calendar"]);
    let whole = format!("BEGIN:VCALENDAR\n{}", event("DTSTART:20260601T090000Z\nDURATION:PT1H"));
    let why = |text: &str| crate::schedule::parse(text.as_bytes(), &TimeZone::UTC).unwrap_err().to_string();
    assert!(why(&whole).contains("ends within VCALENDAR, which begins on line 1: it was cut off"));
    assert!(why(&format!("{whole}BEGIN:VEVENT\nUID:x")).contains("ends within VEVENT"));
    assert!(
        why(&format!("{whole}END:VEVENT"))
            .contains("line 8: END:VEVENT stands where VCALENDAR (line 1) is open")
    );
    assert!(
        why("BEGIN:VCALENDAR\nBEGIN:VEVENT\nBEGIN:VEVENT").contains("line 3: an event begins within another")
    );
    assert!(why(&"BEGIN:VX\n".repeat(99)).contains("nested deeper"));
    assert!(why("BEGIN:VCALENDAR\nEND:VCALENDAR").contains("there is no talk in it"));
    assert!(why("BEGIN:MYCOMP\nEND:MYCOMP").contains("there is no calendar"));
}

#[test]
fn an_organizer_speaks_where_everyone_organizes_their_own() {
    let one = |n: usize, name: &str| {
        event(&format!("DTSTART:2026060{n}T090000Z\nDURATION:PT1H\nORGANIZER;CN={name}:MAILTO:i@o.example"))
            .replace("u1", &format!("u{n}"))
    };
    let own = read(&[one(1, "Ana"), one(2, "Bo"), one(3, "Cy")].concat());
    assert_eq!(own.talks[1].speakers[0].name, "Bo");
    let club = read(&[one(1, "Club"), one(2, "Club"), one(3, "Cy"), one(4, "Bo"), one(5, "Club")].concat());
    assert!(club.talks.iter().all(|talk| talk.speakers.is_empty()));
}

#[test]
fn letters_beyond_ascii_are_read_in_their_encodings() {
    let text =
        "BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:König\nDTSTART:20260601T090000Z\nEND:VEVENT\nEND:VCALENDAR\n";
    let latin: Vec<u8> = text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    let wide: Vec<u8> = [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    for bytes in [text.as_bytes(), &latin, &wide] {
        assert_eq!(crate::schedule::parse(bytes, &TimeZone::UTC).unwrap().talks[0].title, "König");
    }
}
