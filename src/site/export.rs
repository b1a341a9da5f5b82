//! `/{event}/export.ndjson`: every shown item, one line each, ordered by (when, id), read and sent page by page.

use super::{Site, archive_reads::masked, failure::Failure, follow::EventLive, limiter::EXPORT_COST};
use archive::{Page, Query, Scope};
use axum::{
    body::Body,
    extract::{Extension, Path, State},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use chassis::http::Client;
use futures_util::stream;
use http::header;
use std::{io, sync::Arc};

pub(super) async fn show(
    State(site): State<Site>,
    Path(slug): Path<String>,
    client: Option<Extension<Client>>,
) -> Result<Response, Failure> {
    site.limiter.admit(client, EXPORT_COST)?;
    let event = site.event(&slug).await?;
    // The first page is read before the answer begins: an archive that is away still gets its own status.
    let first = next(&site, &event, None).await?;
    let lines = stream::try_unfold((site, event, Some(first)), |(site, event, ready)| async move {
        let Some((bytes, last)) = ready else { return Ok::<_, io::Error>(None) };
        let following = match last {
            None => None,
            // The client sees a broken transfer, never a short file that looks whole.
            Some(page) => Some(
                next(&site, &event, Some(page))
                    .await
                    .map_err(|_| io::Error::other("the archive went away"))?,
            ),
        };
        Ok(Some((bytes, (site, event, following))))
    });
    let headers = [
        (header::CONTENT_TYPE, "application/x-ndjson; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{slug}.ndjson\"")),
        (header::CACHE_CONTROL, "no-cache".to_owned()),
    ];
    Ok((headers, Body::from_stream(lines)).into_response())
}

/// One page of lines, and where the next one begins.
async fn next(
    site: &Site,
    event: &Arc<EventLive>,
    after: Option<Page>,
) -> Result<(Bytes, Option<Page>), Failure> {
    site.archive_position(event).await?;
    let query = Query { after, ..Query::new(Scope::Event) };
    let rows = site.ask_archive(event, site.archive.items(event.eid, &query)).await?;
    let is_full = rows.len() >= archive::ITEMS_MAX as usize;
    let last = rows
        .last()
        .filter(|_| is_full)
        .and_then(|row| Some(Page { when: row.item.as_ref()?.when, id: row.id }));
    let mut out = Vec::new();
    for row in masked(event, rows) {
        if let Some(line) = model::public::export_line(&row) {
            serde_json::to_writer(&mut out, &line).map_err(|error| Failure::ours(&error))?;
            out.push(b'\n');
        }
    }
    Ok((out.into(), last))
}
