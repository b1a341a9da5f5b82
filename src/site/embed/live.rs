//! `/{event}/embed`: the newest posts, or those of a room (`?show=room.main`) or of another filter of the live page. Drawn from the fold with
//! its position; where scripts run it goes on from there, by the live page's own connection and feed.

use super::{Asked, Frame, failed, framed};
use crate::site::{
    Site,
    failure::Failure,
    live_fold::LiveFold,
    view::{
        body::Piece,
        feed::{Block, Line, blocks},
        item::{GoneView, Setting, answered, gone_sentence, view},
        rail::Filter,
        stage::rooms,
        start::{RoomData, Start},
        time::Venue,
    },
};
use askama::Template;
use axum::{
    extract::{Path, Query, State},
    response::Response,
};
use http::HeaderMap;
use model::{Room, Row, Seq};
use serde::Serialize;
use std::collections::BTreeMap;

/// Posts that a frame is drawn with.
const ITEMS_SHOWN: usize = 30;
/// Posts that the script keeps in it.
const ITEMS_KEPT: usize = 100;

#[derive(Template)]
#[template(path = "embed/live.html")]
struct LiveFrame {
    frame: Frame,
    blocks: Vec<Block>,
    data: Data,
}

/// What the script starts from.
#[derive(Serialize)]
struct Data {
    #[serde(flatten)]
    start: Start,
    items_max: usize,
    filter: FilterData,
    /// Below this the frame has nothing; none where it holds everything.
    older: Option<Seq>,
    rooms: Vec<RoomData>,
    talks: BTreeMap<String, String>,
}

#[derive(Serialize)]
struct FilterData {
    kind: &'static str,
    value: Option<String>,
}

pub(in crate::site) async fn show(
    State(site): State<Site>,
    Path(slug): Path<String>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let event = site.event(&slug).await?;
    let drawn = {
        let fold = event.fold();
        draw(&site, &fold, &slug, &asked)
    };
    match drawn {
        Ok(template) => framed(&site, &headers, &template),
        Err(failure) => {
            let settings = event.fold().fold().event.clone();
            let frame = Frame::new(&site, &slug, settings.as_ref(), &asked, &format!("/{slug}"));
            Ok(failed(&site, failure, frame))
        }
    }
}

fn draw(site: &Site, fold: &LiveFold, slug: &str, asked: &Asked) -> Result<LiveFrame, Failure> {
    let settings = fold.fold().event.as_ref();
    let filter = asked.show.as_deref().map_or(Filter::All, Filter::parse);
    let rooms = rooms(fold.fold());
    let venue = Venue::of(settings);
    let mut frame = Frame::new(site, slug, settings, asked, &format!("/{slug}"));
    if let Filter::Room(room) = &filter {
        let room = rooms.iter().find(|known| known.slug == *room).ok_or(Failure::NotFound)?;
        frame.title = format!("{}, {}", room.name, frame.title);
        frame.home = format!("{}/rooms/{}", frame.event.0, room.slug);
    }
    let talks = fold.fold().talks.values().map(|talk| (talk.id.to_string(), talk.title.clone()));
    let live_url = site.settings.live_url.as_ref();
    let rows: Vec<&Row> = fold.rows(Seq::MAX).filter(|row| filter.holds(row)).take(ITEMS_SHOWN).collect();
    let older = rows.last().filter(|_| rows.len() == ITEMS_SHOWN).map(|row| row.first);
    Ok(LiveFrame {
        frame,
        blocks: blocks(lines(fold, slug, &rooms, &venue, &rows), &venue, true),
        data: Data {
            start: Start::new(slug, fold.position(), &venue, site.clock.pace(), live_url),
            items_max: ITEMS_KEPT,
            filter: filter_data(&filter),
            older,
            rooms: RoomData::all(&rooms),
            talks: talks.collect(),
        },
    })
}

fn filter_data(filter: &Filter) -> FilterData {
    let (kind, value) = match filter {
        Filter::All => ("all", None),
        Filter::Room(slug) => ("room", Some(slug.clone())),
        Filter::Hallway => ("hallway", None),
        Filter::Photos => ("photos", None),
        Filter::Links => ("links", None),
        Filter::Questions => ("questions", None),
    };
    FilterData { kind, value }
}

fn lines(fold: &LiveFold, slug: &str, rooms: &[Room], venue: &Venue, rows: &[&Row]) -> Vec<Line> {
    let find = |id| fold.row(id).and_then(|row| row.item.as_ref()).map(answered);
    let title = |talk: &model::TalkId| fold.fold().talks.get(talk).map(|talk| talk.title.clone());
    let setting = Setting { slug, rooms, venue, shows_place: true, find: &find, title: &title };
    let line = |row: &&Row| {
        let at = fold.moment(row);
        match view(row, at, &setting) {
            Some(item) => Line::Item(Box::new(item)),
            None => {
                let sentence = gone_sentence(row.state, row.by, Some(&venue.hhmm(row.at)));
                Line::Gone(GoneView { id: row.id, first: row.first, at: at.0, sentence })
            }
        }
    };
    rows.iter().map(line).collect()
}
