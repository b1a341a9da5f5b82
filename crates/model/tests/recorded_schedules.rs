//! Schedules that conferences really published, each against what another reader found in it: how many talks and rooms, the
//! first and the last talk (by start, room, title). Those figures were made with other tools by looking at the files, not with
//! the parser under test. `--nocapture` prints the table.

use jiff::tz::TimeZone;
use model::Micros;
use model::schedule::{self, FoundTalk, ScheduleFile};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Start in UTC, room, title.
type Slot<'a> = (&'a str, &'a str, &'a str);
/// File, talks, rooms, first and last talk.
type Reading<'a> = (&'a str, usize, usize, Slot<'a>, Slot<'a>);

const CONGRESS_FIRST: Slot<'_> = ("2014-12-27T10:00:00Z", "Saal 1", "31C3 Opening Event");
const CONGRESS_LAST: Slot<'_> = ("2014-12-30T17:30:00Z", "Saal 1", "31C3 Closing Event");
const DIVOC_FIRST: Slot<'_> = ("2020-09-04T16:00:00Z", "Schneider-Hoover", "Opening");
const DIVOC_LAST: Slot<'_> = ("2020-09-06T15:30:00Z", "Schneider-Hoover", "Closing");
const PYCON_FIRST: Slot<'_> = ("2024-10-31T09:00:00Z", "C01", "Atelier trad' de la doc de Python");
const PYCON_LAST: Slot<'_> = ("2024-11-03T15:30:00Z", "GAM", "Clôture / Closing");

const PROGRAMMES: [Reading<'_>; 20] = [
    ("31c3-v1.xml", 137, 4, CONGRESS_FIRST, CONGRESS_LAST),
    ("31c3-v2.xml", 139, 4, CONGRESS_FIRST, CONGRESS_LAST),
    ("31c3-v3.xml", 139, 4, CONGRESS_FIRST, CONGRESS_LAST),
    ("31c3-v4.xml", 138, 4, CONGRESS_FIRST, CONGRESS_LAST),
    (
        "36c3-merged.xml",
        1351,
        92,
        ("2019-12-27T08:30:00Z", "Lecture room M3", "42birds: Hitchhiker's Towel-Yoga"),
        ("2019-12-31T02:00:00Z", "Discotheque Nouveauancien", "Marko Morelle"),
    ),
    ("divoc-ptt/schedule.xml", 23, 1, DIVOC_FIRST, DIVOC_LAST),
    ("divoc-ptt/schedule.json", 23, 1, DIVOC_FIRST, DIVOC_LAST),
    ("divoc-ptt/schedule.xcal", 23, 1, DIVOC_FIRST, DIVOC_LAST),
    ("divoc-ptt/schedule.ics", 23, 1, DIVOC_FIRST, DIVOC_LAST),
    (
        "emf-2018/schedule.xml",
        214,
        8,
        ("2018-08-31T11:30:00Z", "Stage A", "Opening Ceremony"),
        ("2018-09-02T21:30:00Z", "Stage B", "Sam2AA VS Gasman"),
    ),
    (
        "emf-2018/schedule.ics",
        355,
        26,
        (
            "2016-08-05T14:00:00Z",
            "Guild of Makers",
            "Surface-mount electronics (SMD) assembly for terrified beginners",
        ),
        ("2018-09-02T22:23:00Z", "Holistic Howlers", "Late nite disco howls"),
    ),
    (
        "debconf-pentabarf.xml",
        181,
        6,
        ("2017-08-05T07:45:00Z", "Elsewhere", "Breakfast"),
        ("2017-08-12T19:00:00Z", "Elsewhere", "Supper"),
    ),
    (
        "fosdem2018-excerpt.xml",
        2,
        1,
        ("2018-02-03T09:00:00Z", "Janson", "Consensus as a Service"),
        (
            "2018-02-03T11:00:00Z",
            "Janson",
            "Unix Architecture Evolution from the 1970 PDP-7 to the 2017 FreeBSD",
        ),
    ),
    (
        "rc3-pretalx.json",
        48,
        5,
        (
            "2020-12-27T10:30:00Z",
            "r3s - Monheim/Rhein",
            "Der faule Admin automatisiert: Gluon auf echter Hardware testen",
        ),
        (
            "2020-12-30T15:00:00Z",
            "hacc München / about:future - München",
            "Climate Change and the Corona Pandemic",
        ),
    ),
    (
        "hub-schedule2.json",
        2,
        2,
        ("2024-12-27T09:30:00Z", "Saal 1", "38C3: Opening Ceremony"),
        ("2024-12-27T23:15:00Z", "Saal ZIGZAG", "A Competitive Time-Trial AI for Need for Speed:"),
    ),
    ("pretalx-api/pyconfr-2024/2024-09-15-01395e0.json", 77, 10, PYCON_FIRST, PYCON_LAST),
    ("pretalx-api/pyconfr-2024/2024-10-31-84c356e.json", 76, 10, PYCON_FIRST, PYCON_LAST),
    (
        "jres-2022.ics",
        120,
        15,
        ("2022-05-17T09:00:00Z", "Accueil Parc Chanot", "Accueil congressistes"),
        ("2022-05-20T10:40:00Z", "Espace Restauration", "Buffet"),
    ),
    (
        "kielux-2020.ics",
        24,
        4,
        ("2020-09-18T09:00:00Z", "Ravensberg", "Nachhaltigkeit und Linux - passt das?"),
        ("2020-09-19T15:00:00Z", "Ravensberg", "OpenRA: Command & Conquer Open Source unter Linux"),
    ),
    (
        "moca-2024.ics",
        88,
        4,
        ("2024-09-13T10:00:00Z", "XOR", "Opening Keynote"),
        ("2024-09-15T13:00:00Z", "XOR", "Closing ceremony"),
    ),
];

/// The calendar edge cases: how many times of events there are, the first and the last, or a part of the refusal. Where an
/// event repeats, the times are those of its rule (RFC 5545); without an end, those of 31 days.
type Edge<'a> = (&'a str, Result<(usize, &'a str, &'a str), &'a str>);

const fn one(start: &str) -> Result<(usize, &str, &str), &str> {
    Ok((1, start, start))
}

const NO_TALK: Result<(usize, &str, &str), &str> = Err("there is no talk in it");

const EDGES: [Edge<'_>; 58] = [
    ("alarm_etar_future", one("2024-10-05T12:00:00Z")),
    ("alarm_thunderbird_2_notification_5_min_postponed_and_popped_up", one("2024-10-23T18:00:00Z")),
    ("alarm_thunderbird_closed", one("2024-10-23T14:00:00Z")),
    ("alarm_thunderbird_future", one("2024-10-23T14:00:00Z")),
    ("alarm_thunderbird_snoozed_until_1457", one("2024-10-23T14:00:00Z")),
    ("big_bad_calendar", Err("the file ends within VCALENDAR")),
    (
        "broken_dtstart",
        Err(
            "line 4, an event without a title: it has no title; line 6: the time \"INVALID-DATE\" cannot be read",
        ),
    ),
    ("broken_ical", one("2014-04-09T07:30:00Z")),
    ("created_calendar_with_unicode_fields", Ok((2, "2010-10-10T00:00:00Z", "2010-10-10T10:00:00Z"))),
    ("empty", NO_TALK),
    ("empty_RDATE", NO_TALK),
    ("example", Ok((3, "2021-12-31T23:00:00Z", "2022-03-07T23:00:00Z"))),
    ("issue_104_broken_calendar", one("2014-04-01T00:00:00Z")),
    ("issue_1050_empty_calendar", NO_TALK),
    ("issue_1050_forward_timezone_reference", one("2025-01-15T09:00:00Z")),
    ("issue_1050_multiple_calendars", Err("Event 1: it has no start")),
    ("issue_1050_simple_calendar", one("2025-01-01T10:00:00Z")),
    ("issue_1050_timezone_only_calendar", NO_TALK),
    ("issue_1050_uid_in_description", Err("target: it has no start")),
    ("issue_1081_event_with_rrule", Ok((10, "2025-01-01T10:00:00Z", "2025-01-10T10:00:00Z"))),
    ("issue_1081_freebusy_comma_separated", NO_TALK),
    ("issue_1081_list_of_properties", one("2025-01-01T10:00:00Z")),
    ("issue_1081_with_summary", Err("Test Event: it has no start")),
    ("issue_1238", NO_TALK),
    ("issue_1426", Err("it has no title")),
    ("issue_156_RDATE_with_PERIOD_TZID_khal_2", one("2021-11-01T15:00:00Z")),
    ("issue_1633_freebusy_with_dates", NO_TALK),
    ("issue_1633_rdate_with_dates", Err("it has no title")),
    ("issue_168_expected_output", Err("it has no title")),
    ("issue_168_input", Err("it has no title")),
    ("issue_178_component_with_invalid_name_represented", Err("there is no calendar")),
    ("issue_178_custom_component_contains_other", Err("it has no title")),
    ("issue_178_custom_component_inside_other", NO_TALK),
    ("issue_237_fail_to_parse_timezone_with_non_ascii_tzid", Err("it has no title")),
    ("issue_27_multiple_periods_in_freebusy_multiple_freebusies", NO_TALK),
    ("issue_313_globally_unique_tzid", Ok((3, "2020-04-26T12:00:00Z", "2020-04-26T18:00:00Z"))),
    ("issue_348_exception_parsing_value", one("2019-06-24T06:30:00Z")),
    ("issue_351_whitespace_in_property_and_params", one("2026-03-19T09:00:00Z")),
    ("issue_466_convert_tzid_with_slash", Ok((5, "2022-10-21T18:00:00Z", "2022-11-18T19:00:00Z"))),
    ("issue_466_respect_unique_timezone", Ok((5, "2022-10-21T18:00:00Z", "2022-11-18T19:00:00Z"))),
    (
        "issue_526_calendar_with_different_events",
        Err("the zone \"Western/Central Europe\" (line 7) is unknown"),
    ),
    ("issue_526_calendar_with_event_subset", Err("the zone \"Western/Central Europe\" (line 7) is unknown")),
    (
        "issue_526_calendar_with_shuffeled_events",
        Err("the zone \"Western/Central Europe\" (line 7) is unknown"),
    ),
    ("issue_722_missing_VTIMEZONE_custom", Err("the zone \"CUSTOM_tzid\" (line 3) is unknown")),
    ("issue_722_missing_timezones", Ok((2, "2014-08-29T12:00:00Z", "2024-09-13T10:00:00Z"))),
    ("issue_798_freebusy", NO_TALK),
    ("issue_836_do_not_quote_tzid", one("2024-10-28T21:00:00Z")),
    ("multiple_calendar_components", Ok((3, "2003-04-30T22:00:00Z", "2003-12-24T23:00:00Z"))),
    ("multiple_timezones", Err("it has no title")),
    ("pacific_fiji", one("2014-08-28T20:00:00Z")),
    ("property_params", one("2012-08-13T22:00:00Z")),
    ("rfc_5545_RDATE_example", Err("it has no title")),
    ("rfc_7265_appendix_example_2_ical", Ok((6, "2006-01-02T17:00:00Z", "2006-01-06T17:00:00Z"))),
    ("rfc_7953_3", NO_TALK),
    ("rfc_7986_image", Err("it has no title")),
    ("rfc_7986_properties", NO_TALK),
    ("small_bad_calendar", Err("the file ends within VCALENDAR")),
    ("x_location", Ok((21, "2016-10-28T12:00:00Z", "2016-11-25T13:00:00Z"))),
];

/// The place of a recording; without it a loud skip, or a failure where servers and recordings are required.
fn place(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/fixtures/schedules").join(name);
    if path.exists() {
        return Some(path);
    }
    testkit::skip_loudly(&format!("the recorded schedule {name}"));
    None
}

fn recording(name: &str) -> Option<Vec<u8>> {
    Some(std::fs::read(place(name)?).unwrap())
}

fn zone(name: &str) -> TimeZone {
    TimeZone::get(if name.starts_with("fosdem") { "Europe/Brussels" } else { "Europe/Berlin" }).unwrap()
}

fn read(name: &str) -> Option<ScheduleFile> {
    let bytes = recording(name)?;
    Some(schedule::parse(&bytes, &zone(name)).unwrap_or_else(|e| panic!("{name}: {e}")))
}

fn utc(at: Micros) -> String {
    at.timestamp().to_string()
}

fn ordered(file: &ScheduleFile) -> Vec<(String, &str, &str)> {
    let mut all: Vec<_> =
        file.talks.iter().map(|t| (utc(t.start), t.room.as_str(), t.title.as_str())).collect();
    all.sort();
    all
}

#[test]
fn programmes_hold_the_talks_that_another_reader_found() {
    println!("{:50} {:>5} {:>5} {:>6} {:>7}", "file", "talks", "rooms", "passed", "remarks");
    for (name, talks, rooms, first, last) in PROGRAMMES {
        let Some(file) = read(name) else { continue };
        let found: BTreeSet<&str> = file.talks.iter().map(|t| t.room.as_str()).collect();
        let (passed, remarks) = (file.passed_over.len(), file.remarks.len());
        println!("{name:50} {:>5} {:>5} {passed:>6} {remarks:>7}", file.talks.len(), found.len());
        assert_eq!((file.talks.len(), found.len()), (talks, rooms), "{name}: {:?}", file.passed_over);
        let all = ordered(&file);
        let own = |slot: &(String, &str, &str)| (slot.0.clone(), slot.1.to_owned(), slot.2.to_owned());
        let said = |slot: Slot<'_>| (slot.0.to_owned(), slot.1.to_owned(), slot.2.to_owned());
        assert_eq!(own(&all[0]), said(first), "{name}");
        assert_eq!(own(&all[all.len() - 1]), said(last), "{name}");
        assert!(
            file.talks.iter().all(|t| t.end >= t.start && !t.title.is_empty() && !t.day.is_empty()),
            "{name}"
        );
    }
}

#[test]
fn calendar_edge_cases_are_read_or_refused_with_the_reason() {
    for (name, expected) in EDGES {
        let Some(bytes) = recording(&format!("ics-edge-cases/{name}.ics")) else { continue };
        match (schedule::parse(&bytes, &zone("")), expected) {
            (Ok(file), Ok((talks, first, last))) => {
                let all = ordered(&file);
                let shown = (all.len(), all[0].0.as_str(), all[all.len() - 1].0.as_str());
                println!("{name:70} {:>3} talks, {:?} {:?}", all.len(), file.passed_over, file.remarks);
                assert_eq!(shown, (talks, first, last), "{name}: {:?}", file.passed_over);
            }
            (Err(why), Err(part)) => {
                println!("{name:70} {why}");
                assert!(why.to_string().contains(part), "{name}: {why}");
            }
            (Err(why), Ok(talks)) => panic!("{name}: {talks:?} were expected: {why}"),
            (Ok(file), Err(why)) => panic!("{name}: {why:?} was expected: {:?}", file.talks),
        }
    }
}

#[test]
fn no_recorded_schedule_is_left_out() {
    let Some(folder) = place("ics-edge-cases") else { return };
    let known: BTreeSet<String> = EDGES.iter().map(|(name, _)| format!("{name}.ics")).collect();
    let files = std::fs::read_dir(folder).unwrap().map(|f| f.unwrap().file_name().into_string().unwrap());
    assert_eq!(files.collect::<BTreeSet<_>>(), known);
}

/// What is the same in every form of one programme. The days are not: pretalx's own forms begin them at other hours, and a
/// calendar has none.
fn essence(talk: &FoundTalk) -> String {
    let speakers: Vec<&str> = talk.speakers.iter().map(|s| s.name.as_str()).collect();
    let times = [talk.start, talk.end].map(utc);
    format!("{times:?} {:?} {:?} {speakers:?} {:?} {:?}", talk.title, talk.room, talk.url, talk.code)
}

#[test]
fn the_four_forms_of_one_programme_give_the_same_talks() {
    let forms = ["xml", "json", "xcal", "ics"].map(|form| read(&format!("divoc-ptt/schedule.{form}")));
    let all = |file: &ScheduleFile| {
        let mut all: Vec<String> = file.talks.iter().map(essence).collect();
        all.sort();
        all
    };
    let [Some(xml), Some(json), others @ ..] = &forms else { return };
    assert_eq!(xml.talks, json.talks, "these two say all the same");
    for other in others.iter().flatten() {
        assert_eq!(all(xml), all(other));
    }
}

#[test]
fn the_calendar_of_a_programme_holds_the_talks_of_its_xml() {
    let (Some(xml), Some(ics)) = (read("emf-2018/schedule.xml"), read("emf-2018/schedule.ics")) else {
        return;
    };
    let by_id: std::collections::BTreeMap<&str, &FoundTalk> =
        ics.talks.iter().filter_map(|t| Some((t.guid.as_deref()?, t))).collect();
    let mut found = 0;
    for talk in &xml.talks {
        let Some(other) = by_id.get(talk.native.as_deref().unwrap()) else { continue };
        found += 1;
        let essence = |t: &FoundTalk| (utc(t.start), utc(t.end), t.title.clone(), t.room.clone());
        assert_eq!(essence(talk), essence(other));
    }
    assert_eq!(found, xml.talks.len(), "talks of the XML that the calendar has, too");
}
