//! A source of kind `feed`: RSS, Atom or JSON Feed, asked for again and again with the validators of the last answer.
//!
//! - A feed is a window on the newest entries: what leaves it is not deleted, what comes and goes between two looks is lost,
//!   and said to be. An article goes when its feed says so (RFC 6721); its page is never fetched, so one that was taken off
//!   its site without a word in the feed stays until a moderator hides it.
//! - Without `tags` every article counts: an organiser adds the conference's blog. With `tags`, those that carry one of them
//!   as a category, a hashtag or a word.
//! - The feed is asked for every minute, or as rarely as its server and itself wish, but at least every quarter of an hour; in
//!   the hours and days that it names to be left alone in, after six hours at the latest.
//!
//! Read by our own reader on quick-xml: `encoding` and `tree` take documents of any quality, `entry`, `head` and `json` know
//! the formats, `identity` and `known` tell entries apart, `article` makes drafts of them, `fetch`, `look` and `poll` do the
//! asking.

mod article;
mod date;
mod document;
mod encoding;
mod entry;
mod fetch;
mod head;
mod hints;
mod identity;
mod json;
mod known;
mod look;
mod media;
mod page;
mod place;
mod poll;
mod tree;

use std::collections::HashSet;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use chassis::Backoff;
use model::Micros;
use url::Url;

use crate::source::{Backfilled, Cursor, Memory, Outlet, Rhythm, Since, Source, SourceEnd, SourceSettings};
use fetch::Fetcher;
use hints::{INTERVAL_MAX, POLL_DEFAULT, SKIP_MAX};
use known::Known;
use look::Look;
use place::Place;

pub(crate) use fetch::target;

/// Most addresses that a feed may name as its new one before they are no longer tried.
const TRIED_MAX: usize = 16;

/// Opens a source of kind `feed`.
///
/// # Errors
/// When `url` is missing.
pub(crate) fn open(settings: &SourceSettings, memory: Arc<dyn Memory>) -> Result<Box<dyn Source>, String> {
    let url = settings
        .url
        .clone()
        .ok_or("url is missing; write the feed's address, e.g. https://blog.example/feed.xml")?;
    Ok(Box::new(Feed {
        fetcher: Fetcher::new(&url, settings.token.as_ref())?,
        name: settings.name.clone(),
        tags: settings.tags.clone(),
        poll: settings.poll.unwrap_or(POLL_DEFAULT),
        place: Mutex::new(Place::new(&url)),
        url,
        memory,
        known: Mutex::default(),
        first: Mutex::default(),
        tried: Mutex::default(),
        not_before: AtomicI64::new(i64::MIN),
    }))
}

/// One feed.
struct Feed {
    /// As configured: it names the items, wherever the feed has moved to.
    url: Url,
    name: String,
    fetcher: Fetcher,
    tags: Vec<String>,
    poll: Duration,
    memory: Arc<dyn Memory>,
    /// What the ledger remembers, at the beginning of a connection.
    place: Mutex<Place>,
    known: Mutex<Known>,
    /// The first look of a connection, on its way from the stream to the backfill.
    first: Mutex<Option<Look>>,
    /// New addresses that the feed has named and that were tried.
    tried: Mutex<HashSet<Url>>,
    /// Nothing older is wanted.
    not_before: AtomicI64,
}

impl Feed {
    fn known(&self) -> MutexGuard<'_, Known> {
        locked(&self.known)
    }

    fn place(&self) -> Place {
        locked(&self.place).clone()
    }

    fn hand_over(&self, look: Look) {
        *locked(&self.first) = Some(look);
    }

    fn take_over(&self) -> Option<Look> {
        locked(&self.first).take()
    }

    fn wants(&self, not_before: Micros) {
        self.not_before.store(not_before.0, Ordering::Relaxed);
    }

    fn not_before(&self) -> Micros {
        Micros(self.not_before.load(Ordering::Relaxed))
    }

    /// Whether an address that the feed names is worth a try: each once, and not without end.
    fn tries(&self, address: &Url) -> bool {
        let mut tried = locked(&self.tried);
        tried.len() < TRIED_MAX && tried.insert(address.clone())
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[async_trait]
impl Source for Feed {
    fn rhythm(&self) -> Rhythm {
        let (second, quarter) = (Duration::from_secs(1), INTERVAL_MAX);
        Rhythm {
            cut: Backoff::exponential(5 * second, 2 * 60 * second).at_least(),
            refused: Backoff::exponential(30 * second, quarter).at_least(),
            throttled: Backoff::exponential(60 * second, quarter).at_least(),
            // Every look has its own time limits; silence is what the feed asked for.
            silence_max: 2 * SKIP_MAX.max(self.poll),
        }
    }

    fn resume(&self, cursor: Option<&Cursor>) {
        let place = Place::parse(cursor, &self.url);
        self.known().recall_marks(&place.marks);
        *locked(&self.place) = place;
    }

    async fn stream(&self, out: &Outlet) -> SourceEnd {
        poll::run(self, out).await
    }

    async fn backfill(&self, since: &Since, out: &Outlet) -> Backfilled {
        poll::backfill(self, since, out).await
    }
}

#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod recorded;
#[cfg(test)]
mod tests;
