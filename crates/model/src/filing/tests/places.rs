//! Where it was written, what it links to, which room it names, what a talk was called once.

use super::*;
use crate::Was;

#[test]
fn the_page_and_the_room_where_it_was_written_beat_words() {
    let event = Event::new();
    let file = |moment: &str, text: &str, at: &WrittenAt| {
        let item = Item { at: Some(at.clone()), ..post(moment, "a", text) };
        event.file_in(&item, &Context::default())
    };
    let at = WrittenAt { talk: Some(TalkId::numbered(4)), room: None };
    let filing = file("10:30", "Zero-copy parsing", &at);
    assert_eq!((filing.talk, filing.score), (Some(TalkId::numbered(4)), 1.0));
    let at = WrittenAt { talk: None, room: Some("saal-2".into()) };
    let filing = file("10:30", "hello", &at);
    assert_eq!((filing.state, filing.talk), (FilingState::Filed, Some(event.on("10:30", "saal-2"))));
    let filing = file("23:30", "hello", &at);
    assert_eq!(
        (filing.state, filing.talk, filing.room.as_deref()),
        (FilingState::Suggested, None, Some("saal-2"))
    );
}

#[test]
fn codes_and_links_point_at_their_talk() {
    let event = Event::new();
    event.files("23:00", "QX03ZR", "Die Vermessung");
    event.files("23:00", "notes: https://pretalx.example/brightcon/talk/QX05ZR/#slides", "Une \u{e9}thique");
    event.files("2/21:00", "http://www.conf.example/events/7003.html?utm_source=feed", "Die Vermessung");
    event.does_not_file("23:00", "https://bugs.example/7003");
}

#[test]
fn a_room_is_named_by_tag_or_in_words() {
    let event = Event::new();
    event.files("10:30", "sitting in Saal 2 and learning a lot", "Die Vermessung");
    event.files("10:30", "so good #bc3", "Sourdough");
    event.files("11:30", "Stage A is on fire", "Lightning");
    event.does_not_file("10:30", "going from Saal 2 to Saal 3");
    event.is_of_the_event("10:30", "the queue in front of Saal 2 is insane, and no coffee");
}

#[test]
fn a_talk_answers_to_what_it_was_called_once() {
    let mut talks = talks();
    talks[5].was = vec![Was {
        title: Some("Databases under vacuum".into()),
        speakers: vec!["Edgar Coddington".into()],
        ..Was::default()
    }];
    let event = Event::of(talks);
    event.files("11:40", "Databases under vacuum!", "Postgres");
    event.files("11:40", "where is Edgar Coddington?", "Postgres");
}

#[test]
fn a_talk_that_was_called_off_is_found_by_its_words_never_by_the_clock() {
    let mut talks = talks();
    talks[1].dropped = true;
    let event = Event::of(talks);
    event.files("10:20", "Zero-copy parsing is cancelled :( Get well, Ada Lovelace", "Zero-copy");
    let filing = event.file("10:30", "great talk");
    assert_ne!(event.title(&filing), "Zero-copy parsing: reading bytes where they lie");
}

#[test]
fn nothing_is_filed_to_lunch() {
    let event = Event::new();
    for text in ["Lunch", "Lunch in Saal 1", "lunch at 12:00"] {
        let filing = event.file("12:30", text);
        assert_eq!((filing.state, filing.talk.as_ref()), (FilingState::Event, None), "{filing:?}");
    }
}

#[test]
fn an_overrun_is_known_from_the_stage() {
    use crate::StageEntry;
    let event = Event::new();
    let press = |talk: &TalkId, at: &str| -> StageEntry {
        serde_json::from_value(serde_json::json!({
            "room": "saal-1", "talk": talk, "since": moment(at), "by": "steward",
        }))
        .unwrap()
    };
    let presses = vec![press(&TalkId::numbered(2), "10:17"), press(&TalkId::numbered(6), "11:35")];
    let late = Timeline::new(&event.talks, &BTreeMap::from([("saal-1".to_owned(), presses)]));
    let item = post("11:25", "a", "still sitting in Saal 1");
    let filing = file(&item, &event.programme, &late, &Context::default());
    let on: Vec<&TalkId> = late.in_room("saal-1", item.when).filter_map(|span| span.talk.as_ref()).collect();
    assert_eq!(filing.talk.as_ref(), on.first().copied(), "{filing:?}");
}
