//! Keeps public pages, feeds and answers of the API as they were drawn, for as long as they would be drawn the same: a page about which
//! nothing was said or done costs no query, however many ask for it.
//!
//! A page is kept under its address in one way of writing it (`rules`) for one state of its event's log: every entry that the site's fold
//! takes moves that state, and with it everything older is gone at once, words that were removed among it. While a page is drawn, it is
//! noted what it looks at (`witness`): whoever asked for the time is kept for that minute, whoever prints the moment itself for a second,
//! and whoever met an archive that was behind the log, not at all. A crowd that asks for one page waits for one drawing (`flights`). What is kept is packed for the way
//! (`kept`, `coding`) and bounded in bytes (`shelf`).
//!
//! What cannot be drawn just now (503) is kept for a second as well, so a crowd does not wear down what has trouble already.
//!
//! Pages are drawn for everybody: cookies and keys are taken out of the request first. Where a page looks otherwise to somebody, that one's
//! is drawn apart and never kept.

mod coding;
mod flights;
mod front;
mod kept;
mod rules;
mod shelf;
mod witness;

pub(super) use coding::{Coding, Effort};
pub(crate) use front::front;
pub(super) use shelf::Shelf;
pub(super) use witness::{PageClock, archive_asked, archive_stands, archive_until};

use super::{
    Site,
    failure::{Failure, wants_html},
    follow::EventLive,
};
use axum::{
    body::HttpBody as _,
    extract::{MatchedPath, Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use flights::{Drawn, Lead, Turn, landed};
use front::is_by_time;
use http::{HeaderMap, Method, StatusCode, header};
use http_body_util::BodyExt;
use kept::Kept;
use metrics::{Counter, Gauge};
use model::Micros;
use rules::{Page, is_somebody};
use shelf::{New, Validity};
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::time::Instant;
use witness::{Seen, watch};

/// What all pages that are kept may weigh, in bytes.
const PAGES_BYTES_MAX: usize = 64 * 1024 * 1024;
/// How long a page is kept that prints the moment, or that says that it cannot be drawn just now.
const MOMENT: Duration = Duration::from_secs(1);
/// What a page is drawn with of what was asked; failures are put as who asks can read them. Who asks, by which name they came, what they
/// have already and how they take it is not known to whoever draws.
const FOR_DRAWING: [header::HeaderName; 1] = [header::ACCEPT];

/// What the shelves of all events share. Each event has its own shelf.
#[derive(Debug)]
pub(super) struct PageCache {
    /// Pages that follow from all events.
    of_all: Shelf,
    /// What all shelves hold, in bytes.
    total: Arc<AtomicUsize>,
    hits: Counter,
    misses: Counter,
    waits: Counter,
    bytes: Gauge,
}

impl PageCache {
    /// `total` is what all shelves hold, in bytes; whoever sweeps them keeps it.
    pub(super) fn new(total: Arc<AtomicUsize>) -> Self {
        Self {
            of_all: Shelf::default(),
            total,
            hits: metrics::counter!(crate::site::metrics::PAGE_HITS),
            misses: metrics::counter!(crate::site::metrics::PAGE_MISSES),
            waits: metrics::counter!(crate::site::metrics::PAGE_WAITS),
            bytes: metrics::gauge!(crate::site::metrics::PAGE_BYTES),
        }
    }
}

/// Whose shelf it is.
enum Owner {
    All,
    Event(Arc<EventLive>),
}

impl Owner {
    fn shelf<'a>(&'a self, site: &'a Site) -> &'a Shelf {
        match self {
            Self::All => &site.pages.of_all,
            Self::Event(event) => &event.shelf,
        }
    }
}

/// The middleware. It stands around everything else that the site does to its answers, so that what is kept is what goes out.
pub(super) async fn serve(State(site): State<Site>, request: Request, next: Next) -> Response {
    let uri = request.uri().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let is_reading = matches!(*request.method(), Method::GET | Method::HEAD);
    let page =
        route.as_ref().filter(|_| is_reading).and_then(|r| Page::of(r.as_str(), uri.path(), uri.query()));
    let Some(page) = page else { return next.run(request).await };
    let asked = request.headers();
    if is_by_time(asked) || page.rule.is_personal && is_somebody(asked) {
        return next.run(request).await;
    }
    let Some(owner) = site.owner(&page).await else { return next.run(request).await };
    site.page(&owner, &page, request, next).await
}

impl Site {
    /// Whose page it is; none of an event that is not known, or not read yet.
    async fn owner(&self, page: &Page<'_>) -> Option<Owner> {
        if page.rule.of_all_events {
            self.events.look().await;
            // Whatever happened to any event, happened to this.
            self.pages.of_all.follow(self.events.stamps(), &self.pages.total);
            return Some(Owner::All);
        }
        let event = self.events.known(page.slug)?;
        (event.shelf.stamp() > 0).then_some(Owner::Event(event))
    }

    async fn page(&self, owner: &Owner, page: &Page<'_>, request: Request, next: Next) -> Response {
        let shelf = owner.shelf(self);
        let answer = |kept: &Kept, request: &Request| kept.answer(request.method(), request.headers());
        let wants_page = wants_html(request.headers());
        loop {
            let stamp = shelf.stamp();
            let find = |key: &str| shelf.find(key, stamp, self.minute());
            let find = || find(&page.key).or_else(|| find(&failed(page, wants_page)));
            if let Some(kept) = find() {
                self.pages.hits.increment(1);
                return answer(&kept, &request);
            }
            let drawing = Drawing { site: self, shelf, page, stamp };
            match shelf.flights.turn(&page.key, stamp) {
                Turn::Wait(waiting) => match landed(waiting).await {
                    Some(Drawn::Page(kept)) => {
                        self.pages.waits.increment(1);
                        return answer(&kept, &request);
                    }
                    Some(Drawn::Alone) => return drawing.draw(None, request, next).await,
                    // Kept for those who read failures in the same form.
                    Some(Drawn::Failed) | None => {}
                },
                // Who drew may have been done between the two looks.
                Turn::Draw(_) if let Some(kept) = find() => {
                    self.pages.hits.increment(1);
                    return answer(&kept, &request);
                }
                Turn::Draw(lead) => return drawing.draw(Some(lead), request, next).await,
                Turn::Alone => return drawing.draw(None, request, next).await,
            }
        }
    }

    fn minute(&self) -> i64 {
        self.clock.glance().div_euclid(Micros::MINUTE)
    }

    /// Makes room until all shelves together are within their bound.
    fn make_room(&self) {
        let total = &*self.pages.total;
        while total.load(Ordering::Relaxed) > PAGES_BYTES_MAX {
            let events = self.events.followed();
            let Some(fullest) = events.iter().max_by_key(|event| event.shelf.bytes()) else { break };
            if !fullest.shelf.shrink(self.minute(), total) {
                break;
            }
        }
        self.pages.bytes.set(total.load(Ordering::Relaxed) as f64);
    }
}

/// One page that is drawn.
struct Drawing<'a> {
    site: &'a Site,
    shelf: &'a Shelf,
    page: &'a Page<'a>,
    /// The shelf's before.
    stamp: u64,
}

impl Drawing<'_> {
    /// Draws it, keeps it if it is for everybody, and tells those who wait.
    async fn draw(&self, lead: Option<Lead<'_>>, request: Request, next: Next) -> Response {
        self.site.pages.misses.increment(1);
        let (began, minute) = (Instant::now(), self.site.minute());
        let (method, asked) = (request.method().clone(), request.headers().clone());
        let (answer, seen) = watch(next.run(for_everybody(request, self.page))).await;
        let (head, body) = answer.into_parts();
        // What has no length yet is being read while it is sent.
        let plain = if body.size_hint().exact().is_some() {
            body.collect().await
        } else {
            return Response::from_parts(head, body);
        };
        let Ok(plain) = plain.map(http_body_util::Collected::to_bytes) else {
            return Failure::ours(&std::io::Error::other("a page broke off")).into_response();
        };
        let kept = Arc::new(Kept::new(&head, &plain, Coding::taken(&asked), self.page.rule.is_personal));
        let drawn = if is_for_everybody(head.status, &head.headers) {
            if seen.is_whole() {
                let Page { key, is_many, .. } = self.page;
                self.keep(key, *is_many, kept.clone(), validity(seen, minute, began), minute);
            }
            Drawn::Page(kept.clone())
        } else if head.status == StatusCode::SERVICE_UNAVAILABLE {
            let validity = Validity { minute: None, until: Some(Instant::now() + MOMENT) };
            self.keep(&failed(self.page, wants_html(&asked)), true, kept.clone(), validity, minute);
            Drawn::Failed
        } else {
            Drawn::Alone
        };
        if let Some(lead) = lead {
            lead.land(drawn);
        }
        kept.answer(&method, &asked)
    }

    fn keep(&self, key: &str, is_many: bool, page: Arc<Kept>, validity: Validity, minute: i64) {
        let new = New { key, is_many, stamp: self.stamp, page, validity };
        self.shelf.put(new, minute, &self.site.pages.total);
        self.site.make_room();
    }
}

/// The request as nobody in particular would make it: only what the page's rule names is asked.
fn for_everybody(mut request: Request, page: &Page<'_>) -> Request {
    *request.method_mut() = Method::GET;
    let asked = std::mem::take(request.headers_mut());
    for name in FOR_DRAWING {
        if let Some(value) = asked.get(&name) {
            request.headers_mut().insert(name, value.clone());
        }
    }
    // The key is the address with what nobody reads left out.
    if request.uri().query().is_some()
        && let Ok(uri) = page.key.parse()
    {
        *request.uri_mut() = uri;
    }
    request
}

/// The place of what a page says while it cannot be drawn, as who asks can read it. No address has a blank.
fn failed(page: &Page<'_>, is_page: bool) -> String {
    format!("{} failed {}", page.key, if is_page { "page" } else { "problem" })
}

/// Whether an answer may be given to others: what failed, or says that it is private, may not.
fn is_for_everybody(status: StatusCode, headers: &HeaderMap) -> bool {
    let mut said = headers.get_all(header::CACHE_CONTROL).into_iter().filter_map(|value| value.to_str().ok());
    status == StatusCode::OK
        && !headers.contains_key(header::SET_COOKIE)
        && !said.any(|said| said.contains("no-store") || said.contains("private"))
}

/// How long a page is valid that was begun in this minute.
fn validity(seen: Seen, minute: i64, began: Instant) -> Validity {
    Validity {
        minute: (seen.asked_time || seen.prints_moment).then_some(minute),
        until: seen.prints_moment.then_some(began + MOMENT),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;

    #[test]
    fn only_what_is_said_to_everybody_is_kept() {
        let headers = |name: &'static str, value: &'static str| {
            HeaderMap::from_iter([(
                http::HeaderName::from_static(name),
                http::HeaderValue::from_static(value),
            )])
        };
        assert!(is_for_everybody(StatusCode::OK, &headers("cache-control", "no-cache")));
        assert!(!is_for_everybody(StatusCode::NOT_FOUND, &HeaderMap::new()));
        assert!(!is_for_everybody(StatusCode::OK, &headers("cache-control", "no-store")));
        assert!(!is_for_everybody(StatusCode::OK, &headers("cache-control", "private, no-cache")));
        assert!(!is_for_everybody(StatusCode::OK, &headers("set-cookie", "a=b")));
    }

    #[test]
    fn a_page_is_drawn_for_nobody_in_particular() {
        let page =
            Page::of("/{event}/talks/{talk}", "/fest/talks/t1", Some("utm_source=x&after=1.k")).unwrap();
        let request = Request::head("http://fest.example/fest/talks/t1?utm_source=x&after=1.k");
        let request =
            request.header("cookie", "writer=00").header("host", "evil.example").header("accept", "*/*");
        let request = request.body(Body::empty()).unwrap();
        let request = for_everybody(request, &page);
        assert_eq!(
            (request.method(), request.uri().to_string().as_str()),
            (&Method::GET, "/fest/talks/t1?after=1.k")
        );
        assert_eq!(request.headers().len(), 1, "what it may look like is not who asks");
    }
}
