//! Opens an endless answer and reads its chunks.

use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use reqwest::RequestBuilder;

use super::answer::{self, CONNECT_MAX, Refusal, refusal};
use crate::source::SourceEnd;

/// Longest wait for the head of a stream's answer: X holds it back until it has something to say, at most a heartbeat.
const HEAD_MAX: std::time::Duration = std::time::Duration::from_secs(40);
/// Most bytes read of a refusal.
const REFUSAL_BYTES_MAX: usize = 16 * 1024;

/// A client for streams: no limit on the whole answer; no compression, because a decompressor that waits for a full block
/// delays posts; and no redirects, because a stream that has moved is for its source to find, token in hand.
pub(crate) fn streaming_client() -> Result<reqwest::Client, String> {
    chassis::tls::install();
    let built = reqwest::Client::builder()
        .user_agent(concat!("Perihelion/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT_MAX)
        .redirect(reqwest::redirect::Policy::none())
        .no_gzip()
        .no_brotli()
        .build();
    built.map_err(|error| format!("no HTTP client: {}", cause(&error)))
}

/// The chunks of an endless answer.
pub(crate) struct Bytes(BoxStream<'static, reqwest::Result<bytes::Bytes>>);

impl Bytes {
    /// The next chunk, or how the stream ended.
    pub(crate) async fn next(&mut self) -> Result<bytes::Bytes, SourceEnd> {
        match self.0.next().await {
            Some(Ok(chunk)) => Ok(chunk),
            Some(Err(error)) => Err(SourceEnd::Cut(cause(&error))),
            None => Err(SourceEnd::Cut("the network closed the stream".into())),
        }
    }
}

/// Sends a request whose answer does not end.
pub(crate) async fn open(request: RequestBuilder) -> Result<Bytes, Refusal> {
    let cut = |why: String| Refusal { status: 0, body: String::new(), end: SourceEnd::Cut(why) };
    let sent = tokio::time::timeout(HEAD_MAX, answer::send(request)).await;
    let (response, shown) =
        sent.map_err(|_| cut("no answer in time".into()))?.map_err(|error| cut(cause(&error)))?;
    let status = response.status();
    if status.is_success() {
        return Ok(Bytes(response.bytes_stream().boxed()));
    }
    let headers = response.headers().clone();
    let mut body = Vec::new();
    let mut chunks = response.bytes_stream();
    let read = async {
        while let Some(Ok(chunk)) = chunks.next().await {
            body.extend_from_slice(&chunk[..chunk.len().min(REFUSAL_BYTES_MAX - body.len())]);
            if body.len() == REFUSAL_BYTES_MAX {
                break;
            }
        }
    };
    // What was read until then is enough: the status has said the most of it.
    let _in_time = tokio::time::timeout(CONNECT_MAX, read).await;
    Err(refusal(status, &headers, &shown.masked(body)))
}

/// An error with its causes, without the address that was asked (it may be long, and says nothing to an operator).
pub(crate) fn cause(error: &reqwest::Error) -> String {
    let mut words = String::new();
    let mut next: Option<&dyn std::error::Error> = std::error::Error::source(error);
    while let Some(inner) = next {
        if !words.is_empty() {
            words.push_str(": ");
        }
        words.push_str(&inner.to_string());
        next = inner.source();
    }
    if words.is_empty() { "connection failed".into() } else { words }
}
