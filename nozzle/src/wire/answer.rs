//! Asks a REST API and reads its answer within bounds; says what a refusal means.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use chassis::backoff;
use futures_util::StreamExt;
use model::Micros;
use reqwest::header::{AUTHORIZATION, HeaderMap, RETRY_AFTER};
use reqwest::{RequestBuilder, StatusCode};
use serde_json::Value;

use super::cause;
use crate::source::{ANSWER_BYTES_MAX, SourceEnd, sample};

/// Longest wait for a connection.
pub(super) const CONNECT_MAX: Duration = Duration::from_secs(10);
/// Longest wait for a whole answer.
const ANSWER_MAX: Duration = Duration::from_secs(30);

/// How much of a refusal's body is kept for rules that depend on it: networks repeat what they refuse before they say why.
const REFUSAL_BYTES_MAX: usize = 4096;

/// A good answer.
#[derive(Debug)]
pub(crate) struct Answer {
    /// 200 to 299.
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

/// An answer that is none.
#[derive(Debug)]
pub(crate) struct Refusal {
    /// 0 when there was no answer at all.
    pub(crate) status: u16,
    /// The beginning of the body, for rules that depend on it.
    pub(crate) body: String,
    /// What it means for the source.
    pub(crate) end: SourceEnd,
}

impl Refusal {
    fn cut(why: String) -> Self {
        Self { status: 0, body: String::new(), end: SourceEnd::Cut(why) }
    }
}

/// A client for answers; one for all sources of a kind.
pub(crate) fn client() -> Result<reqwest::Client, String> {
    chassis::tls::install();
    let built = reqwest::Client::builder()
        .user_agent(concat!("Perihelion/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT_MAX)
        .timeout(ANSWER_MAX)
        // A redirect must not carry the address we asked, key included, to another host.
        .referer(false)
        .build();
    built.map_err(|error| format!("no HTTP client: {}", cause(&error)))
}

/// Query parameters that hold secrets, at networks that know no header for them.
const SECRET_PARAMETERS: [&str; 1] = ["api_key"];

/// The secrets that a request showed: a network that repeats one in its refusal must not make us print it.
pub(super) struct Shown(Vec<String>);

impl Shown {
    /// The refusal's body without them.
    pub(super) fn masked(&self, body: Vec<u8>) -> Vec<u8> {
        self.0.iter().filter(|secret| !secret.is_empty()).fold(body, |body, secret| {
            String::from_utf8_lossy(&body).replace(secret.as_str(), "****").into_bytes()
        })
    }
}

/// Sends a request, and remembers which secrets it shows.
pub(super) async fn send(request: RequestBuilder) -> reqwest::Result<(reqwest::Response, Shown)> {
    let (client, request) = request.build_split();
    let request = request?;
    let shown = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = shown.and_then(|value| value.split_once(' ')).map(|(_, token)| token.to_owned());
    let keys = request.url().query_pairs().filter(|(name, _)| SECRET_PARAMETERS.contains(&&**name));
    let secrets = token.into_iter().chain(keys.map(|(_, key)| key.into_owned())).collect();
    Ok((client.execute(request).await?, Shown(secrets)))
}

/// Sends a request and reads the answer. Anything but 2xx is a refusal.
pub(crate) async fn ask(request: RequestBuilder) -> Result<Answer, Refusal> {
    let (response, shown) = send(request).await.map_err(|error| Refusal::cut(cause(&error)))?;
    let (status, headers) = (response.status(), response.headers().clone());
    let mut body = Vec::new();
    let mut chunks = response.bytes_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|error| Refusal::cut(cause(&error)))?;
        if body.len() + chunk.len() > ANSWER_BYTES_MAX {
            let why = format!("an answer beyond {ANSWER_BYTES_MAX} bytes");
            return Err(Refusal {
                status: status.as_u16(),
                body: String::new(),
                end: SourceEnd::Refused(why),
            });
        }
        body.extend_from_slice(&chunk);
    }
    if status.is_success() {
        Ok(Answer { status: status.as_u16(), headers, body })
    } else {
        Err(refusal(status, &headers, &shown.masked(body)))
    }
}

/// What a status other than 2xx means, for every network alike.
pub(crate) fn refusal(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Refusal {
    let words = format!("HTTP {status}{}", said(body));
    let wait = told_to_wait(headers);
    let end = match status.as_u16() {
        401 | 403 => SourceEnd::NeedsCredentials(words),
        420 => SourceEnd::Throttled(words),
        429 => wait.map_or(SourceEnd::Throttled(words), SourceEnd::WaitFor),
        400 | 404 | 405 | 406 | 410 | 413 | 414 | 416 | 422 => SourceEnd::Misconfigured(words),
        503 => wait_of(headers, RETRY_AFTER.as_str()).map_or(SourceEnd::Refused(words), SourceEnd::WaitFor),
        _ => SourceEnd::Refused(words),
    };
    let body = String::from_utf8_lossy(&body[..body.len().min(REFUSAL_BYTES_MAX)]).into_owned();
    Refusal { status: status.as_u16(), body, end }
}

/// The sentence in an error document, if there is one.
fn said(body: &[u8]) -> String {
    let Ok(document) = serde_json::from_slice::<Value>(body) else { return String::new() };
    let first = &document["errors"][0];
    let places =
        [&document["error"], &document["detail"], &first["message"], &first["detail"], &document["title"]];
    let words = places.into_iter().find_map(Value::as_str).unwrap_or_default();
    if words.is_empty() { String::new() } else { format!(": {}", sample(words.as_bytes())) }
}

/// How long a 429 sends us away: `Retry-After`, X's unix seconds, Mastodon's ISO 8601.
fn told_to_wait(headers: &HeaderMap) -> Option<Duration> {
    let names = [RETRY_AFTER.as_str(), "x-rate-limit-reset", "x-ratelimit-reset"];
    names.into_iter().find_map(|name| wait_of(headers, name))
}

fn wait_of(headers: &HeaderMap, name: &str) -> Option<Duration> {
    let text = headers.get(name)?.to_str().ok()?;
    let now = now();
    let until = match name {
        "x-rate-limit-reset" => Micros(text.trim().parse::<i64>().ok()?.saturating_mul(Micros::SECOND)),
        "x-ratelimit-reset" => Micros::parse_rfc3339(text.trim()).ok()?,
        _ => return backoff::retry_after(text, now.0),
    };
    // At least a second: a reset that has just passed must not become a busy loop.
    Some(Duration::from_micros(until.since(now).max(Micros::SECOND) as u64))
}

/// The system's time, to read a network's absolute times by.
pub(crate) fn now() -> Micros {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(status: u16, headers: &[(&'static str, String)], body: &str) -> SourceEnd {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, value.parse().unwrap());
        }
        refusal(StatusCode::from_u16(status).unwrap(), &map, body.as_bytes()).end
    }

    #[test]
    fn a_status_says_who_must_act_and_when() {
        assert_eq!(
            end(401, &[], r#"{"error":"The access token is invalid"}"#),
            SourceEnd::NeedsCredentials("HTTP 401 Unauthorized: The access token is invalid".into())
        );
        assert!(matches!(end(404, &[], ""), SourceEnd::Misconfigured(_)));
        assert!(matches!(end(502, &[], "<html>"), SourceEnd::Refused(_)));
        assert!(matches!(end(420, &[], ""), SourceEnd::Throttled(_)));
        assert!(matches!(end(429, &[], ""), SourceEnd::Throttled(_)));
    }

    #[test]
    fn a_refusal_keeps_the_reason_behind_what_was_refused() {
        let body =
            format!(r#"{{"errors":[{{"value":"{}","title":"RulesCapExceeded"}}]}}"#, "#tag ".repeat(200));
        let refused = refusal(StatusCode::BAD_REQUEST, &HeaderMap::new(), body.as_bytes());
        assert!(refused.body.contains("RulesCapExceeded"));
        let endless = refusal(StatusCode::BAD_REQUEST, &HeaderMap::new(), &[b'x'; 100_000]);
        assert_eq!(endless.body.len(), REFUSAL_BYTES_MAX);
    }

    #[test]
    fn a_token_that_a_network_repeats_is_masked() {
        let body = br#"{"error":"no such token: s3cret"}"#.to_vec();
        let shown = Shown(vec!["other".to_owned(), "s3cret".to_owned(), String::new()]);
        assert_eq!(shown.masked(body.clone()), br#"{"error":"no such token: ****"}"#);
        assert_eq!(Shown(Vec::new()).masked(body.clone()), body);
    }

    #[test]
    fn a_rate_limit_is_read_in_seconds_and_as_iso_8601() {
        let at = now().plus(90 * Micros::SECOND);
        for (name, value) in [
            ("x-rate-limit-reset", (at.0 / Micros::SECOND).to_string()),
            ("x-ratelimit-reset", at.timestamp().to_string()),
            ("retry-after", "90".to_owned()),
        ] {
            let SourceEnd::WaitFor(wait) = end(429, &[(name, value)], "") else { panic!("{name}") };
            assert!((85..=91).contains(&wait.as_secs()), "{name}: {wait:?}");
        }
        let past = end(429, &[("x-rate-limit-reset", "12".into())], "");
        assert_eq!(past, SourceEnd::WaitFor(Duration::from_secs(1)));
    }
}
