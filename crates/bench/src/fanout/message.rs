//! The message that is fanned out: a JSON object of a given length with a text that tells its number, when it was due, and whether
//! every byte of it is in its place.
//!
//! The text is `~~NUMBER~DUE~LENGTH~filler~NUMBER~~`: nothing in it needs an escape in JSON, and nothing in it is a tag, a link or a
//! mention to somebody who looks for those.

use memchr::memmem::Finder;
use nix::time::ClockId;

/// Nanoseconds of `CLOCK_MONOTONIC`, which all processes of one machine share.
pub(crate) type Nanos = u64;

/// A text's shortest length: its marks, and at least one byte of filler.
pub(crate) const TEXT_BYTES_MIN: usize = HEAD_BYTES + 1 + TAIL_BYTES;
/// Longest text that can be checked.
pub(crate) const TEXT_BYTES_MAX: usize = 9_999;

const MARK: &[u8] = b"~~";
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

/// One message among the bytes of a frame, an event or an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// It is as it was published.
    Whole {
        /// Its number.
        number: u64,
        /// When it was due.
        due: Nanos,
    },
    /// There is a mark of it, but something is missing or not as it was published.
    Torn {
        /// Its number, where that can still be read.
        number: Option<u64>,
    },
}

/// Looks for messages. Making one costs more than a search, so it is kept.
pub(crate) struct Searcher(Finder<'static>);

impl Default for Searcher {
    fn default() -> Self {
        Self(Finder::new(MARK))
    }
}

impl Searcher {
    /// Calls `found` for each message in one frame, event or answer.
    pub(crate) fn search(&self, unit: &[u8], mut found: impl FnMut(Found)) {
        let mut at = 0;
        // The end of a torn message is no second one.
        let mut is_torn_open = false;
        while let Some(step) = self.0.find(&unit[at..]) {
            let here = &unit[at + step..];
            if here.get(MARK.len()).is_some_and(u8::is_ascii_digit) {
                let (one, length) = message_at(here);
                is_torn_open = matches!(one, Found::Torn { .. });
                found(one);
                at += step + length;
            } else {
                let number = number_before(&unit[..at + step]);
                if !is_torn_open {
                    found(Found::Torn { number });
                }
                // Without a number before it, this was the beginning.
                is_torn_open = !is_torn_open && number.is_none();
                at += step + MARK.len();
            }
        }
    }
}

/// What begins here with a mark, and how far to go on.
fn message_at(bytes: &[u8]) -> (Found, usize) {
    let torn = |number| (Found::Torn { number }, MARK.len());
    let Some(head) = bytes.get(..HEAD_BYTES) else { return torn(None) };
    let (number, rest) = (digits(&head[2..], NUMBER_DIGITS), &head[2 + NUMBER_DIGITS..]);
    let due = field(rest, DUE_DIGITS);
    let length = field(&rest[1 + DUE_DIGITS..], LENGTH_DIGITS);
    let (Some(number), Some(due), Some(length), b'~') = (number, due, length, head[HEAD_BYTES - 1]) else {
        return torn(number);
    };
    let length = length as usize;
    let Some(text) = bytes.get(..length).filter(|_| length >= TEXT_BYTES_MIN) else {
        return torn(Some(number));
    };
    let (filler, tail) = text[HEAD_BYTES..].split_at(length - HEAD_BYTES - TAIL_BYTES);
    let is_whole = filler.chunks(FILLER.len()).all(|part| *part == FILLER[..part.len()])
        && field(tail, NUMBER_DIGITS) == Some(number)
        && tail.ends_with(MARK);
    if is_whole { (Found::Whole { number, due }, length) } else { torn(Some(number)) }
}

/// The number of a message of which there is only the end.
fn number_before(bytes: &[u8]) -> Option<u64> {
    field(bytes.get(bytes.len().checked_sub(1 + NUMBER_DIGITS)?..)?, NUMBER_DIGITS)
}

/// A separator and so many digits.
fn field(bytes: &[u8], count: usize) -> Option<u64> {
    bytes.split_first().filter(|(first, _)| **first == b'~').and_then(|(_, rest)| digits(rest, count))
}

fn digits(bytes: &[u8], count: usize) -> Option<u64> {
    bytes.get(..count)?.iter().try_fold(0u64, |sum, byte| {
        byte.is_ascii_digit().then(|| sum.checked_mul(10)?.checked_add(u64::from(byte - b'0'))).flatten()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(number: u64) -> Message {
        Message { number, due: 1_234_567_890_123, bytes: 600 }
    }

    fn all(unit: &[u8]) -> Vec<Found> {
        let mut all = Vec::new();
        Searcher::default().search(unit, |found| all.push(found));
        all
    }

    fn whole(number: u64) -> Found {
        Found::Whole { number, due: 1_234_567_890_123 }
    }

    #[test]
    fn a_message_is_as_long_as_was_asked_and_is_found_whole() {
        for bytes in [TEXT_BYTES_MIN + 40, 600, 4_000] {
            let json = Message { bytes, ..message(7) }.json();
            assert_eq!((json.len(), all(&json)), (bytes, vec![whole(7)]));
            serde_json::from_slice::<serde_json::Value>(&json).expect("JSON");
        }
    }

    #[test]
    fn all_messages_of_one_unit_are_found() {
        let unit = [message(7).json(), b",".to_vec(), message(8).json(), message(9).json()].concat();
        assert_eq!(all(&unit), [whole(7), whole(8), whole(9)]);
        assert_eq!(all(b"{\"beat\":{\"now\":1}}"), []);
    }

    #[test]
    fn every_changed_byte_of_a_text_is_one_torn_message() {
        let good = message(7).text(200);
        // The clock's digits cannot be checked: a wrong one is another time.
        let due = 2 + NUMBER_DIGITS + 1..2 + NUMBER_DIGITS + 1 + DUE_DIGITS;
        for at in (0..good.len()).filter(|at| !due.contains(at)) {
            let mut bad = good.clone().into_bytes();
            bad[at] = if bad[at] == b'x' { b'y' } else { b'x' };
            let found = all(&bad);
            assert!(matches!(found[..], [Found::Torn { .. }]), "{at}: {found:?}");
        }
    }

    #[test]
    fn every_cut_text_is_one_torn_message_and_the_next_is_whole() {
        let good = message(7).text(200);
        for at in 3..good.len() {
            for cut in [&good[..at], &good[at..]] {
                let found =
                    all(format!("{cut}\"}},{}", String::from_utf8_lossy(&message(8).json())).as_bytes());
                let is_one = matches!(found[..], [Found::Torn { .. }, ref next] if *next == whole(8));
                // Only half a mark is left: nobody can tell it from anything else, and the number is missed instead.
                assert!(is_one || (cut.len() < 2 && found == [whole(8)]), "{at} {cut}: {found:?}");
            }
        }
    }
}
