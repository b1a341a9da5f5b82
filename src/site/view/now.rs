//! What is on in each room, what comes next and how late it runs, as data: for the API, for the page's script and for whoever
//! prints it. What is on at a moment is `model::stage`'s to say; nobody else works it out, the browser included.

use super::course::late;
use model::{
    Fold, Micros, Room, Talk,
    stage::{Lateness, SaidBy, Span, Timeline},
};
use serde::Serialize;

/// Spans of one room that are told, from the present one on.
const SPANS_MAX: usize = 200;
/// How long what is over is still told, in microseconds: clocks of browsers differ.
const OVER_KEPT: i64 = 10 * Micros::MINUTE;
/// A talk that begins within this time ends a break; before that, nothing is on. In microseconds.
pub(in crate::site) const BREAK_MAX: i64 = 8 * Micros::HOUR;

/// One room.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(in crate::site) struct RoomNow {
    pub(in crate::site) slug: String,
    pub(in crate::site) name: String,
    /// What is on; null when nothing is.
    pub(in crate::site) on: Option<SpanNow>,
    /// The next talk.
    pub(in crate::site) next: Option<SpanNow>,
    /// How late the room runs, where anybody would say so.
    pub(in crate::site) late: Option<LateNow>,
    /// What is and will be on as far as is known now, by start.
    pub(in crate::site) spans: Vec<SpanNow>,
}

/// A stretch of time.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(in crate::site) struct SpanNow {
    /// The talk; null is a break that was called.
    pub(in crate::site) talk: Option<String>,
    pub(in crate::site) title: Option<String>,
    /// Its first moment.
    pub(in crate::site) from: Micros,
    /// The moment after its last.
    pub(in crate::site) to: Micros,
    /// When it should be over.
    pub(in crate::site) due: Micros,
    /// `clock` or `steward`.
    pub(in crate::site) by: &'static str,
    /// How late it begins.
    pub(in crate::site) late_start: Option<LateNow>,
    /// How late it should be over.
    pub(in crate::site) late_end: Option<LateNow>,
}

/// How far from the schedule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(in crate::site) struct LateNow {
    /// Whole minutes; negative is early.
    pub(in crate::site) minutes: i64,
    /// `12 min late`.
    pub(in crate::site) text: String,
}

impl From<Lateness> for LateNow {
    fn from(by: Lateness) -> Self {
        Self { minutes: if by.is_early { -by.minutes } else { by.minutes }, text: late(by) }
    }
}

/// The rooms as they are at `now`.
pub(in crate::site) fn now(fold: &Fold, timeline: &Timeline, rooms: &[Room], now: Micros) -> Vec<RoomNow> {
    let tell = |span: &Span| told(fold, timeline, span);
    let room = |room: &Room| {
        let spans = timeline.rooms().find(|(slug, _)| *slug == room.slug).map_or(&[][..], |(_, spans)| spans);
        let kept = spans.iter().filter(|span| span.to > now.plus(-OVER_KEPT));
        RoomNow {
            slug: room.slug.clone(),
            name: room.name.clone(),
            on: on(timeline, &room.slug, now).map(tell),
            next: timeline.next(&room.slug, now).map(tell),
            late: timeline.lateness(&room.slug, now).map(LateNow::from),
            spans: kept.take(SPANS_MAX).map(tell).collect(),
        }
    };
    rooms.iter().map(room).collect()
}

/// What is on in a room: of two talks that a schedule puts into one room at one time, the later one.
pub(in crate::site) fn on<'a>(timeline: &'a Timeline, room: &str, now: Micros) -> Option<&'a Span> {
    timeline.in_room(room, now).last()
}

/// The talk of a span.
pub(in crate::site) fn talk_of<'a>(fold: &'a Fold, span: &Span) -> Option<&'a Talk> {
    span.talk.as_ref().and_then(|id| fold.talks.get(id))
}

fn told(fold: &Fold, timeline: &Timeline, span: &Span) -> SpanNow {
    SpanNow {
        talk: span.talk.as_ref().map(ToString::to_string),
        title: talk_of(fold, span).map(|talk| talk.title.clone()),
        from: span.from,
        to: span.to,
        due: span.due,
        by: if span.by == SaidBy::Steward { "steward" } else { "clock" },
        late_start: timeline.late_by_start(span).map(LateNow::from),
        late_end: timeline.late_by_end(span).map(LateNow::from),
    }
}
