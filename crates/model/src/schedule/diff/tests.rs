//! What people read of a change.

use super::*;
use crate::talk::Speaker;

const MINUTE: i64 = Micros::MINUTE;

fn berlin() -> TimeZone {
    TimeZone::get("Europe/Berlin").unwrap()
}

fn at(text: &str) -> Micros {
    Micros::parse_rfc3339(&format!("{text}:00+02:00")).unwrap()
}

fn talk(title: &str, room: &str, start: &str, speakers: &[&str]) -> Talk {
    let speakers: Vec<Speaker> =
        speakers.iter().map(|name| Speaker { name: (*name).to_owned(), handles: vec![] }).collect();
    serde_json::from_value(serde_json::json!({
        "id": "t1", "title": title, "room": room, "speakers": speakers, "day": "2026-06-01",
        "start": at(start), "end": at(start).plus(45 * MINUTE),
    }))
    .unwrap()
}

fn room(slug: &str) -> String {
    match slug {
        "saal-1" => "Saal 1".to_owned(),
        "saal-2" => "Saal 2".to_owned(),
        other => other.to_owned(),
    }
}

fn told(was: Option<&Talk>, is: &Talk) -> String {
    Change::between(was, is).sentence(&berlin(), &room)
}

#[test]
fn each_change_is_a_sentence_with_title_room_and_local_times() {
    let was = talk("Zero copy", "saal-1", "2026-06-01T11:30", &["Ana"]);
    let moved = talk("Zero copy", "saal-2", "2026-06-01T14:00", &["Ana"]);
    assert_eq!(told(Some(&was), &moved), "“Zero copy” moved from Saal 1, 11:30 to Saal 2, 14:00.");
    let later = Talk { room: "saal-1".into(), ..moved.clone() };
    assert_eq!(told(Some(&was), &later), "“Zero copy” moved from 11:30 to 14:00 (Saal 1, Mon 1 Jun).");
    let next_day = talk("Zero copy", "saal-2", "2026-06-02T09:00", &["Ana"]);
    assert_eq!(
        told(Some(&was), &next_day),
        "“Zero copy” moved from Saal 1, Mon 1 Jun 11:30 to Saal 2, Tue 2 Jun 09:00."
    );
    let room_only = Talk { room: "saal-2".into(), ..was.clone() };
    assert_eq!(told(Some(&was), &room_only), "“Zero copy” moved from Saal 1 to Saal 2 (Mon 1 Jun 11:30).");
    let longer = Talk { end: was.end.plus(15 * MINUTE), ..was.clone() };
    assert_eq!(
        told(Some(&was), &longer),
        "“Zero copy” ends at 12:30 instead of 12:15 (Saal 1, Mon 1 Jun 11:30)."
    );
    assert_eq!(told(None, &was), "“Zero copy” is new: Saal 1, Mon 1 Jun 11:30.");
    let gone = Talk { dropped: true, ..was.clone() };
    assert_eq!(
        told(Some(&was), &gone),
        "“Zero copy” (Saal 1, Mon 1 Jun 11:30) is no longer in the schedule."
    );
    assert_eq!(told(Some(&gone), &was), "“Zero copy” is back in the schedule: Saal 1, Mon 1 Jun 11:30.");
    assert!(told(Some(&gone), &moved).ends_with("; it moved from Saal 1, 11:30 to Saal 2, 14:00."));
    let words = Talk { summary: Some("About.".into()), ..was.clone() };
    assert_eq!(told(Some(&was), &words), "“Zero copy” has another description, track, language or address.");
}

#[test]
fn several_changes_of_one_talk_are_one_sentence_that_begins_with_the_known_title() {
    let was = talk("Zero copy", "saal-1", "2026-06-01T11:30", &["Ana"]);
    let is = talk("Copy nothing", "saal-1", "2026-06-01T12:00", &["Ana", "Bo"]);
    assert_eq!(
        told(Some(&was), &is),
        "“Zero copy” is now called “Copy nothing”, moved from 11:30 to 12:00 (Saal 1, Mon 1 Jun) and is now \
         also given by Bo."
    );
    let by = |speakers: &[&str]| talk("Zero copy", "saal-1", "2026-06-01T11:30", speakers);
    let speakers = |from: &[&str], to: &[&str]| told(Some(&by(from)), &by(to));
    assert_eq!(
        speakers(&["Ana", "gracefire"], &["Ana", "Grace"]),
        "“Zero copy” is now given by Grace instead of gracefire."
    );
    assert_eq!(speakers(&["Ana", "Bo"], &["Bo"]), "“Zero copy” is no longer given by Ana.");
    assert_eq!(speakers(&[], &["Bo"]), "“Zero copy” is given by Bo.");
    let trifle = Talk { title: "  ZERO copy!".into(), ..was.clone() };
    let change = Change::between(Some(&was), &trifle);
    assert!(!change.is_of_programme() && change.title_from.is_none(), "{change:?}");
}

#[test]
fn a_title_without_end_is_cut() {
    let was = talk(&"x".repeat(5000), "saal-1", "2026-06-01T11:30", &[]);
    assert!(told(None, &was).chars().count() < 200);
}

#[test]
fn a_version_is_summed_up_and_what_matters_comes_first() {
    let t = |id: usize, talk: Talk| Talk { id: TalkId::numbered(id), ..talk };
    let a = t(1, talk("A", "saal-1", "2026-06-01T11:30", &[]));
    let b = t(2, talk("B", "saal-1", "2026-06-01T12:30", &[]));
    let c = t(3, talk("C", "saal-1", "2026-06-01T13:30", &[]));
    let known: BTreeMap<TalkId, Talk> =
        [&a, &b, &c].into_iter().map(|talk| (talk.id.clone(), talk.clone())).collect();
    let after = [
        t(4, talk("D", "saal-1", "2026-06-01T09:30", &[])),
        Talk { lang: Some("de".into()), ..a },
        Talk { room: "saal-2".into(), ..b },
        Talk { dropped: true, ..c },
    ];
    let changes = changes(&known, &after);
    let order: Vec<&str> = changes.iter().map(|change| change.talk.as_str()).collect();
    assert_eq!(order, ["t3", "t2", "t4", "t1"]);
    assert_eq!(
        summary(&changes),
        "1 talk is new, 1 talk has changed, 1 talk is no longer in the schedule and 1 talk has another description."
    );
    assert_eq!(summary(&[]), "Nothing has changed.");
}

#[test]
fn most_talks_at_another_time_are_told_with_the_hours_between() {
    let day = |hours: i64| -> Vec<Talk> {
        (1..=5)
            .map(|n| {
                let talk = talk(&format!("Talk {n}"), "saal-1", &format!("2026-06-01T1{n}:00"), &[]);
                let by = hours * Micros::HOUR;
                Talk { id: TalkId::numbered(n), start: talk.start.plus(by), end: talk.end.plus(by), ..talk }
            })
            .collect()
    };
    let known: BTreeMap<TalkId, Talk> = day(0).into_iter().map(|talk| (talk.id.clone(), talk)).collect();
    let all = changes(&known, &day(2));
    assert_eq!(
        mass_move(&all, 5).unwrap(),
        "5 of 5 talks begin at another time than before, 5 of them 2:00 h later (look at the time zone)."
    );
    assert_eq!(mass_move(&all[..2], 5), None);
}

#[test]
fn a_change_is_written_and_read_again() {
    let was = talk("Zero copy", "saal-1", "2026-06-01T11:30", &["Ana"]);
    let is = talk("Copy", "saal-2", "2026-06-01T14:00", &["Bo"]);
    let change = Change::between(Some(&was), &is);
    let json = serde_json::to_string(&change).unwrap();
    assert_eq!(serde_json::from_str::<Change>(&json).unwrap(), change);
    let plain = serde_json::to_value(Change::between(None, &is)).unwrap();
    assert_eq!(plain["what"], "new");
    assert!(plain.get("title_from").is_none(), "{plain}");
}
