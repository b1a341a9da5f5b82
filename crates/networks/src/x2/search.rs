//! Recent search and lookup.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{invalid, render, rulebook};
use crate::http::{self as web, Answer, Request};
use crate::journal::Line;
use crate::post::Post;
use crate::rules;
use crate::server::{Matching, World};
use crate::store::Range;
use render::Fields;

/// Posts a page: least, default, most.
const PAGE: (usize, usize, usize) = (10, 10, 100);
/// Ids a lookup.
const LOOKUP_MAX: usize = 100;

fn is_id(text: &str) -> bool {
    !text.is_empty() && text.len() <= 19 && text.bytes().all(|b| b.is_ascii_digit())
}

/// `/2/tweets/search/recent`, newest first, paged by `next_token`.
pub(crate) fn recent(world: &World, request: &Request) -> Answer {
    let query = &request.query;
    let Some(text) = query.get("query") else { return invalid("query", "", "query can not be blank") };
    let rule = match rules::parse(text) {
        Ok(rule) => rule,
        Err(why) => return invalid("query", text, &why),
    };
    for name in ["since_id", "until_id"] {
        if let Some(id) = query.get(name).filter(|id| !is_id(id)) {
            return invalid(name, id, &format!("'{name}' must be a valid Tweet ID"));
        }
    }
    let limit = query.number("max_results").unwrap_or(PAGE.1);
    if !(PAGE.0..=PAGE.2).contains(&limit) {
        return invalid("max_results", &limit.to_string(), "max_results must be between 10 and 100");
    }
    let token = query.get("next_token").or(query.get("pagination_token"));
    let below = match token.map(|t| t.strip_prefix("b26v").filter(|id| is_id(id))) {
        Some(None) => return invalid("next_token", token.unwrap_or_default(), "invalid next_token"),
        Some(Some(id)) => Some(id.to_owned()),
        None => query.get("until_id").map(str::to_owned),
    };
    let range = Range { above: query.get("since_id").map(str::to_owned), below };
    let everything = world.matching == Matching::Everything;
    let mut page = world.store.page(&range, limit + 1, false, |post| everything || rule.matches(post));
    let has_more = page.len() > limit;
    page.truncate(limit);
    answer(world, &page, &Fields::of(query), has_more)
}

fn answer(world: &World, page: &[Arc<Post>], fields: &Fields, has_more: bool) -> Answer {
    journal(world, page);
    let document = render::document(&world.store, page, fields);
    let mut meta = json!({"result_count": page.len()});
    if let (Some(newest), Some(oldest)) = (page.first(), page.last()) {
        meta["newest_id"] = json!(newest.id);
        meta["oldest_id"] = json!(oldest.id);
        if has_more {
            meta["next_token"] = json!(format!("b26v{}", oldest.id));
        }
    }
    let mut body = json!({"meta": meta});
    fill(&mut body, document);
    web::json(200, &body)
}

fn fill(body: &mut Value, document: render::Document) {
    if !document.data.is_empty() {
        body["data"] = Value::Array(document.data);
    }
    if !document.includes.is_empty() {
        body["includes"] = Value::Object(document.includes);
    }
    if !document.errors.is_empty() {
        body["errors"] = Value::Array(document.errors);
    }
}

fn journal(world: &World, posts: &[Arc<Post>]) {
    for post in posts {
        let line = Line {
            kind: "sent".into(),
            uid: world.store.uid(post),
            via: Some("rest".into()),
            ..Line::default()
        };
        world.store.journal().write(Line { id: Some(post.id.clone()), ..line });
    }
}

/// `/2/tweets?ids=`: what still exists, and an error for each that does not.
pub(crate) fn lookup(world: &World, request: &Request) -> Answer {
    let ids: Vec<&str> = request.query.get("ids").unwrap_or_default().split(',').collect();
    if ids.len() > LOOKUP_MAX {
        return invalid("ids", &ids.len().to_string(), "size must be between 1 and 100");
    }
    if let Some(bad) = ids.iter().find(|id| !is_id(id)) {
        return invalid("ids", bad, &format!("The `ids` query parameter value [{bad}] is not valid"));
    }
    let found: Vec<Arc<Post>> = ids.iter().filter_map(|id| world.store.find(id)).collect();
    let mut document = render::document(&world.store, &found, &Fields::of(&request.query));
    journal(world, &found);
    let gone = ids.iter().filter(|id| world.store.find(id).is_none());
    document.errors.extend(gone.map(|id| render::not_found("ids", id)));
    let mut body = json!({});
    fill(&mut body, document);
    web::json(200, &body)
}

/// The body of one stream message.
pub(crate) fn message(
    world_store: &crate::store::Store,
    post: &Arc<Post>,
    fields: &Fields,
    rules: Vec<Value>,
) -> Value {
    let document = render::document(world_store, std::slice::from_ref(post), fields);
    let mut body = json!({"matching_rules": rules});
    let render::Document { mut data, includes, errors } = document;
    body["data"] = data.pop().unwrap_or_default();
    fill(&mut body, render::Document { data: Vec::new(), includes, errors });
    body
}

/// Rules that match a post, empty when the stream does not carry it.
pub(crate) fn matching(book: &rulebook::Rulebook, post: &Post, matching: Matching) -> Vec<Value> {
    book.matching(post, matching == Matching::Everything)
}
