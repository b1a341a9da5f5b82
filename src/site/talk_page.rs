//! `/{event}/talks/{talk}`: one talk and the conversation that went with it, from the beginning, with what was most telling of it;
//! `?view=unfiled`: what was said in its minutes and is filed to no talk; `?replay=1`: in step with its recording ([`replay`]); `?at=`: as it
//! was at a moment. What is read: [`read`]; what is printed: [`draw`].

mod cues;
mod draw;
mod highlights;
mod people;
mod questions;
mod read;
mod replay;
mod words;

pub(super) use cues::cues;

use super::{
    Site,
    archive_reads::if_there,
    failure::{Failure, page},
    follow::EventLive,
    post_box::{Place, write_box},
    time_machine::{self, Past},
    view::{course::Course, stage::rooms, time::Venue},
};
use archive::Page;
use axum::{
    extract::{Path, Query as UrlQuery, State},
    response::IntoResponse,
};
use draw::draw;
use http::header;
use model::{EventEntry, FilingState, Micros, Position, Room, Row, Talk, TalkId};
use read::{Kept, Reading, away, read, whole, without};
use replay::Recording;
use serde::Deserialize;

#[derive(Deserialize)]
pub(super) struct Asked {
    /// `WHEN.ID` of the last item of the page before.
    after: Option<String>,
    /// `unfiled`, or absent.
    view: Option<String>,
    /// What became of a post that was written here, see [`super::post_box`].
    wrote: Option<String>,
    /// The moment as of which the page is shown, see [`time_machine`].
    at: Option<String>,
    /// `1`: in step with the recording; `t` and `start`: see [`replay`].
    replay: Option<String>,
    t: Option<String>,
    start: Option<String>,
}

/// Which posts a page is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shows {
    /// Those filed to the talk.
    Conversation,
    /// Those said in its minutes and filed to no talk.
    Unfiled,
}

/// What the log says about the talk and its event.
struct Mine {
    settings: Option<EventEntry>,
    talk: Talk,
    course: Course,
    before: Option<Talk>,
    after: Option<Talk>,
    /// What was on elsewhere meanwhile.
    beside: Vec<Talk>,
    rooms: Vec<Room>,
    /// Where the log was before anything else was read.
    position: Option<Position>,
    /// The moment of which the page tells.
    as_of: Micros,
    /// Whether it is over for good, as far as is known.
    is_past: bool,
}

pub(super) async fn show(
    State(site): State<Site>,
    Path((slug, id)): Path<(String, String)>,
    UrlQuery(asked): UrlQuery<Asked>,
) -> Result<impl IntoResponse, Failure> {
    let event = site.event(&slug).await?;
    let venue = Venue::of(event.fold().fold().event.as_ref());
    let now = Micros(site.clock.glance());
    let past = time_machine::past(&site, &event, asked.at.as_deref()).await?;
    let mine = Mine::of(&event, &TalkId(id), now, past.as_ref()).ok_or(Failure::NotFound)?;
    let then = past.as_ref().map(|past| &past.then);
    // A talk that is over looks the same tomorrow, and is not drawn again until something is said.
    if !mine.is_past || then.is_some() {
        site.clock.matters();
    }
    let after = match asked.after.as_deref() {
        None => None,
        Some(text) => {
            Some(parse_page(text).ok_or(Failure::Bad("That place in the conversation does not exist."))?)
        }
    };
    let shows = if asked.view.as_deref() == Some("unfiled") { Shows::Unfiled } else { Shows::Conversation };
    let is_replay = asked.replay.as_deref() == Some("1") && shows == Shows::Conversation && then.is_none();
    let recording = Recording::parse(asked.start.as_deref(), &mine)?;
    let t = replay::parse_t(asked.t.as_deref())?;
    let reading = Reading { site: &site, event: &event, mine: &mine, then };
    let read = read(&reading, shows, after, is_replay).await;
    let kept = match read {
        // Only the beginning of the conversation of now can be told without the archive.
        read if after.is_some() || then.is_some() || shows == Shows::Unfiled => read?,
        read => if_there(read)?.unwrap_or_else(|| away(&event, &mine)),
    };
    let compose = (shows == Shows::Conversation && then.is_none() && !is_replay)
        .then(|| write_box(event.fold().fold(), &slug, &Place::Talk(&mine.talk.id), asked.wrote.as_deref()));
    let replay = is_replay.then_some((recording, t, asked.start.as_deref()));
    let mut template = draw(&site, &event, &mine, &kept, shows, after.is_none(), replay);
    template.compose = compose.flatten();
    let path = format!("/{slug}/talks/{}", mine.talk.id);
    template.then = past.as_ref().map(|past| past.view(&path, site.now(), &venue));
    Ok(([(header::CACHE_CONTROL, "no-cache")], page(&template)?))
}

/// `1780322520000000.k3f9q2m7xw4d`.
pub(super) fn parse_page(text: &str) -> Option<Page> {
    let (when, id) = text.split_once('.')?;
    Some(Page { when: Micros(when.parse().ok()?), id: id.parse().ok()? })
}

impl Mine {
    /// None for a talk that the log does not know.
    fn of(event: &EventLive, id: &TalkId, now: Micros, past: Option<&Past>) -> Option<Self> {
        let as_of = past.map_or(now, |past| past.then.at);
        let live = event.fold();
        let fold = past.map_or_else(|| live.fold(), |past| &past.fold);
        // A talk that came into the programme later has its page all the same: something may have been said of it.
        let talk = fold.talks.get(id).or_else(|| live.fold().talks.get(id))?.clone();
        let timeline = past.map_or_else(|| live.timeline(), |past| &past.timeline);
        let course = Course::of(&talk, timeline, as_of);
        let is_past = as_of >= talk.end && timeline.of_talk(id).all(|(_, span)| span.to <= as_of);
        let held = || fold.talks.values().filter(|other| !other.dropped && other.id != *id);
        let mut here: Vec<&Talk> = held().filter(|other| other.room == talk.room).collect();
        here.sort_by_key(|t| (t.start, &t.id));
        let before = here.iter().rev().find(|t| t.start <= talk.start).map(|t| (*t).clone());
        let after = here.iter().find(|t| t.start > talk.start).map(|t| (*t).clone());
        let mut beside: Vec<Talk> = held()
            .filter(|other| other.room != talk.room && other.start < talk.end && other.end > talk.start)
            .cloned()
            .collect();
        beside.sort_by(|a, b| (a.start, &a.room, &a.id).cmp(&(b.start, &b.room, &b.id)));
        Some(Self {
            settings: fold.event.clone(),
            course,
            before,
            after,
            beside,
            rooms: rooms(fold),
            position: live.position().cloned(),
            as_of,
            is_past,
            talk,
        })
    }

    fn venue(&self) -> Venue {
        Venue::of(self.settings.as_ref())
    }

    /// The minutes of the talk: from the minute in which it began to the end of that in which it ended.
    fn minutes(&self) -> (Micros, Micros) {
        (self.course.from.minute(), self.course.to.plus(Micros::MINUTE - 1).minute())
    }

    fn holds(&self, row: &Row, state: FilingState) -> bool {
        row.filing.as_ref().is_some_and(|f| f.state == state && f.talk.as_ref() == Some(&self.talk.id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_in_the_conversation_is_a_moment_and_an_id() {
        let page = parse_page("1780322520000000.k3f9q2m7xw4d").unwrap();
        assert_eq!((page.when.0, page.id.to_string().as_str()), (1_780_322_520_000_000, "k3f9q2m7xw4d"));
        for bad in ["", ".", "1", "x.k3f9q2m7xw4d", "1.short", "1.k3f9q2m7xw4dk3f9q2m7xw4d"] {
            assert!(parse_page(bad).is_none(), "{bad}");
        }
    }
}
