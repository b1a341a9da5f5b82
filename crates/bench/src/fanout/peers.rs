//! The servers that are measured, each a process of its own on a free loopback port, its data in a temporary directory.
//!
//! They are started here; what each is lives in a file of its own.

mod files;
mod halley;
mod nchan;
mod nginx;
mod post;
mod program;
mod raw;

use std::path::Path;

use anyhow::Context as _;

use super::peer::{Peer, Server, Start};

pub(crate) use files::Files;
pub(crate) use halley::Halley;
pub(crate) use nchan::Nchan;
pub(crate) use program::{Program, on_cores, pinnable};
pub(crate) use raw::Raw;

/// Starts a server of its own for one run, and waits until it can be asked.
///
/// # Errors
/// When something that it needs is not installed (see [`missing`]), or when it does not start.
pub(crate) async fn start(server: Server, start: &Start) -> anyhow::Result<Box<dyn Peer>> {
    let what = || format!("starting {server:?}");
    Ok(match server {
        Server::Halley => Box::new(Halley::start(start).await.with_context(what)?),
        Server::Nchan => Box::new(Nchan::start(start).await.with_context(what)?),
        Server::Raw => Box::new(Raw::start(start).await.with_context(what)?),
    })
}

/// Why a server cannot be started here, and how that is cured; nothing when it can. `product` is the release build of ours.
pub(crate) fn missing(server: Server, product: &Path) -> Option<String> {
    match server {
        Server::Halley => halley::missing(product),
        Server::Nchan => nginx::missing(true),
        Server::Raw => None,
    }
}

/// Why nginx cannot be started here; nothing when it can.
pub(crate) fn nginx_missing() -> Option<String> {
    nginx::missing(false)
}

/// A server that this program is itself, in a process of its own: `bench fanout-part WHICH ARGS...`.
pub(crate) fn part(which: &str, _args: &[String]) -> anyhow::Result<()> {
    match which {
        raw::PART => raw::serve(),
        _ => anyhow::bail!("there is no part {which:?}"),
    }
}

#[cfg(test)]
mod tests;
