//! One accepted connection: from the first byte to the last answer, or until somebody takes it over.

use std::{
    convert::Infallible,
    future::{pending, poll_fn},
    net::{IpAddr, SocketAddr},
    panic::AssertUnwindSafe,
    pin::{Pin, pin},
    sync::Arc,
    task::Poll,
    time::Duration,
};

use ::http::{HeaderValue, Method, Request, Response, StatusCode, header};
use axum::body::{Body, Bytes, HttpBody};
use futures_util::FutureExt;
use http_body_util::Limited;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::TcpStream,
    runtime::Handle,
    sync::OwnedSemaphorePermit,
    time::{sleep, timeout},
};
use tower::{Service, ServiceExt};

use super::{
    GiveBack, Limits, Paced, Refusal, Taken, Takeover,
    fronted::Fronted,
    hygiene,
    parting::part,
    seats::Seat,
    takeover::{Given, Handover, Resume, Take},
    timed::Timed,
};
use crate::{
    Shutdown,
    client_addr::{AddrKey, client_ip},
    metrics,
};

/// How long a client that connected before a stop may take to say its first word.
const LAST_FIRST_BYTE_WAIT: Duration = Duration::from_secs(3);

/// Who sent a request; an extension of every request that [`super::serve`] hands on.
#[derive(Debug, Clone, Copy)]
pub struct Client {
    /// The other end of the socket, a proxy perhaps.
    pub peer: SocketAddr,
    /// The asker behind trusted proxies.
    pub ip: IpAddr,
    /// What the asker is counted under.
    pub key: AddrKey,
}

/// The connection's place under the cap; an extension of every request. Whoever takes over the socket keeps it as long.
#[derive(Debug, Clone)]
pub struct Slot(#[expect(dead_code, reason = "held, not read: the cap counts its life")] Arc<Place>);

/// A taken place; counts itself.
#[derive(Debug)]
struct Place {
    _permit: OwnedSemaphorePermit,
    _seat: Option<Seat>,
}

impl Slot {
    pub(super) fn take(permit: OwnedSemaphorePermit, seat: Option<Seat>) -> Self {
        ::metrics::gauge!(metrics::HTTP_OPEN).increment(1.0);
        Self(Arc::new(Place { _permit: permit, _seat: seat }))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        ::metrics::gauge!(metrics::HTTP_OPEN).decrement(1.0);
    }
}

/// What the connections of one listener share.
pub(super) struct Host<S> {
    pub(super) service: S,
    pub(super) limits: Limits,
    pub(super) shutdown: Shutdown,
    /// Where their tasks run; connections are given back by other threads.
    pub(super) runtime: Handle,
}

/// A socket to serve.
pub(super) struct Arrival {
    pub(super) stream: TcpStream,
    /// What was read from it before, if it comes back from a take-over;
    pub(super) read: Bytes,
    pub(super) peer: SocketAddr,
    pub(super) slot: Slot,
    /// and what it came back with.
    pub(super) note: Option<u64>,
}

impl<S, B> Resume for Host<S>
where
    S: Service<Request<Body>, Response = Response<B>, Error = Infallible> + Clone + Send + Sync + 'static,
    S::Future: Send,
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    fn resume(self: Arc<Self>, given: Given) {
        let _entered = self.runtime.enter();
        let Given { stream, read, peer, slot, note } = given;
        match stream.set_nonblocking(true).and_then(|()| TcpStream::from_std(stream)) {
            Ok(stream) => {
                let arrival = Arrival { stream, read, peer, slot, note };
                self.shutdown.clone().spawn(run(arrival, self.clone()));
            }
            Err(error) => tracing::debug!(%peer, %error, "a connection given back is lost"),
        }
    }
}

/// Serves one socket until it closes, is taken over, or the process stops.
pub(super) async fn run<S, B>(arrival: Arrival, host: Arc<Host<S>>)
where
    S: Service<Request<Body>, Response = Response<B>, Error = Infallible> + Clone + Send + Sync + 'static,
    S::Future: Send,
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let Arrival { stream, read, peer, slot, note } = arrival;
    let (limits, shutdown) = (&host.limits, &host.shutdown);
    if read.is_empty() && !speaks(&stream, limits, shutdown).await {
        return;
    }
    let handover = Arc::new(Handover::default());
    let paced = Paced::new(stream, limits.progress_wait, limits.progress_bytes_min);
    let io = TokioIo::new(Fronted::new(paced, read, handover.unsent()));
    let answering = service_fn({
        let (host, slot, handover) = (host.clone(), slot.clone(), handover.clone());
        move |request| {
            handover.count();
            answer(request, peer, slot.clone(), host.clone(), handover.clone())
        }
    });
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_read_wait)
        .max_buf_size(limits.head_bytes_max)
        .max_headers(limits.headers_max)
        .keep_alive(!shutdown.is_triggered())
        .serve_connection(io, answering);
    // Biased, so that a request given back is read before a stop closes what looks idle.
    let left = tokio::select! {
        biased;
        left = leave(&mut connection, &handover) => left,
        () = shutdown.triggered() => match begin(&mut connection, &handover).await {
            Some(left) => left,
            None => {
                Pin::new(&mut connection).graceful_shutdown();
                leave(&mut connection, &handover).await
            }
        },
    };
    let parts = connection.into_parts();
    let rest = parts.io.into_inner().into_rest();
    let stream = rest.inner.into_inner();
    let take = match left {
        Left::Taken(take) => take,
        Left::Ended(ended) => {
            let is_bad = ended.as_ref().is_err_and(hyper::Error::is_parse);
            if let Err(error) = ended {
                tracing::debug!(%peer, %error, "connection ended early");
            }
            if is_bad || handover.is_cut_short() {
                part(stream).await;
            }
            return;
        }
    };
    // A copy of its own: hyper's buffer is far larger, and whoever takes over may keep this for long.
    let read = Bytes::from([&parts.read_buf[..], &rest.front[..]].concat());
    let is_exact = handover.is_first() && !rest.has_read_on && read.is_empty();
    let note = note.filter(|_| is_exact);
    drop((parts.service, parts.read_buf));
    take(Taken { stream, read, peer, slot, back: GiveBack(host), note });
}

/// Waits for the first byte. A stop does not cut off who has just come: their request may be on its way, and is still answered.
async fn speaks(stream: &TcpStream, limits: &Limits, shutdown: &Shutdown) -> bool {
    let late = async {
        shutdown.triggered().await;
        sleep(LAST_FIRST_BYTE_WAIT).await;
    };
    tokio::select! {
        biased;
        spoke = timeout(limits.first_byte_wait, stream.readable()) => matches!(spoke, Ok(Ok(()))),
        () = late => false,
    }
}

/// How a connection left hyper.
enum Left {
    Ended(hyper::Result<()>),
    Taken(Take),
}

/// Drives the connection until it ends or a request wants it taken over. The answer to that request never comes, so hyper writes nothing.
async fn leave<C>(connection: &mut C, handover: &Handover) -> Left
where
    C: Future<Output = hyper::Result<()>> + Unpin,
{
    poll_fn(|cx| match Pin::new(&mut *connection).poll(cx) {
        Poll::Ready(ended) => Poll::Ready(Left::Ended(ended)),
        Poll::Pending => handover.due().map_or(Poll::Pending, |take| Poll::Ready(Left::Taken(take))),
    })
    .await
}

/// Drives a connection that has to end until its first request was read, which is on its way: hyper's own graceful end would close it as
/// long as it has not read anything, although it is not idle. How it left, if it did meanwhile.
async fn begin<C>(connection: &mut C, handover: &Handover) -> Option<Left>
where
    C: Future<Output = hyper::Result<()>> + Unpin,
{
    let mut leaves = pin!(leave(connection, handover));
    let begun = poll_fn(|cx| match leaves.as_mut().poll(cx) {
        Poll::Ready(left) => Poll::Ready(Some(left)),
        Poll::Pending if handover.has_begun() => Poll::Ready(None),
        Poll::Pending => Poll::Pending,
    });
    timeout(LAST_FIRST_BYTE_WAIT, begun).await.unwrap_or(None)
}

async fn answer<S, B>(
    request: Request<Incoming>,
    peer: SocketAddr,
    slot: Slot,
    host: Arc<Host<S>>,
    handover: Arc<Handover>,
) -> Result<Response<Body>, Infallible>
where
    S: Service<Request<Body>, Response = Response<B>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let limits = &host.limits;
    if let Err(refusal) = hygiene::check(&request, &limits.hosts, limits.body_bytes_max) {
        handover.cut_short();
        return Ok(refused(refusal, peer));
    }
    if let Some(front) = &limits.front
        && request.body().is_end_stream()
        && let Some(ready) = front.answer(request.method(), request.uri(), request.headers())
    {
        return Ok(ready);
    }
    let (has_body, is_head) = (!request.body().is_end_stream(), request.method() == Method::HEAD);
    let ip = client_ip(peer.ip(), request.headers(), &limits.trusted_proxies);
    let bounded = |body| Timed::new(Limited::new(body, limits.body_bytes_max), limits.body_wait);
    let mut request = request.map(|body| Body::new(bounded(body)));
    request.extensions_mut().insert(Client { peer, ip, key: AddrKey::of(ip) });
    request.extensions_mut().insert(slot);
    let answered = AssertUnwindSafe(host.service.clone().oneshot(request)).catch_unwind().await;
    let mut response = match answered {
        Ok(Ok(response)) => response.map(Body::new),
        Ok(Err(never)) => match never {},
        Err(_panic) => panicked(),
    };
    if let Some(takeover) = response.extensions_mut().remove::<Takeover>()
        && !is_head
    {
        if has_body {
            handover.cut_short();
            return Ok(refused(Refusal::UnexpectedBody, peer));
        }
        if handover.ask(takeover) {
            return pending().await;
        }
    }
    if has_body && response.status().is_client_error() {
        handover.cut_short();
    }
    response
        .headers_mut()
        .entry(header::X_CONTENT_TYPE_OPTIONS)
        .or_insert(HeaderValue::from_static("nosniff"));
    Ok(response)
}

fn refused(refusal: Refusal, peer: SocketAddr) -> Response<Body> {
    ::metrics::counter!(metrics::HTTP_REFUSED, "reason" => refusal.name()).increment(1);
    tracing::debug!(%peer, reason = refusal.name(), "request refused");
    refusal.response()
}

/// The panic itself is in the log, under the same id.
fn panicked() -> Response<Body> {
    let id = format!("{:012x}", rand::random::<u64>() >> 16);
    ::metrics::counter!(metrics::HTTP_PANICS).increment(1);
    tracing::error!(error.id = id, "a handler panicked; its client got a 500");
    let body =
        serde_json::json!({"error": "internal", "message": "something went wrong on our side", "id": id});
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    #[tokio::test]
    async fn an_answer_that_waits_for_its_client_is_not_lost_to_a_takeover() {
        let post = Bytes::from_static(b"POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 4\r\n\r\n");
        // Room for no whole answer.
        let (ours, mut theirs) = duplex(64);
        let handover = Arc::new(Handover::default());
        let io = TokioIo::new(Fronted::new(ours, post, handover.unsent()));
        let service = service_fn(async |request: Request<Incoming>| {
            if request.method() == Method::GET {
                let takeover = Takeover::response(drop).extensions_mut().remove().expect("one");
                assert!(handover.ask(takeover));
                return pending().await;
            }
            // The body has not come and is not waited for: hyper reads on with it, although this answer has not left.
            Ok::<_, Infallible>(Response::new(Body::empty()))
        });
        let mut connection = http1::Builder::new().serve_connection(io, service);
        assert!(
            leave(&mut connection, &handover).now_or_never().is_none(),
            "the answer waits for its client"
        );
        theirs.write_all(b"bodyGET / HTTP/1.1\r\nhost: localhost\r\n\r\n").await.expect("room");
        let (mut read, mut buf) = (Vec::new(), [0; 8]);
        while !matches!(leave(&mut connection, &handover).now_or_never(), Some(Left::Taken(_))) {
            let n = theirs.read(&mut buf).now_or_never().expect("bytes wait").expect("open");
            read.extend_from_slice(&buf[..n]);
        }
        drop(connection);
        theirs.read_to_end(&mut read).await.expect("an end");
        assert!(read.ends_with(b"\r\n\r\n"), "{:?}", String::from_utf8_lossy(&read));
    }
}
