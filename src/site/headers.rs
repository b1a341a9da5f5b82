//! What every answer says to the browser: where scripts, pictures and connections may come from or go to, and nothing else.

use super::Settings;
use axum::{extract::Request, middleware::Next, response::Response};
use http::{HeaderName, HeaderValue, header};
use std::sync::Arc;
use url::Url;

/// The headers of one installation, made once.
#[derive(Clone, Debug)]
pub(super) struct Guard(Arc<Vec<(HeaderName, HeaderValue)>>);

impl Guard {
    pub(super) fn new(settings: &Settings) -> Self {
        let mut all = vec![
            (header::CONTENT_SECURITY_POLICY, policy(settings)),
            (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
            (header::REFERRER_POLICY, HeaderValue::from_static("strict-origin-when-cross-origin")),
            (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
            (
                HeaderName::from_static("permissions-policy"),
                HeaderValue::from_static("camera=(), microphone=(), geolocation=()"),
            ),
        ];
        if settings.public_url.scheme() == "https" {
            let year = HeaderValue::from_static("max-age=31536000");
            all.push((header::STRICT_TRANSPORT_SECURITY, year));
        }
        Self(Arc::new(all))
    }

    /// The middleware. A header that a route set itself stays.
    pub(super) async fn apply(self, request: Request, next: Next) -> Response {
        let mut response = next.run(request).await;
        for (name, value) in self.0.iter() {
            response.headers_mut().entry(name).or_insert_with(|| value.clone());
        }
        response
    }
}

/// The policy of a page that anybody may frame: what others may send to a browser here is the same, and a frame sends no form.
pub(super) fn framed(settings: &Settings) -> HeaderValue {
    let text = policy(settings).to_str().map(|policy| {
        policy
            .replace("frame-ancestors 'none'", "frame-ancestors *")
            .replace("form-action 'self'", "form-action 'none'")
    });
    let policy = text.ok().and_then(|text| HeaderValue::from_str(&text).ok());
    policy.unwrap_or(HeaderValue::from_static("default-src 'none'"))
}

/// Scripts, styles, fonts and pictures from here only; connections also to halley, where it has an address of its own. WebSockets are
/// named, as not every browser counts them under 'self'.
fn policy(settings: &Settings) -> HeaderValue {
    let mut connect = vec!["'self'".to_owned(), socket(&settings.public_url)];
    if let Some(live) = &settings.live_url {
        connect.extend([live.origin().ascii_serialization(), socket(live)]);
    }
    let text = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; manifest-src 'self'; connect-src {}; base-uri 'none'; \
         form-action 'self'; frame-ancestors 'none'",
        connect.join(" ")
    );
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("default-src 'none'"))
}

fn socket(url: &Url) -> String {
    let origin = url.origin().ascii_serialization();
    origin.replacen("http", "ws", 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_may_go_to_this_site_and_to_halley_only() {
        let settings = Settings {
            public_url: "https://live.example.org".parse().unwrap(),
            live_url: Some("https://push.example.org".parse().unwrap()),
            data_dir: "x".into(),
            cache_dir: "x".into(),
            media_from_loopback: false,
            venue: chassis::client_addr::Ranges::default(),
        };
        let policy = policy(&settings);
        let policy = policy.to_str().unwrap();
        assert!(policy.contains(
            "connect-src 'self' wss://live.example.org https://push.example.org wss://push.example.org; base-uri 'none'"
        ));
        assert!(!policy.contains("unsafe"));
    }
}
