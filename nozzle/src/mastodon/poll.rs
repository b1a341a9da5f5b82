//! Without a token there is no stream: the newest page of each timeline is asked for every few seconds. A page overlaps
//! the one before, so edits, counts and posts that federate late are seen; what has vanished from it is asked for by
//! itself.

use tokio::time::{MissedTickBehavior, interval};

use super::look::{self, POLL_SUSPECTS_MAX, Seen};
use super::rest::{PAGE, Page};
use super::{Mastodon, is_newer, walk};
use crate::source::{Outlet, SourceEnd, Upstream};

/// Asks once for every hashtag, opens, and polls on from there.
pub(super) async fn run(source: &Mastodon, out: &Outlet) -> SourceEnd {
    look::recall(source).await;
    for tag in &source.tags {
        match source.server.timeline(tag, None).await {
            // Remembered, not told: what is there already is the backfill's.
            Ok(page) => {
                if let Some(newest) = page.newest() {
                    source.reached(tag, newest);
                }
                remember(source, &page);
            }
            Err(end) => return end,
        }
    }
    out.send(Upstream::Opened).await;
    let mut ticks = interval(source.poll);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks.tick().await;
    loop {
        ticks.tick().await;
        if let Err(end) = round(source, out).await {
            return end;
        }
        out.send(Upstream::Alive).await;
    }
}

/// What is known already stays as it was: its changes are still to be told.
fn remember(source: &Mastodon, page: &Page) {
    let mut known = source.known();
    for status in page.statuses.iter().rev().flatten() {
        if let Some(id) = status.id.as_ref().filter(|id| !known.has(id)) {
            known.note(id, status.version());
        }
    }
}

/// One look at every timeline.
async fn round(source: &Mastodon, out: &Outlet) -> Result<(), SourceEnd> {
    let mut seen = Seen::expecting(source);
    let mut is_whole = true;
    for tag in &source.tags {
        let page = source.server.timeline(tag, None).await?;
        seen.page(&page);
        if page.statuses.len() >= PAGE {
            page.oldest().into_iter().for_each(|oldest| seen.reaches(oldest));
        }
        is_whole &= once(source, tag, page, out).await?;
    }
    if !is_whole {
        return Ok(());
    }
    let missing = seen.missing(POLL_SUSPECTS_MAX);
    look::vanished(source, missing, &seen, out).await
}

/// Tells what a page says; whether it joins what was known before.
async fn once(source: &Mastodon, tag: &str, page: Page, out: &Outlet) -> Result<bool, SourceEnd> {
    let is_known = |id: &str| source.known().has(id);
    let ids = page.statuses.iter().flatten().filter_map(|s| s.id.as_deref());
    let is_joined = page.statuses.len() < PAGE || ids.into_iter().any(is_known);
    let newest = page.newest().map(str::to_owned);
    if !is_joined {
        let place = source.place(tag);
        if newest.as_ref().is_some_and(|newest| !is_newer(newest, &place)) {
            // The pump comes again, and its backfill starts over.
            return Err(SourceEnd::Refused("the server counts its statuses anew".into()));
        }
        // More was posted than a page holds: walk forward from where we were.
        let place = Some(place).filter(|place| !place.is_empty());
        walk::forward(source, tag, place.as_deref().unwrap_or("0"), out, None).await?;
        return Ok(false);
    }
    for status in page.statuses.into_iter().rev() {
        look::tell(source, status, out).await;
    }
    if let Some(newest) = newest {
        out.send(Upstream::Cursor(source.reached(tag, &newest))).await;
    }
    Ok(true)
}
