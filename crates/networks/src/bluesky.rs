//! Bluesky: Jetstream v1 over a WebSocket (`/subscribe`), and the look-up of profiles on the same port.
//!
//! Every event's `time_us` is its post's own time, made to grow, so a script of years ago replays with its own times. A post
//! whose `html` is set is one recorded event line, said as it is.

mod jetstream;
mod render;
mod websocket;

use std::collections::HashMap;
use std::net::TcpStream;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use http::{HeaderMap, HeaderValue, header};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::Error;
use crate::deliver::{CHUNKS_MAX, Delivery};
use crate::happen::What;
use crate::http::{self as web, Answer, Request};
use crate::limits::{RateLimit, ResetForm};
use crate::post::{Author, Post};
use crate::script::Happening;
use crate::server::World;
use crate::store::Store;

pub(crate) use render::uri;

/// Accounts of one look-up.
const ACTORS_MAX: usize = 25;
/// How far back a replay goes, in microseconds.
const WINDOW: i64 = 36 * 3600 * 1_000_000;
/// Cursors from here on are times, smaller ones sequence numbers.
const TIME_LEAST: i64 = 1_000_000_000_000_000;

pub(crate) struct Api {
    world: Arc<World>,
    limit: RateLimit,
    stamps: Arc<Stamps>,
}

impl Api {
    pub(crate) fn new(world: Arc<World>) -> Self {
        let limit = RateLimit::new(world.calls_max, 300, ResetForm::Unix);
        let stamps = Arc::new(Stamps { store: Arc::clone(&world.store), known: Mutex::default() });
        world.tasks.spawn(stamp(Arc::clone(&stamps), world.shutdown.clone()));
        Self { world, limit, stamps }
    }

    pub(crate) fn answer(&self, request: &Request, socket: Arc<TcpStream>) -> Answer {
        match request.path.as_str() {
            _ if request.method != http::Method::GET => error(404, "NotFound", "no such method"),
            "/subscribe" => self.subscribe(request, socket),
            "/xrpc/app.bsky.actor.getProfiles" => self.profiles(request),
            _ => error(404, "NotFound", "no such method"),
        }
    }

    fn subscribe(&self, request: &Request, socket: Arc<TcpStream>) -> Answer {
        if let Some(status) = self.world.faults.refuse_stream() {
            return self.refusal(status);
        }
        let Some(key) = websocket::key(&request.headers) else {
            return error(400, "BadRequest", "websocket: the client is not using the websocket protocol");
        };
        let cursor = match request.query.get("cursor").map(str::parse::<i64>) {
            Some(Err(_)) => return error(400, "BadRequest", "invalid cursor"),
            Some(Ok(cursor)) => Some(cursor),
            None => None,
        };
        let collections = request.query.all("wantedCollections").map(str::to_owned).collect();
        let encoder = jetstream::Events::new(&self.world, Arc::clone(&self.stamps), collections, cursor);
        let (chunks, taken) = mpsc::channel(CHUNKS_MAX);
        let (store, faults) = (Arc::clone(&self.world.store), Arc::clone(&self.world.faults));
        let manners = websocket::Manners::of(&faults.faults);
        let delivery = Delivery { store, faults, encoder, socket, ended: self.world.shutdown.clone() };
        let upgraded = request.upgrade.clone();
        self.world.tasks.spawn(async move {
            let Ok(upgraded) = upgraded.await else { return };
            let io = hyper_util::rt::TokioIo::new(upgraded);
            let carrying = websocket::carry(io, taken, manners);
            tokio::join!(delivery.run(chunks), carrying);
        });
        websocket::accepted(&key)
    }

    fn refusal(&self, status: u16) -> Answer {
        let answer = error(status, "Refused", "refused on purpose");
        if status != 429 {
            return answer;
        }
        let mut headers = HeaderMap::new();
        headers.insert(header::RETRY_AFTER, HeaderValue::from(self.world.faults.faults.reset_seconds));
        web::with_headers(answer, headers)
    }

    fn profiles(&self, request: &Request) -> Answer {
        let (is_within, headers) = self.limit.count();
        if !is_within {
            return web::with_headers(error(429, "RateLimitExceeded", "too many requests"), headers);
        }
        if let Some(status) = self.world.faults.refuse_rest() {
            return self.refusal(status);
        }
        let actors: Vec<&str> = request.query.all("actors").collect();
        if actors.is_empty() || actors.len() > ACTORS_MAX {
            return error(400, "InvalidRequest", "actors must have 1 to 25 elements");
        }
        let authors = self.authors();
        let known = actors.iter().filter_map(|did| authors.get(*did).map(|author| profile(did, author)));
        web::json(200, &json!({ "profiles": known.collect::<Vec<_>>() }))
    }

    /// Everybody who has said something so far, as they are now.
    fn authors(&self) -> HashMap<String, Author> {
        let store = &self.world.store;
        let mut authors = HashMap::new();
        for happened in (0..store.end()).filter_map(|place| store.at(place)) {
            if let What::Post(post) | What::Edit { post, .. } = &happened.what
                && !post.author.handle.is_empty()
            {
                authors.insert(render::did(&post.author), post.author.clone());
            }
        }
        authors
    }
}

fn profile(did: &str, author: &Author) -> Value {
    let label = json!({"src": did, "uri": format!("at://{did}/app.bsky.actor.profile/self"), "val": "!no-unauthenticated", "cts": "1970-01-01T00:00:00.000Z"});
    json!({
        "did": did, "handle": render::handle(author), "displayName": author.name, "avatar": author.avatar,
        "description": if author.no_index { "I write. #nobot" } else { "I write." },
        "labels": if author.no_unauthenticated { vec![label] } else { Vec::new() },
        "followersCount": 7, "followsCount": 8, "postsCount": 9, "indexedAt": "2024-01-20T05:33:33.000Z",
    })
}

fn error(status: u16, name: &str, words: &str) -> Answer {
    web::json(status, &json!({ "error": name, "message": words }))
}

/// Stamps what happens as it happens.
async fn stamp(stamps: Arc<Stamps>, shutdown: CancellationToken) {
    let mut length = stamps.store.watch();
    loop {
        // Copied: what lends the length keeps the log from growing, and the stamp waits for the log.
        let known = *length.borrow_and_update();
        if let Some(last) = known.checked_sub(1) {
            stamps.at(last);
        }
        tokio::select! {
            grown = length.changed() => if grown.is_err() { return },
            () = shutdown.cancelled() => return,
        }
    }
}

/// The time of every entry of the log, in microseconds, growing, and when it was seen to happen.
pub(crate) struct Stamps {
    store: Arc<Store>,
    known: Mutex<Vec<(i64, Instant)>>,
}

impl Stamps {
    /// The time of the entry at `place`, which has happened.
    fn at(&self, place: usize) -> i64 {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        while known.len() <= place {
            let before = known.last().map_or(TIME_LEAST, |(stamp, _)| *stamp);
            let own = (known.len() < self.store.end()).then(|| self.store.at(known.len())).flatten();
            let own = own.and_then(|happened| render::time(&happened.what)).unwrap_or(0);
            known.push((own.max(before + 1), Instant::now()));
        }
        known[place].0
    }

    /// The first entry that happened less than so long ago.
    fn younger_than(&self, age: Duration) -> usize {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.iter().position(|(_, at)| at.elapsed() < age).unwrap_or(known.len())
    }

    /// Where a stream begins.
    fn place(&self, cursor: Option<i64>) -> usize {
        let end = self.store.end();
        let Some(cursor) = cursor else { return end };
        let newest = if end == 0 { TIME_LEAST } else { self.at(end - 1) };
        // Too old a cursor is moved to the beginning of the window without a word.
        let from = cursor.max(newest - WINDOW);
        if cursor < TIME_LEAST {
            return usize::try_from(cursor).unwrap_or(0).min(end);
        }
        (0..end).find(|place| self.at(*place) >= from).unwrap_or(end)
    }
}

/// Reads a file of recorded event lines.
///
/// # Errors
/// When it cannot be read.
pub fn load(path: &Path) -> Result<Vec<Happening>, Error> {
    let text = std::fs::read_to_string(path).map_err(Error::io(format!("read {}", path.display())))?;
    Ok(recorded(&text, |_| None))
}

/// Recorded event lines as things to happen, one a line. Profiles know the account by `author`, when that is given.
pub fn recorded(lines: &str, author: impl Fn(&str) -> Option<Author>) -> Vec<Happening> {
    let raw = |(n, line): (usize, &str)| {
        let did = serde_json::from_str::<Value>(line)
            .ok()
            .and_then(|event| event["did"].as_str().map(str::to_owned));
        let did = did.unwrap_or_default();
        let author = author(&did).unwrap_or(Author { id: did, ..Author::default() });
        let id = (n + 1).to_string();
        Happening::Post(Post { id, author, html: Some(line.to_owned()), ..Post::default() })
    };
    lines.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()).map(raw).collect()
}
