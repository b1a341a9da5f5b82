//! Server-sent events: `data:` one JSON object, `id:` on entries, so that a browser comes back with `Last-Event-ID` by itself.

use std::{collections::VecDeque, convert::Infallible};

use axum::{body::Body, response::Response};
use bytes::Bytes;
use futures_util::stream;
use http::{HeaderValue, header};

use crate::{
    answer,
    metrics::Counted,
    reader::{Reader, Step},
    signal::Signal,
};

struct Source {
    reader: Reader,
    counted: Counted,
    /// Of one batch, what the connection has not taken yet.
    ready: VecDeque<Bytes>,
}

/// The stream's answer. The body pulls: nothing is read from the ring before the connection has room for it.
pub(crate) fn response(reader: Reader) -> Response {
    let source = Source { reader, counted: Counted::open("sse"), ready: VecDeque::new() };
    let body = Body::from_stream(stream::unfold(source, |mut source| async move {
        let piece = source.piece().await?;
        Some((Ok::<_, Infallible>(piece), source))
    }));
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, answer::NO_STORE);
    // Proxies of the nginx kind would hold events back to fill a buffer.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    answer::open_to_all(&mut response);
    response
}

impl Source {
    async fn piece(&mut self) -> Option<Bytes> {
        loop {
            if let Some(piece) = self.ready.pop_front() {
                return Some(piece);
            }
            match self.reader.next().await {
                Step::Signal(signal) => return Some(event(&signal)),
                Step::Entries(frames) => {
                    self.counted.delivered(frames.len());
                    self.ready.extend(frames.into_iter().map(|frame| frame.sse().clone()));
                }
                Step::End(_) => return None,
            }
        }
    }
}

/// A bye also sets how long the browser waits before it comes back by itself.
fn event(signal: &Signal) -> Bytes {
    let data = signal.json();
    match signal {
        Signal::Bye { retry_ms } => format!("retry: {retry_ms}\ndata: {data}\n\n"),
        Signal::Hello { .. } | Signal::Beat { .. } | Signal::Window { .. } => format!("data: {data}\n\n"),
    }
    .into()
}
