//! The day's allowance of posts. X charges once for each post and UTC day, whichever call brought it, so that is what is
//! counted. The count rides in the cursor: a restart does not begin the day anew. Pure; the time is handed in.

use std::collections::HashSet;
use std::time::Duration;

use model::Micros;

use crate::source::SourceEnd;

/// From this share of the allowance on the operator is warned, in percent.
const WARN_PERCENT: u64 = 90;
/// Share of the allowance that looking again at earlier days' posts may take, in percent: each costs anew every day.
const LOOK_PERCENT: u64 = 25;
/// While paused, shown posts that are paid for today are still looked at again, this often.
const LOOK_EVERY: Duration = Duration::from_secs(5 * 60);
const DAY: i64 = 24 * Micros::HOUR;

/// What a number of posts led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Used {
    /// There is more.
    Fine,
    /// The warning is due, once a day.
    Nearly(String),
    /// A new day: the warning is lifted.
    NewDay,
    /// Nothing is left.
    Up,
}

/// The allowance of one source.
#[derive(Debug, Default)]
pub(super) struct Quota {
    /// Posts a UTC day; `None`: as many as there are.
    max: Option<u64>,
    day: i64,
    used: u64,
    /// Posts that are paid for today; bounded by the allowance.
    paid: HashSet<u64>,
    /// How many of them were paid for by looking again.
    looked: u64,
    is_warned: bool,
}

impl Quota {
    pub(super) fn new(max: Option<u64>) -> Self {
        Self { max, ..Self::default() }
    }

    fn turn(&mut self, now: Micros) -> bool {
        let day = now.0.div_euclid(DAY);
        let is_new = day > self.day;
        if is_new {
            *self = Self { max: self.max, day, is_warned: false, ..Self::default() };
        }
        is_new
    }

    /// Goes on from what a cursor says of today, or from what the log holds of today, whichever is more.
    pub(super) fn restore(&mut self, cursor: Option<&str>, held: impl Iterator<Item = u64>, now: Micros) {
        self.turn(now);
        let Some(max) = self.max else { return };
        let room = usize::try_from(max).unwrap_or(usize::MAX).saturating_sub(self.paid.len());
        self.paid.extend(held.take(room));
        self.used = self.used.max(self.paid.len() as u64);
        let mut words = cursor.into_iter().flat_map(|cursor| cursor.split(' ')).skip(1);
        let said = |word: Option<&str>| word.and_then(|w| w.parse::<i64>().ok());
        if let (Some(day), Some(used)) = (said(words.next()), said(words.next()))
            && day == self.day
        {
            self.used = self.used.max(u64::try_from(used).unwrap_or(0));
        }
    }

    /// Posts came.
    pub(super) fn take(&mut self, ids: impl Iterator<Item = u64>, now: Micros) -> Used {
        let is_new = self.turn(now);
        let Some(max) = self.max else { return Used::Fine };
        for id in ids {
            if (self.paid.len() as u64) < max && self.paid.insert(id) {
                self.used += 1;
            }
        }
        if self.used >= max {
            return Used::Up;
        }
        if self.used * 100 >= max * WARN_PERCENT && !self.is_warned {
            self.is_warned = true;
            let why =
                format!("{} of the {max} posts that posts_a_day_max allows today (UTC) are used", self.used);
            return Used::Nearly(why);
        }
        if is_new { Used::NewDay } else { Used::Fine }
    }

    /// Posts were looked at again.
    pub(super) fn take_looked(&mut self, ids: impl Iterator<Item = u64>, now: Micros) -> Used {
        let before = self.used;
        let used = self.take(ids, now);
        self.looked += self.used.saturating_sub(before);
        used
    }

    /// How many more posts may come today.
    pub(super) fn left(&mut self, now: Micros) -> u64 {
        self.turn(now);
        self.max.map_or(u64::MAX, |max| max.saturating_sub(self.used))
    }

    /// Whether a post may be looked at again: when it costs nothing, or while there is something for it.
    pub(super) fn may_look(&self, id: u64) -> bool {
        let has_share = |max: u64| self.used < max && self.looked < max * LOOK_PERCENT / 100;
        self.max.is_none_or(|max| self.paid.contains(&id) || has_share(max))
    }

    /// How the stream ends when nothing is left.
    pub(super) fn pause(&mut self, now: Micros) -> Option<SourceEnd> {
        if self.left(now) > 0 {
            return None;
        }
        let midnight = Micros((self.day + 1) * DAY);
        let wait =
            Duration::from_micros(u64::try_from(midnight.since(now)).unwrap_or(0)) + Duration::from_secs(1);
        let why = format!(
            "all {} posts that posts_a_day_max allows a day are used; it goes on at {}",
            self.max.unwrap_or(0),
            midnight.timestamp()
        );
        Some(SourceEnd::Paused { why, wait: wait.min(LOOK_EVERY) })
    }

    /// A cursor with the day's count beside the id.
    pub(super) fn cursor(&self, id: &str) -> String {
        match self.max {
            Some(_) => format!("{id} {} {}", self.day, self.used),
            None => id.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Micros = Micros(1_795_176_000_000_000);

    #[test]
    fn each_post_counts_once_a_day_and_the_warning_comes_once() {
        let mut quota = Quota::new(Some(10));
        assert_eq!(quota.take(1..=8, NOON), Used::NewDay);
        assert_eq!(quota.take(1..=8, NOON), Used::Fine, "the same posts, by another call");
        assert!(matches!(quota.take(9..=9, NOON), Used::Nearly(why) if why.starts_with("9 of the 10 posts")));
        assert_eq!(quota.take(1..=9, NOON), Used::Fine);
        assert_eq!((quota.left(NOON), quota.pause(NOON)), (1, None));
        assert_eq!(quota.take(10..=13, NOON), Used::Up);
        assert!(
            quota.may_look(10) && !quota.may_look(13),
            "what is paid for is looked at even when nothing is left"
        );
    }

    #[test]
    fn a_pause_says_when_it_goes_on_and_ends_at_midnight_utc() {
        let mut quota = Quota::new(Some(1));
        quota.take(1..=1, NOON);
        let Some(SourceEnd::Paused { why, wait }) = quota.pause(NOON) else { panic!("not paused") };
        assert!(why.ends_with("goes on at 2026-11-21T00:00:00Z") && wait == LOOK_EVERY, "{why}");
        let late = Micros(1_795_219_199_000_000);
        assert!(matches!(quota.pause(late), Some(SourceEnd::Paused { wait, .. }) if wait.as_secs() == 2));
        let next = late.plus(2 * Micros::SECOND);
        assert_eq!((quota.pause(next), quota.left(next)), (None, 1));
        assert_eq!(quota.take(2..=2, next), Used::Up);
    }

    #[test]
    fn the_count_survives_a_restart() {
        let mut before = Quota::new(Some(100));
        before.take(1..=40, NOON);
        let cursor = before.cursor("955641762734800896");
        let mut after = Quota::new(Some(100));
        after.restore(Some(&cursor), 1..=30, NOON);
        assert_eq!(after.left(NOON), 60);
        let mut without_cursor = Quota::new(Some(100));
        without_cursor.restore(Some("955641762734800896"), 1..=30, NOON);
        assert_eq!(without_cursor.left(NOON), 70);
        let mut tomorrow = Quota::new(Some(100));
        tomorrow.restore(Some(&cursor), std::iter::empty(), NOON.plus(DAY));
        assert_eq!(tomorrow.left(NOON.plus(DAY)), 100);
    }

    #[test]
    fn looking_again_takes_its_share_only() {
        let mut quota = Quota::new(Some(100));
        assert!(quota.may_look(1));
        quota.take_looked(1..=25, NOON);
        assert!(!quota.may_look(26) && quota.may_look(25));
        assert_eq!(quota.left(NOON), 75);
    }

    #[test]
    fn without_an_allowance_nothing_is_kept() {
        let mut quota = Quota::new(None);
        assert_eq!(quota.take(1..=1000, NOON), Used::Fine);
        assert_eq!((quota.paid.len(), quota.pause(NOON), quota.cursor("7").as_str()), (0, None, "7"));
        assert!(quota.may_look(5));
    }
}
