//! One look at a feed: fetched, read, moved if it has proved to have moved. What a look brings is told by `poll`.

use model::Micros;
use url::Url;

use super::Feed;
use super::article::{self, Article};
use super::document::{self, Document, NotFeed};
use super::fetch::{self, Fetched, Page};
use super::identity;
use super::place::Place;
use crate::source::{Outlet, SourceEnd, Upstream, sample};
use crate::wire::answer;

/// What a look brought.
#[derive(Debug)]
pub(super) struct Look {
    /// Where the feed stands once all of this has been told.
    pub(super) place: Place,
    /// For how long the server says that it holds, in seconds.
    pub(super) max_age: std::time::Duration,
    /// `None` when nothing has changed since the last look.
    pub(super) news: Option<News>,
}

/// A document that differs from the last one.
#[derive(Debug)]
pub(super) struct News {
    /// In the order of the document.
    pub(super) articles: Vec<Article>,
    /// Uids of entries that the feed says are gone.
    pub(super) deleted: Vec<String>,
    /// The feed's own date: no entry is newer.
    pub(super) updated: Option<Micros>,
    /// Entries beyond those that are read.
    pub(super) beyond: usize,
}

impl Feed {
    /// Looks once. Says on `out` what could not be read.
    pub(super) async fn look(&self, place: &Place, out: &Outlet) -> Result<Look, SourceEnd> {
        let page = match self.fetcher.get(place.address(&self.url), Some(place)).await? {
            Fetched::Same { max_age } => return Ok(Look { place: place.clone(), max_age, news: None }),
            Fetched::Page(page) => page,
        };
        let body = identity::hash(&[&String::from_utf8_lossy(&page.body)]);
        if body == place.body {
            // The same bytes under another ETag; and perhaps under another address, which proved itself when it was read.
            let mut place = place.clone();
            moved(&mut place, &page, &self.url);
            place.validated(&page.answered, page.etag, page.modified);
            return Ok(Look { place, max_age: page.max_age, news: None });
        }
        let document = match document::read(&page.body, page.charset.as_deref(), &page.answered) {
            Ok(document) => document,
            Err(why) => return Err(self.no_feed(why, place, &page, out).await),
        };
        tracing::debug!(source.name = %self.name, feed.encoding = document.encoding, feed.entries = document.entries.len(), "a feed was read");
        let mut next = place.clone();
        moved(&mut next, &page, &self.url);
        if document.is_whole {
            next.validated(&page.answered, page.etag.clone(), page.modified.clone());
            next.body = body;
        } else {
            // The rest may come with the next look: nothing must keep us from asking again.
            next.validated(&page.answered, None, None);
            next.body = String::new();
            out.send(Upstream::Malformed { reason: "cut_short", sample: tail(&page.body) }).await;
        }
        next.hints = document.head.hints;
        if page.moved.is_none() {
            self.follow_its_own_word(&document, &mut next).await;
        }
        let articles = article::read(&document, &self.url, &page.answered);
        let newest =
            articles.iter().filter_map(|a| a.draft.author_time).filter(|at| *at <= answer::now()).max();
        next.newest = next.newest.max(newest.unwrap_or_default());
        let uid = |id: &String| format!("feed:{}", identity::native(&self.url, &format!("id\n{id}")));
        let deleted = document.deleted.iter().map(uid).collect();
        let modified = page.modified.as_deref().and_then(super::date::moment);
        let updated = document.head.updated.or(modified);
        let news = News { articles, deleted, updated, beyond: document.beyond };
        Ok(Look { place: next, max_age: page.max_age, news: Some(news) })
    }

    /// Why an answer is no feed, and what somebody can do about it.
    async fn no_feed(&self, why: NotFeed, place: &Place, page: &Page, out: &Outlet) -> SourceEnd {
        let has_worked = !place.body.is_empty() || place.newest.0 > 0;
        let reason = match &why {
            NotFeed::Page(_) => "web_page",
            NotFeed::Other => "no_feed",
            NotFeed::Empty => "empty",
        };
        out.send(Upstream::Malformed { reason, sample: sample(&page.body) }).await;
        // A feed that was one before is being repaired, or a log-in page stands in its place for a while.
        let is_lasting = matches!(why, NotFeed::Page(_)) && !has_worked;
        let words = match why {
            NotFeed::Page(Some(feed)) => {
                format!("this address gives a web page, not a feed; write url = \"{feed}\", which the page names as its feed")
            }
            NotFeed::Page(None) => {
                "this address gives a web page, not a feed; write the address of the site's RSS, Atom or JSON feed".to_owned()
            }
            NotFeed::Other => "this address gives something that is no RSS, Atom or JSON feed".to_owned(),
            NotFeed::Empty => "this address gives an empty answer, not a feed".to_owned(),
        };
        if is_lasting { SourceEnd::Misconfigured(words) } else { SourceEnd::Refused(words) }
    }

    /// A feed may say itself that it has moved; it has, once its new address holds a feed.
    async fn follow_its_own_word(&self, document: &Document, place: &mut Place) {
        let Some(to) = document.head.moved.clone() else { return };
        let from = place.address(&self.url).clone();
        let Ok(to) = fetch::allowed(&from, to) else { return };
        if to == from || !self.tries(&to) {
            return;
        }
        let Ok(Fetched::Page(page)) = self.fetcher.get(&to, None).await else { return };
        if document::read(&page.body, page.charset.as_deref(), &page.answered).is_ok() {
            tracing::info!(source.name = %self.name, feed.address = %to, "a feed has moved, by its own word");
            place.validated(&to, None, None);
            place.body = String::new();
            place.move_to(to, &self.url);
        }
    }
}

/// Notes where the server says the feed is now: what answered there has been read as a feed.
fn moved(place: &mut Place, page: &Page, feed: &Url) {
    if let Some(to) = page.moved.clone() {
        place.move_to(to, feed);
    }
}

/// The end of a document that ends too early.
fn tail(body: &[u8]) -> String {
    sample(&body[body.len().saturating_sub(crate::source::SAMPLE_BYTES_MAX)..])
}
