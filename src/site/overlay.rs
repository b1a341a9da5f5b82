//! The mask between archive and reader. The archive may be behind, or restored to an older day; what the log has since hidden,
//! removed or edited must not be read there. So every archive row passes through here, and the larger `last` wins; and no archive
//! page is served from rows older than what this mask knows (ledger contract, section 5).

use model::{ItemId, Position, Retain, Row, RowState, Seq};
use std::collections::{BTreeMap, HashMap};

/// Changed rows that are held. When more change, the mask begins later.
const ROWS_MAX: usize = 4_000;

/// Rows that changed after they were first public, since a seq.
#[derive(Debug, Default)]
pub(super) struct Overlay {
    since: Seq,
    rows: HashMap<ItemId, Row>,
    by_last: BTreeMap<Seq, ItemId>,
}

impl Overlay {
    /// A mask that will know everything behind `seq`.
    pub(super) fn since(seq: Seq) -> Self {
        Self { since: seq, ..Self::default() }
    }

    /// The seq behind which this mask is complete.
    #[cfg(test)]
    pub(super) fn since_seq(&self) -> Seq {
        self.since
    }

    /// Whether rows of an archive that stands at `cursor` may be shown through this mask.
    pub(super) fn covers(&self, cursor: Option<&Position>, ours: Option<&Position>) -> bool {
        match (cursor, ours) {
            (Some(cursor), Some(ours)) => cursor.epoch == ours.epoch && cursor.seq >= self.since,
            // An archive that has nothing can show nothing that was removed.
            (None, _) => true,
            (Some(_), None) => false,
        }
    }

    /// Takes a row that changed.
    pub(super) fn put(&mut self, row: Option<Row>) {
        let Some(row) = row else { return };
        let (id, last) = (row.id, row.last);
        if let Some(old) = self.rows.insert(id, row) {
            self.by_last.remove(&old.last);
        }
        self.by_last.insert(last, id);
        while self.rows.len() > ROWS_MAX {
            let Some((last, id)) = self.by_last.pop_first() else { break };
            self.rows.remove(&id);
            self.since = self.since.max(last);
        }
    }

    /// The row as it may be shown: ours when it is newer, none when it is gone.
    pub(super) fn pass(&self, row: Row) -> Option<Row> {
        let row = match self.rows.get(&row.id) {
            Some(ours) if ours.last > row.last => ours.clone(),
            _ => row,
        };
        // Whoever asked to be shown live only since the archive was written is not shown from it.
        let is_live_only = row.item.as_ref().is_some_and(|item| item.retain == Retain::Live);
        (row.state == RowState::Shown && !is_live_only).then_some(row)
    }

    /// The newest thing the mask knows of an item.
    pub(super) fn row(&self, id: ItemId) -> Option<&Row> {
        self.rows.get(&id)
    }

    /// Whether an item changed.
    #[cfg(test)]
    pub(super) fn knows(&self, id: ItemId) -> bool {
        self.rows.contains_key(&id)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::entries::{edit, gone, post, row_of};
    use super::*;

    #[test]
    fn the_larger_last_wins_and_what_is_gone_does_not_pass() {
        let mut overlay = Overlay::since(0);
        let old = row_of(&[post(1, "a", "old words")]);
        overlay.put(Some(row_of(&[post(1, "a", "old words"), edit(5, 1, "a", "new words")])));
        assert_eq!(overlay.pass(old.clone()).unwrap().item.unwrap().body.text(), "new words");
        overlay.put(Some(row_of(&[post(1, "a", "old words"), gone(6, 1, "a", false)])));
        assert!(overlay.pass(old.clone()).is_none());
        let shown_again = Row { last: 9, ..old };
        assert!(overlay.pass(shown_again).is_some(), "an archive that is ahead of the mask is believed");
    }

    #[test]
    fn who_asks_to_be_shown_live_only_does_not_pass_from_an_archive_that_is_behind() {
        let mut overlay = Overlay::since(0);
        let old = row_of(&[post(1, "a", "old words")]);
        let mut asks = row_of(&[post(1, "a", "old words"), edit(5, 1, "a", "old words")]);
        asks.item.as_mut().unwrap().retain = Retain::Live;
        overlay.put(Some(asks));
        assert_eq!(overlay.pass(old), None);
    }

    #[test]
    fn an_archive_older_than_the_mask_or_of_another_log_is_not_shown() {
        let overlay = Overlay::since(10);
        let at = |text: &str| text.parse::<Position>().unwrap();
        let ours = at("0.a.50");
        assert!(overlay.covers(Some(&at("0.a.10")), Some(&ours)));
        assert!(!overlay.covers(Some(&at("0.a.9")), Some(&ours)));
        assert!(!overlay.covers(Some(&at("0.b.40")), Some(&ours)));
        assert!(!overlay.covers(Some(&at("0.a.40")), None));
    }

    #[test]
    fn a_full_mask_begins_later_instead_of_forgetting_silently() {
        let mut overlay = Overlay::since(0);
        for n in 1..=ROWS_MAX as u64 + 3 {
            overlay.put(Some(row_of(&[
                post(n, &n.to_string(), "x"),
                gone(n + 10_000, n, &n.to_string(), true),
            ])));
        }
        assert_eq!(overlay.rows.len(), ROWS_MAX);
        assert_eq!(overlay.since, 10_003);
    }
}
