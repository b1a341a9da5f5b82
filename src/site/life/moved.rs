//! Old addresses: whatever is asked for under a slug that an event had before leads to the same place under its present one, with every
//! deep link, feed and form; under that of a deleted event it is gone. Only what nobody else answers comes here.

use super::super::{Site, failure::Failure, follow::Led};
use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, Uri, header};

/// Our pages' own scripts say this (js/ask.js).
const SCRIPT: &str = "x-page-script";

/// The middleware.
pub(in crate::site) async fn lead_on(State(site): State<Site>, request: Request, next: Next) -> Response {
    let uri = request.uri().clone();
    let is_script = request.headers().contains_key(SCRIPT);
    let response = next.run(request).await;
    if response.status() != StatusCode::NOT_FOUND {
        return response;
    }
    let Some(slug) = slug(uri.path()) else { return response };
    if site.events.known(slug).is_some() {
        return response;
    }
    match site.events.led(slug) {
        Some(Led::To(now)) => moved(&uri, slug, &now, is_script).unwrap_or(response),
        Some(Led::Nowhere) => Failure::EventGone.into_response(),
        None => response,
    }
}

/// 308: the same again, by the same method, there, for good. A browser may keep it for an hour: another event may want the slug one day.
/// 300 to scripts of our pages: they may not look at a redirect, which a Wi-Fi that wants a log-in gives them as well.
fn moved(uri: &Uri, old: &str, new: &str, is_script: bool) -> Option<Response> {
    let mut at = uri.path().split('/').scan(0, |at, part| {
        let here = *at;
        *at += part.len() + 1;
        Some((here, part))
    });
    let (at, _) = at.find(|(_, part)| *part == old || part.split('.').next() == Some(old))?;
    let (before, after) = uri.path().split_at(at);
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    let to = format!("{before}{new}{}{query}", &after[old.len()..]);
    let headers = [
        (header::LOCATION, HeaderValue::from_str(&to).ok()?),
        (header::CACHE_CONTROL, HeaderValue::from_static("max-age=3600")),
        (header::VARY, HeaderValue::from_static(SCRIPT)),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*")),
    ];
    let status = if is_script { StatusCode::MULTIPLE_CHOICES } else { StatusCode::PERMANENT_REDIRECT };
    Some((status, headers).into_response())
}

/// The slug in a path: behind `/admin`, behind `/api/v1/events`, at the head of a picture's name, else the first part.
fn slug(path: &str) -> Option<&str> {
    let parts: Vec<&str> = path.split('/').skip(1).take(4).collect();
    let slug = match parts.as_slice() {
        ["api", "v1", "events", slug, ..] | ["admin", slug, ..] => slug,
        ["media", picture] => picture.split('.').next()?,
        ["api" | "admin" | "live" | "static" | "media", ..] => return None,
        [slug, ..] => slug,
        [] => return None,
    };
    (!slug.is_empty()).then_some(slug)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slug_is_found_wherever_it_stands_and_the_rest_of_the_address_stays() {
        for (old, new) in [
            ("/old", "/new"),
            ("/old/talks/t7/feed.atom?after=3.old", "/new/talks/t7/feed.atom?after=3.old"),
            ("/old/posts/old", "/new/posts/old"),
            ("/admin/old/stage?done=x", "/admin/new/stage?done=x"),
            ("/api/v1/events/old/items", "/api/v1/events/new/items"),
            ("/media/old.k3f9q2m7xw4d.0.1", "/media/new.k3f9q2m7xw4d.0.1"),
        ] {
            let uri: Uri = old.parse().unwrap();
            assert_eq!(slug(uri.path()), Some("old"), "{old}");
            for (is_script, status) in [(false, 308), (true, 300)] {
                let response = moved(&uri, "old", "new", is_script).unwrap();
                assert_eq!(
                    (&response.headers()[header::LOCATION], response.status().as_u16()),
                    (&HeaderValue::from_static(new), status)
                );
            }
        }
        for none in ["/", "/static/old", "/live/old/ws", "/api/v1/openapi.json", "/admin"] {
            assert_eq!(slug(none), None, "{none}");
        }
    }
}
