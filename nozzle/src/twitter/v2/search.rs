//! Recent search for what a stream missed, and the look-up of posts by id.

use model::Micros;

use super::document::Document;
use super::{FIELDS, deleter};
use crate::source::{Backfilled, Cursor, Deleter, DraftCounts, Outlet, Since, SourceEnd, Upstream};
use crate::twitter::Access;
use crate::twitter::place::Held;
use crate::wire::answer::{Answer, Refusal, ask};

/// Posts a page, the most that X gives.
const PAGE: &str = "100";
/// Pages of one walk: 30,000 posts.
const PAGES_MAX: usize = 300;
/// Ids a look-up.
pub(super) const LOOKUP_MAX: usize = 100;

/// Walks back to `since`. With `is_cursor` the end of the walk is told as one.
pub(super) async fn walk(access: &Access, since: &Since, out: &Outlet, is_cursor: bool) -> Backfilled {
    let from = access.place().since(since).to_string();
    match pages(access, Some(&from), out, is_cursor).await {
        Ok(()) => Backfilled::Complete,
        // Older than X hands out: what it does hand out is taken, the rest stays a gap.
        Err(Stop::TooOld) => match pages(access, None, out, is_cursor).await {
            Ok(()) if since.cursor.is_none() || is_at_start(since) => Backfilled::Complete,
            Ok(()) => Backfilled::Impossible("X hands out the last seven days only".into()),
            Err(stop) => stop.backfilled(),
        },
        Err(stop) => stop.backfilled(),
    }
}

fn is_at_start(since: &Since) -> bool {
    since.not_before <= Micros(0)
}

enum Stop {
    /// X does not go back this far.
    TooOld,
    TooMany,
    End(SourceEnd),
}

impl Stop {
    fn backfilled(self) -> Backfilled {
        match self {
            Self::End(end) => Backfilled::Broken(end),
            Self::TooOld => Backfilled::Impossible("X hands out the last seven days only".into()),
            Self::TooMany => Backfilled::Impossible(format!("more than {PAGES_MAX} pages were missed")),
        }
    }
}

/// X names the parameter that it refuses; `since_id` is refused when it is older than a week.
fn stop(refusal: Refusal) -> Stop {
    if refusal.status == 400 && refusal.body.contains("since_id") {
        Stop::TooOld
    } else {
        Stop::End(refusal.end)
    }
}

async fn pages(access: &Access, since_id: Option<&str>, out: &Outlet, is_cursor: bool) -> Result<(), Stop> {
    let mut held = Held::new();
    let mut token: Option<String> = None;
    for _ in 0..PAGES_MAX {
        let answer = page(access, since_id, token.as_deref()).await.map_err(stop)?;
        let unreadable =
            |e: serde_json::Error| Stop::End(SourceEnd::Refused(format!("a page that cannot be read: {e}")));
        let document: Document<'_> = serde_json::from_slice(&answer.body).map_err(unreadable)?;
        token = document.meta.as_ref().and_then(|meta| meta.next_token.clone());
        let (messages, ids): (Vec<Upstream>, Vec<String>) = document.posts().into_iter().unzip();
        let due = held.page(messages, ids.iter().filter_map(|id| id.parse().ok()));
        tell(access, due, out).await;
        if token.is_none() {
            tell(access, held.rest(), out).await;
            access.place().walked(held.newest());
            if let Some(newest) = held.newest().filter(|_| is_cursor) {
                out.send(Upstream::Cursor(Cursor(newest.to_string()))).await;
            }
            return Ok(());
        }
    }
    tell(access, held.rest(), out).await;
    Err(Stop::TooMany)
}

async fn tell(access: &Access, messages: Vec<Upstream>, out: &Outlet) {
    for message in messages {
        access.place().told(&message);
        out.send(message).await;
    }
}

async fn page(access: &Access, since_id: Option<&str>, token: Option<&str>) -> Result<Answer, Refusal> {
    let query = access.query();
    let mut request = access
        .get("2/tweets/search/recent")
        .query(&FIELDS)
        .query(&[("query", query.as_str()), ("max_results", PAGE)]);
    if let Some(id) = since_id {
        request = request.query(&[("since_id", id)]);
    }
    if let Some(token) = token {
        request = request.query(&[("next_token", token)]);
    }
    ask(request).await
}

/// What a look-up found.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Posts that are there, by the first id of their history.
    pub(super) counts: Vec<(String, DraftCounts)>,
    /// Posts that are gone.
    pub(super) gone: Vec<(String, Deleter)>,
}

/// Looks posts up by id.
pub(super) async fn lookup(access: &Access, ids: &[String]) -> Result<Found, SourceEnd> {
    let ids = ids.join(",");
    let request = access.get("2/tweets").query(&[("ids", ids.as_str()), ("tweet.fields", "public_metrics")]);
    let answer = ask(request).await.map_err(|r| r.end)?;
    found(&answer.body).ok_or_else(|| SourceEnd::Refused("a look-up that cannot be read".into()))
}

fn found(body: &[u8]) -> Option<Found> {
    let document: Document<'_> = serde_json::from_slice(body).ok()?;
    let counts =
        document.tweets().iter().filter_map(|t| Some((t.first_id()?.to_owned(), t.counts()))).collect();
    let gone = document.errors.iter().filter(|p| p.resource_type.as_deref() == Some("tweet"));
    let gone = gone.filter_map(|p| Some((p.resource_id.clone()?, deleter(p.kind.as_deref()?)?))).collect();
    Some(Found { counts, gone })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lookup_tells_the_gone_from_the_rest() {
        let body = br#"{"data":[{"id":"12","text":"x","edit_history_tweet_ids":["11","12"],"public_metrics":{"like_count":3}}],
            "errors":[{"resource_type":"tweet","resource_id":"13","type":"https://api.x.com/2/problems/resource-not-found"},
            {"resource_type":"user","resource_id":"14","type":"https://api.x.com/2/problems/resource-not-found"},
            {"resource_type":"tweet","resource_id":"15","type":"https://api.x.com/2/problems/not-authorized-for-resource"},
            {"resource_type":"tweet","resource_id":"16","type":"https://api.x.com/2/problems/other"}]}"#;
        let found = found(body).unwrap();
        assert_eq!(found.counts[0].0, "11");
        assert_eq!(found.gone, [("13".to_owned(), Deleter::Author), ("15".to_owned(), Deleter::Network)]);
    }
}
