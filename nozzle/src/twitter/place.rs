//! Snowflake ids: times in them, the cursor that follows a stream, and where a walk back begins.

use std::collections::VecDeque;

use model::Micros;

use super::Access;
use crate::source::{Since, Upstream};
use crate::wire::answer::now;

/// Twitter's first millisecond.
const EPOCH_MS: i64 = 1_288_834_974_657;
/// Ids below were counted one by one and hold no time.
const FIRST_SNOWFLAKE: u64 = 29_700_000_000;
/// How far before the cursor a walk begins: streams deliver late and out of order, the index of the search is younger.
const OVERLAP_MS: u64 = 2 * 60 * 1000;
/// A cursor stays behind so many posts: what comes late by fewer is not lost in a cut.
const BEHIND: usize = 16;
/// A cursor is told after so many posts.
const TELL_EVERY: u64 = 8;

/// The moment in an id.
pub(super) fn time(id: &str) -> Option<Micros> {
    let id: u64 = id.parse().ok().filter(|id| *id >= FIRST_SNOWFLAKE)?;
    Some(Micros::from_millis(i64::try_from(id >> 22).ok()? + EPOCH_MS))
}

/// The first id of a moment.
fn first_id(at: Micros) -> u64 {
    let ms = (at.0.div_euclid(1000) - EPOCH_MS).max(0);
    u64::try_from(ms).unwrap_or(0) << 22
}

fn earlier(id: u64) -> u64 {
    id.saturating_sub(OVERLAP_MS << 22)
}

/// The time of a post: the network's words, more exact by its id where both agree.
pub(super) fn posted(id: &str, said: Option<Micros>) -> Option<Micros> {
    match (said, time(id)) {
        (Some(said), Some(exact)) if exact.since(said).abs() > Micros::SECOND => Some(said),
        (said, exact) => exact.or(said),
    }
}

/// Where a source stands. One for the life of the process.
#[derive(Default)]
pub(super) struct Place {
    recent: VecDeque<u64>,
    heard: u64,
    newest: Option<u64>,
    /// Oldest id that the stream brought: owed in any case, whatever the event's dates say.
    floor: Option<u64>,
}

impl Place {
    /// The stream brought this id: where the cursor stands, now and then.
    pub(super) fn heard(&mut self, id: &str) -> Option<u64> {
        let id: u64 = id.parse().ok()?;
        self.floor = Some(self.floor.map_or(id, |floor| floor.min(id)));
        self.newest = self.newest.max(Some(id));
        self.recent.push_back(id);
        if self.recent.len() > BEHIND {
            self.recent.pop_front();
        }
        self.heard += 1;
        (self.heard % TELL_EVERY == 1).then(|| self.recent.iter().min().copied())?
    }

    /// The id that a walk back stops at.
    pub(super) fn since(&self, since: &Since) -> u64 {
        // Behind the id stands the day's count of posts; see `quota`.
        let id = since.cursor.as_ref().and_then(|c| c.0.split(' ').next()?.parse::<u64>().ok());
        if let Some(id) = id {
            return earlier(id).max(1);
        }
        let wanted = first_id(since.not_before);
        self.floor.map_or(wanted, |floor| wanted.min(earlier(floor))).max(1)
    }

    /// The newest id that anything of this process has brought.
    pub(super) fn newest(&self) -> Option<u64> {
        self.newest
    }

    /// A walk has brought everything up to this id.
    pub(super) fn walked(&mut self, newest: Option<u64>) {
        self.newest = self.newest.max(newest);
    }
}

/// What a walk back may take of the day's allowance: half of what is left when it begins, so that yesterday's posts do not
/// use up what today's are to come from.
pub(super) struct Allowance {
    left: u64,
}

impl Allowance {
    /// Why a walk ended early, for readers.
    pub(super) const WHY: &str = "As many posts were received as the organisers allow a day.";

    pub(super) fn of(access: &Access) -> Self {
        match access.quota().left(now()) {
            u64::MAX => Self { left: u64::MAX },
            // A small page at least, where there is that much.
            left => Self { left: (left / 2).max(left.min(PAGE_MIN)) },
        }
    }

    /// How many posts the next page may have, between the least and the most that the network gives.
    pub(super) fn next(&self, (least, most): (u64, u64)) -> Option<u64> {
        (self.left >= least).then(|| self.left.min(most))
    }

    pub(super) fn came(&mut self, posts: usize) {
        self.left = self.left.saturating_sub(posts as u64);
    }
}

/// Pages of a walk that goes newest first, held back so that they can be told oldest first.
pub(super) struct Held {
    pages: Vec<Vec<Upstream>>,
    newest: Option<u64>,
}

/// Posts of the smallest page that X gives.
pub(super) const PAGE_MIN: u64 = 10;
/// Pages that are held; more are told as they come.
const HELD_PAGES_MAX: usize = 20;

impl Held {
    pub(super) fn new() -> Self {
        Self { pages: Vec::new(), newest: None }
    }

    /// Takes a page, newest first; gives back what must be told now.
    pub(super) fn page(&mut self, page: Vec<Upstream>, ids: impl Iterator<Item = u64>) -> Vec<Upstream> {
        self.newest = self.newest.max(ids.max());
        self.pages.push(page);
        if self.pages.len() < HELD_PAGES_MAX { Vec::new() } else { self.rest() }
    }

    /// All that is held, oldest first.
    pub(super) fn rest(&mut self) -> Vec<Upstream> {
        std::mem::take(&mut self.pages).into_iter().rev().flat_map(|page| page.into_iter().rev()).collect()
    }

    /// The newest id of the walk.
    pub(super) fn newest(&self) -> Option<u64> {
        self.newest
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Cursor;

    const ID: &str = "955641762734800896";

    fn since(cursor: Option<&str>, not_before: i64) -> Since {
        Since { cursor: cursor.map(|c| Cursor(c.into())), not_before: Micros(not_before) }
    }

    #[test]
    fn an_id_holds_its_time_since_ids_do() {
        assert_eq!(time(ID), Some(Micros(1_516_677_725_858_000)));
        assert_eq!(time("20"), None);
        assert_eq!(posted(ID, Some(Micros(1_516_677_725_000_000))), Some(Micros(1_516_677_725_858_000)));
        assert_eq!(posted(ID, Some(Micros(1))), Some(Micros(1)), "an id that contradicts is not believed");
    }

    #[test]
    fn the_cursor_stays_behind_what_may_still_come_late() {
        let mut place = Place::default();
        let told: Vec<u64> = (1..=33u64).filter_map(|n| place.heard(&(n * 10).to_string())).collect();
        assert_eq!(told.first(), Some(&10));
        assert_eq!(told.last(), Some(&180), "33 were heard, the last 16 may be incomplete");
        assert_eq!(place.newest(), Some(330));
    }

    #[test]
    fn a_walk_begins_before_its_cursor_or_before_all_that_was_heard() {
        let mut place = Place::default();
        let id: u64 = ID.parse().unwrap();
        assert_eq!(place.since(&since(Some(ID), 0)), id - (120_000 << 22));
        assert_eq!(place.since(&since(Some(&format!("{ID} 20000 17")), 0)), id - (120_000 << 22));
        assert_eq!(place.since(&since(None, 0)), 1);
        place.heard(ID);
        let in_2026 = 1_795_189_320_000_000;
        assert_eq!(place.since(&since(None, in_2026)), id - (120_000 << 22), "heard, so owed");
    }
}
