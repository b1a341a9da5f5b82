//! The search: by tags and upload time, sorted, paged. After 4,000 results the pages repeat, as they really do.

use std::sync::{Arc, PoisonError};

use serde_json::{Value, json};

use super::{Api, Fail, render};
use crate::http::Query;
use crate::ids;
use crate::journal::Line;
use crate::post::{Post, Visibility};
use crate::rules::has_tag;
use crate::script::Pace;
use crate::server::Matching;
use crate::store::Range;

/// Photos a page: default, most.
const PAGE: (usize, usize) = (100, 500);
/// Results of one query.
const RESULTS_MAX: usize = 4000;
/// Tags of one query.
const TAGS_MAX: usize = 20;
/// Searches that do not find a late photo yet.
const LATE_SEARCHES: u32 = 3;
/// With [`Pace::AsRead`], so many things happen before a search that goes forward in time.
const HAPPENINGS_PER_SEARCH: u64 = 60;

/// Answers a search.
pub(super) fn run(api: &Api, query: &Query) -> Result<Value, Fail> {
    let tags: Vec<&str> = query.get("tags").unwrap_or_default().split(',').map(str::trim).collect();
    let tags: Vec<&str> = tags.into_iter().filter(|tag| !tag.is_empty()).collect();
    if tags.is_empty() {
        return Err(Fail(3, "Parameterless searches have been disabled.".into()));
    }
    if tags.len() > TAGS_MAX {
        return Err(Fail(1, "Too many tags in ALL query".into()));
    }
    let is_forward = query.get("sort") == Some("date-posted-asc");
    if api.world.store.pace() == Pace::AsRead && is_forward {
        api.world.store.play(HAPPENINGS_PER_SEARCH);
    }
    let mut found = matching(api, query, &tags);
    found.sort_by(|a, b| uploaded(a).cmp(&uploaded(b)).then_with(|| ids::key(&a.id).cmp(&ids::key(&b.id))));
    if !is_forward {
        found.reverse();
    }
    let size = query.number("per_page").filter(|n| (1..=PAGE.1).contains(n)).unwrap_or(PAGE.0);
    let wanted = query.number("page").unwrap_or(1).max(1);
    let page = shown(api, wanted).min((RESULTS_MAX / size).max(1));
    let photos: Vec<&Arc<Post>> = found.iter().skip((page - 1) * size).take(size).collect();
    journal(api, &photos);
    let extras: Vec<&str> = query.get("extras").unwrap_or_default().split(',').map(str::trim).collect();
    let photos: Vec<Value> = photos.into_iter().map(|post| render::listed(post, &extras)).collect();
    // Texts here and numbers there, as it comes.
    let (total, pages) = (found.len().to_string(), found.len().div_ceil(size));
    Ok(
        json!({"photos": {"page": wanted, "pages": pages, "perpage": size, "total": total, "photo": photos}, "stat": "ok"}),
    )
}

/// The page that is given for the one that was asked for.
fn shown(api: &Api, wanted: usize) -> usize {
    let mut dice = api.dice.lock().unwrap_or_else(PoisonError::into_inner);
    if wanted > 1 && dice.percent(api.world.faults.faults.duplicates_percent) { wanted - 1 } else { wanted }
}

fn uploaded(post: &Post) -> i64 {
    post.created_at.div_euclid(1_000_000)
}

fn matching(api: &Api, query: &Query, tags: &[&str]) -> Vec<Arc<Post>> {
    let bound = |name: &str| query.get(name).and_then(|at| at.parse::<i64>().ok());
    let (from, to) = (bound("min_upload_date"), bound("max_upload_date"));
    let is_safe = query.get("safe_search") == Some("1");
    let everything = api.world.matching == Matching::Everything;
    let is_tagged = |post: &Post| {
        if query.get("tag_mode") == Some("all") {
            tags.iter().all(|tag| has_tag(post, tag))
        } else {
            tags.iter().any(|tag| has_tag(post, tag))
        }
    };
    let mut found = api.world.store.page(&Range::default(), usize::MAX, true, |post| {
        let at = uploaded(post);
        post.visibility == Visibility::Public
            && from.is_none_or(|from| at >= from)
            && to.is_none_or(|to| at <= to)
            && !(is_safe && post.sensitive)
            && (everything || is_tagged(post))
    });
    found.retain(|post| is_indexed(api, &post.id));
    found
}

/// Whether the search knows a photo yet.
fn is_indexed(api: &Api, id: &str) -> bool {
    if (ids::hash(id) % 100) as f64 >= api.world.faults.faults.late_percent {
        return true;
    }
    let mut late = api.late.lock().unwrap_or_else(PoisonError::into_inner);
    let searches = late.entry(id.to_owned()).or_default();
    *searches += 1;
    *searches > LATE_SEARCHES
}

fn journal(api: &Api, photos: &[&Arc<Post>]) {
    let store = &api.world.store;
    for post in photos {
        let line =
            Line { kind: "sent".into(), uid: store.uid(post), via: Some("rest".into()), ..Line::default() };
        store.journal().write(line);
    }
}
