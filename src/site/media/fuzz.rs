//! Picture addresses as strangers write them: what may be fetched, what is asked for, and what a file claims to be.

use super::{guard::Guard, parse, sniff};
use testkit::fuzz::{config, near, near_text, proptest};
use url::Host;

const ADDRESSES: [&str; 6] = [
    "https://a.example/1.png?x=1#y",
    "http://127.0.0.1:8099/a.png",
    "https://[::ffff:169.254.169.254]/latest",
    "https://2130706433/",
    "https://0x7f.1/a",
    "https://u:p@h.example:444/",
];
const NAMES: [&str; 2] = ["rust-fest.k3f9q2m7xw4d.17.3", "abc.k3f9q2m7xw4d.18446744073709551615.0"];
const FILES: [&[u8]; 4] = [
    b"\x89PNG\r\n\x1a\nrest",
    b"RIFF\0\0\0\0WEBPVP8 ",
    b"GIF89a",
    b"<svg xmlns='http://www.w3.org/2000/svg'/>",
];

proptest! {
    #![proptest_config(config())]

    #[test]
    fn an_address_is_plain_https_or_refused(text in near_text(&ADDRESSES)) {
        let strict = Guard { allows_loopback: false };
        let Some(url) = strict.address(&text) else { return Ok(()) };
        assert!(url.scheme() == "https" && url.port().is_none(), "{url}");
        assert!(url.username().is_empty() && url.password().is_none(), "{url}");
        assert_eq!(strict.address(url.as_str()).as_ref(), Some(&url), "refused the second time");
        if let Some(Host::Ipv4(ip)) = url.host() {
            let is_inner = ip.is_private() || ip.is_loopback() || ip.is_link_local() || ip.is_unspecified();
            assert!(!(is_inner && strict.may_connect(ip.into())), "{ip}");
            // The same address in the forms in which version 6 carries it.
            for carried in [ip.to_ipv6_mapped(), std::net::Ipv6Addr::from((0x64_ff9b_u128 << 96) | u128::from(u32::from(ip)))] {
                assert_eq!(strict.may_connect(carried.into()), strict.may_connect(ip.into()), "{carried}");
            }
        }
    }

    #[test]
    fn a_picture_has_one_name(text in near_text(&NAMES)) {
        if let Some(asked) = parse(&text) {
            assert_eq!(format!("{}.{}.{}.{}", asked.slug, asked.id, asked.rev, asked.n), text);
        }
    }

    #[test]
    fn what_begins_as_markup_is_no_picture(bytes in near(&FILES)) {
        if bytes.trim_ascii_start().starts_with(b"<") {
            assert_eq!(sniff::kind(&bytes), None);
        }
    }
}
