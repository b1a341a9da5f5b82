//! The addresses of the live log: who asks for what, and whether the gate lets them.
//!
//! All of it is public and reads only: no cookie, no `Origin` and no token gives or takes any right, so pages of every origin may ask.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Extension, Path, RawQuery, State},
    response::Response,
    routing::get,
};
use chassis::http::Client;
use http::{HeaderMap, Method, Version, header};
use model::Position;
use tokio::time::Instant;

use crate::{
    answer::{self, DOCS, Refused},
    channel::Channel,
    coding::Coding,
    files,
    gate::Gate,
    handshake, heads,
    hub::Hub,
    reader::{AHEAD_HOLD_MAX, Reader},
    shard::{Grant, Shards, Way},
};

/// What all routes share.
pub(crate) struct Doors {
    pub(crate) hub: Arc<Hub>,
    pub(crate) gate: Arc<Gate>,
    pub(crate) shards: Arc<Shards>,
}

type Shared = State<Arc<Doors>>;

/// The routes, to be served here or on the site's port.
pub(crate) fn router(doors: Arc<Doors>) -> Router {
    Router::new()
        .route(DOCS, get(async || include_str!("wire.txt")))
        .route("/live/{event}/ws", get(ws_route))
        .route("/live/{event}/sse", get(sse_route))
        .route("/live/{event}/poll", get(poll_route))
        .route("/live/{event}/chunk/{file}", get(chunk_route))
        .route("/live/{event}/head.json", get(head_route))
        .with_state(doors)
}

async fn ws_route(
    State(doors): Shared,
    Path(event): Path<String>,
    RawQuery(query): RawQuery,
    client: Extension<Client>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Response> {
    let answer = async {
        let want = wanted(query.as_deref(), None)?;
        let channel = doors.channel(&event).await?;
        let granted = handshake::accept(&method, &headers)?;
        let reader = Reader::new(want, doors.gate.enter(&client)?, AHEAD_HOLD_MAX, Instant::now());
        Ok(doors.shards.take(Grant { channel, slug: event, reader, way: Way::WebSocket(granted) }))
    };
    answer.await.map_err(|refused: Refused| refused.response())
}

async fn sse_route(
    State(doors): Shared,
    Path(event): Path<String>,
    RawQuery(query): RawQuery,
    client: Extension<Client>,
    headers: HeaderMap,
) -> Result<Response, Response> {
    let answer = async {
        let want = wanted(query.as_deref(), headers.get("last-event-id"))?;
        let channel = doors.channel(&event).await?;
        let reader = Reader::new(want, doors.gate.enter(&client)?, AHEAD_HOLD_MAX, Instant::now());
        let mut answer = doors.shards.take(Grant { channel, slug: event, reader, way: Way::Events });
        // What HEAD is told; GET gets the same from the shard.
        let told = answer.headers_mut();
        told.insert(header::CONTENT_TYPE, heads::EVENT_STREAM);
        told.insert(header::CACHE_CONTROL, answer::NO_STORE);
        answer::open_to_all(&mut answer);
        Ok(answer)
    };
    answer.await.map_err(|refused: Refused| refused.response())
}

async fn poll_route(
    State(doors): Shared,
    Path(event): Path<String>,
    RawQuery(query): RawQuery,
    client: Extension<Client>,
    version: Version,
    headers: HeaderMap,
) -> Result<Response, Response> {
    let answer = async {
        let want = wanted(query.as_deref(), None)?;
        let channel = doors.channel(&event).await?;
        let pass = doors.gate.enter(&client)?;
        let (has_position, ticket) = (want.is_some(), pass.ticket());
        let closes = version < Version::HTTP_11 || says_close(&headers);
        let reader = Reader::new(want, pass, doors.shards.ahead_hold(), Instant::now());
        let way = Way::Poll { has_position, closes, coding: Coding::wanted(&headers), ticket };
        let mut answer = doors.shards.take(Grant { channel, slug: event, reader, way });
        let told = answer.headers_mut();
        told.insert(header::CONTENT_TYPE, answer::JSON);
        told.insert(header::CACHE_CONTROL, answer::NO_STORE);
        answer::open_to_all(&mut answer);
        Ok(answer)
    };
    answer.await.map_err(|refused: Refused| refused.response())
}

/// Whether the client wants its connection to end with the answer.
fn says_close(headers: &HeaderMap) -> bool {
    let told = headers.get_all(header::CONNECTION).iter().filter_map(|value| value.to_str().ok());
    told.flat_map(|value| value.split(',')).any(|option| option.trim().eq_ignore_ascii_case("close"))
}

async fn chunk_route(
    State(doors): Shared,
    Path((event, file)): Path<(String, String)>,
    client: Extension<Client>,
    headers: HeaderMap,
) -> Result<Response, Response> {
    let answer = async {
        let n = files::chunk_number(&file).ok_or(Refused::BadChunk)?;
        let channel = doors.channel(&event).await?;
        doors.gate.ask(&client)?;
        let (response, bytes) = files::chunk(&channel, &event, n, &headers).await?;
        doors.gate.charge(&client, bytes);
        Ok(response)
    };
    answer.await.map_err(|refused: Refused| refused.response())
}

async fn head_route(
    State(doors): Shared,
    Path(event): Path<String>,
    client: Extension<Client>,
) -> Result<Response, Response> {
    let answer = async {
        let channel = doors.channel(&event).await?;
        doors.gate.ask(&client)?;
        files::head(&channel)
    };
    answer.await.map_err(|refused: Refused| refused.response())
}

impl Doors {
    async fn channel(&self, event: &str) -> Result<Arc<Channel>, Refused> {
        self.hub.find(event).await.ok_or(Refused::UnknownEvent)
    }
}

/// The client's position: `Last-Event-ID` beats `after`, as a browser that comes back by itself repeats the address it began with.
fn wanted(
    query: Option<&str>,
    last_event_id: Option<&header::HeaderValue>,
) -> Result<Option<Position>, Refused> {
    let bad = |why: String| Refused::BadCursor(why);
    // A browser leaves the header out when it has no id; libraries send it empty.
    if let Some(id) = last_event_id.filter(|id| !id.is_empty()) {
        let id = id.to_str().map_err(|_| bad("Last-Event-ID is not text".to_owned()))?;
        return id.parse().map(Some).map_err(|e: model::BadPosition| bad(e.to_string()));
    }
    let mut after = query.unwrap_or("").split('&').filter_map(|pair| pair.strip_prefix("after="));
    let Some(text) = after.next() else { return Ok(None) };
    if after.next().is_some() {
        return Err(bad("after is given twice".to_owned()));
    }
    text.parse().map(Some).map_err(|e: model::BadPosition| bad(e.to_string()))
}

#[cfg(test)]
mod fuzz;
