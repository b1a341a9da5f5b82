//! `POST /{event}/posts/{id}/delete`: who wrote a post on the page takes it back. The button stands on the post's own page, and only in
//! the browser it was written in.

use super::{note_page, origin::is_ours, refused::Refused, send::wants_json};
use crate::site::{Site, failure::page};
use axum::{
    extract::{Extension, Path, State},
    response::{IntoResponse, Redirect, Response},
};
use chassis::http::Client;
use http::{HeaderMap, HeaderValue, header};
use model::{EventId, ItemId, Row};
use nozzle::intake::{Ask, Order, Refusal, Unsay};

pub(in crate::site) async fn take_back(
    State(site): State<Site>,
    Path((slug, id)): Path<(String, String)>,
    client: Option<Extension<Client>>,
    headers: HeaderMap,
) -> Response {
    let taken = taken_back(&site, &slug, &id, client, &headers).await.map_err(Refused::when_taken_back);
    let mut response = match taken {
        Ok(()) if wants_json(&headers) => http::StatusCode::NO_CONTENT.into_response(),
        Ok(()) => Redirect::to(&format!("/{slug}")).into_response(),
        Err(refused) if wants_json(&headers) => refused.into_response(),
        Err(refused) => as_page(&site, &slug, &id, &refused).await,
    };
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Browsers send a plain form here: who pressed the button reads a page.
async fn as_page(site: &Site, slug: &str, id: &str, refused: &Refused) -> Response {
    let event = match site.event(slug).await {
        Ok(event) => event,
        Err(failure) => return failure.into_response(),
    };
    let slug = event.listed().slug;
    let back = id.parse().map_or_else(|_| format!("/{slug}"), |id: ItemId| format!("/{slug}/posts/{id}"));
    let drawn = page(&note_page(&event, "Not taken back", refused.message.clone(), back));
    refused.with_headers((refused.status, drawn).into_response())
}

async fn taken_back(
    site: &Site,
    slug: &str,
    id: &str,
    client: Option<Extension<Client>>,
    headers: &HeaderMap,
) -> Result<(), Refused> {
    if !is_ours(headers, &site.settings.public_url) {
        return Err(Refused::forged());
    }
    site.posts.admit(client).map_err(|wait| Refused::crowded(wait.as_secs().max(1)))?;
    let event = site.event(slug).await?;
    let no_such_post = || Refusal::Unknown("There is no such post.".to_owned());
    let id: ItemId = id.parse().map_err(|_| no_such_post())?;
    let not_yours = || Refusal::Forbidden("Only who wrote a post can take it back.".to_owned());
    let person = site.writers.known(headers).ok_or_else(not_yours)?;
    // One key for all tries: it can be taken back once.
    let (key, actor) = (format!("unsay-{id}"), person.actor(event.eid));
    let order = Order { ask: Ask::Unsay(Unsay { id }), key, actor, is_dry_run: false };
    site.intake.ask(event.eid, order).await?;
    Ok(())
}

/// Whether the sender of these headers wrote this post.
pub(in crate::site) fn is_own(site: &Site, event: EventId, row: &Row, headers: &HeaderMap) -> bool {
    let author = row.item.as_ref().filter(|item| item.network == model::Network::Onsite);
    let person = site.writers.known(headers).map(|person| person.actor(event).to_string());
    author.is_some_and(|item| Some(&item.author.id) == person.as_ref())
}
