//! From the bytes that a process writes to lines that may be kept: cut at a length, free of control characters, and not more of them than
//! a budget. Pure.

use std::time::Instant;

/// A line is cut here.
pub(crate) const LINE_BYTES_MAX: usize = 8 * 1024;
/// What one instance may write for ever, in bytes a second, and at once after a pause. What is beyond is counted and dropped.
const BYTES_PER_SECOND: u64 = 1 << 20;
const BURST_BYTES: u64 = 4 << 20;
const CUT: &str = " [cut]";

/// Puts lines together. One for each pipe.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    line: Vec<u8>,
    /// The rest of a line that was cut is passed over.
    is_over: bool,
}

impl Lines {
    /// Takes more bytes, and hands each line that is whole to `keep`.
    pub(crate) fn feed(&mut self, bytes: &[u8], mut keep: impl FnMut(String)) {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let (words, is_whole) = match piece.strip_suffix(b"\n") {
                Some(words) => (words, true),
                None => (piece, false),
            };
            self.take(words, &mut keep);
            if is_whole {
                self.end(&mut keep);
                self.is_over = false;
            }
        }
    }

    /// Bytes were passed over: what follows begins somewhere in a line.
    pub(crate) fn lose(&mut self) {
        self.line.clear();
        self.is_over = true;
    }

    /// The pipe has closed: what is there is the last line.
    pub(crate) fn finish(&mut self, mut keep: impl FnMut(String)) {
        if !self.line.is_empty() {
            self.end(&mut keep);
        }
    }

    fn take(&mut self, words: &[u8], keep: &mut impl FnMut(String)) {
        if self.is_over {
            return;
        }
        let room = LINE_BYTES_MAX - self.line.len();
        self.line.extend_from_slice(&words[..words.len().min(room)]);
        if words.len() > room {
            let mut text = safe(&self.line);
            text.push_str(CUT);
            keep(text);
            self.line.clear();
            self.is_over = true;
        }
    }

    fn end(&mut self, keep: &mut impl FnMut(String)) {
        if !self.is_over {
            keep(safe(self.line.strip_suffix(b"\r").unwrap_or(&self.line)));
        }
        self.line.clear();
    }
}

/// The line as text that neither a terminal nor a page can be moved by. Tabs stay.
fn safe(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(line);
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() && c != '\t' {
            safe.extend(c.escape_default());
        } else {
            safe.push(c);
        }
    }
    safe
}

/// How much of what an instance writes is kept.
#[derive(Debug)]
pub(crate) struct Budget {
    left: u64,
    at: Instant,
    dropped: u64,
}

impl Budget {
    pub(crate) fn new(now: Instant) -> Self {
        Self { left: BURST_BYTES, at: now, dropped: 0 }
    }

    /// Whether so many bytes may be kept. If some were dropped before, it is also time to say how many.
    pub(crate) fn take(&mut self, bytes: usize, now: Instant) -> Verdict {
        let passed_ms = u64::try_from(now.duration_since(self.at).as_millis()).unwrap_or(u64::MAX);
        // Whole milliseconds only, so that many small calls do not lose what lies between.
        if passed_ms > 0 {
            self.left =
                self.left.saturating_add(passed_ms.saturating_mul(BYTES_PER_SECOND) / 1000).min(BURST_BYTES);
            self.at = now;
        }
        let bytes = bytes as u64;
        // Once something was dropped, a quarter of a second must be free again: one note, not one for each line.
        let needed = if self.dropped > 0 { bytes.max(BYTES_PER_SECOND / 4) } else { bytes };
        if self.left < needed {
            self.dropped = self.dropped.saturating_add(bytes);
            return Verdict::Drop;
        }
        self.left -= bytes;
        match std::mem::take(&mut self.dropped) {
            0 => Verdict::Keep,
            dropped => Verdict::KeepAfter { dropped },
        }
    }
}

/// See [`Budget::take`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Keep,
    KeepAfter { dropped: u64 },
    Drop,
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    fn lines(pieces: &[&[u8]]) -> Vec<String> {
        let (mut lines, mut kept) = (Lines::default(), Vec::new());
        for piece in pieces {
            lines.feed(piece, |line| kept.push(line));
        }
        lines.finish(|line| kept.push(line));
        kept
    }

    #[test]
    fn lines_are_put_together_from_pieces_and_made_safe() {
        assert_eq!(lines(&[b"on", b"e\ntwo\r\n\nthr", b"ee"]), ["one", "two", "", "three"]);
        assert_eq!(lines(&[b"a\x1b[31mred\x07\tb\xff\n"]), ["a\\u{1b}[31mred\\u{7}\tb\u{fffd}"]);
    }

    #[test]
    fn a_line_without_an_end_is_cut_and_takes_no_memory() {
        let (mut made, mut kept) = (Lines::default(), Vec::new());
        for _ in 0..100 {
            made.feed(&[b'x'; 4096], |line| kept.push(line));
        }
        assert!(made.line.capacity() <= 4 * LINE_BYTES_MAX);
        made.feed(b"\nnext\n", |line| kept.push(line));
        assert_eq!((kept.len(), kept[0].len(), kept[1].as_str()), (2, LINE_BYTES_MAX + CUT.len(), "next"));
        assert!(kept[0].ends_with(CUT));
    }

    #[test]
    fn a_flood_is_cut_to_the_budget_and_what_was_dropped_is_told_once() {
        let start = Instant::now();
        let (mut budget, mut kept, mut dropped, mut notes) = (Budget::new(start), 0, 0, 0);
        // 100 MiB in ten seconds.
        for n in 0..102_400_u32 {
            match budget.take(1024, start + Duration::from_micros(u64::from(n) * 98)) {
                Verdict::Keep => kept += 1024,
                Verdict::KeepAfter { dropped: some } => {
                    (kept, dropped, notes) = (kept + 1024, dropped + some, notes + 1);
                }
                Verdict::Drop => {}
            }
        }
        assert!(kept <= BURST_BYTES + 11 * BYTES_PER_SECOND, "{kept}");
        assert!(kept >= 8 * BYTES_PER_SECOND, "{kept}");
        assert!(dropped > 80 << 20 && notes < 60, "{dropped} {notes}");
        assert_eq!(
            budget.take(1, start + Duration::from_secs(60)),
            Verdict::KeepAfter { dropped: (100 << 20) - kept - dropped }
        );
    }

    proptest! {
        #[test]
        fn lines_do_not_depend_on_how_the_bytes_came(
            bytes in prop::collection::vec(prop_oneof![Just(b'\n'), any::<u8>()], 0..400),
            cuts in prop::collection::vec(0_usize..400, 0..8),
        ) {
            let mut cuts: Vec<usize> = cuts.into_iter().map(|at| at.min(bytes.len())).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let pieces: Vec<&[u8]> = cuts.windows(2).map(|ends| &bytes[ends[0]..ends[1]]).collect();
            prop_assert_eq!(lines(&pieces), lines(&[&bytes]));
        }
    }
}
