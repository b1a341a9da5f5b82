//! Whether a request that writes comes from a page of ours. Browsers say where a request was made, and no page can make them lie:
//! that needs no token in every form.

use http::{HeaderMap, header};
use url::Url;

/// False for a request that a page of somebody else made. Who sends none of these headers is no browser of today and carries no
/// cookie that a page could misuse.
pub(in crate::site) fn is_ours(headers: &HeaderMap, public_url: &Url) -> bool {
    let said = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("unreadable"));
    // Says more than Origin, which a strict referrer policy may turn into "null".
    if let Some(site) = said("sec-fetch-site") {
        return site == "same-origin";
    }
    // Browsers that knew none of these for forms told the page's address instead.
    let page = || said(header::REFERER.as_str()).map(|page| Url::parse(page).map(|url| url.origin()));
    let origin = match (said(header::ORIGIN.as_str()).map(str::to_owned), page()) {
        (Some(origin), _) => origin,
        (None, Some(Ok(origin))) => origin.ascii_serialization(),
        (None, Some(Err(_))) => return false,
        (None, None) => return true,
    };
    // While no public address is set, people come by whatever name leads here.
    let asked_for = said(header::HOST.as_str()).map(|host| format!("{}://{host}", public_url.scheme()));
    origin == public_url.origin().ascii_serialization() || asked_for.as_deref() == Some(origin.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pages_of_this_site_may_write() {
        let url: Url = "https://live.example.org".parse().unwrap();
        for (given, want) in [
            (&[][..], true),
            (&[("origin", "https://live.example.org")], true),
            (&[("origin", "https://evil.example")], false),
            (&[("origin", "http://live.example.org")], false),
            (&[("origin", "https://live.example.org.evil.example")], false),
            (&[("origin", "null")], false),
            (&[("origin", "null"), ("sec-fetch-site", "same-origin")], true),
            (&[("origin", "https://live.example.org"), ("sec-fetch-site", "cross-site")], false),
            (&[("sec-fetch-site", "same-site")], false),
            (&[("sec-fetch-site", "none")], false),
            (&[("origin", "https://10.0.0.7:8080"), ("host", "10.0.0.7:8080")], true),
            (&[("origin", "https://evil.example"), ("host", "10.0.0.7:8080")], false),
            (&[("origin", "\u{e9}")], false),
            (&[("referer", "https://live.example.org/fest?show=x")], true),
            (&[("referer", "https://evil.example/live.example.org")], false),
            (&[("referer", "about:blank")], false),
            (&[("origin", "https://live.example.org"), ("referer", "https://evil.example/")], true),
        ] {
            let mut headers = HeaderMap::new();
            for (name, value) in given {
                headers.insert(*name, http::HeaderValue::from_bytes(value.as_bytes()).unwrap());
            }
            assert_eq!(is_ours(&headers, &url), want, "{given:?}");
        }
    }
}
