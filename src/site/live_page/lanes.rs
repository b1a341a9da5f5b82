//! The rooms side by side: a lane for each, and one for what was filed to none. On a narrow screen one of them is in sight. In the browser:
//! `templates/static/js/lanes.js`.

use super::{ITEMS_SHOWN, Sight, stretch::Stretch};
use crate::site::view::{
    feed::{Block, blocks},
    now::{BREAK_MAX, on, talk_of},
    number,
    rail::Filter,
    time::iso,
};
use model::{RowState, Seq};

/// Rooms that can stand side by side at most; an assembly of a hundred corners is read as one stream.
pub(super) const LANES_MAX: usize = 16;
/// Items of a lane at least, however many lanes there are.
const LANE_ITEMS_MIN: usize = 10;

/// One lane.
pub(super) struct LaneView {
    /// The name of its filter in addresses.
    pub(super) key: String,
    pub(super) name: String,
    pub(super) count: u64,
    pub(super) shown: String,
    /// Whether it is the one in sight on a narrow screen.
    pub(super) is_current: bool,
    pub(super) is_hallway: bool,
    /// What comes after the talk that is on: time for machines and for people, title and address. Where nothing is on, the stage above tells it.
    pub(super) next: Option<[String; 4]>,
    pub(super) blocks: Vec<Block>,
    /// The place before which its older items are, and the page of those.
    pub(super) from: Option<Seq>,
    pub(super) older: Option<String>,
}

impl Sight<'_> {
    fn next(&self, filter: &Filter) -> Option<[String; 4]> {
        let Filter::Room(room) = filter else { return None };
        let timeline = self.fold.timeline();
        on(timeline, room, self.now)?.talk.as_ref()?;
        let span = timeline.next(room, self.now).filter(|span| span.from.since(self.now) < BREAK_MAX)?;
        let talk = talk_of(self.fold.fold(), span)?;
        let href = format!("/{}/talks/{}", self.slug, talk.id);
        Some([iso(span.from), self.venue.coming(span.from, self.now), talk.title.clone(), href])
    }
}

/// The lanes, in the order of the rooms, the hallway last. A filter that is no room's shows the first.
pub(super) fn lanes(sight: &Sight<'_>, current: &Filter) -> Vec<LaneView> {
    let mut all: Vec<(Filter, &str)> =
        sight.rooms.iter().map(|room| (Filter::Room(room.slug.clone()), room.name.as_str())).collect();
    all.push((Filter::Hallway, "Hallway"));
    let at = all.iter().position(|(filter, _)| filter == current).unwrap_or(0);
    let most = (ITEMS_SHOWN / all.len()).max(LANE_ITEMS_MIN);
    let lane = |(n, (filter, name)): (usize, (Filter, &str))| {
        let stretch = Stretch::of_fold(sight.fold, &filter, Seq::MAX, most);
        let key = filter.name();
        let held = sight.fold.rows(Seq::MAX).filter(|row| row.state == RowState::Shown && filter.holds(row));
        let count = held.count() as u64;
        let query: String = url::form_urlencoded::byte_serialize(key.as_bytes()).collect();
        LaneView {
            name: name.to_owned(),
            count,
            shown: number(count),
            is_current: n == at,
            is_hallway: filter == Filter::Hallway,
            next: sight.next(&filter),
            blocks: blocks(sight.lines(&stretch), sight.venue, true),
            from: stretch.older,
            older: stretch.older.map(|seq| format!("/{}?before={seq}&show={query}", sight.slug)),
            key,
        }
    };
    all.into_iter().enumerate().map(lane).collect()
}
