//! How far what is on reaches: whose filing may be another one when the stage's timeline changes.

use super::evidence::clock::{AHEAD_MINUTES, TAIL_MINUTES};
use crate::Micros;
use crate::stage::Timeline;

/// All time.
const EVER: (Micros, Micros) = (Micros(i64::MIN), Micros(i64::MAX));

/// The windows, the second moment excluded, outside of which [`super::file`] answers the same for both timelines: where the
/// two differ, from as long before as people speak of what is to come until as long after as they speak of what was.
#[must_use]
pub fn reach(before: &Timeline, after: &Timeline) -> Vec<(Micros, Micros)> {
    let windows = before.differs(after);
    if windows.is_empty() {
        return windows;
    }
    // An event of one room is looked at otherwise, and so is a room in which two talks are on at once.
    if has_one_room(before) != has_one_room(after) || !(is_plain(before) && is_plain(after)) {
        return vec![EVER];
    }
    let widened = |(from, to): (Micros, Micros)| {
        (from.plus(-AHEAD_MINUTES * Micros::MINUTE), to.plus((TAIL_MINUTES + 1) * Micros::MINUTE))
    };
    windows.into_iter().map(widened).collect()
}

fn has_one_room(timeline: &Timeline) -> bool {
    timeline.rooms().filter(|(_, spans)| !spans.is_empty()).count() == 1
}

fn is_plain(timeline: &Timeline) -> bool {
    timeline.rooms().all(|(_, spans)| spans.windows(2).all(|two| two[0].to <= two[1].from))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{StageEntry, Talk};
    use std::collections::BTreeMap;

    fn talk(id: &str, room: &str, start: i64) -> Talk {
        let json = serde_json::json!({
            "id": id, "title": id, "room": room, "day": "2026-11-20",
            "start": start * Micros::MINUTE, "end": (start + 30) * Micros::MINUTE,
        });
        serde_json::from_value(json).expect("a talk")
    }

    fn pressed(talks: &[Talk], presses: &[(&str, &str, i64)]) -> Timeline {
        let mut said: BTreeMap<String, Vec<StageEntry>> = BTreeMap::new();
        for (room, talk, minute) in presses {
            let entry = StageEntry {
                room: (*room).to_owned(),
                talk: Some(crate::TalkId((*talk).to_owned())),
                since: Micros(minute * Micros::MINUTE),
                undone: false,
            };
            said.entry((*room).to_owned()).or_default().push(entry);
        }
        Timeline::new(talks, &said)
    }

    #[test]
    fn a_press_reaches_as_far_as_people_speak_of_its_talk_and_no_farther() {
        let talks = [talk("t1", "a", 1000), talk("t2", "a", 1030), talk("t3", "b", 1000)];
        let (before, after) = (pressed(&talks, &[]), pressed(&talks, &[("a", "t2", 1040)]));
        let windows = reach(&before, &after);
        let holds = |minute: i64| {
            let at = Micros(minute * Micros::MINUTE);
            windows.iter().any(|(from, to)| *from <= at && at < *to)
        };
        assert!(holds(1040) && holds(1030 - AHEAD_MINUTES) && holds(1070 + TAIL_MINUTES));
        assert!(!holds(1000 - AHEAD_MINUTES - 30) && !holds(1070 + TAIL_MINUTES + 31));
        assert!(reach(&before, &before).is_empty());
    }

    #[test]
    fn where_the_number_of_rooms_counts_it_reaches_everything() {
        let talks = [talk("t1", "a", 1000)];
        let after = pressed(&talks, &[("b", "t1", 1000)]);
        let more = pressed(&[talk("t1", "a", 1000), talk("t2", "b", 1000)], &[]);
        let before = pressed(&talks, &[]);
        assert_eq!(reach(&before, &more), [EVER]);
        assert!(!reach(&before, &after).is_empty(), "the talk was on elsewhere");
    }

    #[test]
    fn two_talks_at_once_in_a_room_make_it_reach_everything() {
        let talks = [talk("t1", "a", 1000), talk("t2", "a", 1010), talk("t3", "b", 1000)];
        assert_eq!(reach(&pressed(&talks, &[]), &pressed(&talks, &[("b", "t3", 1005)])), [EVER]);
    }
}
