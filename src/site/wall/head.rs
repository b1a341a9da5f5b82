//! The head of a wall: what is on in its room, until when, how late it runs; and what comes next. The same words in the browser:
//! `templates/static/js/wall_head.js`.

use super::fit;
use crate::site::{
    live_fold::LiveFold,
    view::{
        course::room_name,
        now::{BREAK_MAX, talk_of},
        stage::{RoomView, speakers, stage},
        time::Venue,
    },
};
use model::{Micros, Room};

/// Rooms that the wall of a whole event names.
const ROOMS_MAX: usize = 4;
/// Size of a title, in `u`, and height of its lines in parts of that.
const H1_U: f64 = 5.2;
const H1_LINE: f64 = 1.14;
/// Talks that are told to come.
const NEXT_MAX: usize = 4;
/// A title with more characters is set smaller, and smaller still.
const LONG_CHARS: usize = 34;
const LONGER_CHARS: usize = 80;

/// See the module.
#[derive(Clone, Debug)]
pub(super) struct HeadView {
    /// The one room of this wall; none is a wall of the whole event.
    pub(super) one: Option<OneView>,
    /// What is on in each room of the event, for such a wall.
    pub(super) rooms: Vec<RoomView>,
    pub(super) next: Vec<NextView>,
}

impl HeadView {
    /// What stands beside the posts: what comes next, unless the head says so.
    pub(super) fn beside(&self) -> Option<&NextView> {
        let is_break = self.one.as_ref().is_some_and(|one| one.played.is_none());
        self.next.get(usize::from(is_break))
    }

    /// How high it is, in `u`, guessed from above: see `wall.css` for its parts.
    pub(super) fn height_u(&self) -> f64 {
        let padding = 5.0;
        match &self.one {
            None => padding + H1_U * H1_LINE + 1.7 + self.rooms.len() as f64 * 2.84,
            Some(one) => {
                let size = match one.class {
                    "longer" => 3.0,
                    "long" => 3.9,
                    _ => H1_U,
                };
                let who = if one.who.is_empty() { 0.0 } else { 4.4 };
                padding + 3.4 + 1.7 + fit::lines(&one.title, size).min(3.0) * size * H1_LINE + who
            }
        }
    }
}

/// The room of a wall.
#[derive(Clone, Debug, Default)]
pub(super) struct OneView {
    pub(super) name: String,
    /// `until 16:00`.
    pub(super) until: String,
    /// `Running 12 min late`.
    pub(super) late: Option<String>,
    pub(super) title: String,
    pub(super) class: &'static str,
    pub(super) who: String,
    /// Percent of the talk that is on.
    pub(super) played: Option<i64>,
}

/// A talk to come.
#[derive(Clone, Debug)]
pub(super) struct NextView {
    pub(super) at: String,
    pub(super) title: String,
    /// Who speaks; on a wall of the whole event, where.
    pub(super) about: String,
}

/// The head as it is at `now`. `room` is the wall's; `heading` is the event's name.
pub(super) fn head(
    fold: &LiveFold,
    rooms: &[Room],
    room: Option<&Room>,
    heading: &str,
    venue: &Venue,
    now: Micros,
) -> HeadView {
    let slug = fold.fold().event.as_ref().map_or("", |event| &event.slug);
    let told = room.map_or(rooms, std::slice::from_ref);
    let on = stage(fold.fold(), fold.timeline(), told, slug, venue, now);
    let mut views = on.rooms;
    views.truncate(ROOMS_MAX);
    HeadView {
        one: room.map(|room| match views.pop() {
            Some(view) => one(view, heading),
            None => OneView { name: room.name.clone(), title: heading.to_owned(), ..OneView::default() },
        }),
        rooms: views,
        next: next(fold, rooms, room, venue, now),
    }
}

fn one(view: RoomView, heading: &str) -> OneView {
    let when = || view.when.as_ref().map_or_else(String::new, ToString::to_string);
    let (title, who, until) = match (&view.talk, &view.then) {
        (Some(talk), _) => (talk.title.clone(), talk.who.clone(), talk.until.clone()),
        (None, Some((then, _))) => (view.rests.to_owned(), format!("Then {then}"), when()),
        (None, None) if view.rests == "Break" => (view.rests.to_owned(), String::new(), when()),
        (None, None) => (heading.to_owned(), String::new(), String::new()),
    };
    OneView {
        class: class(&title),
        name: view.name,
        until,
        late: view.late,
        title,
        who,
        played: view.talk.map(|talk| talk.played),
    }
}

fn class(title: &str) -> &'static str {
    match title.chars().count() {
        n if n > LONGER_CHARS => "longer",
        n if n > LONG_CHARS => "long",
        _ => "",
    }
}

/// The talks of the wall's room, or of all rooms, that begin within the next hours.
fn next(fold: &LiveFold, rooms: &[Room], room: Option<&Room>, venue: &Venue, now: Micros) -> Vec<NextView> {
    let mut coming = Vec::new();
    for (slug, spans) in
        fold.timeline().rooms().filter(|(slug, _)| room.is_none_or(|room| room.slug == *slug))
    {
        let after = spans.partition_point(|span| span.from <= now);
        let soon = spans[after..].iter().take_while(|span| span.from.since(now) < BREAK_MAX);
        let talks = soon.filter_map(|span| Some((span.from, talk_of(fold.fold(), span)?, slug)));
        coming.extend(talks.take(NEXT_MAX));
    }
    coming.sort_by_key(|(from, talk, _)| (*from, &talk.id));
    let view = |(from, talk, slug): (Micros, &model::Talk, &str)| NextView {
        at: venue.hhmm(from),
        title: talk.title.clone(),
        about: if room.is_some() { speakers(talk) } else { room_name(rooms, slug).to_owned() },
    };
    coming.into_iter().take(NEXT_MAX).map(view).collect()
}
