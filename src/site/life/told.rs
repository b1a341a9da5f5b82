//! What readers are told: that the event is over, and that posts are kept back while the disk is full. The page prints it; an open page
//! asks `/{event}/life.json` when its log says that something has changed, and once a minute.

use super::super::{Site, failure::Failure, view::time::Venue};
use axum::{
    Json,
    extract::{Path, State},
    response::IntoResponse,
};
use http::header;
use model::{EventEntry, Micros};
use serde::Serialize;

/// One sentence above the conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(in crate::site) struct Banner {
    /// `over` or `kept-back`.
    pub(in crate::site) what: &'static str,
    pub(in crate::site) words: String,
}

/// What is said above the conversation of an event; none while it simply goes on.
pub(in crate::site) fn banner(site: &Site, settings: Option<&EventEntry>) -> Option<Banner> {
    let life = &settings?.life;
    if life.is_over() {
        let when = life.ended.map(|ended| format!(" since {}", day(settings, ended))).unwrap_or_default();
        let words = format!("This event is over{when}. Everything that was said stays here to be read.");
        return Some(Banner { what: "over", words });
    }
    site.disk.is_full().then(|| Banner {
        what: "kept-back",
        words: "Posts are being kept back at their networks, because this site has no room for them just now. Nothing is lost; they \
                appear here once there is room again."
            .to_owned(),
    })
}

fn day(settings: Option<&EventEntry>, at: Micros) -> String {
    let venue = Venue::of(settings);
    format!("{} {}", venue.day(at), venue.date(at).year())
}

#[derive(Serialize)]
struct Told {
    is_over: bool,
    is_archived: bool,
    banner: Option<Banner>,
}

/// `GET /{event}/life.json`.
pub(in crate::site) async fn state(
    State(site): State<Site>,
    Path(slug): Path<String>,
) -> Result<impl IntoResponse, Failure> {
    let event = site.event(&slug).await?;
    let fold = event.fold();
    let settings = fold.fold().event.as_ref();
    let life = settings.map(|event| event.life.clone()).unwrap_or_default();
    let told =
        Told { is_over: life.is_over(), is_archived: life.is_archived(), banner: banner(&site, settings) };
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(told)))
}
