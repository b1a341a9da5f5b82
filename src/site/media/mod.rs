//! `/media/{slug}.{id}.{rev}.{n}`: the n-th picture of an item, fetched by us, so that a reader's browser tells no stranger that it reads.
//!
//! The address names an item and its revision instead of carrying a signature over an address: the browser script builds it from the
//! public entry without any secret, and it can only ever mean an address that a shown item names at this moment. So this is no open
//! proxy, and a picture is gone from here in the moment its item is. What may be fetched: [`guard`]; how: [`fetch`]; what is kept: [`cache`].

mod cache;
mod fetch;
#[cfg(test)]
mod fuzz;
mod guard;
mod sniff;

pub(super) use guard::Guard;

use super::{Site, failure::Failure};
use axum::{
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use cache::Cache;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use model::{Entry, EventId, ItemId, Kind, MediaKind, Row, RowState};
use sniff::Picture;
use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError, Weak},
};
use tokio::sync::Semaphore;

/// Pictures that are fetched at the same time.
const FETCHES_MAX: usize = 8;
/// A browser may keep a picture for a day; caches between it and us may not, or a removed picture would live on in them.
const KEPT: &str = "private, max-age=86400";

/// Everything that pictures need.
#[derive(Debug)]
pub(super) struct Media {
    cache: Cache,
    guard: guard::Guard,
    fetches: Semaphore,
    /// One fetch per picture, however many ask for it at once.
    running: Mutex<HashMap<String, Weak<tokio::sync::Mutex<()>>>>,
}

impl Media {
    pub(super) fn new(cache_dir: PathBuf, from_loopback: bool) -> Self {
        Self {
            cache: Cache::new(cache_dir),
            guard: guard::Guard { allows_loopback: from_loopback },
            fetches: Semaphore::new(FETCHES_MAX),
            running: Mutex::default(),
        }
    }

    /// Takes from the disk what these entries have taken away or replaced; false when the disk did not let us.
    pub(super) async fn follow(&self, event: EventId, entries: &[Entry]) -> bool {
        let changed: HashMap<ItemId, Option<u64>> = entries
            .iter()
            .filter_map(|entry| match &entry.kind {
                Kind::Edit(e) | Kind::Show(e) => Some((e.id, Some(e.item.rev))),
                Kind::Hide(gone) | Kind::Remove(gone) => Some((gone.id, None)),
                _ => None,
            })
            .collect();
        changed.is_empty() || self.cache.drop_items(event, changed).await
    }

    /// Forgets every picture of a deleted event.
    pub(super) async fn forget(&self, event: EventId) {
        self.cache.drop_event(event).await;
    }

    /// Forgets one picture.
    async fn forget_picture(&self, key: &str, url: &str) {
        self.cache.drop_one(key, url).await;
    }

    fn turn(&self, key: &str) -> Arc<tokio::sync::Mutex<()>> {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.retain(|_, turn| turn.strong_count() > 0);
        if let Some(turn) = running.get(key).and_then(Weak::upgrade) {
            return turn;
        }
        let turn = Arc::new(tokio::sync::Mutex::new(()));
        running.insert(key.to_owned(), Arc::downgrade(&turn));
        turn
    }

    /// The picture: from the cache, else fetched and kept.
    async fn picture(&self, key: &str, url: &str) -> Result<(Bytes, Picture), fetch::Refused> {
        let turn = self.turn(key);
        let _one_at_a_time = turn.lock().await;
        if let Some(bytes) = self.cache.get(key, url).await
            && let Some(kind) = sniff::kind(&bytes)
        {
            return Ok((bytes, kind));
        }
        let _permit = self.fetches.acquire().await.map_err(|_| fetch::Refused::Stopped)?;
        let (bytes, kind) = fetch::fetch(&self.guard, url).await?;
        self.cache.put(key, url, bytes.clone()).await;
        Ok((bytes, kind))
    }
}

/// What an address asks for.
#[derive(Debug, PartialEq, Eq)]
struct Asked {
    slug: String,
    id: ItemId,
    rev: u64,
    n: usize,
}

/// `rustfest.k3f9q2m7xw4d.0.1`; slugs hold no dot.
fn parse(text: &str) -> Option<Asked> {
    let mut parts = text.split('.');
    let (slug, id, rev, n) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let is_end = parts.next().is_none();
    let asked =
        Asked { slug: slug.to_owned(), id: id.parse().ok()?, rev: rev.parse().ok()?, n: n.parse().ok()? };
    // `+1` and `01` are numbers too, but a picture has one name.
    let is_canonical = asked.rev.to_string() == rev && asked.n.to_string() == n;
    (is_end && is_canonical).then_some(asked)
}

/// The address that the item names, if it is shown in this revision.
fn named(row: &Row, asked: &Asked) -> Option<String> {
    let item = row.item.as_ref().filter(|item| row.state == RowState::Shown && item.rev == asked.rev)?;
    item.media.get(asked.n).filter(|medium| medium.kind != MediaKind::Audio).map(|medium| medium.url.clone())
}

pub(super) async fn show(State(site): State<Site>, Path(text): Path<String>, headers: HeaderMap) -> Response {
    match find(&site, &text).await {
        Ok((key, url)) => {
            let tag = format!("\"{key}\"");
            if headers.get(header::IF_NONE_MATCH).is_some_and(|given| given.as_bytes() == tag.as_bytes()) {
                return dressed(StatusCode::NOT_MODIFIED.into_response(), &tag);
            }
            match site.media.picture(&key, &url).await {
                Ok((bytes, kind)) => match find(&site, &text).await {
                    Ok(_) => dressed(([(header::CONTENT_TYPE, kind.name())], bytes).into_response(), &tag),
                    // Its item was taken away while it was fetched, and it was put behind what had gone over the disk.
                    Err(status) => {
                        site.media.forget_picture(&key, &url).await;
                        plain(status)
                    }
                },
                Err(refused) => {
                    metrics::counter!(crate::site::metrics::MEDIA_REFUSED, "reason" => refused.name())
                        .increment(1);
                    tracing::debug!(%refused, "a picture is not shown");
                    plain(StatusCode::BAD_GATEWAY)
                }
            }
        }
        Err(status) => plain(status),
    }
}

async fn find(site: &Site, text: &str) -> Result<(String, String), StatusCode> {
    let asked = parse(text).ok_or(StatusCode::NOT_FOUND)?;
    let event = site.event(&asked.slug).await.map_err(|_| StatusCode::NOT_FOUND)?;
    let row = site.item(&event, asked.id).await.map_err(|failure| match failure {
        Failure::ArchiveAway { .. } | Failure::Restoring { .. } => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::NOT_FOUND,
    })?;
    let key = format!("{}.{}.{}.{}", event.eid, asked.id, asked.rev, asked.n);
    match row.as_ref().and_then(|row| named(row, &asked)) {
        Some(url) => Ok((key, url)),
        None => Err(if row.is_some() { StatusCode::GONE } else { StatusCode::NOT_FOUND }),
    }
}

/// A picture is a picture: it runs nothing, whatever is opened.
fn dressed(mut response: Response, tag: &str) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(KEPT));
    if let Ok(tag) = HeaderValue::from_str(tag) {
        headers.insert(header::ETAG, tag);
    }
    response
}

fn plain(status: StatusCode) -> Response {
    (status, [(header::CACHE_CONTROL, "no-store")]).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_named_by_event_item_revision_and_place() {
        let asked = parse("rust-fest.k3f9q2m7xw4d.17.3").unwrap();
        assert_eq!((asked.slug.as_str(), asked.rev, asked.n), ("rust-fest", 17, 3));
        for bad in [
            "",
            "a.b.c.d",
            "rust.k3f9q2m7xw4d.0",
            "rust.k3f9q2m7xw4d.0.0.0",
            "rust.k3f9q2m7xw4d.-1.0",
            "rust.k3f9q2m7xw4d.+1.0",
            "rust.k3f9q2m7xw4d.1.00",
            "http://x/",
        ] {
            assert!(parse(bad).is_none(), "{bad}");
        }
    }
}
