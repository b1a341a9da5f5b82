//! For `crates/bench` alone: what halley does to bytes, to be measured by itself.

use bytes::Bytes;

use crate::coding::{Coding, Effort};

/// The payload of one compressed message; none when it would not be shorter.
#[must_use]
pub fn deflated(text: &[u8]) -> Option<Bytes> {
    crate::deflate::deflate(text)
}

/// A page as a poll answers it, in brotli.
///
/// # Errors
/// See the compressor.
pub fn packed(page: &Bytes) -> std::io::Result<Bytes> {
    Coding::Brotli.pack(page, Effort::Quick)
}
