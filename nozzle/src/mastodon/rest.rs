//! One server's REST API: timelines, single statuses, and where its streams are.

use chassis::Secret;
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, value::RawValue};
use url::Url;

use super::status::{self, Status};
use crate::source::{SourceEnd, SourceSettings, Upstream};
use crate::wire::answer::{self, Refusal, ask};
use crate::wire::streaming_client;

/// Statuses a page; the most that Mastodon gives.
pub(super) const PAGE: usize = 40;

pub(super) struct Server {
    base: Url,
    /// With its port when that is not the usual one; part of this server's names for statuses.
    host: String,
    streaming: Option<Url>,
    token: Option<Secret<String>>,
    rest: Client,
    streams: Client,
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
            streaming: settings.streaming_url.clone(),
            token: settings.token.clone(),
            rest: answer::client()?,
            streams: streaming_client()?,
        })
    }

    pub(super) fn host(&self) -> &str {
        &self.host
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

    /// A page of a hashtag's timeline; `place` is `min_id` or `max_id` with its value.
    pub(super) async fn timeline(&self, tag: &str, place: Option<(&str, &str)>) -> Result<Page, SourceEnd> {
        let url = self.address(&["api", "v1", "timelines", "tag", tag]);
        let limit = PAGE.to_string();
        let query: Vec<(&str, &str)> = std::iter::once(("limit", limit.as_str())).chain(place).collect();
        let answer = ask(self.authorized(self.rest.get(url)).query(&query)).await.map_err(|r| r.end)?;
        let raw: Vec<&RawValue> = serde_json::from_slice(&answer.body)
            .map_err(|error| SourceEnd::Refused(format!("a timeline that cannot be read: {error}")))?;
        Ok(Page { statuses: raw.into_iter().take(PAGE).map(|s| status::read(s.get().as_bytes())).collect() })
    }

    /// Whether a status is gone; an answer that cannot be read does not count as such.
    pub(super) async fn is_gone(&self, id: &str) -> Result<bool, SourceEnd> {
        let url = self.address(&["api", "v1", "statuses", id]);
        match ask(self.authorized(self.rest.get(url))).await {
            Ok(_) => Ok(false),
            Err(Refusal { status: 404 | 410, .. }) => Ok(true),
            Err(refusal) => Err(refusal.end),
        }
    }

    /// The request for a hashtag's stream.
    pub(super) fn stream(&self, base: &Url, tag: &str) -> RequestBuilder {
        let mut url = base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(["api", "v1", "streaming", "hashtag"]);
        }
        self.authorized(self.streams.get(url)).query(&[("tag", tag)]).header("accept", "text/event-stream")
    }

    /// Where the streams are: as configured, as the server says, or at the server itself.
    pub(super) async fn streaming_base(&self) -> Result<Url, SourceEnd> {
        if let Some(url) = &self.streaming {
            return Ok(http(url.clone()));
        }
        for (path, pointer) in [
            (["api", "v2", "instance"], "/configuration/urls/streaming"),
            (["api", "v1", "instance"], "/urls/streaming_api"),
        ] {
            match ask(self.authorized(self.rest.get(self.address(&path)))).await {
                Ok(answer) => {
                    let document: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
                    if let Some(url) =
                        document.pointer(pointer).and_then(Value::as_str).and_then(|u| Url::parse(u).ok())
                    {
                        return Ok(http(url));
                    }
                }
                Err(Refusal { status: 404 | 410, .. }) => {}
                Err(refusal) => return Err(refusal.end),
            }
        }
        Ok(self.base.clone())
    }
}

/// Servers name their streaming host by its WebSocket address; the same host answers HTTP.
fn http(mut url: Url) -> Url {
    let scheme = match url.scheme() {
        "wss" => "https",
        "ws" => "http",
        _ => return url,
    };
    let text = url.as_str().replacen(url.scheme(), scheme, 1);
    if let Ok(same) = Url::parse(&text) {
        url = same;
    }
    url
}
