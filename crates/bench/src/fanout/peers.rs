//! The servers that are measured, and which of them can be started here.

use super::peer::{Peer, Server, Start};

/// Starts a server of its own for one run. `None` when it is not installed.
pub(crate) async fn start(server: Server, _start: &Start) -> anyhow::Result<Option<Box<dyn Peer>>> {
    match server {
        Server::Halley | Server::Nchan | Server::Raw => Ok(None),
    }
}

/// A server that this program is itself, in a process of its own: `bench fanout-part WHICH ARGS...`.
pub(crate) fn part(which: &str, _args: &[String]) -> anyhow::Result<()> {
    anyhow::bail!("there is no part {which:?}")
}
