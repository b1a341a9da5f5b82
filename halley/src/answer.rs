//! Answers that are no stream: errors in one shape, and the headers all answers share.

use axum::{body::Body, response::Response};
use http::{HeaderValue, StatusCode, header};
use serde_json::{Value, json};

use crate::{gate::TurnedAway, signal::archive_link};

/// Where the protocol is described; every error names it.
pub(crate) const DOCS: &str = "/live";
/// Nobody keeps this.
pub(crate) const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
pub(crate) const JSON: HeaderValue = HeaderValue::from_static("application/json; charset=utf-8");
const EVERYBODY: HeaderValue = HeaderValue::from_static("*");

/// A refusal: closed list, so that clients can act on `error`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refused {
    /// `after` or `Last-Event-ID` is no position.
    BadCursor(String),
    /// No such event.
    UnknownEvent,
    /// No chunk has this name.
    BadChunk,
    /// The chunk is not complete yet.
    ChunkIncomplete,
    /// The chunk is older than the tail.
    ChunkArchived {
        /// The event's slug.
        slug: String,
        /// The seq before its first entry.
        after: u64,
    },
    /// Not a WebSocket handshake.
    NotWebSocket(&'static str),
    /// The log was not read yet, or is catching up with itself.
    NotReady,
    /// halley is stopping.
    Draining {
        /// Come back after so many milliseconds.
        retry_ms: u64,
    },
    /// See [`TurnedAway`].
    TurnedAway(TurnedAway),
}

impl From<TurnedAway> for Refused {
    fn from(away: TurnedAway) -> Self {
        Self::TurnedAway(away)
    }
}

impl Refused {
    /// The HTTP status.
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::BadCursor(_) => StatusCode::BAD_REQUEST,
            Self::UnknownEvent | Self::BadChunk | Self::ChunkIncomplete | Self::ChunkArchived { .. } => {
                StatusCode::NOT_FOUND
            }
            Self::NotWebSocket(_) => StatusCode::UPGRADE_REQUIRED,
            Self::TurnedAway(TurnedAway::Rate { .. }) => StatusCode::TOO_MANY_REQUESTS,
            Self::NotReady | Self::Draining { .. } | Self::TurnedAway(TurnedAway::Full { .. }) => {
                StatusCode::SERVICE_UNAVAILABLE
            }
        }
    }

    /// The JSON object.
    pub(crate) fn body(&self) -> Value {
        let told = |error: &str, message: &str| json!({"error": error, "message": message, "docs": DOCS});
        match self {
            Self::BadCursor(why) => told("bad_cursor", why),
            Self::UnknownEvent => told("unknown_event", "there is no event of this name here"),
            Self::BadChunk => told("bad_chunk", "chunks are named 0.json, 1.json and so on"),
            Self::ChunkIncomplete => {
                told("chunk_incomplete", "this chunk is not complete yet; follow the live log instead")
            }
            Self::ChunkArchived { slug, after } => {
                let mut body =
                    told("chunk_archived", "this chunk is older than the live log; the archive has it");
                body["archive"] = Value::from(archive_link(slug, *after));
                body
            }
            Self::NotWebSocket(why) => told("not_websocket", why),
            Self::NotReady => told("not_ready", "the live log is being read; please come back in a moment"),
            Self::Draining { retry_ms } => {
                let mut body = told("draining", "this server is being replaced; please come back");
                body["retry_ms"] = Value::from(*retry_ms);
                body
            }
            Self::TurnedAway(TurnedAway::Rate { limit, .. }) => {
                let mut body = told("rate", "too much was asked for; please come back later");
                body["limit"] = Value::from(*limit);
                body
            }
            Self::TurnedAway(TurnedAway::Full { limit }) => {
                let mut body =
                    told("full", "there is no room for another stream; please come back in a moment");
                body["limit"] = Value::from(*limit);
                body
            }
        }
    }

    /// Seconds, spread so that those who were sent away together do not come back together.
    pub(crate) fn retry_after_seconds(&self) -> Option<u64> {
        match self {
            Self::NotReady => Some(rand::random_range(1..=3)),
            Self::Draining { retry_ms } => Some(retry_ms.div_ceil(1000).max(1)),
            Self::TurnedAway(TurnedAway::Rate { wait, .. }) => {
                Some(wait.as_secs() + rand::random_range(1..=3))
            }
            Self::TurnedAway(TurnedAway::Full { .. }) => Some(rand::random_range(2..=10)),
            _ => None,
        }
    }

    /// The answer.
    pub(crate) fn response(&self) -> Response {
        let mut response = json_response(self.body().to_string(), NO_STORE);
        *response.status_mut() = self.status();
        if let Some(seconds) = self.retry_after_seconds() {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        if matches!(self, Self::NotWebSocket(_)) {
            response.headers_mut().insert(header::UPGRADE, HeaderValue::from_static("websocket"));
            response.headers_mut().insert(header::SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
        }
        response
    }
}

/// A JSON answer. Everybody may read it: these routes know no cookies.
pub(crate) fn json_response(body: impl Into<Body>, cache: HeaderValue) -> Response {
    let mut response = Response::new(body.into());
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, JSON);
    headers.insert(header::CACHE_CONTROL, cache);
    open_to_all(&mut response);
    response
}

/// Lets pages of any origin read the answer. It carries nobody's authority, so there is nothing to protect.
pub(crate) fn open_to_all(response: &mut Response) {
    response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, EVERYBODY);
}
