//! Content codings of answers: what a client reads, and the bytes in that form.

use std::io::{self, Write};

use bytes::Bytes;
use http::{HeaderMap, header};

const BROTLI_WINDOW_BITS: u32 = 20;
const BROTLI_BUFFER_BYTES: usize = 4096;

/// How a body is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Coding {
    /// As it is.
    Plain,
    Gzip,
    Brotli,
}

/// What a smaller body may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effort {
    /// On the way of an answer: a third of a millisecond for 40 KiB.
    Quick,
    /// Once for a file that many will fetch: two milliseconds for the same, and a seventh less to send.
    Thorough,
}

impl Coding {
    /// The one that a client reads and wants most; the smaller one where it does not care (RFC 9110 section 12.5.3).
    pub(crate) fn wanted(headers: &HeaderMap) -> Self {
        let brotli = weight(headers, "br").unwrap_or(0.0);
        let gzip = weight(headers, "gzip").unwrap_or(0.0);
        let most = brotli.max(gzip);
        if most <= 0.0 || weight_of_name(headers, "identity").is_some_and(|plain| plain > most) {
            Self::Plain
        } else if brotli >= gzip {
            Self::Brotli
        } else {
            Self::Gzip
        }
    }

    /// The value of `content-encoding`.
    pub(crate) fn name(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Gzip => Some("gzip"),
            Self::Brotli => Some("br"),
        }
    }

    /// A body in this form.
    ///
    /// # Errors
    /// When the compressor gives up, which it has no reason to.
    pub(crate) fn pack(self, plain: &Bytes, effort: Effort) -> io::Result<Bytes> {
        let is_quick = effort == Effort::Quick;
        match self {
            Self::Plain => Ok(plain.clone()),
            Self::Gzip => {
                let level = flate2::Compression::new(if is_quick { 1 } else { 6 });
                let mut gzip = flate2::write::GzEncoder::new(Vec::new(), level);
                gzip.write_all(plain)?;
                gzip.finish().map(Bytes::from)
            }
            Self::Brotli => {
                let quality = if is_quick { 1 } else { 5 };
                let mut brotli = brotli::CompressorWriter::new(
                    Vec::new(),
                    BROTLI_BUFFER_BYTES,
                    quality,
                    BROTLI_WINDOW_BITS,
                );
                brotli.write_all(plain)?;
                Ok(Bytes::from(brotli.into_inner()))
            }
        }
    }
}

/// How much a coding is wanted, by its name or by `*`; none when nothing is said about it.
fn weight(headers: &HeaderMap, coding: &str) -> Option<f32> {
    weight_of_name(headers, coding).or_else(|| weight_of_name(headers, "*"))
}

fn weight_of_name(headers: &HeaderMap, coding: &str) -> Option<f32> {
    let values = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).find_map(|offer| {
        let mut parts = offer.split(';').map(str::trim);
        let is_named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(coding));
        let weight = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
        // A weight that cannot be read refuses nothing.
        is_named.then(|| weight.and_then(|q| q.parse().ok()).unwrap_or(1.0))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;
    use std::io::Read;

    fn wanted(values: &[&'static str]) -> Coding {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(header::ACCEPT_ENCODING, HeaderValue::from_static(value));
        }
        Coding::wanted(&headers)
    }

    #[test]
    fn a_client_gets_the_coding_that_it_wants_most() {
        let cases: [(&[&str], Coding); 14] = [
            (&[], Coding::Plain),
            (&["gzip, deflate, br"], Coding::Brotli),
            (&["gzip, deflate, br, zstd"], Coding::Brotli),
            (&["gzip", "br"], Coding::Brotli),
            (&["GZIP"], Coding::Gzip),
            (&["br;q=0.5"], Coding::Brotli),
            (&["br;q=0.5, gzip;q=0.8"], Coding::Gzip),
            (&["br;q=0, gzip"], Coding::Gzip),
            (&["br; Q=0"], Coding::Plain),
            (&["identity"], Coding::Plain),
            (&["identity;q=1, gzip;q=0.5"], Coding::Plain),
            (&["*"], Coding::Brotli),
            (&["*;q=0"], Coding::Plain),
            (&["br;q=0, *"], Coding::Gzip),
        ];
        for (values, coding) in cases {
            assert_eq!(wanted(values), coding, "{values:?}");
        }
    }

    #[test]
    fn a_packed_body_is_smaller_and_the_same() {
        let plain = Bytes::from(r#"{"seq":7,"kind":"post"},"#.repeat(100));
        for effort in [Effort::Quick, Effort::Thorough] {
            let gzip = Coding::Gzip.pack(&plain, effort).expect("packed");
            let mut read = Vec::new();
            flate2::read::GzDecoder::new(&gzip[..]).read_to_end(&mut read).expect("gzip");
            assert_eq!((&read[..], gzip.len() < plain.len() / 4), (&plain[..], true));
            let brotli = Coding::Brotli.pack(&plain, effort).expect("packed");
            let mut read = Vec::new();
            brotli::Decompressor::new(&brotli[..], 4096).read_to_end(&mut read).expect("brotli");
            assert_eq!((&read[..], brotli.len() < plain.len() / 4), (&plain[..], true));
        }
        assert_eq!(Coding::Plain.pack(&plain, Effort::Quick).expect("as it is"), plain);
    }
}
