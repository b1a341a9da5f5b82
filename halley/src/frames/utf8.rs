//! Whether bytes that come in pieces are UTF-8, without keeping them.

use std::str::from_utf8;

use crate::goodbye::Goodbye;

/// A character takes at most four bytes, so a cut leaves at most three.
const TAIL_BYTES_MAX: usize = 3;

/// The begun character between two pieces.
#[derive(Debug, Default)]
pub(super) struct Utf8 {
    tail: [u8; TAIL_BYTES_MAX],
    len: usize,
}

impl Utf8 {
    /// The next piece.
    ///
    /// # Errors
    /// At the first byte that no text could have here.
    pub(super) fn pass(&mut self, piece: &[u8]) -> Result<(), Goodbye> {
        let mut rest = piece;
        while self.len > 0 {
            let Some((next, after)) = rest.split_first() else { return Ok(()) };
            let mut character = [0; TAIL_BYTES_MAX + 1];
            character[..self.len].copy_from_slice(&self.tail[..self.len]);
            character[self.len] = *next;
            self.hold(&character[..=self.len])?;
            rest = after;
        }
        self.hold(rest)
    }

    /// Keeps what is left of `bytes` after the last whole character.
    fn hold(&mut self, bytes: &[u8]) -> Result<(), Goodbye> {
        let begun = match from_utf8(bytes) {
            Ok(_) => &[],
            Err(error) if error.error_len().is_none() => &bytes[error.valid_up_to()..],
            Err(_) => return Err(Goodbye::BadText),
        };
        self.tail[..begun.len()].copy_from_slice(begun);
        self.len = begun.len();
        Ok(())
    }

    /// Whether the text may end here.
    ///
    /// # Errors
    /// Within a character.
    pub(super) fn end(&self) -> Result<(), Goodbye> {
        if self.len == 0 { Ok(()) } else { Err(Goodbye::BadText) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_text(pieces: &[&[u8]]) -> bool {
        let mut utf8 = Utf8::default();
        pieces.iter().all(|piece| utf8.pass(piece).is_ok()) && utf8.end().is_ok()
    }

    #[test]
    fn text_cut_anywhere_is_judged_like_text_in_one_piece() {
        let samples: [&[u8]; 10] = [
            "häh 日本 👩‍👧 \u{0} \u{10ffff}".as_bytes(),
            b"",
            b"\xc3",
            b"\xc3\x28",
            b"\xed\xa0\x80",
            b"\xf4\x90\x80\x80",
            b"\xe0\x80\x80",
            b"ok\xff",
            b"\xf0\x9f\x91",
            b"\x80ok",
        ];
        for bytes in samples {
            let whole = from_utf8(bytes).is_ok();
            for first in 0..=bytes.len() {
                for second in first..=bytes.len() {
                    let pieces = [&bytes[..first], &bytes[first..second], &bytes[second..]];
                    assert_eq!(is_text(&pieces), whole, "{pieces:?}");
                }
            }
            assert_eq!(is_text(&bytes.chunks(1).collect::<Vec<_>>()), whole, "{bytes:?}");
        }
    }

    #[test]
    fn what_can_be_no_text_is_told_at_once() {
        assert_eq!(Utf8::default().pass(b"\xe0\x80"), Err(Goodbye::BadText));
        let mut utf8 = Utf8::default();
        assert_eq!(utf8.pass(b"\xf4"), Ok(()));
        assert_eq!(utf8.pass(b"\x90"), Err(Goodbye::BadText));
    }
}
