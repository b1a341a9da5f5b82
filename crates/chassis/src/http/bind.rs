//! Opening a listener, with errors that say what to change.

use std::{io, net::SocketAddr};

use tokio::net::{TcpListener, TcpSocket, lookup_host};

use super::inherited;
use crate::Error;

/// Connections that may wait for us to accept them; the system may allow fewer (`net.core.somaxconn`, by default as many). A whole
/// audience comes back within a moment, and who finds the queue full is silently dropped and tries again after 1 s, then 3 s.
const BACKLOG_MAX: u32 = 4096;

/// Listens on `address`, which the setting `key` names (`[site] listen`), or takes the socket that was handed down for it.
///
/// # Errors
/// In use, privileged, or unusable: each names the address and the setting.
pub async fn bind(address: &str, key: &str) -> Result<TcpListener, Error> {
    if let Some(listener) = inherited::take(key, address) {
        return listener;
    }
    let (address, key) = (address.to_owned(), key.to_owned());
    listen(&address).await.map_err(|source| match source.kind() {
        io::ErrorKind::AddrInUse => Error::AddressInUse { address, key },
        io::ErrorKind::PermissionDenied => Error::AddressPrivileged { address, key },
        _ => Error::AddressUnusable { address, key, source },
    })
}

/// Listens on the first address behind a name that can be had.
async fn listen(address: &str) -> io::Result<TcpListener> {
    let mut failed = None;
    for address in lookup_host(address).await? {
        match listen_on(address) {
            Ok(listener) => return Ok(listener),
            Err(error) => failed = Some(error),
        }
    }
    Err(failed.unwrap_or_else(|| io::Error::new(io::ErrorKind::NotFound, "no address behind this name")))
}

fn listen_on(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // A restart must not wait for the connections of the last run to be forgotten.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG_MAX)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::{net::TcpStream, time::timeout};

    use super::*;

    #[tokio::test]
    async fn an_audience_that_comes_at_once_finds_room_to_wait() {
        let listener = bind("127.0.0.1:0", "[halley] listen").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let allowed = std::fs::read_to_string("/proc/sys/net/core/somaxconn").expect("Linux");
        let crowd = allowed.trim().parse::<usize>().expect("a number").min(500);
        let mut waiting = Vec::new();
        for n in 0..crowd {
            let connected = timeout(Duration::from_millis(900), TcpStream::connect(address)).await;
            waiting.push(connected.unwrap_or_else(|_| panic!("number {n} was dropped")).expect("connected"));
        }
    }

    #[tokio::test]
    async fn a_taken_port_is_named_with_the_setting_to_change() {
        let first = bind("127.0.0.1:0", "[site] listen").await.expect("a free port");
        let address = first.local_addr().expect("bound").to_string();
        let error = bind(&address, "[site] listen").await.expect_err("taken").to_string();
        assert!(
            error.contains(&address) && error.contains("in use") && error.contains("[site] listen"),
            "{error}"
        );
    }

    #[tokio::test]
    async fn an_address_of_nobody_is_refused_by_name() {
        let error = bind("192.0.2.1:80", "[halley] listen").await.expect_err("not ours").to_string();
        assert!(error.contains("192.0.2.1:80") && error.contains("[halley] listen"), "{error}");
    }
}
