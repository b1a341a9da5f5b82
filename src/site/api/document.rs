//! `/api/v1/openapi.json`, the document of the API, and `/api`, the page that explains it to people.

use super::{answer_as, problem::NAMES};
use crate::site::{
    Site,
    failure::{Failure, page},
    shell::Shell,
};
use askama::Template;
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, header};

/// Written by hand; `tests/api` holds it to the routes and to what a running site answers.
const DOCUMENT: &str = include_str!("openapi.json");

/// `GET /api/v1/openapi.json`
pub(in crate::site) async fn document(headers: HeaderMap) -> Response {
    answer_as(&headers, "application/json; charset=utf-8", DOCUMENT.as_bytes().to_vec())
}

#[derive(Template)]
#[template(path = "api.html")]
struct Api {
    shell: Shell,
    origin: String,
    /// An event to try it with.
    slug: String,
    names: [(&'static str, u16, &'static str); 17],
}

/// `GET /api`
pub(in crate::site) async fn explained(State(site): State<Site>) -> Result<impl IntoResponse, Failure> {
    let slug = site.events.all().await.first().map_or_else(|| "rustfest".to_owned(), |e| e.listed().slug);
    let title = "Perihelion for programs";
    let what = "Everything that these pages show as JSON, without a key: events, talks, posts, what is on now, and how to follow it live.";
    let shell = Shell::plain(title, ("api", "Skip to the text")).shared(&site.settings, "/api", what);
    let origin = site.settings.public_url.origin().ascii_serialization();
    let api = Api { shell, origin, slug, names: NAMES };
    Ok(([(header::CACHE_CONTROL, "no-cache")], page(&api)?))
}
