//! Reads server-sent events as Mastodon writes them: comment lines without a blank line after them, no ids, and now and
//! then data that are no JSON.

use super::lines::{Ending, Piece, Splitter};

/// What a reader found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// An event that a blank line has completed.
    Message {
        /// `event:`; `message` when there was none.
        name: String,
        /// `data:` lines joined by `\n`.
        data: Vec<u8>,
    },
    /// A comment: the connection is alive.
    Comment,
    /// An event with a line, or with lines together, beyond the cap was dropped: bytes.
    Oversize(u64),
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Reader {
    splitter: Splitter,
    event_bytes_max: usize,
    name: Option<String>,
    data: Option<Vec<u8>>,
    /// Bytes of the event that is being dropped.
    dropped: u64,
}

impl Reader {
    /// A reader for events of at most `event_bytes_max` bytes.
    pub(crate) fn new(event_bytes_max: usize) -> Self {
        let splitter = Splitter::new(Ending::Lf, event_bytes_max);
        Self { splitter, event_bytes_max, name: None, data: None, dropped: 0 }
    }

    /// Takes a chunk; hands each event that it completes to `found`.
    pub(crate) fn push(&mut self, chunk: &[u8], mut found: impl FnMut(Event)) {
        let mut pieces = Vec::new();
        self.splitter.push(chunk, |piece| pieces.push(piece));
        for piece in pieces {
            match piece {
                Piece::Oversize(bytes) => self.dropped += bytes,
                Piece::Line(line) if line.is_empty() => {
                    if let Some(event) = self.dispatch() {
                        found(event);
                    }
                }
                Piece::Line(line) if line[0] == b':' => found(Event::Comment),
                Piece::Line(line) => self.field(&line),
            }
        }
    }

    fn field(&mut self, line: &[u8]) {
        let colon = line.iter().position(|b| *b == b':').unwrap_or(line.len());
        let (field, value) = (&line[..colon], line.get(colon + 1..).unwrap_or_default());
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match field {
            b"event" => self.name = Some(String::from_utf8_lossy(value).into_owned()),
            b"data" if self.data.as_ref().map_or(0, Vec::len) + value.len() > self.event_bytes_max => {
                self.dropped += value.len() as u64;
            }
            b"data" => match &mut self.data {
                Some(data) => {
                    data.push(b'\n');
                    data.extend_from_slice(value);
                }
                None => self.data = Some(value.to_vec()),
            },
            _ => {}
        }
    }

    fn dispatch(&mut self) -> Option<Event> {
        let (name, data) = (self.name.take(), self.data.take());
        let dropped = std::mem::take(&mut self.dropped);
        if dropped > 0 {
            return Some(Event::Oversize(dropped.max(self.event_bytes_max as u64 + 1)));
        }
        data.map(|data| Event::Message { name: name.unwrap_or_else(|| "message".into()), data })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(bytes: &[u8], size: usize) -> Vec<Event> {
        let mut reader = Reader::new(64);
        let mut out = Vec::new();
        for chunk in bytes.chunks(size) {
            reader.push(chunk, |event| out.push(event));
        }
        out
    }

    fn message(name: &str, data: &str) -> Event {
        Event::Message { name: name.into(), data: data.as_bytes().to_vec() }
    }

    #[test]
    fn events_are_read_however_the_chunks_are_cut() {
        let bytes = ":)\nevent: update\ndata: {\"a\":\"ü\"}\n\n:thump\nevent: delete\r\ndata: 12\r\n\r\n:thump\nevent: filters_changed\ndata: undefined\n\n\n\ndata:a\ndata\ndata:  b\nid: 7\n\nevent: no data\n\nevent: cut".as_bytes();
        for size in 1..=bytes.len() {
            let want = [
                Event::Comment,
                message("update", "{\"a\":\"ü\"}"),
                Event::Comment,
                message("delete", "12"),
                Event::Comment,
                message("filters_changed", "undefined"),
                message("message", "a\n\n b"),
            ];
            assert_eq!(events(bytes, size), want, "chunks of {size}");
        }
    }

    #[test]
    fn a_comment_in_the_middle_of_an_event_does_not_end_it() {
        assert_eq!(events(b"event: a\n:thump\ndata: 1\n\n", 5), [Event::Comment, message("a", "1")]);
    }

    #[test]
    fn an_event_that_is_too_long_is_dropped_whole() {
        let long = format!("event: update\ndata: {}\n\ndata: next\n\n", "x".repeat(500));
        let many = format!("event: update\n{}\ndata: next\n\n", "data: 0123456789\n".repeat(50));
        for bytes in [long, many] {
            let got = events(bytes.as_bytes(), 9);
            assert!(matches!(got[0], Event::Oversize(65..)), "{got:?}");
            assert_eq!(got[1..], [message("message", "next")]);
        }
    }
}
