//! X API v2: rules, the filtered stream, recent search for what was missed, and a second look at what was shown.

mod document;
mod post;
mod rules;
mod search;
mod shapes;

use std::time::Duration;

use model::Micros;
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep};

use super::Access;
use crate::source::{Backfilled, Cursor, Deleter, LINE_BYTES_MAX, Outlet, Since, SourceEnd, Upstream};
use crate::wire::{Bytes, Ending, Piece, Splitter, open};
use document::Said;

/// Fields and expansions that every call asks for; without them there is only an id and a text.
const FIELDS: [(&str, &str); 4] = [
    (
        "tweet.fields",
        "created_at,author_id,entities,attachments,referenced_tweets,lang,note_tweet,possibly_sensitive,public_metrics,edit_controls",
    ),
    ("expansions", "author_id,attachments.media_keys,referenced_tweets.id,referenced_tweets.id.author_id"),
    ("user.fields", "name,username,profile_image_url"),
    ("media.fields", "url,preview_image_url,alt_text,width,height,type"),
];
/// After so long the search knows what was posted just before we connected.
const SETTLED: Duration = Duration::from_secs(10);
/// New rules take effect within so long.
const RULES_SETTLED: Duration = Duration::from_secs(25);

/// Connects and reads until the stream ends.
pub(super) async fn stream(access: &Access, out: &Outlet) -> Result<SourceEnd, SourceEnd> {
    access.must_have_token()?;
    let have_changed = rules::reconcile(access).await?;
    let url = super::join(&access.stream, "2/tweets/search/stream");
    let request = access.authorized(access.streams.get(url)).query(&FIELDS);
    let bytes = open(request).await.map_err(|refusal| match refusal.status {
        // The old connection is not yet cleared away over there, though calls remain.
        429 if refusal.body.contains("TooManyConnections") => {
            SourceEnd::Throttled("X still counts an older connection of ours".into())
        }
        409 => SourceEnd::Refused("X does not see our rules yet".into()),
        _ => refusal.end,
    })?;
    out.send(Upstream::Opened).await;
    let settled = if have_changed { RULES_SETTLED } else { SETTLED };
    tokio::select! {
        end = read(access, bytes, out) => Ok(end),
        end = beside(access, settled, out) => Ok(end),
    }
}

async fn read(access: &Access, mut bytes: Bytes, out: &Outlet) -> SourceEnd {
    let mut splitter = Splitter::new(Ending::Lf, LINE_BYTES_MAX);
    loop {
        let chunk = match bytes.next().await {
            Ok(chunk) => chunk,
            Err(end) => return end,
        };
        let mut pieces = Vec::new();
        splitter.push(&chunk, |piece| pieces.push(piece));
        for piece in pieces {
            match piece {
                Piece::Oversize(bytes) => out.send(Upstream::Oversize { bytes }).await,
                Piece::Line(line) if line.iter().all(u8::is_ascii_whitespace) => {
                    out.send(Upstream::Alive).await;
                }
                Piece::Line(line) => {
                    if let Some(end) = tell(access, &line, out).await {
                        return end;
                    }
                }
            }
        }
    }
}

/// Tells one line; returns how the stream ends when the line says so.
async fn tell(access: &Access, line: &[u8], out: &Outlet) -> Option<SourceEnd> {
    let said = document::read(line, |ids| is_ours(access, ids));
    match said {
        Said::Posts(posts) => {
            for (message, id) in posts {
                access.place().told(&message);
                out.send(message).await;
                let cursor = access.place().heard(&id);
                if let Some(cursor) = cursor {
                    out.send(Upstream::Cursor(cursor)).await;
                }
            }
            None
        }
        Said::Other(message) => {
            out.send(message).await;
            None
        }
        Said::End(end) => Some(end),
    }
}

/// Rules of other programs may share our stream.
fn is_ours(access: &Access, matching: &[String]) -> bool {
    let rules = access.rules();
    matching.is_empty() || matching.iter().any(|id| rules.contains_key(id))
}

/// What runs beside the stream. Ends only when X takes our access away.
async fn beside(access: &Access, settled: Duration, out: &Outlet) -> SourceEnd {
    let late_search = async {
        sleep(settled).await;
        search_again(access, out).await;
        std::future::pending().await
    };
    tokio::select! {
        end = check_all_again(access, out) => end,
        end = late_search => end,
    }
}

/// One search after the stream has been open for a while: what was posted just before it opened was not in the index yet.
async fn search_again(access: &Access, out: &Outlet) {
    let newest = access.place().newest();
    if let Some(newest) = newest {
        let since = Since { cursor: Some(Cursor(newest.to_string())), not_before: Micros(0) };
        let searched = search::walk(access, &since, out, false).await;
        tracing::debug!(source.name = %access.name, search.result = ?searched, "searched again");
    }
}

/// The second look at what was shown, 100 posts at a time.
async fn check_all_again(access: &Access, out: &Outlet) -> SourceEnd {
    let mut ticks = interval_at(Instant::now() + access.recheck, access.recheck);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        match check_again(access, out).await {
            Err(end @ SourceEnd::NeedsCredentials(_)) => return end,
            Err(end) => {
                tracing::debug!(source.name = %access.name, source.end = %end, "shown posts were not looked up");
            }
            Ok(()) => {}
        }
    }
}

/// Looks at some of the shown posts again: X tells nobody of deletions.
async fn check_again(access: &Access, out: &Outlet) -> Result<(), SourceEnd> {
    let ids = access.place().next_to_check(search::LOOKUP_MAX);
    if ids.is_empty() {
        return Ok(());
    }
    let found = search::lookup(access, &ids).await?;
    for (id, counts) in found.counts {
        if access.place().counted(&id, counts) {
            out.send(Upstream::Counts { name: format!("x:{id}"), counts }).await;
        }
    }
    for (id, by) in found.gone.into_iter().filter(|(id, _)| ids.contains(id)) {
        access.place().gone(&id);
        out.send(Upstream::Delete { name: format!("x:{id}"), by }).await;
    }
    Ok(())
}

/// Searches what was posted since a cursor.
pub(super) async fn backfill(access: &Access, since: &Since, out: &Outlet) -> Backfilled {
    search::walk(access, since, out, true).await
}

/// On whose word a post is gone, by the kind of the error that names it.
fn deleter(kind: &str) -> Option<Deleter> {
    match kind.rsplit('/').next() {
        Some("resource-not-found") => Some(Deleter::Author),
        Some("not-authorized-for-resource") => Some(Deleter::Network),
        _ => None,
    }
}

#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod tests;
