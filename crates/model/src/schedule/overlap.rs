//! Two talks in one room at the same time: published schedules have them (a tour beside a talk, a slip of the pen), so they
//! are taken as they are, and named.

use super::FoundTalk;
use crate::Micros;
use jiff::tz::TimeZone;

/// One sentence for each talk that begins before another one in its room has ended.
pub(super) fn remarks(talks: &[FoundTalk], zone: &TimeZone) -> Vec<String> {
    let mut all: Vec<&FoundTalk> = talks.iter().filter(|t| !t.room.is_empty() && t.start < t.end).collect();
    all.sort_by(|a, b| (&a.room, a.start, a.end).cmp(&(&b.room, b.start, b.end)));
    let mut out = Vec::new();
    let mut running: Option<&FoundTalk> = None;
    for talk in all {
        let other = running.filter(|r| r.room == talk.room && talk.start < r.end);
        if let Some(other) = other {
            let [until, from] = [other.end, talk.start].map(|at| clock(at, zone));
            out.push(format!(
                "{:?} begins at {from}, and {:?} in the same room ({}) ends at {until}",
                talk.title, other.title, talk.room
            ));
        }
        running = Some(other.filter(|o| o.end > talk.end).unwrap_or(talk));
    }
    out
}

fn clock(at: Micros, zone: &TimeZone) -> String {
    at.zoned(zone).strftime("%H:%M on %F").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn talk(room: &str, title: &str, minutes: std::ops::Range<i64>) -> FoundTalk {
        let [start, end] = [minutes.start, minutes.end].map(|m| Micros(m * Micros::MINUTE));
        FoundTalk { title: title.into(), room: room.into(), start, end, ..FoundTalk::default() }
    }

    #[test]
    fn talks_that_overlap_in_one_room_are_both_named() {
        let talks = [
            talk("Hall", "long", 0..100),
            talk("Hall", "inside", 10..20),
            talk("Hall", "also inside", 30..40),
            talk("Hall", "after", 100..110),
            talk("Side", "elsewhere", 0..50),
            talk("", "nowhere", 0..50),
        ];
        let remarks = remarks(&talks, &TimeZone::UTC);
        assert_eq!(remarks.len(), 2, "{remarks:?}");
        assert_eq!(
            remarks[0],
            "\"inside\" begins at 00:10 on 1970-01-01, and \"long\" in the same room (Hall) ends at 01:40 on 1970-01-01"
        );
        assert!(remarks[1].contains("\"also inside\"") && remarks[1].contains("\"long\""), "{remarks:?}");
    }
}
