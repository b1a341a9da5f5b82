//! What is on now in each room, how late it runs, and what comes next, as the head of the live page prints it. The same words in the
//! browser: `templates/static/js/stage.js`, from the spans of [`super::now`].

use super::{
    course::late,
    names,
    now::{BREAK_MAX, on, talk_of},
    time::{Hours, Venue, iso},
};
use model::{
    Fold, Micros, Room, Talk,
    stage::{Span, Timeline},
};

/// Lines under "Next".
const NEXT_MAX: usize = 3;

/// The head of the live page.
#[derive(Clone, Debug, Default)]
pub(in crate::site) struct StageView {
    pub(in crate::site) rooms: Vec<RoomView>,
    pub(in crate::site) next: Vec<NextView>,
}

/// One room.
#[derive(Clone, Debug)]
pub(in crate::site) struct RoomView {
    pub(in crate::site) slug: String,
    pub(in crate::site) name: String,
    pub(in crate::site) when: Option<Hours>,
    /// `Running 12 min late`.
    pub(in crate::site) late: Option<String>,
    pub(in crate::site) talk: Option<OnView>,
    /// What a room without a talk does: `Break`, `Nothing is on`.
    pub(in crate::site) rests: &'static str,
    /// What it goes on with: title and address.
    pub(in crate::site) then: Option<(String, String)>,
}

/// The talk that is on.
#[derive(Clone, Debug)]
pub(in crate::site) struct OnView {
    pub(in crate::site) id: String,
    pub(in crate::site) href: String,
    pub(in crate::site) title: String,
    pub(in crate::site) who: String,
    /// `until 10:57`; `since 10:12` when it should be over.
    pub(in crate::site) until: String,
    /// Percent played.
    pub(in crate::site) played: i64,
}

/// A talk to come.
#[derive(Clone, Debug)]
pub(in crate::site) struct NextView {
    /// For machines, and for people: `15:30`, on another day `Tue 09:30`.
    pub(in crate::site) iso: String,
    pub(in crate::site) at: String,
    pub(in crate::site) title: String,
    pub(in crate::site) href: String,
    pub(in crate::site) room: String,
}

/// The rooms of an event: as its settings list them, then those that only its schedule knows.
pub(in crate::site) fn rooms(fold: &Fold) -> Vec<Room> {
    let mut rooms = fold.event.as_ref().map_or_else(Vec::new, |event| event.rooms.clone());
    for talk in fold.talks.values().filter(|talk| !talk.dropped) {
        if !rooms.iter().any(|room| room.slug == talk.room) {
            let name = talk.room_name.as_ref().unwrap_or(&talk.room).clone();
            rooms.push(Room { slug: talk.room.clone(), name, tags: Vec::new() });
        }
    }
    rooms
}

/// What is on at `now`.
pub(in crate::site) fn stage(
    fold: &Fold,
    timeline: &Timeline,
    rooms: &[Room],
    slug: &str,
    venue: &Venue,
    now: Micros,
) -> StageView {
    if fold.talks.values().all(|talk| talk.dropped) {
        return StageView::default();
    }
    let head = Head { fold, timeline, slug, venue, now };
    let name = |of: &str| rooms.iter().find(|room| room.slug == of).map_or(of, |room| &room.name).to_owned();
    let mut coming: Vec<(&Span, &Talk, &str)> = Vec::new();
    for (room, spans) in timeline.rooms() {
        let after = spans.partition_point(|span| span.from <= now);
        let talks = spans[after..].iter().filter_map(|span| Some((span, talk_of(fold, span)?, room)));
        coming.extend(talks.take(NEXT_MAX));
    }
    coming.sort_by_key(|(span, talk, _)| (span.from, &talk.id));
    StageView {
        rooms: rooms.iter().map(|room| head.room(room)).collect(),
        next: coming
            .into_iter()
            .take(NEXT_MAX)
            .map(|(span, talk, room)| NextView {
                iso: iso(span.from),
                at: venue.coming(span.from, now),
                title: talk.title.clone(),
                href: head.href(talk),
                room: name(room),
            })
            .collect(),
    }
}

/// What the words are made of.
struct Head<'a> {
    fold: &'a Fold,
    timeline: &'a Timeline,
    slug: &'a str,
    venue: &'a Venue,
    now: Micros,
}

impl Head<'_> {
    fn href(&self, talk: &Talk) -> String {
        format!("/{}/talks/{}", self.slug, talk.id)
    }

    fn room(&self, room: &Room) -> RoomView {
        let (venue, now) = (self.venue, self.now);
        let span = on(self.timeline, &room.slug, now);
        let talk = span.and_then(|span| Some((span, talk_of(self.fold, span)?)));
        let next = self.timeline.next(&room.slug, now);
        let next = next.and_then(|span| Some((span, talk_of(self.fold, span)?)));
        let soon = next.filter(|(span, _)| span.from.since(now) < BREAK_MAX);
        let when = match (talk, soon) {
            (Some((span, _)), _) if span.due > now => Some(Hours::span(venue, span.from, span.due)),
            (Some((span, _)), _) => Some(Hours::at(venue, "since ", span.from)),
            (None, Some((next, _))) => Some(Hours::at(venue, "until ", next.from)),
            (None, None) => None,
        };
        let runs_late = || self.timeline.lateness(&room.slug, now).map(|by| format!("Running {}", late(by)));
        RoomView {
            slug: room.slug.clone(),
            name: room.name.clone(),
            when,
            // What begins tomorrow is in the programme; here it would be read as today's.
            late: if talk.is_some() || soon.is_some() { runs_late() } else { None },
            then: soon.filter(|_| talk.is_none()).map(|(_, next)| (next.title.clone(), self.href(next))),
            rests: if span.is_some() || soon.is_some() { "Break" } else { "Nothing is on" },
            talk: talk.map(|(span, talk)| self.on(span, talk)),
        }
    }

    fn on(&self, span: &Span, talk: &Talk) -> OnView {
        let is_due = span.due <= self.now;
        let until = if is_due { ("since", span.from) } else { ("until", span.due) };
        let length = span.due.since(span.from).max(1);
        OnView {
            id: talk.id.to_string(),
            href: self.href(talk),
            title: talk.title.clone(),
            who: speakers(talk),
            until: format!("{} {}", until.0, self.venue.hhmm(until.1)),
            played: (self.now.since(span.from).saturating_mul(100) / length).clamp(0, 100),
        }
    }
}

/// "A and B", as the programme prints them.
pub(in crate::site) fn speakers(talk: &Talk) -> String {
    names(&talk.speakers.iter().map(|speaker| speaker.name.as_str()).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{StageEntry, TalkId};

    fn talk(id: &str, room: &str, start: i64, end: i64) -> Talk {
        serde_json::from_value(serde_json::json!({
            "id": id, "title": id, "room": room, "day": "2026-06-01",
            "start": start * Micros::MINUTE, "end": end * Micros::MINUTE,
        }))
        .expect("a talk")
    }

    fn view(fold: &Fold, minute: i64) -> StageView {
        let timeline = Timeline::new(fold.talks.values(), &fold.stage);
        let venue = Venue::new("UTC", None);
        stage(fold, &timeline, &rooms(fold), "rustfest", &venue, Micros(minute * Micros::MINUTE))
    }

    fn shown(fold: &Fold, minute: i64) -> Vec<String> {
        let view = view(fold, minute);
        view.rooms.iter().map(|r| r.talk.as_ref().map_or("break", |t| t.id.as_str()).to_owned()).collect()
    }

    #[test]
    fn the_clock_drives_the_stage_until_a_steward_speaks_and_again_from_the_next_talk() {
        let mut fold = Fold::default();
        for t in [talk("t1", "main", 0, 30), talk("t2", "main", 40, 60), talk("t3", "side", 0, 60)] {
            fold.talks.insert(t.id.clone(), t);
        }
        assert_eq!(shown(&fold, 10), ["t1", "t3"]);
        assert_eq!(shown(&fold, 30), ["break", "t3"]);
        let said = |talk: Option<&str>, since: i64| StageEntry {
            room: "main".into(),
            talk: talk.map(|t| TalkId(t.into())),
            since: Micros(since * Micros::MINUTE),
            undone: false,
        };
        fold.stage.insert("main".into(), vec![said(Some("t1"), 2)]);
        assert_eq!(shown(&fold, 35), ["t1", "t3"], "it runs over, and a steward said so");
        assert_eq!(shown(&fold, 41), ["t2", "t3"], "the next talk begins by the clock");
        fold.stage.insert("main".into(), vec![said(None, 45)]);
        assert_eq!(shown(&fold, 50), ["break", "t3"]);
    }

    #[test]
    fn a_room_that_runs_late_says_so_and_tells_what_it_expects() {
        let mut fold = Fold::default();
        for t in [talk("t1", "main", 0, 30), talk("t2", "main", 30, 60), talk("t3", "main", 1500, 1530)] {
            fold.talks.insert(t.id.clone(), t);
        }
        let since = Micros(12 * Micros::MINUTE);
        let late = StageEntry { room: "main".into(), talk: Some(TalkId("t1".into())), since, undone: false };
        fold.stage.insert("main".into(), vec![late]);
        let when = |main: &RoomView| main.when.as_ref().map_or_else(String::new, ToString::to_string);
        let main = view(&fold, 20).rooms.remove(0);
        assert_eq!(
            (when(&main).as_str(), main.late.as_deref()),
            ("00:12 to 00:42", Some("Running 12 min late"))
        );
        assert_eq!(main.talk.as_ref().map(|t| (t.until.as_str(), t.played)), Some(("until 00:42", 26)));
        let next: Vec<String> = view(&fold, 20).next.into_iter().map(|next| next.at).collect();
        assert_eq!(next, ["00:42", "Fri 01:00"], "what comes tomorrow says so");
        let main = view(&fold, 80).rooms.remove(0);
        assert_eq!((main.rests, when(&main).as_str(), main.late.as_deref()), ("Nothing is on", "", None));
        let main = view(&fold, 1400).rooms.remove(0);
        assert_eq!((main.rests, when(&main).as_str()), ("Break", "until 01:00"));
    }
}
