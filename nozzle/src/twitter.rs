//! X, once Twitter: the v2 filtered stream with recent search, and the v1.1 `statuses/filter` stream with its search,
//! which replays and archives still speak. Both name the same post alike: `x:` and the first id of its edit history.

mod place;
mod runs;
mod v1;
mod v2;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use chassis::{Backoff, Secret};
use reqwest::{Client, RequestBuilder};
use url::Url;

use crate::source::{Api, Backfilled, Memory, Outlet, Rhythm, Since, Source, SourceEnd, SourceSettings};
use crate::wire::{answer, streaming_client};
use place::Place;

/// Where the API is when no `url` is set.
const BASE_V2: &str = "https://api.x.com";
const BASE_V1: &str = "https://api.twitter.com";
const STREAM_V1: &str = "https://stream.twitter.com";
/// X writes something every 20 s; one may be late.
const SILENCE_MAX_V2: Duration = Duration::from_secs(45);
/// v1.1 wrote something every 30 s.
const SILENCE_MAX_V1: Duration = Duration::from_secs(60);
/// How often 100 posts are looked at again: X tells nobody that a post was deleted.
const RECHECK_DEFAULT: Duration = Duration::from_secs(30);

/// Opens a source of kind `twitter`.
///
/// # Errors
/// When no HTTP client can be made.
pub(crate) fn open(settings: &SourceSettings, memory: Arc<dyn Memory>) -> Result<Box<dyn Source>, String> {
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
    let access = Access {
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
        rules: Mutex::default(),
        memory,
    };
    Ok(Box::new(Twitter { access, api: settings.api }))
}

struct Twitter {
    access: Access,
    api: Api,
}

/// What both generations of the API need.
struct Access {
    /// The source's name; labels our rules.
    name: String,
    base: Url,
    stream: Url,
    token: Option<Secret<String>>,
    token_env: Option<String>,
    tags: Vec<String>,
    recheck: Duration,
    rest: Client,
    streams: Client,
    place: Mutex<Place>,
    /// Ids of our rules at X, with their values.
    rules: Mutex<HashMap<String, String>>,
    /// What the log holds of this source's posts.
    memory: Arc<dyn Memory>,
}

impl Access {
    fn place(&self) -> MutexGuard<'_, Place> {
        self.place.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn rules(&self) -> MutexGuard<'_, HashMap<String, String>> {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All hashtags as a search writes them.
    fn query(&self) -> String {
        self.tags.iter().map(|t| format!("#{t}")).collect::<Vec<_>>().join(" OR ")
    }

    fn get(&self, path: &str) -> RequestBuilder {
        self.authorized(self.rest.get(join(&self.base, path)))
    }

    fn post(&self, path: &str) -> RequestBuilder {
        self.authorized(self.rest.post(join(&self.base, path)))
    }

    fn authorized(&self, request: RequestBuilder) -> RequestBuilder {
        match &self.token {
            Some(token) => request.bearer_auth(token.expose()),
            None => request,
        }
    }

    /// How a stream ends before it begins when there is no token.
    fn must_have_token(&self) -> Result<(), SourceEnd> {
        if self.token.is_some() {
            return Ok(());
        }
        let cure = match &self.token_env {
            Some(name) => format!("set {name} to a bearer token of X"),
            None => "name the variable that holds X's bearer token as token_env".to_owned(),
        };
        Err(SourceEnd::NeedsCredentials(cure))
    }
}

fn join(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    url.set_query(None);
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop_if_empty().extend(path.split('/'));
    }
    url
}

#[async_trait]
impl Source for Twitter {
    fn rhythm(&self) -> Rhythm {
        let second = Duration::from_secs(1);
        Rhythm {
            cut: Backoff::linear(Duration::from_millis(250), 16 * second).at_least(),
            refused: Backoff::exponential(5 * second, 320 * second).at_least(),
            throttled: Backoff::exponential(60 * second, 900 * second).at_least(),
            silence_max: match self.api {
                Api::V2 => SILENCE_MAX_V2,
                Api::V1 => SILENCE_MAX_V1,
            },
        }
    }

    async fn stream(&self, out: &Outlet) -> SourceEnd {
        let ended = match self.api {
            Api::V2 => v2::stream(&self.access, out).await,
            Api::V1 => v1::stream(&self.access, out).await,
        };
        ended.unwrap_or_else(|end| end)
    }

    async fn backfill(&self, since: &Since, out: &Outlet) -> Backfilled {
        match self.api {
            Api::V2 => v2::backfill(&self.access, since, out).await,
            Api::V1 => v1::backfill(&self.access, since, out).await,
        }
    }
}

#[cfg(test)]
mod tests;
