//! What the kernel says about sockets, read from outside.

use std::collections::HashMap;

/// Nobody has closed.
pub(crate) const ESTABLISHED: u8 = 0x01;
/// We have closed our side, and the peer has not acknowledged that.
pub(crate) const FIN_WAIT1: u8 = 0x04;

/// The server's end of one connection.
#[derive(Debug)]
pub(crate) struct Socket {
    /// The client's port, as all clients of a test are on one address.
    pub(crate) peer_port: u16,
    pub(crate) state: u8,
    /// Written, and not acknowledged by the client: most of what the connection costs, as one that reads nothing is sent nothing.
    pub(crate) unacknowledged_bytes: usize,
}

/// The server's ends of all connections to this IPv4 address, by the client's port.
pub(crate) fn sockets_of(address: &str) -> HashMap<u16, Socket> {
    let port: u16 = address.rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port");
    let table = std::fs::read_to_string("/proc/net/tcp").expect("Linux");
    let sockets = table.lines().skip(1).filter_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let port_of = |place: &str| u16::from_str_radix(place.rsplit(':').next()?, 16).ok();
        if port_of(fields[1])? != port {
            return None;
        }
        let (unacknowledged, _unread) = fields[4].split_once(':')?;
        let peer_port = port_of(fields[2])?;
        let socket = Socket {
            peer_port,
            state: u8::from_str_radix(fields[3], 16).ok()?,
            unacknowledged_bytes: usize::from_str_radix(unacknowledged, 16).ok()?,
        };
        Some((peer_port, socket))
    });
    sockets.collect()
}
