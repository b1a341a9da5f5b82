//! Whether a request that changes something was made by a page of ours. Browsers send cookies along with what other sites make them send, so
//! whoever comes with a cookie must show more: the browser's own word on where the request was made (`Sec-Fetch-Site`, `Origin`), and for a
//! form the token that was printed into it. JSON needs no token: no page can send it here without asking us first. Any other kind of body is
//! what a form of another site could send, so it is refused. Programs carry no cookie and need none of this.

use super::who::{FORM_TOKEN, Held, Insider};
use crate::site::{failure::Failure, post_box::is_ours};
use axum::{body::Body, extract::Request};
use http::{HeaderMap, Method, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use subtle::ConstantTimeEq;
use url::Url;

/// Largest form behind the door, in bytes: a schedule in a text field, each of its bytes written as three.
const FORM_BYTES_MAX: usize = 24 * 1024 * 1024;

/// Hands the request on, or says that it was forged.
pub(super) async fn genuine(
    request: Request,
    insider: &Insider,
    public_url: &Url,
) -> Result<Request, Failure> {
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if is_read || matches!(insider.held, Held::Program(_)) {
        return Ok(request);
    }
    if !is_ours(request.headers(), public_url) {
        return Err(Failure::Forged);
    }
    match kind(request.headers()).as_str() {
        "application/json" => Ok(request),
        "application/x-www-form-urlencoded" => with_token(request, insider).await,
        _ => Err(Failure::Forged),
    }
}

fn kind(headers: &HeaderMap) -> String {
    let said = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    said.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// Reads the form, looks for its token, and hands the same bytes on.
async fn with_token(request: Request, insider: &Insider) -> Result<Request, Failure> {
    let (parts, body) = request.into_parts();
    let read = Limited::new(body, FORM_BYTES_MAX).collect().await;
    let bytes = read.map_err(|error| match error.is::<LengthLimitError>() {
        true => Failure::TooLarge,
        false => Failure::Bad("That form broke off on its way."),
    })?;
    let bytes = bytes.to_bytes();
    if !holds_token(&bytes, insider.form_token()) {
        return Err(Failure::Forged);
    }
    Ok(Request::from_parts(parts, Body::from(bytes)))
}

/// Exactly one token, and the right one.
pub(in crate::site) fn holds_token(form: &[u8], token: &str) -> bool {
    let mut sent = url::form_urlencoded::parse(form).filter(|(name, _)| name == FORM_TOKEN);
    let (Some((_, given)), None) = (sent.next(), sent.next()) else { return false };
    !token.is_empty() && bool::from(given.as_bytes().ct_eq(token.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_needs_its_token_once() {
        let token = super::super::who::form_token("a session");
        let form = |text: &str| holds_token(text.as_bytes(), &token);
        assert!(form(&format!("a=1&form_token={token}&b=2")));
        assert!(!form("a=1") && !form("form_token=") && !form(&format!("form_token={token}x")));
        assert!(!form(&format!("form_token={token}&form_token={token}")), "said twice is said by two");
        assert!(!holds_token(b"form_token=", ""), "who has no token matches none");
        assert_ne!(token, super::super::who::form_token("another session"));
    }
}
