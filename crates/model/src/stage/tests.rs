//! What is on, case by case, in minutes of a day; what holds of any talks and presses is in `tests/any.rs`.

mod any;

use super::*;

/// A talk of the room main unless it names one: `t1 0 45` or `t1@side 0 45`.
fn talk(line: &str) -> Talk {
    let words: Vec<&str> = line.split(' ').collect();
    let (id, room) = words[0].split_once('@').unwrap_or((words[0], "main"));
    let minute = |n: usize| words[n].parse::<i64>().unwrap() * Micros::MINUTE;
    serde_json::from_value(serde_json::json!({
        "id": id, "title": id, "room": room, "day": "2026-06-01", "start": minute(1), "end": minute(2),
        "dropped": words.get(3) == Some(&"dropped"),
    }))
    .unwrap()
}

/// `t1 8`, `break 8`, `t1@side 8`, each undone with a third word.
fn press(line: &str) -> StageEntry {
    let words: Vec<&str> = line.split(' ').collect();
    let (what, room) = words[0].split_once('@').unwrap_or((words[0], "main"));
    let since = Micros(words[1].parse::<i64>().unwrap() * Micros::MINUTE);
    let talk = (what != "break").then(|| TalkId(what.to_owned()));
    StageEntry { room: room.to_owned(), talk, since, undone: words.get(2) == Some(&"undone") }
}

fn by_room(presses: impl IntoIterator<Item = StageEntry>) -> BTreeMap<String, Vec<StageEntry>> {
    let mut rooms: BTreeMap<String, Vec<StageEntry>> = BTreeMap::new();
    for press in presses {
        rooms.entry(press.room.clone()).or_default().push(press);
    }
    rooms
}

/// Three talks of main, with a gap before the second and none before the third.
const DAY: [&str; 3] = ["t1 0 45", "t2 60 105", "t3 105 150"];

fn timeline(talks: &[&str], presses: &[&str]) -> Timeline {
    let talks: Vec<Talk> = talks.iter().map(|line| talk(line)).collect();
    Timeline::new(&talks, &by_room(presses.iter().map(|line| press(line))))
}

/// `t1 0-60!` for what a steward said, without the mark for the clock; the due end in brackets where it is another.
fn spans(timeline: &Timeline, room: &str) -> Vec<String> {
    let minute = |at: Micros| at.0 / Micros::MINUTE;
    let say = |span: &Span| {
        let what = span.talk.as_ref().map_or("break", TalkId::as_str);
        let mark = if span.by == SaidBy::Steward { "!" } else { "" };
        let due = if span.due == span.to { String::new() } else { format!(" ({})", minute(span.due)) };
        format!("{what} {}-{}{mark}{due}", minute(span.from), minute(span.to))
    };
    let lane = timeline.rooms().find(|(name, _)| *name == room);
    lane.map_or_else(Vec::new, |(_, spans)| spans.iter().map(say).collect())
}

#[track_caller]
fn on(presses: &[&str], expected: &[&str]) {
    assert_eq!(spans(&timeline(&DAY, presses), "main"), expected, "{presses:?}");
}

#[test]
fn the_clock_drives_where_nobody_pressed_anything() {
    on(&[], &["t1 0-45", "t2 60-105", "t3 105-150"]);
}

#[test]
fn a_talk_that_overruns_holds_until_the_next_is_pressed_and_moves_what_follows() {
    on(&["t1 0"], &["t1 0-60! (45)", "t2 60-105", "t3 105-150"]);
    on(&["t1 0", "t2 68"], &["t1 0-68!", "t2 68-113!", "t3 113-158"]);
    on(&["t1 0", "t2 90"], &["t1 0-75! (45)", "t2 90-135!", "t3 135-180"]);
}

#[test]
fn a_late_start_moves_what_follows_until_a_gap_takes_it_up() {
    on(&["t1 10"], &["t1 10-60! (55)", "t2 60-105", "t3 105-150"]);
    on(&["t1 22"], &["t1 22-67!", "t2 67-112", "t3 112-157"]);
    let later = ["t1 0 45", "t2 45 90", "t3 100 145", "t4 145 190"];
    let shown = spans(&timeline(&later, &["t1 6"]), "main");
    assert_eq!(shown, ["t1 6-51!", "t2 51-96", "t3 100-145", "t4 145-190"]);
}

#[test]
fn a_steward_who_comes_late_does_not_pass_over_what_follows() {
    on(&["t1 70"], &["t1 70-115!", "t2 115-160", "t3 160-205"]);
    on(&["t3 70"], &["t1 0-45", "t2 60-70", "t3 70-145! (115)"]);
}

#[test]
fn two_talks_that_changed_places_are_on_where_they_were_pressed() {
    on(&["t2 2"], &["t1 0-2", "t2 2-77! (47)", "t3 105-150"]);
    on(&["t2 2", "t1 61"], &["t2 2-61!", "t1 61-106!", "t3 106-151"]);
}
