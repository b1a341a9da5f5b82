//! Cuts a stream of bytes into lines, whatever the chunks are: a boundary may lie inside a UTF-8 sequence, between `\r`
//! and `\n`, anywhere. A line beyond the cap is skipped to its end and its length reported; it costs no memory.

/// What ends a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// `\n`, with or without a `\r` before it.
    Lf,
    /// `\r\n` only: a bare `\n` belongs to the line (Twitter v1.1).
    CrLf,
}

/// What a splitter found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    /// A line without its end; may be empty.
    Line(Vec<u8>),
    /// A line beyond the cap was skipped: its length in bytes.
    Oversize(u64),
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Splitter {
    ending: Ending,
    line_bytes_max: usize,
    line: Vec<u8>,
    /// Bytes of the line that is being skipped.
    skipped: Option<u64>,
    /// The last byte was a `\r` that may belong to an end.
    has_cr: bool,
}

impl Splitter {
    /// A splitter for lines of at most `line_bytes_max` bytes, their ends not counted.
    pub(crate) fn new(ending: Ending, line_bytes_max: usize) -> Self {
        Self { ending, line_bytes_max, line: Vec::new(), skipped: None, has_cr: false }
    }

    /// Takes a chunk; hands each piece that it completes to `found`.
    pub(crate) fn push(&mut self, mut chunk: &[u8], mut found: impl FnMut(Piece)) {
        while !chunk.is_empty() {
            let Some(at) = chunk.iter().position(|b| *b == b'\n') else {
                return self.keep(chunk);
            };
            let (head, rest) = (&chunk[..at], &chunk[at + 1..]);
            self.keep(head);
            if self.ending == Ending::Lf || self.has_cr {
                found(self.finish());
            } else {
                self.keep(b"\n");
            }
            chunk = rest;
        }
    }

    /// Adds bytes that hold no end of a line; a `\r` at their end is kept back.
    fn keep(&mut self, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        if std::mem::take(&mut self.has_cr) {
            self.store(b"\r");
        }
        let body = match bytes.split_last() {
            Some((b'\r', body)) => {
                self.has_cr = true;
                body
            }
            _ => bytes,
        };
        self.store(body);
    }

    fn store(&mut self, bytes: &[u8]) {
        if let Some(skipped) = &mut self.skipped {
            *skipped += bytes.len() as u64;
        } else if self.line.len() + bytes.len() > self.line_bytes_max {
            self.skipped = Some((self.line.len() + bytes.len()) as u64);
            self.line = Vec::new();
        } else {
            self.line.extend_from_slice(bytes);
        }
    }

    fn finish(&mut self) -> Piece {
        self.has_cr = false;
        match self.skipped.take() {
            Some(bytes) => Piece::Oversize(bytes),
            None => Piece::Line(std::mem::take(&mut self.line)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All pieces of `bytes`, fed in chunks of `size`.
    fn pieces(bytes: &[u8], ending: Ending, size: usize) -> Vec<Piece> {
        let mut splitter = Splitter::new(ending, 16);
        let mut out = Vec::new();
        for chunk in bytes.chunks(size) {
            splitter.push(chunk, |piece| out.push(piece));
        }
        out
    }

    fn line(text: &str) -> Piece {
        Piece::Line(text.as_bytes().to_vec())
    }

    #[test]
    fn lines_are_the_same_however_the_chunks_are_cut() {
        let bytes = "日本語\r\n\r\na\rb\nlast\r\nnot ended".as_bytes();
        for size in 1..=bytes.len() {
            assert_eq!(
                pieces(bytes, Ending::Lf, size),
                [line("日本語"), line(""), line("a\rb"), line("last")]
            );
            assert_eq!(pieces(bytes, Ending::CrLf, size), [line("日本語"), line(""), line("a\rb\nlast")]);
        }
    }

    #[test]
    fn a_line_beyond_the_cap_is_skipped_to_its_end_and_the_next_one_is_read() {
        let bytes = [&[b'x'; 1000][..], b"\r\nnext\r\n0123456789abcdef\r\n0123456789abcdefg\r\n"].concat();
        for size in [1, 7, 16, 17, 999, 1001, 2000] {
            let want = [Piece::Oversize(1000), line("next"), line("0123456789abcdef"), Piece::Oversize(17)];
            assert_eq!(pieces(&bytes, Ending::Lf, size), want, "chunks of {size}");
            assert_eq!(pieces(&bytes, Ending::CrLf, size), want, "chunks of {size}");
        }
    }

    #[test]
    fn many_carriage_returns_are_words_until_one_ends_the_line() {
        for size in 1..6 {
            assert_eq!(pieces(b"a\r\r\r\n\r\n", Ending::CrLf, size), [line("a\r\r"), line("")]);
        }
    }
}
