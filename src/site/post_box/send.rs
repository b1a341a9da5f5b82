//! `POST /{event}/posts`: from the form to the nozzle and back.

use super::{HELD, form::Form, origin::is_ours, person::Person, refused::Refused, write_page};
use crate::site::{
    Site,
    failure::{Failure, page},
    follow::EventLive,
};
use axum::{
    Json,
    body::Body,
    extract::{Extension, Path, State},
    response::{IntoResponse, Redirect, Response},
};
use chassis::http::Client;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use model::Seq;
use nozzle::intake::{Ask, Order, Outcome, Say};
use serde_json::json;
use std::{sync::Arc, time::Duration};
use tokio::time::{sleep, timeout};

/// How long the answer to a form waits for the page to have the post.
const SHOWN_WAIT: Duration = Duration::from_secs(2);
const SHOWN_EVERY: Duration = Duration::from_millis(10);

/// A post that was handed over, and by whom.
struct Sent {
    outcome: Outcome,
    person: Person,
}

pub(in crate::site) async fn send(
    State(site): State<Site>,
    Path(slug): Path<String>,
    client: Option<Extension<Client>>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let is_script = wants_json(&headers);
    let mut form = Form::default();
    let (event, sent) = match site.event(&slug).await {
        Ok(event) => {
            let sent = hand_over(&site, &event, &headers, client, body, is_script, &mut form).await;
            (Some(event), sent)
        }
        Err(failure) if !is_script => return failure.into_response(),
        Err(failure) => (None, Err(failure.into())),
    };
    let status = if sent.is_ok() { "taken" } else { "refused" };
    metrics::counter!(crate::site::metrics::POSTS, "status" => status).increment(1);
    let mut response = match (sent, event) {
        (Ok(sent), _) if is_script => as_json(&site, &sent),
        (Ok(sent), Some(event)) => as_redirect(&site, &event, &form, &sent).await,
        (Err(refused), Some(event)) if !is_script => as_page(&event, form, &refused),
        (Err(refused), _) => refused.into_response(),
        (Ok(_), None) => Failure::NotFound.into_response(),
    };
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Whether a script asks; it shows what went wrong itself.
pub(super) fn wants_json(headers: &HeaderMap) -> bool {
    let accepted = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    accepted.is_some_and(|accepted| accepted.contains("application/json"))
}

async fn hand_over(
    site: &Site,
    event: &EventLive,
    headers: &HeaderMap,
    client: Option<Extension<Client>>,
    body: Body,
    is_script: bool,
    form: &mut Form,
) -> Result<Sent, Refused> {
    if !is_ours(headers, &site.settings.public_url) {
        return Err(Refused::forged());
    }
    // Read first: whoever is told to wait gets a page that keeps the words.
    *form = Form::read(headers, body).await?;
    site.posts.admit(client).map_err(|wait| Refused::crowded(wait.as_secs().max(1)))?;
    let reply_to = match form.reply_to.as_str() {
        "" => None,
        id => Some(id.parse().map_err(|_| Refused::no_such_post())?),
    };
    let person = site.writers.of(headers, is_script.then_some(form.key.as_str()));
    let said = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let say = Say {
        text: form.text.clone(),
        name: form.name.trim().to_owned(),
        reply_to,
        talk: said(&form.talk).map(model::TalkId),
        room: said(&form.room),
    };
    let actor = person.actor(event.eid);
    let writer = if person.is_known() { actor.name.as_str() } else { "" };
    let key = form.idempotency_key(is_script, writer);
    let order = Order { ask: Ask::Say(say), key, actor, is_dry_run: false };
    let outcome = site.intake.ask(event.eid, order).await?;
    Ok(Sent { outcome, person })
}

impl Sent {
    fn is_held(&self) -> bool {
        self.outcome.state.as_deref() == Some(HELD)
    }

    fn with_cookie(&self, site: &Site, mut response: Response) -> Response {
        if let Some(cookie) = site.writers.cookie(&self.person) {
            response.headers_mut().insert(header::SET_COOKIE, cookie);
        }
        response
    }
}

fn as_json(site: &Site, sent: &Sent) -> Response {
    let Outcome { id, seq, state, is_old, .. } = &sent.outcome;
    let status = if *is_old { StatusCode::OK } else { StatusCode::CREATED };
    sent.with_cookie(site, (status, Json(json!({"id": id, "seq": seq, "state": state}))).into_response())
}

/// To the new post; where it is held, to the page with the box, which says so.
async fn as_redirect(site: &Site, event: &EventLive, form: &Form, sent: &Sent) -> Response {
    let slug = event.listed().slug;
    let to = match &sent.outcome.id {
        Some(id) if !sent.is_held() => {
            follows(event, sent.outcome.seq).await;
            format!("/{slug}/posts/{id}")
        }
        _ => format!("{}?wrote={HELD}", form.way_back(&slug)),
    };
    sent.with_cookie(site, Redirect::to(&to).into_response())
}

/// Waits until the site's own fold has come to the post, so that the page that is opened next has it.
pub(in crate::site) async fn follows(event: &EventLive, seq: Seq) {
    let is_there = async {
        while event.fold().position().is_none_or(|position| position.seq < seq) {
            sleep(SHOWN_EVERY).await;
        }
    };
    // A fold that lasts longer shows the post as soon as it can; the post itself is safe.
    let _late = timeout(SHOWN_WAIT, is_there).await;
}

fn as_page(event: &Arc<EventLive>, form: Form, refused: &Refused) -> Response {
    let drawn = page(&write_page(event, form, Some(refused.message.clone())));
    refused.with_headers((refused.status, drawn).into_response())
}

impl Refused {
    pub(super) fn with_headers(&self, mut response: Response) -> Response {
        if let Some(seconds) = self.retry_seconds {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let body = Json(json!({"error": self.name, "message": self.message}));
        self.with_headers((self.status, body).into_response())
    }
}
