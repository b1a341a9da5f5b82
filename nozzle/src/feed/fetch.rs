//! Asks for a feed: conditionally, following redirects by hand, within bounds. Says where the feed has moved to, but moves
//! nothing: an address proves itself by what it holds.

use std::net::IpAddr;
use std::time::Duration;

use chassis::Secret;
use futures_util::StreamExt;
use reqwest::header::{
    ACCEPT, CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderMap, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED,
    LOCATION,
};
use reqwest::{Client, Response, redirect};
use url::{Host, Url};

use super::place::Place;
use crate::source::{ANSWER_BYTES_MAX, SourceEnd};
use crate::wire::{answer, cause};

/// Longest wait for a connection.
const CONNECT_MAX: Duration = Duration::from_secs(10);
/// Longest wait for a whole document.
const DOCUMENT_MAX: Duration = Duration::from_secs(30);
/// Most redirects in a row.
const REDIRECTS_MAX: usize = 5;
/// What we can read, best first.
const ACCEPTED: &str = "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml;q=0.9, \
                        application/xml;q=0.8, text/xml;q=0.8, application/json;q=0.7, */*;q=0.1";

/// What the server gave.
#[derive(Debug)]
pub(super) enum Fetched {
    /// Nothing has changed.
    Same {
        /// For how long it says so.
        max_age: Duration,
    },
    Page(Box<Page>),
}

/// A document, and what its answer said of it.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) body: Vec<u8>,
    pub(super) charset: Option<String>,
    /// The address that answered.
    pub(super) answered: Url,
    /// The address that the server names for good, when it differs from the one asked.
    pub(super) moved: Option<Url>,
    pub(super) etag: Option<String>,
    pub(super) modified: Option<String>,
    pub(super) max_age: Duration,
}

/// Who asks.
pub(super) struct Fetcher {
    client: Client,
    /// Shown to the configured server only.
    token: Option<(Secret<String>, url::Origin)>,
}

impl Fetcher {
    pub(super) fn new(feed: &Url, token: Option<&Secret<String>>) -> Result<Self, String> {
        chassis::tls::install();
        let client = Client::builder()
            .user_agent(concat!("Perihelion/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_MAX)
            .timeout(DOCUMENT_MAX)
            .redirect(redirect::Policy::none())
            .build();
        let client = client.map_err(|error| format!("no HTTP client: {}", cause(&error)))?;
        Ok(Self { client, token: token.map(|token| (token.clone(), feed.origin())) })
    }

    /// Asks at an address; with the validators of `place` where they belong to the address asked.
    pub(super) async fn get(&self, address: &Url, place: Option<&Place>) -> Result<Fetched, SourceEnd> {
        let (mut at, mut moved, mut is_for_good) = (address.clone(), None, true);
        for _ in 0..=REDIRECTS_MAX {
            let response = self.ask(&at, place).await?;
            let status = response.status().as_u16();
            match status {
                200..=299 => {
                    return page(response, at, moved).await.map(|page| Fetched::Page(Box::new(page)));
                }
                304 if place.is_some_and(|place| place.answered.as_ref() == Some(&at)) => {
                    return Ok(Fetched::Same { max_age: max_age(response.headers()) });
                }
                301 | 302 | 303 | 307 | 308 => {
                    let next = target(&at, response.headers())?;
                    // What a passing redirect leads to is not the feed's address, whatever comes after it.
                    is_for_good &= matches!(status, 301 | 308);
                    if is_for_good {
                        moved = Some(next.clone());
                    }
                    at = next;
                }
                _ => return Err(refused(&response)),
            }
        }
        Err(SourceEnd::Refused(format!("more than {REDIRECTS_MAX} redirects in a row")))
    }

    async fn ask(&self, at: &Url, place: Option<&Place>) -> Result<Response, SourceEnd> {
        let mut request = self.client.get(at.clone()).header(ACCEPT, ACCEPTED);
        if let Some(place) = place.filter(|place| place.answered.as_ref() == Some(at)) {
            if let Some(etag) = &place.etag {
                request = request.header(IF_NONE_MATCH, etag);
            }
            if let Some(modified) = &place.modified {
                request = request.header(IF_MODIFIED_SINCE, modified);
            }
        }
        if let Some((token, origin)) = &self.token
            && at.origin() == *origin
        {
            request = request.bearer_auth(token.expose());
        }
        request.send().await.map_err(|error| SourceEnd::Cut(cause(&error)))
    }
}

/// Where a redirect leads, of a feed or of a schedule. Never from a protected address to an open one, and never from the world into our own network.
pub(crate) fn target(from: &Url, headers: &HeaderMap) -> Result<Url, SourceEnd> {
    let refuse = |why: &str| Err(SourceEnd::Refused(format!("a redirect that is not followed: {why}")));
    let location = headers.get(LOCATION).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    let Some(to) = location.and_then(|location| from.join(location.trim()).ok()) else {
        return refuse("it names no address");
    };
    allowed(from, to).or_else(refuse)
}

/// An address that an answer from `from` names, as we would ask there; or why we would not.
pub(super) fn allowed(from: &Url, mut to: Url) -> Result<Url, &'static str> {
    if !matches!(to.scheme(), "http" | "https") || to.host_str().is_none() {
        return Err("it leads away from the web");
    }
    if from.scheme() == "https" && to.scheme() == "http" {
        return Err("it leads from https to http; write the http address itself if that is meant");
    }
    if is_private(&to) && !is_private(from) {
        return Err("it leads into a private network");
    }
    // Credentials in an address are somebody's mistake, and a fragment is ours alone.
    let _cannot_have_any = to.set_username("").and_then(|()| to.set_password(None));
    to.set_fragment(None);
    Ok(to)
}

/// Whether an address names this machine or its neighbours outright.
fn is_private(url: &Url) -> bool {
    let ip = match url.host() {
        Some(Host::Domain(name)) => return name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(ip)) => IpAddr::V4(ip),
        Some(Host::Ipv6(ip)) => ip.to_ipv4_mapped().map_or(IpAddr::V6(ip), IpAddr::V4),
        None => return false,
    };
    match ip {
        IpAddr::V4(ip) => ip.is_loopback() || ip.is_private() || ip.is_link_local() || ip.is_unspecified(),
        IpAddr::V6(ip) => {
            ip.is_loopback() || ip.is_unspecified() || ip.is_unique_local() || ip.is_unicast_link_local()
        }
    }
}

/// What an answer that is neither a document nor a redirect means.
fn refused(response: &Response) -> SourceEnd {
    let status = response.status();
    match status.as_u16() {
        410 => SourceEnd::Misconfigured(
            "the feed is gone for good (HTTP 410); remove this source, or write the feed's new address as url".to_owned(),
        ),
        // The other sources stop at these; a blog that is being moved answers so for a while.
        304 | 404 => SourceEnd::Refused(format!("HTTP {status}")),
        _ => answer::refusal(status, response.headers(), b"").end,
    }
}

async fn page(response: Response, answered: Url, moved: Option<Url>) -> Result<Page, SourceEnd> {
    let headers = response.headers().clone();
    let verbatim = |name| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let mut body = Vec::new();
    let mut chunks = response.bytes_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|error| SourceEnd::Cut(cause(&error)))?;
        if body.len() + chunk.len() > ANSWER_BYTES_MAX {
            return Err(SourceEnd::Refused(format!("a document beyond {ANSWER_BYTES_MAX} bytes")));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Page {
        body,
        charset: verbatim(CONTENT_TYPE).as_deref().and_then(charset),
        answered,
        moved,
        etag: verbatim(ETAG),
        modified: verbatim(LAST_MODIFIED),
        max_age: max_age(&headers),
    })
}

/// The charset of a content type.
pub(super) fn charset(content_type: &str) -> Option<String> {
    let parameter = |part: &str| {
        let (name, value) = part.split_once('=')?;
        name.trim().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches(['"', '\'']).to_owned())
    };
    content_type.split(';').skip(1).find_map(parameter)
}

/// For how long an answer says that it holds.
fn max_age(headers: &HeaderMap) -> Duration {
    let said = headers.get_all(CACHE_CONTROL).iter().filter_map(|value| value.to_str().ok());
    let seconds = said.flat_map(|value| value.split(',')).find_map(|part| {
        part.trim().to_ascii_lowercase().strip_prefix("max-age=")?.trim_matches('"').parse::<u64>().ok()
    });
    Duration::from_secs(seconds.unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn to(from: &str, location: &str) -> Result<String, String> {
        let mut headers = HeaderMap::new();
        headers.insert(LOCATION, location.parse().unwrap());
        target(&Url::parse(from).unwrap(), &headers).map(String::from).map_err(|end| end.to_string())
    }

    #[test]
    fn redirects_lead_on_but_not_down_nor_inwards() {
        assert_eq!(to("https://a.example/x/feed", "../rss#top").unwrap(), "https://a.example/rss");
        assert_eq!(to("http://a.example/", "https://u:p@b.example/").unwrap(), "https://b.example/");
        assert!(
            to("https://a.example/", "http://a.example/feed").unwrap_err().contains("from https to http")
        );
        for inside in [
            "http://127.0.0.1/",
            "http://10.0.0.1/",
            "http://[::1]/",
            "http://[::ffff:192.168.0.1]/",
            "http://localhost/",
        ] {
            assert!(to("http://a.example/", inside).unwrap_err().contains("private network"), "{inside}");
        }
        assert!(to("http://127.0.0.1:1/", "http://127.0.0.1:2/").is_ok(), "already inside");
        for odd in ["file:///etc/passwd", "mailto:a@b.example"] {
            assert!(to("http://a.example/", odd).unwrap_err().contains("away from the web"), "{odd}");
        }
    }

    #[test]
    fn a_feeds_own_word_leads_no_further_than_a_redirect() {
        let at = |text: &str| Url::parse(text).unwrap();
        let from = at("https://a.example/feed");
        assert!(allowed(&from, at("https://169.254.169.254/latest")).is_err(), "into a private network");
        assert_eq!(allowed(&from, at("https://u:p@b.example/#x")).unwrap().as_str(), "https://b.example/");
    }

    #[test]
    fn headers_are_read_as_they_are_written() {
        assert_eq!(charset("text/xml; Charset=\"utf-8\"").as_deref(), Some("utf-8"));
        assert_eq!(charset("text/xml;qs=1"), None);
        let mut headers = HeaderMap::new();
        headers.append(CACHE_CONTROL, "public".parse().unwrap());
        headers.append(CACHE_CONTROL, "must-revalidate, Max-Age=300".parse().unwrap());
        assert_eq!(max_age(&headers), Duration::from_secs(300));
    }
}
