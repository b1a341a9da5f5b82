//! Without a token there is no stream: the newest page of each timeline is asked for every few seconds. A page overlaps
//! the one before, so edits, counts and posts that federate late are seen; what has vanished from it is asked for by
//! itself.

use std::collections::HashSet;

use tokio::time::{MissedTickBehavior, interval};

use super::known::Change;
use super::rest::{PAGE, Page};
use super::{Mastodon, status, walk};
use crate::source::{Deleter, Outlet, SourceEnd, Upstream};

/// Asks once for every hashtag, opens, and polls on from there.
pub(super) async fn run(source: &Mastodon, out: &Outlet) -> SourceEnd {
    for tag in &source.tags {
        match source.server.timeline(tag, None).await {
            // Remembered, not told: what is there already is the backfill's.
            Ok(page) => {
                if let Some(newest) = page.newest() {
                    source.reached(tag, newest);
                }
                remember(source, tag, &page);
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
        for tag in &source.tags {
            if let Err(end) = once(source, tag, out).await {
                return end;
            }
        }
        out.send(Upstream::Alive).await;
    }
}

fn remember(source: &Mastodon, tag: &str, page: &Page) {
    let mut known = source.known();
    for status in page.statuses.iter().rev().flatten() {
        if let Some(id) = &status.id {
            known.look(tag, id, status.version());
        }
    }
}

/// One look at one timeline.
async fn once(source: &Mastodon, tag: &str, out: &Outlet) -> Result<(), SourceEnd> {
    let page = source.server.timeline(tag, None).await?;
    let is_joined = page.statuses.len() < PAGE
        || page.statuses.iter().flatten().any(|s| s.id.as_deref().is_some_and(|id| source.known().has(id)));
    if !is_joined {
        // More was posted than a page holds: walk forward from where we were.
        let place = Some(source.place(tag)).filter(|place| !place.is_empty());
        return walk::forward(source, tag, place.as_deref().unwrap_or("0"), out, None).await;
    }
    let newest = page.newest().map(str::to_owned);
    let seen: HashSet<String> = page.statuses.iter().flatten().filter_map(|s| s.id.clone()).collect();
    let missing = page.oldest().map_or_else(Vec::new, |oldest| source.known().missing(tag, oldest, &seen));
    for status in page.statuses.into_iter().rev() {
        tell(source, tag, status, out).await;
    }
    vanished(source, missing, out).await?;
    if let Some(newest) = newest {
        out.send(Upstream::Cursor(source.reached(tag, &newest))).await;
    }
    Ok(())
}

/// Tells what is new about one status.
async fn tell(source: &Mastodon, tag: &str, status: Result<status::Status, Upstream>, out: &Outlet) {
    let status = match status {
        Ok(status) => status,
        Err(malformed) => return out.send(malformed).await,
    };
    let Some(id) = status.id.clone() else { return out.send(status.upstream(source.server.host())).await };
    let change = source.known().look(tag, &id, status.version());
    match change {
        Change::New | Change::Edited => out.send(status.upstream(source.server.host())).await,
        Change::Counts => {
            let name = status::alias(source.server.host(), &id);
            out.send(Upstream::Counts { name, counts: status.counts() }).await;
        }
        Change::Nothing => {}
    }
}

/// Asks for statuses that are no longer where they were; those that are gone are deleted.
pub(super) async fn vanished(source: &Mastodon, ids: Vec<String>, out: &Outlet) -> Result<(), SourceEnd> {
    for id in ids {
        let is_gone = source.server.is_gone(&id).await?;
        source.known().forget(&id);
        if is_gone {
            let name = status::alias(source.server.host(), &id);
            out.send(Upstream::Delete { name, by: Deleter::Author }).await;
        }
    }
    Ok(())
}
