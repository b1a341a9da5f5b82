//! The listening sockets that the supervisor owns and hands down. They stay open while processes come and go: who connects meanwhile waits
//! a moment instead of being refused.

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::OwnedFd;

use anyhow::{Context, Result};
use chassis::http;

/// Sockets by name.
#[derive(Debug, Default)]
pub(crate) struct Sockets {
    open: BTreeMap<String, (SocketAddr, TcpListener)>,
}

impl Sockets {
    /// Opens what `wanted` names and is not open yet. Sockets that systemd gave us are taken instead, by name or port. Nothing changes
    /// when one of them cannot be had.
    pub(crate) async fn open(&mut self, wanted: &BTreeMap<String, SocketAddr>) -> Result<()> {
        let mut new = Vec::new();
        for (name, address) in wanted {
            let is_open = self.open.get(name).is_some_and(|(open, _)| open == address);
            if !is_open {
                let listener = http::bind(&address.to_string(), &format!("[{name}] listen")).await?;
                let listener = listener.into_std().context("a listener cannot be handed down")?;
                new.push((name.clone(), (*address, listener)));
            }
        }
        self.open.extend(new);
        Ok(())
    }

    /// Closes what nobody wants any more.
    pub(crate) fn keep(&mut self, wanted: &BTreeMap<String, SocketAddr>) {
        self.open.retain(|name, _| wanted.contains_key(name));
    }

    /// A copy of one, to be handed down.
    pub(crate) fn copy(&self, name: &str) -> Result<OwnedFd> {
        let (_, listener) = self.open.get(name).with_context(|| format!("there is no socket {name:?}"))?;
        Ok(listener.try_clone().with_context(|| format!("a copy of socket {name:?}"))?.into())
    }

    /// Where one really listens: port 0 means any.
    pub(crate) fn address(&self, name: &str) -> Option<SocketAddr> {
        self.open.get(name)?.1.local_addr().ok()
    }

    /// Nobody can connect any more.
    pub(crate) fn close(&mut self) {
        self.open.clear();
    }
}
