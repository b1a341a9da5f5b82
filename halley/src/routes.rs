//! The addresses of the live log: who asks for what, and whether the gate lets them.
//!
//! All of it is public and reads only: no cookie, no `Origin` and no token gives or takes any right, so pages of every origin may ask.

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    extract::{Extension, Path, RawQuery, State},
    response::Response,
    routing::get,
};
use chassis::{
    Shutdown,
    http::{Client, Slot},
};
use http::{HeaderMap, Request, header};
use model::Position;

use crate::{
    answer::{DOCS, Refused},
    channel::Channel,
    files,
    gate::Gate,
    hub::Hub,
    reader::{AHEAD_HOLD_MAX, Reader},
    transport::{poll, sse, ws},
};

/// What all routes share.
pub(crate) struct Doors {
    pub(crate) hub: Arc<Hub>,
    pub(crate) gate: Arc<Gate>,
    pub(crate) shutdown: Shutdown,
    pub(crate) poll_hold: std::time::Duration,
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
    mut request: Request<Body>,
) -> Result<Response, Response> {
    let answer = async {
        let want = wanted(query.as_deref(), None)?;
        let channel = doors.channel(&event).await?;
        let (response, upgrade) = ws::accept(&mut request)?;
        let pass = doors.gate.enter(&client)?;
        let reader = Reader::new(channel, event, want, pass, AHEAD_HOLD_MAX);
        let slot = request.extensions().get::<Slot>().cloned();
        doors.shutdown.spawn(async move {
            ws::run(upgrade, reader).await;
            drop(slot);
        });
        Ok(response)
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
        let pass = doors.gate.enter(&client)?;
        Ok(sse::response(Reader::new(channel, event, want, pass, AHEAD_HOLD_MAX)))
    };
    answer.await.map_err(|refused: Refused| refused.response())
}

async fn poll_route(
    State(doors): Shared,
    Path(event): Path<String>,
    RawQuery(query): RawQuery,
    client: Extension<Client>,
) -> Result<Response, Response> {
    let answer = async {
        let want = wanted(query.as_deref(), None)?;
        let channel = doors.channel(&event).await?;
        let pass = doors.gate.enter(&client)?;
        let reader = Reader::new(channel, event, want.clone(), pass, poll::ahead_hold(doors.poll_hold));
        Ok(poll::response(reader, want, doors.poll_hold).await)
    };
    answer.await.map_err(|refused: Refused| refused.response())
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
