//! One server's REST API: timelines and single statuses, within its rate limit, and the requests for its streams.

use chassis::Secret;
use reqwest::{Client, RequestBuilder};
use serde_json::value::RawValue;
use url::Url;

use super::budget::Budget;
use super::home::Home;
use super::status::{self, Status};
use crate::source::{SourceEnd, SourceSettings, Upstream};
use crate::wire::answer::{self, Answer, Refusal, ask};
use crate::wire::streaming_client;

/// Statuses a page; the most that Mastodon gives.
pub(super) const PAGE: usize = 40;
/// Status of an answer that is not whole yet.
const PARTIAL: u16 = 206;

pub(super) struct Server {
    base: Url,
    /// With its port when that is not the usual one; part of this server's names for statuses.
    host: String,
    home: Home,
    token: Option<Secret<String>>,
    rest: Client,
    streams: Client,
    budget: Budget,
}

/// What became of a status that was asked for by its id.
pub(super) enum Found {
    /// It is there.
    Here(Box<Status>),
    /// The server knows none of this id, or no longer.
    Gone,
    /// The server does not say: it refuses single statuses, or answered with something else.
    Untold,
}

/// A page of a timeline, newest first; statuses that could not be read are told as such.
pub(super) struct Page {
    pub(super) statuses: Vec<Result<Status, Upstream>>,
}

impl Page {
    pub(super) fn newest(&self) -> Option<&str> {
        self.readable().next()
    }

    pub(super) fn oldest(&self) -> Option<&str> {
        self.readable().next_back()
    }

    fn readable(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.statuses.iter().filter_map(|s| s.as_ref().ok()?.id.as_deref())
    }
}

impl Server {
    pub(super) fn new(settings: &SourceSettings) -> Result<Self, String> {
        let base = settings
            .url
            .clone()
            .ok_or("url is missing; write the server's address, e.g. https://fosstodon.org")?;
        let name = base.host_str().ok_or("url names no host")?;
        let host = base.port().map_or_else(|| name.to_owned(), |port| format!("{name}:{port}"));
        Ok(Self {
            base,
            host,
            home: Home::new(settings.streaming_url.clone()),
            token: settings.token.clone(),
            rest: answer::client()?,
            streams: streaming_client()?,
            budget: Budget::default(),
        })
    }

    pub(super) fn host(&self) -> &str {
        &self.host
    }

    pub(super) fn base(&self) -> &Url {
        &self.base
    }

    pub(super) fn has_token(&self) -> bool {
        self.token.is_some()
    }

    fn authorized(&self, request: RequestBuilder) -> RequestBuilder {
        match &self.token {
            Some(token) => request.bearer_auth(token.expose()),
            None => request,
        }
    }

    fn address(&self, path: &[&str]) -> Url {
        let mut url = self.base.clone();
        url.set_query(None);
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        url
    }

    /// A request to the server itself; a redirect to another host goes without the token.
    pub(super) fn get(&self, path: &[&str]) -> RequestBuilder {
        self.authorized(self.rest.get(self.address(path)))
    }

    /// A request without the token whose redirect is not followed.
    pub(super) fn nameless(&self, path: &str) -> RequestBuilder {
        self.streams.get(self.address(&path.split('/').filter(|part| !part.is_empty()).collect::<Vec<_>>()))
    }

    /// Asks within the rate limit.
    async fn ask(&self, request: RequestBuilder) -> Result<Answer, Refusal> {
        if let Err(end) = self.budget.wait().await {
            return Err(Refusal { status: 0, body: String::new(), end });
        }
        let answer = ask(request).await?;
        self.budget.note(&answer.headers);
        Ok(answer)
    }

    /// A page of a hashtag's timeline; `place` is `min_id` or `max_id` with its value.
    pub(super) async fn timeline(&self, tag: &str, place: Option<(&str, &str)>) -> Result<Page, SourceEnd> {
        let limit = PAGE.to_string();
        let query: Vec<(&str, &str)> = std::iter::once(("limit", limit.as_str())).chain(place).collect();
        let request = self.get(&["api", "v1", "timelines", "tag", tag]).query(&query);
        let answer = self.ask(request).await.map_err(|r| r.end)?;
        if answer.status == PARTIAL {
            return Err(SourceEnd::Refused("a timeline that the server is still putting together".into()));
        }
        let raw: Vec<&RawValue> = serde_json::from_slice(without_bom(&answer.body))
            .map_err(|error| SourceEnd::Refused(format!("a timeline that cannot be read: {error}")))?;
        Ok(Page { statuses: raw.into_iter().take(PAGE).map(|s| status::read(s.get().as_bytes())).collect() })
    }

    /// Looks at one status.
    pub(super) async fn find(&self, id: &str) -> Result<Found, SourceEnd> {
        match self.ask(self.get(&["api", "v1", "statuses", id])).await {
            Ok(answer) => Ok(match status::read(without_bom(&answer.body)) {
                Ok(status) if status.id.as_deref() == Some(id) => Found::Here(Box::new(status)),
                _ => Found::Untold,
            }),
            Err(Refusal { status: 404 | 410, .. }) => Ok(Found::Gone),
            // Statuses one by one may be for members only, and one that a server stumbles over must not stop the rest.
            Err(Refusal { end, .. }) => match end {
                SourceEnd::Cut(_) | SourceEnd::Throttled(_) | SourceEnd::WaitFor(_) => Err(end),
                _ => Ok(Found::Untold),
            },
        }
    }

    /// The request for a hashtag's stream.
    pub(super) async fn stream(&self, tag: &str) -> Result<RequestBuilder, SourceEnd> {
        let mut url = self.home.base(self).await?;
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(["api", "v1", "streaming", "hashtag"]);
        }
        Ok(self
            .authorized(self.streams.get(url))
            .query(&[("tag", tag)])
            .header("accept", "text/event-stream"))
    }

    /// A stream could not be had where it was looked for: the next one is looked for anew.
    pub(super) fn lost_stream(&self) {
        self.home.forget();
    }
}

fn without_bom(body: &[u8]) -> &[u8] {
    body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body)
}
