//! Free loopback ports for servers that cannot bind port 0 themselves.

use std::net::{Ipv4Addr, TcpListener};

/// Below Linux's default range of ephemeral ports, so that no outgoing connection takes a port while its
/// server is being restarted.
const PORTS: std::ops::Range<u16> = 20_000..32_000;
const ATTEMPTS_MAX: usize = 1_000;

/// A loopback port that nobody listens on at this moment.
///
/// # Panics
/// When a thousand random ports are all taken.
#[must_use]
pub fn free_port() -> u16 {
    for _ in 0..ATTEMPTS_MAX {
        let port = rand::random_range(PORTS);
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
    panic!("no free loopback port between {} and {}", PORTS.start, PORTS.end);
}
