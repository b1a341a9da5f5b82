//! What a page was drawn from, noted while it is drawn: whether it asked what time it is, and whether the archive told all that the log
//! knows. So no page has to declare what it depends on, and none can forget to.
//!
//! Notes are taken in the task that draws; a page that asked in a task of its own would not be seen asking.

use chassis::clock::{Clock, Pace};
use std::{cell::Cell, time::Duration};
use tokio::time::Instant;

tokio::task_local! {
    static SEEN: Cell<Seen>;
}

/// What was noted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Seen {
    /// It asked for the time: it shows what is so in this minute.
    pub(super) asked_time: bool,
    /// It prints the moment itself, from which a browser's clock goes on.
    pub(super) prints_moment: bool,
    asked_archive: bool,
    /// The archive stood where the log stands when it was asked.
    was_level: bool,
    /// It did not answer, or was behind.
    fell_short: bool,
    /// When its time for this page is over.
    archive_until: Option<Instant>,
}

impl Seen {
    /// Whether everything that the log knew is in the page.
    pub(super) fn is_whole(self) -> bool {
        !self.fell_short && (self.was_level || !self.asked_archive)
    }
}

/// Draws, and tells what was noted meanwhile.
pub(super) async fn watch<F: Future>(drawing: F) -> (F::Output, Seen) {
    let noted = async {
        let drawn = drawing.await;
        (drawn, SEEN.with(Cell::get))
    };
    SEEN.scope(Cell::default(), noted).await
}

/// Outside of a page that is drawn for many, nobody takes notes.
fn note(change: impl FnOnce(&mut Seen)) {
    let noted = SEEN.try_with(|cell| {
        let mut seen = cell.get();
        change(&mut seen);
        cell.set(seen);
    });
    // An error only says that nobody takes notes here.
    noted.ok();
}

/// The archive is asked; `is_answered` once it has answered.
pub(in crate::site) fn archive_asked(is_answered: bool) {
    note(|seen| {
        seen.asked_archive = true;
        seen.fell_short |= !is_answered;
    });
}

/// When the archive's time for the page that is drawn is over: `wait` after it was first asked, however often it is asked. Outside of such
/// a page, `wait` from now.
pub(in crate::site) fn archive_until(wait: Duration) -> Instant {
    let mut until = Instant::now() + wait;
    note(|seen| until = *seen.archive_until.get_or_insert(until));
    until
}

/// The archive has said how far it is: `is_level` when that is as far as the log is known here.
pub(in crate::site) fn archive_stands(is_level: bool) {
    note(|seen| {
        seen.was_level |= is_level;
        seen.fell_short |= !is_level;
    });
}

/// The site's clock. Whoever asks it while a page is drawn makes that a page of this minute.
#[derive(Clone, Debug)]
pub(in crate::site) struct PageClock(Clock);

impl PageClock {
    pub(in crate::site) fn new(clock: Clock) -> Self {
        Self(clock)
    }

    /// The time in microseconds UTC.
    pub(in crate::site) fn now(&self) -> i64 {
        self.matters();
        self.0.now()
    }

    /// The time for whoever looks whether it matters: if more is printed than what stays so from now on, [`PageClock::matters`] has to
    /// follow.
    pub(in crate::site) fn glance(&self) -> i64 {
        self.0.now()
    }

    /// What is printed is so in this minute.
    pub(in crate::site) fn matters(&self) {
        note(|seen| seen.asked_time = true);
    }

    /// The time together with how it moves, to be printed for a script.
    pub(in crate::site) fn pace(&self) -> Pace {
        note(|seen| seen.prints_moment = true);
        self.0.pace()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_page_is_whole_when_the_archive_was_level_each_time_it_was_asked() {
        let whole = async |notes: &[fn()]| {
            let ((), seen) = watch(async { notes.iter().for_each(|note| note()) }).await;
            seen.is_whole()
        };
        let asked: fn() = || archive_asked(true);
        let level: fn() = || archive_stands(true);
        let behind: fn() = || archive_stands(false);
        assert!(whole(&[]).await, "it needed no archive");
        assert!(whole(&[asked, level, asked]).await);
        assert!(!whole(&[asked]).await, "nobody knows how far the archive was");
        assert!(!whole(&[asked, behind, asked]).await);
        assert!(!whole(&[asked, level, asked, behind]).await);
        assert!(
            !whole(&[asked, level, || archive_asked(false)]).await,
            "the page shows what there is without it"
        );
    }

    #[tokio::test]
    async fn all_questions_of_one_page_share_the_time_that_the_archive_has() {
        let twice = async || {
            let (first, asked) = (archive_until(Duration::from_secs(2)), Instant::now());
            while Instant::now() == asked {}
            archive_until(Duration::from_secs(2)) - first
        };
        assert_eq!(watch(twice()).await.0, Duration::ZERO);
        assert!(twice().await > Duration::ZERO, "outside of a page each question stands for itself");
    }

    #[tokio::test]
    async fn asking_the_clock_is_noted_and_a_glance_is_not() {
        let clock = PageClock::new(Clock::real());
        let (_, seen) = watch(async { clock.glance() }).await;
        assert_eq!(seen, Seen::default());
        let (_, seen) = watch(async { clock.now() }).await;
        assert!(seen.asked_time && !seen.prints_moment);
        let (_, seen) = watch(async { clock.pace() }).await;
        assert!(seen.prints_moment);
        assert!(clock.now() > 0, "asking outside of a page is nobody's business");
    }
}
