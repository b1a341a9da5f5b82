//! The newest lines of one process, kept in memory for `ctl logs`, the dashboard and the reason of a death.

use std::collections::VecDeque;

use super::seat::RunId;
use super::wire::{LINES_MAX, Lines, LogLine, LogsRequest};

/// All lines together, in bytes.
const TAIL_BYTES_MAX: usize = 256 * 1024;
/// Lines that belong to the reason of a death.
const LAST_WORDS: usize = 10;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Tail {
    kept: VecDeque<Kept>,
    bytes: usize,
    /// Lines that ever came.
    next: u64,
}

#[derive(Debug)]
struct Kept {
    number: u64,
    run: RunId,
    line: LogLine,
}

impl Tail {
    pub(crate) fn push(&mut self, run: RunId, line: LogLine) {
        self.next += 1;
        self.bytes += line.text.len();
        self.kept.push_back(Kept { number: self.next, run, line });
        while self.kept.len() > LINES_MAX || self.bytes > TAIL_BYTES_MAX {
            let Some(oldest) = self.kept.pop_front() else { break };
            self.bytes -= oldest.line.text.len();
        }
    }

    /// What was asked for.
    pub(crate) fn read(&self, request: &LogsRequest) -> Lines {
        let after = request.after.unwrap_or(0);
        let is_asked = |kept: &&Kept| {
            kept.number > after && request.instance.is_none_or(|instance| kept.line.instance == instance)
        };
        let newest = self.kept.iter().rev().filter(is_asked).take(request.lines.min(LINES_MAX));
        let mut lines: Vec<LogLine> = newest.map(|kept| kept.line.clone()).collect();
        lines.reverse();
        Lines { lines, next: self.next }
    }

    /// The last lines of one run.
    pub(crate) fn last_words(&self, run: RunId) -> Vec<String> {
        let of_run = self.kept.iter().rev().filter(|kept| kept.run == run).take(LAST_WORDS);
        let mut words: Vec<String> = of_run.map(|kept| kept.line.text.clone()).collect();
        words.reverse();
        words
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(tail: &mut Tail, run: u64, instance: usize, text: &str) {
        tail.push(RunId(run), LogLine { at: 0, instance, text: text.to_owned() });
    }

    fn read(tail: &Tail, instance: Option<usize>, lines: usize, after: Option<u64>) -> (Vec<String>, u64) {
        let got = tail.read(&LogsRequest { process: String::new(), instance, lines, after });
        (got.lines.into_iter().map(|line| line.text).collect(), got.next)
    }

    #[test]
    fn newest_lines_come_in_order_and_what_follows_is_asked_by_number() {
        let mut tail = Tail::default();
        for (run, instance, text) in [(1, 1, "a"), (2, 2, "b"), (1, 1, "c")] {
            said(&mut tail, run, instance, text);
        }
        assert_eq!(read(&tail, None, 2, None), (vec!["b".to_owned(), "c".to_owned()], 3));
        assert_eq!(read(&tail, Some(1), 9, None).0, ["a", "c"]);
        said(&mut tail, 3, 1, "d");
        assert_eq!(read(&tail, None, 9, Some(3)), (vec!["d".to_owned()], 4));
        assert_eq!(tail.last_words(RunId(1)), ["a", "c"]);
    }

    #[test]
    fn memory_is_bounded_by_lines_and_by_bytes() {
        let mut tail = Tail::default();
        (0..2000).for_each(|n| said(&mut tail, 1, 1, &n.to_string()));
        let (lines, next) = read(&tail, None, usize::MAX, None);
        assert_eq!((lines.len(), lines[0].as_str(), next), (LINES_MAX, "1500", 2000));
        (0..100).for_each(|_| said(&mut tail, 1, 1, &"x".repeat(8192)));
        assert!(tail.bytes <= TAIL_BYTES_MAX && tail.kept.len() == TAIL_BYTES_MAX / 8192);
    }
}
