//! `POST /admin/{event}/life` and `POST /admin/{event}/delete`: from a press to the nozzle and back, with a line in the audit log and the
//! order that takes it back, where there is one. Nothing takes a deletion back.

use super::super::{
    Site,
    audit::{Undo, What},
    door::Who,
    failure::{Failure, page},
    follow::EventLive,
    people::Typed,
    post_box::follows,
    view::time::Venue,
};
use super::page::{Said, draw};
use axum::{
    body::Bytes,
    extract::{Extension, Path, State},
    response::{IntoResponse, Redirect, Response},
};
use http::{StatusCode, header};
use model::EventEntry;
use nozzle::intake::{Ask, Order, Outcome, Refusal, SetLife};
use sha2::{Digest, Sha256};
use std::{sync::Arc, time::Duration};
use tokio::time::{sleep, timeout};

/// How long an answer waits until the site knows the new list of events.
const LISTED_WAIT: Duration = Duration::from_secs(5);
const LISTED_EVERY: Duration = Duration::from_millis(50);

/// A press: what is asked for, its word in the address of the answer, and what the audit log says of it.
struct Press {
    ask: SetLife,
    done: &'static str,
    sentence: String,
    undo: Option<SetLife>,
}

impl Press {
    fn of(typed: &Typed, settings: Option<&EventEntry>) -> Result<Self, &'static str> {
        let press = |ask, done, sentence: &str, undo| Self { ask, done, sentence: sentence.to_owned(), undo };
        Ok(match typed.one("act") {
            "end" => press(SetLife::End { at: None }, "end", "The event is over.", Some(SetLife::Reopen {})),
            "plan" => {
                let at = Venue::of(settings).moment(typed.one("at"));
                let at = at.ok_or("Write the moment of the end as day and time.")?;
                press(SetLife::End { at: Some(at) }, "plan", "An end was set.", Some(SetLife::Reopen {}))
            }
            "reopen" => press(SetLife::Reopen {}, "reopen", "The event goes on.", None),
            "archive" => press(
                SetLife::Archive {},
                "archive",
                "The event can only be read any more.",
                Some(SetLife::Reopen {}),
            ),
            "rename" => {
                let old = settings.map(|event| event.slug.clone()).unwrap_or_default();
                let slug = typed.one("slug").to_owned();
                let sentence = format!("It was at /{old} and is at /{slug} now.");
                press(SetLife::Rename { slug }, "rename", &sentence, Some(SetLife::Rename { slug: old }))
            }
            _ => return Err("Press one of the buttons. Nothing was changed."),
        })
    }
}

/// `POST /admin/{event}/life`.
pub(in crate::site) async fn send(
    State(site): State<Site>,
    Extension(who): Extension<Who>,
    Path(slug): Path<String>,
    body: Bytes,
) -> Result<Response, Failure> {
    let event = site.event(&slug).await?;
    let typed = Typed::read(&body);
    let settings = event.fold().fold().event.clone();
    let press = match Press::of(&typed, settings.as_ref()) {
        Ok(press) => press,
        Err(words) => return refused(&site, &who, &event, StatusCode::BAD_REQUEST, words.to_owned()),
    };
    match carry_out(&site, &event, &who, &typed, press.ask.clone()).await {
        Err(refusal) => {
            let (status, words) = told(&refusal);
            refused(&site, &who, &event, status, words)
        }
        Ok(outcome) => {
            follows(&event, outcome.seq).await;
            if outcome.is_old {
                return Ok(back(&event.listed().slug, "same"));
            }
            let undo = press.undo.as_ref().and_then(|undo| Undo::order("life", undo));
            site.audit(&who, Some(event.eid), What::new(press.done, &slug, press.sentence), undo);
            if let SetLife::Rename { slug } = &press.ask {
                until(|| async { event.listed().slug == *slug }, &site).await;
            }
            Ok(back(&event.listed().slug, press.done))
        }
    }
}

/// `POST /admin/{event}/delete`: owners only.
pub(in crate::site) async fn delete(
    State(site): State<Site>,
    Extension(who): Extension<Who>,
    Path(slug): Path<String>,
    body: Bytes,
) -> Result<Response, Failure> {
    let event = site.event(&slug).await?;
    let typed = Typed::read(&body);
    let ask = SetLife::Delete { slug: typed.one("slug").to_owned() };
    match carry_out(&site, &event, &who, &typed, ask).await {
        Err(refusal) => {
            let (status, words) = told(&refusal);
            refused(&site, &who, &event, status, words)
        }
        Ok(_) => {
            site.audit(
                &who,
                Some(event.eid),
                What::new("delete", &slug, "All of it was deleted, for good."),
                None,
            );
            until(|| async { site.events.known(&slug).is_none_or(|known| known.eid != event.eid) }, &site)
                .await;
            Ok(Redirect::to("/admin").into_response())
        }
    }
}

/// Waits until the list of events says so; a list that is late shows it a little later.
async fn until<F: Future<Output = bool>>(is_so: impl Fn() -> F, site: &Site) {
    let waiting = async {
        while !is_so().await {
            sleep(LISTED_EVERY).await;
            site.events.look().await;
        }
    };
    let _late = timeout(LISTED_WAIT, waiting).await;
}

async fn carry_out(
    site: &Site,
    event: &EventLive,
    who: &Who,
    typed: &Typed,
    ask: SetLife,
) -> Result<Outcome, Refusal> {
    // Another button of the same page is another order; pressing one twice is the same.
    let mut hash = Sha256::new();
    for part in [typed.one("key"), typed.one("act"), typed.one("slug"), typed.one("at")] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    let digest: String = hash.finalize()[..16].iter().map(|byte| format!("{byte:02x}")).collect();
    let order = Order {
        ask: Ask::Life(ask),
        key: format!("life-form-{digest}"),
        actor: who.actor.clone(),
        is_dry_run: false,
    };
    site.intake.ask(event.eid, order).await
}

fn back(slug: &str, done: &str) -> Response {
    Redirect::to(&format!("/admin/{slug}/life?done={done}")).into_response()
}

fn refused(
    site: &Site,
    who: &Who,
    event: &Arc<EventLive>,
    status: StatusCode,
    words: String,
) -> Result<Response, Failure> {
    let drawn = page(&draw(site, who, event, Said::wrong(words)))?;
    Ok((status, [(header::CACHE_CONTROL, "no-store")], drawn).into_response())
}

/// Status of a refusal, and the sentence for the one who pressed.
fn told(refusal: &Refusal) -> (StatusCode, String) {
    let nothing = "Nothing was changed.";
    match refusal {
        Refusal::Bad(why) => (StatusCode::BAD_REQUEST, format!("{why} {nothing}")),
        Refusal::Unknown(why) => (StatusCode::NOT_FOUND, format!("{why} {nothing}")),
        Refusal::Conflict { why, .. } => (StatusCode::CONFLICT, format!("{why} {nothing}")),
        Refusal::Reused(why) => (StatusCode::UNPROCESSABLE_ENTITY, format!("{why} {nothing}")),
        Refusal::Forbidden(why) => (StatusCode::FORBIDDEN, format!("{why} {nothing}")),
        Refusal::Slow { why, .. } => (StatusCode::TOO_MANY_REQUESTS, format!("{why} {nothing}")),
        Refusal::Later { why, .. } => {
            tracing::warn!(%why, "what becomes of an event cannot be stored just now");
            let words =
                "The part that keeps the log does not answer. Press again in a moment; twice does no harm.";
            (StatusCode::SERVICE_UNAVAILABLE, words.to_owned())
        }
        Refusal::Failed(why) => {
            tracing::error!(%why, "what becomes of an event could not be stored");
            let words = "This could not be stored. The fault is ours, and it is in our log.";
            (StatusCode::INTERNAL_SERVER_ERROR, words.to_owned())
        }
    }
}
