//! One day of the programme as rows and columns: a row for each start time, a column for each room while they fit side by side.

use crate::site::view::{
    chart::spark,
    count,
    course::{Course, Phase, moved_from, room_name},
    stage::speakers,
    time::{Venue, day_names, iso},
};
use model::{Micros, Room, Talk, TalkId, stage::Timeline};
use std::collections::{BTreeMap, HashMap};

/// Rooms that stand side by side; with more, the talks of a start time stand beside each other as they fit and name their room.
const COLUMNS_MAX: usize = 4;
/// Minutes of a talk that its sparkline shows at most.
const SPARK_MINUTES_MAX: usize = 24 * 60;

/// One day.
pub(in crate::site) struct DayView {
    pub(in crate::site) anchor: String,
    pub(in crate::site) weekday: String,
    pub(in crate::site) note: String,
    /// `1` to `4`, or `many`.
    pub(in crate::site) columns: &'static str,
    /// The rooms' slugs and names, where each has its column.
    pub(in crate::site) rooms: Vec<(String, String)>,
    pub(in crate::site) rows: Vec<SlotRow>,
    /// The time that it is, when nothing of the day begins after it.
    pub(in crate::site) now_below: Option<String>,
}

impl DayView {
    /// Whether the line that says what time it is stands in this day.
    pub(in crate::site) fn has_now(&self) -> bool {
        self.now_below.is_some() || self.rows.iter().any(|row| row.now_above.is_some())
    }
}

/// What begins at one time.
pub(in crate::site) struct SlotRow {
    pub(in crate::site) at: String,
    /// The same for programs.
    pub(in crate::site) iso: String,
    pub(in crate::site) slots: Vec<SlotView>,
    /// The time that it is, when this is the next to begin.
    pub(in crate::site) now_above: Option<String>,
}

/// One talk.
pub(in crate::site) struct SlotView {
    pub(in crate::site) id: String,
    pub(in crate::site) title: String,
    pub(in crate::site) who: String,
    pub(in crate::site) room: String,
    /// `1` to `4`, or `all`.
    pub(in crate::site) column: String,
    pub(in crate::site) items: String,
    pub(in crate::site) spark: String,
    /// `is-live`, `is-later`, `off`, or nothing.
    pub(in crate::site) class: &'static str,
    /// What is other than planned: a class and the words.
    pub(in crate::site) marks: Vec<(&'static str, String)>,
}

/// What was said about each talk; nothing is known of it while the archive is away.
#[derive(Default)]
pub(in crate::site) struct Said {
    items: HashMap<TalkId, u64>,
    minutes: HashMap<TalkId, BTreeMap<Micros, u64>>,
    scale: u64,
}

impl Said {
    pub(in crate::site) fn new(counts: Vec<archive::TalkCount>, minutes: Vec<archive::Minute>) -> Self {
        let items = counts.into_iter().map(|count| (count.talk, count.items)).collect();
        let mut by_talk: HashMap<TalkId, BTreeMap<Micros, u64>> = HashMap::new();
        let mut scale = 1;
        for minute in minutes {
            if let Some(talk) = minute.talk {
                scale = scale.max(minute.items);
                by_talk.entry(talk).or_default().insert(minute.minute, minute.items);
            }
        }
        Self { items, minutes: by_talk, scale }
    }

    /// What had been said by a moment, for a page as it was then.
    pub(in crate::site) fn until(mut self, at: Micros) -> Self {
        for (talk, minutes) in &mut self.minutes {
            minutes.retain(|minute, _| *minute <= at);
            self.items.insert(talk.clone(), minutes.values().sum());
        }
        self
    }
}

/// What all days are drawn from.
pub(in crate::site) struct Grid<'a> {
    pub(in crate::site) rooms: &'a [Room],
    pub(in crate::site) timeline: &'a Timeline,
    pub(in crate::site) said: &'a Said,
    pub(in crate::site) venue: &'a Venue,
    pub(in crate::site) now: Micros,
}

impl Grid<'_> {
    /// The days in their order.
    pub(in crate::site) fn days(&self, talks: &[Talk]) -> Vec<DayView> {
        let mut talks: Vec<&Talk> = talks.iter().collect();
        talks.sort_by(|a, b| (&a.day, a.start, &a.id).cmp(&(&b.day, b.start, &b.id)));
        talks.chunk_by(|a, b| a.day == b.day).map(|talks| self.day(talks)).collect()
    }

    fn day(&self, talks: &[&Talk]) -> DayView {
        let used: Vec<&Room> =
            self.rooms.iter().filter(|room| talks.iter().any(|talk| talk.room == room.slug)).collect();
        let columns = match used.len() {
            0 | 1 => "1",
            2 => "2",
            3 => "3",
            COLUMNS_MAX => "4",
            _ => "many",
        };
        let has_columns = used.len() > 1 && used.len() <= COLUMNS_MAX;
        let column = |talk: &Talk| match used.iter().position(|room| room.slug == talk.room) {
            Some(n) if has_columns && !is_alone(talk, talks) => (n + 1).to_string(),
            _ => "all".to_owned(),
        };
        let mut rows: Vec<(Micros, SlotRow)> = Vec::new();
        for row in talks.chunk_by(|a, b| a.start == b.start) {
            let mut here = row.to_vec();
            here.sort_by_key(|talk| (used.iter().position(|room| room.slug == talk.room), talk.dropped));
            let slots = here.into_iter().map(|talk| self.slot(talk, column(talk))).collect();
            let start = row[0].start;
            let row = SlotRow { at: self.venue.hhmm(start), iso: iso(start), slots, now_above: None };
            rows.push((start, row));
        }
        let now_below = self.mark_now(&mut rows, talks);
        let (weekday, date) = day_names(&talks[0].day);
        let items: u64 = talks.iter().filter_map(|talk| self.said.items.get(&talk.id)).sum();
        let counted = if items > 0 { count(items, "item", "items") } else { String::new() };
        let note: Vec<&str> = [date.as_str(), &counted].into_iter().filter(|part| !part.is_empty()).collect();
        let rooms = used.iter().filter(|_| has_columns);
        DayView {
            anchor: format!("day-{}", talks[0].day),
            weekday,
            note: note.join(", "),
            columns,
            rooms: rooms.map(|room| (room.slug.clone(), room.name.clone())).collect(),
            rows: rows.into_iter().map(|(_, row)| row).collect(),
            now_below,
        }
    }

    /// Sets the line that says what time it is, if that lies within the day: above the first row that is still to come.
    fn mark_now(&self, rows: &mut [(Micros, SlotRow)], talks: &[&Talk]) -> Option<String> {
        let ends = talks.iter().map(|talk| Course::of(talk, self.timeline, self.now).to.max(talk.end));
        let is_today = rows.first().is_some_and(|(start, _)| *start <= self.now)
            && ends.max().is_some_and(|end| self.now < end);
        let time = is_today.then(|| self.venue.hhmm(self.now))?;
        match rows.iter_mut().find(|(start, _)| *start > self.now) {
            Some((_, row)) => {
                row.now_above = Some(time);
                None
            }
            None => Some(time),
        }
    }

    fn slot(&self, talk: &Talk, column: String) -> SlotView {
        let items = self.said.items.get(&talk.id).copied().unwrap_or(0);
        let course = Course::of(talk, self.timeline, self.now);
        let minutes = self.said.minutes.get(&talk.id);
        let class = match course.phase {
            Phase::On => "is-live",
            Phase::Before => "is-later",
            Phase::Off => "off",
            Phase::Over | Phase::Elsewhere => "",
        };
        SlotView {
            id: talk.id.to_string(),
            title: talk.title.clone(),
            who: speakers(talk),
            room: room_name(self.rooms, &talk.room).to_owned(),
            column,
            items: if items > 0 { count(items, "item", "items") } else { String::new() },
            spark: minutes.map_or_else(String::new, |minutes| {
                spark(&inside(course.from, course.to, minutes), self.said.scale)
            }),
            class,
            marks: self.marks(talk, &course),
        }
    }

    /// What is other than the schedule says, or was.
    fn marks(&self, talk: &Talk, course: &Course) -> Vec<(&'static str, String)> {
        let mut marks = Vec::new();
        let place = (course.room != talk.room).then(|| room_name(self.rooms, &course.room));
        let in_place = place.map_or_else(String::new, |room| format!(" in {room}"));
        let at = self.venue.hhmm(course.from);
        match (course.phase, course.late()) {
            (Phase::Off, _) => marks.push(("off", "Called off".to_owned())),
            (Phase::On, Some(late)) => marks.push(("now", format!("On now{in_place}, {late}"))),
            (Phase::On, None) => marks.push(("now", format!("On now{in_place}"))),
            (Phase::Before, Some(late)) => marks.push(("late", format!("{late}: about {at}{in_place}"))),
            (Phase::Over, Some(late)) => marks.push(("was", format!("Began at {at}{in_place}, {late}"))),
            (Phase::Elsewhere, _) => marks.push(("late", "Not on at its time".to_owned())),
            (Phase::Before, None) if course.is_swapped(talk) => {
                marks.push(("late", format!("About {at}{in_place}")));
            }
            (Phase::Over, None) if course.is_swapped(talk) => {
                marks.push(("was", format!("Was on at {at}{in_place}")));
            }
            (Phase::Before | Phase::Over, None) => {
                marks.extend(place.map(|room| ("was", format!("In {room}"))));
            }
        }
        if let Some(from) = moved_from(talk, self.rooms, self.venue) {
            marks.push(("from", format!("Moved from {from}")));
        }
        marks
    }
}

/// Whether nothing else takes place at its time: such a talk has the row to itself.
fn is_alone(talk: &Talk, talks: &[&Talk]) -> bool {
    talks.iter().all(|other| other.id == talk.id || other.start >= talk.end || talk.start >= other.end)
}

/// Items in each minute of a talk.
fn inside(from: Micros, to: Micros, minutes: &BTreeMap<Micros, u64>) -> Vec<u64> {
    let first = from.minute();
    let length = usize::try_from(to.since(first) / Micros::MINUTE).unwrap_or(0).clamp(1, SPARK_MINUTES_MAX);
    (0..length as i64).map(|n| minutes.get(&first.plus(n * Micros::MINUTE)).copied().unwrap_or(0)).collect()
}
