//! What is on now in each room, and what comes next. What stewards said holds until the schedule's next talk begins in that room;
//! without stewards the clock drives it. The same rule in the browser: `templates/static/js/stage.js`.

use super::{names, time::Venue};
use model::{Fold, Micros, Room, StageEntry, Talk};

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
    pub(in crate::site) when: String,
    pub(in crate::site) talk: Option<OnView>,
    /// What a room that rests goes on with: title and address.
    pub(in crate::site) then: Option<(String, String)>,
}

/// The talk that is on.
#[derive(Clone, Debug)]
pub(in crate::site) struct OnView {
    pub(in crate::site) id: String,
    pub(in crate::site) href: String,
    pub(in crate::site) title: String,
    pub(in crate::site) who: String,
    pub(in crate::site) until: String,
    /// Percent played.
    pub(in crate::site) played: i64,
}

/// A talk to come.
#[derive(Clone, Debug)]
pub(in crate::site) struct NextView {
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
            rooms.push(Room { slug: talk.room.clone(), name: talk.room.clone(), tags: Vec::new() });
        }
    }
    rooms
}

/// The talk that is on in a room at `now`, with the room's next one. `talks` are in the order of their starts.
fn on<'a>(
    room: &Room,
    talks: &[&'a Talk],
    said: Option<&StageEntry>,
    now: Micros,
) -> (Option<&'a Talk>, Option<&'a Talk>) {
    let here = || talks.iter().copied().filter(|talk| talk.room == room.slug);
    let begun = here().take_while(|talk| talk.start <= now).last();
    let holds = |said: &&StageEntry| {
        said.since <= now
            && begun.is_none_or(|talk| said.since >= talk.start || said.talk.as_ref() == Some(&talk.id))
    };
    let talk = match said.filter(holds) {
        Some(said) => talks.iter().copied().find(|talk| said.talk.as_ref() == Some(&talk.id)),
        None => begun.filter(|talk| now < talk.end),
    };
    (talk, here().find(|talk| talk.start > now))
}

/// What is on at `now`.
pub(in crate::site) fn stage(
    fold: &Fold,
    rooms: &[Room],
    slug: &str,
    venue: &Venue,
    now: Micros,
) -> StageView {
    let mut talks: Vec<&Talk> = fold.talks.values().filter(|talk| !talk.dropped).collect();
    if talks.is_empty() {
        return StageView::default();
    }
    talks.sort_by_key(|talk| (talk.start, &talk.id));
    let href = |talk: &Talk| format!("/{slug}/talks/{}", talk.id);
    let name = |of: &str| rooms.iter().find(|room| room.slug == of).map_or(of, |room| &room.name).to_owned();
    let room = |room: &Room| {
        let said = fold.stage.get(&room.slug).and_then(|said| said.last());
        let (talk, next) = on(room, &talks, said, now);
        let when = match (talk, next) {
            (Some(talk), _) => format!("{} to {}", venue.hhmm(talk.start), venue.hhmm(talk.end)),
            (None, Some(next)) => format!("until {}", venue.hhmm(next.start)),
            (None, None) => String::new(),
        };
        let then = next.filter(|_| talk.is_none()).map(|next| (next.title.clone(), href(next)));
        let talk = talk.map(|talk| OnView {
            id: talk.id.to_string(),
            href: href(talk),
            title: talk.title.clone(),
            who: speakers(talk),
            until: venue.hhmm(talk.end),
            played: played(talk, now),
        });
        RoomView { slug: room.slug.clone(), name: room.name.clone(), when, talk, then }
    };
    let coming = talks.iter().filter(|talk| talk.start > now).take(NEXT_MAX);
    StageView {
        rooms: rooms.iter().map(room).collect(),
        next: coming
            .map(|talk| NextView {
                at: venue.hhmm(talk.start),
                title: talk.title.clone(),
                href: href(talk),
                room: name(&talk.room),
            })
            .collect(),
    }
}

/// "A and B", as the programme prints them.
pub(in crate::site) fn speakers(talk: &Talk) -> String {
    names(&talk.speakers.iter().map(|speaker| speaker.name.as_str()).collect::<Vec<_>>())
}

fn played(talk: &Talk, now: Micros) -> i64 {
    let length = talk.end.since(talk.start).max(1);
    (now.since(talk.start).saturating_mul(100) / length).clamp(0, 100)
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::TalkId;

    fn talk(id: &str, room: &str, start: i64, end: i64) -> Talk {
        serde_json::from_value(serde_json::json!({
            "id": id, "title": id, "room": room, "day": "2026-06-01",
            "start": start * Micros::MINUTE, "end": end * Micros::MINUTE,
        }))
        .expect("a talk")
    }

    fn shown(fold: &Fold, minute: i64) -> Vec<String> {
        let view =
            stage(fold, &rooms(fold), "rustfest", &Venue::new("UTC", None), Micros(minute * Micros::MINUTE));
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
}
