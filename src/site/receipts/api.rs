//! Receipts for programs: `GET /api/v1/events/{event}/receipts` and `.../receipts/{id}`, behind the door; and the file that a person
//! downloads, which says the same.

use super::{ON_PAGE, read};
use crate::site::{Site, api, failure::Failure};
use axum::{
    Json,
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use http::header;
use live::receipts::Receipt;
use model::{ItemId, Seq};
use nozzle::intake::ReceiptsAsked;
use serde::Serialize;

#[derive(Serialize)]
struct Receipts<'a> {
    event: &'a str,
    receipts: &'a [Receipt],
    /// Ask with `before` this one for those that follow; absent: there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<Seq>,
}

/// The newest first.
pub(in crate::site) async fn told(
    State(site): State<Site>,
    Path(slug): Path<String>,
    query: api::Asked,
) -> Result<Response, Failure> {
    let event = site.event(&slug).await?;
    let before = query.one("before")?.map(|_| query.seq("before")).transpose()?;
    let wanted = ReceiptsAsked { before, max: ON_PAGE, ..ReceiptsAsked::default() };
    let receipts = read(&site, &event, &wanted).await?;
    let next = receipts.last().filter(|_| receipts.len() == ON_PAGE).map(|last| last.seq);
    Ok(answer(&event.listed().slug, &receipts, next))
}

/// Those of one post.
pub(in crate::site) async fn told_of(
    State(site): State<Site>,
    Path((slug, id)): Path<(String, String)>,
) -> Result<Response, Failure> {
    let event = site.event(&slug).await?;
    let id: ItemId = id.parse().map_err(|_| Failure::NotFound)?;
    let receipts = read(&site, &event, &ReceiptsAsked::of(id)).await?;
    if receipts.is_empty() {
        return Err(Failure::NotFound);
    }
    Ok(answer(&event.listed().slug, &receipts, None))
}

/// The same as a file to keep.
pub(super) fn file(slug: &str, id: ItemId, receipts: &[Receipt]) -> Response {
    let name = format!("attachment; filename=\"receipt-{slug}-{id}.json\"");
    ([(header::CONTENT_DISPOSITION, name)], answer(slug, receipts, None)).into_response()
}

fn answer(event: &str, receipts: &[Receipt], next: Option<Seq>) -> Response {
    ([(header::CACHE_CONTROL, "no-store")], Json(Receipts { event, receipts, next })).into_response()
}
