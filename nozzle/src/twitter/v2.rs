//! X API v2: rules, the filtered stream, recent search for what was missed, and a second look at what was shown.

mod document;
mod post;
mod rules;
mod search;
mod shapes;

use std::time::Duration;

use model::Micros;
use tokio::time::sleep;

use super::access::join;
use super::{Access, recheck};
use crate::source::{Api, Backfilled, BoostOf, Cursor, LINE_BYTES_MAX, Outlet, Since, SourceEnd, Upstream};
use crate::wire::{Bytes, Ending, Piece, Splitter, open};
use document::Said;

pub(super) use search::lookup;

/// Fields and expansions that every call asks for; without them there is only an id and a text.
const FIELDS: [(&str, &str); 5] = [
    (
        "tweet.fields",
        "created_at,author_id,entities,attachments,referenced_tweets,lang,note_tweet,possibly_sensitive,public_metrics,edit_controls,withheld",
    ),
    (
        "expansions",
        "author_id,attachments.media_keys,attachments.poll_ids,referenced_tweets.id,referenced_tweets.id.author_id",
    ),
    ("user.fields", "name,username,profile_image_url,protected"),
    ("poll.fields", "options"),
    ("media.fields", "url,preview_image_url,alt_text,width,height,type"),
];
/// After so long the search knows what was posted just before we connected.
const SETTLED: Duration = Duration::from_secs(10);
/// New rules take effect within so long.
const RULES_SETTLED: Duration = Duration::from_secs(25);
/// How long posts that were named only wait for others, to be asked for together.
const GATHER: Duration = Duration::from_secs(2);

/// Connects and reads until the stream ends.
pub(super) async fn stream(access: &Access, out: &Outlet) -> Result<SourceEnd, SourceEnd> {
    let have_changed = rules::reconcile(access).await?;
    let url = join(&access.stream, "2/tweets/search/stream");
    let request = access.authorized(access.streams.get(url)).query(&FIELDS);
    let bytes = open(request).await.map_err(|refusal| match refusal.status {
        // The old connection is not yet cleared away over there, though calls remain.
        429 if is_about_connections(&refusal.body) => {
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

/// A 429 of the other kind: no window ends it, only the death of the connection.
fn is_about_connections(body: &str) -> bool {
    ["TooManyConnections", "ConnectionException", "connection limit"].iter().any(|sign| body.contains(sign))
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
            access.paid(posts.iter().filter_map(|(_, id)| id.parse().ok()), out).await;
            for (message, id) in posts {
                tell_post(access, message, out).await;
                let cursor = access.place().heard(&id);
                if let Some(at) = cursor {
                    out.send(access.cursor(at)).await;
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

/// Tells a post or a retweet; an original that did not come with its retweet is asked for.
async fn tell_post(access: &Access, message: Upstream, out: &Outlet) {
    if let Upstream::Boost { uid, of: BoostOf::Name(original) } = &message
        && let Some(id) = original.strip_prefix("x:").and_then(|id| id.parse().ok())
    {
        access.want(id, Some(uid.clone()));
    }
    access.tell(message, out).await;
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
        end = recheck::for_ever(access, Api::V2, out) => end,
        end = late_search => end,
        end = fetch_wanted(access, out) => end,
    }
}

/// Fetches what was named and not delivered, many at a time, for ever.
async fn fetch_wanted(access: &Access, out: &Outlet) -> SourceEnd {
    loop {
        access.is_wanted.notified().await;
        sleep(GATHER).await;
        while !access.wanted().is_empty() && access.pause().is_none() {
            let taken = access.wanted().take(recheck::LOOKUP_MAX);
            match search::fetch(access, &taken, out).await {
                Ok(()) => {}
                Err(end) => {
                    tracing::debug!(source.name = %access.name, source.end = %end, "named posts were not looked up");
                    // What somebody must act upon would fail again; retweets have counted by name.
                    let may_pass =
                        !matches!(end, SourceEnd::NeedsCredentials(_) | SourceEnd::Misconfigured(_));
                    if may_pass {
                        access.wanted().put_back(taken);
                    }
                    sleep(recheck::wait_after(&end).max(access.recheck)).await;
                }
            }
        }
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

/// Searches what was posted since a cursor.
pub(super) async fn backfill(access: &Access, since: &Since, out: &Outlet) -> Backfilled {
    search::walk(access, since, out, true).await
}

#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod tests;
