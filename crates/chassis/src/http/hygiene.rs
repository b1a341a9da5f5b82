//! Requests that two parsers could read differently, or that were meant for somebody else, are refused before any handler sees them.

use std::net::IpAddr;

use ::http::{HeaderMap, Method, Request, Response, StatusCode, Uri, header, uri::Authority};
use axum::body::Body;
use serde_json::json;

/// The names under which a listener may be asked for.
///
/// IP literals and `localhost` are always known: a page of somebody else can point a *name* of its own at us, but never an address, so
/// nothing is gained by guessing one, and health checks need them.
#[derive(Debug, Clone, Default)]
pub struct Hosts {
    /// `None`: every name.
    names: Option<Vec<String>>,
}

impl Hosts {
    /// Only these names (hosts without port, as in `live.example.org`).
    pub fn known<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> Self {
        Self { names: Some(names.into_iter().map(|name| name.as_ref().to_ascii_lowercase()).collect()) }
    }

    /// Every well-formed name: for inner listeners.
    pub fn any() -> Self {
        Self::default()
    }

    fn knows(&self, host: &str) -> bool {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        let literal = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>().is_ok();
        literal || host == "localhost" || self.names.as_ref().is_none_or(|names| names.contains(&host))
    }
}

/// Why a request was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// No `Host`, several, one that is no authority, or one that differs from the absolute URI.
    Host,
    /// A well-formed `Host` that is not ours.
    Misdirected,
    /// A body on a request that has none.
    UnexpectedBody,
    /// Two ways to find the body's end, or a transfer coding other than one `chunked`.
    Framing,
    /// A declared body above the limit.
    TooLarge,
    /// CONNECT, TRACE.
    Method,
}

impl Refusal {
    /// The reason as metrics and bodies name it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Host => "bad_host",
            Self::Misdirected => "unknown_host",
            Self::UnexpectedBody => "unexpected_body",
            Self::Framing => "bad_framing",
            Self::TooLarge => "body_too_large",
            Self::Method => "method_not_allowed",
        }
    }

    fn status(self) -> StatusCode {
        match self {
            Self::Host | Self::UnexpectedBody | Self::Framing => StatusCode::BAD_REQUEST,
            Self::Misdirected => StatusCode::MISDIRECTED_REQUEST,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
        }
    }

    fn message(self) -> &'static str {
        match self {
            Self::Host => {
                "send exactly one Host header that names this server, equal to the host in the address"
            }
            Self::Misdirected => "this server does not answer for that host",
            Self::UnexpectedBody => "this kind of request has no body",
            Self::Framing => "the length of the body is given twice or in an unknown way",
            Self::TooLarge => "the body is larger than this server takes",
            Self::Method => "this method is not supported",
        }
    }

    /// The answer; the connection ends with it, as nothing behind such a request can be trusted.
    pub fn response(self) -> Response<Body> {
        let body = json!({"error": self.name(), "message": self.message()}).to_string();
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = self.status();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            header::HeaderValue::from_static("application/json; charset=utf-8"),
        );
        headers.insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
        headers.insert(header::CONNECTION, header::HeaderValue::from_static("close"));
        if self == Self::Method {
            headers.insert(
                header::ALLOW,
                header::HeaderValue::from_static("GET, HEAD, POST, PUT, DELETE, OPTIONS"),
            );
        }
        response
    }
}

/// Looks at one request head.
pub(super) fn check<B>(request: &Request<B>, hosts: &Hosts, body_bytes_max: usize) -> Result<(), Refusal> {
    if request.method() == Method::CONNECT || request.method() == Method::TRACE {
        return Err(Refusal::Method);
    }
    check_host(request.uri(), request.headers(), hosts)?;
    check_framing(request.method(), request.headers(), body_bytes_max)
}

fn check_host(uri: &Uri, headers: &HeaderMap, hosts: &Hosts) -> Result<(), Refusal> {
    let mut given = headers.get_all(header::HOST).iter();
    let (Some(host), None) = (given.next(), given.next()) else { return Err(Refusal::Host) };
    let host: Authority = host.to_str().ok().and_then(|text| text.parse().ok()).ok_or(Refusal::Host)?;
    if host.as_str().contains('@') {
        return Err(Refusal::Host);
    }
    if uri.authority().is_some_and(|authority| !authority.as_str().eq_ignore_ascii_case(host.as_str())) {
        return Err(Refusal::Host);
    }
    if hosts.knows(host.host()) { Ok(()) } else { Err(Refusal::Misdirected) }
}

fn check_framing(method: &Method, headers: &HeaderMap, body_bytes_max: usize) -> Result<(), Refusal> {
    let codings: Vec<_> = headers.get_all(header::TRANSFER_ENCODING).iter().collect();
    let is_chunked = match codings[..] {
        [] => false,
        [one] if one.as_bytes().eq_ignore_ascii_case(b"chunked") => true,
        _ => return Err(Refusal::Framing),
    };
    let mut lengths = headers.get_all(header::CONTENT_LENGTH).iter();
    let length = lengths.next();
    if lengths.next().is_some() || (is_chunked && length.is_some()) {
        return Err(Refusal::Framing);
    }
    // Hyper has checked that the length is a number; one that does not fit is too large anyway.
    let length =
        length.map_or(0, |text| text.to_str().ok().and_then(|text| text.parse().ok()).unwrap_or(u64::MAX));
    let has_no_body = matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS);
    if has_no_body && (is_chunked || length > 0) {
        return Err(Refusal::UnexpectedBody);
    }
    if length > body_bytes_max as u64 { Err(Refusal::TooLarge) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(method: &str, uri: &str, headers: &[(&str, &str)]) -> Result<(), Refusal> {
        let mut request = Request::builder().method(method).uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        check(&request.body(()).expect("a request"), &Hosts::known(["Live.example.org"]), 1000)
    }

    #[test]
    fn exactly_one_known_host_equal_to_any_absolute_uri() {
        assert_eq!(verdict("GET", "/", &[("host", "live.EXAMPLE.org:443")]), Ok(()));
        assert_eq!(verdict("GET", "/", &[("host", "127.0.0.1:8080")]), Ok(()));
        assert_eq!(verdict("GET", "/", &[("host", "[::1]:8080")]), Ok(()));
        assert_eq!(verdict("GET", "http://live.example.org/", &[("host", "live.example.org")]), Ok(()));
        assert_eq!(verdict("GET", "/", &[]), Err(Refusal::Host));
        assert_eq!(verdict("GET", "/", &[("host", "localhost"), ("host", "localhost")]), Err(Refusal::Host));
        assert_eq!(verdict("GET", "/", &[("host", "a b")]), Err(Refusal::Host));
        assert_eq!(verdict("GET", "/", &[("host", "x@localhost")]), Err(Refusal::Host));
        assert_eq!(
            verdict("GET", "http://evil.example/", &[("host", "live.example.org")]),
            Err(Refusal::Host)
        );
        assert_eq!(verdict("GET", "/", &[("host", "rebound.example")]), Err(Refusal::Misdirected));
    }

    #[test]
    fn a_body_has_one_end_and_only_where_one_belongs() {
        let host = ("host", "localhost");
        assert_eq!(verdict("POST", "/", &[host, ("content-length", "10")]), Ok(()));
        assert_eq!(verdict("POST", "/", &[host, ("transfer-encoding", "chunked")]), Ok(()));
        assert_eq!(verdict("GET", "/", &[host, ("content-length", "0")]), Ok(()));
        assert_eq!(verdict("GET", "/", &[host, ("content-length", "1")]), Err(Refusal::UnexpectedBody));
        assert_eq!(
            verdict("GET", "/", &[host, ("transfer-encoding", "chunked")]),
            Err(Refusal::UnexpectedBody)
        );
        let doubled = [host, ("transfer-encoding", "chunked"), ("transfer-encoding", "chunked")];
        assert_eq!(verdict("POST", "/", &doubled), Err(Refusal::Framing));
        assert_eq!(
            verdict("POST", "/", &[host, ("transfer-encoding", "chunked, chunked")]),
            Err(Refusal::Framing)
        );
        let both = [host, ("transfer-encoding", "chunked"), ("content-length", "5")];
        assert_eq!(verdict("POST", "/", &both), Err(Refusal::Framing));
        assert_eq!(verdict("POST", "/", &[host, ("content-length", "1001")]), Err(Refusal::TooLarge));
        assert_eq!(verdict("TRACE", "/", &[host]), Err(Refusal::Method));
    }
}
