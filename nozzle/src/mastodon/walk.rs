//! The way back: from a cursor forward by `min_id`, oldest first, or, at a first start, from the newest page backward by
//! `max_id`. Ids order by arrival at the server, so a walk begins a few minutes before its cursor.

use std::collections::HashSet;

use model::Micros;

use super::rest::Page;
use super::{Mastodon, Places, is_newer, poll};
use crate::source::{Backfilled, Outlet, Since, SourceEnd, Upstream};

/// Pages of one walk forward: 20,000 statuses.
const FORWARD_PAGES_MAX: usize = 500;
/// Pages of one walk backward, which are held until the oldest is known.
const BACKWARD_PAGES_MAX: usize = 50;
/// Overlap, in milliseconds; ids hold milliseconds above 16 bits.
const OVERLAP_MS: u128 = 5 * 60 * 1000;

/// Walks every hashtag.
pub(super) async fn run(source: &Mastodon, since: &Since, out: &Outlet) -> Backfilled {
    let mut places = since.cursor.as_ref().map(Places::parse).unwrap_or_default();
    source.remember(&places);
    for tag in &source.tags {
        let walked = match places.0.get(tag).cloned() {
            Some(place) => forward(source, tag, &place, out, Some(&mut places)).await,
            None => backward(source, tag, since.not_before, out, &mut places).await,
        };
        if let Err(end) = walked {
            return Backfilled::Broken(end);
        }
    }
    Backfilled::Complete
}

/// An id some minutes earlier; ids that are no numbers know no earlier.
fn earlier(id: &str) -> String {
    match id.parse::<u128>() {
        Ok(n) => n.saturating_sub(OVERLAP_MS << 16).to_string(),
        Err(_) => id.to_owned(),
    }
}

/// Walks on from `place`. With `places` (a backfill) each page moves the cursor; without (a poll that fell behind) the
/// stream's does.
pub(super) async fn forward(
    source: &Mastodon,
    tag: &str,
    place: &str,
    out: &Outlet,
    mut places: Option<&mut Places>,
) -> Result<(), SourceEnd> {
    let mut from = if places.is_some() { earlier(place) } else { place.to_owned() };
    let mut seen = HashSet::new();
    let mut first = None;
    for _ in 0..FORWARD_PAGES_MAX {
        let page = source.server.timeline(tag, Some(("min_id", &from))).await?;
        let Some(newest) = page.newest().map(str::to_owned).filter(|newest| is_newer(newest, &from)) else {
            let missing =
                first.map_or_else(Vec::new, |first: String| source.known().missing(tag, &first, &seen));
            return poll::vanished(source, missing, out).await;
        };
        first = first.or_else(|| page.oldest().map(str::to_owned));
        seen.extend(page.statuses.iter().flatten().filter_map(|s| s.id.clone()));
        send(source, tag, page, out).await;
        let cursor = match &mut places {
            Some(places) => {
                places.reach(tag, &newest);
                places.cursor()
            }
            None => source.reached(tag, &newest),
        };
        out.send(Upstream::Cursor(cursor)).await;
        from = newest;
    }
    Err(SourceEnd::Refused(format!("more than {FORWARD_PAGES_MAX} pages to catch up with")))
}

/// Walks back to `not_before`; nothing older is wanted.
async fn backward(
    source: &Mastodon,
    tag: &str,
    not_before: Micros,
    out: &Outlet,
    places: &mut Places,
) -> Result<(), SourceEnd> {
    let mut pages = Vec::new();
    let mut below: Option<String> = None;
    while pages.len() < BACKWARD_PAGES_MAX {
        let page = source.server.timeline(tag, below.as_deref().map(|id| ("max_id", id))).await?;
        let oldest = page.oldest().map(str::to_owned);
        let is_far_enough = page.statuses.iter().flatten().any(|s| s.is_before(not_before));
        let Some(oldest) = oldest.filter(|id| below.as_ref() != Some(id)) else { break };
        below = Some(oldest);
        pages.push(page);
        if is_far_enough {
            break;
        }
    }
    let newest = pages.first().and_then(|page| page.newest().map(str::to_owned));
    for mut page in pages.into_iter().rev() {
        page.statuses.retain(|s| !s.as_ref().is_ok_and(|s| s.is_before(not_before)));
        send(source, tag, page, out).await;
    }
    if let Some(newest) = newest {
        places.reach(tag, &newest);
        out.send(Upstream::Cursor(places.cursor())).await;
    }
    Ok(())
}

async fn send(source: &Mastodon, tag: &str, page: Page, out: &Outlet) {
    for status in page.statuses.into_iter().rev() {
        let message = match status {
            Ok(status) => {
                if let Some(id) = &status.id {
                    source.known().look(tag, id, status.version());
                }
                status.upstream(source.server.host())
            }
            Err(malformed) => malformed,
        };
        out.send(message).await;
    }
}
