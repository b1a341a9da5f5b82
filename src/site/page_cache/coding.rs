//! How bytes are packed for the way: which coding a client takes, packing and unpacking in memory.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header};
use std::io::{Read, Write};

/// Brotli's window, in bits, and its buffer, in bytes.
const BROTLI: (u32, usize) = (22, 16 * 1024);

/// A content coding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::site) enum Coding {
    Brotli,
    Gzip,
    Plain,
}

/// How much trouble is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::site) enum Effort {
    /// Somebody waits, and what is packed lives until the next post.
    Quick,
    /// Once for each file and process.
    Thorough,
}

impl Coding {
    /// The best that a client takes (RFC 9110, 12.5.3). What it gives the weight 0 it does not take; whoever says nothing gets plain bytes.
    pub(in crate::site) fn taken(asked: &HeaderMap) -> Self {
        let mut best = Self::Plain;
        let lines = asked.get_all(header::ACCEPT_ENCODING).into_iter().filter_map(|line| line.to_str().ok());
        for coding in lines.flat_map(|line| line.split(',')) {
            let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
            let weight = weight.trim().strip_prefix("q=").and_then(|q| q.trim().parse::<f32>().ok());
            let name = name.trim();
            if weight == Some(0.0) {
            } else if name.eq_ignore_ascii_case("br") {
                return Self::Brotli;
            } else if name.eq_ignore_ascii_case("gzip") {
                best = Self::Gzip;
            }
        }
        best
    }

    /// As `Content-Encoding` names it.
    pub(in crate::site) fn header(self) -> Option<HeaderValue> {
        match self {
            Self::Brotli => Some(HeaderValue::from_static("br")),
            Self::Gzip => Some(HeaderValue::from_static("gzip")),
            Self::Plain => None,
        }
    }

    /// Packs plain bytes.
    pub(in crate::site) fn pack(self, plain: &Bytes, effort: Effort) -> Bytes {
        match self {
            Self::Brotli => brotli_of(plain, effort),
            Self::Gzip => gzip_of(plain, effort),
            Self::Plain => plain.clone(),
        }
    }

    /// The plain bytes of what [`Coding::pack`] made.
    pub(super) fn unpack(self, packed: &Bytes) -> Bytes {
        let mut plain = Vec::new();
        match self {
            Self::Plain => return packed.clone(),
            Self::Brotli => brotli::BrotliDecompress(&mut &packed[..], &mut plain).expect("we packed it"),
            Self::Gzip => {
                flate2::read::GzDecoder::new(&packed[..])
                    .read_to_end(&mut plain)
                    .map(drop)
                    .expect("we packed it");
            }
        }
        plain.into()
    }
}

// A writer into memory does not fail.
fn brotli_of(plain: &[u8], effort: Effort) -> Bytes {
    let quality = match effort {
        Effort::Quick => 3,
        Effort::Thorough => 9,
    };
    let mut out = Vec::with_capacity(plain.len() / 6);
    {
        let mut writer = brotli::CompressorWriter::new(&mut out, BROTLI.1, quality, BROTLI.0);
        writer.write_all(plain).expect("writing into memory");
    }
    out.into()
}

fn gzip_of(plain: &[u8], effort: Effort) -> Bytes {
    let level = match effort {
        Effort::Quick => 2,
        Effort::Thorough => 9,
    };
    let out = Vec::with_capacity(plain.len() / 6);
    let mut writer = flate2::write::GzEncoder::new(out, flate2::Compression::new(level));
    writer.write_all(plain).and_then(|()| writer.finish()).expect("writing into memory").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_gets_the_best_that_it_takes_and_nothing_that_it_refuses() {
        let taken = |accept: &'static str| {
            Coding::taken(&HeaderMap::from_iter([(
                header::ACCEPT_ENCODING,
                HeaderValue::from_static(accept),
            )]))
        };
        assert_eq!(taken("gzip, deflate, br, zstd"), Coding::Brotli);
        assert_eq!(taken("GZIP;q=0.5, deflate"), Coding::Gzip);
        assert_eq!(taken("br;q=0, gzip; q=1.0"), Coding::Gzip);
        assert_eq!(taken("br;q=0.000, gzip;q=0"), Coding::Plain);
        assert_eq!((taken("identity"), taken("")), (Coding::Plain, Coding::Plain));
        assert_eq!(Coding::taken(&HeaderMap::new()), Coding::Plain);
    }

    #[test]
    fn what_is_packed_comes_out_again() {
        let plain = Bytes::from("A page says much the same many times. ".repeat(500));
        for coding in [Coding::Brotli, Coding::Gzip, Coding::Plain] {
            for effort in [Effort::Quick, Effort::Thorough] {
                assert_eq!(coding.unpack(&coding.pack(&plain, effort)), plain, "{coding:?} {effort:?}");
            }
        }
        assert!(Coding::Gzip.pack(&plain, Effort::Quick).len() * 10 < plain.len());
    }
}
