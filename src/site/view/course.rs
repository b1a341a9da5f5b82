//! What became of a talk: when it is really on and where (the stage), from where it was moved (the schedule's versions), and both as
//! sentences. Pure; the page says which of them it prints.

use super::time::Venue;
use model::{
    Micros, Room, Talk,
    stage::{Lateness, SaidBy, Timeline},
};

/// Within so many minutes of its beginning it is worth saying how soon a talk begins.
const SOON_MINUTES_MAX: i64 = 120;
/// From so many minutes on a talk went over its time.
const OVER_MINUTES_MIN: i64 = 3;

/// A beginning that differs by less is the schedule's own, in microseconds.
const SWAPPED_MIN: i64 = 3 * Micros::MINUTE;

/// Where a talk stands at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::site) enum Phase {
    /// Its time will come.
    Before,
    /// It is on.
    On,
    /// It was on.
    Over,
    /// Its time has come and something else is or was on.
    Elsewhere,
    /// It is not in the programme any more.
    Off,
}

/// What became of a talk, as of a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::site) struct Course {
    pub(in crate::site) phase: Phase,
    /// When it really begins or began, as far as is known now.
    pub(in crate::site) from: Micros,
    /// When it really ends or ended, as far as is known now.
    pub(in crate::site) to: Micros,
    /// The room that it is really in.
    pub(in crate::site) room: String,
    /// How far from its time it begins, where anybody would say so.
    pub(in crate::site) lateness: Option<Lateness>,
    /// A steward said so; else it is the clock's opinion.
    pub(in crate::site) is_said: bool,
}

impl Course {
    /// What the timeline makes of a talk. One that is on nowhere keeps the schedule's times.
    pub(in crate::site) fn of(talk: &Talk, timeline: &Timeline, now: Micros) -> Self {
        let planned = |phase| Self {
            phase,
            from: talk.start,
            to: talk.end,
            room: talk.room.clone(),
            lateness: None,
            is_said: false,
        };
        let Some(real) = timeline.expected(&talk.id).filter(|_| !talk.dropped) else {
            return planned(match () {
                () if talk.dropped => Phase::Off,
                () if now < talk.start => Phase::Before,
                () => Phase::Elsewhere,
            });
        };
        let is_on = timeline.of_talk(&talk.id).any(|(_, span)| span.holds(now));
        let phase = match () {
            () if is_on => Phase::On,
            () if now < real.from => Phase::Before,
            () => Phase::Over,
        };
        Self {
            phase,
            from: real.from,
            to: real.to.max(real.from),
            room: real.room.to_owned(),
            lateness: real.lateness,
            is_said: real.by == SaidBy::Steward,
        }
    }

    /// "12 min late", "5 min early", where anybody would say so.
    pub(in crate::site) fn late(&self) -> Option<String> {
        self.lateness.map(late)
    }

    /// Whether it is at another time than planned without being late: it has changed places with another talk.
    pub(in crate::site) fn is_swapped(&self, talk: &Talk) -> bool {
        self.lateness.is_none() && self.from.since(talk.start).abs() >= SWAPPED_MIN
    }

    /// The state of a talk in one sentence without its full stop, where there is more to say than the schedule says.
    pub(in crate::site) fn sentence(
        &self,
        talk: &Talk,
        venue: &Venue,
        rooms: &[Room],
        now: Micros,
    ) -> Option<String> {
        let place = (self.room != talk.room).then(|| format!(" in {}", room_name(rooms, &self.room)));
        let place = place.unwrap_or_default();
        let minutes = self.from.since(now).div_euclid(Micros::MINUTE);
        let at = venue.hhmm(self.from);
        match (self.phase, self.late()) {
            (Phase::Off, _) => None,
            (Phase::Elsewhere, _) => Some("Not on at its time; nobody has said when it comes".to_owned()),
            (Phase::Before, Some(late)) => Some(format!("Running {late}: expected at {at}{place}")),
            (Phase::Before, None) if self.is_swapped(talk) => {
                Some(format!("Expected at {at}{place} instead of {}", venue.hhmm(talk.start)))
            }
            (Phase::Before, None) if (0..1).contains(&minutes) => Some(format!("Begins now{place}")),
            (Phase::Before, None) if (0..=SOON_MINUTES_MAX).contains(&minutes) => {
                Some(format!("Begins in {}{place}", span(minutes)))
            }
            (Phase::Before, None) => None,
            (Phase::On, Some(late)) => Some(format!("On now{place} since {at}, {late}")),
            (Phase::On, None) if self.is_swapped(talk) => Some(format!("On now{place} since {at}")),
            (Phase::On, None) => Some(format!("On now{place}")),
            (Phase::Over, late) => {
                let differs = self.is_said || late.is_some() || !place.is_empty();
                differs.then(|| self.over(talk, venue, &place, late))
            }
        }
    }

    fn over(&self, talk: &Talk, venue: &Venue, place: &str, late: Option<String>) -> String {
        let took = self.to.since(self.from).div_euclid(Micros::MINUTE);
        let over = took - talk.end.since(talk.start).div_euclid(Micros::MINUTE);
        let began = late.map_or_else(String::new, |late| format!(", {late},"));
        let longer = if over >= OVER_MINUTES_MIN {
            format!(", {} longer than planned", span(over))
        } else {
            String::new()
        };
        format!("Was on{place} from {}{began} to {}{longer}", venue.hhmm(self.from), venue.hhmm(self.to))
    }
}

/// "12 min late", "5 min early".
pub(in crate::site) fn late(lateness: Lateness) -> String {
    format!("{} {}", span(lateness.minutes), if lateness.is_early { "early" } else { "late" })
}

/// "12 min", "1 h 5 min".
pub(in crate::site) fn span(minutes: i64) -> String {
    match (minutes / 60, minutes % 60) {
        (0, minutes) => format!("{minutes} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}

/// The name of a room; its slug when nobody named it.
pub(in crate::site) fn room_name<'a>(rooms: &'a [Room], slug: &'a str) -> &'a str {
    rooms.iter().find(|room| room.slug == slug).map_or(slug, |room| &room.name)
}

/// "Saal 1, 11:30", "Saal 1", "11:30", "Friday 11:30": where the last version that differed had the talk. What changed and changed back is
/// no move.
pub(in crate::site) fn moved_from(talk: &Talk, rooms: &[Room], venue: &Venue) -> Option<String> {
    let (mut room, mut start) = (&talk.room, talk.start);
    for was in &talk.was {
        room = was.room.as_ref().unwrap_or(room);
        start = was.times.map_or(start, |(start, _)| start);
        if *room != talk.room || start != talk.start {
            break;
        }
    }
    let hhmm = venue.hhmm(start);
    let time = if start == talk.start {
        None
    } else if venue.date(start) == venue.date(talk.start) {
        Some(hhmm)
    } else {
        Some(format!("{} {hhmm}", venue.weekday(start)))
    };
    let place = (*room != talk.room).then(|| room_name(rooms, room).to_owned());
    match (place, time) {
        (Some(place), Some(time)) => Some(format!("{place}, {time}")),
        (place, time) => place.or(time),
    }
}

/// The titles that it had, newest first, each once.
pub(in crate::site) fn formerly(talk: &Talk) -> Vec<String> {
    let mut titles: Vec<String> = Vec::new();
    for title in talk.was.iter().filter_map(|was| was.title.as_ref()) {
        if *title != talk.title && !titles.contains(title) {
            titles.push(title.clone());
        }
    }
    titles
}

/// Who was to speak and no longer does, each once.
pub(in crate::site) fn no_longer(talk: &Talk) -> Vec<String> {
    let mut gone: Vec<String> = Vec::new();
    for name in talk.was.iter().flat_map(|was| &was.speakers) {
        if talk.speakers.iter().all(|speaker| speaker.name != *name) && !gone.contains(name) {
            gone.push(name.clone());
        }
    }
    gone
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{StageEntry, Was};
    use std::collections::BTreeMap;

    const MIN: i64 = Micros::MINUTE;

    fn talk(id: &str, start: i64, end: i64) -> Talk {
        serde_json::from_value(serde_json::json!({
            "id": id, "title": id, "room": "main", "day": "1970-01-01", "start": start * MIN, "end": end * MIN,
        }))
        .expect("a talk")
    }

    fn rooms() -> Vec<Room> {
        [("main", "Main hall"), ("side", "Side room")]
            .map(|(slug, name)| Room { slug: slug.into(), name: name.into(), tags: Vec::new() })
            .to_vec()
    }

    fn say(talk: &Talk, presses: &[(&str, i64)], now: i64) -> Option<String> {
        let mut said: BTreeMap<String, Vec<StageEntry>> = BTreeMap::new();
        for (room, since) in presses {
            let entry = StageEntry {
                room: (*room).into(),
                talk: Some(talk.id.clone()),
                since: Micros(since * MIN),
                undone: false,
            };
            said.entry(entry.room.clone()).or_default().push(entry);
        }
        let now = Micros(now * MIN);
        let course = Course::of(talk, &Timeline::new([talk], &said), now);
        course.sentence(talk, &Venue::new("UTC", None), &rooms(), now)
    }

    #[test]
    fn before_while_and_after_a_talk_says_what_the_schedule_does_not() {
        let talk = talk("t1", 600, 640);
        assert_eq!(say(&talk, &[], 100), None, "hours before: the schedule says it all");
        assert_eq!(say(&talk, &[], 575).as_deref(), Some("Begins in 25 min"));
        assert_eq!(say(&talk, &[], 610).as_deref(), Some("On now"));
        assert_eq!(say(&talk, &[], 700), None, "the clock knows of nothing that was different");
        assert_eq!(say(&talk, &[("main", 612)], 620).as_deref(), Some("On now since 10:12, 12 min late"));
        assert_eq!(say(&talk, &[("side", 600)], 620).as_deref(), Some("On now in Side room"));
        let over = "Was on from 10:12, 12 min late, to 10:52";
        assert_eq!(say(&talk, &[("main", 612)], 800).as_deref(), Some(over));
    }

    #[test]
    fn a_called_off_talk_has_no_lateness() {
        let mut off = talk("t1", 600, 640);
        off.dropped = true;
        let course = Course::of(&off, &Timeline::new([&off], &BTreeMap::new()), Micros(700 * MIN));
        assert_eq!((course.phase, course.late()), (Phase::Off, None));
    }

    #[test]
    fn moved_says_what_differs_and_a_move_back_is_none() {
        let venue = Venue::new("UTC", None);
        let mut moved = talk("t1", 600, 640);
        let was = |room: Option<&str>, start: Option<i64>| Was {
            room: room.map(str::to_owned),
            times: start.map(|start| (Micros(start * MIN), Micros((start + 40) * MIN))),
            ..Was::default()
        };
        let mut from = |was: Vec<Was>| {
            moved.was = was;
            moved_from(&moved, &rooms(), &venue)
        };
        assert_eq!(from(vec![was(Some("side"), Some(690))]).as_deref(), Some("Side room, 11:30"));
        assert_eq!(from(vec![was(Some("side"), None)]).as_deref(), Some("Side room"));
        assert_eq!(from(vec![was(None, Some(690))]).as_deref(), Some("11:30"));
        assert_eq!(from(vec![was(None, Some(690 + 24 * 60))]).as_deref(), Some("Friday 11:30"));
        assert_eq!(from(vec![Was::default(), was(Some("side"), None)]).as_deref(), Some("Side room"));
        assert_eq!(from(vec![Was::default()]), None);
    }

    #[test]
    fn former_titles_and_speakers_are_told_once() {
        let mut talk = talk("t1", 600, 640);
        let was = |title: &str| Was {
            title: Some(title.into()),
            speakers: vec!["Ines Tavarel".into()],
            ..Was::default()
        };
        talk.was = vec![was("Old"), was("Older"), was("Old"), was("t1")];
        assert_eq!(formerly(&talk), ["Old", "Older"]);
        assert_eq!(no_longer(&talk), ["Ines Tavarel"]);
    }

    #[test]
    fn spans_are_said_in_hours_where_they_are_long() {
        assert_eq!([span(12), span(60), span(65)], ["12 min", "1 h", "1 h 5 min"]);
    }
}
