//! What is on, case by case, in minutes of a day; what holds of any talks and presses is in `tests/any.rs`.

mod afternoons;
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

#[test]
fn a_break_ends_what_was_on_and_ends_with_the_next_talk() {
    on(&["break 30"], &["t1 0-30", "break 30-60!", "t2 60-105", "t3 105-150"]);
    on(&["break 60"], &["t1 0-45", "break 60-105!", "t3 105-150"]);
    on(&["break 40", "break 50"], &["t1 0-40", "break 40-60!", "t2 60-105", "t3 105-150"]);
    on(&["break 170"], &["t1 0-45", "t2 60-105", "t3 105-150", "break 170-180!"]);
    // A break that is called while all wait for a talk takes nothing from what comes after that talk.
    on(&["break 0", "t1 70"], &["break 0-70!", "t1 70-115!", "t2 115-160", "t3 160-205"]);
    for again in [50, 60, 65] {
        let presses = ["break 0", &format!("break {again}"), "t1 70"];
        on(&presses, &["break 0-70!", "t1 70-115!", "t2 115-160", "t3 160-205"]);
    }
    // What was to come later than planned still comes then.
    on(&["t1 30", "break 70"], &["t1 30-70!", "break 70-75!", "t2 75-120", "t3 120-165"]);
}

#[test]
fn a_talk_that_goes_on_after_a_break_has_the_rest_of_its_length() {
    on(
        &["t1 0", "break 30", "t1 40"],
        &["t1 0-30!", "break 30-40!", "t1 40-60! (55)", "t2 60-105", "t3 105-150"],
    );
    on(&["t1 0", "break 30", "t1 58"], &["t1 0-30!", "break 30-58!", "t1 58-73!", "t2 73-118", "t3 118-163"]);
}

#[test]
fn a_talk_that_is_pressed_again_when_it_should_be_over_is_still_on() {
    on(&["t1 0", "t1 44"], &["t1 0-60! (45)", "t2 60-105", "t3 105-150"]);
    on(&["t1 0", "t1 58"], &["t1 0-63!", "t2 63-108", "t3 108-153"]);
    on(&["t1 0", "t1 70", "t2 78"], &["t1 0-78!", "t2 78-123!", "t3 123-168"]);
    // After an hour without a word it is on again rather than still, and what has not had its time comes after it.
    on(&["t1 0", "t1 140"], &["t1 0-60! (45)", "t2 60-105", "t1 140-145!", "t3 145-190"]);
}

#[test]
fn a_talk_that_moved_is_on_in_the_room_where_it_was_pressed_and_nowhere_else() {
    let talks = ["t1 0 45", "t2 45 90", "t3@side 45 90"];
    let moved = timeline(&talks, &["t2@side 46"]);
    assert_eq!(spans(&moved, "main"), ["t1 0-45"]);
    assert_eq!(spans(&moved, "side"), ["t3 45-46", "t2 46-121! (91)"]);
    let both = timeline(&talks, &["t2@side 46", "t3@main 47"]);
    assert_eq!(
        (spans(&both, "main"), spans(&both, "side")),
        (vec!["t1 0-45".into(), "t3 47-122! (92)".into()], vec!["t2 46-121! (91)".to_owned()])
    );
}

#[test]
fn a_talk_pressed_in_two_rooms_is_where_it_was_pressed_last_and_the_first_room_goes_on() {
    let talks = ["t1 0 45", "t2 60 105", "t3@side 0 45"];
    let both = timeline(&talks, &["t3 2", "t3@side 5"]);
    assert_eq!(spans(&both, "main"), ["t1 0-2", "t3 2-5!", "t1 5-45", "t2 60-105"]);
    assert_eq!(spans(&both, "side"), ["t3 5-77! (47)"]);
}

#[test]
fn what_is_not_in_the_programme_is_never_on_and_ends_what_was() {
    let talks = ["t1 0 45", "t2 60 105 dropped", "t3 60 105"];
    assert_eq!(spans(&timeline(&talks, &["t1 0", "t2 62"]), "main"), ["t1 0-60! (45)", "t3 60-105"]);
    assert_eq!(spans(&timeline(&talks, &["t1 0", "t9 50"]), "main"), ["t1 0-50!", "t3 60-105"]);
}

#[test]
fn two_talks_in_one_room_at_one_time_are_both_on_until_somebody_says_which() {
    let talks = ["t1 0 45", "t2 30 60", "t3 60 90"];
    assert_eq!(spans(&timeline(&talks, &[]), "main"), ["t1 0-45", "t2 30-60", "t3 60-90"]);
    assert_eq!(spans(&timeline(&talks, &["t2 35"]), "main"), ["t1 0-35", "t2 35-65!", "t3 65-95"]);
    let on: Vec<_> = timeline(&talks, &[]).in_room("main", Micros(40 * Micros::MINUTE)).cloned().collect();
    assert_eq!(on.len(), 2);
}

#[test]
fn nothing_is_held_over_night() {
    let talks = ["t1 0 45", "t2 1440 1485"];
    let shown = timeline(&talks, &["t1 20"]);
    assert_eq!(spans(&shown, "main"), ["t1 20-95! (65)", "t2 1440-1485"]);
    assert_eq!(
        spans(&timeline(&talks, &["t1 20", "break 60"]), "main"),
        ["t1 20-60!", "break 60-1440!", "t2 1440-1485"]
    );
}

#[test]
fn the_later_said_of_one_moment_stands_and_what_it_replaced_stands_again_when_it_is_undone() {
    on(&["t2 0", "t1 0"], &["t1 0-60! (45)", "t2 60-105", "t3 105-150"]);
    on(&["t1 0", "t2 0", "t2 0 undone"], &["t1 0-60! (45)", "t2 60-105", "t3 105-150"]);
    on(&["t1 0", "t1 0 undone", "t1 0 undone"], &["t1 0-45", "t2 60-105", "t3 105-150"]);
}

fn late(timeline: &Timeline, minute: i64) -> Option<i64> {
    let by = timeline.lateness("main", Micros(minute * Micros::MINUTE))?;
    Some(if by.is_early { -by.minutes } else { by.minutes })
}

#[test]
fn a_room_runs_late_by_what_is_on_and_then_by_what_comes_next() {
    let shown = timeline(&DAY, &["t1 22"]);
    assert_eq!(
        [0, 30, 80, 110, 200].map(|minute| late(&shown, minute)),
        [Some(22), Some(22), Some(7), Some(7), None]
    );
    assert_eq!(late(&timeline(&DAY, &["t1 2"]), 10), None, "two minutes are no delay");
    assert_eq!(late(&timeline(&DAY, &["t2 52"]), 60), Some(-8));
    assert_eq!(late(&timeline(&DAY, &["t1 0", "t1 70"]), 71), Some(30), "it is still on: at least so late");
    assert_eq!(late(&timeline(&DAY, &["t1 0"]), 50), None, "nobody has said that it overruns");
}

#[test]
fn what_changed_places_is_neither_late_nor_early() {
    let swapped = timeline(&DAY, &["t2 2", "t1 61"]);
    assert_eq!([10, 70, 110].map(|minute| late(&swapped, minute)), [None, None, None]);
    assert_eq!(late(&timeline(&DAY, &["t1 70"]), 80), Some(70), "but what all others wait for is");
}

#[test]
fn what_a_talk_should_really_take_is_told_with_its_delay() {
    let shown = timeline(&DAY, &["t1 22"]);
    let told = |id: &str| {
        let id = TalkId(id.into());
        let expected = shown.expected(&id)?;
        let minutes = expected.lateness.map_or(0, |by| by.minutes);
        Some((expected.from.0 / Micros::MINUTE, expected.to.0 / Micros::MINUTE, minutes, expected.by))
    };
    assert_eq!(told("t1"), Some((22, 67, 22, SaidBy::Steward)));
    assert_eq!(told("t2"), Some((67, 112, 7, SaidBy::Clock)));
    assert_eq!((told("t3"), told("t9")), (Some((112, 157, 7, SaidBy::Clock)), None));
    let passed_over = timeline(&["t1 0 45", "t2 2 5", "t3 60 90"], &["t3 0"]);
    assert_eq!(passed_over.expected(&TalkId("t1".into())), None, "nobody said when it comes");
}

#[test]
fn it_is_worth_asking_whether_a_talk_is_still_on_until_somebody_has_said_something_else() {
    let asks = |presses: &[&str], minute: i64| {
        let shown = timeline(&DAY, presses);
        shown
            .still_on("main", Micros(minute * Micros::MINUTE))
            .and_then(|span| span.talk.clone())
            .map(|id| id.0)
    };
    assert_eq!(asks(&[], 44), None);
    assert_eq!(asks(&[], 50).as_deref(), Some("t1"));
    assert_eq!(
        asks(&["t1 0"], 62).as_deref(),
        Some("t1"),
        "the clock has the next one on; perhaps it is wrong"
    );
    assert_eq!(asks(&["t1 0", "t2 62"], 63), None);
    assert_eq!(asks(&["t1 0", "break 50"], 52), None);
    assert_eq!(asks(&[], 76), None, "half an hour later nobody needs to be asked");
}

#[test]
fn two_timelines_differ_where_something_begins_or_ends_elsewhere() {
    let minutes = |windows: Vec<(Micros, Micros)>| -> Vec<(i64, i64)> {
        windows.into_iter().map(|(from, to)| (from.0 / Micros::MINUTE, to.0 / Micros::MINUTE)).collect()
    };
    let plan = timeline(&DAY, &[]);
    assert_eq!(minutes(plan.differs(&timeline(&DAY, &["t3 105"]))), [(105, 180)]);
    assert_eq!(minutes(plan.differs(&timeline(&DAY, &["t1 0", "t2 68"]))), [(0, 158)]);
    assert_eq!(minutes(plan.differs(&timeline(&DAY, &["break 46"]))), [(46, 60)]);
}
