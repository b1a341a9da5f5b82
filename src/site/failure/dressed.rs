//! A failed page with its event around it: the way back to what works is in the bar. Also what the routes refuse without words of their
//! own (a wrong method, a parameter that is no number) becomes a page here. Programs' answers stay as they are.

use super::Failure;
use crate::site::{Site, shell::Shell};
use axum::{
    body::Body,
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};

/// Addresses below these are programs' and files', which read no page.
const NO_PAGES: [&str; 7] = ["api", "live", "static", "media", "metrics", "healthz", "readyz"];

/// The middleware.
pub(in crate::site) async fn dress(State(site): State<Site>, request: Request, next: Next) -> Response {
    let slug = request.uri().path().split('/').nth(1).unwrap_or_default().to_owned();
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    let wants_page = wants_html(request.headers()) && !NO_PAGES.contains(&slug.as_str());
    let response = next.run(request).await;
    if response.status().is_success() || !wants_page {
        return response;
    }
    let told = response.extensions().get::<Failure>().cloned();
    let Some(failure) = told.or_else(|| wordless(&response)) else { return response };
    let html = failure.draw(shell(&site, &slug, &failure), is_read.then_some(&response).and_then(seconds));
    let (mut parts, _) = response.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    Response::from_parts(parts, Body::from(html))
}

/// What a browser asks a page with; a program that names no kind gets what there is.
pub(in crate::site) fn wants_html(headers: &HeaderMap) -> bool {
    let accepted = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    accepted.is_none_or(|accepted| accepted.contains("text/html") || accepted.contains("*/*"))
}

fn shell(site: &Site, slug: &str, failure: &Failure) -> Shell {
    let (head, ..) = failure.words();
    let Some(event) = site.events.known(slug) else { return Failure::shell(head) };
    let (listed, fold) = (event.listed(), event.fold());
    let shell = Shell::of(&listed, fold.fold().event.as_ref(), head, "", ("what", "Skip to the explanation"));
    Shell { is_unlisted: true, ..shell }
}

/// What a status means that came without a page.
fn wordless(response: &Response) -> Option<Failure> {
    let kind = response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if kind.is_some_and(|kind| !kind.starts_with("text/plain")) {
        return None;
    }
    match response.status() {
        StatusCode::NOT_FOUND => Some(Failure::NotFound),
        StatusCode::METHOD_NOT_ALLOWED => Some(Failure::Method),
        StatusCode::PAYLOAD_TOO_LARGE => Some(Failure::TooLarge),
        StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY => {
            Some(Failure::Bad("Something in the address is not as we write it."))
        }
        _ => None,
    }
}

/// When the server wants to be asked again, where waiting helps.
fn seconds(response: &Response) -> Option<u64> {
    let helps = response.status() == StatusCode::SERVICE_UNAVAILABLE;
    let after = response.headers().get(header::RETRY_AFTER).filter(|_| helps)?;
    after.to_str().ok()?.parse().ok()
}
