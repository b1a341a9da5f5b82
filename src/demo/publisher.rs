//! The organisers' own server: hands out the programme as it stands, so that the product polls it as it would any other.

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use chassis::clock::Clock;

/// The programme's two versions.
#[derive(Clone)]
struct Programme {
    clock: Clock,
    first: &'static str,
    second: String,
    /// When the second takes the place of the first.
    second_at: i64,
}

/// `/schedule.json`: the first version, and from a moment on the second.
pub(crate) fn routes(clock: Clock, first: &'static str, second: String, second_at: i64) -> Router {
    let programme = Programme { clock, first, second, second_at };
    Router::new().route("/schedule.json", get(schedule)).with_state(programme)
}

async fn schedule(State(programme): State<Programme>, headers: HeaderMap) -> Response {
    let (tag, text) = if programme.clock.now() < programme.second_at {
        ("\"first\"", programme.first.to_owned())
    } else {
        ("\"second\"", programme.second)
    };
    if headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes()) {
        return (StatusCode::NOT_MODIFIED, [(header::ETAG, tag)]).into_response();
    }
    ([(header::CONTENT_TYPE, "application/json"), (header::ETAG, tag)], text).into_response()
}
