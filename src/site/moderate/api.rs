//! Moderation for programs and for the page's own script: `GET` and `POST /api/v1/events/{event}/moderate`, behind the door; no CORS.

use super::order::{Done, Press, carry_out, told as refusal_told};
use crate::site::{Site, api, door::Who, failure::Failure, post_box::random_key};
use axum::{
    Json,
    body::Bytes,
    extract::{Extension, Path, State},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode, header};
use model::ItemId;
use nozzle::intake::{AuthorStanding, Judgement, KEY_BYTES_MAX, Look, Refusal, SetAuthor, Tab};
use serde::Deserialize;
use serde_json::{Value, json};

/// What is asked for: a decision about posts, or what holds for an author.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    #[serde(default)]
    ids: Vec<ItemId>,
    #[serde(default)]
    decision: Option<Judgement>,
    #[serde(default)]
    author: Option<String>,
    #[serde(default)]
    standing: Option<AuthorStanding>,
}

/// `GET /api/v1/events/{event}/moderate?tab=&author=&rule=&after=`: a pile, at most 100 posts of it, and how much there is of each.
pub(in crate::site) async fn told(
    State(site): State<Site>,
    Path(slug): Path<String>,
    query: api::Asked,
) -> Result<Response, Failure> {
    let event = site.event(&slug).await?;
    Ok(match site.intake.bench(event.eid, look(&query)?).await {
        Ok(bench) => ([(header::CACHE_CONTROL, "no-store")], Json(bench)).into_response(),
        Err(refusal) => refused(&refusal),
    })
}

fn look(query: &api::Asked) -> Result<Look, Failure> {
    let tab = match query.one("tab")? {
        None => Tab::default(),
        Some(name) => Tab::ALL
            .into_iter()
            .find(|tab| tab.name() == name)
            .ok_or(Failure::Parameter { name: "tab", why: "It is held, reported, shown or hidden." })?,
    };
    let after = match query.one("after")? {
        None => None,
        Some(_) => Some(i64::try_from(query.seq("after")?).unwrap_or(i64::MAX)),
    };
    let words = |name| Ok::<_, Failure>(query.one(name)?.filter(|text| !text.is_empty()).map(str::to_owned));
    Ok(Look { tab, after, author: words("author")?, rule: words("rule")?, max: None })
}

/// `POST /api/v1/events/{event}/moderate` with `{"ids", "decision"}` or `{"author", "standing"}`. An `Idempotency-Key` makes asking again safe.
/// 201 when something has changed, 200 when it was so already; `back` holds the requests that take it back, in their order.
pub(in crate::site) async fn decide(
    State(site): State<Site>,
    Extension(who): Extension<Who>,
    Path(slug): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Failure> {
    let event = site.event(&slug).await?;
    let body = serde_json::from_slice::<Body>(&body)
        .map_err(|error| Refusal::Bad(format!("Send {{\"ids\", \"decision\"}}: {error}.")));
    let asked = body.and_then(|body| Ok((key(&headers)?, press(body)?)));
    let done = match asked {
        Ok((key, press)) => carry_out(&site, &event, &who, &key, press).await,
        Err(refusal) => Err(refusal),
    };
    Ok(match done {
        Ok(done) => {
            let status = if done.is_changed { StatusCode::CREATED } else { StatusCode::OK };
            (status, [(header::CACHE_CONTROL, "no-store")], Json(answer(&done))).into_response()
        }
        Err(refusal) => refused(&refusal),
    })
}

fn press(body: Body) -> Result<Press, Refusal> {
    match body {
        Body { ids, decision: Some(decision), author: None, standing: None } => {
            Ok(Press::Posts(decision, ids))
        }
        Body { ids, decision: None, author: Some(author), standing: Some(standing) } if ids.is_empty() => {
            Ok(Press::Author(SetAuthor { author, standing }))
        }
        _ => Err(Refusal::Bad("Send ids with a decision, or an author with a standing.".to_owned())),
    }
}

/// The caller's key, kept apart from those of other ways in; without one, every request is a new one.
fn key(headers: &HeaderMap) -> Result<String, Refusal> {
    let Some(given) = headers.get("idempotency-key") else { return Ok(format!("moderate-{}", random_key())) };
    let fits = |key: &&str| !key.is_empty() && key.len() <= KEY_BYTES_MAX / 2;
    let given = given.to_str().ok().filter(fits);
    let bad = || Refusal::Bad(format!("An Idempotency-Key has 1 to {} plain characters.", KEY_BYTES_MAX / 2));
    given.map(|key| format!("moderate-{key}")).ok_or_else(bad)
}

fn answer(done: &Done) -> Value {
    let back: Vec<Value> = done.back.iter().flat_map(told_back).collect();
    json!({"seq": done.seq, "changed": done.is_changed, "notes": done.notes, "back": back})
}

fn told_back(press: &Press) -> Vec<Value> {
    match press {
        Press::Posts(decision, ids) => vec![json!({"ids": ids, "decision": decision})],
        Press::Author(ask) => vec![json!({"author": ask.author, "standing": ask.standing})],
        Press::Back(all) => all.iter().flat_map(told_back).collect(),
    }
}

fn refused(refusal: &Refusal) -> Response {
    let (status, name, message) = refusal_told(refusal);
    let (Refusal::Later { retry_seconds, .. } | Refusal::Slow { retry_seconds, .. }) = refusal else {
        return api::refused(status, name, &message, None);
    };
    api::refused(status, name, &message, Some(*retry_seconds))
}
