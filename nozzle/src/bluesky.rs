//! Bluesky: every post of the network comes by Jetstream over a WebSocket, and we look for our hashtags ourselves. What was
//! missed is replayed from a time, on a connection of its own that reads until it has caught up with the live one; the
//! author behind an account's id is looked up before a post goes out.

mod backfill;
mod event;
mod facets;
mod frame;
mod known;
mod lane;
mod place;
mod profiles;
mod record;
mod session;
mod socket;
mod stream;
mod tags;

use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use chassis::Backoff;
use tokio::sync::OnceCell;
use url::Url;

use crate::source::{Backfilled, Memory, Outlet, Rhythm, Since, Source, SourceEnd, SourceSettings};
use frame::Scanner;
use known::Known;
use lane::Lane;
use profiles::Profiles;
use socket::Door;

pub(crate) use tags::Tags;

/// The network's own servers, asked in turn when one does not let us in.
const HOSTS: [&str; 4] = [
    "https://jetstream.us-east.bsky.network",
    "https://jetstream2.us-east.bsky.network",
    "https://jetstream.us-west.bsky.network",
    "https://jetstream2.us-west.bsky.network",
];
/// Where profiles are looked up without a token.
const API: &str = "https://public.api.bsky.app";
/// Longest DID, in bytes (the protocol's own limit).
const DID_BYTES_MAX: usize = 2048;
/// Longest record key, in bytes (the protocol's own limit).
const RKEY_BYTES_MAX: usize = 512;

/// The waits of a source; tests shorten them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timing {
    /// How often a ping is sent.
    pub(crate) ping_every: Duration,
    /// Silence, pongs included, after which a connection counts as stalled.
    pub(crate) silence_max: Duration,
    /// How long the live stream runs before a replay begins. A replay loses events around the moment at which it turns
    /// live, so that moment must lie well within what the live stream has heard.
    pub(crate) settle: Duration,
    /// Silence after which a replay asks, by ping, whether there is more to come.
    pub(crate) quiet: Duration,
    /// How long a post waits for its author's profile.
    pub(crate) profile_wait: Duration,
    /// How often the cursor is told.
    pub(crate) tell_every: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        let second = Duration::from_secs(1);
        Self {
            ping_every: 15 * second,
            silence_max: 40 * second,
            settle: 2 * second,
            quiet: 3 * second,
            profile_wait: 5 * second,
            tell_every: second,
        }
    }
}

/// Opens a source of kind `bluesky`.
///
/// # Errors
/// When an address cannot be used.
pub(crate) fn open(settings: &SourceSettings, memory: Arc<dyn Memory>) -> Result<Box<dyn Source>, String> {
    let tags = Tags::new(&settings.tags);
    Ok(Box::new(Bluesky::new(settings, memory, tags, Timing::default())?))
}

/// Opens a source that takes every post, for recordings.
///
/// # Errors
/// When an address cannot be used.
pub(crate) fn open_all(
    settings: &SourceSettings,
    memory: Arc<dyn Memory>,
) -> Result<Box<dyn Source>, String> {
    Ok(Box::new(Bluesky::new(settings, memory, Tags::everything(), Timing::default())?))
}

/// See the module.
struct Bluesky {
    doors: Vec<Door>,
    /// Which of the doors is tried, counted up whenever one stays closed.
    door: AtomicUsize,
    tags: Tags,
    scanner: Scanner,
    profiles: Profiles,
    known: Mutex<Known>,
    /// Done once what the ledger holds has been read.
    remembered: OnceCell<()>,
    memory: Arc<dyn Memory>,
    /// What the live stream holds back, over reconnects.
    live: tokio::sync::Mutex<Lane>,
    /// What the replay holds back, over its tries.
    late: tokio::sync::Mutex<Lane>,
    /// What a replay that is over had still to ask for, until the live stream takes it.
    left: Mutex<Lane>,
    /// Time of the first event that the present live stream brought, in microseconds; 0 before there is one.
    live_from: AtomicI64,
    timing: Timing,
}

impl Bluesky {
    fn new(
        settings: &SourceSettings,
        memory: Arc<dyn Memory>,
        tags: Tags,
        timing: Timing,
    ) -> Result<Self, String> {
        let address = |text: &&str| Url::parse(text).map_err(|e| e.to_string());
        let urls = match &settings.url {
            Some(url) => vec![url.clone()],
            None => HOSTS.iter().map(address).collect::<Result<_, _>>()?,
        };
        let api = settings.api_url.clone().map_or_else(|| address(&API), Ok)?;
        Ok(Self {
            doors: Door::all(&urls)?,
            door: AtomicUsize::new(0),
            scanner: Scanner::new(&tags),
            tags,
            profiles: Profiles::new(&api)?,
            known: Mutex::default(),
            remembered: OnceCell::new(),
            memory,
            live: tokio::sync::Mutex::new(Lane::default()),
            late: tokio::sync::Mutex::new(Lane::default()),
            left: Mutex::default(),
            live_from: AtomicI64::new(0),
            timing,
        })
    }
}

impl Bluesky {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn left(&self) -> MutexGuard<'_, Lane> {
        self.left.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn door(&self) -> &Door {
        &self.doors[self.door.load(Ordering::Relaxed) % self.doors.len()]
    }

    /// The host did not let us in, or said nothing: the next one is tried.
    fn next_door(&self) {
        self.door.fetch_add(1, Ordering::Relaxed);
    }

    /// Takes over what the ledger holds, once.
    async fn remember(&self) {
        let taken = async {
            let kept = self.memory.newest(known::POSTS_MAX).await;
            self.known().remember(&kept);
        };
        self.remembered.get_or_init(|| taken).await;
    }
}

#[async_trait]
impl Source for Bluesky {
    fn rhythm(&self) -> Rhythm {
        let (second, minutes) = (Duration::from_secs(1), Duration::from_secs(300));
        Rhythm {
            cut: Backoff::exponential(second, 30 * second).at_least(),
            refused: Backoff::exponential(5 * second, minutes).at_least(),
            throttled: Backoff::exponential(60 * second, minutes).at_least(),
            silence_max: self.timing.silence_max + self.timing.ping_every / 3,
        }
    }

    async fn stream(&self, out: &Outlet) -> SourceEnd {
        stream::run(self, out).await
    }

    async fn backfill(&self, since: &Since, out: &Outlet) -> Backfilled {
        backfill::run(self, since, out).await
    }
}

/// The network's own name of a post.
fn post_uri(did: &str, rkey: &str) -> String {
    format!("at://{did}/{}/{rkey}", frame::POSTS)
}

/// An account's page.
fn profile_url(did: &str) -> String {
    format!("https://bsky.app/profile/{did}")
}

/// Whether a text has the shape of a DID.
fn is_did(text: &str) -> bool {
    let shaped = text.strip_prefix("did:").and_then(|rest| rest.split_once(':'));
    shaped.is_some_and(|(method, id)| !method.is_empty() && !id.is_empty())
        && text.len() <= DID_BYTES_MAX
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._:%-".contains(&b))
}

/// Whether a text has the shape of a record key.
fn is_rkey(text: &str) -> bool {
    (1..=RKEY_BYTES_MAX).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._:~-".contains(&b))
}

#[cfg(feature = "bench")]
pub(crate) mod bench;
#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod tests;
