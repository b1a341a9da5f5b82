//! `/api/v1`: the events, and what lies between an old position and the tail; the talks: [`talks`]. JSON for anybody's reading: CORS,
//! ETag.

mod talks;

pub(super) use talks::{talk, talks};

use super::{
    Site, archive_reads::seq_of, failure::Failure, limiter::ITEMS_COST, live_fold::LiveFold,
    view::time::Venue,
};
use axum::{
    extract::{Extension, Path, Query, State},
    response::{IntoResponse, Response},
};
use chassis::http::Client;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use model::{
    Entry, Filing, Gone, GoneBy, ItemEntry, Kind, Position, Row, RowState, Seq, public::PublicEntry,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Rows of one answer, about.
const ROWS: u32 = 500;
/// The largest seq that is read: integers above 2^53 do not survive JavaScript.
const SEQ_MAX: Seq = (1 << 53) - 1;

#[derive(Serialize)]
struct EventJson {
    slug: String,
    title: String,
    timezone: String,
    place: Option<String>,
    starts: Option<String>,
    ends: Option<String>,
    hashtags: Vec<String>,
    position: Option<Position>,
    live: String,
    page: String,
}

/// `GET /api/v1/events`
pub(super) async fn events(State(site): State<Site>, headers: HeaderMap) -> Response {
    let mut all = Vec::new();
    for event in site.events.all().await {
        let listed = event.listed();
        let fold = event.fold();
        let settings = fold.fold().event.as_ref();
        let base = site
            .settings
            .live_url
            .as_ref()
            .unwrap_or(&site.settings.public_url)
            .origin()
            .ascii_serialization();
        all.push(EventJson {
            title: settings.map_or(&listed.title, |e| &e.title).clone(),
            timezone: settings.map_or_else(|| Venue::new("UTC", None).zone_name, |e| e.timezone.clone()),
            place: settings.and_then(|e| e.place.clone()),
            starts: settings.and_then(|e| e.starts.clone()),
            ends: settings.and_then(|e| e.ends.clone()),
            hashtags: settings.map_or_else(Vec::new, |e| e.hashtags.clone()),
            position: fold.position().cloned(),
            live: format!("{base}/live/{}", listed.slug),
            page: format!("{}/{}", site.settings.public_url.origin().ascii_serialization(), listed.slug),
            slug: listed.slug,
        });
    }
    answer(&headers, &serde_json::json!({"events": all}))
}

#[derive(Deserialize)]
pub(super) struct Asked {
    after: Option<String>,
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
    Query(asked): Query<Asked>,
    client: Option<Extension<Client>>,
    headers: HeaderMap,
) -> Response {
    if let Err(failure) = site.limiter.admit(client, ITEMS_COST) {
        return with_cors(failure.json());
    }
    match between(&site, &slug, asked.after.as_deref()).await {
        Ok((position, after, next, entries)) => {
            let body = Between {
                epoch: position.as_ref().map(|p| &p.epoch),
                after,
                next,
                entries: entries.iter().map(PublicEntry).collect(),
            };
            answer(&headers, &body)
        }
        Err(failure) => with_cors(failure.json()),
    }
}

async fn between(
    site: &Site,
    slug: &str,
    after: Option<&str>,
) -> Result<(Option<Position>, Seq, Seq, Vec<Entry>), Failure> {
    let event = site.event(slug).await?;
    let digits = |text: &&str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let after: Seq = match after {
        None => 0,
        Some(text) => {
            Some(text).filter(digits).and_then(|text| text.parse().ok()).filter(|seq| *seq <= SEQ_MAX).ok_or(
                Failure::Bad(
                    "after is a whole number from 0 to 9007199254740991, the seq of the last entry you have.",
                ),
            )?
        }
    };
    let position = site.archive_position(&event).await?;
    let rows = site.ask_archive(&event, site.archive.changed_after(event.eid, after, ROWS)).await?;
    let is_full = rows.len() >= ROWS as usize;
    let last = rows.last().map_or(after, |row| row.touched);
    let next = if is_full { last } else { last.max(seq_of(position.as_ref())).max(after) };
    let fold = event.fold();
    let entries = rows.into_iter().map(|row| entry(&fold, row)).collect();
    Ok((position, after, next, entries))
}

/// A row as an entry: an item whole, or the word that it is gone. Through the mask, like every row.
fn entry(fold: &LiveFold, row: Row) -> Entry {
    let touched = row.touched;
    let (id, first, state) = (row.id, row.first, row.state);
    let masked = fold.overlay().row(id).filter(|ours| ours.last > row.last);
    let state = masked.map_or(state, |ours| ours.state);
    let seq = masked.map_or(touched, |ours| ours.last.max(touched));
    let row = masked.cloned().unwrap_or(row);
    let Row { item: Some(item), filing, last, at, .. } = row else {
        let gone = Gone { id, first, voids: Vec::new(), by: row.by.unwrap_or(GoneBy::Network) };
        let kind = if state == RowState::Hidden { Kind::Hide(gone) } else { Kind::Remove(gone) };
        return Entry { seq, at: row.at, kind };
    };
    let filing = filing.unwrap_or_else(|| Filing::unsorted("It was not filed."));
    let entry = Box::new(ItemEntry { id, first, voids: Vec::new(), item, filing });
    Entry { seq, at, kind: if last == first { Kind::Post(entry) } else { Kind::Edit(entry) } }
}

/// JSON for anybody's reading.
pub(super) fn answer(asked: &HeaderMap, body: &impl Serialize) -> Response {
    match serde_json::to_vec(body) {
        Ok(bytes) => answer_as(asked, "application/json; charset=utf-8", bytes),
        Err(error) => with_cors(Failure::ours(&error).json()),
    }
}

/// Bytes of a kind with a tag by their content; 304 for who has them.
pub(super) fn answer_as(asked: &HeaderMap, kind: &'static str, bytes: Vec<u8>) -> Response {
    let tag: String = Sha256::digest(&bytes)[..8].iter().map(|byte| format!("{byte:02x}")).collect();
    let tag = format!("W/\"{tag}\"");
    let mut response =
        if asked.get(header::IF_NONE_MATCH).is_some_and(|given| given.as_bytes() == tag.as_bytes()) {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            ([(header::CONTENT_TYPE, kind)], bytes).into_response()
        };
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    with_cors(response)
}

/// Any page may read it.
pub(super) fn with_cors(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("etag, retry-after"));
    response
}
