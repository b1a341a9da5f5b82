//! One picture from a stranger's server: resolved once, checked, and connected to the very address that was checked.

use super::{
    guard::Guard,
    sniff::{self, Picture},
};
use bytes::{Bytes, BytesMut};
use reqwest::{Client, redirect};
use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};
use tokio::{net::lookup_host, time::timeout};
use url::{Host, Url};

/// The largest picture.
pub(super) const PICTURE_BYTES_MAX: usize = 5 * 1024 * 1024;
/// From the look-up of the name to the last byte.
const FETCH_WAIT: Duration = Duration::from_secs(5);

/// Why a picture is not shown.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refused {
    /// An address that we do not ask for.
    #[error("its address is not one that is asked for")]
    Address,
    /// The name leads to an address that is not public.
    #[error("its name leads to an inner address")]
    Inner,
    /// No answer in time, or none at all.
    #[error("its server does not answer")]
    Away,
    /// An answer that is no picture: a redirect, an error, another kind of file.
    #[error("its server sent something else")]
    NoPicture,
    /// Too large.
    #[error("it is larger than {PICTURE_BYTES_MAX} bytes")]
    TooLarge,
    /// The process stops.
    #[error("the process is stopping")]
    Stopped,
}

impl Refused {
    /// The reason as metrics name it.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::Inner => "inner_address",
            Self::Away => "away",
            Self::NoPicture => "no_picture",
            Self::TooLarge => "too_large",
            Self::Stopped => "stopped",
        }
    }
}

/// Fetches what the guard allows.
pub(super) async fn fetch(guard: &Guard, text: &str) -> Result<(Bytes, Picture), Refused> {
    let url = guard.address(text).ok_or(Refused::Address)?;
    timeout(FETCH_WAIT, fetch_now(guard, url)).await.unwrap_or(Err(Refused::Away))
}

async fn fetch_now(guard: &Guard, url: Url) -> Result<(Bytes, Picture), Refused> {
    let target = resolve(guard, &url).await?;
    let name = url.host_str().unwrap_or_default().to_owned();
    // A client of its own for each fetch: the name is bound to the checked address, no proxy from the environment, no redirect followed.
    let client = Client::builder()
        .resolve(&name, target)
        .no_proxy()
        .redirect(redirect::Policy::none())
        .referer(false)
        .user_agent(concat!("perihelion/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|_| Refused::Away)?;
    let mut response = client
        .get(url)
        .header("accept", "image/webp,image/png,image/jpeg,image/gif")
        .send()
        .await
        .map_err(|_| Refused::Away)?;
    if response.status() != reqwest::StatusCode::OK {
        return Err(Refused::NoPicture);
    }
    if response.content_length().is_some_and(|length| length > PICTURE_BYTES_MAX as u64) {
        return Err(Refused::TooLarge);
    }
    let mut bytes = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(|_| Refused::Away)? {
        // Counted after decompression: a small bomb is a large picture.
        if bytes.len() + chunk.len() > PICTURE_BYTES_MAX {
            return Err(Refused::TooLarge);
        }
        bytes.extend_from_slice(&chunk);
    }
    let kind = sniff::kind(&bytes).ok_or(Refused::NoPicture)?;
    Ok((bytes.freeze(), kind))
}

/// One address of the host that may be connected to. If any of a name's addresses is an inner one, none is used.
async fn resolve(guard: &Guard, url: &Url) -> Result<SocketAddr, Refused> {
    let port = url.port_or_known_default().ok_or(Refused::Address)?;
    let found: Vec<SocketAddr> = match url.host() {
        Some(Host::Ipv4(ip)) => vec![(IpAddr::V4(ip), port).into()],
        Some(Host::Ipv6(ip)) => vec![(IpAddr::V6(ip), port).into()],
        Some(Host::Domain(name)) => lookup_host((name, port)).await.map_err(|_| Refused::Away)?.collect(),
        None => return Err(Refused::Address),
    };
    if found.iter().any(|address| !guard.may_connect(address.ip())) {
        return Err(Refused::Inner);
    }
    found.first().copied().ok_or(Refused::Away)
}
