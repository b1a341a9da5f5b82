//! `chunk/{n}.json` and `head.json`: the parts of the log that are files, for caches.

use axum::{body::Body, response::Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};

use crate::{
    Error,
    answer::{self, Refused},
    channel::Channel,
    chunk::{CHUNK_ENTRIES, Chunk},
    coding::Coding,
};

const CHUNK_CACHE: HeaderValue = HeaderValue::from_static("public, max-age=3");
const HEAD_CACHE: HeaderValue = HeaderValue::from_static("public, max-age=1");

/// `head.json`, with its size.
pub(crate) fn head(channel: &Channel) -> Result<Response, Refused> {
    let head = channel.head().ok_or(Refused::NotReady)?;
    let body = serde_json::to_string(&head).expect("plain data");
    Ok(answer::json_response(body, HEAD_CACHE))
}

/// The number in `{n}.json`, as we would write it.
pub(crate) fn chunk_number(file: &str) -> Option<u64> {
    let digits = file.strip_suffix(".json")?;
    let n: u64 = digits.parse().ok()?;
    (n.to_string() == digits && n < u64::MAX / (2 * CHUNK_ENTRIES as u64)).then_some(n)
}

/// One chunk in the best form that the client reads, with how many bytes of it were sent.
pub(crate) async fn chunk(
    channel: &Channel,
    slug: &str,
    n: u64,
    headers: &HeaderMap,
) -> Result<(Response, usize), Refused> {
    let head = channel.head().ok_or(Refused::NotReady)?;
    let after = n * CHUNK_ENTRIES as u64;
    if after + CHUNK_ENTRIES as u64 > head.top {
        return Err(Refused::ChunkIncomplete);
    }
    if after < head.base {
        return Err(Refused::ChunkArchived { slug: slug.to_owned(), after });
    }
    let chunk = channel.chunk(n).await.map_err(|error| refused(slug, &error))?;
    Ok(chunk_response(&chunk, headers))
}

fn refused(slug: &str, error: &Error) -> Refused {
    if !matches!(error, Error::Behind) {
        tracing::warn!(event = slug, %error, "a chunk cannot be read");
    }
    Refused::NotReady
}

fn chunk_response(chunk: &Chunk, headers: &HeaderMap) -> (Response, usize) {
    let coding = Coding::wanted(headers);
    let body = match coding {
        Coding::Brotli => &chunk.brotli,
        Coding::Gzip => &chunk.gzip,
        Coding::Plain => &chunk.plain,
    };
    // Each form has a tag of its own, as they differ byte by byte.
    let etag = format!("\"{}-{}\"", chunk.hash, coding.name().unwrap_or("plain"));
    let is_known = headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|tag| tag.trim() == "*" || tag.trim().trim_start_matches("W/") == etag);
    let bytes = if is_known { 0 } else { body.len() };
    let body = if is_known { Body::empty() } else { Body::from(body.clone()) };
    let mut response = answer::json_response(body, CHUNK_CACHE);
    let out = response.headers_mut();
    out.insert(header::ETAG, HeaderValue::from_str(&etag).expect("hex is a header value"));
    out.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Some(coding) = coding.name().filter(|_| !is_known) {
        out.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding));
    }
    if is_known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    }
    (response, bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_plain_name_of_a_number_is_a_chunk() {
        assert_eq!(chunk_number("0.json"), Some(0));
        assert_eq!(chunk_number("17.json"), Some(17));
        for bad in [
            "",
            ".json",
            "1",
            "01.json",
            "+1.json",
            "-1.json",
            "1e3.json",
            "99999999999999999999.json",
            "9223372036854775807.json",
        ] {
            assert_eq!(chunk_number(bad), None, "{bad}");
        }
    }
}
