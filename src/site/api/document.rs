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
    names: [(&'static str, u16, &'static str); 19],
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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;
    use std::collections::BTreeSet;

    fn document() -> Value {
        serde_json::from_str(DOCUMENT).expect("the document is JSON")
    }

    #[test]
    fn the_document_tells_of_every_route_and_of_no_other() {
        let routes = include_str!("../routes.rs");
        let mut there: BTreeSet<(String, String)> = BTreeSet::new();
        for route in routes.split(".route(").skip(1) {
            let mut parts = route.splitn(3, '"');
            let (Some(path), Some(rest)) = (parts.nth(1), parts.next()) else { continue };
            let handlers = rest.split(".route(").next().unwrap_or_default().split(".with_state").next();
            for method in ["get", "post", "put", "patch", "delete"] {
                let takes = handlers.is_some_and(|handlers| {
                    handlers.contains(&format!(" {method}(")) || handlers.contains(&format!(".{method}("))
                });
                if path.starts_with("/api/") && takes {
                    there.insert((path.to_owned(), method.to_owned()));
                }
            }
        }
        assert!(there.len() > 15, "the table of routes is read wrongly: {there:?}");
        let document = document();
        let told: BTreeSet<(String, String)> = document["paths"]
            .as_object()
            .expect("paths")
            .iter()
            .flat_map(|(path, operations)| {
                let methods = operations.as_object().expect("operations").keys();
                methods.map(move |method| (path.clone(), method.clone()))
            })
            .collect();
        assert_eq!(told, there);
    }

    #[test]
    fn the_document_names_every_failure() {
        let document = document();
        let told = document["components"]["schemas"]["Problem"]["properties"]["error"]["enum"].clone();
        let names: Vec<&str> = NAMES.iter().map(|(name, ..)| *name).collect();
        assert_eq!(told, serde_json::json!(names));
    }
}
