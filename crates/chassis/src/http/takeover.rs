//! Taking a connection away from hyper, and giving it back.
//!
//! hyper is good at requests and costly to keep: a task, its buffers and a timer for each connection. A handler that grants a long stream
//! therefore answers with [`Takeover`]: the connection's task leaves hyper, hands the bare socket with everything read from it to the
//! handler's closure, and ends. Who takes a connection writes the whole answer, its head included, and keeps the [`Slot`] as long as the
//! socket is open. When it has nothing more to say, and the client goes on with a request that is not for it, [`GiveBack`] starts the
//! connection anew: limits, checks and routes are those of every request.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use ::http::Response;
use axum::body::{Body, Bytes};
use tokio::net::TcpStream;

use super::Slot;

pub(super) type Take = Box<dyn FnOnce(Taken) + Send>;

/// The answer of a handler that takes the connection over; an extension of its response.
///
/// The closure runs on the connection's task and must not block; it is dropped without being run when the client leaves first, and for a
/// request that cannot be taken over: one with a body gets a 400, and the response to HEAD is sent as it is, so put the head of the stream
/// on it. What the client asked of the connection (`Connection: close`, HTTP/1.0) is the handler's to see.
#[derive(Clone)]
pub struct Takeover(Arc<Mutex<Option<Take>>>);

/// A connection that was taken over; hyper has written nothing for the request that led here, and everything for those before it.
pub struct Taken {
    /// The socket, with the listener's options set.
    pub stream: TcpStream,
    /// What was read from the socket behind the request.
    pub read: Bytes,
    /// The other end of the socket, a proxy perhaps.
    pub peer: SocketAddr,
    /// The connection's place under the cap: keep it as long as the socket.
    pub slot: Slot,
    /// The way back to HTTP.
    pub back: GiveBack,
    /// The note that the connection was given back with, when the request that led here was its first and consisted of exactly the
    /// bytes given back: no byte less, and none read from the socket since.
    pub note: Option<u64>,
}

/// The way back to HTTP; one for each listener, cheap to clone.
#[derive(Clone)]
pub struct GiveBack(pub(super) Arc<dyn Resume>);

/// A connection on its way back to HTTP.
pub(super) struct Given {
    pub(super) stream: std::net::TcpStream,
    pub(super) read: Bytes,
    pub(super) peer: SocketAddr,
    pub(super) slot: Slot,
    pub(super) note: Option<u64>,
}

/// A listener that serves connections given back to it; hides its service's type.
pub(super) trait Resume: Send + Sync {
    fn resume(self: Arc<Self>, given: Given);
}

impl Takeover {
    /// An answer that is no answer yet: `take` gets the connection and gives it.
    pub fn response(take: impl FnOnce(Taken) + Send + 'static) -> Response<Body> {
        let mut response = Response::new(Body::empty());
        response.extensions_mut().insert(Self(Arc::new(Mutex::new(Some(Box::new(take))))));
        response
    }

    fn into_take(self) -> Option<Take> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl GiveBack {
    /// Starts the connection anew as a task of the listener, with `read` in front of the socket's bytes. Any thread may call this.
    ///
    /// The socket must be registered with no other poll any more. `note` comes back in [`Taken::note`].
    pub fn give(
        &self,
        stream: std::net::TcpStream,
        read: Bytes,
        peer: SocketAddr,
        slot: Slot,
        note: Option<u64>,
    ) {
        self.0.clone().resume(Given { stream, read, peer, slot, note });
    }
}

/// What the connection's task and its requests tell each other.
#[derive(Default)]
pub(super) struct Handover {
    take: Mutex<Option<Take>>,
    requests: AtomicUsize,
    unsent: Arc<AtomicBool>,
    is_cut_short: AtomicBool,
}

impl Handover {
    /// One more request was read.
    pub(super) fn count(&self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
    }

    /// Whether a request was read.
    pub(super) fn has_begun(&self) -> bool {
        self.requests.load(Ordering::Relaxed) > 0
    }

    /// Whether no more than one request was read.
    pub(super) fn is_first(&self) -> bool {
        self.requests.load(Ordering::Relaxed) <= 1
    }

    /// The flag of [`super::fronted::Fronted`].
    pub(super) fn unsent(&self) -> Arc<AtomicBool> {
        self.unsent.clone()
    }

    /// A request was answered before its client had said everything.
    pub(super) fn cut_short(&self) {
        self.is_cut_short.store(true, Ordering::Relaxed);
    }

    /// Whether a client may still be saying what was answered already.
    pub(super) fn is_cut_short(&self) -> bool {
        self.is_cut_short.load(Ordering::Relaxed)
    }

    /// Asks the connection's task to leave hyper; false when this take-over was used before.
    pub(super) fn ask(&self, takeover: Takeover) -> bool {
        let take = takeover.into_take();
        let asked = take.is_some();
        *self.take.lock().unwrap_or_else(PoisonError::into_inner) = take;
        asked
    }

    /// What to do with the connection, once somebody asked and the answers before have left.
    pub(super) fn due(&self) -> Option<Take> {
        if self.unsent.load(Ordering::Relaxed) {
            return None;
        }
        self.take.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}
