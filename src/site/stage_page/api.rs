//! The stage for programs and for the page's own script: `GET` and `POST /api/v1/events/{event}/stage`, behind the door, and the
//! public part of it, `GET /api/v1/events/{event}/now`.

use super::{
    super::{
        Site,
        api::{self, Asked, answer},
        door::Who,
        failure::Failure,
        live_fold::LiveFold,
        post_box::random_key,
        view::{
            now::{RoomNow, now as rooms_now},
            stage::rooms,
        },
    },
    order::{CALLER_KEY_BYTES_MAX, carry_out, told as refusal_told},
    panel::{presses, still_on},
};
use axum::{
    Json,
    body::Bytes,
    extract::{Extension, Path, State},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode, header};
use model::{Micros, Position, TalkId};
use nozzle::intake::{Outcome, Refusal, SetStage};
use serde::{Deserialize, Serialize};
use serde_json::json;

#[derive(Serialize)]
struct Now<'a, R> {
    /// What time it is.
    now: Micros,
    /// How far the log was read.
    position: Option<&'a Position>,
    rooms: Vec<R>,
}

/// A room as its steward sees it.
#[derive(Serialize)]
struct RoomStage {
    #[serde(flatten)]
    room: RoomNow,
    /// What stands of what was pressed in the last hours, the newest first.
    presses: Vec<PressJson>,
    /// A talk that should be over and of which people still write.
    still_on: Option<StillJson>,
}

#[derive(Serialize)]
struct PressJson {
    /// Null is a break.
    talk: Option<TalkId>,
    since: Micros,
}

#[derive(Serialize)]
struct StillJson {
    talk: TalkId,
    posts: usize,
}

/// `GET /api/v1/events/{event}/now`: what is on in each room, what comes next, how late it runs, and all that is known to come.
pub(in crate::site) async fn now(
    State(site): State<Site>,
    Path(slug): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let event = site.event(&slug).await?;
    let fold = event.fold();
    Ok(answer(&headers, &whole(&fold, site.now(), |room| room)))
}

/// `GET /api/v1/events/{event}/stage`: the same for stewards, with what was pressed and what should be asked.
pub(in crate::site) async fn told(
    State(site): State<Site>,
    Path(slug): Path<String>,
) -> Result<Response, Failure> {
    let event = site.event(&slug).await?;
    let (fold, now) = (event.fold(), site.now());
    let stage = whole(&fold, now, |room| RoomStage {
        presses: presses(fold.fold(), &room.slug, now)
            .into_iter()
            .map(|press| PressJson { talk: press.talk.cloned(), since: press.since })
            .collect(),
        still_on: still_on(&fold, &room.slug, now).map(|(talk, posts)| StillJson { talk, posts }),
        room,
    });
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(stage)).into_response())
}

fn whole<R>(fold: &LiveFold, now: Micros, tell: impl Fn(RoomNow) -> R) -> Now<'_, R> {
    let rooms = rooms_now(fold.fold(), fold.timeline(), &rooms(fold.fold()), now);
    Now { now, position: fold.position(), rooms: rooms.into_iter().map(tell).collect() }
}

/// The body of a press.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Press {
    room: String,
    talk: Option<TalkId>,
    #[serde(default)]
    since: Option<Moment>,
    #[serde(default)]
    undo: bool,
}

/// Microseconds since 1970, or `2026-11-20T15:08:00+01:00`.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Moment {
    Micros(Micros),
    Text(String),
}

impl Press {
    fn ask(self) -> Result<SetStage, Refusal> {
        let since = match self.since {
            None => None,
            Some(Moment::Micros(at)) => Some(at),
            Some(Moment::Text(text)) => Some(Micros::parse_rfc3339(&text).map_err(|_| {
                Refusal::Bad(
                    "since is a number of microseconds, or a time such as 2026-11-20T15:08:00Z.".to_owned(),
                )
            })?),
        };
        Ok(SetStage { room: self.room, talk: self.talk, since, undo: self.undo })
    }
}

/// `POST /api/v1/events/{event}/stage` with `{"room", "talk" or null, "since", "undo"}` under an `Idempotency-Key`: 201 when something has
/// changed, 200 when it was so already. `?dry_run=1` tells what would move.
pub(in crate::site) async fn press(
    State(site): State<Site>,
    Extension(who): Extension<Who>,
    Path(slug): Path<String>,
    asked: Asked,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Failure> {
    let event = site.event(&slug).await?;
    let is_dry_run = asked.is_on("dry_run")?;
    let ask = serde_json::from_slice::<Press>(&body)
        .map_err(|error| Refusal::Bad(format!("Send {{\"room\", \"talk\", \"since\"}}: {error}.")))
        .and_then(Press::ask);
    let done = match (ask, key(&headers)) {
        (Ok(ask), Ok(key)) => carry_out(&site, &event, &who, (key, is_dry_run), ask).await,
        (Err(refusal), _) | (_, Err(refusal)) => Err(refusal),
    };
    Ok(match done {
        Ok(outcome) => taken(outcome, is_dry_run),
        Err(refusal) => refused(&refusal),
    })
}

fn taken(outcome: Outcome, is_dry_run: bool) -> Response {
    let is_new = !outcome.is_old && !is_dry_run;
    let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    let Outcome { seq, moves, notes, .. } = outcome;
    let body = json!({"seq": seq, "changed": is_new, "moved": moves.len(), "notes": notes});
    (status, [(header::CACHE_CONTROL, "no-store")], Json(body)).into_response()
}

/// The caller's key, kept apart from those of other ways in; without one, every request is a new one.
fn key(headers: &HeaderMap) -> Result<String, Refusal> {
    let Some(given) = headers.get("idempotency-key") else { return Ok(format!("stage-{}", random_key())) };
    let fits = |key: &&str| !key.is_empty() && key.len() <= CALLER_KEY_BYTES_MAX;
    let given = given.to_str().ok().filter(fits).map(|key| format!("stage-{key}"));
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
