//! What the API answers when it cannot answer: one shape (RFC 9457), for everything below `/api/`. Whatever a handler, the door, a wrong
//! method or a panic says, leaves through [`edge`] in this shape.

use super::{Failure, with_cors};
use axum::{
    body::{Body, to_bytes},
    extract::Request,
    middleware::Next,
    response::Response,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use serde::Serialize;

/// The media type of every answer that failed.
const KIND: &str = "application/problem+json";
/// A refusal of the router in plain words is no longer than this.
const WORDS_BYTES_MAX: usize = 1024;
/// How long a browser may remember what other sites' pages may ask.
const PREFLIGHT_SECONDS: &str = "86400";
/// What a refusal says besides its words.
const KEPT: [http::HeaderName; 5] = [
    header::ALLOW,
    header::RETRY_AFTER,
    header::WWW_AUTHENTICATE,
    header::ACCESS_CONTROL_ALLOW_ORIGIN,
    header::ACCESS_CONTROL_EXPOSE_HEADERS,
];

/// Every name of a failure, its status, and what it means: what `/api` prints, and what the document of the API lists.
pub(in crate::site) const NAMES: [(&str, u16, &str); 19] = [
    ("bad_request", 400, "What was asked cannot be read. The detail says which part."),
    (
        "bad_parameter",
        400,
        "A parameter cannot be what it is. It is named in parameter; the detail says what it may be.",
    ),
    ("locked", 401, "It is for the organisers: send their token."),
    ("forbidden", 403, "The token opens, but not for this."),
    ("forged", 403, "A page of another site asked in somebody’s name. Nothing was changed."),
    ("not_found", 404, "There is no such event, talk, room, post or address."),
    ("method_not_allowed", 405, "The address takes other methods: see Allow."),
    ("conflict", 409, "It is not as you think: somebody was quicker. Read it again."),
    ("gone", 410, "The post was taken away, or the whole event. Forget its words, too."),
    ("too_large", 413, "More was sent than is taken."),
    (
        "key_reused",
        422,
        "The Idempotency-Key stands for another request. Give every new one a key of its own.",
    ),
    ("too_many", 429, "Too much at once from one address. Wait for Retry-After."),
    ("slow", 429, "Too much at once from one person. Wait for Retry-After."),
    ("internal", 500, "Our fault. The number in the detail is in our log."),
    ("failed", 500, "Our fault: it could not be stored. It is in our log."),
    ("archive_away", 503, "The archive does not answer. What is live goes on. Ask again after Retry-After."),
    ("archive_restoring", 503, "The archive is being restored. Ask again after Retry-After."),
    ("starting", 503, "The event is being opened. Ask again after Retry-After."),
    ("later", 503, "What keeps the log does not answer. Ask again after Retry-After; twice does no harm."),
];

/// The body of every answer that failed.
#[derive(Serialize)]
struct Problem<'a> {
    /// Where it is explained.
    #[serde(rename = "type")]
    kind: String,
    title: &'a str,
    status: u16,
    detail: &'a str,
    /// The short name, of a closed list.
    error: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    parameter: Option<&'a str>,
}

/// An answer of that shape. `title` is about the kind of failure, `detail` about this one.
pub(in crate::site) fn problem(
    status: StatusCode,
    name: &str,
    (title, detail): (&str, &str),
    parameter: Option<&str>,
) -> Response {
    let body = Problem {
        kind: format!("/api#{name}"),
        title,
        status: status.as_u16(),
        detail,
        error: name,
        parameter,
    };
    let mut response = Response::new(Body::from(serde_json::to_vec(&body).unwrap_or_default()));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(KIND));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// A refusal of the nozzle, in its own words.
pub(in crate::site) fn refused(
    status: StatusCode,
    name: &str,
    detail: &str,
    retry_seconds: Option<u64>,
) -> Response {
    let mut response = problem(status, name, (meaning(name), detail), None);
    if let Some(seconds) = retry_seconds {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// What a name means, as a sentence.
pub(in crate::site) fn meaning(name: &str) -> &'static str {
    NAMES.iter().find(|(known, ..)| *known == name).map_or("It cannot be answered.", |(.., meaning)| meaning)
}

/// The middleware around everything: below `/api/`, what failed is a problem in JSON, and what is at no address is too.
pub(in crate::site) async fn edge(request: Request, next: Next) -> Response {
    let path = request.uri().path();
    if !path.starts_with("/api/") {
        return next.run(request).await;
    }
    let response = next.run(request).await;
    let is_failed = response.status().is_client_error() || response.status().is_server_error();
    if !is_failed || response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == KIND) {
        return response;
    }
    let (kept, told) = (kept(response.headers()), response.extensions().get::<Failure>().cloned());
    let mut said = match told {
        Some(failure) => failure.json(),
        None => wordless(response).await,
    };
    said.headers_mut().extend(kept);
    said
}

fn kept(headers: &HeaderMap) -> HeaderMap {
    let one = |name: http::HeaderName| headers.get(&name).map(|value| (name, value.clone()));
    KEPT.into_iter().filter_map(one).collect()
}

/// What the routes refuse in words of their own: a method, an address that is no text, a body that cannot be read.
async fn wordless(response: Response) -> Response {
    let status = response.status();
    let failure = match status {
        StatusCode::NOT_FOUND => Failure::NotFound,
        StatusCode::METHOD_NOT_ALLOWED => Failure::Method,
        StatusCode::PAYLOAD_TOO_LARGE => Failure::TooLarge,
        _ if status.is_server_error() => Failure::ours(&std::io::Error::other("an answer without words")),
        _ => {
            let words = to_bytes(response.into_body(), WORDS_BYTES_MAX).await.unwrap_or_default();
            let words = String::from_utf8_lossy(&words);
            let name = "bad_request";
            return problem(StatusCode::BAD_REQUEST, name, (meaning(name), &words), None);
        }
    };
    failure.json()
}

/// The middleware around what anybody may read: any page may, too, and may ask first whether it may.
pub(in crate::site) async fn open(request: Request, next: Next) -> Response {
    if request.method() != Method::OPTIONS {
        return with_cors(next.run(request).await);
    }
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    for (name, value) in [
        (header::ALLOW, "GET, HEAD, OPTIONS"),
        (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, HEAD"),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, "if-none-match"),
        (header::ACCESS_CONTROL_MAX_AGE, PREFLIGHT_SECONDS),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    with_cors(response)
}
