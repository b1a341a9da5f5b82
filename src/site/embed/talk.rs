//! `/{event}/talks/{talk}/embed`: a talk, when and where it is, and the newest of what is said about it.

use super::{Asked, Frame, failed, framed};
use crate::site::{
    Site,
    failure::Failure,
    feeds::window::window,
    follow::EventLive,
    view::{
        body::Piece,
        count,
        course::{Course, room_name},
        feed::{Block, Line, blocks},
        item::{Setting, answered, view},
        stage::{rooms, speakers},
        time::Venue,
    },
};
use archive::{Query, Scope};
use askama::Template;
use axum::{
    extract::{Path, Query as UrlQuery, State},
    response::Response,
};
use http::HeaderMap;
use model::{EventEntry, ItemId, Room, Row, Talk, TalkId};
use std::collections::HashMap;

/// Posts that a frame shows.
const ITEMS_SHOWN: usize = 30;

#[derive(Template)]
#[template(path = "embed/talk.html")]
struct TalkFrame {
    frame: Frame,
    who: String,
    when: String,
    counted: String,
    blocks: Vec<Block>,
}

struct Known {
    settings: Option<EventEntry>,
    talk: Talk,
    course: Course,
    rooms: Vec<Room>,
}

pub(in crate::site) async fn show(
    State(site): State<Site>,
    Path((slug, talk)): Path<(String, String)>,
    UrlQuery(asked): UrlQuery<Asked>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let event = site.event(&slug).await?;
    let settings = event.fold().fold().event.clone();
    let frame = Frame::new(&site, &slug, settings.as_ref(), &asked, &format!("/{slug}/talks/{talk}"));
    let Some(known) = known(&site, &event, &TalkId(talk)) else {
        return Ok(failed(&site, Failure::NotFound, Frame { home: frame.event.0.clone(), ..frame }));
    };
    match window(&site, &event, &Query::new(Scope::Talk(known.talk.id.clone()))).await {
        Ok(shown) => framed(&site, &headers, &draw(frame, &slug, &event, known, &shown.rows)),
        Err(failure) => Ok(failed(&site, failure, frame)),
    }
}

fn known(site: &Site, event: &EventLive, id: &TalkId) -> Option<Known> {
    let live = event.fold();
    let fold = live.fold();
    let talk = fold.talks.get(id)?.clone();
    let course = Course::of(&talk, live.timeline(), site.now());
    Some(Known { settings: fold.event.clone(), talk, course, rooms: rooms(fold) })
}

fn draw(frame: Frame, slug: &str, event: &EventLive, known: Known, rows: &[Row]) -> TalkFrame {
    let Known { settings, talk, course, rooms } = known;
    let venue = Venue::of(settings.as_ref());
    let said: HashMap<ItemId, &model::Item> =
        rows.iter().filter_map(|row| Some((row.id, row.item.as_ref()?))).collect();
    let titles = event.titles();
    let setting = Setting {
        slug,
        rooms: &rooms,
        venue: &venue,
        shows_place: false,
        find: &|id| said.get(&id).map(|item| answered(item)),
        title: &|talk| titles.get(talk).cloned(),
    };
    let line = |row: &Row| Some(Line::Item(Box::new(view(row, row.item.as_ref()?.when, &setting)?)));
    let (from, to) = (course.from, course.to);
    TalkFrame {
        who: speakers(&talk),
        when: format!(
            "{} {}, {} to {}, {}",
            venue.weekday(from),
            venue.day(from),
            venue.hhmm(from),
            venue.hhmm(to),
            room_name(&rooms, &course.room)
        ),
        counted: match rows.len() {
            n if n > ITEMS_SHOWN => format!("The newest {ITEMS_SHOWN} posts"),
            n => count(n as u64, "post", "posts"),
        },
        blocks: blocks(rows.iter().take(ITEMS_SHOWN).filter_map(line).collect(), &venue, false),
        frame: Frame { title: talk.title, ..frame },
    }
}
