//! The intake over HTTP, for the site, the strainer and the command line when they are other processes.
//!
//! ```text
//! POST /intake/{eid}/{say|unsay|limit|decide|file|stage|notice|wall|moderate|author|report|life}   JSON
//! POST /intake/{eid}/schedule                         a schedule file as it is
//! POST /intake/{eid}/handles                          a CSV of talks and their speakers' handles as it is
//! POST /intake/{eid}/event                            an event.toml as it is
//! POST /intake/{eid}/edit                             {"text","revision"}: the same, only while that revision is in force
//! POST /intake/{eid}/probe                            {"text","source"}: tries a source (see `Probed`)
//! GET  /intake/{eid}/lines?after=&max=                {"epoch","base","top","line","after","lines":[entry, ...]}
//! GET  /intake/{eid}/held?after=&max=                 [post, ...]: what is held or hidden, by id (see `Waiting`)
//! GET  /intake/{eid}/bench?tab=&after=&author=&rule=  what moderators look at (see `Bench`)
//! GET  /intake/{eid}/codes                            {"secret"}: what removal codes are made with
//! GET  /intake/{eid}/receipts?id=&before=&max=        [receipt, ...]: the newest first (see `live::receipts`)
//! GET  /intake/{eid}/sources                          how sources are doing (see `SourcesReport`)
//! GET  /intake/{eid}/settings                         {"revision","text"}: the event.toml that is in force
//! ```
//! With `Authorization: Bearer`, and on POST `Idempotency-Key` and `X-Actor: role:name`.

mod moderating;
mod setting;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use chassis::Secret;
use http::{HeaderMap, StatusCode, header};
use http_body_util::{BodyExt, Limited};
use metrics::counter;
use model::{EventId, ItemId, Seq};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::{
    Actor, Ask, BODY_BYTES_MAX, HANDLES_BYTES_MAX, Intake, KEY_BYTES_MAX, Order, Outcome, ReceiptsAsked,
    Refusal, WAITING_MAX,
};
use crate::metrics as names;

/// The routes of the intake, in front of `intake`.
pub fn router(intake: Arc<dyn Intake>, token: &Secret<String>) -> Router {
    let door = Door { intake, token: Sha256::digest(token.expose().as_bytes()).into() };
    Router::new()
        .route("/intake/{eid}/lines", get(lines))
        .route("/intake/{eid}/held", get(held))
        .route("/intake/{eid}/bench", get(moderating::bench))
        .route("/intake/{eid}/codes", get(moderating::codes))
        .route("/intake/{eid}/receipts", get(receipts))
        .route("/intake/{eid}/sources", get(sources))
        .route("/intake/{eid}/settings", get(setting::settings))
        .route("/intake/{eid}/probe", post(setting::probe))
        .route("/intake/{eid}/{verb}", post(order))
        .with_state(Arc::new(door))
}

struct Door {
    intake: Arc<dyn Intake>,
    /// SHA-256 of the token: comparing digests takes the same time whatever is shown, its length included.
    token: [u8; 32],
}

impl Door {
    fn lets_in(&self, headers: &HeaderMap) -> bool {
        let shown = headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok()?.strip_prefix("Bearer "));
        let shown: [u8; 32] = Sha256::digest(shown.unwrap_or_default().as_bytes()).into();
        bool::from(shown.ct_eq(&self.token))
    }
}

#[derive(Deserialize)]
struct OrderQuery {
    dry_run: Option<u8>,
}

async fn order(
    State(door): State<Arc<Door>>,
    Path((eid, verb)): Path<(String, String)>,
    Query(query): Query<OrderQuery>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let said = take(&door, &eid, &verb, query.dry_run == Some(1), &headers, body).await;
    let response = match said {
        Ok(outcome) => {
            let status = if outcome.is_old { StatusCode::OK } else { StatusCode::CREATED };
            (status, axum::Json(outcome)).into_response()
        }
        Err(said) => said.into_response(),
    };
    counter!(names::INTAKE, "status" => response.status().as_str().to_owned()).increment(1);
    response
}

async fn take(
    door: &Door,
    eid: &str,
    verb: &str,
    is_dry_run: bool,
    headers: &HeaderMap,
    body: Body,
) -> Result<Outcome, NotTaken> {
    if !door.lets_in(headers) {
        return Err(NotTaken::Stranger);
    }
    let eid = event_id(eid)?;
    let text = |name: &str| headers.get(name).and_then(|v| v.to_str().ok());
    let key = text("idempotency-key").filter(|k| !k.is_empty() && k.len() <= KEY_BYTES_MAX);
    let key = key.ok_or_else(|| {
        Refusal::bad(format!("Idempotency-Key is missing or longer than {KEY_BYTES_MAX} bytes"))
    })?;
    let actor: Actor = text("x-actor").unwrap_or_default().parse()?;
    let bytes_max = match verb {
        "schedule" => model::schedule::FILE_BYTES_MAX,
        "handles" => HANDLES_BYTES_MAX,
        "edit" => setting::JSON_BYTES_MAX,
        _ => BODY_BYTES_MAX,
    };
    let body = Limited::new(body, bytes_max).collect().await.map_err(|e| {
        if e.is::<http_body_util::LengthLimitError>() { NotTaken::TooLarge(bytes_max) } else { NotTaken::Cut }
    })?;
    let ask = ask(verb, &body.to_bytes())?;
    let order = Order { ask, key: key.to_owned(), actor, is_dry_run };
    let mut outcome = door.intake.ask(eid, order).await?;
    outcome.is_old |= is_dry_run;
    Ok(outcome)
}

fn ask(verb: &str, body: &[u8]) -> Result<Ask, NotTaken> {
    Ok(match verb {
        "say" => Ask::Say(json_body(body)?),
        "unsay" => Ask::Unsay(json_body(body)?),
        "limit" => Ask::Limit(json_body(body)?),
        "decide" => Ask::Decide(json_body(body)?),
        "file" => Ask::File(json_body(body)?),
        "stage" => Ask::Stage(json_body(body)?),
        "notice" => Ask::Notice(json_body(body)?),
        "wall" => Ask::Wall(json_body(body)?),
        "edit" => Ask::Edit(json_body(body)?),
        "moderate" => Ask::Moderate(json_body(body)?),
        "author" => Ask::Author(json_body(body)?),
        "report" => Ask::Report(json_body(body)?),
        "life" => Ask::Life(json_body(body)?),
        "schedule" => Ask::Schedule(body.to_vec()),
        "handles" => Ask::Handles(body.to_vec()),
        "event" => {
            Ask::Event(String::from_utf8(body.to_vec()).map_err(|_| Refusal::bad("event.toml is not UTF-8"))?)
        }
        _ => return Err(NotTaken::NoVerb),
    })
}

/// The order that a verb and a body stand for, as `POST /intake/{eid}/{verb}` takes them: for whoever kept an order to give it later.
///
/// # Errors
/// [`Refusal::Bad`] with what cannot be read.
pub fn parse_ask(verb: &str, body: &[u8]) -> Result<Ask, Refusal> {
    ask(verb, body).map_err(|not_taken| match not_taken {
        NotTaken::Refused(refusal) => refusal,
        _ => Refusal::bad("there is no such verb"),
    })
}

fn json_body<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body).map_err(|e| Refusal::bad(format!("the body cannot be read: {e}")))
}

fn event_id(text: &str) -> Result<EventId, Refusal> {
    text.parse().map_err(|e| Refusal::bad(format!("{e}")))
}

#[derive(Deserialize)]
struct LinesQuery {
    #[serde(default)]
    after: Seq,
    max: Option<usize>,
}

async fn lines(
    State(door): State<Arc<Door>>,
    Path(eid): Path<String>,
    Query(query): Query<LinesQuery>,
    headers: HeaderMap,
) -> Response {
    match read(&door, &eid, &query, &headers).await {
        Ok(json) => ([(header::CONTENT_TYPE, "application/json; charset=utf-8")], json).into_response(),
        Err(said) => said.into_response(),
    }
}

#[derive(Deserialize)]
struct HeldQuery {
    after: Option<String>,
    max: Option<usize>,
}

async fn held(
    State(door): State<Arc<Door>>,
    Path(eid): Path<String>,
    Query(query): Query<HeldQuery>,
    headers: HeaderMap,
) -> Response {
    let read = async {
        if !door.lets_in(&headers) {
            return Err(NotTaken::Stranger);
        }
        let after = query.after.filter(|id| !id.is_empty()).map(|id| id.parse::<ItemId>()).transpose();
        let after = after.map_err(|e| Refusal::bad(format!("after: {e}")))?;
        Ok(door.intake.held(event_id(&eid)?, after, query.max.unwrap_or(WAITING_MAX)).await?)
    };
    match read.await {
        Ok(posts) => axum::Json(posts).into_response(),
        Err(said) => said.into_response(),
    }
}

async fn receipts(
    State(door): State<Arc<Door>>,
    Path(eid): Path<String>,
    Query(asked): Query<ReceiptsAsked>,
    headers: HeaderMap,
) -> Response {
    let read = async {
        if !door.lets_in(&headers) {
            return Err(NotTaken::Stranger);
        }
        Ok(door.intake.receipts(event_id(&eid)?, &asked).await?)
    };
    match read.await {
        Ok(receipts) => axum::Json(receipts).into_response(),
        Err(said) => said.into_response(),
    }
}

async fn sources(State(door): State<Arc<Door>>, Path(eid): Path<String>, headers: HeaderMap) -> Response {
    let read = async {
        if !door.lets_in(&headers) {
            return Err(NotTaken::Stranger);
        }
        Ok(door.intake.sources(event_id(&eid)?).await?)
    };
    match read.await {
        Ok(report) => axum::Json(report).into_response(),
        Err(said) => said.into_response(),
    }
}

async fn read(door: &Door, eid: &str, query: &LinesQuery, headers: &HeaderMap) -> Result<String, NotTaken> {
    if !door.lets_in(headers) {
        return Err(NotTaken::Stranger);
    }
    let page = door.intake.lines(event_id(eid)?, query.after, query.max.unwrap_or(live::LINES_MAX)).await?;
    let corrupt = |_| Refusal::Failed("The ledger holds a line that cannot be read.".to_owned());
    let lines: Vec<&RawValue> = page
        .lines
        .iter()
        .map(|line| serde_json::from_slice(&line.json))
        .collect::<Result<_, _>>()
        .map_err(corrupt)?;
    let answer = LinesAnswer {
        epoch: &page.head.epoch,
        base: page.head.base,
        top: page.head.top,
        line: &page.head.line,
        after: page.after,
        lines,
    };
    serde_json::to_string(&answer).map_err(|e| corrupt(e).into())
}

#[derive(serde::Serialize)]
struct LinesAnswer<'a> {
    epoch: &'a model::Epoch,
    base: Seq,
    top: Seq,
    line: &'a live::follow::Line,
    after: Seq,
    lines: Vec<&'a RawValue>,
}

/// Why a request was not taken, as HTTP says it.
enum NotTaken {
    Stranger,
    NoVerb,
    TooLarge(usize),
    Cut,
    Refused(Refusal),
}

impl From<Refusal> for NotTaken {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl IntoResponse for NotTaken {
    fn into_response(self) -> Response {
        let plain = |status, error: &str, message: String| {
            (status, axum::Json(json!({"error": error, "message": message}))).into_response()
        };
        match self {
            Self::Stranger => {
                let message = "Show the intake's token: Authorization: Bearer ...".to_owned();
                let challenge = [(header::WWW_AUTHENTICATE, "Bearer")];
                (challenge, plain(StatusCode::UNAUTHORIZED, "unauthorized", message)).into_response()
            }
            Self::NoVerb => plain(StatusCode::NOT_FOUND, "not_found", "There is no such verb.".to_owned()),
            Self::Cut => plain(StatusCode::BAD_REQUEST, "cut", "The body broke off.".to_owned()),
            Self::TooLarge(max) => plain(
                StatusCode::PAYLOAD_TOO_LARGE,
                "too_large",
                format!("The body has at most {max} bytes."),
            ),
            Self::Refused(Refusal::Bad(why)) => plain(StatusCode::BAD_REQUEST, "bad_request", why),
            Self::Refused(Refusal::Unknown(why)) => plain(StatusCode::NOT_FOUND, "not_found", why),
            Self::Refused(Refusal::Failed(why)) => plain(StatusCode::INTERNAL_SERVER_ERROR, "failed", why),
            Self::Refused(Refusal::Conflict { why, state }) => {
                let body = json!({"error": "conflict", "message": why, "state": state});
                (StatusCode::CONFLICT, axum::Json(body)).into_response()
            }
            Self::Refused(Refusal::Forbidden(why)) => plain(StatusCode::FORBIDDEN, "forbidden", why),
            Self::Refused(Refusal::Reused(why)) => plain(StatusCode::UNPROCESSABLE_ENTITY, "key_reused", why),
            Self::Refused(Refusal::Slow { why, retry_seconds }) => {
                let wait = [(header::RETRY_AFTER, retry_seconds.to_string())];
                (wait, plain(StatusCode::TOO_MANY_REQUESTS, "slow", why)).into_response()
            }
            Self::Refused(Refusal::Later { why, retry_seconds }) => {
                let wait = [(header::RETRY_AFTER, retry_seconds.to_string())];
                (wait, plain(StatusCode::SERVICE_UNAVAILABLE, "later", why)).into_response()
            }
        }
    }
}
