//! The listener for the world: finds the source, reads the body within its bounds, has it verified and read, and answers
//! after the ledger's commit. What is refused is counted at its source; nothing of a refused body is kept or logged.
//!
//! | answer | when |
//! |---|---|
//! | 200 | committed, now or before; or of a type that we ignore |
//! | 400 | rightly signed, but the body cannot be used, or it broke off |
//! | 401 | not signed, wrongly signed, or too old: the same answer for all three |
//! | 404, 405 | no such event or source; not a POST |
//! | 408, 413, 415 | too slow, too large, not JSON by its content type |
//! | 429 | too many: `Retry-After` |
//! | 503 | the ledger cannot take it now, or the source is not ready: `Retry-After` |

use std::sync::Arc;
use std::time::Duration;

use ::http::{HeaderMap, StatusCode, header};
use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Extension, Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use bytes::Bytes;
use chassis::client_addr::Ranges;
use chassis::clock::Clock;
use chassis::http::{Client, Limits};
use chassis::{Shutdown, http};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use metrics::counter;
use model::{EventId, Micros};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, timeout};

use super::answer::{No, problem};
use super::body::Shape;
use super::bucket::{Addresses, FAILURE_COST, REQUEST_COST};
use super::doors::{Door, Doors};
use super::taken::{NOTHING_TO_SHOW, Taken, key};
use super::verify::{Style, Verified, verify};
use super::{body, github};
use crate::intake::{Outcome, Refusal};
use crate::metrics as names;
use crate::sequencer::Delivery;
use crate::source::Upstream;

/// Largest body of a delivery, in bytes.
pub(super) const BODY_BYTES_MAX: usize = 256 * 1024;
/// What a request may announce before it is refused without being looked at, in bytes.
const ANNOUNCED_BYTES_MAX: usize = 16 * BODY_BYTES_MAX;
/// Longest wait for a whole body.
const BODY_WAIT: Duration = Duration::from_secs(10);
/// Connections at once, and how many of them one address may hold: a stranger who opens them and sends nothing, or a body
/// byte by byte, must leave places for those who sign.
const CONNECTIONS_MAX: usize = 256;
const CONNECTIONS_PER_ADDRESS_MAX: usize = 32;
/// How long to wait before a port that could not be had is tried again.
const BIND_AGAIN: Duration = Duration::from_secs(5);

/// The events behind the listener.
#[async_trait]
pub(crate) trait Events: Send + Sync {
    /// The event with this slug, if its settings name a hook source of this name.
    fn hooked(&self, slug: &str, source: &str) -> Option<EventId>;

    /// Hands a delivery over and waits for the commit.
    async fn deliver(&self, eid: EventId, delivery: Delivery) -> Result<Outcome, Refusal>;
}

/// Where the world finds us.
pub(crate) struct Listen<'a> {
    /// Address and port.
    pub(crate) address: &'a str,
    /// Whose word about the sender's address counts.
    pub(crate) trusted_proxies: Ranges,
    /// Tells how old a delivery is.
    pub(crate) clock: Clock,
}

/// Listens once some source wants it, and for ever. A port that is taken stops nobody else.
pub(crate) async fn listen(settings: Listen<'_>, doors: Doors, events: Arc<dyn Events>, shutdown: Shutdown) {
    let house =
        House { doors: doors.clone(), events, clock: settings.clock, addresses: Addresses::default() };
    let limits = Limits {
        connections_max: CONNECTIONS_MAX,
        connections_per_address_max: CONNECTIONS_PER_ADDRESS_MAX,
        body_bytes_max: ANNOUNCED_BYTES_MAX,
        trusted_proxies: Arc::new(settings.trusted_proxies),
        ..Limits::default()
    };
    doors.wanted().await;
    let mut is_first = true;
    let listener = loop {
        match http::bind(settings.address, "[nozzle] hooks_listen").await {
            Ok(listener) => break listener,
            Err(error) => {
                if is_first {
                    tracing::error!(%error, "deliveries to hooks cannot come in; trying on, and all else runs");
                }
                is_first = false;
                doors.cannot_bind(error.to_string());
            }
        }
        sleep(BIND_AGAIN).await;
    };
    if let Ok(at) = listener.local_addr() {
        tracing::info!(%at, "listening for deliveries to hooks");
        doors.bound(at);
    }
    http::serve(listener, router(house), limits, shutdown).await;
    // Only a stop ends it, and that ends us too.
    std::future::pending::<()>().await;
}

struct House {
    doors: Doors,
    events: Arc<dyn Events>,
    clock: Clock,
    addresses: Addresses,
}

fn router(house: House) -> Router {
    Router::new()
        .route("/hooks/{event}/{source}", post(take).fallback(teach))
        .fallback(nothing_here)
        .with_state(Arc::new(house))
}

const LESSON: &str = "This address takes signed deliveries: POST JSON, signed by Standard Webhooks (webhook-id, \
    webhook-timestamp, webhook-signature) or as GitHub signs (X-Hub-Signature-256).";

async fn teach() -> Response {
    let answer = problem(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", LESSON);
    ([(header::ALLOW, "POST")], answer).into_response()
}

async fn nothing_here() -> Response {
    problem(StatusCode::NOT_FOUND, "not_found", "Deliveries go to /hooks/{event}/{source}.")
}

async fn take(
    State(house): State<Arc<House>>,
    path: Result<Path<(String, String)>, PathRejection>,
    client: Option<Extension<Client>>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let client = client.map(|Extension(client)| client);
    let said = match path {
        Ok(Path((event, source))) => house.take(&event, &source, client, &headers, body).await,
        Err(_) => Err(No::Unknown),
    };
    let response =
        said.map_or_else(No::into_response, |taken| (StatusCode::OK, axum::Json(taken)).into_response());
    counter!(names::HOOK, "status" => response.status().as_str().to_owned()).increment(1);
    response
}

impl House {
    async fn take(
        &self,
        event: &str,
        source: &str,
        client: Option<Client>,
        headers: &HeaderMap,
        body: Body,
    ) -> Result<Value, No> {
        self.book(client, REQUEST_COST)?;
        let eid = self.events.hooked(event, source).ok_or(No::Unknown)?;
        let door = self.doors.find(eid, source).ok_or(No::NotReady)?;
        let verified = match self.heard(&door, headers, body).await {
            Ok(verified) => verified,
            Err(no) => {
                if matches!(no, No::Unverified) {
                    // What it has cost already is not given back; who has nothing left hears so next time.
                    let _counted = self.book(client, FAILURE_COST);
                }
                return Err(no);
            }
        };
        self.say(eid, &door, verified).await
    }

    fn book(&self, client: Option<Client>, cost: f64) -> Result<(), No> {
        let Some(client) = client else { return Ok(()) };
        self.addresses.take(client.key, cost, Instant::now()).map_err(No::TooMany)
    }

    /// Reads the body and finds out who sent it.
    async fn heard(&self, door: &Door, headers: &HeaderMap, body: Body) -> Result<(Verified, Bytes), No> {
        let reading = Reading(Some(door));
        let read = self.read(headers, body).await;
        reading.ended();
        let body = match read {
            Ok(body) => body,
            Err(no) => {
                let (reason, sentence) = no.counted();
                door.refused(reason, sentence).await;
                return Err(no);
            }
        };
        match verify(&door.keys, headers, &body, Micros(self.clock.now())) {
            Ok(verified) => Ok((verified, body)),
            Err(why) => {
                door.refused(why.reason(), &why.sentence()).await;
                Err(No::Unverified)
            }
        }
    }

    async fn read(&self, headers: &HeaderMap, body: Body) -> Result<Bytes, No> {
        if !is_json(headers) {
            return Err(No::NotJson);
        }
        let announced =
            headers.get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse::<usize>().ok());
        if announced.is_some_and(|bytes| bytes > BODY_BYTES_MAX) {
            return Err(No::TooLarge);
        }
        match timeout(BODY_WAIT, Limited::new(body, BODY_BYTES_MAX).collect()).await {
            Ok(Ok(body)) => Ok(body.to_bytes()),
            Ok(Err(error)) if error.is::<LengthLimitError>() => Err(No::TooLarge),
            Ok(Err(_)) => Err(No::Cut),
            Err(_) => Err(No::Slow),
        }
    }

    /// Makes a delivery of what was said, and waits for its commit.
    async fn say(&self, eid: EventId, door: &Door, (by, body): (Verified, Bytes)) -> Result<Value, No> {
        if let Err(wait) = door.book() {
            door.refused("too_many", "deliveries come faster than they are taken").await;
            return Err(No::TooMany(wait));
        }
        let read = match &by.style {
            Style::Standard => body::read(&door.name, &by.id, &body),
            Style::GitHub { event } => github::read(&door.name, event, &body),
        };
        let messages = match read {
            Ok(messages) => messages,
            Err(Shape(why)) => {
                door.refused("shape", &why).await;
                return Err(No::Shape(why));
            }
        };
        let mut taken = Taken { is_held: door.is_held, ..Taken::default() };
        for message in messages {
            taken.add(message, &door.name, Micros(self.clock.now()));
        }
        let Taken { brought, rejected, aside, .. } = taken;
        let (items, refused) = (brought.len() as u64, rejected.values().sum::<u64>());
        for message in aside {
            door.tell(message).await;
        }
        match (items, refused) {
            (0, 0) => return Ok(json!({"ok": true, "items": 0, "note": "This kind is counted, not shown."})),
            (0, _) => {
                for (reason, _) in rejected {
                    door.refused(reason, NOTHING_TO_SHOW).await;
                }
                return Err(No::Shape(NOTHING_TO_SHOW.to_owned()));
            }
            _ => {}
        }
        let delivery = Delivery { key: key(&door.name, &by), source: door.name.clone(), brought, rejected };
        let outcome = self.events.deliver(eid, delivery).await.map_err(No::Refused)?;
        door.tell(Upstream::Taken { items: items + refused }).await;
        if outcome.is_old {
            return Ok(json!({"ok": true, "items": 0, "note": "This delivery was taken before."}));
        }
        Ok(json!({"ok": true, "items": items, "rejected": refused}))
    }
}

/// A body on its way. A connection that breaks off in the middle of it takes the handler with it, so this is what counts it.
struct Reading<'a>(Option<&'a Door>);

impl Reading<'_> {
    fn ended(mut self) {
        self.0 = None;
    }
}

impl Drop for Reading<'_> {
    fn drop(&mut self) {
        if let Some(door) = self.0 {
            let (reason, sentence) = No::Cut.counted();
            door.refused_at_once(reason, sentence);
        }
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let given = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let kind = given.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"))
}
