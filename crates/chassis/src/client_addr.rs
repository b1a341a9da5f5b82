//! Who is asking: the address behind trusted proxies, and the key under which one asker is counted.

use std::net::{IpAddr, Ipv6Addr};

use ::http::HeaderMap;
use ipnet::IpNet;

use crate::Error;

/// Address ranges from the configuration (`trusted_proxies`, `venue_cidrs`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ranges(Vec<IpNet>);

impl Ranges {
    /// Reads CIDRs and single addresses.
    ///
    /// # Errors
    /// [`Error::Range`] with the first text that is neither.
    pub fn parse<S: AsRef<str>>(texts: &[S]) -> Result<Self, Error> {
        let parse = |text: &S| {
            let text = text.as_ref().trim();
            let single = || text.parse::<IpAddr>().map(IpNet::from);
            text.parse::<IpNet>().or_else(|_| single()).map_err(|_| Error::Range { text: text.to_owned() })
        };
        texts.iter().map(parse).collect::<Result<_, _>>().map(Self)
    }

    /// Whether the address lies in one of them.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|range| range.contains(&address))
    }
}

/// The address of the asker: the peer's own, unless the peer is a trusted proxy. Then `X-Forwarded-For` is walked from the right
/// (repeated headers joined in order) up to the first address that is not a trusted proxy; what stands left of it anybody may have written.
/// An entry that cannot be read ends the walk at the last proxy.
pub fn client_ip(peer: IpAddr, headers: &HeaderMap, trusted: &Ranges) -> IpAddr {
    let mut known = peer.to_canonical();
    if !trusted.contains(known) {
        return known;
    }
    let values: Vec<&str> =
        headers.get_all("x-forwarded-for").iter().map(|value| value.to_str().unwrap_or("?")).collect();
    for hop in values.iter().rev().flat_map(|value| value.rsplit(',')) {
        let Some(address) = parse_hop(hop.trim()) else { return known };
        known = address;
        if !trusted.contains(known) {
            return known;
        }
    }
    known
}

/// One entry: an address, with or without a port.
fn parse_hop(hop: &str) -> Option<IpAddr> {
    let bracketed = hop.strip_prefix('[').and_then(|rest| rest.split_once(']')).map(|(address, _)| address);
    let parsed = bracketed.unwrap_or(hop).parse::<IpAddr>();
    parsed
        .or_else(|_| hop.parse::<std::net::SocketAddr>().map(|address| address.ip()))
        .ok()
        .map(|ip| ip.to_canonical())
}

/// What one asker is counted under: the address itself, for IPv6 its /64 (one customer holds a whole one).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AddrKey(IpAddr);

impl AddrKey {
    /// The key of an address.
    pub fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V6(v6) => Self(IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & (u128::MAX << 64)))),
            v4 => Self(v4),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    fn forwarded(values: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append("x-forwarded-for", value.parse().expect("a header value"));
        }
        headers
    }

    fn trusted() -> Ranges {
        Ranges::parse(&["10.0.0.0/8", "127.0.0.1"]).expect("ranges")
    }

    #[test]
    fn without_trusted_proxies_the_header_is_ignored() {
        let headers = forwarded(&["1.2.3.4"]);
        assert_eq!(client_ip(ip("127.0.0.1"), &headers, &Ranges::default()), ip("127.0.0.1"));
        assert_eq!(client_ip(ip("8.8.8.8"), &headers, &trusted()), ip("8.8.8.8"));
    }

    #[test]
    fn what_the_client_wrote_itself_changes_nothing() {
        for spoofed in ["6.6.6.6, 5.5.5.5, 10.0.0.9", "::1, , 5.5.5.5,10.0.0.9", "x, 5.5.5.5:1234, 10.0.0.9"]
        {
            assert_eq!(
                client_ip(ip("127.0.0.1"), &forwarded(&[spoofed]), &trusted()),
                ip("5.5.5.5"),
                "{spoofed}"
            );
        }
        assert_eq!(
            client_ip(ip("127.0.0.1"), &forwarded(&["6.6.6.6", "5.5.5.5", "10.1.1.1"]), &trusted()),
            ip("5.5.5.5")
        );
    }

    #[test]
    fn an_entry_that_cannot_be_read_ends_the_walk_at_the_last_proxy() {
        assert_eq!(
            client_ip(ip("127.0.0.1"), &forwarded(&["5.5.5.5, unknown, 10.0.0.9"]), &trusted()),
            ip("10.0.0.9")
        );
        assert_eq!(client_ip(ip("127.0.0.1"), &forwarded(&[]), &trusted()), ip("127.0.0.1"));
    }

    #[test]
    fn ipv6_is_counted_by_its_64_and_mapped_addresses_as_ipv4() {
        assert_eq!(AddrKey::of(ip("2001:db8:1:2:3::1")), AddrKey::of(ip("2001:db8:1:2:ffff::9")));
        assert_ne!(AddrKey::of(ip("2001:db8:1:2::1")), AddrKey::of(ip("2001:db8:1:3::1")));
        assert_eq!(AddrKey::of(ip("::ffff:9.9.9.9")), AddrKey::of(ip("9.9.9.9")));
        assert_eq!(
            client_ip(ip("::ffff:127.0.0.1"), &forwarded(&["[2001:db8::1]:443"]), &trusted()),
            ip("2001:db8::1")
        );
    }

    #[test]
    fn a_range_that_is_none_is_named() {
        assert!(
            Ranges::parse(&["10.0.0.0/8", "10.0.0/99"])
                .expect_err("no range")
                .to_string()
                .contains("10.0.0/99")
        );
    }
}
