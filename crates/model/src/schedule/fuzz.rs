//! Every format against files that were changed at random, and against those that somebody made to do harm: nothing panics,
//! what is read keeps its bounds, and a file of the largest size costs seconds, not minutes, and no memory beyond reason.

use super::*;
use crate::Micros;
use jiff::tz::TimeZone;
use std::time::{Duration, Instant};
use testkit::fuzz::{config, near, proptest};

const FRAB: &str = r#"{"schedule":{"version":"0.7","conference":{"title":"Kiln","time_zone_name":"Europe/Lisbon","days":[{"date":"2026-06-01","day_start":"2026-06-01T04:00:00+01:00","rooms":
    {"Hall":[{"guid":"g1","id":7,"code":"ABC","date":"2026-06-01T09:30:00+01:00","start":"09:30","duration":"00:40","title":"One","persons":[{"public_name":"Ana"}]},{"id":8,"start":"00:15","duration":"1:00","title":"Night"}]}}]},
    "events":[{"guid":"g","title":"T","room":{"name":"R"},"track":{"slug":"t"},"start":"2026-06-01T09:30:00Z","end":"2026-06-01T10:30:00Z","participants":[{"name":"B","role":"speaker"}]}]}}"#;
const PRETALX: &str = r#"{"count":2,"next":null,"results":[{"code":"JDQLRV","speakers":[{"code":"A1","name":"Lucie A"}],"title":"Accueil","state":"confirmed","track":{"en":"Web"},"duration":30,"content_locale":"fr",
    "slot":{"room_id":1,"room":{"en":"Hall","fr":"Salle"},"start":"2026-11-02T09:00:00+01:00","end":"2026-11-02T09:30:00+01:00"}},{"title":"S","state":"accepted","slots":[{"room":4,"start":"2026-11-02T09:00:00"}]}],"rooms":[{"id":4,"name":"R"}]}"#;
const XML: &str = r#"<?xml version="1.0"?><schedule><version>2.1</version><conference><title>Kiln &amp; Co</title><day_change>04:00:00</day_change><time_zone_name>Europe/Brussels</time_zone_name></conference>
    <day index="1" date="2026-06-01"><room name="Hall"><event id="1" guid="g1"><date>2026-06-01T09:30:00+02:00</date><start>09:30</start><duration>00:45</duration><title>A &#8220;q&#8221;</title>
    <description><![CDATA[<p>raw</p>]]></description><persons><person id="5">Ana</person></persons></event></room></day></schedule>"#;
const XCAL: &str = r#"<iCalendar xmlns:pentabarf="http://pentabarf.org"><vcalendar><vevent><uid>a@@h</uid><pentabarf:title>Night</pentabarf:title><dtstart>20260601T013000</dtstart><dtend>20260601T023000</dtend>
    <summary>N</summary><location>Hall</location><attendee>Ana</attendee></vevent></vcalendar></iCalendar>"#;
const ICS: &str = "BEGIN:VCALENDAR\r\nPRODID:-//pretalx//x//\r\nBEGIN:VTIMEZONE\r\nTZID:Ours\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\r\nTZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\n\
    END:STANDARD\r\nEND:VTIMEZONE\r\nBEGIN:VEVENT\r\nUID:u1\r\nSUMMARY:Rust\\, now - Ana\r\nDTSTART;TZID=Ours:20260601T090000\r\nDURATION:PT1H\r\nRRULE:FREQ=WEEKLY;BYDAY=MO,-1TU;COUNT=5\r\nEXDATE;VALUE=DATE:20260608\r\n\
    RDATE;VALUE=PERIOD:20260610T100000Z/PT3H\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nUID:u1\r\nRECURRENCE-ID;TZID=Ours:20260615T090000\r\nSUMMARY:Mo\r\n ved\r\nDTSTART:20260615T120000Z\r\nDTEND:20260615T130000Z\r\nATTENDEE;CN=\"A; B\":x\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
const CSV: &str = "Title;Start;End;Room;Speakers;Duration;Date\n\"Rust; \"\"fast\"\"\";01.06.2026 09:30;10:15;Hall;Ana & Bo;;\nB;9:30 PM;;Hall;;1h30;6/1/2026\nC;10:00 - 10:45;;;;;1 June 2026\n";
const SAMPLES: [&str; 6] = [FRAB, PRETALX, XML, XCAL, ICS, CSV];

/// What a file of the largest size may cost in a build without optimisation, on a busy machine of two cores.
const COST_MAX: Duration = Duration::from_secs(40);

fn hold(bytes: &[u8]) {
    let zone = TimeZone::get("Europe/Berlin").unwrap();
    match parse(bytes, &zone) {
        Ok(file) => {
            assert!(!file.talks.is_empty() && file.talks.len() <= TALKS_MAX);
            for talk in &file.talks {
                assert!(!talk.title.is_empty() && talk.start <= talk.end && !talk.day.is_empty(), "{talk:?}");
                assert!(talk.end.since(talk.start) <= 28 * 24 * Micros::HOUR, "{talk:?}");
                assert!(talk.title.len() <= 2000 && talk.room.len() <= 2000 && talk.speakers.len() <= 100);
                assert!(!talk.title.contains(char::is_control), "{:?}", talk.title);
            }
            assert!(file.passed_over.len() <= 501 && file.remarks.len() <= 25_000);
        }
        Err(why) => {
            let why = why.to_string();
            assert!(why.len() > 20 && why.len() < 4_000, "{why}");
        }
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn frab_json_is_read_or_refused(bytes in near(&[FRAB])) { hold(&bytes); }

    #[test]
    fn pretalx_json_is_read_or_refused(bytes in near(&[PRETALX])) { hold(&bytes); }

    #[test]
    fn frab_xml_is_read_or_refused(bytes in near(&[XML])) { hold(&bytes); }

    #[test]
    fn xcal_is_read_or_refused(bytes in near(&[XCAL])) { hold(&bytes); }

    #[test]
    fn icalendar_is_read_or_refused(bytes in near(&[ICS])) { hold(&bytes); }

    #[test]
    fn csv_is_read_or_refused(bytes in near(&[CSV])) { hold(&bytes); }

    #[test]
    fn mixtures_of_formats_are_read_or_refused(bytes in near(&SAMPLES)) { hold(&bytes); }
}

#[test]
fn the_samples_are_read_as_they_stand() {
    for (sample, talks) in SAMPLES.iter().zip([3, 1, 1, 1, 5, 3]) {
        let file = parse(sample.as_bytes(), &TimeZone::UTC).unwrap_or_else(|e| panic!("{e}: {sample}"));
        assert_eq!(file.talks.len(), talks, "{sample}: {:?}", file.passed_over);
    }
}

#[test]
fn a_file_that_was_cut_off_anywhere_is_refused_or_read_whole() {
    for sample in &SAMPLES[..5] {
        let whole = parse(sample.as_bytes(), &TimeZone::UTC).unwrap();
        for end in 0..sample.len() {
            if let Ok(cut) = parse(&sample.as_bytes()[..end], &TimeZone::UTC) {
                assert_eq!(cut, whole, "cut at byte {end} of {sample}");
            }
        }
    }
}

/// Text of about `bytes`: a beginning, a unit again and again, an end.
fn long(head: &str, unit: &str, tail: &str, bytes: usize) -> Vec<u8> {
    [head, &unit.repeat(bytes / unit.len()), tail].concat().into_bytes()
}

#[test]
fn files_made_to_do_harm_are_refused_soon() {
    const BYTES: usize = 8 << 20;
    let event = "BEGIN:VEVENT\nSUMMARY:T\nDTSTART:20260601T090000Z\nEND:VEVENT\n";
    let endless = "BEGIN:VEVENT\nSUMMARY:T\nDTSTART:20260601T090000Z\nRRULE:FREQ=DAILY\nEND:VEVENT\n";
    let slow = "BEGIN:VEVENT\nSUMMARY:T\nDTSTART:20260601T090000Z\nRRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=31\nEND:VEVENT\n";
    let (head, tail) = ("BEGIN:VCALENDAR\n", "END:VCALENDAR\n");
    let files = [
        ("nested lists", "[".repeat(100_000).into_bytes()),
        ("nested objects", "{\"a\":".repeat(100_000).into_bytes()),
        ("nested elements", "<schedule>".repeat(100_000).into_bytes()),
        ("nested components", "BEGIN:VEVENT\n".repeat(100_000).into_bytes()),
        ("many zeroes", long("[", "0,", "0]", BYTES)),
        ("many strings", long("[", "\"\\\"\",", "0]", BYTES)),
        ("many talks", long("{\"schedule\":{\"conference\":{},\"events\":[", "{},", "{}]}}", BYTES)),
        ("many elements", long("<schedule>", "<event/>", "</schedule>", BYTES)),
        ("one long attribute", long("<schedule a=\"", "x", "\"/>", BYTES)),
        ("one long text", long("<schedule><event><title>", "&amp;", "</title></event></schedule>", BYTES)),
        ("many events", long(head, event, tail, BYTES)),
        ("many series", long(head, endless, tail, BYTES)),
        ("many rules that never hit", long(head, slow, tail, 100_000)),
        ("one long line", long("BEGIN:VCALENDAR\nSUMMARY:", "x", "", BYTES)),
        ("many folds", long("BEGIN:VCALENDAR\nSUMMARY:", "\n x", "", BYTES)),
        ("many blank lines", long("BEGIN:VCALENDAR", "\n", "", BYTES)),
        ("many broken lines", long(head, "x\n", tail, BYTES)),
        ("many parameters", long("BEGIN:VCALENDAR\nX", ";A=1", ":x\nEND:VCALENDAR", BYTES)),
        (
            "many dates",
            long(
                "BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:T\nDTSTART:20260601\nEXDATE:",
                "20260601,",
                "20260601\nEND:VEVENT\nEND:VCALENDAR",
                400_000,
            ),
        ),
        ("many rows", long("title,start\n", "a,2026-06-01 09:00\n", "", BYTES)),
        ("many cells", long("title,start\n", ",", "", BYTES)),
        ("many quotes", long("title,start\n", "\"\",", "", BYTES)),
        ("many columns", long("title,start,", "a,", "", BYTES)),
        ("nothing but nothing", vec![0; BYTES]),
        ("nothing but 0xff", vec![0xff; BYTES]),
    ];
    for (name, bytes) in files {
        let begun = Instant::now();
        hold(&bytes);
        let cost = begun.elapsed();
        println!("schedule {name}: {:.2} s for {} KiB", cost.as_secs_f64(), bytes.len() >> 10);
        assert!(cost < COST_MAX, "{name}: {cost:?}");
    }
}

#[test]
fn a_file_of_200_mb_is_refused_before_it_is_looked_at() {
    let begun = Instant::now();
    let bytes = vec![b'{'; 200 << 20];
    assert_eq!(parse(&bytes, &TimeZone::UTC), Err(BadSchedule::TooLarge));
    assert!(begun.elapsed() < Duration::from_secs(20));
}
