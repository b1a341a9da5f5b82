//! Opening a listener, with errors that say what to change.

use std::io;

use tokio::net::TcpListener;

use crate::Error;

/// Listens on `address`, which the setting `key` names (`[site] listen`).
///
/// # Errors
/// In use, privileged, or unusable: each names the address and the setting.
pub async fn bind(address: &str, key: &str) -> Result<TcpListener, Error> {
    let (address, key) = (address.to_owned(), key.to_owned());
    TcpListener::bind(&address).await.map_err(|source| match source.kind() {
        io::ErrorKind::AddrInUse => Error::AddressInUse { address, key },
        io::ErrorKind::PermissionDenied => Error::AddressPrivileged { address, key },
        _ => Error::AddressUnusable { address, key, source },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

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
