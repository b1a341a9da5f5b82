//! The WebSocket handshake (RFC 6455 section 4.2): what is asked for, and the head that grants it, written by whoever owns the socket.
//!
//! Compression (RFC 7692) is agreed on in `handshake/offers.rs`.

mod offers;

use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use crate::answer::Refused;

/// The only version there is.
const VERSION: &str = "13";
/// 16 bytes in base64.
const KEY_BYTES: usize = 24;

/// A handshake that is granted.
#[derive(Debug)]
pub(crate) struct Granted {
    /// The whole answer: what follows it on the socket are frames.
    pub(crate) head: Vec<u8>,
    /// Whether messages may be compressed, each by itself.
    pub(crate) is_deflating: bool,
}

/// Reads the head of a request.
///
/// # Errors
/// When it is no WebSocket handshake.
pub(crate) fn accept(method: &Method, headers: &HeaderMap) -> Result<Granted, Refused> {
    if method != Method::GET {
        return Err(Refused::NotWebSocket("a WebSocket begins with GET"));
    }
    if !has_token(headers, &header::CONNECTION, "upgrade")
        || !has_token(headers, &header::UPGRADE, "websocket")
    {
        return Err(Refused::NotWebSocket("this address speaks WebSocket; see docs for the other ways"));
    }
    if headers.get(header::SEC_WEBSOCKET_VERSION).is_none_or(|version| version != VERSION) {
        return Err(Refused::NotWebSocket("only version 13 of WebSocket is spoken here"));
    }
    let key = headers.get(header::SEC_WEBSOCKET_KEY).map(HeaderValue::as_bytes);
    let key = key.filter(|key| key.len() == KEY_BYTES);
    let key = key.ok_or(Refused::NotWebSocket("Sec-WebSocket-Key is missing or too short"))?;
    let mut head = format!(
        "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-accept: {}\r\n",
        derive_accept_key(key)
    );
    let agreed = offers::agreed(headers);
    if let Some(agreed) = &agreed {
        head.push_str("sec-websocket-extensions: ");
        head.push_str(agreed);
        head.push_str("\r\n");
    }
    head.push_str("\r\n");
    Ok(Granted { head: head.into_bytes(), is_deflating: agreed.is_some() })
}

fn has_token(headers: &HeaderMap, name: &HeaderName, token: &str) -> bool {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|told| told.trim().eq_ignore_ascii_case(token))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 6455 section 1.3.
    fn asked() -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONNECTION, HeaderValue::from_static("keep-alive, Upgrade"));
        headers.insert(header::UPGRADE, HeaderValue::from_static("WebSocket"));
        headers.insert(header::SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
        headers.insert(header::SEC_WEBSOCKET_KEY, HeaderValue::from_static("dGhlIHNhbXBsZSBub25jZQ=="));
        headers
    }

    #[test]
    fn a_handshake_is_granted_in_one_whole_head() {
        let granted = accept(&Method::GET, &asked()).expect("it is right");
        let expected = "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
                        sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
        assert_eq!(String::from_utf8(granted.head).expect("ASCII"), expected);
        assert!(!granted.is_deflating, "it was not offered");
    }

    #[test]
    fn compression_that_is_offered_is_granted() {
        let mut headers = asked();
        let offer = "permessage-deflate; client_max_window_bits";
        headers.insert(header::SEC_WEBSOCKET_EXTENSIONS, HeaderValue::from_static(offer));
        let granted = accept(&Method::GET, &headers).expect("it is right");
        let head = String::from_utf8(granted.head).expect("ASCII");
        assert!(head.ends_with(
            "\r\nsec-websocket-extensions: permessage-deflate; server_no_context_takeover; \
             client_no_context_takeover\r\n\r\n"
        ));
        assert!(granted.is_deflating);
    }

    #[test]
    fn what_is_no_handshake_is_refused_with_the_reason() {
        let without = |name: HeaderName| {
            let mut headers = asked();
            headers.remove(name);
            headers
        };
        let with = |name: HeaderName, value: &'static str| {
            let mut headers = asked();
            headers.insert(name, HeaderValue::from_static(value));
            headers
        };
        let cases = [
            (Method::POST, asked(), "begins with GET"),
            (Method::GET, without(header::CONNECTION), "this address speaks WebSocket"),
            (Method::GET, without(header::UPGRADE), "this address speaks WebSocket"),
            (Method::GET, with(header::UPGRADE, "h2c"), "this address speaks WebSocket"),
            (Method::GET, without(header::SEC_WEBSOCKET_VERSION), "version 13"),
            (Method::GET, with(header::SEC_WEBSOCKET_VERSION, "8"), "version 13"),
            (Method::GET, without(header::SEC_WEBSOCKET_KEY), "Sec-WebSocket-Key"),
            (Method::GET, with(header::SEC_WEBSOCKET_KEY, "x"), "Sec-WebSocket-Key"),
        ];
        for (method, headers, words) in cases {
            match accept(&method, &headers) {
                Err(Refused::NotWebSocket(why)) => assert!(why.contains(words), "{why}, not {words}"),
                other => panic!("{other:?}, not {words}"),
            }
        }
    }
}
