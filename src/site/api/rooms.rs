//! `/api/v1/events/{event}/rooms` and `/integrity`: what an event is made of, and what may be missing of it.

use super::{Failure, answer};
use crate::site::{Site, limiter::ITEMS_COST, view::stage::rooms as rooms_of};
use axum::{
    extract::{Extension, Path, State},
    response::Response,
};
use chassis::http::Client;
use http::HeaderMap;
use model::{Gap, Micros, Position, TallyCounts};
use serde::Serialize;
use std::collections::BTreeMap;

/// It reads every minute of the event.
const INTEGRITY_COST: f64 = 10.0 * ITEMS_COST;
/// How often the archive is asked for more minutes: for so many tens of thousands that no event has them.
const ROUNDS_MAX: usize = 40;

#[derive(Serialize)]
struct RoomJson {
    slug: String,
    name: String,
    tags: Vec<String>,
    /// Talks that are planned there.
    talks: usize,
    page: String,
}

/// `GET /api/v1/events/{event}/rooms`
pub(in crate::site) async fn rooms(
    State(site): State<Site>,
    Path(slug): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let event = site.event(&slug).await?;
    let origin = site.settings.public_url.origin().ascii_serialization();
    let (position, rooms) = {
        let live = event.fold();
        let fold = live.fold();
        let tell = |room: model::Room| RoomJson {
            talks: fold.talks.values().filter(|talk| talk.room == room.slug && !talk.dropped).count(),
            page: format!("{origin}/{slug}/rooms/{}", segment(&room.slug)),
            slug: room.slug,
            name: room.name,
            tags: room.tags,
        };
        (live.position().cloned(), rooms_of(fold).into_iter().map(tell).collect::<Vec<_>>())
    };
    Ok(answer(&headers, &serde_json::json!({"position": position, "rooms": rooms})))
}

/// One part of a path, as addresses write it.
fn segment(text: &str) -> String {
    let mut url = url::Url::parse("http://x/").expect("an address");
    url.path_segments_mut().expect("it has a path").push(text);
    url.path().rsplit('/').next().unwrap_or_default().to_owned()
}

/// What came from one source.
#[derive(Default, Serialize)]
struct SourceJson {
    name: String,
    /// The first and the last minute in which something was counted.
    from: Option<Micros>,
    until: Option<Micros>,
    #[serde(flatten)]
    counts: TallyCounts,
}

/// What is known of the completeness of an event.
#[derive(Serialize)]
struct Integrity {
    /// How far the archive has read the log.
    position: Option<Position>,
    /// Windows in which a source may have lost something; `closed` ones were filled after all.
    gaps: Vec<Gap>,
    sources: Vec<SourceJson>,
}

/// `GET /api/v1/events/{event}/integrity`: where something may be missing, and what was counted of each source.
pub(in crate::site) async fn integrity(
    State(site): State<Site>,
    Path(slug): Path<String>,
    client: Option<Extension<Client>>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let event = site.event(&slug).await?;
    site.limiter.admit(client, INTEGRITY_COST)?;
    let position = site.archive_position(&event).await?;
    let gaps = site.ask_archive(&event, site.archive.gaps(event.eid)).await?;
    let mut sources: BTreeMap<String, SourceJson> = BTreeMap::new();
    let mut from = Micros(0);
    for _ in 0..ROUNDS_MAX {
        let minutes = site.archive.tallies(event.eid, from, Micros(i64::MAX));
        let tallies = site.ask_archive(&event, minutes).await?;
        let (Some(first), Some(last)) = (tallies.first(), tallies.last()) else { break };
        // An answer may end within a minute, so its last one is asked for again, unless it is all there is.
        let until = if first.minute == last.minute { last.minute.plus(1) } else { last.minute };
        from = until;
        for tally in tallies.into_iter().filter(|tally| tally.minute < until) {
            let source = sources.entry(tally.source.clone()).or_default();
            // They come by minute.
            source.from.get_or_insert(tally.minute);
            source.until = Some(tally.minute);
            source.counts.add(&tally.counts);
            source.name = tally.source;
        }
    }
    let sources = sources.into_values().collect();
    Ok(answer(&headers, &Integrity { position, gaps, sources }))
}
