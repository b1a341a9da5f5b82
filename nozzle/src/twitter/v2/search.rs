//! Recent search for what a stream missed, and the look-up of posts by id.

use model::Micros;
use reqwest::header::HeaderMap;

use super::document::Document;
use super::shapes::Tweet;
use super::{FIELDS, tell_post};
use crate::source::{Backfilled, Outlet, Since, SourceEnd, Upstream};
use crate::twitter::Access;
use crate::twitter::place::{Allowance, Held, PAGE_MIN};
use crate::twitter::shown::{Absence, Asked, Found};
use crate::twitter::wanted::Taken;
use crate::wire::answer::{Answer, Refusal, ask};

/// Posts a page, the least and the most that X gives.
const PAGE: (u64, u64) = (PAGE_MIN, 100);
/// Pages of one walk: 30,000 posts.
const PAGES_MAX: usize = 300;

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
    /// The day's allowance has no more for a search.
    UsedUp,
    End(SourceEnd),
}

impl Stop {
    fn backfilled(self) -> Backfilled {
        match self {
            Self::End(end) => Backfilled::Broken(end),
            Self::TooOld => Backfilled::Impossible("X hands out the last seven days only".into()),
            Self::UsedUp => Backfilled::Impossible(Allowance::WHY.to_owned()),
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
    let mut allowance = Allowance::of(access);
    let mut stop_at_end = None;
    for _ in 0..PAGES_MAX {
        let Some(posts_max) = allowance.next(PAGE) else {
            stop_at_end = Some(Stop::UsedUp);
            break;
        };
        let answer = page(access, since_id, token.as_deref(), posts_max).await.map_err(stop)?;
        let unreadable =
            |e: serde_json::Error| Stop::End(SourceEnd::Refused(format!("a page that cannot be read: {e}")));
        let document: Document<'_> = serde_json::from_slice(&answer.body).map_err(unreadable)?;
        token = document.meta.as_ref().and_then(|meta| meta.next_token.clone());
        let (messages, ids): (Vec<Upstream>, Vec<String>) = document.posts().into_iter().unzip();
        let ids: Vec<u64> = ids.iter().filter_map(|id| id.parse().ok()).collect();
        allowance.came(ids.len());
        access.paid(ids.iter().copied(), out).await;
        let due = held.page(messages, ids.into_iter());
        tell(access, due, out).await;
        if token.is_none() {
            break;
        }
    }
    tell(access, held.rest(), out).await;
    access.place().walked(held.newest());
    // What is beyond a stop is given up, and shown as missing: walking there again would end at the same place.
    if let Some(newest) = held.newest().filter(|_| is_cursor) {
        out.send(access.cursor(newest)).await;
    }
    match (stop_at_end, token) {
        (Some(stop), _) => Err(stop),
        (None, Some(_)) => Err(Stop::TooMany),
        (None, None) => Ok(()),
    }
}

async fn tell(access: &Access, messages: Vec<Upstream>, out: &Outlet) {
    for message in messages {
        tell_post(access, message, out).await;
    }
}

async fn page(
    access: &Access,
    since_id: Option<&str>,
    token: Option<&str>,
    posts_max: u64,
) -> Result<Answer, Refusal> {
    let (query, posts_max) = (access.query(), posts_max.to_string());
    let mut request = access
        .get("2/tweets/search/recent")
        .query(&FIELDS)
        .query(&[("query", query.as_str()), ("max_results", posts_max.as_str())]);
    if let Some(id) = since_id {
        request = request.query(&[("since_id", id)]);
    }
    if let Some(token) = token {
        request = request.query(&[("next_token", token)]);
    }
    ask(request).await
}

/// Fetches posts whole, by their ids, and tells them.
pub(super) async fn fetch(access: &Access, taken: &Taken, out: &Outlet) -> Result<(), SourceEnd> {
    let ids = taken.ids().map(|id| id.to_string()).collect::<Vec<_>>().join(",");
    let request = access.get("2/tweets").query(&FIELDS).query(&[("ids", ids.as_str())]);
    let answer = ask(request).await.map_err(|refusal| refusal.end)?;
    let document: Document<'_> = serde_json::from_slice(&answer.body)
        .map_err(|error| SourceEnd::Refused(format!("a look-up that cannot be read: {error}")))?;
    access.paid(taken.ids(), out).await;
    for (message, _) in document.posts() {
        match message {
            Upstream::Post(draft) => {
                for told in taken.found(draft) {
                    access.tell(told, out).await;
                }
            }
            other => access.tell(other, out).await,
        }
    }
    Ok(())
}

/// Looks posts up by id: which are there, and why the others are not.
pub(in crate::twitter) async fn lookup(
    access: &Access,
    asked: &[Asked],
) -> Result<(Found, HeaderMap), Refusal> {
    let ids = asked.iter().map(|one| one.newest.to_string()).collect::<Vec<_>>().join(",");
    let request = access
        .get("2/tweets")
        .query(&[("ids", ids.as_str()), ("tweet.fields", "public_metrics,author_id,withheld")]);
    let answer = ask(request).await?;
    match found(&answer.body) {
        Some(found) => Ok((found, answer.headers)),
        None => Err(unreadable("a look-up that cannot be read")),
    }
}

fn unreadable(what: &str) -> Refusal {
    Refusal { status: 200, body: String::new(), end: SourceEnd::Refused(what.to_owned()) }
}

fn found(body: &[u8]) -> Option<Found> {
    let document: Document<'_> = serde_json::from_slice(body).ok()?;
    let present = document.tweets().iter().filter_map(Tweet::present).collect();
    let of_posts = document.errors.iter().filter(|p| p.resource_type.as_deref() == Some("tweet"));
    let absent = of_posts
        .filter_map(|p| Some((p.resource_id.as_ref()?.parse().ok()?, absence(p.kind.as_deref()?)?)))
        .collect();
    Some(Found { present, absent })
}

/// Why a post is not there, by the kind of the error that names it.
fn absence(kind: &str) -> Option<Absence> {
    match kind.rsplit('/').next() {
        Some("resource-not-found") => Some(Absence::Gone),
        Some("not-authorized-for-resource") => Some(Absence::Hidden),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lookup_tells_the_gone_from_the_rest() {
        let body = br#"{"data":[{"id":"12","text":"x","author_id":"7","edit_history_tweet_ids":["11","12"],"public_metrics":{"like_count":3}},
            {"id":"20","text":"x","withheld":{"copyright":true,"country_codes":["XY"]}}],
            "errors":[{"resource_type":"tweet","resource_id":"13","type":"https://api.x.com/2/problems/resource-not-found"},
            {"resource_type":"user","resource_id":"14","type":"https://api.x.com/2/problems/resource-not-found"},
            {"resource_type":"tweet","resource_id":"15","type":"https://api.x.com/2/problems/not-authorized-for-resource"},
            {"resource_type":"tweet","resource_id":"16","type":"https://api.x.com/2/problems/other"}]}"#;
        let found = found(body).unwrap();
        let one = &found.present[0];
        assert_eq!(
            (one.first, one.newest, one.author.as_deref(), one.is_withheld),
            (11, 12, Some("7"), false)
        );
        assert_eq!((one.counts.likes, found.present[1].is_withheld), (Some(3), true));
        assert_eq!(found.absent, [(13, Absence::Gone), (15, Absence::Hidden)]);
    }
}
