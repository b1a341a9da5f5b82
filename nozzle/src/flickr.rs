//! Flickr: photos by hashtag. The search is polled over a window of upload times that overlaps the last one, since photos
//! reach it late and out of order; told photos are looked at again, since deletions and edits are told to nobody.

mod answer;
mod known;
mod licence;
mod photo;
mod picture;
mod poll;
mod rest;
mod walk;
mod xml;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use chassis::Backoff;
use model::Micros;

use crate::source::{
    Backfilled, Cursor, Memory, Outlet, Rhythm, Since, Source, SourceEnd, SourceSettings, Upstream,
};
use known::Known;
use rest::Api;

/// How often the search is asked.
const POLL_DEFAULT: Duration = Duration::from_secs(30);
/// Shortest `poll_seconds` at Flickr itself, which allows a key one call a second over all its programs.
const POLL_MIN: Duration = Duration::from_secs(5);
/// What a poll may take beyond its interval before the stream counts as stalled.
const SILENCE: Duration = Duration::from_secs(60);

/// Opens a source of kind `flickr`. Without a key it opens too: the stream says what is missing.
///
/// # Errors
/// When `poll_seconds` is too short for Flickr, or `url` is no address.
pub(crate) fn open(settings: &SourceSettings, memory: Arc<dyn Memory>) -> Result<Box<dyn Source>, String> {
    let api = Api::new(settings)?;
    let poll = settings.poll.unwrap_or(POLL_DEFAULT);
    if api.is_flickr() && poll < POLL_MIN {
        return Err(format!(
            "poll_seconds = {} is too short; Flickr allows 3,600 calls an hour: write {} or more",
            poll.as_secs(),
            POLL_MIN.as_secs()
        ));
    }
    let name = settings.name.clone();
    Ok(Box::new(Flickr { name, api, poll, place: Mutex::default(), known: Mutex::default(), memory }))
}

/// One search.
struct Flickr {
    name: String,
    api: Api,
    poll: Duration,
    place: Mutex<Place>,
    known: Mutex<Known>,
    /// What the log holds of this source's photos.
    memory: Arc<dyn Memory>,
}

/// Where the source stands, in seconds of upload time. Its cursor is `newest:floor`.
#[derive(Default)]
struct Place {
    /// The newest upload that a poll has seen.
    newest: Option<i64>,
    /// The newest upload of the cursor that a backfill began with.
    saved: Option<i64>,
    /// Nothing older was ever wanted; unknown before the first backfill.
    floor: Option<i64>,
}

impl Place {
    fn saw(&mut self, uploaded: Option<i64>) {
        self.newest = self.newest.max(uploaded.filter(|at| walk::is_past(*at)));
    }

    /// The newest upload that a poll has seen, and since when anything is wanted.
    fn bounds(&self) -> (Option<i64>, Option<i64>) {
        (self.newest, self.floor)
    }

    /// All up to this upload has been told. `None` before the first backfill: a place without its floor is none.
    fn cursor(&self, newest: Option<i64>) -> Option<Cursor> {
        let floor = self.floor?;
        let newest = self.saved.max(newest).unwrap_or(floor).max(floor);
        Some(Cursor(format!("{newest}:{floor}")))
    }
}

/// The uid of a photo.
fn name(id: &str) -> String {
    format!("flickr:{id}")
}

impl Flickr {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn place(&self) -> MutexGuard<'_, Place> {
        self.place.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes over what the ledger remembers; where a backfill begins.
    fn begin(&self, since: &Since) -> i64 {
        let saved = since.cursor.as_ref().and_then(parse);
        let wanted = since.not_before.0.div_euclid(Micros::SECOND);
        let (from, floor) = match saved {
            Some((newest, floor)) => ((newest - walk::OVERLAP).max(floor), floor),
            None => (wanted, wanted),
        };
        let mut place = self.place();
        place.floor = Some(floor);
        place.saved = place.saved.max(saved.map(|(newest, _)| newest));
        from
    }

    /// Tells as a cursor that everything up to this upload was told.
    async fn reached(&self, newest: Option<i64>, out: &Outlet) {
        let cursor = self.place().cursor(newest);
        if let Some(cursor) = cursor {
            out.send(Upstream::Cursor(cursor)).await;
        }
    }
}

fn parse(cursor: &Cursor) -> Option<(i64, i64)> {
    let (newest, floor) = cursor.0.split_once(':')?;
    Some((newest.parse().ok()?, floor.parse().ok()?))
}

#[async_trait]
impl Source for Flickr {
    fn rhythm(&self) -> Rhythm {
        let second = Duration::from_secs(1);
        Rhythm {
            cut: Backoff::exponential(second, 30 * second).at_least(),
            refused: Backoff::exponential(10 * second, 300 * second).at_least(),
            throttled: Backoff::exponential(60 * second, 900 * second).at_least(),
            silence_max: SILENCE + 2 * self.poll,
        }
    }

    async fn stream(&self, out: &Outlet) -> SourceEnd {
        poll::run(self, out).await
    }

    async fn backfill(&self, since: &Since, out: &Outlet) -> Backfilled {
        walk::backfill(self, since, out).await
    }
}

#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod recorded;
#[cfg(test)]
mod tests;
