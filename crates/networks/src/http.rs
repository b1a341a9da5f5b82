//! HTTP helpers: bodies, answers, queries, bearer tokens. No network's own words.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Frame, Incoming};
use hyper::upgrade::OnUpgrade;
use serde_json::Value;
use tokio::sync::mpsc;
use url::form_urlencoded;

/// Largest request body, in bytes.
const REQUEST_BYTES_MAX: usize = 1024 * 1024;

/// Ends a streamed body without its proper end.
#[derive(Debug, thiserror::Error)]
#[error("cut on purpose")]
pub(crate) struct Broken;

pub(crate) type Body = BoxBody<Bytes, Broken>;
pub(crate) type Answer = Response<Body>;

/// Name and value pairs of a query or a form.
#[derive(Clone, Debug, Default)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    pub(crate) fn parse(text: &[u8]) -> Self {
        Self(form_urlencoded::parse(text).into_owned().collect())
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(n, v)| n == name && !v.is_empty()).map(|(_, v)| v.as_str())
    }

    /// Every value of a name that may be repeated.
    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    pub(crate) fn number(&self, name: &str) -> Option<usize> {
        self.get(name)?.parse().ok()
    }

    pub(crate) fn is_on(&self, name: &str) -> bool {
        matches!(self.get(name), Some("true" | "1" | "t"))
    }

    pub(crate) fn join(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }
}

/// A request, read to its end.
pub(crate) struct Request {
    pub(crate) method: http::Method,
    pub(crate) path: String,
    pub(crate) query: Query,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// The connection itself, for an answer that changes its protocol.
    pub(crate) upgrade: OnUpgrade,
}

impl Request {
    /// Reads head and body; a body that is too long counts as empty.
    pub(crate) async fn read(mut request: http::Request<Incoming>) -> Self {
        let upgrade = hyper::upgrade::on(&mut request);
        let (head, body) = request.into_parts();
        let body =
            Limited::new(body, REQUEST_BYTES_MAX).collect().await.map(|b| b.to_bytes()).unwrap_or_default();
        let query = Query::parse(head.uri.query().unwrap_or("").as_bytes());
        Self {
            method: head.method,
            path: head.uri.path().to_owned(),
            query,
            headers: head.headers,
            body,
            upgrade,
        }
    }

    pub(crate) fn bearer(&self) -> Option<&str> {
        self.headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
    }

    /// The address that the client called, from its Host header.
    pub(crate) fn host(&self) -> &str {
        self.headers.get(header::HOST).and_then(|h| h.to_str().ok()).unwrap_or("localhost")
    }
}

pub(crate) fn json(status: u16, value: &Value) -> Answer {
    text(status, "application/json; charset=utf-8", value.to_string())
}

pub(crate) fn text(status: u16, content_type: &'static str, body: String) -> Answer {
    let mut answer = bytes(content_type, body.into_bytes());
    *answer.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    answer
}

/// A good answer of any bytes.
pub(crate) fn bytes(content_type: &'static str, body: Vec<u8>) -> Answer {
    let mut answer = Response::new(Full::new(Bytes::from(body)).map_err(|never| match never {}).boxed());
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    answer
}

/// A body that is written as it comes.
struct Chunks(mpsc::Receiver<Result<Bytes, Broken>>);

impl hyper::body::Body for Chunks {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        self.0.poll_recv(cx).map(|next| next.map(|chunk| chunk.map(Frame::data)))
    }
}

/// An answer whose body is written as it comes.
pub(crate) fn streamed(content_type: &'static str, chunks: mpsc::Receiver<Result<Bytes, Broken>>) -> Answer {
    let mut answer = Response::new(Chunks(chunks).boxed());
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    answer.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    answer
}

pub(crate) fn with_headers(mut answer: Answer, headers: HeaderMap) -> Answer {
    answer.headers_mut().extend(headers);
    answer
}
