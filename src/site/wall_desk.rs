//! `/admin/{event}/wall`: what operators say of the walls, on a phone, in a hurry. One press takes every wall of the event off; the page then says
//! which of them have done so.
//!
//! Works without a script: every button is one of a form ([`form`]). The script (`templates/static/js/wall_desk.js`) sends the same to the API
//! ([`api`]), sends it again until somebody answers, and draws this page anew while the walls acknowledge. What is shown is worked out in
//! [`view`]; how an order reaches the nozzle is in [`order`].

mod api;
mod form;
mod order;
mod view;

pub(super) use api::{press, told};
pub(super) use form::send;

use super::{
    Site,
    door::Who,
    failure::{Failure, page},
    follow::EventLive,
    post_box::random_key,
    shell::Shell,
    view::{stage::rooms, time::Venue},
    wall::Size,
};
use askama::Template;
use axum::{
    extract::{Extension, Path, Query, State},
    response::IntoResponse,
};
use http::header;
use model::event::{DELAY_SECONDS_MAX, DuringTalks};
use serde::Deserialize;
use std::time::Instant;
use view::{Moment, RoomLine, ScreenLine, Summary, room_lines, screen_lines, summary};

/// Delays that are offered, in seconds.
const DELAYS: [u16; 7] = [0, 5, 10, 20, 30, 60, DELAY_SECONDS_MAX];

/// What the page is asked with.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Asked {
    /// What came of the last press, see [`Said::done`].
    #[serde(default)]
    done: String,
}

#[derive(Template)]
#[template(path = "wall_desk.html")]
struct Desk {
    shell: Shell,
    slug: String,
    place: String,
    hhmm: String,
    key: String,
    form_token: String,
    said: Said,
    is_blank: bool,
    summary: Summary,
    rooms: Vec<RoomLine>,
    screens: Vec<ScreenLine>,
    delay_s: u16,
    delays: Vec<u16>,
    /// Value, words, whether it is so.
    modes: Vec<(&'static str, &'static str, bool)>,
    /// How far away the usual and the largest size are read on a screen of 3 m, in metres.
    reach_m: (f64, f64),
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
            "blank" => "Blank. The list below says which walls have done it.",
            "shown" => "Walls show again.",
            "set" => "Set. Walls obey at once.",
            "same" => "That was so already; nothing had to change.",
            _ => "",
        };
        Self { words: words.to_owned(), is_wrong: false }
    }

    fn wrong(words: String) -> Self {
        Self { words, is_wrong: true }
    }
}

/// `GET /admin/{event}/wall`.
pub(super) async fn show(
    State(site): State<Site>,
    Extension(who): Extension<Who>,
    Path(slug): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<impl IntoResponse, Failure> {
    let event = site.event(&slug).await?;
    let drawn = draw(&site, &who, &event, Said::done(&asked.done));
    Ok(([(header::CACHE_CONTROL, "no-store")], page(&drawn)?))
}

fn draw(site: &Site, who: &Who, event: &EventLive, said: Said) -> Desk {
    let screens = site.walls.screens.of(event.eid, Instant::now());
    let (listed, fold) = (event.listed(), event.fold());
    let settings = fold.fold().event.as_ref();
    let (venue, rooms) = (Venue::of(settings), rooms(fold.fold()));
    let wall = settings.map(|event| event.wall.clone()).unwrap_or_default();
    let moment = Moment { said: fold.wall_said(), speed: site.clock.pace().speed };
    let mut delays = DELAYS.to_vec();
    if !delays.contains(&wall.delay_s) {
        delays.push(wall.delay_s);
        delays.sort_unstable();
    }
    let mode = |mode: DuringTalks, words| (mode.name(), words, wall.during_talks == mode);
    Desk {
        shell: Shell::of(&listed, settings, "Walls", "", ("walls", "Skip to the walls")),
        place: venue.place.clone(),
        hhmm: venue.hhmm(site.now()),
        key: random_key(),
        form_token: who.form_token().to_owned(),
        said,
        is_blank: wall.blank.all,
        summary: summary(&wall, &rooms, &screens, &moment),
        rooms: room_lines(&wall, &rooms, &screens, &listed.slug),
        screens: screen_lines(&wall, &rooms, &screens, &moment, &venue),
        delay_s: wall.delay_s,
        delays,
        modes: vec![
            mode(DuringTalks::All, "All posts about the talk"),
            mode(DuringTalks::Questions, "Questions only"),
            mode(DuringTalks::Off, "No posts"),
        ],
        reach_m: (Size::usual().read_from(3.0), Size::largest().read_from(3.0)),
        slug: listed.slug,
    }
}
