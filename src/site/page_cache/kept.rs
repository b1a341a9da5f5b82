//! One page as it is kept: packed once, with a tag by its content, answered as the client takes it.
//!
//! The tag is a hash of the plain bytes, so a client that is told 304 has exactly what it would have been sent: never a page that still
//! has words that were removed, nor one that names the scripts of an older program. It is weak, as it stands for every coding. `no-cache`
//! stays what handlers say: a cache in front may keep a page, and asks each time, which costs it and us a 304; removed words must be gone
//! everywhere within seconds, and no cache that waits for a time to pass can promise that.

use super::coding::{Coding, Effort};
use axum::body::Body;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header, response};
use sha2::{Digest, Sha256};
use std::sync::OnceLock;

/// Packing less gains nothing, in bytes.
const PACKED_BYTES_MIN: usize = 512;
/// What a page weighs besides its body: headers, key and tables, in bytes.
const OTHER_BYTES: usize = 6 * 1024;

/// See the module.
#[derive(Debug)]
pub(super) struct Kept {
    status: StatusCode,
    is_personal: bool,
    /// What is the same for every coding.
    headers: HeaderMap,
    etag: HeaderValue,
    packed: Packed,
    /// In the other coding, once somebody has asked for it; none where that gains too little.
    other: OnceLock<Option<Packed>>,
}

/// The answer in one coding, as it is sent.
#[derive(Clone, Debug)]
struct Packed {
    coding: Coding,
    headers: HeaderMap,
    bytes: Bytes,
}

impl Packed {
    fn new(headers: &HeaderMap, coding: Coding, bytes: Bytes) -> Self {
        let mut headers = headers.clone();
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(bytes.len()));
        if let Some(coding) = coding.header() {
            headers.insert(header::CONTENT_ENCODING, coding);
        }
        Self { coding, headers, bytes }
    }
}

impl Kept {
    /// Packs an answer, for now as this client takes it.
    pub(super) fn new(head: &response::Parts, plain: &Bytes, first: Coding, is_personal: bool) -> Self {
        let mut headers = head.headers.clone();
        for name in [header::CONTENT_LENGTH, header::CONTENT_ENCODING] {
            headers.remove(name);
        }
        let vary = if is_personal { "accept-encoding, cookie" } else { "accept-encoding" };
        headers.insert(header::VARY, HeaderValue::from_static(vary));
        let etag = tag(plain);
        if head.status == StatusCode::OK {
            headers.insert(header::ETAG, etag.clone());
        }
        let coding = match first {
            _ if plain.len() < PACKED_BYTES_MIN => Coding::Plain,
            Coding::Plain => Coding::Gzip,
            coding => coding,
        };
        let packed = Packed::new(&headers, coding, coding.pack(plain, Effort::Quick));
        Self { status: head.status, is_personal, headers, etag, packed, other: OnceLock::new() }
    }

    /// Whether it looks otherwise to somebody.
    pub(super) fn is_personal(&self) -> bool {
        self.is_personal
    }

    /// What it takes in memory at most, in bytes.
    pub(super) fn weight(&self) -> usize {
        self.packed.bytes.len() + other_bytes_max(&self.packed.bytes) + OTHER_BYTES
    }

    /// The answer to one request.
    pub(super) fn answer(&self, method: &Method, asked: &HeaderMap) -> Response<Body> {
        if self.is_known(asked) {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            *response.headers_mut() = self.headers.clone();
            response.headers_mut().remove(header::CONTENT_TYPE);
            return response;
        }
        let Packed { headers, bytes, .. } = self.packed(Coding::taken(asked));
        let mut response =
            Response::new(if method == Method::HEAD { Body::empty() } else { Body::from(bytes) });
        *response.status_mut() = self.status;
        *response.headers_mut() = headers;
        response
    }

    /// Whether the client has it already (RFC 9110, 13.1.2: weak comparison).
    fn is_known(&self, asked: &HeaderMap) -> bool {
        if self.status != StatusCode::OK {
            return false;
        }
        let ours = self.etag.to_str().unwrap_or_default().trim_start_matches("W/");
        let mut lines =
            asked.get_all(header::IF_NONE_MATCH).into_iter().filter_map(|line| line.to_str().ok());
        lines.any(|line| {
            line.split(',').any(|tag| tag.trim() == "*" || tag.trim().trim_start_matches("W/") == ours)
        })
    }

    fn packed(&self, wanted: Coding) -> Packed {
        let Packed { coding, bytes, .. } = &self.packed;
        if wanted == *coding || *coding == Coding::Plain {
            return self.packed.clone();
        }
        let pack = || {
            let packed = wanted.pack(&coding.unpack(bytes), Effort::Quick);
            let is_worth_it = packed.len() <= other_bytes_max(bytes);
            is_worth_it.then(|| Packed::new(&self.headers, wanted, packed))
        };
        let other = (wanted != Coding::Plain).then(|| self.other.get_or_init(pack).clone()).flatten();
        other.unwrap_or_else(|| Packed::new(&self.headers, Coding::Plain, coding.unpack(bytes)))
    }
}

/// What the other coding may weigh.
fn other_bytes_max(bytes: &Bytes) -> usize {
    bytes.len() * 2
}

/// By the content alone, so that all processes say the same, today and tomorrow.
fn tag(plain: &[u8]) -> HeaderValue {
    let mut tag = String::from("W/\"");
    for byte in &Sha256::digest(plain)[..8] {
        tag.push_str(&format!("{byte:02x}"));
    }
    tag.push('"');
    HeaderValue::from_str(&tag).expect("digits and letters")
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::BodyExt;

    fn kept(words: &str, first: Coding) -> Kept {
        let response = Response::builder().header("content-type", "text/html").header("content-length", "1");
        let (head, ()) = response.body(()).unwrap().into_parts();
        Kept::new(&head, &Bytes::from(words.repeat(100)), first, false)
    }

    async fn ask(
        kept: &Kept,
        method: Method,
        asked: &[(header::HeaderName, &str)],
    ) -> (u16, HeaderMap, Bytes) {
        let asked = asked.iter().map(|(name, value)| (name.clone(), HeaderValue::from_str(value).unwrap()));
        let response = kept.answer(&method, &HeaderMap::from_iter(asked));
        let (head, body) = response.into_parts();
        (head.status.as_u16(), head.headers, body.collect().await.unwrap().to_bytes())
    }

    #[tokio::test]
    async fn every_client_gets_the_same_words_as_it_takes_them() {
        let kept = kept("Words of a page. ", Coding::Gzip);
        for (accept, coding) in [("gzip", Coding::Gzip), ("br, gzip", Coding::Brotli), ("x", Coding::Plain)] {
            let (status, headers, body) = ask(&kept, Method::GET, &[(header::ACCEPT_ENCODING, accept)]).await;
            assert_eq!((status, headers.get("content-encoding").cloned()), (200, coding.header()));
            assert_eq!(headers["content-length"], body.len().to_string());
            assert_eq!(coding.unpack(&body), "Words of a page. ".repeat(100));
            assert_eq!(
                (headers["vary"].as_bytes(), headers["etag"].clone()),
                (&b"accept-encoding"[..], kept.etag.clone())
            );
        }
        let (_, headers, body) = ask(&kept, Method::HEAD, &[]).await;
        assert!(body.is_empty() && headers["content-length"] == "1700");
    }

    #[tokio::test]
    async fn whoever_has_exactly_this_content_is_told_so_and_nobody_else() {
        let (one, other) = (kept("one", Coding::Gzip), kept("two", Coding::Gzip));
        let tag = one.etag.to_str().unwrap();
        for known in [tag, &tag[2..], "*", &format!("\"x\", {tag}")] {
            let (status, headers, body) = ask(&one, Method::GET, &[(header::IF_NONE_MATCH, known)]).await;
            assert!(status == 304 && body.is_empty() && headers["etag"] == tag, "{known}");
            assert!(!headers.contains_key("content-length") && !headers.contains_key("content-encoding"));
        }
        for unknown in [other.etag.to_str().unwrap(), "", "\"\"", &tag[..10]] {
            assert_eq!(ask(&one, Method::GET, &[(header::IF_NONE_MATCH, unknown)]).await.0, 200, "{unknown}");
        }
        assert_eq!(kept("one", Coding::Brotli).etag, one.etag, "however it is packed");
    }

    #[test]
    fn it_weighs_what_it_can_become() {
        let kept = kept("Words of a page. ", Coding::Brotli);
        let most = kept.packed.bytes.len() + kept.packed(Coding::Gzip).bytes.len();
        assert!(most <= kept.weight());
    }
}
