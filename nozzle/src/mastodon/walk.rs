//! The way back: from a cursor forward by `min_id`, oldest first, or, at a first start, from the newest page backward by
//! `max_id`. Ids order by arrival at the server, so a walk begins a few minutes before its cursor.

use model::Micros;

use super::rest::Page;
use super::{Mastodon, Places, is_newer, look};
use crate::source::{Backfilled, Outlet, Since, SourceEnd, Upstream};

/// Pages of one walk forward: 20,000 statuses.
const FORWARD_PAGES_MAX: usize = 500;
/// Pages of one walk backward, which are held until the oldest is known.
const BACKWARD_PAGES_MAX: usize = 50;
/// Overlap, in milliseconds; Mastodon's ids hold milliseconds above 16 bits.
const OVERLAP_MS: u128 = 5 * 60 * 1000;
/// Overlap, in statuses, where a server counts them one by one.
const OVERLAP_IDS: u128 = 200;
/// Ids below this are counts; Mastodon's own have been above it since 1972.
const COUNTED_BELOW: u128 = 1 << 52;

/// Walks every hashtag, then looks again at what was told before.
pub(super) async fn run(source: &Mastodon, since: &Since, out: &Outlet) -> Backfilled {
    let mut places = since.cursor.as_ref().map(Places::parse).unwrap_or_default();
    source.remember(&places);
    look::recall(source).await;
    for tag in &source.tags {
        let walked = match places.0.get(tag).cloned() {
            Some(place) => on(source, tag, &place, since.not_before, out, &mut places).await,
            None => backward(source, tag, since.not_before, out, &mut places).await,
        };
        if let Err(end) = walked {
            return Backfilled::Broken(end);
        }
    }
    match look::back(source, since.not_before, out).await {
        Ok(()) => Backfilled::Complete,
        Err(end) => Backfilled::Broken(end),
    }
}

/// Walks on from a cursor; a server that has begun to count anew (a new database, a backup put back) is walked from its
/// newest page, because nothing lies beyond the cursor there.
async fn on(
    source: &Mastodon,
    tag: &str,
    place: &str,
    not_before: Micros,
    out: &Outlet,
    places: &mut Places,
) -> Result<(), SourceEnd> {
    if forward(source, tag, place, out, Some(places)).await? {
        return Ok(());
    }
    let page = source.server.timeline(tag, None).await?;
    if page.newest().is_none_or(|newest| newest == place) {
        return Ok(());
    }
    places.0.remove(tag);
    source.leave(tag);
    backward(source, tag, not_before, out, places).await
}

/// An id some minutes earlier; ids that are no numbers know no earlier.
fn earlier(id: &str) -> String {
    match id.parse::<u128>() {
        Ok(n) if n < COUNTED_BELOW => n.saturating_sub(OVERLAP_IDS).to_string(),
        Ok(n) => n.saturating_sub(OVERLAP_MS << 16).to_string(),
        Err(_) => id.to_owned(),
    }
}

/// Walks on from `place`; whether there was anything. With `places` (a backfill) each page moves the cursor; without (a poll
/// that fell behind) the stream's does.
pub(super) async fn forward(
    source: &Mastodon,
    tag: &str,
    place: &str,
    out: &Outlet,
    mut places: Option<&mut Places>,
) -> Result<bool, SourceEnd> {
    let mut from = if places.is_some() { earlier(place) } else { place.to_owned() };
    let mut has_any = false;
    for _ in 0..FORWARD_PAGES_MAX {
        let page = source.server.timeline(tag, Some(("min_id", &from))).await?;
        let Some(newest) = page.newest().map(str::to_owned).filter(|newest| is_newer(newest, &from)) else {
            return Ok(has_any);
        };
        has_any = true;
        send(source, page, out).await;
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
        let is_end = oldest.is_none() || below == oldest;
        // What cannot be read is told all the same.
        pages.push(page);
        if is_end || is_far_enough {
            break;
        }
        below = oldest;
    }
    let newest = pages.first().and_then(|page| page.newest().map(str::to_owned));
    for mut page in pages.into_iter().rev() {
        page.statuses.retain(|s| !s.as_ref().is_ok_and(|s| s.is_before(not_before)));
        send(source, page, out).await;
    }
    if let Some(newest) = newest {
        places.reach(tag, &newest);
        out.send(Upstream::Cursor(places.cursor())).await;
    }
    Ok(())
}

/// Sends a whole page, oldest first: the log knows what it has already.
async fn send(source: &Mastodon, page: Page, out: &Outlet) {
    for status in page.statuses.into_iter().rev() {
        let (message, look) = match status {
            Ok(status) => {
                let look = status.id.clone().map(|id| (id, status.version()));
                (status.upstream(source.server.host()), look)
            }
            Err(malformed) => (malformed, None),
        };
        let is_known = matches!(message, Upstream::Post(_) | Upstream::Boost { .. });
        out.send(message).await;
        if let Some((id, version)) = look.filter(|_| is_known) {
            source.known().note(&id, version);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_walk_begins_earlier_by_each_servers_way_of_counting() {
        assert_eq!(
            earlier("117020593741189701"),
            (117_020_593_741_189_701_u128 - (300_000 << 16)).to_string()
        );
        assert_eq!(earlier("12345"), "12145", "ids that are counts hold no time");
        assert_eq!(earlier("7"), "0");
        assert_eq!(earlier("Al30Y6dIQNzsEKhR5s"), "Al30Y6dIQNzsEKhR5s");
    }
}
