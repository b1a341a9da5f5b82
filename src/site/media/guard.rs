//! Which addresses may be fetched: https to a public address; and loopback by plain http where a test or the demo says so.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use url::Url;

/// A longer address is none that we ask for.
const URL_BYTES_MAX: usize = 2_048;

/// See the module.
#[derive(Clone, Copy, Debug)]
pub(in crate::site) struct Guard {
    pub(in crate::site) allows_loopback: bool,
}

impl Guard {
    /// The address, when its form allows a fetch: scheme, no credentials, no unusual port, a host.
    pub(super) fn address(&self, text: &str) -> Option<Url> {
        // What is asked for is the parsed form, in which one letter may have become nine.
        let fits = |url: &Url| text.len().max(url.as_str().len()) <= URL_BYTES_MAX;
        let url = Url::parse(text).ok().filter(fits)?;
        let is_plain = url.username().is_empty() && url.password().is_none() && url.host().is_some();
        let is_allowed = match url.scheme() {
            "https" => url.port().is_none() || self.allows_loopback,
            "http" => self.allows_loopback && is_loopback_host(&url),
            _ => false,
        };
        (is_plain && is_allowed).then_some(url)
    }

    /// Whether a resolved address may be connected to. Asked about the very address that is then used.
    pub(in crate::site) fn may_connect(&self, ip: IpAddr) -> bool {
        let ip = canonical(ip);
        if ip.is_loopback() {
            return self.allows_loopback;
        }
        match ip {
            IpAddr::V4(ip) => is_public_v4(ip),
            IpAddr::V6(ip) => is_public_v6(ip),
        }
    }
}

fn is_loopback_host(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

/// The IPv4 address behind the forms that carry one: mapped, compatible, NAT64, 6to4, Teredo's server aside.
fn canonical(ip: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = ip else { return ip };
    let s = v6.segments();
    let v4 = |hi: u16, lo: u16| IpAddr::V4(Ipv4Addr::from((u32::from(hi) << 16) | u32::from(lo)));
    match s {
        [0, 0, 0, 0, 0, 0xffff, hi, lo] | [0x64, 0xff9b, 0, 0, 0, 0, hi, lo] => v4(hi, lo),
        [0, 0, 0, 0, 0, 0, hi, lo] if (hi, lo) > (0, 1) => v4(hi, lo),
        [0x2002, hi, lo, ..] => v4(hi, lo),
        _ => ip,
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let is_special = match (a, b, c) {
        // This network, private, shared (carrier NAT), loopback, link-local and cloud metadata.
        (0 | 10 | 127, ..) | (100, 64..=127, _) | (169, 254, _) | (172, 16..=31, _) | (192, 168, _) => true,
        // Protocol assignments, documentation, relays, benchmarks.
        (192, 0, 0 | 2) | (192, 88, 99) | (198, 18..=19, _) | (198, 51, 100) | (203, 0, 113) => true,
        // Multicast, reserved, broadcast.
        (224..=255, ..) => true,
        _ => false,
    };
    !is_special
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    let s = ip.segments();
    // Only global unicast, and of it neither protocol assignments (Teredo, ORCHID), documentation nor the local-use NAT64 block.
    (0x2000..0x4000).contains(&s[0])
        && !(s[0] == 0x2001 && s[1] < 0x200)
        && !(s[0] == 0x2001 && s[1] == 0xdb8)
        && !(s[0] == 0x3fff && s[1] < 0x1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    const STRICT: Guard = Guard { allows_loopback: false };
    const LOCAL: Guard = Guard { allows_loopback: true };

    #[test]
    fn inner_addresses_are_refused_in_every_spelling() {
        for text in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "192.0.2.1",
            "198.18.0.1",
            "::1",
            "::",
            "fe80::1",
            "fc00::1",
            "fd00:ec2::254",
            "ff02::1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::7f00:1",
            "::127.0.0.1",
            "2002:7f00:1::",
            "2001:db8::1",
            "2001::1",
            "64:ff9b:1::1",
            "100::1",
        ] {
            let ip: IpAddr = text.parse().unwrap();
            assert!(!STRICT.may_connect(ip), "{text}");
        }
        for text in ["8.8.8.8", "172.32.0.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"] {
            let ip: IpAddr = text.parse().unwrap();
            assert!(STRICT.may_connect(ip), "{text}");
        }
    }

    #[test]
    fn numbers_that_hide_an_inner_address_are_seen_as_what_they_are() {
        for text in ["https://2130706433/", "https://0x7f.1/", "https://0177.0.0.1/", "https://127.1/"] {
            let url = STRICT.address(text).expect("the form alone is allowed");
            let Some(url::Host::Ipv4(ip)) = url.host() else { panic!("{text} is an address") };
            assert!(!STRICT.may_connect(ip.into()), "{text}");
        }
    }

    #[test]
    fn only_https_without_credentials_or_unusual_ports_is_asked_for() {
        for text in [
            "http://example.org/a.png",
            "ftp://example.org/",
            "file:///etc/passwd",
            "https://u:p@example.org/",
            "https://example.org:22/",
            "data:image/png;base64,AA",
            "javascript:alert(1)",
            "",
            "//example.org/a.png",
        ] {
            assert!(STRICT.address(text).is_none(), "{text}");
        }
        assert!(STRICT.address(&format!("https://example.org/{}", "a".repeat(3000))).is_none());
        assert!(STRICT.address("https://example.org/a.png").is_some());
    }

    #[test]
    fn loopback_opens_for_tests_and_the_demo_and_nothing_else_does() {
        assert!(LOCAL.address("http://127.0.0.1:8099/a.png").is_some());
        assert!(LOCAL.address("http://192.168.1.1/a.png").is_none());
        assert!(LOCAL.may_connect("127.0.0.1".parse().unwrap()));
        for inner in ["169.254.169.254", "10.0.0.1", "::ffff:10.0.0.1"] {
            assert!(!LOCAL.may_connect(inner.parse().unwrap()), "{inner}");
        }
    }
}
