//! A blog's feed, as RSS 2.0 (`/feed.xml`), Atom 1.0 (`/atom.xml`) and JSON Feed 1.1 (`/feed.json`), with validators and
//! conditional answers. It shows the newest posts only, as feeds do.
//!
//! What goes wrong is part of the address, so that whoever names the address chooses the fault, one path segment each and from
//! the left: `/moved-301/moved-302/feed.xml` redirects twice. See [`Fault`].

mod render;

use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use tokio::sync::mpsc;
use tokio::time::sleep;

use crate::deliver::CHUNKS_MAX;
use crate::http::{self as web, Answer, Broken, Request};
use crate::journal::Line;
use crate::post::{Post, Visibility};
use crate::script::Pace;
use crate::server::{Matching, World};
use crate::store::Range;
use render::{Form, How};

/// Posts that the feed shows.
const WINDOW: usize = 40;
/// With [`Pace::AsRead`], so many things happen between two looks; fewer than the window, so that nothing is lost unseen.
const HAPPENINGS_PER_LOOK: u64 = 20;
/// Bytes of a document that is too large, before and after it is unpacked.
const HUGE_BYTES: usize = 16 * 1024 * 1024;
/// Bytes of a drop, and the time between two.
const DROP_BYTES: usize = 16;
const DROP_EVERY: Duration = Duration::from_millis(50);

/// What a segment of the path stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// `moved-301`, `-302`, `-303`, `-307`, `-308`: redirects to the rest of the path.
    Moved(u16),
    /// `loop`: redirects to itself.
    Loop,
    /// `says-moved`: names the rest of the path as its new address.
    SaysMoved,
    /// `gone`: 410. `missing`: 404. `forbidden`: 403. `broken`: 500.
    Status(u16),
    /// `many`: 429, `busy`: 503, both with `Retry-After`.
    Wait(u16),
    /// `page`: a web page that names its feed. `login`: one that names none.
    Page {
        names_feed: bool,
    },
    /// `new-etag`: another `ETag` for the same bytes each time.
    NewEtag,
    /// `new-guid`: other ids each time.
    NewGuid,
    /// `no-validators`: neither `ETag` nor `Last-Modified`.
    NoValidators,
    /// `latin`: the header says UTF-8, the declaration and the bytes ISO 8859-1.
    Latin,
    /// `plain`: called `text/plain`.
    Plain,
    /// `drip`: a few bytes at a time.
    Drip,
    /// `huge`: without end. `bomb`: small, and huge when unpacked.
    Huge,
    Bomb,
    /// `cut`: half of it, as if that were all. `torn`: half of it, and the connection breaks.
    Cut,
    Torn,
    /// `garbage`: bytes that are nothing.
    Garbage,
}

impl Fault {
    fn named(segment: &str) -> Option<Self> {
        Some(match segment {
            "loop" => Self::Loop,
            "says-moved" => Self::SaysMoved,
            "gone" => Self::Status(410),
            "missing" => Self::Status(404),
            "forbidden" => Self::Status(403),
            "broken" => Self::Status(500),
            "many" => Self::Wait(429),
            "busy" => Self::Wait(503),
            "page" => Self::Page { names_feed: true },
            "login" => Self::Page { names_feed: false },
            "new-etag" => Self::NewEtag,
            "new-guid" => Self::NewGuid,
            "no-validators" => Self::NoValidators,
            "latin" => Self::Latin,
            "plain" => Self::Plain,
            "drip" => Self::Drip,
            "huge" => Self::Huge,
            "bomb" => Self::Bomb,
            "cut" => Self::Cut,
            "torn" => Self::Torn,
            "garbage" => Self::Garbage,
            other => {
                let status = other.strip_prefix("moved-")?.parse().ok()?;
                return [301, 302, 303, 307, 308].contains(&status).then_some(Self::Moved(status));
            }
        })
    }
}

pub(crate) struct Api {
    world: Arc<World>,
    looks: AtomicU64,
}

impl Api {
    pub(crate) fn new(world: Arc<World>) -> Self {
        Self { world, looks: AtomicU64::new(0) }
    }

    pub(crate) fn answer(&self, request: &Request) -> Answer {
        let look = self.looks.fetch_add(1, Ordering::Relaxed);
        if let Some(status) = self.world.faults.refuse_rest() {
            return self.refused(status);
        }
        if self.world.token.is_some() && request.bearer() != self.world.token.as_deref() {
            return web::text(401, "text/html", "<html><body>Log in</body></html>".to_owned());
        }
        let (mut rest, mut faults) = (request.path.trim_start_matches('/'), Vec::new());
        while let Some((segment, after)) = rest.split_once('/') {
            let Some(fault) = Fault::named(segment) else { return not_found() };
            let location = format!("http://{}/{after}", request.host());
            match fault {
                Fault::Moved(status) => return redirect(status, &location),
                Fault::Loop => return redirect(302, &format!("http://{}{}", request.host(), request.path)),
                Fault::Status(status) | Fault::Wait(status) => return self.refused(status),
                Fault::Page { names_feed } => return page(names_feed.then_some(location.as_str())),
                _ => {}
            }
            faults.push(fault);
            rest = after;
            if fault == Fault::SaysMoved {
                break;
            }
        }
        let name = rest.rsplit('/').next().unwrap_or_default();
        let Some(form) = Form::named(name) else { return not_found() };
        self.document(request, form, &faults, rest, look)
    }

    fn refused(&self, status: u16) -> Answer {
        let answer = web::text(status, "text/html", format!("<html><body>{status}</body></html>"));
        let seconds = self.world.faults.faults.reset_seconds.to_string();
        match status {
            429 | 503 => web::with_headers(answer, headers(&[(header::RETRY_AFTER, &seconds)])),
            _ => answer,
        }
    }

    fn document(&self, request: &Request, form: Form, faults: &[Fault], rest: &str, look: u64) -> Answer {
        let has = |fault| faults.contains(&fault);
        let store = &self.world.store;
        if store.pace() == Pace::AsRead {
            store.play(HAPPENINGS_PER_LOOK);
        }
        let posts = self.posts(request);
        let how = How {
            host: request.host().to_owned(),
            guid_suffix: if has(Fault::NewGuid) { format!("-{look}") } else { String::new() },
            moved_to: has(Fault::SaysMoved).then(|| format!("http://{}/{rest}", request.host())),
            is_latin: has(Fault::Latin),
        };
        let text = form.render(&posts, &how);
        let body = if how.is_latin { latin(&text) } else { text.into_bytes() };
        let etag = format!(
            "W/\"{:x}{}\"",
            hash(&body),
            if has(Fault::NewEtag) { format!("-{look}") } else { String::new() }
        );
        let changed =
            posts.iter().map(|post| post.edited_at.unwrap_or(post.created_at)).max().unwrap_or_default();
        let modified = render::http_date(changed);
        let asked = |name: HeaderName| request.headers.get(name).and_then(|value| value.to_str().ok());
        let is_same = match asked(header::IF_NONE_MATCH) {
            Some(known) => known == etag,
            None => asked(header::IF_MODIFIED_SINCE) == Some(modified.as_str()),
        };
        let mut said = HeaderMap::new();
        if !has(Fault::NoValidators) {
            said = headers(&[(header::ETAG, &etag), (header::LAST_MODIFIED, &modified)]);
        }
        if is_same && !has(Fault::NoValidators) {
            return web::with_headers(web::text(304, form.content_type(), String::new()), said);
        }
        for post in &posts {
            let line = Line {
                kind: "sent".into(),
                uid: store.uid(post),
                via: Some("rest".into()),
                ..Line::default()
            };
            store.journal().write(line);
        }
        let content_type = if has(Fault::Plain) { "text/plain" } else { form.content_type() };
        web::with_headers(self.spoken(body, content_type, faults), said)
    }

    /// The newest posts, newest first.
    fn posts(&self, request: &Request) -> Vec<Arc<Post>> {
        let window = request.query.number("window").unwrap_or(WINDOW).clamp(1, WINDOW);
        let everything = self.world.matching == Matching::Everything;
        let is_listed = |post: &Post| {
            let tag = request.query.get("tag");
            let is_asked = everything || tag.is_none_or(|tag| crate::rules::has_tag(post, tag));
            post.visibility == Visibility::Public && post.retweet_of.is_none() && is_asked
        };
        self.world.store.page(&Range::default(), window, false, is_listed)
    }

    /// A document on the wire, with what goes wrong there.
    fn spoken(&self, body: Vec<u8>, content_type: &'static str, faults: &[Fault]) -> Answer {
        let head = &body[..body.len() / 2];
        let Some(fault) = faults.iter().find(|fault| {
            matches!(
                fault,
                Fault::Drip | Fault::Huge | Fault::Bomb | Fault::Cut | Fault::Torn | Fault::Garbage
            )
        }) else {
            return web::bytes(content_type, body);
        };
        self.world.store.journal().fault(format!("{fault:?}"));
        match fault {
            Fault::Bomb => {
                let unpacked = web::bytes(content_type, bomb(head));
                web::with_headers(unpacked, headers(&[(header::CONTENT_ENCODING, "gzip")]))
            }
            Fault::Garbage => web::bytes(content_type, b"\xff\xd8\xff\xe0\0\x10JFIF\0".repeat(100)),
            Fault::Cut => web::bytes(content_type, head.to_vec()),
            Fault::Torn => self.streamed(content_type, vec![Ok(head.to_vec()), Err(Broken)], Duration::ZERO),
            Fault::Huge => {
                let blank = vec![b' '; 64 * 1024];
                let pieces = std::iter::once(head.to_vec()).chain(vec![blank; HUGE_BYTES / (64 * 1024)]);
                self.streamed(content_type, pieces.map(Ok).collect(), Duration::ZERO)
            }
            _ => {
                let drops = body.chunks(DROP_BYTES).map(|drop| Ok(drop.to_vec())).collect();
                self.streamed(content_type, drops, DROP_EVERY)
            }
        }
    }

    fn streamed(
        &self,
        content_type: &'static str,
        pieces: Vec<Result<Vec<u8>, Broken>>,
        every: Duration,
    ) -> Answer {
        let (chunks, body) = mpsc::channel(CHUNKS_MAX);
        let shutdown = self.world.shutdown.clone();
        self.world.tasks.spawn(shutdown.run_until_cancelled_owned(async move {
            for piece in pieces {
                if chunks.send(piece.map(Bytes::from)).await.is_err() {
                    return;
                }
                sleep(every).await;
            }
        }));
        web::streamed(content_type, body)
    }
}

fn headers(pairs: &[(HeaderName, &str)]) -> HeaderMap {
    let pair = |(name, value): &(HeaderName, &str)| Some((name.clone(), HeaderValue::from_str(value).ok()?));
    pairs.iter().filter_map(pair).collect()
}

fn redirect(status: u16, location: &str) -> Answer {
    let answer = web::text(status, "text/html", "<html><body>Moved</body></html>".to_owned());
    web::with_headers(answer, headers(&[(header::LOCATION, location)]))
}

fn not_found() -> Answer {
    web::text(404, "text/html", "<html><body>Page not found</body></html>".to_owned())
}

fn page(feed: Option<&str>) -> Answer {
    let link =
        feed.map(|feed| format!("<link rel=\"alternate\" type=\"application/rss+xml\" href=\"{feed}\">"));
    let body = format!(
        "<!DOCTYPE html>\n<html><head><title>A blog</title>{}</head><body><form>Log in</form></body></html>",
        link.unwrap_or_default()
    );
    web::text(200, "text/html; charset=utf-8", body)
}

fn hash(body: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    body.hash(&mut hasher);
    hasher.finish()
}

/// In ISO 8859-1; what it does not have as a question mark.
fn latin(text: &str) -> Vec<u8> {
    text.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect()
}

/// A little that unpacks to a lot.
fn bomb(head: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let blank = [b' '; 64 * 1024];
    let pieces = std::iter::once(head).chain(std::iter::repeat_n(&blank[..], HUGE_BYTES / blank.len()));
    for piece in pieces {
        if packed.write_all(piece).is_err() {
            break;
        }
    }
    packed.finish().unwrap_or_default()
}
