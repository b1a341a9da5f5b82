//! HTTP heads of the answers that a shard writes itself: to polls and to event streams. hyper has read the request; nothing is parsed here.

use std::time::SystemTime;

use bytes::Bytes;
use http::HeaderValue;

use crate::{answer::Refused, packed::Body};

/// An event stream's kind of content.
pub(crate) const EVENT_STREAM: HeaderValue = HeaderValue::from_static("text/event-stream; charset=utf-8");
/// The head of an event stream. Its body has no length and no chunks: it ends with the connection, so that all streams share every byte.
/// Proxies of the nginx kind would hold events back to fill a buffer, were they not told.
const EVENTS: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ncache-control: no-store\r\n\
     x-accel-buffering: no\r\naccess-control-allow-origin: *\r\nx-content-type-options: nosniff\r\nconnection: close\r\n";

/// An event stream's head, ready to be written.
pub(crate) fn events() -> Vec<u8> {
    format!("{EVENTS}date: {}\r\n\r\n", now()).into_bytes()
}

/// A poll's answer with this body. What follows a position never changes its place: an answer that `is_prefix` is true for ever, and
/// caches between us and browsers may keep it for a while.
pub(crate) fn page(body: &Body, is_prefix: bool, closes: bool) -> Bytes {
    let mut extra = "vary: accept-encoding\r\n".to_owned();
    if let Some(coding) = body.coding.name() {
        extra.push_str("content-encoding: ");
        extra.push_str(coding);
        extra.push_str("\r\n");
    }
    if is_prefix {
        extra.push_str("cdn-cache-control: max-age=3\r\n");
    }
    whole("200 OK", &extra, &body.bytes, closes)
}

/// A poll's answer when there was no news.
pub(crate) fn nothing_new(closes: bool) -> Bytes {
    let text = format!(
        "HTTP/1.1 204 No Content\r\ncache-control: no-store\r\naccess-control-allow-origin: *\r\n{}date: {}\r\n\r\n",
        connection(closes),
        now()
    );
    text.into()
}

/// The answer to a poll that is refused.
pub(crate) fn refused(refused: &Refused, closes: bool) -> Bytes {
    let status = refused.status();
    let retry = refused
        .retry_after_seconds()
        .map(|seconds| format!("retry-after: {seconds}\r\n"))
        .unwrap_or_default();
    let line = format!("{} {}", status.as_str(), status.canonical_reason().unwrap_or("Refused"));
    whole(&line, &retry, refused.body().to_string().as_bytes(), closes)
}

fn whole(status: &str, extra: &str, body: &[u8], closes: bool) -> Bytes {
    let mut answer = Vec::with_capacity(body.len() + 320);
    answer.extend_from_slice(
        format!(
            "HTTP/1.1 {status}\r\ncontent-type: application/json; charset=utf-8\r\ncache-control: no-store\r\n\
             access-control-allow-origin: *\r\nx-content-type-options: nosniff\r\n{extra}{}date: {}\r\ncontent-length: {}\r\n\r\n",
            connection(closes),
            now(),
            body.len()
        )
        .as_bytes(),
    );
    answer.extend_from_slice(body);
    answer.into()
}

fn connection(closes: bool) -> &'static str {
    if closes { "connection: close\r\n" } else { "" }
}

fn now() -> String {
    httpdate::fmt_http_date(SystemTime::now())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coding::Coding;

    #[test]
    fn answers_are_whole_and_say_how_long_they_are() {
        let empty = Body::plain(Bytes::from_static(b"{}"));
        let answer = page(&empty, true, false);
        let text = std::str::from_utf8(&answer).expect("text");
        let (head, body) = text.split_once("\r\n\r\n").expect("a head");
        assert!(
            head.starts_with("HTTP/1.1 200 OK\r\n") && head.contains("content-length: 2") && body == "{}"
        );
        assert!(head.contains("cdn-cache-control: max-age=3") && !head.contains("connection:"));
        assert!(!head.contains("content-encoding") && head.contains("vary: accept-encoding"));
        let last = page(&Body { coding: Coding::Brotli, ..empty }, false, true);
        let last = std::str::from_utf8(&last).expect("text");
        assert!(last.contains("\r\nconnection: close\r\n") && !last.contains("cdn-cache-control"));
        assert!(last.contains("\r\ncontent-encoding: br\r\n"));
    }

    #[test]
    fn a_refusal_says_when_to_come_back() {
        let answer = refused(&Refused::NotReady, false);
        let text = std::str::from_utf8(&answer).expect("text");
        assert!(
            text.starts_with("HTTP/1.1 503 Service Unavailable\r\n") && text.contains("\r\nretry-after: ")
        );
        assert!(text.ends_with('}'));
    }

    #[test]
    fn no_content_has_none() {
        let answer = nothing_new(false);
        assert!(answer.starts_with(b"HTTP/1.1 204 ") && answer.ends_with(b"\r\n\r\n"));
        assert!(memchr::memmem::find(&answer, b"content-length").is_none(), "RFC 9110 section 8.6");
    }
}
