//! `POST /{event}/posts/{id}/report`: a reader does not think that a post belongs here. A plain form on the post's own page; who reports is known
//! by the writer's cookie, which the first report sets, and how much comes from one address is bounded here, by one reader in the nozzle.

use super::order::told;
use crate::site::{
    Site,
    failure::{Failure, page},
    follow::EventLive,
    post_box::{is_ours, note_page},
};
use axum::{
    body::Bytes,
    extract::{Extension, Path, State},
    response::{IntoResponse, Redirect, Response},
};
use chassis::http::Client;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use model::ItemId;
use nozzle::intake::{Ask, Order, Refusal, Report, ReportReason};

/// The reasons of the form, with their words.
pub(in crate::site) const REASONS: [ReportReason; 5] = ReportReason::ALL;
/// Fields that are looked at.
const FIELDS_MAX: usize = 8;

pub(in crate::site) async fn report(
    State(site): State<Site>,
    Path((slug, id)): Path<(String, String)>,
    client: Option<Extension<Client>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Failure> {
    let event = site.event(&slug).await?;
    let id: ItemId = id.parse().map_err(|_| Failure::NotFound)?;
    let mut response = match taken(&site, &event, id, client, &headers, &body).await {
        Ok(cookie) => {
            let slug = event.listed().slug;
            let mut response = Redirect::to(&format!("/{slug}/posts/{id}?reported=1")).into_response();
            if let Some(cookie) = cookie {
                response.headers_mut().insert(header::SET_COOKIE, cookie);
            }
            response
        }
        Err(refused) => refused.into_page(&event, id)?,
    };
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// Why a report was not taken.
struct Refused {
    status: StatusCode,
    words: String,
    retry_seconds: Option<u64>,
}

impl Refused {
    fn new(status: StatusCode, words: impl Into<String>) -> Self {
        Self { status, words: words.into(), retry_seconds: None }
    }

    fn into_page(self, event: &EventLive, id: ItemId) -> Result<Response, Failure> {
        let back = format!("/{}/posts/{id}", event.listed().slug);
        let drawn = page(&note_page(event, "Not reported", self.words, back))?;
        let mut response = (self.status, drawn).into_response();
        if let Some(seconds) = self.retry_seconds {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        Ok(response)
    }
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        let retry_seconds = match &refusal {
            Refusal::Slow { retry_seconds, .. } | Refusal::Later { retry_seconds, .. } => {
                Some(*retry_seconds)
            }
            _ => None,
        };
        let (status, _, words) = told(&refusal);
        Self { status, words, retry_seconds }
    }
}

/// The cookie for a reader who has none yet.
async fn taken(
    site: &Site,
    event: &EventLive,
    id: ItemId,
    client: Option<Extension<Client>>,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Option<HeaderValue>, Refused> {
    if !is_ours(headers, &site.settings.public_url) {
        let words =
            "This was sent from another site, so nothing was reported. Open the post and report it there.";
        return Err(Refused::new(StatusCode::FORBIDDEN, words));
    }
    site.posts.admit(client).map_err(|wait| Refused {
        retry_seconds: Some(wait.as_secs().max(1)),
        ..Refused::new(
            StatusCode::TOO_MANY_REQUESTS,
            "Much came from your address at once. Try again in a moment.",
        )
    })?;
    let reason = url::form_urlencoded::parse(body)
        .take(FIELDS_MAX)
        .find_map(|(name, value)| (name == "reason").then(|| ReportReason::of(&value)).flatten());
    let reason =
        reason.ok_or_else(|| Refused::new(StatusCode::BAD_REQUEST, "Choose a reason, then press Report."))?;
    let person = site.writers.of(headers, None);
    let actor = person.actor(event.eid);
    // A reader reports a post once, however often they press.
    let key = format!("report-{id}-{}", actor.name);
    let order = Order { ask: Ask::Report(Report { id, reason }), key, actor, is_dry_run: false };
    match site.intake.ask(event.eid, order).await {
        // Another reason than the first time: the first one stands.
        Ok(_) | Err(Refusal::Reused(_)) => Ok(site.writers.cookie(&person)),
        Err(refusal) => Err(refusal.into()),
    }
}
