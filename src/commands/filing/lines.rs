//! Reading a file of lines that nobody has checked: never more of a line than a limit, and no line lost silently.

use std::io::{BufRead, BufReader, Read};

/// Longest line, in bytes.
pub(crate) const LINE_BYTES_MAX: usize = 1 << 20;
/// How much is read at once, in bytes.
const READ_BYTES: usize = 1 << 16;

/// A line, as far as it can be read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// Its bytes, without line feed, carriage return and byte order mark.
    Whole(Vec<u8>),
    /// More than [`LINE_BYTES_MAX`]; what it held is skipped.
    TooLong,
}

/// The lines of a file with their numbers from 1. Blank ones are counted and left out.
#[derive(Debug)]
pub(crate) struct Lines<R> {
    from: BufReader<R>,
    number: usize,
}

impl<R: Read> Lines<R> {
    pub(crate) fn new(from: R) -> Self {
        Self { from: BufReader::with_capacity(READ_BYTES, from), number: 0 }
    }

    /// Whether the next line has been read already.
    pub(crate) fn is_ready(&self) -> bool {
        self.from.buffer().contains(&b'\n')
    }

    /// The next line; none at the end.
    pub(crate) fn next_line(&mut self) -> std::io::Result<Option<(usize, Line)>> {
        loop {
            let mut bytes = Vec::new();
            let limit = LINE_BYTES_MAX as u64 + 2;
            if self.from.by_ref().take(limit).read_until(b'\n', &mut bytes)? == 0 {
                return Ok(None);
            }
            self.number += 1;
            if !bytes.ends_with(b"\n") && bytes.len() as u64 == limit {
                self.from.skip_until(b'\n')?;
                return Ok(Some((self.number, Line::TooLong)));
            }
            let line = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes).trim_ascii();
            if !line.is_empty() {
                return Ok(Some((self.number, Line::Whole(line.to_vec()))));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &[u8]) -> Vec<(usize, Line)> {
        let mut lines = Lines::new(text);
        std::iter::from_fn(|| lines.next_line().unwrap()).collect()
    }

    #[test]
    fn byte_order_marks_carriage_returns_and_blank_lines_are_no_content() {
        let whole = |n, text: &str| (n, Line::Whole(text.into()));
        assert_eq!(read(b"\xef\xbb\xbf{}\r\n\r\n\n{1}"), [whole(1, "{}"), whole(4, "{1}")]);
        assert_eq!(read(b""), []);
    }

    #[test]
    fn a_line_beyond_the_limit_is_told_and_the_next_one_is_read() {
        let mut text = vec![b'a'; LINE_BYTES_MAX + 7];
        text.extend_from_slice(b"\nb\n");
        assert_eq!(read(&text), [(1, Line::TooLong), (2, Line::Whole(b"b".to_vec()))]);
    }
}
