//! The chunked transfer coding, read byte by byte where it must be and in slices where it can be.

use super::Broken;

/// Longest size line and trailer line, extensions included.
const LINE_BYTES_MAX: u16 = 1_024;

/// Where a body in chunks stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Chunks {
    at: At,
    /// Of the current chunk's data, or the size as far as it was read.
    left: u64,
    /// Of the current line.
    line_bytes: u16,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum At {
    /// In a size's digits.
    #[default]
    Size,
    /// Behind them: extension or line end.
    Extension,
    Data,
    /// The line end behind the data.
    DataEnd,
    /// In a line behind the last chunk, which is empty when it is the last.
    Trailer,
    End,
}

impl Chunks {
    /// Whether the last chunk was read to its end.
    pub(crate) fn is_at_end(&self) -> bool {
        self.at == At::End
    }

    /// Appends the data in `bytes` to `body`; how many bytes were read, which is all of them unless the body ended.
    pub(crate) fn read(&mut self, bytes: &[u8], body: &mut Vec<u8>) -> Result<usize, Broken> {
        let mut rest = bytes;
        while let Some((byte, behind)) = rest.split_first() {
            match self.at {
                At::End => break,
                At::Data => {
                    let take = rest.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
                    body.extend_from_slice(&rest[..take]);
                    self.left -= take as u64;
                    if self.left == 0 {
                        self.at = At::DataEnd;
                    }
                    rest = &rest[take..];
                    continue;
                }
                _ => self.step(*byte)?,
            }
            rest = behind;
        }
        Ok(bytes.len() - rest.len())
    }

    /// One byte that is not data.
    fn step(&mut self, byte: u8) -> Result<(), Broken> {
        self.line_bytes += 1;
        if self.line_bytes > LINE_BYTES_MAX {
            return Err(Broken::Chunk);
        }
        match (self.at, byte) {
            (At::Size, digit) if digit.is_ascii_hexdigit() => {
                let digit = char::from(digit).to_digit(16).expect("a hexadecimal digit");
                self.left = self.left.checked_mul(16).ok_or(Broken::Chunk)? + u64::from(digit);
            }
            (At::Size, _) if self.line_bytes == 1 => return Err(Broken::Chunk),
            (At::Size | At::Extension, b'\n') => {
                self.at = if self.left == 0 { At::Trailer } else { At::Data };
                self.line_bytes = 0;
            }
            (At::Size, b';' | b' ' | b'\t' | b'\r') => self.at = At::Extension,
            (At::Size, _) => return Err(Broken::Chunk),
            (At::DataEnd, b'\r') | (At::Extension | At::Trailer, b'\r') => {
                // A lone return is no line of its own.
                self.line_bytes -= 1;
            }
            (At::DataEnd, b'\n') => *self = Self::default(),
            (At::DataEnd, _) => return Err(Broken::Chunk),
            (At::Trailer, b'\n') => {
                self.at = if self.line_bytes == 1 { At::End } else { At::Trailer };
                self.line_bytes = 0;
            }
            (At::Extension | At::Trailer | At::Data | At::End, _) => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] =
        b"5\r\nhello\r\n1;name=value\r\n,\r\n00006\r\n world\r\n0\r\nTrailer: x\r\n\r\nHTTP/1.1";

    fn read(pieces: &[&[u8]]) -> Result<(Vec<u8>, usize, bool), Broken> {
        let (mut chunks, mut body, mut taken) = (Chunks::default(), Vec::new(), 0);
        for piece in pieces {
            taken += chunks.read(piece, &mut body)?;
        }
        Ok((body, taken, chunks.is_at_end()))
    }

    #[test]
    fn a_body_is_the_same_however_it_is_cut() {
        let want = Ok((b"hello, world".to_vec(), BODY.len() - b"HTTP/1.1".len(), true));
        assert_eq!(read(&[BODY]), want);
        for at in 0..BODY.len() {
            assert_eq!(read(&[&BODY[..at], &BODY[at..]]), want, "{at}");
        }
        assert_eq!(read(&BODY.chunks(1).collect::<Vec<_>>()), want);
    }

    #[test]
    fn what_is_no_size_is_refused() {
        for bad in [&b"\r\n"[..], b"g\r\n", b"5\r\nhelloX", b"fffffffffffffffff\r\n", &[b'0'; 2_000]] {
            assert_eq!(read(&[bad]), Err(Broken::Chunk), "{bad:?}");
        }
    }
}
