//! How often a feed is asked for: our own pace, the feed's wishes, and bounds on both. Pure.

use std::time::Duration;

use model::Micros;
use serde::{Deserialize, Serialize};

/// Without `poll_seconds`, and where the server asks for no more.
pub(super) const POLL_DEFAULT: Duration = Duration::from_secs(60);
/// No wish makes us wait longer than this (or than `poll_seconds`, where that is more): feeds that say "weekly" say it at
/// conferences too.
pub(super) const INTERVAL_MAX: Duration = Duration::from_secs(15 * 60);
/// Longest sleep through hours that a feed asks to be left alone in.
pub(super) const SKIP_MAX: Duration = Duration::from_secs(6 * 3600);
const HOUR_MICROS: i64 = Micros::HOUR;
const DAY_MICROS: i64 = 24 * Micros::HOUR;

/// What a feed wishes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Hints {
    /// `ttl`, `sy:updatePeriod`, in seconds.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) every_seconds: u64,
    /// `skipHours`: bit n is hour n, UTC.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) skip_hours: u64,
    /// `skipDays`: bit 0 is Monday, UTC.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) skip_days: u64,
}

fn is_zero(n: &u64) -> bool {
    *n == 0
}

impl Hints {
    pub(super) fn skip_hour(&mut self, hour: u32) {
        if hour <= 24 {
            self.skip_hours |= 1 << (hour % 24);
        }
    }

    pub(super) fn skip_day(&mut self, name: &str) {
        let days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
        let name = name.to_ascii_lowercase();
        if let Some(n) = days.iter().position(|day| name.starts_with(day)) {
            self.skip_days |= 1 << n;
        }
    }

    /// Whether a moment lies in the hours and days to be skipped. Who skips all of them skips none.
    fn is_skipped(self, at: Micros) -> bool {
        let hour = at.0.rem_euclid(DAY_MICROS) / HOUR_MICROS;
        // 1970 began on a Thursday.
        let day = (at.0.div_euclid(DAY_MICROS) + 3).rem_euclid(7);
        let is_in = |bits: u64, n: i64, all: u32| bits.count_ones() < all && bits >> n & 1 == 1;
        is_in(self.skip_hours, hour, 24) || is_in(self.skip_days, day, 7)
    }

    /// How long to wait for the next look, before it is spread: the longest of our pace, the server's and the feed's wish,
    /// within bounds, and on to the end of the hours to be skipped.
    pub(super) fn wait(self, ours: Duration, max_age: Duration, now: Micros) -> Duration {
        let wished = max_age.max(Duration::from_secs(self.every_seconds));
        let wait = ours.max(wished.min(INTERVAL_MAX));
        let step = |wait: Duration| now.plus(i64::try_from(wait.as_micros()).unwrap_or(i64::MAX));
        let mut skipped = wait;
        while skipped < SKIP_MAX && self.is_skipped(step(skipped)) {
            let into_hour = step(skipped).0.rem_euclid(HOUR_MICROS);
            skipped += Duration::from_micros((HOUR_MICROS - into_hour).unsigned_abs());
        }
        skipped.min(SKIP_MAX.max(ours))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);
    /// Saturday, 2026-11-21, 12:30 UTC.
    const NOON: Micros = Micros(1_795_264_200_000_000);

    #[test]
    fn the_longest_wish_counts_within_bounds() {
        let hints = |every_seconds| Hints { every_seconds, ..Hints::default() };
        assert_eq!(hints(0).wait(MINUTE, Duration::ZERO, NOON), MINUTE);
        assert_eq!(hints(300).wait(MINUTE, 2 * MINUTE, NOON), 5 * MINUTE);
        assert_eq!(hints(0).wait(MINUTE, 10 * MINUTE, NOON), 10 * MINUTE);
        assert_eq!(hints(7 * 86_400).wait(MINUTE, Duration::ZERO, NOON), INTERVAL_MAX);
        assert_eq!(hints(0).wait(MINUTE, Duration::MAX, NOON), INTERVAL_MAX);
        assert_eq!(
            hints(60).wait(60 * MINUTE, Duration::ZERO, NOON),
            60 * MINUTE,
            "the organiser's own word"
        );
    }

    #[test]
    fn hours_and_days_are_skipped_but_not_all_of_them() {
        let mut hints = Hints::default();
        (12..14).for_each(|hour| hints.skip_hour(hour));
        assert_eq!(hints.wait(MINUTE, Duration::ZERO, NOON), 90 * MINUTE, "to 14:00");
        hints.skip_hour(24);
        assert_eq!(hints.skip_hours & 1, 1, "hour 24 is hour 0");
        let mut weekend = Hints::default();
        ["Saturday", "Sunday"].iter().for_each(|day| weekend.skip_day(day));
        assert_eq!(weekend.wait(MINUTE, Duration::ZERO, NOON), SKIP_MAX);
        let mut always = Hints::default();
        (0..24).for_each(|hour| always.skip_hour(hour));
        assert_eq!(always.wait(MINUTE, Duration::ZERO, NOON), MINUTE);
    }
}
