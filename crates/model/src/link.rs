//! Addresses that people share: what makes two of them one, and which an item holds.

use crate::Item;

/// Longer addresses are nobody's page.
const ADDRESS_BYTES_MAX: usize = 2048;
/// Links of one item that are looked at.
const LINKS_MAX: usize = 16;

/// An address as two are compared: lower case, without scheme, `www.`, what only counts visitors, fragment, slash at the
/// end. None for what is no address, and for one beyond all measure.
#[must_use]
pub fn normal(address: &str) -> Option<String> {
    let (scheme, rest) = address.trim().split_once("://")?;
    if !(scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https"))
        || rest.len() > ADDRESS_BYTES_MAX
    {
        return None;
    }
    let lower = rest.to_lowercase();
    let rest = lower.strip_prefix("www.").unwrap_or(&lower);
    let (rest, _) = rest.split_once('#').unwrap_or((rest, ""));
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    let mut normal = path.trim_end_matches('/').to_owned();
    let mut sign = '?';
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        if counts_visitors(pair.split('=').next().unwrap_or_default()) {
            continue;
        }
        normal.push(sign);
        normal.push_str(pair);
        sign = '&';
    }
    (!normal.is_empty()).then_some(normal)
}

/// Whether a parameter of an address only tells where its reader came from, by its name in lower case.
#[must_use]
pub fn counts_visitors(name: &str) -> bool {
    name.starts_with("utm_")
        || ["fbclid", "gclid", "igshid", "igsh", "mc_cid", "mc_eid", "ref", "ref_src", "si"].contains(&name)
}

/// A link of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shared<'a> {
    /// Where it leads, as its author wrote it.
    pub address: &'a str,
    /// The page's title, where the network told it.
    pub title: Option<&'a str>,
}

/// The links of an item: those in its words, then that of its preview. An address may come twice.
pub fn shared(item: &Item) -> impl Iterator<Item = Shared<'_>> {
    let words = item.body.links().map(|address| Shared { address, title: None });
    let title = |title: &'_ str| !title.is_empty();
    let card = item.card.iter().map(move |card| Shared {
        address: &card.url,
        title: Some(card.title.as_str()).filter(|text| title(text)),
    });
    words.take(LINKS_MAX).chain(card)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_ways_to_write_an_address_are_one() {
        assert_eq!(normal("http://WWW.a.example/p/?utm_x=1&q=2#f"), normal("https://a.example/p?q=2"));
        assert_ne!(normal("https://a.example/p?q=1"), normal("https://a.example/p?q=2"));
        assert_eq!(normal("javascript:alert(1)"), None);
        assert_eq!(normal(&format!("https://a.example/{}", "x".repeat(ADDRESS_BYTES_MAX))), None);
    }
}
