//! Where a server's streams are: as configured, as the server says, or at the server itself. Found once, remembered, and
//! found anew after a failure. A stream's request carries the token, so only an address that the server itself has named
//! is asked, and never one that is less safe than the server's own.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use reqwest::header::LOCATION;
use serde_json::Value;
use url::Url;

use super::rest::Server;
use crate::source::SourceEnd;
use crate::wire::answer::{Refusal, ask};
use crate::wire::cause;

/// Where the redirect of a server points when it is asked for its streams.
const STREAMING_PATH: &str = "/api/v1/streaming";
/// Longest wait for that redirect.
const REDIRECT_MAX: Duration = Duration::from_secs(10);

/// See the module.
pub(super) struct Home {
    configured: Option<Url>,
    found: Mutex<Option<Url>>,
}

impl Home {
    pub(super) fn new(configured: Option<Url>) -> Self {
        Self { configured: configured.map(http), found: Mutex::default() }
    }

    fn found(&self) -> MutexGuard<'_, Option<Url>> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets what was found: the next stream asks again.
    pub(super) fn forget(&self) {
        *self.found() = None;
    }

    /// The base address of the streams.
    pub(super) async fn base(&self, server: &Server) -> Result<Url, SourceEnd> {
        if let Some(url) = &self.configured {
            return Ok(url.clone());
        }
        let found = self.found().clone();
        if let Some(url) = found {
            return Ok(url);
        }
        let url = match named(server).await? {
            Some(url) => url,
            None => redirected(server).await?.unwrap_or_else(|| server.base().clone()),
        };
        let url = safe(url, server.base())?;
        *self.found() = Some(url.clone());
        Ok(url)
    }
}

/// What the server's own description says.
async fn named(server: &Server) -> Result<Option<Url>, SourceEnd> {
    for (path, pointer) in [
        (["api", "v2", "instance"], "/configuration/urls/streaming"),
        (["api", "v1", "instance"], "/urls/streaming_api"),
    ] {
        match ask(server.get(&path)).await {
            Ok(answer) => {
                let document: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
                let url = document.pointer(pointer).and_then(Value::as_str).and_then(|u| Url::parse(u).ok());
                if url.is_some() {
                    return Ok(url.map(http));
                }
            }
            Err(Refusal { status: 404 | 410, .. }) => {}
            Err(refusal) => return Err(refusal.end),
        }
    }
    Ok(None)
}

/// Where the server sends those who ask it for its streams; asked without the token.
async fn redirected(server: &Server) -> Result<Option<Url>, SourceEnd> {
    let asked = tokio::time::timeout(REDIRECT_MAX, server.nameless(STREAMING_PATH).send()).await;
    let answer = asked
        .map_err(|_| SourceEnd::Cut("no answer in time".into()))?
        .map_err(|error| SourceEnd::Cut(cause(&error)))?;
    if !answer.status().is_redirection() {
        return Ok(None);
    }
    let place = answer.headers().get(LOCATION).and_then(|value| value.to_str().ok());
    let Some(mut url) = place.and_then(|place| server.base().join(place).ok()) else { return Ok(None) };
    url.set_query(None);
    url.set_fragment(None);
    let path = url.path().trim_end_matches('/').to_owned();
    url.set_path(path.strip_suffix(STREAMING_PATH).unwrap_or(&path));
    Ok(Some(http(url)))
}

/// Refuses an address that would show the token to more people than the server's own does.
fn safe(url: Url, base: &Url) -> Result<Url, SourceEnd> {
    let is_http = matches!(url.scheme(), "http" | "https") && url.host_str().is_some();
    let is_open = url.scheme() == "http" && base.scheme() == "https";
    let has_login = !url.username().is_empty() || url.password().is_some();
    if is_http && !is_open && !has_login {
        return Ok(url);
    }
    Err(SourceEnd::Misconfigured(format!(
        "the server names {} for its streams, which would show the token to others; set streaming_url to its https address",
        url.host_str().unwrap_or("no host")
    )))
}

/// Servers name their streaming host by its WebSocket address; the same host answers HTTP.
fn http(url: Url) -> Url {
    let scheme = match url.scheme() {
        "wss" => "https",
        "ws" => "http",
        _ => return url,
    };
    let text = url.as_str().replacen(url.scheme(), scheme, 1);
    Url::parse(&text).unwrap_or(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_never_goes_where_it_could_be_read_on_the_way() {
        let base = Url::parse("https://s.example").unwrap();
        let told = |text: &str| safe(http(Url::parse(text).unwrap()), &base).map(|url| url.to_string());
        assert_eq!(told("wss://streaming.s.example").unwrap(), "https://streaming.s.example/");
        for worse in
            ["ws://streaming.s.example", "http://s.example", "https://a:b@s.example", "ftp://s.example"]
        {
            assert!(matches!(told(worse), Err(SourceEnd::Misconfigured(_))), "{worse}");
        }
        let open = Url::parse("http://127.0.0.1:3000").unwrap();
        assert!(safe(http(Url::parse("ws://127.0.0.1:4000").unwrap()), &open).is_ok());
    }
}
