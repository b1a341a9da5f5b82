//! `/admin` and `/admin/{event}`: what there is behind the door. Only an index; each thing has a page of its own.

use super::{
    Site,
    failure::{Failure, page},
    shell::Shell,
    tray,
};
use askama::Template;
use axum::{
    extract::{Path, State},
    response::IntoResponse,
};
use http::header;
use model::EventEntry;

#[derive(Template)]
#[template(path = "admin.html")]
struct Admin {
    shell: Shell,
    heading: String,
    ways: Vec<Way>,
    nothing: &'static str,
}

/// A line of the index.
struct Way {
    href: String,
    name: String,
    about: String,
}

/// `GET /admin`: the events.
pub(super) async fn events(State(site): State<Site>) -> Result<impl IntoResponse, Failure> {
    let way = |event: std::sync::Arc<super::follow::EventLive>| {
        let listed = event.listed();
        let about = tray::summary(&event.fold());
        Way { href: format!("/admin/{}", listed.slug), name: listed.title, about }
    };
    let ways = site.events.all().await.into_iter().map(way).collect();
    let index = Admin {
        shell: Shell::plain("Behind the scenes", ("ways", "Skip to the list")),
        heading: "Behind the scenes".to_owned(),
        ways,
        nothing: "There is no event yet. Make one with perihelion event apply event.toml.",
    };
    Ok(([(header::CACHE_CONTROL, "no-store")], page(&index)?))
}

/// `GET /admin/{event}`: what can be done for it.
pub(super) async fn event(
    State(site): State<Site>,
    Path(slug): Path<String>,
) -> Result<impl IntoResponse, Failure> {
    let event = site.event(&slug).await?;
    let (listed, fold) = (event.listed(), event.fold());
    let way = |end: &str, name: &str, about: String| Way {
        href: format!("/admin/{slug}/{end}"),
        name: name.to_owned(),
        about,
    };
    let index = Admin {
        shell: Shell::of(
            &listed,
            fold.fold().event.as_ref(),
            "Behind the scenes",
            "",
            ("ways", "Skip to the list"),
        ),
        heading: "Behind the scenes".to_owned(),
        ways: vec![
            way("stage", "Stage", "Say what is really on in each room: late, swapped, a break.".to_owned()),
            way(
                "wall",
                "Walls",
                "Blank the projectors at once, delay what they show, see which of them obey.".to_owned(),
            ),
            way("file", "To sort", tray::summary(&fold)),
            Way {
                href: format!("/{slug}/privacy"),
                name: "What the public is told".to_owned(),
                about: told(fold.fold().event.as_ref()),
            },
        ],
        nothing: "",
    };
    Ok(([(header::CACHE_CONTROL, "no-store")], page(&index)?))
}

/// What event.toml says for the public, and what it leaves out.
fn told(settings: Option<&EventEntry>) -> String {
    let published = if settings.is_some_and(|event| event.published) {
        "Search engines may know of this event."
    } else {
        "Search engines are asked to keep away, until event.toml says published = true."
    };
    let is_missing =
        |of: fn(&EventEntry) -> &Option<String>| settings.is_none_or(|event| of(event).is_none());
    let missing = match (is_missing(|event| &event.privacy), is_missing(|event| &event.imprint)) {
        (true, true) => " Neither privacy nor imprint is filled in.",
        (true, false) => " Privacy is not filled in.",
        (false, true) => " The imprint is not filled in.",
        (false, false) => "",
    };
    format!("{published}{missing}")
}
