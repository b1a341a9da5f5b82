//! Twitter API v1.1: the `statuses/filter` stream and `search/tweets` for what a dropped connection missed. Switched off
//! at Twitter, alive in archives, replays and servers of the same shape.

mod control;
mod status;

use std::collections::HashMap;

use reqwest::header::HeaderMap;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::access::join;
use super::place::{Allowance, Held, PAGE_MIN};
use super::shown::{Absence, Asked, Found};
use super::{Access, recheck};
use crate::source::{Api, Backfilled, LINE_BYTES_MAX, Outlet, Since, SourceEnd, Upstream, sample};
use crate::wire::answer::{Refusal, ask};
use crate::wire::{Bytes, Ending, Piece, Splitter, open};
use control::{Limits, Told};

/// Posts a page of search, the most there ever was.
const PAGE_MAX: u64 = 100;
/// Pages of one walk: 30,000 posts.
const PAGES_MAX: usize = 300;

/// Connects and reads until the stream ends.
pub(super) async fn stream(access: &Access, out: &Outlet) -> Result<SourceEnd, SourceEnd> {
    let track = access.tags.iter().map(|t| format!("#{t}")).collect::<Vec<_>>().join(",");
    let url = join(&access.stream, "1.1/statuses/filter.json");
    let request = access
        .authorized(access.streams.post(url))
        .form(&[("track", track.as_str()), ("stall_warnings", "true")]);
    let bytes = open(request).await.map_err(|refusal| refusal.end)?;
    out.send(Upstream::Opened).await;
    tokio::select! {
        end = read(access, bytes, out) => Ok(end),
        end = recheck::for_ever(access, Api::V1, out) => Ok(end),
    }
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
                    access.paid(id.iter().filter_map(|id| id.parse().ok()), out).await;
                    access.tell(message, out).await;
                    let cursor = id.and_then(|id| access.place().heard(&id));
                    if let Some(at) = cursor {
                        out.send(access.cursor(at)).await;
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
    let mut allowance = Allowance::of(access);
    let mut ended = Backfilled::Impossible(format!("more than {PAGES_MAX} pages were missed"));
    for _ in 0..PAGES_MAX {
        let Some(posts_max) = allowance.next((PAGE_MIN, PAGE_MAX)) else {
            ended = Backfilled::Impossible(Allowance::WHY.to_owned());
            break;
        };
        let page = match page(access, &since_id, below, posts_max).await {
            Ok(page) => page,
            Err(end) => return Backfilled::Broken(end),
        };
        let ids: Vec<u64> = page.iter().filter_map(|(_, id)| id.parse().ok()).collect();
        allowance.came(ids.len());
        access.paid(ids.iter().copied(), out).await;
        // `max_id` includes its id, so the next page begins one below the oldest of this one.
        let oldest = ids.iter().min().copied();
        let is_last = oldest.is_none_or(|oldest| oldest == 0 || below.is_some_and(|below| oldest > below));
        let due = held.page(page.into_iter().map(|(message, _)| message).collect(), ids.into_iter());
        tell(access, due, out).await;
        if is_last {
            ended = Backfilled::Complete;
            break;
        }
        below = oldest.map(|oldest| oldest - 1);
    }
    tell(access, held.rest(), out).await;
    access.place().walked(held.newest());
    // What is beyond a stop is given up, and shown as missing: walking there again would end at the same place.
    if let Some(newest) = held.newest() {
        out.send(access.cursor(newest)).await;
    }
    ended
}

async fn tell(access: &Access, messages: Vec<Upstream>, out: &Outlet) {
    for message in messages {
        access.tell(message, out).await;
    }
}

/// Looks posts up by id. v1.1 says `null` for a post that is not there, and not why.
pub(super) async fn lookup(access: &Access, asked: &[Asked]) -> Result<(Found, HeaderMap), Refusal> {
    let ids = asked.iter().map(|one| one.newest.to_string()).collect::<Vec<_>>().join(",");
    let request = access.get("1.1/statuses/lookup.json").query(&[
        ("id", ids.as_str()),
        ("map", "true"),
        ("trim_user", "true"),
        ("tweet_mode", "extended"),
    ]);
    let answer = ask(request).await?;
    let unreadable = |error: serde_json::Error| Refusal {
        status: answer.status,
        body: String::new(),
        end: SourceEnd::Refused(format!("a look-up that cannot be read: {error}")),
    };
    let map: LookedUp<'_> = serde_json::from_slice(&answer.body).map_err(unreadable)?;
    Ok((found(asked, &map), answer.headers))
}

#[derive(Deserialize)]
struct LookedUp<'a> {
    #[serde(borrow)]
    id: HashMap<String, Option<&'a RawValue>>,
}

fn found(asked: &[Asked], map: &LookedUp<'_>) -> Found {
    let mut found = Found::default();
    for one in asked {
        match map.id.get(&one.newest.to_string()) {
            Some(Some(raw)) => found.present.extend(status::present(raw.get().as_bytes(), *one)),
            Some(None) => found.absent.push((one.newest, Absence::Gone)),
            // Not answered: looked at again in its turn.
            None => {}
        }
    }
    found
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
    posts_max: u64,
) -> Result<Vec<(Upstream, String)>, SourceEnd> {
    let (query, count) = (access.query(), posts_max.to_string());
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
