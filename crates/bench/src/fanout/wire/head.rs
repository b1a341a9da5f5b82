//! The head of an answer: its status, how its body is cut off from what follows, and what a poll repeats in its next request.

use super::Broken;

const HEADERS_MAX: usize = 64;
/// Longest head; no server that is measured sends one of a tenth of it.
const HEAD_BYTES_MAX: usize = 16 * 1024;

/// How a body ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    /// After so many bytes.
    Length(u64),
    /// With its last chunk.
    Chunked,
    /// With the connection.
    Close,
}

/// See the module.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Head<'a> {
    pub(crate) status: u16,
    pub(crate) framing: Framing,
    pub(crate) last_modified: Option<&'a [u8]>,
    pub(crate) etag: Option<&'a [u8]>,
    pub(crate) accept: Option<&'a [u8]>,
    /// Whether the server will close the connection behind the body.
    pub(crate) is_last: bool,
}

/// The head at the beginning of `bytes` and its length, or `None` when it has not all come.
pub(crate) fn head(bytes: &[u8]) -> Result<Option<(Head<'_>, usize)>, Broken> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut response = httparse::Response::new(&mut headers);
    let length = match response.parse(bytes).map_err(|_| Broken::Head)? {
        httparse::Status::Complete(length) => length,
        httparse::Status::Partial if bytes.len() > HEAD_BYTES_MAX => return Err(Broken::Head),
        httparse::Status::Partial => return Ok(None),
    };
    let status = response.code.ok_or(Broken::Head)?;
    let mut head = Head {
        status,
        framing: Framing::Close,
        last_modified: None,
        etag: None,
        accept: None,
        is_last: false,
    };
    for header in response.headers.iter() {
        head.note(header)?;
    }
    if matches!(status, 100..=199 | 204 | 304) {
        head.framing = Framing::Length(0);
    }
    head.is_last |= head.framing == Framing::Close;
    Ok(Some((head, length)))
}

impl<'a> Head<'a> {
    fn note(&mut self, header: &httparse::Header<'a>) -> Result<(), Broken> {
        let is = |name: &str| header.name.eq_ignore_ascii_case(name);
        let says = |value: &[u8]| header.value.trim_ascii().eq_ignore_ascii_case(value);
        if is("content-length") {
            let length = std::str::from_utf8(header.value).ok().and_then(|text| text.trim().parse().ok());
            // Chunks beat a length (RFC 9112, 6.3).
            if self.framing != Framing::Chunked {
                self.framing = Framing::Length(length.ok_or(Broken::Head)?);
            }
        } else if is("transfer-encoding") && says(b"chunked") {
            self.framing = Framing::Chunked;
        } else if is("connection") && says(b"close") {
            self.is_last = true;
        } else if is("last-modified") {
            self.last_modified = Some(header.value);
        } else if is("etag") {
            self.etag = Some(header.value);
        } else if is("sec-websocket-accept") {
            self.accept = Some(header.value);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nLast-Modified: Sat, 21 Nov 2026 16:00:00 GMT\r\nETAG: 3\r\ncontent-length: 5\r\n\r\nhello";

    #[test]
    fn a_head_is_read_only_when_it_has_all_come() {
        let (found, length) = head(ANSWER).expect("HTTP").expect("whole");
        assert_eq!((found.status, found.framing, found.is_last), (200, Framing::Length(5), false));
        assert_eq!(found.last_modified, Some(&b"Sat, 21 Nov 2026 16:00:00 GMT"[..]));
        assert_eq!((found.etag, length), (Some(&b"3"[..]), ANSWER.len() - 5));
        for at in 0..length {
            assert_eq!(head(&ANSWER[..at]), Ok(None), "{at}");
        }
    }

    #[test]
    fn a_body_ends_as_its_head_says() {
        let framing = |text: &str| {
            let (head, _) = head(text.as_bytes()).expect("HTTP").expect("whole");
            (head.framing, head.is_last)
        };
        assert_eq!(framing("HTTP/1.1 200 OK\r\n\r\n"), (Framing::Close, true));
        let both = "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\nContent-Length: 3\r\n\r\n";
        assert_eq!(framing(both), (Framing::Chunked, false));
        assert_eq!(framing("HTTP/1.1 204 No Content\r\n\r\n"), (Framing::Length(0), false));
        assert_eq!(
            framing("HTTP/1.1 304 Not Modified\r\nConnection: close\r\n\r\n"),
            (Framing::Length(0), true)
        );
        assert_eq!(head(b"SSH-2.0-OpenSSH\r\n"), Err(Broken::Head));
        assert_eq!(head(b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n"), Err(Broken::Head));
    }
}
