//! What a steward sees of a room: what the public sees, what can be pressed, what was pressed. Pure.

use super::{
    super::{
        live_fold::LiveFold,
        view::{
            count,
            course::late,
            now::{on, talk_of},
            stage::speakers,
            time::Venue,
        },
    },
    NIGHT,
};
use model::{
    FilingState, Fold, Micros, Room, RowState, Talk, TalkId,
    stage::{Press, SaidBy, Span, standing},
};
use std::collections::BTreeSet;

/// Presses of a room that are listed to be taken back.
const PRESSES_SHOWN: usize = 4;
/// How far back presses are listed, in microseconds.
pub(super) const PRESSES_BACK: i64 = 12 * Micros::HOUR;
/// Posts about a talk that is over within [`STILL_WITHIN`] that make us ask whether it is.
const STILL_POSTS_MIN: usize = 2;
/// See [`STILL_POSTS_MIN`], in microseconds.
const STILL_WITHIN: i64 = 5 * Micros::MINUTE;
/// Talks of one list.
const TALKS_MAX: usize = 300;

/// One room.
pub(super) struct Panel {
    pub(super) slug: String,
    pub(super) name: String,
    pub(super) is_shown: bool,
    /// What the public sees.
    pub(super) state: &'static str,
    pub(super) title: String,
    pub(super) who: String,
    /// `10:12 to 10:57`.
    pub(super) when: String,
    pub(super) late: Option<String>,
    /// `Said by a steward`, `By the schedule`.
    pub(super) by: &'static str,
    pub(super) still: Option<StillOn>,
    /// Now and next.
    pub(super) main: Vec<Button>,
    /// The others of the day.
    pub(super) others: Vec<Button>,
    pub(super) presses: Vec<PressView>,
    /// Since when a break would be that was called as planned.
    pub(super) pause: Micros,
}

/// A talk that should be over.
pub(super) struct StillOn {
    pub(super) talk: String,
    pub(super) words: String,
}

/// A talk that can be said to be on.
pub(super) struct Button {
    pub(super) talk: String,
    pub(super) label: &'static str,
    pub(super) title: String,
    /// `11:30, Sunniva Darr`.
    pub(super) about: String,
    pub(super) start: Micros,
    /// It has been on today.
    pub(super) was_on: bool,
}

/// What was pressed.
pub(super) struct PressView {
    /// `break` or the talk.
    pub(super) what: String,
    pub(super) since: Micros,
    pub(super) words: String,
}

/// The talks of a room in which the steward does not stand: they may have moved here.
pub(super) struct Elsewhere {
    pub(super) name: String,
    pub(super) slug: String,
    pub(super) talks: Vec<Button>,
}

/// All rooms; the one that the steward stands in is shown.
pub(super) fn panels(fold: &LiveFold, rooms: &[Room], shown: &str, venue: &Venue, now: Micros) -> Vec<Panel> {
    let desk = Desk { fold, venue, now };
    rooms.iter().map(|room| desk.panel(room, room.slug == shown)).collect()
}

/// The talks of today by room.
pub(super) fn elsewhere(fold: &LiveFold, rooms: &[Room], venue: &Venue, now: Micros) -> Vec<Elsewhere> {
    let desk = Desk { fold, venue, now };
    let of = |room: &Room| Elsewhere {
        name: room.name.clone(),
        slug: room.slug.clone(),
        talks: desk.of_day(&room.slug).into_iter().map(|talk| desk.button(talk, "")).collect(),
    };
    rooms.iter().map(of).filter(|room| !room.talks.is_empty()).collect()
}

/// What is asked, and posts say, about a room whose talk should be over.
pub(super) fn still_on(fold: &LiveFold, room: &str, now: Micros) -> Option<(TalkId, usize)> {
    let talk = fold.timeline().still_on(room, now)?.talk.as_ref()?;
    let is_about = |row: &&model::Row| {
        row.state == RowState::Shown
            && row.item.as_ref().is_some_and(|item| item.when > now.plus(-STILL_WITHIN) && item.when <= now)
            && row.filing.as_ref().is_some_and(|filing| {
                filing.state == FilingState::Filed && filing.talk.as_ref() == Some(talk)
            })
    };
    let posts = fold.rows(model::Seq::MAX).filter(is_about).count();
    (posts >= STILL_POSTS_MIN).then(|| (talk.clone(), posts))
}

/// The presses of a room that stand and are not long ago, the newest first.
pub(super) fn presses<'a>(fold: &'a Fold, room: &str, now: Micros) -> Vec<Press<'a>> {
    let said = fold.stage.get(room).map_or(&[][..], Vec::as_slice);
    let mut presses = standing(said);
    presses.retain(|press| press.since > now.plus(-PRESSES_BACK));
    presses.reverse();
    presses
}

struct Desk<'a> {
    fold: &'a LiveFold,
    venue: &'a Venue,
    now: Micros,
}

impl<'a> Desk<'a> {
    fn panel(&self, room: &Room, is_shown: bool) -> Panel {
        let (timeline, now) = (self.fold.timeline(), self.now);
        let fold = self.fold.fold();
        let span = on(timeline, &room.slug, now);
        let talk = span.and_then(|span| talk_of(fold, span));
        let next = timeline.next(&room.slug, now).and_then(|span| talk_of(fold, span));
        let main = self.main(span, talk, next);
        let is_main = |talk: &&Talk| main.iter().any(|button| button.talk == talk.id.as_str());
        let others = self.of_day(&room.slug).into_iter().filter(|talk| !is_main(talk));
        Panel {
            slug: room.slug.clone(),
            name: room.name.clone(),
            is_shown,
            state: match (span, talk) {
                (_, Some(_)) => "On stage",
                (Some(_), None) => "Break",
                (None, None) => "Nothing is on",
            },
            title: talk.map_or_else(String::new, |talk| talk.title.clone()),
            who: talk.map_or_else(String::new, speakers),
            when: span.map_or_else(String::new, |span| self.when(span)),
            late: timeline.lateness(&room.slug, now).map(|by| format!("Running {}", late(by))),
            by: match span {
                Some(Span { by: SaidBy::Steward, .. }) => "Said by a steward",
                Some(_) => "By the schedule",
                None => "",
            },
            still: self.still(&room.slug),
            others: others.map(|talk| self.button(talk, "")).collect(),
            main,
            presses: self.presses(&room.slug),
            pause: span.map_or(now, |span| span.due),
        }
    }

    /// What is on and what comes next.
    fn main(&self, span: Option<&Span>, talk: Option<&Talk>, next: Option<&Talk>) -> Vec<Button> {
        let is_pressed = span.is_some_and(|span| span.by == SaidBy::Steward);
        // What was pressed and has its time need not be pressed again.
        let asks = !is_pressed || span.is_some_and(|span| span.due <= self.now);
        let label = if is_pressed { "Still on stage" } else { "Yes, on stage" };
        let now = talk.filter(|_| asks).map(|talk| self.button(talk, label));
        let next = next.filter(|next| talk.is_none_or(|talk| talk.id != next.id));
        let next = next.map(|next| self.button(next, "Next: now on stage"));
        now.into_iter().chain(next).collect()
    }

    fn when(&self, span: &Span) -> String {
        let from = self.venue.hhmm(span.from);
        match span.talk {
            Some(_) if span.due > self.now => format!("{from} to {}", self.venue.hhmm(span.due)),
            Some(_) => format!("since {from}, should have ended at {}", self.venue.hhmm(span.due)),
            None => format!("since {from}"),
        }
    }

    fn still(&self, room: &str) -> Option<StillOn> {
        let (talk, posts) = still_on(self.fold, room, self.now)?;
        let title = &self.fold.fold().talks.get(&talk)?.title;
        let posts = count(posts as u64, "post", "posts");
        let words = format!("{posts} about \u{201c}{title}\u{201d} in the last 5 minutes. Is it still on?");
        Some(StillOn { talk: talk.to_string(), words })
    }

    /// The talks that a room's schedule has today, else on the next day that has any, else on the last one.
    fn of_day(&self, room: &str) -> Vec<&'a Talk> {
        let today = self.venue.date(self.now.plus(-NIGHT)).to_string();
        let all = self.fold.fold().talks.values();
        let mut here: Vec<&Talk> = all.filter(|talk| talk.room == room && !talk.dropped).collect();
        let days: BTreeSet<&str> = here.iter().map(|talk| talk.day.as_str()).collect();
        let Some(day) = days.range(today.as_str()..).next().or(days.last()).copied() else {
            return Vec::new();
        };
        here.retain(|talk| talk.day == day);
        here.sort_by_key(|talk| (talk.start, &talk.id));
        here.truncate(TALKS_MAX);
        here
    }

    fn button(&self, talk: &Talk, label: &'static str) -> Button {
        let spans = || self.fold.timeline().of_talk(&talk.id);
        let who = speakers(talk);
        let start = self.venue.hhmm(talk.start);
        Button {
            talk: talk.id.to_string(),
            label,
            title: talk.title.clone(),
            about: if who.is_empty() { start } else { format!("{start}, {who}") },
            start: talk.start,
            was_on: spans().next().is_some() && spans().all(|(_, span)| span.due <= self.now),
        }
    }

    fn presses(&self, room: &str) -> Vec<PressView> {
        let fold = self.fold.fold();
        let view = |press: Press<'_>| {
            let title = press.talk.map(|id| fold.talks.get(id).map_or(id.as_str(), |talk| &talk.title));
            let since = self.venue.hhmm(press.since);
            PressView {
                what: press.talk.map_or("break", TalkId::as_str).to_owned(),
                since: press.since,
                words: title.map_or_else(
                    || format!("Break since {since}"),
                    |title| format!("\u{201c}{title}\u{201d} since {since}"),
                ),
            }
        };
        presses(fold, room, self.now).into_iter().take(PRESSES_SHOWN).map(view).collect()
    }
}
