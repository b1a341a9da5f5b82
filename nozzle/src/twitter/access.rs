//! What both generations of X's API need: addresses and key, and what is known over the life of the process.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chassis::Secret;
use model::Micros;
use reqwest::{Client, RequestBuilder};
use tokio::sync::Notify;
use url::Url;

use super::place::{self, Place};
use super::quota::{Quota, Used};
use super::shown::{SHOWN_MAX, Shown};
use super::wanted::Wanted;
use crate::source::{Api, Cursor, Memory, Outlet, SourceEnd, SourceSettings, Upstream};
use crate::wire::answer::now;
use crate::wire::{answer, streaming_client};

/// Where the API is when no `url` is set.
const BASE_V2: &str = "https://api.x.com";
const BASE_V1: &str = "https://api.twitter.com";
const STREAM_V1: &str = "https://stream.twitter.com";
/// How often 100 posts are looked at again: X tells nobody that a post was deleted.
const RECHECK_DEFAULT: Duration = Duration::from_secs(30);

const DAY: i64 = 24 * Micros::HOUR;

/// What both generations of the API need.
pub(super) struct Access {
    /// The source's name; labels our rules.
    pub(super) name: String,
    base: Url,
    pub(super) stream: Url,
    token: Option<Secret<String>>,
    token_env: Option<String>,
    pub(super) tags: Vec<String>,
    pub(super) recheck: Duration,
    rest: Client,
    pub(super) streams: Client,
    place: Mutex<Place>,
    shown: Mutex<Shown>,
    quota: Mutex<Quota>,
    /// Somebody has used up the day's allowance.
    is_used_up: Notify,
    wanted: Mutex<Wanted>,
    pub(super) is_wanted: Notify,
    /// Ids of our rules at X, with their values.
    rules: Mutex<HashMap<String, String>>,
    /// What the log holds of this source's posts.
    memory: Arc<dyn Memory>,
    has_remembered: AtomicBool,
}

fn lock<T>(what: &Mutex<T>) -> MutexGuard<'_, T> {
    what.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Access {
    pub(super) fn new(settings: &SourceSettings, memory: Arc<dyn Memory>) -> Result<Self, String> {
        let (base, stream) = match settings.api {
            Api::V2 => (BASE_V2, BASE_V2),
            Api::V1 => (BASE_V1, STREAM_V1),
        };
        let known = |address: &str| Url::parse(address).map_err(|e| format!("{address}: {e}"));
        let base = settings.url.clone().map_or_else(|| known(base), Ok)?;
        let stream = match (&settings.streaming_url, &settings.url) {
            (Some(url), _) | (None, Some(url)) => url.clone(),
            (None, None) => known(stream)?,
        };
        Ok(Self {
            name: settings.name.clone(),
            base,
            stream,
            token: settings.token.clone(),
            token_env: settings.token_env.clone(),
            tags: settings.tags.clone(),
            recheck: settings.poll.unwrap_or(RECHECK_DEFAULT),
            rest: answer::client()?,
            streams: streaming_client()?,
            place: Mutex::default(),
            shown: Mutex::default(),
            quota: Mutex::new(Quota::new(settings.posts_a_day_max)),
            is_used_up: Notify::new(),
            wanted: Mutex::default(),
            is_wanted: Notify::new(),
            rules: Mutex::default(),
            memory,
            has_remembered: AtomicBool::new(false),
        })
    }

    pub(super) fn place(&self) -> MutexGuard<'_, Place> {
        lock(&self.place)
    }

    pub(super) fn shown(&self) -> MutexGuard<'_, Shown> {
        lock(&self.shown)
    }

    pub(super) fn quota(&self) -> MutexGuard<'_, Quota> {
        lock(&self.quota)
    }

    pub(super) fn wanted(&self) -> MutexGuard<'_, Wanted> {
        lock(&self.wanted)
    }

    pub(super) fn rules(&self) -> MutexGuard<'_, HashMap<String, String>> {
        lock(&self.rules)
    }

    /// All hashtags as a search writes them.
    pub(super) fn query(&self) -> String {
        self.tags.iter().map(|t| format!("#{t}")).collect::<Vec<_>>().join(" OR ")
    }

    pub(super) fn get(&self, path: &str) -> RequestBuilder {
        self.authorized(self.rest.get(join(&self.base, path)))
    }

    pub(super) fn post(&self, path: &str) -> RequestBuilder {
        self.authorized(self.rest.post(join(&self.base, path)))
    }

    pub(super) fn authorized(&self, request: RequestBuilder) -> RequestBuilder {
        match &self.token {
            Some(token) => request.bearer_auth(token.expose()),
            None => request,
        }
    }

    /// How a stream ends before it begins when there is no token.
    pub(super) fn must_have_token(&self) -> Result<(), SourceEnd> {
        if self.token.is_some() {
            return Ok(());
        }
        let cure = match &self.token_env {
            Some(name) => format!("set {name} to a bearer token of X"),
            None => "name the variable that holds X's bearer token as token_env".to_owned(),
        };
        Err(SourceEnd::NeedsCredentials(cure))
    }

    /// Learns from the log, once, which posts were shown before the start.
    pub(super) async fn remember(&self) {
        if self.has_remembered.load(Ordering::Relaxed) {
            return;
        }
        let kept = self.memory.newest(SHOWN_MAX).await;
        // Nothing may also mean that the log could not be read: asked again at the next connection.
        self.has_remembered.store(!kept.is_empty(), Ordering::Relaxed);
        let today = now().0.div_euclid(DAY);
        let ids: Vec<u64> = kept.iter().filter_map(|one| one.uid.strip_prefix("x:")?.parse().ok()).collect();
        let of_today = ids
            .into_iter()
            .filter(|id| place::time(&id.to_string()).is_some_and(|said| said.0.div_euclid(DAY) == today));
        self.quota().restore(None, of_today, now());
        self.shown().remember(kept);
    }

    /// Goes on counting the day's posts from what a cursor says.
    pub(super) fn go_on_from(&self, cursor: Option<&Cursor>) {
        let mut quota = self.quota();
        quota.restore(cursor.map(|cursor| cursor.0.as_str()), std::iter::empty(), now());
        if quota.left(now()) == 0 {
            self.is_used_up.notify_one();
        }
    }

    /// A cursor at an id, with the day's count.
    pub(super) fn cursor(&self, id: u64) -> Upstream {
        Upstream::Cursor(Cursor(self.quota().cursor(&id.to_string())))
    }

    /// Posts came: counts them against the day's allowance.
    pub(super) async fn paid(&self, ids: impl Iterator<Item = u64>, out: &Outlet) {
        let used = self.quota().take(ids, now());
        self.used(used, out).await;
    }

    /// Tells what a number of posts led to.
    pub(super) async fn used(&self, used: Used, out: &Outlet) {
        match used {
            Used::Fine => {}
            Used::NewDay => out.send(Upstream::Warning { why: None }).await,
            Used::Nearly(why) => {
                tracing::warn!(source.name = %self.name, "{why}");
                out.send(Upstream::Warning { why: Some(why) }).await;
            }
            Used::Up => self.is_used_up.notify_one(),
        }
    }

    /// How the stream ends when the day's allowance is used up.
    pub(super) fn pause(&self) -> Option<SourceEnd> {
        self.quota().pause(now())
    }

    /// Waits until it is.
    pub(super) async fn until_used_up(&self) -> SourceEnd {
        loop {
            self.is_used_up.notified().await;
            if let Some(end) = self.pause() {
                return end;
            }
        }
    }

    /// A post is named and not here; `boost` is the uid of the retweet that named it.
    pub(super) fn want(&self, id: u64, boost: Option<String>) {
        self.wanted().want(id, boost);
        self.is_wanted.notify_one();
    }

    /// Tells one message, and before it what it says about an account.
    pub(super) async fn tell(&self, message: Upstream, out: &Outlet) {
        let before = self.shown().told(&message);
        if let Some(before) = before {
            out.send(before).await;
        }
        out.send(message).await;
    }
}

pub(super) fn join(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    url.set_query(None);
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop_if_empty().extend(path.split('/'));
    }
    url
}
