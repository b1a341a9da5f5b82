//! One accepted connection: from the first byte to the last answer, or to its upgrade.

use std::{convert::Infallible, net::IpAddr, net::SocketAddr, panic::AssertUnwindSafe, sync::Arc};

use ::http::{HeaderValue, Request, Response, StatusCode, header};
use axum::body::{Body, Bytes, HttpBody};
use futures_util::FutureExt;
use http_body_util::Limited;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{net::TcpStream, sync::OwnedSemaphorePermit, time::timeout};
use tower::{Service, ServiceExt};

use super::{Limits, Paced, Refusal, hygiene, seats::Seat, timed::Timed};
use crate::{
    Shutdown,
    client_addr::{AddrKey, client_ip},
    metrics,
};

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

/// The connection's place under the cap; an extension of every request. Whoever takes over an upgraded socket keeps it as long.
#[derive(Debug, Clone)]
pub struct Slot(#[expect(dead_code, reason = "held, not read: the cap counts its life")] Arc<Place>);

/// A taken place; counts itself.
#[derive(Debug)]
pub(super) struct Place {
    _permit: OwnedSemaphorePermit,
    _seat: Option<Seat>,
}

impl Place {
    pub(super) fn take(permit: OwnedSemaphorePermit, seat: Option<Seat>) -> Self {
        ::metrics::gauge!(metrics::HTTP_OPEN).increment(1.0);
        Self { _permit: permit, _seat: seat }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        ::metrics::gauge!(metrics::HTTP_OPEN).decrement(1.0);
    }
}

/// Serves one socket until it closes, upgrades, or the process stops.
pub(super) async fn run<S, B>(
    stream: TcpStream,
    peer: SocketAddr,
    place: Place,
    service: S,
    limits: Arc<Limits>,
    shutdown: Shutdown,
) where
    S: Service<Request<Body>, Response = Response<B>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    tokio::select! {
        spoke = timeout(limits.first_byte_wait, stream.readable()) => if !matches!(spoke, Ok(Ok(()))) { return },
        () = shutdown.triggered() => return,
    }
    let io = TokioIo::new(Paced::new(stream, limits.progress_wait, limits.progress_bytes_min));
    let slot = Slot(Arc::new(place));
    let answering = {
        let limits = limits.clone();
        service_fn(move |request| answer(request, peer, slot.clone(), service.clone(), limits.clone()))
    };
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_read_wait)
        .max_buf_size(limits.head_bytes_max)
        .max_headers(limits.headers_max)
        .serve_connection(io, answering)
        .with_upgrades();
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = shutdown.triggered() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%peer, %error, "connection ended early");
    }
}

async fn answer<S, B>(
    request: Request<Incoming>,
    peer: SocketAddr,
    slot: Slot,
    service: S,
    limits: Arc<Limits>,
) -> Result<Response<Body>, Infallible>
where
    S: Service<Request<Body>, Response = Response<B>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    if let Err(refusal) = hygiene::check(&request, &limits.hosts, limits.body_bytes_max) {
        return Ok(refused(refusal, peer));
    }
    let ip = client_ip(peer.ip(), request.headers(), &limits.trusted_proxies);
    let bounded = |body| Timed::new(Limited::new(body, limits.body_bytes_max), limits.body_wait);
    let mut request = request.map(|body| Body::new(bounded(body)));
    request.extensions_mut().insert(Client { peer, ip, key: AddrKey::of(ip) });
    request.extensions_mut().insert(slot);
    let answered = AssertUnwindSafe(service.oneshot(request)).catch_unwind().await;
    let mut response = match answered {
        Ok(Ok(response)) => response.map(Body::new),
        Ok(Err(never)) => match never {},
        Err(_panic) => panicked(),
    };
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
