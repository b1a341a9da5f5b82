//! The message that is fanned out: a JSON object of a given length with a text that tells its number, when it was due, and whether
//! every byte of it is in its place.
//!
//! The text is `~~NUMBER~DUE~LENGTH~filler~NUMBER~~`: nothing in it needs an escape in JSON, and nothing in it is a tag, a link or a
//! mention to somebody who looks for those.

use nix::time::ClockId;

/// Nanoseconds of `CLOCK_MONOTONIC`, which all processes of one machine share.
pub(crate) type Nanos = u64;

/// A text's shortest length: its marks, and at least one byte of filler.
pub(crate) const TEXT_BYTES_MIN: usize = HEAD_BYTES + 1 + TAIL_BYTES;
/// Longest text that can be checked.
pub(crate) const TEXT_BYTES_MAX: usize = 9_999;

const NUMBER_DIGITS: usize = 8;
const DUE_DIGITS: usize = 19;
const LENGTH_DIGITS: usize = 4;
/// `~~NUMBER~DUE~LENGTH~`
const HEAD_BYTES: usize = 2 + NUMBER_DIGITS + 1 + DUE_DIGITS + 1 + LENGTH_DIGITS + 1;
/// `~NUMBER~~`
const TAIL_BYTES: usize = 1 + NUMBER_DIGITS + 2;
const FILLER: &[u8] = b"the quick brown fox jumps over the lazy dog and ";

/// The time now.
pub(crate) fn now() -> Nanos {
    let time = ClockId::CLOCK_MONOTONIC.now().expect("every Linux has a monotonic clock");
    time.tv_sec() as u64 * 1_000_000_000 + time.tv_nsec() as u64
}

/// One message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Message {
    /// From 1, without holes.
    pub(crate) number: u64,
    /// When it was to be published. Latency starts here, so a publisher that is late makes its server's figures worse, not better.
    pub(crate) due: Nanos,
    /// What a subscriber receives for it, in bytes.
    pub(crate) bytes: usize,
}

impl Message {
    /// The text to put into whatever the server makes of a message, `bytes` long. A server that adds fields of its own asks for a
    /// text that is shorter by as much as they take.
    pub(crate) fn text(&self, bytes: usize) -> String {
        let bytes = bytes.clamp(TEXT_BYTES_MIN, TEXT_BYTES_MAX);
        let mut text = format!("~~{:08}~{:019}~{bytes:04}~", self.number, self.due);
        text.extend(
            FILLER.iter().cycle().take(bytes - HEAD_BYTES - TAIL_BYTES).map(|byte| char::from(*byte)),
        );
        text.push_str(&format!("~{:08}~~", self.number));
        text
    }

    /// The message as a JSON object by itself, for servers that pass on what they are given: exactly [`Message::bytes`] long.
    pub(crate) fn json(&self) -> Vec<u8> {
        let (before, after) = (format!(r#"{{"seq":{},"text":""#, self.number), r#""}"#);
        let text = self.text(self.bytes.saturating_sub(before.len() + after.len()));
        format!("{before}{text}{after}").into_bytes()
    }
}

/// What one message's bytes say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// Whole and true.
    Whole {
        /// Its number.
        number: u64,
        /// When it was due.
        due: Nanos,
    },
    /// The mark of a message is there, but something in it is not as it was published.
    Torn,
    /// There is none (any more).
    Nothing,
}
