//! The accept loop.

use std::{convert::Infallible, io, net::SocketAddr, sync::Arc, time::Duration};

use ::http::{Request, Response};
use axum::body::{Body, Bytes, HttpBody};
use futures_util::FutureExt;
use socket2::{SockRef, TcpKeepalive};
use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpStream},
    runtime::Handle,
    sync::Semaphore,
    task::{coop::unconstrained, yield_now},
    time::{sleep, timeout},
};
use tower::Service;

use super::{
    Limits, Slot, backlog,
    connection::{self, Arrival, Host},
    parting::part,
    seats::{Seat, Seats},
};
use crate::{Shutdown, backoff::random_between, client_addr::AddrKey, metrics};

/// Connections taken from the queue before those already taken are looked at again.
const ACCEPTS_A_TURN_MAX: usize = 1024;
/// Clients that are being turned away at the same time; more are just closed.
const GOODBYES_MAX: usize = 64;
/// What a client that is turned away has to take its answer.
const GOODBYE_WAIT: Duration = Duration::from_secs(2);
/// A peer that acknowledges nothing for so long is gone.
const PEER_SILENT_MAX: Duration = Duration::from_secs(30);

/// Serves `service` (an [`axum::Router`], or anything that answers such requests) on `listener` until `shutdown` is triggered; then
/// the listener closes at once and open connections finish their answer. They are tasks of `shutdown`, which bounds that wait.
///
/// Each request carries [`super::Client`] and [`super::Slot`] as extensions, and has passed the checks of [`super::Refusal`]. A handler may
/// take its connection over with [`super::Takeover`].
pub async fn serve<S, B>(listener: TcpListener, service: S, limits: Limits, shutdown: Shutdown)
where
    S: Service<Request<Body>, Response = Response<B>, Error = Infallible> + Clone + Send + Sync + 'static,
    S::Future: Send,
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let places = Arc::new(Semaphore::new(limits.connections_max.min(Semaphore::MAX_PERMITS)));
    let goodbyes = Arc::new(Semaphore::new(GOODBYES_MAX));
    let seats = Arc::new(Seats::default());
    let host = Arc::new(Host { service, limits, shutdown: shutdown.clone(), runtime: Handle::current() });
    if let Err(error) = SockRef::from(&listener).set_send_buffer_size(host.limits.send_buffer_bytes) {
        tracing::warn!(%error, "the send buffer keeps the system's size");
    }
    let door = Door { places, goodbyes, seats, host };
    let mut burst: usize = 0;
    loop {
        if door.host.limits.is_shared && door.places.available_permits() == 0 {
            tokio::select! {
                standing = backlog::is_left_standing(&listener, &door.places) => if standing { door.turn_away_waiting(&listener) },
                () = shutdown.triggered() => return,
            }
            continue;
        }
        burst = (burst + 1) % ACCEPTS_A_TURN_MAX;
        if burst == 0 {
            yield_now().await;
        }
        // Not in turns with the connections let in before: where the queue is full, a client's kernel tries again after a second only.
        let accepted = unconstrained(async {
            tokio::select! {
                accepted = listener.accept() => Some(accepted),
                () = shutdown.triggered() => None,
            }
        });
        let Some(accepted) = accepted.await else { return };
        match accepted {
            Ok((stream, peer)) => door.admit(stream, peer),
            Err(error) => recover(&error).await,
        }
    }
}

/// Who lets connections in.
struct Door<S> {
    places: Arc<Semaphore>,
    goodbyes: Arc<Semaphore>,
    seats: Arc<Seats>,
    host: Arc<Host<S>>,
}

impl<S, B> Door<S>
where
    S: Service<Request<Body>, Response = Response<B>, Error = Infallible> + Clone + Send + Sync + 'static,
    S::Future: Send,
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    fn admit(&self, stream: TcpStream, peer: SocketAddr) {
        ::metrics::counter!(metrics::HTTP_ACCEPTED).increment(1);
        match (self.places.clone().try_acquire_owned(), seat(&self.seats, peer, &self.host.limits)) {
            (Ok(permit), Ok(seat)) => {
                tune(&stream, peer);
                let slot = Slot::take(permit, seat);
                let arrival = Arrival { stream, read: Bytes::new(), peer, slot, note: None };
                self.host.shutdown.spawn(connection::run(arrival, self.host.clone()));
            }
            (Err(_), _) | (_, Err(_)) => turn_away(stream, &self.goodbyes, &self.host.shutdown),
        }
    }

    /// Turns away a burst of those who wait in the queue.
    fn turn_away_waiting(&self, listener: &TcpListener) {
        for _ in 0..GOODBYES_MAX {
            let Some(Ok((stream, peer))) = listener.accept().now_or_never() else { return };
            self.admit(stream, peer);
        }
    }
}

/// This address has its share of the places already.
struct HasItsShare;

/// The address's own place, where addresses are counted.
fn seat(seats: &Arc<Seats>, peer: SocketAddr, limits: &Limits) -> Result<Option<Seat>, HasItsShare> {
    let max = limits.connections_per_address_max;
    if max >= limits.connections_max || limits.trusted_proxies.contains(peer.ip()) {
        return Ok(None);
    }
    seats.take(AddrKey::of(peer.ip()), max).map(Some).ok_or(HasItsShare)
}

fn tune(stream: &TcpStream, peer: SocketAddr) {
    let socket = SockRef::from(stream);
    let keepalive = TcpKeepalive::new().with_time(PEER_SILENT_MAX * 2).with_interval(PEER_SILENT_MAX / 2);
    let tuned = socket
        .set_tcp_nodelay(true)
        .and_then(|()| socket.set_tcp_keepalive(&keepalive))
        .and_then(|()| socket.set_tcp_user_timeout(Some(PEER_SILENT_MAX)));
    if let Err(error) = tuned {
        // The peer is gone already; its connection ends with the first read.
        tracing::debug!(%peer, %error, "socket options refused");
    }
}

/// A connection that broke before we took it is nobody's loss. Anything else (out of descriptors, out of memory) needs time to pass:
/// trying again at once would only burn the processor.
async fn recover(error: &io::Error) {
    if matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::Interrupted
    ) {
        return;
    }
    ::metrics::counter!(metrics::HTTP_ACCEPT_ERRORS).increment(1);
    tracing::error!(%error, "cannot accept connections; raise the limit of open files (ulimit -n) if it says so");
    sleep(random_between(Duration::from_millis(50), Duration::from_millis(100))).await;
}

/// Says 503 and when to come back, without waiting for the request.
fn turn_away(stream: TcpStream, goodbyes: &Arc<Semaphore>, shutdown: &Shutdown) {
    ::metrics::counter!(metrics::HTTP_TURNED_AWAY).increment(1);
    let Ok(permit) = goodbyes.clone().try_acquire_owned() else { return };
    shutdown.spawn(async move {
        if let Ok(Ok(stream)) = timeout(GOODBYE_WAIT, say_full(stream)).await {
            part(stream).await;
        }
        drop(permit);
    });
}

async fn say_full(mut stream: TcpStream) -> io::Result<TcpStream> {
    let body = r#"{"error":"full","message":"too many connections; please come back in a moment"}"#;
    let seconds = rand::random_range(2..=10);
    let answer = format!(
        "HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json; charset=utf-8\r\ncontent-length: {}\r\n\
         retry-after: {seconds}\r\ncache-control: no-store\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(answer.as_bytes()).await?;
    Ok(stream)
}
