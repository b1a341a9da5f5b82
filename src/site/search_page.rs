//! `/{event}/search`: posts by words, author, talk, room, network and time, the newest first. All of it is in the address, which
//! [`asked`] reads; what is printed: [`draw`].

pub(in crate::site) mod asked;
mod draw;

use super::{
    Site,
    archive_reads::masked,
    failure::{Failure, page},
    follow::EventLive,
    limiter::ITEMS_COST,
};
use archive::{Page, Query};
use asked::Asked;
use axum::{
    extract::{Extension, Path, RawQuery, State},
    response::IntoResponse,
};
use chassis::http::Client;
use http::header;
use model::{ItemId, Row, Seq};
use std::collections::HashMap;

/// Posts on one page.
const ITEMS_SHOWN: u32 = 50;
/// Above this nobody counts.
const COUNTED_MAX: u64 = 500;

/// What the archive found.
pub(in crate::site) struct Found {
    /// As they may be shown.
    pub(in crate::site) rows: Vec<Row>,
    /// Where the next page begins.
    pub(in crate::site) last: Option<Page>,
}

pub(super) async fn show(
    State(site): State<Site>,
    Path(slug): Path<String>,
    RawQuery(raw): RawQuery,
    client: Option<Extension<Client>>,
) -> Result<impl IntoResponse, Failure> {
    site.limiter.admit(client, ITEMS_COST)?;
    let event = site.event(&slug).await?;
    let asked = Asked::read(raw.as_deref());
    let query = Query { limit: ITEMS_SHOWN, ..asked.query(&event)? };
    let read = if asked.is_empty() {
        None
    } else {
        let found = found(&site, &event, &query).await?;
        let counted = site.archive.count(event.eid, &query, COUNTED_MAX as u32 + 1);
        Some((found, site.ask_archive(&event, counted).await?))
    };
    Ok(([(header::CACHE_CONTROL, "no-cache")], page(&draw::draw(&site, &event, &asked, &query, read))?))
}

/// A page of what a query finds, as it may be shown. Whatever was changed since the archive read it is left out until it has caught
/// up: a word that was taken out of a post finds it no more.
///
/// # Errors
/// The archive is away, or older than what is known to be removed.
pub(in crate::site) async fn found(site: &Site, event: &EventLive, query: &Query) -> Result<Found, Failure> {
    site.archive_position(event).await?;
    let rows = site.ask_archive(event, site.archive.items(event.eid, query)).await?;
    let is_full = rows.len() >= query.limit.min(archive::ITEMS_MAX) as usize;
    let last = rows
        .last()
        .filter(|_| is_full)
        .and_then(|row| Some(Page { when: row.item.as_ref()?.when, id: row.id }));
    let was: HashMap<ItemId, Seq> = rows.iter().map(|row| (row.id, row.last)).collect();
    let mut rows = masked(event, rows);
    rows.retain(|row| was.get(&row.id) == Some(&row.last));
    Ok(Found { rows, last })
}
