//! The path of a frame without its socket, for `cargo xtask bench`: bytes in, what is to be done with them out.

use super::event::{self, Told};
use super::frame::{Kind, Scanner};
use super::tags::Tags;
use crate::source::Draft;

/// Reads frames for a set of hashtags, as the live stream does.
pub struct Frames {
    tags: Tags,
    scanner: Scanner,
    /// Newest time heard, in microseconds: what becomes the cursor.
    pub newest: i64,
}

impl Frames {
    /// A reader for these hashtags.
    pub fn new(tags: &[String]) -> Self {
        let tags = Tags::new(tags);
        Self { scanner: Scanner::new(&tags), tags, newest: 0 }
    }

    /// Reads one unmasked payload: checks that it is text, moves the cursor, and gives the post when it is one of ours.
    pub fn read(&mut self, payload: &[u8]) -> Option<Box<Draft>> {
        let text = std::str::from_utf8(payload).ok()?;
        let look = self.scanner.look(text);
        self.newest = self.newest.max(look.time.unwrap_or(0));
        match look.kind {
            Kind::Unmatched | Kind::Delete { .. } => None,
            Kind::Whole => match event::read(text, &self.tags).1 {
                Told::Post(draft) => Some(draft),
                _ => None,
            },
        }
    }
}
