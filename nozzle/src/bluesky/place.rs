//! The cursor: a time in microseconds and the host that told it, `1783175888384849@jetstream.us-east.bsky.network`. Pure.

use model::Micros;

use crate::source::Cursor;

/// Overlap of a replay: events come a little out of their order.
const REWIND: i64 = 5 * Micros::SECOND;
/// Overlap on another host, whose clock and order are its own.
const REWIND_ELSEWHERE: i64 = 10 * Micros::SECOND;
/// Overlap of a replay that goes on where it broke off.
const REWIND_AGAIN: i64 = Micros::SECOND;
/// Below this number a cursor is read as a sequence by newer hosts.
const TIME_LEAST: i64 = 1_000_000_000_000_000;
/// How far ahead of our own clock a time is believed: one from the far future would send every later replay to nowhere.
const AHEAD_MAX: i64 = 10 * Micros::MINUTE;
/// How far back hosts can replay.
pub(super) const WINDOW: i64 = 36 * Micros::HOUR;

/// Where a replay may begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Saved {
    pub(super) time: i64,
    host: String,
}

impl Saved {
    /// Reads a cursor; one that is not ours is none.
    pub(super) fn parse(cursor: &Cursor) -> Option<Self> {
        let (time, host) = cursor.0.split_once('@').unwrap_or((&cursor.0, ""));
        let time = time.parse().ok().filter(|time| *time >= TIME_LEAST)?;
        Some(Self { time, host: host.to_owned() })
    }

    /// Where to begin on `host`.
    pub(super) fn rewound(&self, host: &str) -> i64 {
        let back = if self.host == host { REWIND } else { REWIND_ELSEWHERE };
        (self.time - back).max(TIME_LEAST)
    }
}

/// Where the next try of a replay begins that had come to `newest`; `before` is how far an earlier try came. A replay is
/// in order, so a small overlap does; where a try came no further than the one before it, not even that.
pub(super) fn again(newest: i64, before: Option<i64>) -> i64 {
    let is_stuck = before.is_some_and(|before| newest <= before);
    if is_stuck { newest + 1 } else { (newest - REWIND_AGAIN).max(TIME_LEAST) }
}

/// A time as a cursor of `host`.
pub(super) fn cursor(time: i64, host: &str) -> Cursor {
    Cursor(format!("{time}@{host}"))
}

/// Where a replay begins that has no cursor.
pub(super) fn at(moment: Micros) -> i64 {
    moment.0.max(TIME_LEAST)
}

/// An event's time, if it can be one.
pub(super) fn believed(time: i64, now: Micros) -> Option<i64> {
    (TIME_LEAST..=now.0.saturating_add(AHEAD_MAX)).contains(&time).then_some(time)
}

/// Whether a replay that was asked for `from` began so much later that the host must have left out the beginning: hosts
/// do so without a word. `times` are those of the first events, which show how dense the network's posts are.
pub(super) fn is_clamped(from: i64, times: &[i64]) -> bool {
    /// A shorter hole is not told from a quiet moment.
    const HOLE_LEAST: i64 = 10 * Micros::MINUTE;
    /// So many times the usual distance between two events.
    const USUAL_TIMES: i64 = 200;
    /// Fewer events do not show what is usual.
    const EVENTS_LEAST: usize = 50;
    let (Some(first), Some(last)) = (times.iter().min(), times.iter().max()) else { return false };
    let usual = (last - first) / i64::try_from(times.len()).unwrap_or(i64::MAX).max(1);
    let hole = first - from;
    times.len() >= EVENTS_LEAST && hole > HOLE_LEAST && hole > usual.saturating_mul(USUAL_TIMES)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: i64 = 1_795_189_320_000_000;

    #[test]
    fn a_replay_begins_earlier_and_more_so_on_another_host() {
        let saved = Saved::parse(&cursor(NOON, "a.example")).unwrap();
        assert_eq!(saved.rewound("a.example"), NOON - 5 * Micros::SECOND);
        assert_eq!(saved.rewound("b.example"), NOON - 10 * Micros::SECOND);
        assert_eq!(Saved::parse(&Cursor("tag:12".into())), None);
        assert_eq!(Saved::parse(&Cursor("123456".into())), None, "a sequence is no time");
    }

    #[test]
    fn a_time_that_cannot_be_one_moves_nothing() {
        assert_eq!(believed(NOON, Micros(NOON)), Some(NOON));
        for odd in [0, -1, 12, i64::MAX, NOON + Micros::HOUR] {
            assert_eq!(believed(odd, Micros(NOON)), None, "{odd}");
        }
    }

    #[test]
    fn a_replay_that_begins_late_is_noticed_where_posts_are_dense() {
        let dense: Vec<i64> = (0..100).map(|n| NOON + n * Micros::SECOND).collect();
        assert!(is_clamped(NOON - Micros::HOUR, &dense));
        assert!(!is_clamped(NOON - Micros::MINUTE, &dense));
        let sparse: Vec<i64> = (0..100).map(|n| NOON + n * Micros::HOUR).collect();
        assert!(!is_clamped(NOON - 3 * Micros::HOUR, &sparse));
        assert!(!is_clamped(NOON - Micros::HOUR, &dense[..3]));
    }
}
