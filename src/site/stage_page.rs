//! `/admin/{event}/stage`: what is really on, said by a steward with one thumb, in the dark, on a phone that loses its network.
//!
//! Works without a script: every button is one of one form ([`form`]). The script (`templates/static/js/steward.js`) sends the same to the
//! API ([`api`]), keeps what cannot be sent with its own time, and draws this page's rooms anew when the log says that something
//! has changed. What a steward sees of a room is worked out in [`panel`]; how a press reaches the nozzle, in [`order`].

mod api;
mod form;
mod order;
mod panel;

pub(super) use api::{now, press, told};
pub(super) use form::send;

use super::{
    Site,
    door::Who,
    failure::{Failure, page},
    follow::EventLive,
    live_fold::LiveFold,
    post_box::random_key,
    shell::Shell,
    view::{stage::rooms, start::Start, time::Venue},
};
use askama::Template;
use axum::{
    extract::{Extension, Path, Query, State},
    response::IntoResponse,
};
use http::header;
use model::Micros;
use panel::{Elsewhere, Panel, elsewhere, panels};
use serde::Deserialize;

/// What the page is asked with.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Asked {
    /// The room that the steward stands in.
    #[serde(default)]
    room: String,
    /// What came of the last press, see [`Said::done`].
    #[serde(default)]
    done: String,
}

#[derive(Template)]
#[template(path = "stage.html")]
struct StagePage {
    shell: Shell,
    slug: String,
    place: String,
    hhmm: String,
    /// Of the room that is shown.
    room: String,
    key: String,
    form_token: String,
    said: Said,
    nothing: Option<Nothing>,
    panels: Vec<Panel>,
    elsewhere: Vec<Elsewhere>,
    /// What the script starts from.
    data: Start,
}

/// What became of the last press.
#[derive(Clone, Debug, Default)]
struct Said {
    words: String,
    is_wrong: bool,
}

impl Said {
    fn done(done: &str) -> Self {
        let words = match done {
            "pressed" => "Done. Everybody sees it.",
            "same" => "That was so already; nothing had to change.",
            "undone" => "Taken back.",
            _ => "",
        };
        Self { words: words.to_owned(), is_wrong: false }
    }

    fn wrong(words: String) -> Self {
        Self { words, is_wrong: true }
    }
}

/// Why there is nothing to press, and what to do.
#[derive(Clone, Debug)]
struct Nothing {
    head: &'static str,
    text: String,
}

/// `GET /admin/{event}/stage?room=`.
pub(super) async fn show(
    State(site): State<Site>,
    Extension(who): Extension<Who>,
    Path(slug): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<impl IntoResponse, Failure> {
    let event = site.event(&slug).await?;
    let said = Said::done(&asked.done);
    Ok(([(header::CACHE_CONTROL, "no-store")], page(&draw(&site, &who, &event, &asked.room, said))?))
}

fn draw(site: &Site, who: &Who, event: &EventLive, room: &str, said: Said) -> StagePage {
    let (listed, fold) = (event.listed(), event.fold());
    let settings = fold.fold().event.as_ref();
    let venue = Venue::of(settings);
    let (now, live_url) = (site.now(), site.settings.live_url.as_ref());
    let rooms = rooms(fold.fold());
    let room = rooms.iter().find(|known| known.slug == room).or(rooms.first());
    let room = room.map_or_else(String::new, |room| room.slug.clone());
    let nothing = nothing(&fold, rooms.is_empty());
    let panels = if nothing.is_some() { Vec::new() } else { panels(&fold, &rooms, &room, &venue, now) };
    StagePage {
        shell: Shell::of(&listed, settings, "Stage", "", ("rooms", "Skip to the room")),
        place: venue.place.clone(),
        hhmm: venue.hhmm(now),
        key: random_key(),
        form_token: who.form_token().to_owned(),
        said,
        nothing,
        elsewhere: elsewhere(&fold, &rooms, &venue, now),
        panels,
        data: Start::new(&listed.slug, fold.position(), &venue, site.clock.pace(), live_url),
        room,
        slug: listed.slug,
    }
}

fn nothing(fold: &LiveFold, has_no_room: bool) -> Option<Nothing> {
    if has_no_room {
        let text = "Name the rooms in event.toml ([[room]] name = \u{201c}Main hall\u{201d}) and apply it: perihelion event apply event.toml. \
                    Rooms of a schedule appear here by themselves.";
        return Some(Nothing { head: "This event has no rooms yet.", text: text.to_owned() });
    }
    let has_talks = fold.fold().talks.values().any(|talk| !talk.dropped);
    let slug = fold.fold().event.as_ref().map_or("EVENT", |event| &event.slug);
    (!has_talks).then(|| Nothing {
        head: "This event has no schedule yet.",
        text: format!(
            "Import one, and its talks can be pressed here: perihelion schedule import {slug} schedule.json"
        ),
    })
}

/// A day at a conference ends this long after midnight, in microseconds.
const NIGHT: i64 = 5 * Micros::HOUR;
