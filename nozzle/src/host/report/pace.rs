//! Whether the posts of a source that is connected have stopped coming. A connection can live and bring nothing: a rule
//! that no longer matches, a hashtag that a server no longer finds, a feed that is cached for good. Judged by the
//! source's own pace and by what the event's other sources bring meanwhile, since at night everybody is quiet. Pure.

use std::time::Duration;

use model::Micros;

/// Newest posts of a source from which its pace is known.
pub(in crate::host) const NEWEST_MAX: usize = 16;
/// Posts below which a source has no pace.
const POSTS_MIN: usize = 8;
/// Silence, in times of what usually lies between two posts, after which they have stopped.
const QUIET_TIMES: i64 = 20;
/// The shortest silence that says anything, in microseconds.
const QUIET_MIN: i64 = 15 * Micros::MINUTE;
/// Posts that the other sources must have brought in that silence, where there are others that bring any.
const OTHERS_MIN: usize = 5;

/// Posts that have stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stopped {
    /// Since the newest one.
    silence: Duration,
    /// What usually lay between two of them.
    usual: Duration,
}

impl Stopped {
    /// A sentence for operators.
    pub(super) fn sentence(self) -> String {
        let (silence, usual) = (words(self.silence), words(self.usual));
        format!("connected, but its newest post is {silence} old; before, there was one about every {usual}")
    }
}

/// Judges source `n` of all whose newest posts are given: when they were said, newest first, at most [`NEWEST_MAX`] of each.
pub(super) fn stopped(said: &[Vec<Micros>], n: usize, now: Micros) -> Option<Stopped> {
    let own = said.get(n).filter(|own| own.len() >= POSTS_MIN)?;
    let (newest, oldest) = (*own.first()?, *own.last()?);
    let usual = newest.since(oldest).max(0) / i64::try_from(own.len() - 1).ok()?;
    let silence = now.since(newest);
    if silence < QUIET_MIN.max(usual.saturating_mul(QUIET_TIMES)) {
        return None;
    }
    let others = || said.iter().enumerate().filter(|(other, _)| *other != n).flat_map(|(_, said)| said);
    let meanwhile = others().filter(|at| **at > newest).count();
    let is_alone = others().next().is_none();
    (is_alone || meanwhile >= OTHERS_MIN)
        .then(|| Stopped { silence: duration(silence), usual: duration(usual) })
}

fn duration(micros: i64) -> Duration {
    Duration::from_micros(micros.max(0).unsigned_abs())
}

/// Roughly, in the largest unit that fits.
fn words(time: Duration) -> String {
    match time.as_secs() {
        seconds @ 0..120 => format!("{} s", seconds.max(1)),
        seconds @ 120..7200 => format!("{} min", seconds / 60),
        seconds => format!("{} h", seconds / 3600),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Micros = Micros(1_795_189_320_000_000);

    /// Posts `every` so many seconds, the newest one at noon.
    fn every(seconds: i64, posts: i64) -> Vec<Micros> {
        (0..posts).map(|n| NOON.plus(-n * seconds * Micros::SECOND)).collect()
    }

    fn later(minutes: i64) -> Micros {
        NOON.plus(minutes * Micros::MINUTE)
    }

    fn is_stopped(said: &[Vec<Micros>], minutes: i64) -> bool {
        stopped(said, 0, later(minutes)).is_some()
    }

    /// What another source has brought after noon, one post a minute.
    fn goes_on(minutes: i64) -> Vec<Micros> {
        (1..=minutes).rev().map(later).collect()
    }

    #[test]
    fn a_source_has_stopped_after_twenty_times_what_lies_between_its_posts() {
        let each_minute = || vec![every(60, 16), goes_on(16)];
        assert!(!is_stopped(&each_minute(), 19));
        assert!(is_stopped(&each_minute(), 20));
        let each_second = || vec![every(1, 16), goes_on(16)];
        assert!(!is_stopped(&each_second(), 14), "a quarter of an hour at least");
        assert!(is_stopped(&each_second(), 15));
        let weekly = vec![every(7 * 86_400, 16), goes_on(16)];
        assert!(!is_stopped(&weekly, 60 * 24 * 7 * 19), "a blog takes its time");
    }

    #[test]
    fn a_source_with_few_posts_has_no_pace() {
        assert!(!is_stopped(&[every(1, 7), goes_on(16)], 600));
        assert!(!is_stopped(&[vec![], goes_on(16)], 600));
        assert_eq!(stopped(&[], 0, NOON), None);
    }

    #[test]
    fn when_everybody_is_quiet_nobody_has_stopped() {
        assert!(!is_stopped(&[every(10, 16), every(10, 16)], 600), "it is night");
        assert!(!is_stopped(&[every(10, 16), goes_on(4)], 600), "a few are up late");
        assert!(is_stopped(&[every(10, 16), goes_on(5)], 600));
        assert!(is_stopped(&[every(10, 16), vec![]], 600), "no other source brings anything ever");
        assert!(is_stopped(&[every(10, 16)], 600), "there is no other source");
    }

    #[test]
    fn posts_of_one_moment_and_clocks_that_are_ahead_are_no_trouble() {
        let at_once = vec![vec![NOON; 16], goes_on(16)];
        assert!(is_stopped(&at_once, 16));
        assert!(!is_stopped(&[every(1, 16), goes_on(16)], -5));
    }

    #[test]
    fn the_sentence_says_since_when_and_what_was_usual() {
        let said = stopped(&[every(20, 16), goes_on(16)], 0, later(47)).unwrap().sentence();
        assert_eq!(
            said,
            "connected, but its newest post is 47 min old; before, there was one about every 20 s"
        );
        assert_eq!(words(Duration::from_millis(2)), "1 s");
        assert_eq!(words(Duration::from_secs(3 * 3600)), "3 h");
    }
}
