//! The walls for programs and for the page's own script: `GET` and `POST /api/v1/events/{event}/wall`, behind the door.

use super::{
    super::{
        Site, api, door::Who, failure::Failure, post_box::random_key, view::stage::rooms,
        wall::screens::Shows,
    },
    order::{CALLER_KEY_BYTES_MAX, carry_out, told as refusal_told},
    view::{Moment, summary},
};
use axum::{
    Json,
    body::Bytes,
    extract::{Extension, Path, State},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode, header};
use model::{ItemId, Micros, Seq, event::WallSettings};
use nozzle::intake::{Outcome, Refusal, SetWall};
use serde::Serialize;
use serde_json::json;
use std::time::Instant;

#[derive(Serialize)]
struct Told {
    /// The entry that last said something new of the walls; 0 when nobody has.
    seq: Seq,
    /// Its moment.
    at: Micros,
    wall: WallSettings,
    /// "3 of 3 walls are blank after 0.6 s."
    summary: String,
    screens: Vec<ScreenJson>,
}

#[derive(Serialize)]
struct ScreenJson {
    screen: String,
    room: Option<String>,
    shows: Shows,
    posts: Vec<ItemId>,
    /// Whether it has painted what the walls were last told.
    obeys: bool,
    /// How long after that, where it was there already.
    after_seconds: Option<f64>,
    /// Since when it has said nothing.
    silent_seconds: u64,
    is_here: bool,
}

/// `GET /api/v1/events/{event}/wall`: what the walls are to obey, and which of them do.
pub(in crate::site) async fn told(
    State(site): State<Site>,
    Path(slug): Path<String>,
) -> Result<Response, Failure> {
    let event = site.event(&slug).await?;
    let screens = site.walls.screens.of(event.eid, Instant::now());
    let fold = event.fold();
    let wall = fold.fold().event.as_ref().map(|event| event.wall.clone()).unwrap_or_default();
    let moment = Moment { said: fold.wall_said(), speed: site.clock.pace().speed };
    let screen = |screen: &super::super::wall::screens::Screen| ScreenJson {
        screen: screen.id.clone(),
        room: screen.room.clone(),
        shows: screen.shows,
        posts: screen.posts.clone(),
        obeys: moment.is_obeyed(screen),
        after_seconds: moment.after_seconds(screen),
        silent_seconds: screen.silent.as_secs(),
        is_here: screen.is_here(),
    };
    let told = Told {
        seq: moment.said.0,
        at: moment.said.1,
        summary: summary(&wall, &rooms(fold.fold()), &screens, &moment).words,
        screens: screens.iter().map(screen).collect(),
        wall,
    };
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(told)).into_response())
}

/// `POST /api/v1/events/{event}/wall` with `{"room", "blank", "during_talks", "delay_s"}`, each as in [`SetWall`], under an
/// `Idempotency-Key`: 201 when something has changed, 200 when it was so already.
pub(in crate::site) async fn press(
    State(site): State<Site>,
    Extension(who): Extension<Who>,
    Path(slug): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Failure> {
    let event = site.event(&slug).await?;
    let ask = serde_json::from_slice::<SetWall>(&body)
        .map_err(|error| Refusal::Bad(format!("Send {{\"blank\": true}}, for example: {error}.")));
    let done = match (ask, key(&headers)) {
        (Ok(ask), Ok(key)) => carry_out(&site, &event, &who, key, ask).await,
        (Err(refusal), _) | (_, Err(refusal)) => Err(refusal),
    };
    Ok(match done {
        Ok(Outcome { seq, is_old, .. }) => {
            let status = if is_old { StatusCode::OK } else { StatusCode::CREATED };
            let body = json!({"seq": seq, "changed": !is_old});
            (status, [(header::CACHE_CONTROL, "no-store")], Json(body)).into_response()
        }
        Err(refusal) => refused(&refusal),
    })
}

/// The caller's key, kept apart from those of other ways in; without one, every request is a new one.
fn key(headers: &HeaderMap) -> Result<String, Refusal> {
    let Some(given) = headers.get("idempotency-key") else { return Ok(format!("wall-{}", random_key())) };
    let fits = |key: &&str| !key.is_empty() && key.len() <= CALLER_KEY_BYTES_MAX;
    let given = given.to_str().ok().filter(fits).map(|key| format!("wall-{key}"));
    let why = format!("An Idempotency-Key has 1 to {CALLER_KEY_BYTES_MAX} plain characters.");
    given.ok_or(Refusal::Bad(why))
}

fn refused(refusal: &Refusal) -> Response {
    let (status, name, message) = refusal_told(refusal);
    let (Refusal::Later { retry_seconds, .. } | Refusal::Slow { retry_seconds, .. }) = refusal else {
        return api::refused(status, name, &message, None);
    };
    api::refused(status, name, &message, Some(*retry_seconds))
}
