//! `/{event}/photos`: every picture of the event, the newest first, each leading to its post; `?day=2026-06-01` and `?talk=t7` choose
//! among them. What its author covered is covered here too, and is uncovered only at its post.

use super::{
    Site,
    archive_reads::masked,
    failure::{Failure, page},
    follow::EventLive,
    shell::Shell,
    talk_page::parse_page,
    view::{
        item::{CoverView, ItemView, PhotoView, Setting, view},
        stage::rooms,
        time::{Venue, day_names, iso},
    },
};
use archive::{Has, Order, Page, Query, Scope, Search};
use askama::Template;
use axum::{
    extract::{Path, Query as UrlQuery, State},
    response::IntoResponse,
};
use http::header;
use model::{EventEntry, Micros, Room, Row, Talk, TalkId};
use serde::Deserialize;
use std::collections::BTreeSet;

/// Posts with pictures on one page.
const ITEMS_SHOWN: u32 = 48;

#[derive(Deserialize)]
pub(super) struct Asked {
    /// `2026-06-01`; absent: all days.
    day: Option<String>,
    /// A talk's id; absent: all of the event.
    talk: Option<String>,
    /// `WHEN.ID` of the last item of the page before.
    after: Option<String>,
}

#[derive(Template)]
#[template(path = "photos.html")]
struct PhotosPage {
    shell: Shell,
    slug: String,
    /// The talk whose photos these are, and its address.
    talk: Option<(String, String)>,
    /// Address, name, and whether it is the one shown.
    days: Vec<(String, String, bool)>,
    groups: Vec<Group>,
    is_first: bool,
    more: Option<String>,
}

/// The pictures of one day.
struct Group {
    name: String,
    tiles: Vec<Tile>,
}

/// One picture, or the cover over it.
struct Tile {
    item: ItemView,
    photo: Option<PhotoView>,
    cover: Option<CoverView>,
    hhmm: String,
    iso: String,
}

/// What the log says.
struct Known {
    settings: Option<EventEntry>,
    rooms: Vec<Room>,
    talk: Option<Talk>,
    days: BTreeSet<String>,
}

pub(super) async fn show(
    State(site): State<Site>,
    Path(slug): Path<String>,
    UrlQuery(asked): UrlQuery<Asked>,
) -> Result<impl IntoResponse, Failure> {
    let event = site.event(&slug).await?;
    let talk = asked.talk.filter(|talk| !talk.is_empty()).map(TalkId);
    let known = known(&event, talk.as_ref()).ok_or(Failure::NotFound)?;
    let venue = Venue::of(known.settings.as_ref());
    let day = asked.day.filter(|day| !day.is_empty());
    let span = match &day {
        None => None,
        Some(day) => Some(venue.day_span(day).ok_or(Failure::Bad("A day is written 2026-06-01."))?),
    };
    let after = match asked.after.as_deref() {
        None => None,
        Some(text) => {
            Some(parse_page(text).ok_or(Failure::Bad("That place among the photos does not exist."))?)
        }
    };
    let scope = match &talk {
        None => Scope::Photos,
        Some(_) => Scope::Search(Search { talk: talk.clone(), has: vec![Has::Photo], ..Search::default() }),
    };
    let query = Query {
        from: span.map(|span| span.0),
        to: span.map(|span| span.1),
        order: Order::NewestFirst,
        after,
        limit: ITEMS_SHOWN,
        ..Query::new(scope)
    };
    site.archive_position(&event).await?;
    let rows = site.ask_archive(&event, site.archive.items(event.eid, &query)).await?;
    let template = draw(&site, &event, &known, day.as_deref(), &query, rows);
    Ok(([(header::CACHE_CONTROL, "no-cache")], page(&template)?))
}

fn known(event: &EventLive, talk: Option<&TalkId>) -> Option<Known> {
    let live = event.fold();
    let fold = live.fold();
    let talk = match talk {
        None => None,
        Some(id) => Some(fold.talks.get(id)?.clone()),
    };
    let days = fold.talks.values().filter(|talk| !talk.dropped).map(|talk| talk.day.clone()).collect();
    Some(Known { settings: fold.event.clone(), rooms: rooms(fold), talk, days })
}

fn draw(
    site: &Site,
    event: &EventLive,
    known: &Known,
    day: Option<&str>,
    query: &Query,
    rows: Vec<Row>,
) -> PhotosPage {
    let listed = event.listed();
    let path = format!("/{}/photos", listed.slug);
    let talk = known.talk.as_ref();
    // Day and talk, as every address of the page carries them.
    let address = |day: Option<&str>| {
        let day = day.map(|day| format!("day={day}"));
        let talk = talk.map(|talk| format!("talk={}", talk.id));
        day.into_iter().chain(talk).collect::<Vec<_>>().join("&")
    };
    let way = |day: Option<&str>| match address(day) {
        none if none.is_empty() => path.clone(),
        some => format!("{path}?{some}"),
    };
    let last = rows
        .last()
        .filter(|_| rows.len() >= ITEMS_SHOWN as usize)
        .and_then(|row| Some(Page { when: row.item.as_ref()?.when, id: row.id }));
    let more = last.map(|last| {
        let asked = address(day);
        let and = if asked.is_empty() { "" } else { "&" };
        format!("{path}?{asked}{and}after={}.{}", last.when.0, last.id)
    });
    let mut days = vec![(way(None), "All days".to_owned(), day.is_none())];
    for of in &known.days {
        let (weekday, date) = day_names(of);
        days.push((way(Some(of.as_str())), format!("{weekday} {date}"), day == Some(of.as_str())));
    }
    let title = talk.map_or_else(|| "Photos".to_owned(), |talk| format!("Photos of {}", talk.title));
    PhotosPage {
        shell: Shell::of(
            &listed,
            known.settings.as_ref(),
            &format!("{title}: {}", listed.title),
            "photos",
            ("photos", "Skip to the photos"),
        )
        .shared(&site.settings, &way(day), &format!("What people photographed at {}.", listed.title)),
        talk: talk.map(|talk| (talk.title.clone(), format!("/{}/talks/{}", listed.slug, talk.id))),
        days: if talk.is_none() { days } else { Vec::new() },
        groups: groups(event, known, &masked(event, rows)),
        is_first: query.after.is_none(),
        more,
        slug: listed.slug,
    }
}

fn groups(event: &EventLive, known: &Known, rows: &[Row]) -> Vec<Group> {
    let slug = event.listed().slug;
    let venue = Venue::of(known.settings.as_ref());
    let titles = event.titles();
    let setting = Setting {
        slug: &slug,
        rooms: &known.rooms,
        venue: &venue,
        shows_place: known.talk.is_none(),
        find: &|_| None,
        title: &|talk| titles.get(talk).cloned(),
    };
    let mut groups: Vec<Group> = Vec::new();
    for row in rows {
        let Some((when, item)) =
            row.item.as_ref().and_then(|item| Some((item.when, view(row, item.when, &setting)?)))
        else {
            continue;
        };
        let name = format!("{} {}", venue.weekday(when), venue.day(when));
        let tiles = tiles(item, when, &venue);
        match groups.last_mut().filter(|group| group.name == name) {
            Some(group) => group.tiles.extend(tiles),
            None => groups.push(Group { name, tiles }),
        }
    }
    groups
}

/// One for each picture of a post; a single one, without a picture, for all that are covered.
fn tiles(item: ItemView, when: Micros, venue: &Venue) -> Vec<Tile> {
    let (hhmm, iso) = (venue.hhmm(when), iso(when));
    if let Some(cover) = item.cover.clone() {
        return vec![Tile { item, photo: None, cover: Some(cover), hhmm, iso }];
    }
    let tile = |photo: PhotoView| Tile {
        photo: Some(photo),
        cover: None,
        hhmm: hhmm.clone(),
        iso: iso.clone(),
        item: item.clone(),
    };
    item.photos.iter().cloned().map(tile).collect()
}
