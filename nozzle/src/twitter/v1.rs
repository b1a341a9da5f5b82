//! Twitter API v1.1: the `statuses/filter` stream and `search/tweets` for what a dropped connection missed. Switched off
//! at Twitter, alive in archives, replays and servers of the same shape.

mod control;
mod status;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::Access;
use super::place::Held;
use crate::source::{Backfilled, Cursor, LINE_BYTES_MAX, Outlet, Since, SourceEnd, Upstream, sample};
use crate::wire::answer::{Refusal, ask};
use crate::wire::{Bytes, Ending, Piece, Splitter, open};
use control::{Limits, Told};

/// Posts a page of search, the most there ever was.
const PAGE: usize = 100;
/// Pages of one walk: 30,000 posts.
const PAGES_MAX: usize = 300;

/// Connects and reads until the stream ends.
pub(super) async fn stream(access: &Access, out: &Outlet) -> Result<SourceEnd, SourceEnd> {
    access.must_have_token()?;
    let track = access.tags.iter().map(|t| format!("#{t}")).collect::<Vec<_>>().join(",");
    let url = super::join(&access.stream, "1.1/statuses/filter.json");
    let request = access
        .authorized(access.streams.post(url))
        .form(&[("track", track.as_str()), ("stall_warnings", "true")]);
    let bytes = open(request).await.map_err(|refusal| refusal.end)?;
    out.send(Upstream::Opened).await;
    Ok(read(access, bytes, out).await)
}

async fn read(access: &Access, mut bytes: Bytes, out: &Outlet) -> SourceEnd {
    // A bare line feed may stand inside a message.
    let mut splitter = Splitter::new(Ending::CrLf, LINE_BYTES_MAX);
    let mut limits = Limits::default();
    loop {
        let chunk = match bytes.next().await {
            Ok(chunk) => chunk,
            Err(end) => return end,
        };
        let mut pieces = Vec::new();
        splitter.push(&chunk, |piece| pieces.push(piece));
        for piece in pieces {
            let told = match piece {
                Piece::Oversize(bytes) => Told::Message(Upstream::Oversize { bytes }, None),
                Piece::Line(line) if line.iter().all(u8::is_ascii_whitespace) => {
                    Told::Message(Upstream::Alive, None)
                }
                Piece::Line(line) => control::read(&line, &mut limits),
            };
            match told {
                Told::End(end) => return end,
                Told::Message(message, id) => {
                    out.send(message).await;
                    let cursor = id.and_then(|id| access.place().heard(&id));
                    if let Some(cursor) = cursor {
                        out.send(Upstream::Cursor(cursor)).await;
                    }
                }
            }
        }
    }
}

/// Searches what was posted since a cursor, newest first.
pub(super) async fn backfill(access: &Access, since: &Since, out: &Outlet) -> Backfilled {
    let since_id = access.place().since(since).to_string();
    let mut held = Held::new();
    let mut below: Option<u64> = None;
    for _ in 0..PAGES_MAX {
        let page = match page(access, &since_id, below).await {
            Ok(page) => page,
            Err(end) => return Backfilled::Broken(end),
        };
        let ids: Vec<u64> = page.iter().filter_map(|(_, id)| id.parse().ok()).collect();
        // `max_id` includes its id, so the next page begins one below the oldest of this one.
        let oldest = ids.iter().min().copied();
        let is_last = oldest.is_none_or(|oldest| oldest == 0 || below.is_some_and(|below| oldest > below));
        let due = held.page(page.into_iter().map(|(message, _)| message).collect(), ids.into_iter());
        tell(due, out).await;
        if is_last {
            tell(held.rest(), out).await;
            access.place().walked(held.newest());
            if let Some(newest) = held.newest() {
                out.send(Upstream::Cursor(Cursor(newest.to_string()))).await;
            }
            return Backfilled::Complete;
        }
        below = oldest.map(|oldest| oldest - 1);
    }
    tell(held.rest(), out).await;
    Backfilled::Impossible(format!("more than {PAGES_MAX} pages were missed"))
}

async fn tell(messages: Vec<Upstream>, out: &Outlet) {
    for message in messages {
        out.send(message).await;
    }
}

#[derive(Deserialize)]
struct Results<'a> {
    #[serde(borrow, default)]
    statuses: Vec<&'a RawValue>,
}

/// A page of search; empty when there is nothing more.
async fn page(
    access: &Access,
    since_id: &str,
    below: Option<u64>,
) -> Result<Vec<(Upstream, String)>, SourceEnd> {
    let (query, count) = (access.query(), PAGE.to_string());
    let mut request = access.get("1.1/search/tweets.json").query(&[
        ("q", query.as_str()),
        ("count", &count),
        ("since_id", since_id),
        ("result_type", "recent"),
        ("tweet_mode", "extended"),
    ]);
    if let Some(below) = below {
        request = request.query(&[("max_id", below.to_string())]);
    }
    let answer = ask(request).await.map_err(|refusal: Refusal| refusal.end)?;
    let results: Results<'_> = serde_json::from_slice(&answer.body)
        .map_err(|error| SourceEnd::Refused(format!("a page that cannot be read: {error}")))?;
    let told = |raw: &RawValue| match status::read(raw.get().as_bytes()) {
        Some(told) => told,
        None => {
            let sample = sample(raw.get().as_bytes());
            (Upstream::Malformed { reason: "no_id", sample }, String::new())
        }
    };
    Ok(results.statuses.into_iter().map(told).collect())
}

#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod tests;
