//! Mastodon's client API: instance, hashtag timeline, single status, hashtag stream on a host of its own.

mod render;
mod stream;

use std::net::TcpStream;
use std::sync::Arc;

use http::{HeaderMap, HeaderValue, header};
use jiff::Timestamp;
use serde_json::json;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::deliver::{CHUNKS_MAX, Delivery};
use crate::http::{self as web, Answer, Request};
use crate::journal::Line;
use crate::limits::{self, RateLimit, ResetForm};
use crate::post::{Post, Visibility};
use crate::script::Pace;
use crate::server::{Matching, World};
use crate::store::Range;

pub(crate) use render::uri;

/// Statuses a page, default and most.
const PAGE_DEFAULT: usize = 20;
const PAGE_MAX: usize = 40;
/// With [`Pace::AsRead`], so many things happen between two polls of a reader that has no stream.
const HAPPENINGS_PER_POLL: u64 = 60;

pub(crate) struct Api {
    world: Arc<World>,
    limit: RateLimit,
    streams: Arc<()>,
}

impl Api {
    pub(crate) fn new(world: Arc<World>) -> Self {
        let limit = RateLimit::new(world.calls_max, 300, ResetForm::Iso);
        Self { world, limit, streams: Arc::new(()) }
    }

    pub(crate) fn world(&self) -> &World {
        &self.world
    }

    pub(crate) async fn answer(
        &self,
        request: &Request,
        socket: Arc<TcpStream>,
        is_streaming: bool,
    ) -> Answer {
        let path = request.path.as_str();
        if let Some(stream) = path.strip_prefix("/api/v1/streaming") {
            return if is_streaming { self.stream(request, stream, socket) } else { not_found() };
        }
        if is_streaming {
            return not_found();
        }
        match path.strip_prefix("/api/v1/timelines/tag/") {
            _ if request.method != http::Method::GET => not_found(),
            _ if path == "/api/v2/instance" => self.instance(request),
            Some(tag) => self.limited(request, || self.timeline(request, &percent_decoded(tag))),
            None => match path.strip_prefix("/api/v1/statuses/") {
                Some(id) => self.limited(request, || self.status(id)),
                None => not_found(),
            },
        }
    }

    fn instance(&self, request: &Request) -> Answer {
        let host = request.host().rsplit_once(':').map_or(request.host(), |(host, _)| host);
        let streaming = format!("ws://{host}:{}", self.world.streaming_port);
        web::json(
            200,
            &json!({
                "domain": render::DOMAIN, "title": "Fake Mastodon", "version": "4.5.0",
                "source_url": "https://pixels.example/source", "description": "A network that is not there",
                "usage": {"users": {"active_month": 1}}, "languages": ["en"],
                "configuration": {
                    "urls": {"streaming": streaming, "status": null},
                    "statuses": {"max_characters": 500, "max_media_attachments": 4, "characters_reserved_per_url": 23},
                },
                "registrations": {"enabled": false}, "rules": [],
            }),
        )
    }

    /// Counts the call, checks a token that is given, and lets the ordered refusals happen.
    fn limited(&self, request: &Request, answer: impl FnOnce() -> Answer) -> Answer {
        let (is_within, headers) = self.limit.count();
        if !is_within {
            return web::with_headers(too_many(), headers);
        }
        if let Some(status) = self.world.faults.refuse_rest() {
            return self.refusal(status);
        }
        let token = request.bearer();
        if token.is_some() && self.world.token.is_some() && token != self.world.token.as_deref() {
            return error(401, "The access token is invalid");
        }
        web::with_headers(answer(), headers)
    }

    fn refusal(&self, status: u16) -> Answer {
        match status {
            429 => {
                let reset = Timestamp::now()
                    + jiff::SignedDuration::from_secs(i64::from(self.world.faults.faults.reset_seconds));
                web::with_headers(too_many(), limits::headers(self.world.calls_max, 0, reset, ResetForm::Iso))
            }
            401 => error(401, "The access token is invalid"),
            403 => error(403, "This action is not allowed"),
            _ => web::text(status, "text/html", format!("<html><body>{status}</body></html>")),
        }
    }

    fn timeline(&self, request: &Request, tag: &str) -> Answer {
        let store = &self.world.store;
        if store.pace() == Pace::AsRead && Arc::strong_count(&self.streams) == 1 {
            store.play(HAPPENINGS_PER_POLL);
        }
        let query = &request.query;
        let limit = query.number("limit").unwrap_or(PAGE_DEFAULT).clamp(1, PAGE_MAX);
        let above = query.get("min_id").or(query.get("since_id")).map(str::to_owned);
        let range = Range { above, below: query.get("max_id").map(str::to_owned) };
        let everything = self.world.matching == Matching::Everything;
        let page =
            store.page(&range, limit, query.get("min_id").is_some(), |post| listed(post, tag, everything));
        for post in &page {
            let line = Line {
                kind: "sent".into(),
                uid: store.uid(post),
                via: Some("rest".into()),
                ..Line::default()
            };
            store.journal().write(line);
        }
        let statuses: Vec<_> = page.iter().map(|post| render::status(post)).collect();
        web::with_headers(web::json(200, &json!(statuses)), links(request, &page))
    }

    fn status(&self, id: &str) -> Answer {
        match self.world.store.find(id).filter(|post| post.visibility != Visibility::Private) {
            Some(post) => web::json(200, &render::status(&post)),
            None => not_found(),
        }
    }

    fn stream(&self, request: &Request, kind: &str, socket: Arc<TcpStream>) -> Answer {
        if kind == "/health" {
            return web::text(200, "text/plain", "OK".into());
        }
        if let Some(status) = self.world.faults.refuse_stream() {
            return self.refusal(status);
        }
        if let Some(wanted) = &self.world.token {
            match request.bearer().or(request.query.get("access_token")) {
                None => return error(401, "Missing access token"),
                Some(token) if token != wanted => return error(401, "Invalid access token"),
                Some(_) => {}
            }
        }
        if kind != "/hashtag" && kind != "/hashtag/local" {
            return error(404, "Not found");
        }
        let Some(tag) = request.query.get("tag") else { return error(400, "Missing tag name parameter") };
        let everything = self.world.matching == Matching::Everything;
        let (chunks, body) = mpsc::channel(CHUNKS_MAX);
        let encoder = stream::Sse::new(Arc::clone(&self.world.store), tag, everything);
        let ended = self.world.shutdown.clone();
        let open = Arc::clone(&self.streams);
        self.world.tasks.spawn(deliver(&self.world, encoder, socket, ended, open, chunks));
        web::streamed("text/event-stream", body)
    }
}

fn deliver(
    world: &World,
    encoder: stream::Sse,
    socket: Arc<TcpStream>,
    ended: CancellationToken,
    open: Arc<()>,
    chunks: mpsc::Sender<Result<bytes::Bytes, web::Broken>>,
) -> impl Future<Output = ()> + Send + 'static {
    let (store, faults) = (Arc::clone(&world.store), Arc::clone(&world.faults));
    async move {
        Delivery { store, faults, encoder, socket, ended }.run(chunks).await;
        drop(open);
    }
}

/// Whether a post stands in the public timeline of a hashtag.
fn listed(post: &Post, tag: &str, everything: bool) -> bool {
    post.visibility == Visibility::Public && (everything || crate::rules::has_tag(post, tag))
}

/// `Link` with the next (older) and previous (newer) page, as Mastodon writes it.
fn links(request: &Request, page: &[Arc<Post>]) -> HeaderMap {
    let mut out = HeaderMap::new();
    if let (Some(newest), Some(oldest)) = (page.first(), page.last()) {
        let base = format!("http://{}{}?", request.host(), request.path);
        let limit = request.query.get("limit").map_or(String::new(), |l| format!("limit={l}&"));
        let link = format!(
            "<{base}{limit}max_id={}>; rel=\"next\", <{base}{limit}min_id={}>; rel=\"prev\"",
            oldest.id, newest.id
        );
        if let Ok(value) = HeaderValue::try_from(link) {
            out.insert(header::LINK, value);
        }
    }
    out
}

fn percent_decoded(text: &str) -> String {
    let pair = format!("x={}", text.replace('+', "%2B"));
    web::Query::parse(pair.as_bytes()).get("x").unwrap_or_default().to_owned()
}

fn error(status: u16, words: &str) -> Answer {
    web::json(status, &json!({ "error": words }))
}

fn not_found() -> Answer {
    error(404, "Record not found")
}

fn too_many() -> Answer {
    error(429, "Too many requests")
}
