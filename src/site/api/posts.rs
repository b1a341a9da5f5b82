//! Posts of the archive by what they belong to: to a talk, to a room, to words that are looked for, with pictures, as answers to one;
//! and one by its id. Lists are in
//! the order in which the posts were said and are read a page at a time, by the key of the last one.

use super::{Asked, Failure, answer};
use crate::site::{
    Site,
    archive_reads::masked,
    follow::EventLive,
    limiter::ITEMS_COST,
    search_page::{asked::Asked as Sought, found},
};
use archive::{Page, Query, Scope};
use axum::{
    extract::{Extension, Path, RawQuery, State},
    response::Response,
};
use chassis::http::Client;
use http::HeaderMap;
use model::{ItemId, Position, Row, RowState, TalkId, public::ExportLine, public::export_line};
use serde::Serialize;

/// A post, and where people read it.
#[derive(Serialize)]
pub(super) struct PostJson<'a> {
    #[serde(flatten)]
    line: ExportLine<'a>,
    page: String,
}

#[derive(Serialize)]
struct Posts<'a> {
    /// How far the archive has read the log.
    position: Option<Position>,
    items: Vec<PostJson<'a>>,
    /// What to ask for as `after` to go on; null at the end.
    next: Option<String>,
}

/// A shown row as JSON; none for one that was taken away.
pub(super) fn post<'a>(site: &Site, slug: &str, row: &'a Row) -> Option<PostJson<'a>> {
    let origin = site.settings.public_url.origin().ascii_serialization();
    Some(PostJson { line: export_line(row)?, page: format!("{origin}/{slug}/posts/{}", row.id) })
}

/// `GET /api/v1/events/{event}/items/{id}`
pub(in crate::site) async fn item(
    State(site): State<Site>,
    Path((slug, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let event = site.event(&slug).await?;
    let id: ItemId = id.parse().map_err(|_| Failure::NotFound)?;
    let row = site.item(&event, id).await?.ok_or(Failure::NotFound)?;
    if row.state != RowState::Shown {
        let sentence = "The post was taken away. Forget its words, too.".to_owned();
        return Err(Failure::Gone { slug, sentence });
    }
    Ok(answer(&headers, &post(&site, &slug, &row).ok_or(Failure::NotFound)?))
}

/// `GET /api/v1/events/{event}/items/{id}/answers`
pub(in crate::site) async fn answers(
    State(site): State<Site>,
    Path((slug, id)): Path<(String, String)>,
    asked: Asked,
    client: Option<Extension<Client>>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let event = site.event(&slug).await?;
    let id: ItemId = id.parse().map_err(|_| Failure::NotFound)?;
    site.item(&event, id).await?.ok_or(Failure::NotFound)?;
    list(&site, &event, Scope::Replies(id), &asked, (client, &headers)).await
}

/// `GET /api/v1/events/{event}/talks/{talk}/items`
pub(in crate::site) async fn of_talk(
    State(site): State<Site>,
    Path((slug, id)): Path<(String, String)>,
    asked: Asked,
    client: Option<Extension<Client>>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let event = site.event(&slug).await?;
    let talk = TalkId(id);
    if !event.fold().fold().talks.contains_key(&talk) {
        return Err(Failure::NotFound);
    }
    list(&site, &event, Scope::Talk(talk), &asked, (client, &headers)).await
}

/// `GET /api/v1/events/{event}/rooms/{room}/items`
pub(in crate::site) async fn of_room(
    State(site): State<Site>,
    Path((slug, room)): Path<(String, String)>,
    asked: Asked,
    client: Option<Extension<Client>>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let event = site.event(&slug).await?;
    if crate::site::view::stage::rooms(event.fold().fold()).iter().all(|known| known.slug != room) {
        return Err(Failure::NotFound);
    }
    list(&site, &event, Scope::Room(room), &asked, (client, &headers)).await
}

/// `GET /api/v1/events/{event}/search`: what the page of this name finds, the newest first; every post when nothing
/// is looked for.
pub(in crate::site) async fn search(
    State(site): State<Site>,
    Path(slug): Path<String>,
    RawQuery(raw): RawQuery,
    asked: Asked,
    client: Option<Extension<Client>>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let event = site.event(&slug).await?;
    let (limit, after) = (asked.limit()?, asked.page()?);
    let query = Query { limit, after, ..Sought::read(raw.as_deref()).query(&event)? };
    site.limiter.admit(client, ITEMS_COST)?;
    let position = site.archive_position(&event).await?;
    let found = found(&site, &event, &query).await?;
    let items = found.rows.iter().filter_map(|row| post(&site, &slug, row)).collect();
    Ok(answer(&headers, &Posts { position, items, next: found.last.map(written) }))
}

/// `GET /api/v1/events/{event}/photos`
pub(in crate::site) async fn photos(
    State(site): State<Site>,
    Path(slug): Path<String>,
    asked: Asked,
    client: Option<Extension<Client>>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let event = site.event(&slug).await?;
    list(&site, &event, Scope::Photos, &asked, (client, &headers)).await
}

/// One page of what is asked for.
async fn list(
    site: &Site,
    event: &EventLive,
    scope: Scope,
    asked: &Asked,
    (client, headers): (Option<Extension<Client>>, &HeaderMap),
) -> Result<Response, Failure> {
    let query = Query {
        from: asked.moment("from")?,
        to: asked.moment("until")?,
        order: asked.order()?,
        after: asked.page()?,
        limit: asked.limit()?,
        ..Query::new(scope)
    };
    site.limiter.admit(client, ITEMS_COST)?;
    let position = site.archive_position(event).await?;
    let rows = site.ask_archive(event, site.archive.items(event.eid, &query)).await?;
    let next = rows.last().filter(|_| rows.len() >= query.limit as usize).and_then(key);
    let rows = masked(event, rows);
    let slug = event.listed().slug;
    let items = rows.iter().filter_map(|row| post(site, &slug, row)).collect();
    Ok(answer(headers, &Posts { position, items, next }))
}

/// Where a page ends.
fn key(row: &Row) -> Option<String> {
    Some(written(Page { when: row.item.as_ref()?.when, id: row.id }))
}

fn written(page: Page) -> String {
    format!("{}.{}", page.when.0, page.id)
}
