//! What a browser asks for to keep a page at hand: `/favicon.ico`, which some ask for whatever a page says, and
//! `/{event}/app.webmanifest`, with which a phone puts the live page on its home screen.

use super::{Site, assets, failure::Failure};
use axum::{
    extract::{Path, State},
    response::IntoResponse,
};
use http::{HeaderValue, header};
use serde_json::json;

static FAVICON: &[u8] =
    include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/templates/static/icons/favicon.ico"));
/// The page's own paper, as templates/static/css/tokens.css has it.
const PAPER: &str = "#fdfdfc";

/// `GET /favicon.ico`.
pub(super) async fn favicon() -> impl IntoResponse {
    let kind = HeaderValue::from_static("image/vnd.microsoft.icon");
    let kept = HeaderValue::from_static("public, max-age=86400");
    ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, kept)], FAVICON)
}

/// `GET /{event}/app.webmanifest` (<https://www.w3.org/TR/appmanifest/>).
pub(super) async fn manifest(
    State(site): State<Site>,
    Path(slug): Path<String>,
) -> Result<impl IntoResponse, Failure> {
    let event = site.event(&slug).await?;
    let title = event.fold().fold().event.as_ref().map_or_else(|| event.listed().title, |e| e.title.clone());
    let icon = |name: &str, sizes: &str, kind: &str| json!({"src": assets::address(name), "sizes": sizes, "type": kind});
    let manifest = json!({
        "name": title,
        "id": format!("/{slug}"),
        "start_url": format!("/{slug}"),
        "scope": "/",
        "display": "minimal-ui",
        "background_color": PAPER,
        "theme_color": PAPER,
        "icons": [
            icon("icon.svg", "any", "image/svg+xml"),
            icon("touch.png", "180x180", "image/png"),
            icon("icon-512.png", "512x512", "image/png"),
        ],
    });
    let kind = HeaderValue::from_static("application/manifest+json");
    let kept = HeaderValue::from_static("public, max-age=600");
    Ok(([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, kept)], manifest.to_string()))
}
