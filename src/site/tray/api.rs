//! The tray for programs and for its own page's script: `GET /api/v1/events/{event}/unsorted?after=` and
//! `POST /api/v1/events/{event}/file`. Both behind the door; no CORS.

use super::super::{
    Site, api,
    door::Who,
    failure::Failure,
    follow::EventLive,
    post_box::random_key,
    view::{item::answered, stage::rooms, time::Venue},
};
use super::{
    asked::Asked,
    order::{Done, Target, carry_out, told},
    pile::{Desk, Group, Sheet, groups, pile, sorted},
};
use axum::{
    Json,
    body::Bytes,
    extract::{Extension, Path, Query, State},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, header};
use model::{Filing, Item, Micros, Position, Row, Seq, public::PublicItem};
use nozzle::intake::{FileItems, KEY_BYTES_MAX, Refusal};
use serde::Serialize;
use serde_json::json;

/// Posts of one answer.
const ITEMS_MAX: usize = 200;

/// A post that waits, with all that is known about where it may belong.
#[derive(Serialize)]
struct Waiting<'a> {
    #[serde(flatten)]
    sheet: Sheet,
    /// The moment under which it stands on the live page.
    at: Micros,
    item: PublicItem<'a>,
    filing: &'a Filing,
    /// What it answers, where that is at hand.
    context: Option<Context>,
}

#[derive(Serialize)]
struct Context {
    name: String,
    words: String,
}

#[derive(Serialize)]
struct Unsorted<'a> {
    /// How far the log was read.
    position: Option<&'a Position>,
    after: Seq,
    /// Where to go on.
    next: Seq,
    /// How many wait in all, of those asked for.
    waiting: usize,
    /// How many of the newest posts are filed to a talk.
    filed: usize,
    items: Vec<Waiting<'a>>,
    /// Suggestions for one talk that can be accepted together.
    groups: Vec<Group>,
}

/// `GET /api/v1/events/{event}/unsorted?after=SEQ`: posts that wait for a person and changed behind a seq, in the order of that
/// change, at most 200. Takes the filters of the page, too.
pub(in crate::site) async fn unsorted(
    State(site): State<Site>,
    Path(slug): Path<String>,
    Query(asked): Query<Asked>,
    query: api::Asked,
) -> Result<Response, Failure> {
    let event = site.event(&slug).await?;
    let mut response = list(&event, &asked, query.seq("after")?);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

fn list(event: &EventLive, asked: &Asked, after: Seq) -> Response {
    let fold = event.fold();
    let folded = fold.fold();
    let venue = Venue::of(folded.event.as_ref());
    let rooms = rooms(folded);
    let desk = Desk { talks: &folded.talks, rooms: &rooms, stage: fold.timeline(), venue: &venue };
    let rows = pile(&fold, &asked.filter(&venue));
    let mut changed: Vec<&Row> = rows.iter().copied().filter(|row| row.touched > after).collect();
    changed.sort_by_key(|row| row.touched);
    let is_full = changed.len() > ITEMS_MAX;
    // Several posts may have been filed by one entry: a page never ends between them.
    let last = changed.get(ITEMS_MAX - 1).map_or(0, |row| row.touched);
    let is_in = |row: &&Row| !is_full || row.touched <= last;
    let items: Vec<Waiting<'_>> = changed
        .iter()
        .copied()
        .filter(is_in)
        .filter_map(|row| {
            let (item, filing): (&Item, &Filing) = super::pile::shown(row)?;
            let of = item.reply_to.and_then(|id| fold.row(id)).and_then(|row| row.item.as_ref());
            let context = of.map(answered).map(|of| Context { name: of.name, words: of.words });
            Some(Waiting {
                sheet: desk.sheet(row)?,
                at: fold.moment(row),
                item: item.into(),
                filing,
                context,
            })
        })
        .collect();
    let top = fold.position().map_or(after, |position| position.seq);
    let next = if is_full { last } else { top.max(after) };
    let (filed, _) = sorted(&fold);
    let groups = groups(&rows, &folded.talks);
    Json(Unsorted { position: fold.position(), after, next, waiting: rows.len(), filed, items, groups })
        .into_response()
}

/// `POST /api/v1/events/{event}/file` with `{"ids", "talk", "event", "rule"}`, as the nozzle takes it. An `Idempotency-Key` makes asking
/// again safe. Answers how many were moved, how many others the rules
/// filed anew after them, and, as `before`, the requests that take it back.
pub(in crate::site) async fn file(
    State(site): State<Site>,
    Extension(who): Extension<Who>,
    Path(slug): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Failure> {
    let event = site.event(&slug).await?;
    let asked = serde_json::from_slice::<FileItems>(&body)
        .map_err(|error| Refusal::Bad(format!("Send {{\"ids\", \"talk\"}}: {error}.")));
    let asked = asked.and_then(|asked| Ok((key(&headers)?, target(&asked)?, asked.ids)));
    let done = match asked {
        Ok((key, target, ids)) => carry_out(&site, &event, &who, &key, [(target, ids)].into()).await,
        Err(refusal) => Err(refusal),
    };
    Ok(match done {
        Ok(done) => Json(answer(done)).into_response(),
        Err(refusal) => refused(&refusal),
    })
}

fn target(asked: &FileItems) -> Result<Target, Refusal> {
    match (&asked.talk, asked.event, asked.rule) {
        (Some(talk), false, false) => Ok(Target::Talk(talk.clone())),
        (None, true, false) => Ok(Target::Event),
        (None, false, true) => Ok(Target::Rule),
        (None, false, false) => Ok(Target::None),
        _ => Err(Refusal::Bad("Say one of talk, event and rule, not several.".to_owned())),
    }
}

/// The caller's key, kept apart from those of other ways in; without one, every request is a new one.
fn key(headers: &HeaderMap) -> Result<String, Refusal> {
    let Some(given) = headers.get("idempotency-key") else { return Ok(format!("tray-{}", random_key())) };
    let fits = |key: &&str| !key.is_empty() && key.len() <= KEY_BYTES_MAX / 2;
    let given = given.to_str().ok().filter(fits);
    let bad = || Refusal::Bad(format!("An Idempotency-Key has 1 to {} plain characters.", KEY_BYTES_MAX / 2));
    given.map(|key| format!("tray-{key}")).ok_or_else(bad)
}

fn answer(done: Done) -> serde_json::Value {
    let before: Vec<FileItems> = done.before.into_iter().map(|(target, ids)| target.ask(ids)).collect();
    json!({"seq": done.seq, "moved": done.moved, "followed": done.followed, "before": before})
}

fn refused(refusal: &Refusal) -> Response {
    let (status, name, message) = told(refusal);
    let (Refusal::Later { retry_seconds, .. } | Refusal::Slow { retry_seconds, .. }) = refusal else {
        return api::refused(status, name, &message, None);
    };
    api::refused(status, name, &message, Some(*retry_seconds))
}
