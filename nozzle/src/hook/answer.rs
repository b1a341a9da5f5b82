//! What a sender hears that was not taken: a status, a short word and the cure. One answer for every failed signature, so
//! that nobody learns how near a guess was; the organiser sees more, in the state of the source.

use std::time::Duration;

use ::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::intake::Refusal;

/// When to come again after "not ready", in seconds.
const NOT_READY_SECONDS: u64 = 30;

/// Why a delivery was not taken, as HTTP says it.
pub(super) enum No {
    Unknown,
    NotReady,
    TooMany(Duration),
    NotJson,
    TooLarge,
    Slow,
    Cut,
    Unverified,
    Shape(String),
    Refused(Refusal),
}

impl No {
    /// The short word for the source's tallies and the sentence for its organiser, for what ends before a signature is checked.
    pub(super) fn counted(&self) -> (&'static str, &'static str) {
        match self {
            Self::NotJson => ("content_type", "its content type is not application/json"),
            Self::TooLarge => ("too_large", "its body is larger than 256 KiB"),
            Self::Slow => ("slow", "its body did not come within 10 s"),
            _ => ("cut", "its body broke off"),
        }
    }
}

impl IntoResponse for No {
    fn into_response(self) -> Response {
        match self {
            Self::Unknown => problem(
                StatusCode::NOT_FOUND,
                "not_found",
                "There is no such event, or it has no hook source of this name. Deliveries go to /hooks/{event}/{source}.",
            ),
            Self::NotReady => {
                later("This source is not ready; its organiser can see why.", NOT_READY_SECONDS)
            }
            Self::TooMany(wait) => {
                let answer = problem(
                    StatusCode::TOO_MANY_REQUESTS,
                    "too_many",
                    "Too many deliveries at once; send them again, more slowly.",
                );
                (retry_after(wait.as_secs() + 1), answer).into_response()
            }
            Self::NotJson => problem(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "not_json",
                "Send JSON with Content-Type: application/json (GitHub: choose it as the content type).",
            ),
            Self::TooLarge => {
                problem(StatusCode::PAYLOAD_TOO_LARGE, "too_large", "A delivery has at most 256 KiB.")
            }
            Self::Slow => problem(StatusCode::REQUEST_TIMEOUT, "slow", "The body did not come within 10 s."),
            Self::Cut => problem(StatusCode::BAD_REQUEST, "cut", "The body broke off."),
            Self::Unverified => problem(
                StatusCode::UNAUTHORIZED,
                "not_verified",
                "The delivery could not be verified. Sign {webhook-id}.{webhook-timestamp}.{body} with the shared secret \
                 (HMAC-SHA256, base64, v1,...), send it within 5 minutes of its timestamp, and check secret and clock.",
            ),
            Self::Shape(why) => problem(StatusCode::BAD_REQUEST, "bad_body", &why),
            Self::Refused(Refusal::Later { why, retry_seconds }) => later(&why, retry_seconds),
            Self::Refused(_) => later("The delivery cannot be stored just now.", NOT_READY_SECONDS),
        }
    }
}

fn later(why: &str, seconds: u64) -> Response {
    (retry_after(seconds), problem(StatusCode::SERVICE_UNAVAILABLE, "later", why)).into_response()
}

fn retry_after(seconds: u64) -> [(header::HeaderName, HeaderValue); 1] {
    [(header::RETRY_AFTER, HeaderValue::from(seconds))]
}

pub(super) fn problem(status: StatusCode, error: &str, message: &str) -> Response {
    let no_store = [(header::CACHE_CONTROL, "no-store")];
    (status, no_store, axum::Json(json!({"error": error, "message": message}))).into_response()
}
