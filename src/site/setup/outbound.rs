//! Which addresses somebody in a browser may have our machines ask: such as everybody can reach. Who has the machine itself may name any
//! other in event.toml. An installation that only this machine can reach may ask this machine.
//!
//! The name is looked up here, before anything is asked; whoever asks looks it up again. A name that leads elsewhere a moment later gets
//! past this, and what lies behind it must still speak the network's own format before anything of it is shown.

use super::super::{Site, media::Guard};
use std::{net::IpAddr, time::Duration};
use url::{Host, Url};

/// Longest look-up of a name.
const LOOK_UP_MAX: Duration = Duration::from_secs(3);

/// What is said of an address that may not be asked.
const PRIVATE: &str = "This address lies within this machine’s own network, and pages take only such as everybody can reach. Who has the machine can \
                       name it in event.toml: perihelion event apply";

/// Refuses an address that may not be asked. One that is none, or whose name is unknown, is left to whoever asks.
pub(super) async fn allowed(site: &Site, address: &str) -> Result<(), String> {
    let Ok(url) = Url::parse(address) else { return Ok(()) };
    let allows_loopback = site.settings.media_from_loopback || is_this_machine(&site.settings.public_url);
    let guard = Guard { allows_loopback };
    let ips = addresses(&url).await;
    if ips.into_iter().all(|ip| guard.may_connect(ip)) { Ok(()) } else { Err(PRIVATE.to_owned()) }
}

async fn addresses(url: &Url) -> Vec<IpAddr> {
    match url.host() {
        Some(Host::Ipv4(ip)) => vec![ip.into()],
        Some(Host::Ipv6(ip)) => vec![ip.into()],
        Some(Host::Domain(name)) => {
            let port = url.port_or_known_default().unwrap_or(443);
            let found = tokio::time::timeout(LOOK_UP_MAX, tokio::net::lookup_host((name, port))).await;
            found.ok().and_then(Result::ok).into_iter().flatten().map(|address| address.ip()).collect()
        }
        None => Vec::new(),
    }
}

/// Whether nobody but this machine reaches the site.
pub(super) fn is_this_machine(public: &Url) -> bool {
    match public.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_inner_address_is_seen_however_it_is_written() {
        let guard = Guard { allows_loopback: false };
        for inner in [
            "http://127.0.0.1:8080/",
            "https://169.254.169.254/",
            "http://[::ffff:10.0.0.1]/",
            "https://0x7f.1/",
            "http://localhost/feed",
        ] {
            let ips = addresses(&Url::parse(inner).unwrap()).await;
            assert!(!ips.is_empty() && !ips.into_iter().all(|ip| guard.may_connect(ip)), "{inner}");
        }
        assert!(
            addresses(&Url::parse("https://8.8.8.8/").unwrap())
                .await
                .into_iter()
                .all(|ip| guard.may_connect(ip))
        );
    }

    #[test]
    fn only_loopback_is_this_machine() {
        let is_here = |url: &str| is_this_machine(&Url::parse(url).unwrap());
        assert!(is_here("http://localhost:8080") && is_here("http://[::1]/") && is_here("http://127.0.0.1"));
        assert!(!is_here("https://conference.example") && !is_here("http://192.168.1.7"));
    }
}
