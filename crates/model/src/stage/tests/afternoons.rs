//! Afternoons as stewards have them: what the public page says of a room minute by minute, each minute knowing only what
//! had reached us by then.

use super::*;

/// From which minute on the page says what of main: the talk or the break, then how late (or early) the room runs.
fn page(talks: &[&str], presses: &[(i64, &str)]) -> Vec<String> {
    let mut said: Vec<String> = Vec::new();
    let mut last = String::new();
    for minute in -5..200 {
        let known: Vec<&str> = presses.iter().filter(|(at, _)| *at <= minute).map(|(_, p)| *p).collect();
        let (timeline, now) = (timeline(talks, &known), Micros(minute * Micros::MINUTE));
        let on: Vec<&str> = timeline
            .in_room("main", now)
            .map(|span| span.talk.as_ref().map_or("break", TalkId::as_str))
            .collect();
        let late = timeline
            .lateness("main", now)
            .map_or_else(String::new, |by| format!(" {}{}", if by.is_early { '-' } else { '+' }, by.minutes));
        let now = format!("{}{late}", if on.is_empty() { "nothing".to_owned() } else { on.join("+") });
        if now != last {
            said.push(format!("{minute} {now}"));
            last = now;
        }
    }
    said
}

/// Presses that reach us when they are made.
fn live<'a>(presses: &[&'a str]) -> Vec<(i64, &'a str)> {
    presses.iter().map(|press| (press.split(' ').nth(1).unwrap().parse().unwrap(), *press)).collect()
}

/// Main as in [`DAY`], and one talk in the other room.
#[track_caller]
fn reads(presses: &[(i64, &str)], expected: &[&str]) {
    assert_eq!(page(&[DAY[0], DAY[1], DAY[2], "t4@side 60 105"], presses), expected, "{presses:?}");
}

#[test]
fn nobody_presses_anything() {
    reads(&[], &["-5 nothing", "0 t1", "45 nothing", "60 t2", "105 t3", "150 nothing"]);
}

#[test]
fn everything_is_pressed_in_its_time() {
    reads(
        &live(&["t1 0", "break 44", "t2 60", "t3 105", "break 150"]),
        &["-5 nothing", "0 t1", "44 break", "60 t2", "105 t3", "150 break", "180 nothing"],
    );
}

#[test]
fn the_day_begins_late_and_the_pause_takes_some_of_it_up() {
    reads(
        &live(&["t1 12", "t2 63", "t3 108"]),
        &["-5 nothing", "0 t1", "12 t1 +12", "60 t2", "63 t2 +3", "108 t3 +3", "183 nothing"],
    );
}

#[test]
fn a_talk_overruns_and_its_steward_says_so_when_the_next_begins() {
    reads(
        &live(&["t1 0", "t2 68", "t3 113"]),
        &["-5 nothing", "0 t1", "60 t2", "68 t2 +8", "113 t3 +8", "188 nothing"],
    );
}

#[test]
fn a_talk_overruns_and_its_steward_says_that_it_is_still_on() {
    reads(
        &live(&["t1 0", "t1 59", "t1 64", "t2 69"]),
        &["-5 nothing", "0 t1", "59 t1 +19", "64 t1 +24", "69 t2 +9", "114 t3 +9", "159 nothing"],
    );
}

#[test]
fn two_speakers_change_places() {
    reads(&live(&["t2 0", "t1 60"]), &["-5 nothing", "0 t2", "60 t1", "105 t3", "150 nothing"]);
}

#[test]
fn a_speaker_does_not_come() {
    reads(&live(&["break 5", "t2 60"]), &["-5 nothing", "0 t1", "5 break", "60 t2", "105 t3", "150 nothing"]);
}

#[test]
fn a_fire_alarm_empties_the_room_and_the_talk_goes_on_afterwards() {
    reads(
        &live(&["t1 0", "break 20", "t1 40"]),
        &["-5 nothing", "0 t1", "20 break", "40 t1 +20", "65 t2 +5", "110 t3 +5", "155 nothing"],
    );
}

#[test]
fn a_wrong_button_is_taken_back_after_a_minute() {
    reads(
        &[(10, "t3 10"), (11, "t3 10 undone")],
        &["-5 nothing", "0 t1", "10 t3", "11 t1", "45 nothing", "60 t2", "105 t3", "150 nothing"],
    );
}

#[test]
fn a_talk_moves_to_the_other_room() {
    reads(&live(&["t2@side 60"]), &["-5 nothing", "0 t1", "45 nothing", "105 t3", "150 nothing"]);
}

#[test]
fn a_phone_without_a_network_tells_of_an_hour_at_once() {
    reads(
        &[(90, "t1 10"), (90, "break 30"), (90, "t1 40"), (90, "t2 75")],
        &["-5 nothing", "0 t1", "45 nothing", "60 t2", "90 t2 +15", "120 t3 +15", "165 nothing"],
    );
}

#[test]
fn three_stewards_press_the_same_with_watches_that_differ() {
    reads(
        &[(3, "t1 2"), (4, "t1 1"), (5, "t1 3")],
        &["-5 nothing", "0 t1", "60 t2", "105 t3", "150 nothing"],
    );
}

#[test]
fn the_pause_is_called_again_while_all_wait_for_the_next_speaker() {
    reads(
        &live(&["t1 0", "break 40", "break 62", "t2 75"]),
        &["-5 nothing", "0 t1", "40 break", "60 t2", "62 break", "75 t2 +15", "120 t3 +15", "165 nothing"],
    );
}
