//! The bounds of one listener.

use std::{sync::Arc, time::Duration};

use super::{Front, Hosts};
use crate::client_addr::Ranges;

/// Every bound of one listener, whom it believes, and what it has ready. The defaults suit all daemons.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Open connections, those taken over included; one more gets a polite 503.
    pub connections_max: usize,
    /// Of these, what one address may hold (for IPv6: a /64); more get the same 503. Trusted proxies speak for many and are not counted.
    /// By default there is no such bound: a whole conference sits behind one address.
    pub connections_per_address_max: usize,
    /// Other processes accept from the same socket: while this one is full, it leaves newcomers to them, and turns away only who is still
    /// waiting after some 50 ms.
    pub is_shared: bool,
    /// A connection that has sent nothing is closed after this time.
    pub first_byte_wait: Duration,
    /// A request head must be complete within this time; it is also how long an idle connection is kept.
    pub header_read_wait: Duration,
    /// The request head and hyper's read buffer, in bytes; a larger head is 431.
    pub head_bytes_max: usize,
    /// Header lines of one request; more is 431.
    pub headers_max: usize,
    /// A request body; more is 413. Routes may set a lower one.
    pub body_bytes_max: usize,
    /// A request body must be complete within this time, counted from the first wait for more of it. Routes may be stricter.
    pub body_wait: Duration,
    /// While a client does not read fast enough, [`Limits::progress_bytes_min`] must still pass within this time.
    pub progress_wait: Duration,
    /// See [`Limits::progress_wait`].
    pub progress_bytes_min: usize,
    /// What the kernel may hold for a client that does not read, in bytes.
    pub send_buffer_bytes: usize,
    /// The names under which we may be asked for.
    pub hosts: Arc<Hosts>,
    /// Proxies whose `X-Forwarded-For` counts.
    pub trusted_proxies: Arc<Ranges>,
    /// Answers that are ready.
    pub front: Option<Front>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections_max: 1024,
            connections_per_address_max: usize::MAX,
            is_shared: false,
            first_byte_wait: Duration::from_secs(5),
            header_read_wait: Duration::from_secs(10),
            head_bytes_max: 16 * 1024,
            headers_max: 64,
            body_bytes_max: 64 * 1024,
            body_wait: Duration::from_secs(30),
            progress_wait: Duration::from_secs(20),
            progress_bytes_min: 4 * 1024,
            send_buffer_bytes: 64 * 1024,
            hosts: Arc::default(),
            trusted_proxies: Arc::default(),
            front: None,
        }
    }
}
