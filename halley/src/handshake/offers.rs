//! Offers of permessage-deflate (RFC 7692 section 7.1), and the one form in which it is taken: no message refers to another, so that
//! one compressed message serves everybody, and nobody keeps a window between two messages.

use http::{HeaderMap, HeaderValue, header};

/// The window of whoever compresses here, in bits. A client that wants a smaller one is served uncompressed.
const WINDOW_BITS: u8 = 15;
/// Bits that a window can have.
const WINDOW_BITS_POSSIBLE: std::ops::RangeInclusive<u8> = 8..=WINDOW_BITS;
/// Offers that are looked at: a list as long as the header allows is nobody's list.
const OFFERS_MAX: usize = 16;

/// The answer to the first offer that can be met; none when there is none, which declines them all.
pub(super) fn agreed(headers: &HeaderMap) -> Option<String> {
    let values = headers.get_all(header::SEC_WEBSOCKET_EXTENSIONS).iter();
    let offers = values.filter_map(|value: &HeaderValue| value.to_str().ok()).flat_map(|v| v.split(','));
    offers.take(OFFERS_MAX).find_map(met)
}

/// The answer to one offer. No value that is legal here holds a comma or a semicolon, so none needs to be read as quoted.
fn met(offer: &str) -> Option<String> {
    let mut parts = offer.split(';').map(str::trim);
    if !parts.next()?.eq_ignore_ascii_case("permessage-deflate") {
        return None;
    }
    let mut seen: Vec<String> = Vec::new();
    let mut wants_window = false;
    for part in parts {
        let (name, value) = match part.split_once('=') {
            Some((name, value)) => (name.trim_end(), Some(unquoted(value.trim_start()))),
            None => (part, None),
        };
        let name = name.to_ascii_lowercase();
        match (name.as_str(), value) {
            (
                "server_no_context_takeover" | "client_no_context_takeover" | "client_max_window_bits",
                None,
            ) => {}
            // A hint about what the client will send, which is not inflated here.
            ("client_max_window_bits", Some(value)) => _ = window_bits(value)?,
            ("server_max_window_bits", Some(value)) if window_bits(value)? == WINDOW_BITS => {
                wants_window = true;
            }
            // A smaller window, an unknown name, or a value where none belongs: this offer must be declined.
            _ => return None,
        }
        if seen.contains(&name) {
            return None;
        }
        seen.push(name);
    }
    let mut answer = "permessage-deflate; server_no_context_takeover; client_no_context_takeover".to_owned();
    if wants_window {
        answer.push_str("; server_max_window_bits=15");
    }
    Some(answer)
}

fn unquoted(value: &str) -> &str {
    value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value)
}

/// A number without leading zeros, within what is possible.
fn window_bits(value: &str) -> Option<u8> {
    let bits: u8 = value.parse().ok()?;
    (WINDOW_BITS_POSSIBLE.contains(&bits) && bits.to_string() == value).then_some(bits)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: &str = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
    const WINDOW: &str = "permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=15";

    fn answer(lines: &[&'static str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header::SEC_WEBSOCKET_EXTENSIONS, HeaderValue::from_static(line));
        }
        agreed(&headers)
    }

    #[test]
    fn every_offer_that_can_be_met_is_met() {
        for (offer, expected) in [
            ("permessage-deflate", PLAIN),
            ("Permessage-Deflate", PLAIN),
            // Chromium and Firefox.
            ("permessage-deflate; client_max_window_bits", PLAIN),
            ("permessage-deflate;client_max_window_bits=10", PLAIN),
            ("permessage-deflate; server_no_context_takeover; client_no_context_takeover", PLAIN),
            ("permessage-deflate; server_max_window_bits=15", WINDOW),
            ("permessage-deflate; server_max_window_bits = \"15\" ; client_max_window_bits", WINDOW),
            ("x-webkit-deflate-frame, permessage-deflate", PLAIN),
            // The usual way to ask for a small window if possible.
            (
                "permessage-deflate; server_max_window_bits=10, permessage-deflate; client_max_window_bits",
                PLAIN,
            ),
        ] {
            assert_eq!(answer(&[offer]).as_deref(), Some(expected), "{offer}");
        }
        assert_eq!(answer(&["foo", "bar, permessage-deflate"]).as_deref(), Some(PLAIN), "two lines");
    }

    #[test]
    fn an_offer_that_cannot_be_met_is_declined() {
        for offer in [
            "",
            "permessage-bzip2",
            "permessage-deflate; server_max_window_bits=14",
            "permessage-deflate; server_max_window_bits=8",
            "permessage-deflate; server_max_window_bits",
            "permessage-deflate; server_max_window_bits=16",
            "permessage-deflate; server_max_window_bits=015",
            "permessage-deflate; server_max_window_bits=+15",
            "permessage-deflate; server_max_window_bits=\"15",
            "permessage-deflate; client_max_window_bits=7",
            "permessage-deflate; client_max_window_bits=",
            "permessage-deflate; client_no_context_takeover=1",
            "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
            "permessage-deflate; Client_No_Context_Takeover; client_no_context_takeover",
            "permessage-deflate; mode=fast",
            "permessage-deflate;",
        ] {
            assert_eq!(answer(&[offer]), None, "{offer}");
        }
    }
}
