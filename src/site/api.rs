//! `/api/v1`: what pages show, as JSON for anybody's reading. Events and what changed behind a position are here; talks, posts, links, rooms and
//! what may be missing have files of their own. What fails answers one shape ([`problem`]). Every address, parameter and answer is in
//! `openapi.json`, which tests hold to what a running site says.

mod asked;
mod document;
mod links;
mod posts;
mod problem;
mod rooms;
mod talks;

pub(super) use asked::Asked;
pub(super) use document::{document, explained};
pub(super) use links::links;
pub(super) use posts::{answers, item, of_room, of_talk, photos, search};
pub(super) use problem::{edge, meaning, open, problem, refused};
pub(super) use rooms::{integrity, rooms};
pub(super) use talks::{talk, talks};

use super::{
    Site,
    archive_reads::seq_of,
    failure::Failure,
    follow::EventLive,
    limiter::ITEMS_COST,
    live_fold::LiveFold,
    view::{stage::rooms as rooms_of, time::Venue},
};
use axum::{
    extract::{Extension, Path, State},
    response::{IntoResponse, Response},
};
use chassis::http::Client;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use model::{
    Entry, Filing, Gone, GoneBy, ItemEntry, Kind, Position, Retain, Room, Row, RowState, Seq, event::Onsite,
    public::PublicEntry,
};
use serde::Serialize;
use sha2::{Digest, Sha256};

/// Rows of one answer, about.
const ROWS: u32 = 500;

#[derive(Serialize)]
struct EventJson {
    slug: String,
    title: String,
    timezone: String,
    place: Option<String>,
    starts: Option<String>,
    ends: Option<String>,
    hashtags: Vec<String>,
    rooms: Vec<Room>,
    /// Whether people may write on its pages: `open`, `hold` or `off`.
    onsite: Onsite,
    /// How far its log was read.
    position: Option<Position>,
    live: String,
    page: String,
}

/// `GET /api/v1/events`
pub(super) async fn events(State(site): State<Site>, headers: HeaderMap) -> Response {
    let all: Vec<EventJson> = site.events.all().await.iter().map(|event| told(&site, event)).collect();
    answer(&headers, &serde_json::json!({"events": all}))
}

/// `GET /api/v1/events/{event}`
pub(super) async fn event(
    State(site): State<Site>,
    Path(slug): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let event = site.event(&slug).await?;
    Ok(answer(&headers, &told(&site, &event)))
}

fn told(site: &Site, event: &EventLive) -> EventJson {
    let listed = event.listed();
    let fold = event.fold();
    let settings = fold.fold().event.as_ref();
    let ours = &site.settings.public_url;
    let live = site.settings.live_url.as_ref().unwrap_or(ours).origin().ascii_serialization();
    EventJson {
        title: settings.map_or(&listed.title, |e| &e.title).clone(),
        timezone: settings.map_or_else(|| Venue::new("UTC", None).zone_name, |e| e.timezone.clone()),
        place: settings.and_then(|e| e.place.clone()),
        starts: settings.and_then(|e| e.starts.clone()),
        ends: settings.and_then(|e| e.ends.clone()),
        hashtags: settings.map_or_else(Vec::new, |e| e.hashtags.clone()),
        rooms: rooms_of(fold.fold()),
        onsite: settings.map_or(Onsite::Off, |e| e.onsite),
        position: fold.position().cloned(),
        live: format!("{live}/live/{}", listed.slug),
        page: format!("{}/{}", ours.origin().ascii_serialization(), listed.slug),
        slug: listed.slug,
    }
}

#[derive(Serialize)]
struct Between<'a> {
    epoch: Option<&'a model::Epoch>,
    after: Seq,
    next: Seq,
    entries: Vec<PublicEntry<'a>>,
}

/// `GET /api/v1/events/{event}/items?after=SEQ`: what changed behind a seq, as entries. An item that changed more than once comes once, as
/// it is now. `next` is where to go on.
pub(super) async fn items(
    State(site): State<Site>,
    Path(slug): Path<String>,
    asked: Asked,
    client: Option<Extension<Client>>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let event = site.event(&slug).await?;
    let after = asked.seq("after")?;
    site.limiter.admit(client, ITEMS_COST)?;
    let (position, next, entries) = between(&site, &event, after).await?;
    let body = Between {
        epoch: position.as_ref().map(|p| &p.epoch),
        after,
        next,
        entries: entries.iter().map(PublicEntry).collect(),
    };
    Ok(answer(&headers, &body))
}

async fn between(
    site: &Site,
    event: &EventLive,
    after: Seq,
) -> Result<(Option<Position>, Seq, Vec<Entry>), Failure> {
    let position = site.archive_position(event).await?;
    let rows = site.ask_archive(event, site.archive.changed_after(event.eid, after, ROWS)).await?;
    let is_full = rows.len() >= ROWS as usize;
    let last = rows.last().map_or(after, |row| row.touched);
    let next = if is_full { last } else { last.max(seq_of(position.as_ref())).max(after) };
    let fold = event.fold();
    let entries = rows.into_iter().filter_map(|row| entry(&fold, row)).collect();
    Ok((position, next, entries))
}

/// A row as an entry: an item whole, or the word that it is gone. Through the mask, like every row; none where its author has asked since
/// to be shown live only, as the archive has none either once it has caught up.
fn entry(fold: &LiveFold, row: Row) -> Option<Entry> {
    let touched = row.touched;
    let (id, first, state) = (row.id, row.first, row.state);
    let masked = fold.overlay().row(id).filter(|ours| ours.last > row.last);
    let state = masked.map_or(state, |ours| ours.state);
    let seq = masked.map_or(touched, |ours| ours.last.max(touched));
    let row = masked.cloned().unwrap_or(row);
    let Row { item: Some(item), filing, last, at, .. } = row else {
        let gone = Gone { id, first, voids: Vec::new(), by: row.by.unwrap_or(GoneBy::Network) };
        let kind = if state == RowState::Hidden { Kind::Hide(gone) } else { Kind::Remove(gone) };
        return Some(Entry { seq, at: row.at, kind });
    };
    if item.retain == Retain::Live {
        return None;
    }
    let filing = filing.unwrap_or_else(|| Filing::unsorted("It was not filed."));
    let entry = Box::new(ItemEntry { id, first, voids: Vec::new(), item, filing });
    Some(Entry { seq, at, kind: if last == first { Kind::Post(entry) } else { Kind::Edit(entry) } })
}

/// JSON for anybody's reading.
pub(super) fn answer(asked: &HeaderMap, body: &impl Serialize) -> Response {
    match serde_json::to_vec(body) {
        Ok(bytes) => answer_as(asked, "application/json; charset=utf-8", bytes),
        Err(error) => Failure::ours(&error).json(),
    }
}

/// Bytes of a kind with a tag by their content; 304 for who has them.
pub(super) fn answer_as(asked: &HeaderMap, kind: &'static str, bytes: Vec<u8>) -> Response {
    let tag: String = Sha256::digest(&bytes)[..8].iter().map(|byte| format!("{byte:02x}")).collect();
    let tag = format!("W/\"{tag}\"");
    let mut response = match has(asked, &tag) {
        true => StatusCode::NOT_MODIFIED.into_response(),
        false => ([(header::CONTENT_TYPE, kind)], bytes).into_response(),
    };
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    with_cors(response)
}

/// Whether one of the tags that a request names is this one, by the weak comparison (RFC 9110, 13.1.2).
fn has(asked: &HeaderMap, tag: &str) -> bool {
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    let given = asked.get_all(header::IF_NONE_MATCH).into_iter().filter_map(|value| value.to_str().ok());
    given.flat_map(|line| line.split(',')).any(|given| given.trim() == "*" || opaque(given) == opaque(tag))
}

/// Any page may read it.
pub(super) fn with_cors(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("etag, retry-after"));
    response
}
