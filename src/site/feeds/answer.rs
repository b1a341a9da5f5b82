//! How long others may keep what we answered, and how they ask whether it still holds.

use axum::{body::Bytes, response::Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use model::Micros;
use sha2::{Digest, Sha256};
use std::time::{Duration, SystemTime};

/// For answers that hold people's words and that anybody may keep for others: feeds, frames, oEmbed.
///
/// A post that was removed is out of every answer 5 s after we learn of it. Of these the log takes 1 s at most to reach a site (a bell
/// that was missed), a cache keeps an answer for 2 s, and gives it out for 1 s more while it asks for a new one; 1 s is left for the wire. `Age` is
/// handed on, so two caches in a row share the 2 s. `stale-if-error=0`: a cache that cannot reach us has nothing to say, or an outage would
/// keep removed words alive. Two seconds sound short; they turn a thousand readers into one request every two seconds, and what a reader
/// asks again is told by its ETag in 200 bytes.
pub(in crate::site) const SHARED: HeaderValue =
    HeaderValue::from_static("public, max-age=2, stale-while-revalidate=1, stale-if-error=0");
/// How long after a change `Last-Modified` is not yet to be trusted: by then the archive has followed.
const SETTLED: i64 = 10 * Micros::SECOND;

/// When what is answered last changed, as `Last-Modified` tells it: in whole seconds, which are too coarse while the log moves. Within
/// [`SETTLED`] of a change the second before the change is told, so that whoever reads a half-way state asks again and gets the whole one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::site) struct Changed {
    second: u64,
    is_settled: bool,
}

impl Changed {
    /// None when the moment is not known, as after a start in the middle of a log.
    pub(in crate::site) fn new(at: Micros, now: Micros) -> Option<Self> {
        let second = u64::try_from(at.0 / Micros::SECOND).ok().filter(|second| *second > 1)?;
        let is_settled = now.since(at) >= SETTLED;
        Some(Self { second: if is_settled { second } else { second - 1 }, is_settled })
    }
}

/// Answers with `body`, or with 304 when whoever asks has it already. Without `changed` only the ETag tells.
pub(in crate::site) fn answer(
    asked: &HeaderMap,
    kind: &'static str,
    body: Vec<u8>,
    changed: Option<Changed>,
) -> Response {
    let tag = tag(&body);
    let is_known = is_known(asked, &tag, changed);
    let mut response = Response::new(if is_known { Bytes::new().into() } else { body.into() });
    if is_known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    }
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CACHE_CONTROL, SHARED);
    validators(headers, &tag, changed);
    response
}

/// The ETag of a body. Weak, as the same body goes out packed and plain.
fn tag(body: &[u8]) -> String {
    let digest = Sha256::digest(body);
    let hex: String = digest[..8].iter().map(|byte| format!("{byte:02x}")).collect();
    format!("W/\"{hex}\"")
}

/// Sets `ETag` and `Last-Modified`.
pub(in crate::site) fn validators(headers: &mut HeaderMap, tag: &str, changed: Option<Changed>) {
    if let Ok(tag) = HeaderValue::from_str(tag) {
        headers.insert(header::ETAG, tag);
    }
    let date = changed.map(|changed| httpdate::fmt_http_date(moment(changed.second)));
    if let Some(date) = date.and_then(|date| HeaderValue::from_str(&date).ok()) {
        headers.insert(header::LAST_MODIFIED, date);
    }
}

/// Whether whoever asks has what the validators name. An ETag that was sent is the only judge (RFC 9110, 13.1.3).
pub(in crate::site) fn is_known(asked: &HeaderMap, tag: &str, changed: Option<Changed>) -> bool {
    let mut tags = asked.get_all(header::IF_NONE_MATCH).iter().peekable();
    if tags.peek().is_some() {
        let bare = tag.trim_start_matches("W/");
        return tags
            .filter_map(|given| given.to_str().ok())
            .flat_map(|given| given.split(','))
            .any(|given| given.trim() == "*" || given.trim().trim_start_matches("W/") == bare);
    }
    let since = asked.get(header::IF_MODIFIED_SINCE).and_then(|given| given.to_str().ok());
    let since = since.and_then(|given| httpdate::parse_http_date(given).ok());
    match (since, changed) {
        (Some(since), Some(changed)) => changed.is_settled && since >= moment(changed.second),
        _ => false,
    }
}

fn moment(second: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(second)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asking(name: header::HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_str(value).unwrap())])
    }

    #[test]
    fn who_has_it_already_gets_nothing_twice() {
        let changed = Changed::new(Micros(1_780_315_200_500_000), Micros(1_780_315_300_000_000));
        let first = answer(&HeaderMap::new(), "text/plain", b"words".to_vec(), changed);
        assert_eq!(first.status(), StatusCode::OK);
        let tag = first.headers()[header::ETAG].to_str().unwrap().to_owned();
        let date = first.headers()[header::LAST_MODIFIED].to_str().unwrap().to_owned();
        assert_eq!(date, "Mon, 01 Jun 2026 12:00:00 GMT");
        let status = |name: header::HeaderName, value: &str| {
            answer(&asking(name, value), "text/plain", b"words".to_vec(), changed).status()
        };
        for known in [tag.as_str(), tag.trim_start_matches("W/"), "*", &format!("\"other\", {tag}")] {
            assert_eq!(status(header::IF_NONE_MATCH, known), StatusCode::NOT_MODIFIED, "{known}");
        }
        assert_eq!(status(header::IF_NONE_MATCH, "\"other\""), StatusCode::OK);
        assert_eq!(status(header::IF_MODIFIED_SINCE, &date), StatusCode::NOT_MODIFIED);
        assert_eq!(status(header::IF_MODIFIED_SINCE, "Mon, 01 Jun 2026 11:59:59 GMT"), StatusCode::OK);
        assert_eq!(status(header::IF_MODIFIED_SINCE, "yesterday"), StatusCode::OK);
        let mut both = asking(header::IF_NONE_MATCH, "\"other\"");
        both.insert(header::IF_MODIFIED_SINCE, HeaderValue::from_str(&date).unwrap());
        assert_eq!(answer(&both, "text/plain", b"words".to_vec(), changed).status(), StatusCode::OK);
    }

    #[test]
    fn what_was_read_while_the_log_moved_is_asked_for_again() {
        let at = Micros(1_780_315_200_500_000);
        let moving = Changed::new(at, at.plus(2 * Micros::SECOND)).unwrap();
        let settled = Changed::new(at, at.plus(SETTLED)).unwrap();
        let told = asking(header::IF_MODIFIED_SINCE, &httpdate::fmt_http_date(moment(moving.second)));
        assert!(!is_known(&told, "W/\"x\"", Some(moving)), "another post of the same second may have come");
        assert!(!is_known(&told, "W/\"x\"", Some(settled)));
        assert_eq!(Changed::new(Micros(0), at), None);
    }
}
