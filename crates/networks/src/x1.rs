//! Twitter API v1.1: `statuses/filter`, `search/tweets` and `statuses/lookup`, as they were before they were switched off.

mod render;
mod stream;

use std::net::TcpStream;
use std::sync::{Arc, Mutex, PoisonError};

use http::Method;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::deliver::{CHUNKS_MAX, Delivery};
use crate::http::{self as web, Answer, Query, Request};
use crate::journal::Line;
use crate::limits::{self, RateLimit, ResetForm};
use crate::rules;
use crate::server::{Matching, World};
use crate::store::Range;

/// Statuses a page of search, default and most.
const PAGE_DEFAULT: usize = 15;
const PAGE_MAX: usize = 100;
/// Ids a look-up.
const LOOKUP_MAX: usize = 100;
/// Phrases a stream may track, and bytes of each.
const PHRASES_MAX: usize = 400;
const PHRASE_BYTES_MAX: usize = 60;

pub(crate) struct Api {
    world: Arc<World>,
    limit: RateLimit,
    /// Ends the standing stream when a second one logs in.
    standing: Mutex<CancellationToken>,
}

impl Api {
    pub(crate) fn new(world: Arc<World>) -> Self {
        let limit = RateLimit::new(world.calls_max, 900, ResetForm::Unix);
        let standing = Mutex::new(world.shutdown.child_token());
        Self { world, limit, standing }
    }

    pub(crate) fn answer(&self, request: &Request, socket: Arc<TcpStream>) -> Answer {
        if let Some(wanted) = &self.world.token
            && request.bearer() != Some(wanted)
        {
            return errors(401, 32, "Could not authenticate you.");
        }
        match (&request.method, request.path.as_str()) {
            (&Method::POST, "/1.1/statuses/filter.json") => self.stream(request, socket),
            (&Method::GET, "/1.1/search/tweets.json") => self.search(request),
            (&Method::GET, "/1.1/statuses/lookup.json") => self.lookup(request),
            _ => errors(404, 34, "Sorry, that page does not exist."),
        }
    }

    fn refusal(&self, status: u16) -> Answer {
        match status {
            420 => web::text(420, "text/html", "Exceeded connection limit for user\r\n".into()),
            429 => {
                let seconds = i64::from(self.world.faults.faults.reset_seconds);
                let reset = Timestamp::now() + SignedDuration::from_secs(seconds);
                let headers = limits::headers(self.world.calls_max, 0, reset, ResetForm::Unix);
                web::with_headers(errors(429, 88, "Rate limit exceeded"), headers)
            }
            401 => errors(401, 32, "Could not authenticate you."),
            _ => web::text(status, "text/html", format!("<html><body>{status}</body></html>")),
        }
    }

    fn stream(&self, request: &Request, socket: Arc<TcpStream>) -> Answer {
        if let Some(status) = self.world.faults.refuse_stream() {
            return self.refusal(status);
        }
        let form = Query::parse(&request.body).join(request.query.clone());
        let Some(track) = form.get("track") else {
            return web::text(
                406,
                "text/html",
                "No filter parameters found. Expect at least one parameter: follow track locations\r\n"
                    .into(),
            );
        };
        let phrases = track.split(',');
        if phrases.clone().count() > PHRASES_MAX || phrases.clone().any(|p| p.len() > PHRASE_BYTES_MAX) {
            return web::text(413, "text/html", "Too long: a track phrase or the list of them\r\n".into());
        }
        let is_everything = self.world.matching == Matching::Everything;
        let is_delimited = form.get("delimited") == Some("length");
        let encoder = stream::Lines::new(&self.world.store, rules::track(track), is_everything, is_delimited);
        let ended = self.world.shutdown.child_token();
        let before = std::mem::replace(
            &mut *self.standing.lock().unwrap_or_else(PoisonError::into_inner),
            ended.clone(),
        );
        before.cancel();
        let (chunks, body) = mpsc::channel(CHUNKS_MAX);
        let (store, faults) = (Arc::clone(&self.world.store), Arc::clone(&self.world.faults));
        self.world.tasks.spawn(Delivery { store, faults, encoder, socket, ended }.run(chunks));
        web::streamed("application/json", body)
    }

    /// With `map`, what is gone is told as `null`; without it, it is only missing.
    fn lookup(&self, request: &Request) -> Answer {
        let (is_within, headers) = self.limit.count();
        if !is_within {
            return web::with_headers(errors(429, 88, "Rate limit exceeded"), headers);
        }
        if let Some(status) = self.world.faults.refuse_rest() {
            return self.refusal(status);
        }
        let ids: Vec<&str> = request.query.get("id").unwrap_or_default().split(',').collect();
        if ids.len() > LOOKUP_MAX {
            return errors(403, 18, "Too many terms specified in query.");
        }
        let extended = request.query.get("tweet_mode") == Some("extended");
        let store = &self.world.store;
        let found =
            ids.iter().map(|id| (*id, store.find(id).map(|post| render::status(store, &post, extended))));
        let body = match request.query.is_on("map") {
            true => {
                json!({"id": found.map(|(id, one)| (id.to_owned(), json!(one))).collect::<serde_json::Map<_, _>>()})
            }
            false => found.filter_map(|(_, one)| one).collect(),
        };
        web::with_headers(web::json(200, &body), headers)
    }

    fn search(&self, request: &Request) -> Answer {
        let (is_within, headers) = self.limit.count();
        if !is_within {
            return web::with_headers(errors(429, 88, "Rate limit exceeded"), headers);
        }
        if let Some(status) = self.world.faults.refuse_rest() {
            return self.refusal(status);
        }
        let query = &request.query;
        let Some(text) = query.get("q") else { return errors(400, 25, "Query parameters are missing.") };
        let Ok(rule) = rules::parse(text) else {
            return errors(400, 195, "Missing or invalid url parameter.");
        };
        let limit = query.number("count").unwrap_or(PAGE_DEFAULT).clamp(1, PAGE_MAX);
        // max_id is inclusive, since_id is not.
        let below = query.get("max_id").and_then(|id| id.parse::<u64>().ok()).map(|id| (id + 1).to_string());
        let range = Range { above: query.get("since_id").map(str::to_owned), below };
        let is_everything = self.world.matching == Matching::Everything;
        let page = self.world.store.page(&range, limit, false, |post| is_everything || rule.matches(post));
        for post in &page {
            let uid = self.world.store.uid(post);
            let line = Line {
                kind: "sent".into(),
                uid,
                id: Some(post.id.clone()),
                via: Some("rest".into()),
                ..Line::default()
            };
            self.world.store.journal().write(line);
        }
        let extended = query.get("tweet_mode") == Some("extended");
        let statuses: Vec<_> =
            page.iter().map(|post| render::status(&self.world.store, post, extended)).collect();
        let newest = page.first().map_or("0", |p| p.id.as_str());
        let meta = json!({"completed_in": 0.01, "max_id_str": newest, "max_id": newest.parse::<u64>().unwrap_or(0),
            "query": text, "count": limit, "since_id_str": query.get("since_id").unwrap_or("0")});
        web::with_headers(web::json(200, &json!({"statuses": statuses, "search_metadata": meta})), headers)
    }
}

fn errors(status: u16, code: u32, message: &str) -> Answer {
    web::json(status, &json!({"errors": [{"code": code, "message": message}]}))
}
