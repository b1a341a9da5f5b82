//! How far the tail may be shortened: what the archive reported at least ten seconds ago, and never the newest 5,000.

use model::Seq;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// What the tail keeps in any case.
pub const KEEP_MIN: Seq = 5_000;
/// The archive's promise may be taken back by a crash of its machine (`synchronous_commit=off`); not after this long.
const RIPE_AFTER: Duration = Duration::from_secs(10);
const NOTE_EVERY: Duration = Duration::from_secs(1);
/// At one note a second, older ones are ripe.
const NOTES_MAX: usize = 16;

/// The archive's reports of the last seconds.
#[derive(Debug, Default)]
pub(super) struct Trim {
    notes: VecDeque<(Instant, Seq)>,
    asked: Option<Instant>,
}

impl Trim {
    /// Whether to ask the archive's cursor again.
    pub(super) fn is_due(&self, now: Instant) -> bool {
        self.asked.is_none_or(|asked| now.duration_since(asked) >= NOTE_EVERY)
    }

    /// Notes the archive's cursor, if it told one.
    pub(super) fn note(&mut self, now: Instant, archived: Option<Seq>) {
        self.asked = Some(now);
        let Some(seq) = archived else { return };
        // An archive that went back (restored from a backup) takes its earlier promises back.
        self.notes.iter_mut().for_each(|(_, noted)| *noted = seq.min(*noted));
        self.notes.push_back((now, seq));
        if self.notes.len() > NOTES_MAX {
            self.notes.pop_front();
        }
    }

    /// The seq up to which the tail may be trimmed now.
    pub(super) fn at(&self, now: Instant, top: Seq) -> Seq {
        let ripe = self.notes.iter().rev().find(|(noted, _)| now.duration_since(*noted) >= RIPE_AFTER);
        ripe.map_or(0, |(_, seq)| (*seq).min(top.saturating_sub(KEEP_MIN)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tail_is_trimmed_to_what_the_archive_had_ten_seconds_ago() {
        let (mut trim, t0) = (Trim::default(), Instant::now());
        let at = |s| t0 + Duration::from_secs(s);
        trim.note(at(0), Some(7_000));
        trim.note(at(5), Some(9_000));
        assert_eq!(trim.at(at(9), 20_000), 0);
        assert_eq!(trim.at(at(10), 20_000), 7_000);
        assert_eq!(trim.at(at(15), 20_000), 9_000);
        assert_eq!(trim.at(at(15), 12_500), 7_500);
        assert_eq!(trim.at(at(15), 100), 0);
    }

    #[test]
    fn a_restored_archive_takes_its_promise_back() {
        let (mut trim, t0) = (Trim::default(), Instant::now());
        trim.note(t0, Some(9_000));
        trim.note(t0 + Duration::from_secs(1), Some(3_000));
        assert_eq!(trim.at(t0 + Duration::from_secs(10), 20_000), 3_000);
    }
}
