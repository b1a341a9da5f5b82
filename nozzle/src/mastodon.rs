//! Mastodon and servers that speak its API: hashtag streams by server-sent events when a token is set, polling of the
//! public timelines without one, and a walk of the timelines for what was missed. The same post comes from every
//! server that federates it; its `uri` names it.

mod budget;
mod home;
mod known;
mod look;
mod poll;
mod rest;
mod status;
mod stream;
mod walk;

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use chassis::Backoff;

use crate::source::{Backfilled, Cursor, Memory, Outlet, Rhythm, Since, Source, SourceEnd, SourceSettings};
use budget::PACE_MAX;
use known::Known;
use rest::Server;

/// How often a timeline is asked for without a token.
const POLL_DEFAULT: Duration = Duration::from_secs(5);
/// Three heartbeats of the stream.
const SILENCE_MAX: Duration = Duration::from_secs(45);

/// Opens a source of kind `mastodon`.
///
/// # Errors
/// When `url` is missing.
pub(crate) fn open(settings: &SourceSettings, memory: Arc<dyn Memory>) -> Result<Box<dyn Source>, String> {
    let server = Server::new(settings)?;
    let tags = settings.tags.clone();
    let poll = settings.poll.unwrap_or(POLL_DEFAULT);
    Ok(Box::new(Mastodon { server, tags, poll, places: Mutex::default(), known: Mutex::default(), memory }))
}

/// One server.
struct Mastodon {
    server: Server,
    tags: Vec<String>,
    poll: Duration,
    /// Newest id per hashtag.
    places: Mutex<Places>,
    /// What the timelines were last seen to hold.
    known: Mutex<Known>,
    /// What the log holds of this server's statuses.
    memory: Arc<dyn Memory>,
}

/// Newest id per hashtag, which is this source's cursor: `tag:id,tag:id`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Places(BTreeMap<String, String>);

impl Places {
    fn parse(cursor: &Cursor) -> Self {
        let pairs = cursor.0.split(',').filter_map(|pair| pair.split_once(':'));
        Self(pairs.map(|(tag, id)| (tag.to_owned(), id.to_owned())).collect())
    }

    fn cursor(&self) -> Cursor {
        Cursor(self.0.iter().map(|(tag, id)| format!("{tag}:{id}")).collect::<Vec<_>>().join(","))
    }

    /// Moves a hashtag's place forward.
    fn reach(&mut self, tag: &str, id: &str) {
        let is_id = !id.is_empty() && !id.contains([',', ':']);
        let moves = self.0.get(tag).is_none_or(|before| is_newer(id, before));
        if is_id && moves {
            self.0.insert(tag.to_owned(), id.to_owned());
        }
    }
}

/// Whether one id of a server comes after another. Where there is no order, any other id is the newer one: it was heard
/// later.
fn is_newer(id: &str, than: &str) -> bool {
    known::order(id, than).map_or(id != than, |order| order == Ordering::Greater)
}

impl Mastodon {
    /// A poll is heard once it has been round all hashtags, each of which may wait for the rate limit.
    fn silence_max(&self) -> Duration {
        if self.server.has_token() {
            return SILENCE_MAX;
        }
        let tags = u32::try_from(self.tags.len()).unwrap_or(u32::MAX);
        SILENCE_MAX.max(3 * self.poll.saturating_add(PACE_MAX.saturating_mul(tags)))
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Moves a place forward and tells all places as a cursor.
    fn reached(&self, tag: &str, id: &str) -> Cursor {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        places.reach(tag, id);
        places.cursor()
    }

    /// Where a hashtag's timeline was last read to; empty before the first look.
    fn place(&self, tag: &str) -> String {
        let places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        places.0.get(tag).cloned().unwrap_or_default()
    }

    /// Forgets a hashtag's place, because its ids mean nothing any more.
    fn leave(&self, tag: &str) {
        self.places.lock().unwrap_or_else(PoisonError::into_inner).0.remove(tag);
    }

    /// Takes over the places that the ledger remembers.
    fn remember(&self, saved: &Places) {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        for (tag, id) in saved.0.iter().filter(|(tag, _)| self.tags.contains(tag)) {
            places.reach(tag, id);
        }
    }
}

#[async_trait]
impl Source for Mastodon {
    fn rhythm(&self) -> Rhythm {
        let (second, minutes) = (Duration::from_secs(1), Duration::from_secs(300));
        Rhythm {
            cut: Backoff::exponential(second, Duration::from_secs(30)).at_least(),
            refused: Backoff::exponential(5 * second, minutes).at_least(),
            throttled: Backoff::exponential(60 * second, minutes).at_least(),
            silence_max: self.silence_max(),
        }
    }

    async fn stream(&self, out: &Outlet) -> SourceEnd {
        if self.server.has_token() { stream::run(self, out).await } else { poll::run(self, out).await }
    }

    async fn backfill(&self, since: &Since, out: &Outlet) -> Backfilled {
        walk::run(self, since, out).await
    }
}

#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod recorded;
#[cfg(test)]
mod tests;
