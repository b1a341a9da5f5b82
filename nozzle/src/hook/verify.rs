//! Who may speak: a delivery's signature over its raw bytes, checked before anything in it is read. Pure.

use ::http::HeaderMap;
use model::Micros;
use subtle::ConstantTimeEq;

use super::secret::{Code, Keys, decode};

/// How far `webhook-timestamp` may lie from our clock, either way, in microseconds.
pub(super) const WINDOW: i64 = 5 * Micros::MINUTE;
/// Longest id of a delivery, in bytes.
pub(super) const ID_BYTES_MAX: usize = 256;
/// Signatures of one delivery that are looked at; a sender that changes its secret sends two.
const SIGNATURES_MAX: usize = 16;

/// A delivery whose sender knows the secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Verified {
    /// The sender's id of the delivery, the same for every try.
    pub(super) id: String,
    /// Whose way of signing.
    pub(super) style: Style,
}

/// A way of signing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// Standard Webhooks.
    Standard,
    /// GitHub, which names the kind of event in a header. Neither that nor the id is signed there, and no time is: whoever
    /// recorded a delivery can send it again under another id. So what is made of it must not depend on how often it comes.
    GitHub {
        /// `X-GitHub-Event`.
        event: String,
    },
}

/// Why nobody is believed; for the organiser alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unverified {
    /// A header is missing, there twice, or unreadable.
    Unsigned,
    /// No signature fits any secret.
    Signature,
    /// Signed rightly, but too long ago or ahead of time.
    Stale {
        /// How far the sender's clock is behind ours, in seconds.
        behind: i64,
    },
}

impl Unverified {
    /// The short word for tallies.
    pub(super) fn reason(self) -> &'static str {
        match self {
            Self::Unsigned => "unsigned",
            Self::Signature => "bad_signature",
            Self::Stale { .. } => "stale",
        }
    }

    /// A sentence for the organiser.
    pub(super) fn sentence(self) -> String {
        match self {
            Self::Unsigned => "its signature's headers are missing or cannot be read".to_owned(),
            Self::Signature => "its signature fits none of the secrets".to_owned(),
            Self::Stale { behind } => format!("rightly signed, but its time is {behind} s behind our clock"),
        }
    }
}

/// Checks the signature of `body` as the headers give it.
///
/// # Errors
/// [`Unverified`]; the sender is told the same whichever it is.
pub(super) fn verify(
    keys: &Keys,
    headers: &HeaderMap,
    body: &[u8],
    now: Micros,
) -> Result<Verified, Unverified> {
    let is_github = !headers.contains_key("webhook-signature") && headers.contains_key("x-hub-signature-256");
    if is_github { github(keys, headers, body) } else { standard(keys, headers, body, now) }
}

fn standard(keys: &Keys, headers: &HeaderMap, body: &[u8], now: Micros) -> Result<Verified, Unverified> {
    let id = id(headers, "webhook-id")?;
    let sent = only(headers, "webhook-timestamp")?;
    let sent_at = seconds(sent).ok_or(Unverified::Unsigned)?;
    let codes = keys.standard_codes(&[id.as_bytes(), b".", sent.as_bytes(), b".", body]);
    let signatures = only(headers, "webhook-signature")?.split(' ').take(SIGNATURES_MAX);
    let shown = signatures.filter_map(|signature| decode(signature.strip_prefix("v1,")?));
    if !any_fits(&codes, shown) {
        return Err(Unverified::Signature);
    }
    let behind = now.since(sent_at);
    if behind.saturating_abs() > WINDOW {
        return Err(Unverified::Stale { behind: behind / Micros::SECOND });
    }
    Ok(Verified { id: id.to_owned(), style: Style::Standard })
}

fn github(keys: &Keys, headers: &HeaderMap, body: &[u8]) -> Result<Verified, Unverified> {
    let id = id(headers, "x-github-delivery")?.to_owned();
    let event = only(headers, "x-github-event")?.to_owned();
    let shown = only(headers, "x-hub-signature-256")?.strip_prefix("sha256=").and_then(unhex);
    if any_fits(&keys.text_codes(&[body]), shown.into_iter()) {
        Ok(Verified { id, style: Style::GitHub { event } })
    } else {
        Err(Unverified::Signature)
    }
}

/// Compares all with all: neither the time nor the first match tells how near a guess was.
fn any_fits(codes: &[Code], shown: impl Iterator<Item = Vec<u8>>) -> bool {
    let mut fits = subtle::Choice::from(0);
    for signature in shown {
        for code in codes {
            fits |= code.as_slice().ct_eq(&signature);
        }
    }
    fits.into()
}

/// The value of a header that is there once.
fn only<'h>(headers: &'h HeaderMap, name: &str) -> Result<&'h str, Unverified> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().map_err(|_| Unverified::Unsigned),
        _ => Err(Unverified::Unsigned),
    }
}

fn id<'h>(headers: &'h HeaderMap, name: &str) -> Result<&'h str, Unverified> {
    let id = only(headers, name)?;
    let fits = (1..=ID_BYTES_MAX).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_graphic());
    if fits { Ok(id) } else { Err(Unverified::Unsigned) }
}

/// Unix seconds in digits alone: what `parse` takes beside them (a sign) was never signed by an honest sender.
fn seconds(text: &str) -> Option<Micros> {
    let is_number = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let seconds: i64 = text.parse().ok().filter(|_| is_number)?;
    seconds.checked_mul(Micros::SECOND).map(Micros)
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text.chars().map(|c| Some(c.to_digit(16)? as u8)).collect::<Option<_>>()?;
    let bytes = digits.chunks_exact(2);
    bytes.remainder().is_empty().then(|| bytes.map(|pair| pair[0] << 4 | pair[1]).collect())
}
