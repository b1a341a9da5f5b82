//! What a source is known to have covered, and the gap that is shown for what it has not. Pure: the pump reports what
//! happened, and gets the gap entries to write.
//!
//! A *covered* source has everything up to `covered`. It stops being so when its stream ends, and is so again once a
//! backfill has closed the hole. What is not closed within [`GAP_AFTER`] becomes a gap, at first without an end.

use std::time::Duration;

use model::{Gap, Micros};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::source::{CURSOR_BYTES_MAX, Cursor};

/// How long a hole may stay open before it is shown. With the longest silence of a stream (60 s) this keeps the
/// promise that a loss shows within 90 s.
pub(super) const GAP_AFTER: Duration = Duration::from_secs(30);
/// A source that is asked once a minute learns late that nobody answers; its hole is shown so long after it was last heard,
/// which keeps the same promise on a busy machine, too.
const GAP_AFTER_LAST_WORD: Duration = Duration::from_secs(75);
/// But no hole is shown sooner than this: the first new try may close it.
const GAP_AFTER_MIN: Duration = Duration::from_secs(10);

/// What the ledger remembers of a source between starts, in the same transaction as the items it brought.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Saved {
    /// The source's own cursor.
    pub(crate) cursor: Option<String>,
    /// Everything posted before this has been received, or is named in a gap.
    pub(crate) covered: Micros,
    /// The gap that is still open.
    #[serde(default)]
    pub(crate) gap: Option<Gap>,
}

#[derive(Debug)]
pub(super) struct Coverage {
    source: String,
    saved: Saved,
    /// A cursor that the stream reported while a hole was open: valid once it is closed.
    ahead: Option<Cursor>,
    /// Since when there is a hole, by the monotonic clock; `None` while covered.
    hole_since: Option<Instant>,
    /// When `covered` last moved, by the monotonic clock.
    heard_at: Instant,
    /// Nothing has been promised yet: the network has never let us in.
    is_unopened: bool,
    /// No earlier start is on record, so nothing before this one is owed.
    is_first_start: bool,
}

impl Coverage {
    /// Goes on from what the ledger remembers. Begins with a hole: nobody listened while the process was down.
    pub(super) fn new(source: &str, saved: Option<Saved>, now: Micros) -> Self {
        let is_first_start = saved.is_none();
        let saved = saved.unwrap_or(Saved { cursor: None, covered: now, gap: None });
        Self {
            source: source.to_owned(),
            saved,
            ahead: None,
            hole_since: Some(Instant::now()),
            heard_at: Instant::now(),
            is_unopened: is_first_start,
            is_first_start,
        }
    }

    /// The network let us in.
    pub(super) fn opened(&mut self) {
        self.is_unopened = false;
    }

    pub(super) fn saved(&self) -> &Saved {
        &self.saved
    }

    pub(super) fn is_covered(&self) -> bool {
        self.hole_since.is_none()
    }

    /// When the hole has to be shown; `None` while there is none, or when it is shown already.
    pub(super) fn gap_due(&self) -> Option<Instant> {
        let unseen = self.saved.gap.is_none() && !self.is_unopened;
        let by_last_word = self.heard_at + GAP_AFTER_LAST_WORD;
        let due = |since| by_last_word.clamp(since + GAP_AFTER_MIN, since + GAP_AFTER);
        self.hole_since.filter(|_| unseen).map(due)
    }

    /// The stream said something. While covered that moves `covered`.
    pub(super) fn heard(&mut self, now: Micros) {
        if self.is_covered() {
            self.saved.covered = self.saved.covered.max(now);
            self.heard_at = Instant::now();
        }
    }

    /// The stream has sent everything before `cursor`. True when it may be saved now.
    pub(super) fn reached(&mut self, cursor: Cursor) -> bool {
        if cursor.0.len() > CURSOR_BYTES_MAX {
            return false;
        }
        if self.is_covered() {
            self.saved.cursor = Some(cursor.0);
            return true;
        }
        self.ahead = Some(cursor);
        false
    }

    /// The backfill has sent everything before `cursor`.
    pub(super) fn filled_to(&mut self, cursor: Cursor) -> bool {
        let fits = cursor.0.len() <= CURSOR_BYTES_MAX;
        if fits {
            self.saved.cursor = Some(cursor.0);
        }
        fits
    }

    /// The stream has ended.
    pub(super) fn lost(&mut self) {
        self.ahead = None;
        self.hole_since.get_or_insert_with(Instant::now);
    }

    /// The hole has lasted too long: the gap to show, open ended.
    pub(super) fn show(&mut self, reason: &str) -> Option<Gap> {
        if self.is_covered() || self.saved.gap.is_some() || self.is_unopened {
            return None;
        }
        let gap = self.gap(None, reason);
        self.saved.gap = Some(gap.clone());
        Some(gap)
    }

    /// The backfill brought everything. The gap to write is the open one, closed.
    pub(super) fn filled(&mut self, now: Micros) -> Option<Gap> {
        let closed = self.saved.gap.take().map(|gap| Gap { to: Some(now), closed: true, ..gap });
        self.cover(now);
        closed
    }

    /// What is missing can never be had. The gap to write has an end and stays.
    pub(super) fn given_up(&mut self, now: Micros, reason: &str) -> Option<Gap> {
        let shown = self.saved.gap.take().map(|gap| Gap { to: Some(now), ..gap });
        let gap = shown.or_else(|| (!self.is_first_start).then(|| self.gap(Some(now), reason)));
        self.cover(now);
        gap
    }

    fn gap(&self, to: Option<Micros>, reason: &str) -> Gap {
        Gap {
            id: format!("{}-{}", self.source, self.saved.covered.0),
            source: self.source.clone(),
            from: self.saved.covered,
            to,
            reason: reason.to_owned(),
            count: None,
            closed: false,
        }
    }

    fn cover(&mut self, now: Micros) {
        self.saved.covered = self.saved.covered.max(now);
        if let Some(cursor) = self.ahead.take() {
            self.saved.cursor = Some(cursor.0);
        }
        self.hole_since = None;
        self.heard_at = Instant::now();
        self.is_unopened = false;
        self.is_first_start = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Micros = Micros(1_795_189_320_000_000);

    fn cursor(text: &str) -> Cursor {
        Cursor(text.to_owned())
    }

    fn covered() -> Coverage {
        let mut coverage = Coverage::new("s", None, NOON);
        assert_eq!(coverage.filled(NOON), None);
        coverage
    }

    #[tokio::test]
    async fn a_cursor_ahead_of_a_hole_waits_for_the_backfill() {
        let mut coverage = covered();
        assert!(coverage.reached(cursor("5")));
        coverage.lost();
        assert!(!coverage.reached(cursor("9")), "5 to 9 has not been fetched");
        assert_eq!(coverage.saved().cursor.as_deref(), Some("5"));
        assert!(coverage.filled_to(cursor("7")));
        assert_eq!(coverage.saved().cursor.as_deref(), Some("7"));
        coverage.filled(NOON);
        assert_eq!(coverage.saved().cursor.as_deref(), Some("9"));
    }

    #[tokio::test]
    async fn a_cursor_of_a_stream_that_died_before_its_backfill_is_forgotten() {
        let mut coverage = covered();
        coverage.reached(cursor("5"));
        coverage.lost();
        coverage.reached(cursor("9"));
        coverage.lost();
        coverage.filled(NOON);
        assert_eq!(coverage.saved().cursor.as_deref(), Some("5"), "the second backfill begins at 5 again");
    }

    #[tokio::test]
    async fn a_gap_is_shown_once_survives_a_restart_and_is_closed_under_its_name() {
        let mut coverage = covered();
        coverage.lost();
        let shown = coverage.show("connection lost").unwrap();
        assert_eq!((shown.from, shown.to, shown.closed), (NOON, None, false));
        assert_eq!(coverage.show("again"), None);
        let later = NOON.plus(Micros::HOUR);
        let mut reborn = Coverage::new("s", Some(coverage.saved().clone()), later);
        assert_eq!(reborn.gap_due(), None, "shown already");
        let closed = reborn.filled(later).unwrap();
        assert_eq!((closed.id, closed.to, closed.closed), (shown.id, Some(later), true));
        assert_eq!(reborn.filled(later), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_hole_is_shown_75_s_after_the_last_word_and_10_to_30_s_after_the_line_was_lost() {
        for (silence_seconds, shown_after_seconds) in
            [(0, 30), (40, 30), (50, 25), (60, 15), (66, 10), (80, 10), (600, 10)]
        {
            let mut coverage = covered();
            coverage.heard(NOON);
            tokio::time::advance(Duration::from_secs(silence_seconds)).await;
            coverage.lost();
            let due = coverage.gap_due().unwrap() - Instant::now();
            assert_eq!(due.as_secs(), shown_after_seconds, "after {silence_seconds} s of silence");
        }
    }

    #[tokio::test]
    async fn what_cannot_be_had_stays_a_gap_unless_nothing_was_promised() {
        assert_eq!(Coverage::new("s", None, NOON).given_up(NOON, "no history"), None);
        let mut coverage = covered();
        coverage.lost();
        let gap = coverage.given_up(NOON.plus(5), "no history").unwrap();
        assert_eq!((gap.to, gap.closed), (Some(NOON.plus(5)), false));
        assert!(coverage.is_covered());
    }
}
