//! The site's own fold of one event's live log: the newest items, the event's settings, and the mask for archive pages. Pure:
//! what reads the log is [`super::follow`]. Live pages are drawn from here and never from the archive.

use super::overlay::Overlay;
use live::follow::{Follow, Head, Hold, Verdict};
use live::reached::takes_back;
use model::stage::Timeline;
use model::{
    Entry, Fold, ItemId, Kind, Micros, Position, Row, RowState, ScheduleEntry, Seq, StageEntry, Talk,
};
use std::collections::{BTreeMap, HashMap};

/// Items that are held; older ones are the archive's.
pub(super) const ITEMS_MAX: usize = 2_000;
/// Gaps and notices that are held.
const ASIDES_MAX: usize = 64;
/// What stewards said of one room that is held: as much as the nozzle takes.
const SAID_MAX: usize = 5_000;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct LiveFold {
    follow: Follow,
    fold: Fold,
    /// Items by the seq under which they were first public: the order of the live page.
    order: BTreeMap<Seq, ItemId>,
    /// The moment under which an item stands on the live page.
    at: HashMap<ItemId, Micros>,
    /// Everything that was first public from this seq on is held.
    floor: Seq,
    gaps: BTreeMap<Seq, String>,
    overlay: Overlay,
    timeline: Timeline,
    /// When talks, schedule, stage or settings last changed.
    programme_at: Micros,
    /// Where and when the log last said something new of the walls.
    wall_said: (Seq, Micros),
    /// When words, their place or the programme last changed.
    said_at: Micros,
    /// The last entry that changed anything of an item, counts included.
    touched: Seq,
    /// The last entry that took words back.
    took_back: Seq,
}

impl LiveFold {
    /// The seq behind which the next read begins.
    pub(super) fn after(&self) -> Seq {
        self.follow.after()
    }

    /// The position of this fold; none before the first read.
    pub(super) fn position(&self) -> Option<&Position> {
        self.follow.position()
    }

    /// The settings, talks and rooms, folded.
    pub(super) fn fold(&self) -> &Fold {
        &self.fold
    }

    /// What is really on in each room.
    pub(super) fn timeline(&self) -> &Timeline {
        &self.timeline
    }

    /// The mask for archive pages.
    pub(super) fn overlay(&self) -> &Overlay {
        &self.overlay
    }

    /// Takes one read. Returns the hold, when nothing may change for now.
    pub(super) fn take(&mut self, head: &Head, after: Seq, entries: &[Entry]) -> Option<Hold> {
        match self.follow.judge(head, after, entries.len()) {
            Verdict::Hold(hold) => return Some(hold),
            Verdict::Reread => return None,
            Verdict::Anew { base, append } => {
                self.begin(base);
                if append {
                    self.apply_all(entries);
                }
            }
            Verdict::Append => self.apply_all(entries),
        }
        None
    }

    fn begin(&mut self, base: Seq) {
        let follow = std::mem::take(&mut self.follow);
        *self = Self {
            follow,
            fold: Fold::at(base),
            overlay: Overlay::since(base),
            floor: base + 1,
            ..Self::default()
        };
    }

    fn apply_all(&mut self, entries: &[Entry]) {
        for entry in entries {
            self.apply(entry);
        }
        if entries.iter().any(|entry| matches!(entry.kind, Kind::Talk { .. } | Kind::Stage(_))) {
            self.timeline = Timeline::new(self.fold.talks.values(), &self.fold.stage);
        }
    }

    fn apply(&mut self, entry: &Entry) {
        let before = entry.item().and_then(|e| self.fold.items.get(&e.id)).map(|row| row.first);
        if let Kind::Event { event } = &entry.kind
            && self
                .fold
                .event
                .as_ref()
                .map_or_else(|| !event.wall.is_default(), |known| known.wall != event.wall)
        {
            self.wall_said = (entry.seq, entry.at);
        }
        self.fold.apply(entry);
        self.note(entry);
        match &entry.kind {
            Kind::Post(e) | Kind::Edit(e) | Kind::Show(e) => {
                if let Some(first) = before.filter(|first| *first != e.first) {
                    self.order.remove(&first);
                    self.at.remove(&e.id);
                }
                let when = if matches!(entry.kind, Kind::Edit(_)) { e.item.when } else { entry.at };
                self.at.entry(e.id).or_insert(when);
                self.order.insert(e.first, e.id);
                if !matches!(entry.kind, Kind::Post(_)) {
                    self.overlay.put(self.fold.items.get(&e.id).cloned());
                }
            }
            Kind::Hide(gone) | Kind::Remove(gone) => {
                self.overlay.put(self.fold.items.get(&gone.id).cloned());
                if gone.first == 0 {
                    self.fold.items.remove(&gone.id);
                } else {
                    self.keep_place(gone.id, gone.first, entry.at);
                }
            }
            Kind::Talk { .. } | Kind::Schedule(_) | Kind::Stage(_) | Kind::Event { .. } => {
                self.programme_at = entry.at;
            }
            Kind::Gap { gap } if !self.gaps.values().any(|id| *id == gap.id) => {
                self.gaps.insert(entry.seq, gap.id.clone());
            }
            _ => {}
        }
        self.stay_bounded();
    }

    fn note(&mut self, entry: &Entry) {
        if takes_back(entry) {
            self.took_back = entry.seq;
        }
        if matches!(entry.kind, Kind::Tally { .. } | Kind::Gap { .. } | Kind::Notice { .. } | Kind::Void) {
            return;
        }
        self.touched = entry.seq;
        if !matches!(entry.kind, Kind::Counts(_)) {
            self.said_at = self.said_at.max(entry.at);
        }
    }

    /// The place of an item that is gone. Its post may have been a void already when we read it: then it stands under the moment
    /// of the item below it.
    fn keep_place(&mut self, id: ItemId, first: Seq, gone_at: Micros) {
        if self.order.get(&first) != Some(&id) {
            let below = self.order.range(..first).next_back().and_then(|(_, id)| self.at.get(id)).copied();
            self.at.insert(id, below.unwrap_or(gone_at));
            self.order.insert(first, id);
        }
    }

    fn stay_bounded(&mut self) {
        while self.order.len() > ITEMS_MAX {
            if let Some((first, id)) = self.order.pop_first() {
                self.floor = self.floor.max(first + 1);
                self.fold.items.remove(&id);
                self.at.remove(&id);
            }
        }
        while self.gaps.len() > ASIDES_MAX {
            if let Some((_, id)) = self.gaps.pop_first() {
                self.fold.gaps.remove(&id);
            }
        }
        while self.fold.notices.len() > ASIDES_MAX {
            self.fold.notices.pop_first();
        }
        for said in self.fold.stage.values_mut() {
            let extra = said.len().saturating_sub(SAID_MAX);
            said.drain(..extra);
        }
        self.fold.tallies.clear();
    }

    /// What a log that begins later than its first entry no longer says; what the log itself said stays.
    /// `said` may end before the log begins, or tell again what the log tells, too: that changes nothing.
    pub(super) fn remember(
        &mut self,
        event: Option<model::EventEntry>,
        talks: Vec<Talk>,
        said: Vec<StageEntry>,
        version: Option<(Micros, ScheduleEntry)>,
    ) {
        self.fold.event = self.fold.event.take().or(event);
        if let Some((at, version)) = version {
            self.programme_at = self.programme_at.max(at);
            self.fold.schedule.get_or_insert(version);
        }
        for talk in talks {
            self.fold.talks.entry(talk.id.clone()).or_insert(talk);
        }
        let of_log = std::mem::take(&mut self.fold.stage);
        for entry in said.into_iter().chain(of_log.into_values().flatten()) {
            self.fold.stage.entry(entry.room.clone()).or_default().push(entry);
        }
        self.timeline = Timeline::new(self.fold.talks.values(), &self.fold.stage);
    }

    /// When the programme or what is really on last changed, as far as this log tells.
    pub(super) fn programme_at(&self) -> Micros {
        self.programme_at
    }

    /// When words, their place or the programme last changed, as far as this log tells; zero where it tells nothing yet.
    pub(super) fn said_at(&self) -> Micros {
        self.said_at
    }

    /// The seq of the last entry that changed anything of an item or the programme, counts included; 0 where the log tells nothing yet.
    pub(super) fn touched(&self) -> Seq {
        self.touched
    }

    /// The rows below `before`, newest first, gone ones included.
    pub(super) fn rows(&self, before: Seq) -> impl Iterator<Item = &Row> {
        self.order.range(..before).rev().filter_map(|(_, id)| self.fold.items.get(id))
    }

    /// The rows behind `after`, oldest first, gone ones included.
    pub(super) fn rows_after(&self, after: Seq) -> impl Iterator<Item = &Row> {
        self.order.range(after.saturating_add(1)..).filter_map(|(_, id)| self.fold.items.get(id))
    }

    /// Everything that was first public from this seq on is held here; below it the archive tells. An older item may be held as well,
    /// where something was said of it lately.
    pub(super) fn floor(&self) -> Seq {
        self.floor
    }

    /// One row.
    pub(super) fn row(&self, id: ItemId) -> Option<&Row> {
        self.fold.items.get(&id)
    }

    /// The moment under which an item stands on the live page.
    pub(super) fn moment(&self, row: &Row) -> Micros {
        self.at.get(&row.id).copied().or_else(|| row.item.as_ref().map(|item| item.when)).unwrap_or_default()
    }

    /// The gaps with the seqs they stand under.
    pub(super) fn gaps(&self) -> impl Iterator<Item = (Seq, &model::Gap)> {
        self.gaps.iter().filter_map(|(seq, id)| Some((*seq, self.fold.gaps.get(id)?)))
    }

    /// The last entry that took words back; 0 where the log tells of none.
    pub(super) fn took_back(&self) -> Seq {
        self.took_back
    }

    /// The entry that last said something new of the walls, and its moment; 0 where the log does not tell.
    pub(super) fn wall_said(&self) -> (Seq, Micros) {
        self.wall_said
    }

    /// The newest notice, unless its time is over.
    pub(super) fn notice(&self, now: Micros) -> Option<&model::Notice> {
        let (_, notice) = self.fold.notices.last_key_value()?;
        Some(notice).filter(|n| !n.text.is_empty() && n.until.is_none_or(|until| until > now))
    }

    /// Shown items that are held.
    pub(super) fn shown(&self) -> usize {
        self.fold.items.values().filter(|row| row.state == RowState::Shown).count()
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::entries::{edit, gone, post};
    use super::*;

    fn fold_of(entries: &[Entry]) -> LiveFold {
        let mut fold = LiveFold::default();
        let top = entries.last().map_or(0, |e| e.seq);
        let head = Head { epoch: "0.a1".parse().unwrap(), base: 0, top, line: live::follow::Line::default() };
        fold.take(&head, 0, entries);
        fold
    }

    fn firsts(fold: &LiveFold) -> Vec<Seq> {
        fold.rows(Seq::MAX).map(|row| row.first).collect()
    }

    #[test]
    fn an_edit_keeps_its_place_and_a_removal_its_line() {
        let fold = fold_of(&[
            post(1, "a", "one"),
            post(2, "b", "two"),
            edit(3, 1, "a", "one, better"),
            gone(4, 2, "b", true),
        ]);
        assert_eq!(firsts(&fold), [2, 1]);
        let rows: Vec<_> = fold.rows(Seq::MAX).collect();
        assert_eq!(rows[0].state, RowState::Removed);
        assert_eq!(rows[1].item.as_ref().unwrap().body.text(), "one, better");
        assert_eq!(rows[0].by, Some(model::GoneBy::Author));
        assert_eq!(fold.position().unwrap().to_string(), "0.a1.4");
    }

    #[test]
    fn only_the_newest_items_are_held_and_a_removal_of_an_older_one_still_masks_the_archive() {
        let mut entries: Vec<Entry> =
            (1..=ITEMS_MAX as u64 + 5).map(|n| post(n, &n.to_string(), "x")).collect();
        entries.push(gone(ITEMS_MAX as u64 + 6, 1, "1", true));
        let fold = fold_of(&entries);
        assert_eq!(fold.rows(Seq::MAX).count(), ITEMS_MAX);
        assert_eq!(fold.fold().items.len(), ITEMS_MAX);
        let id = entries[0].item().unwrap().id;
        assert!(fold.row(id).is_none());
        assert!(fold.overlay().knows(id));
        assert_eq!(fold.floor(), 6, "from here on everything is held");
    }

    #[test]
    fn an_item_whose_post_is_a_void_by_now_still_leaves_its_line() {
        let fold =
            fold_of(&[post(1, "a", "one"), Entry::void(2), post(3, "c", "three"), gone(4, 2, "b", true)]);
        assert_eq!(firsts(&fold), [3, 2, 1]);
        let states: Vec<RowState> = fold.rows(Seq::MAX).map(|row| row.state).collect();
        assert_eq!(states, [RowState::Shown, RowState::Removed, RowState::Shown]);
    }

    #[test]
    fn another_log_begins_with_nothing_of_the_old_one() {
        let mut fold = fold_of(&[post(1, "a", "one")]);
        let head =
            Head { epoch: "7.b2".parse().unwrap(), base: 3, top: 4, line: live::follow::Line::default() };
        assert!(fold.take(&head, 1, &[]).is_none());
        assert_eq!((fold.after(), fold.rows(Seq::MAX).count()), (3, 0));
        fold.take(&head, 3, &[post(4, "c", "new")]);
        assert_eq!(firsts(&fold), [4]);
        assert_eq!((fold.overlay().since_seq(), fold.floor()), (3, 4));
    }

    #[test]
    fn a_log_that_is_rolled_back_changes_nothing() {
        let mut fold = fold_of(&[post(1, "a", "one"), post(2, "b", "two")]);
        let head =
            Head { epoch: "0.a1".parse().unwrap(), base: 0, top: 1, line: live::follow::Line::default() };
        assert_eq!(fold.take(&head, 2, &[]), Some(Hold::Behind));
        assert_eq!(firsts(&fold), [2, 1]);
    }
}
