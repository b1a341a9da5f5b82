//! `[site]`: the pages.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use url::Url;

use super::kinds::{Listen, OptionalOrigin};
use super::settings::Settings;

/// Settings of the site.
#[derive(Debug, Clone)]
pub(crate) struct SiteConfig {
    /// `site.listen`: where pages are served (in `up` the live routes too). Default `127.0.0.1:8080`.
    pub(crate) listen: SocketAddr,
    /// `site.public_url`: the site as browsers see it; https makes cookies secure. Default empty: `http://` and the
    /// address of `site.listen`.
    pub(crate) public_url: Option<Url>,
}

impl SiteConfig {
    pub(super) fn read(settings: &mut Settings) -> Self {
        Self {
            listen: settings.take("site.listen", Listen, "127.0.0.1:8080"),
            public_url: settings.take("site.public_url", OptionalOrigin, ""),
        }
    }

    /// The site's address for people, once `bound` is known: a wildcard address is shown as loopback.
    pub(crate) fn address(&self, bound: SocketAddr) -> Url {
        if let Some(url) = &self.public_url {
            return url.clone();
        }
        let address = format!("http://{}", reachable(bound));
        address.parse().expect("an address with a port is a URL's authority")
    }
}

/// Where this machine reaches a listener: a wildcard address is loopback.
pub(crate) fn reachable(listener: SocketAddr) -> SocketAddr {
    let host = match listener.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(host, listener.port())
}
