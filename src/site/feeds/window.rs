//! Which posts a feed shows: the newest of its scope, a page at a time, from the archive through the mask, and those that the log has
//! already and the archive has not.

use super::WINDOW;
use crate::site::{
    Site,
    archive_reads::{if_there, masked},
    failure::Failure,
    follow::EventLive,
    live_fold::LiveFold,
};
use archive::{Order, Page, Query, Scope};
use model::{FilingState, ItemId, Micros, Retain, Row, RowState, Seq};
use std::collections::{HashMap, HashSet};

/// See the module.
#[derive(Debug, Default)]
pub(in crate::site) struct Window {
    /// The newest first.
    pub(in crate::site) rows: Vec<Row>,
    /// Where the next page begins.
    pub(in crate::site) next: Option<Page>,
}

/// Reads a page of the posts behind `query.after`. Without the archive the first page is what the log still holds.
pub(in crate::site) async fn window(
    site: &Site,
    event: &EventLive,
    query: &Query,
) -> Result<Window, Failure> {
    let kept = match kept(site, event, query).await {
        // What only the archive knows, only the archive can tell.
        read if query.after.is_some() || !is_told_by_the_log(&query.scope) => Some(read?),
        read => if_there(read)?,
    };
    let Some(kept) = kept else {
        let fold = event.fold();
        let mut rows = newest(&fold, &query.scope, &HashSet::new());
        sort(&mut rows);
        rows.truncate(WINDOW);
        return Ok(Window { rows, next: None });
    };
    let lowest = kept.last().filter(|_| kept.len() >= WINDOW).and_then(page);
    let was: HashMap<ItemId, Seq> = kept.iter().map(|row| (row.id, row.last)).collect();
    let kept = masked(event, kept);
    let fold = event.fold();
    let now = |row: Row| match is_told_by_the_log(&query.scope) {
        true => as_filed_now(&fold, row, &query.scope),
        // A word that was taken out of a post finds it no more, and only the archive can tell.
        false => Some(row).filter(|row| was.get(&row.id) == Some(&row.last)),
    };
    let mut rows: Vec<Row> = kept.into_iter().filter_map(now).collect();
    if query.after.is_none() {
        let known: HashSet<ItemId> = rows.iter().map(|row| row.id).collect();
        rows.extend(newest(&fold, &query.scope, &known));
    }
    sort(&mut rows);
    if let Some(lowest) = lowest {
        // What the log holds below the archive's page belongs to the pages after it.
        rows.retain(|row| page(row).is_some_and(|at| (at.when, at.id) >= (lowest.when, lowest.id)));
    }
    let is_cut = rows.len() > WINDOW;
    rows.truncate(WINDOW);
    let next = if is_cut { rows.last().and_then(page) } else { lowest };
    Ok(Window { rows, next })
}

async fn kept(site: &Site, event: &EventLive, query: &Query) -> Result<Vec<Row>, Failure> {
    site.archive_position(event).await?;
    let limit = u32::try_from(WINDOW).unwrap_or(archive::ITEMS_MAX);
    let query = Query { order: Order::NewestFirst, limit, ..query.clone() };
    site.ask_archive(event, site.archive.items(event.eid, &query)).await
}

/// Whether the log alone can say what belongs to it.
fn is_told_by_the_log(scope: &Scope) -> bool {
    matches!(scope, Scope::Event | Scope::Talk(_) | Scope::Room(_))
}

/// The row as the log has it since, if it is still filed here: the mask knows what was taken away or edited, not what was moved.
pub(in crate::site) fn as_filed_now(fold: &LiveFold, row: Row, scope: &Scope) -> Option<Row> {
    match fold.row(row.id).filter(|ours| ours.touched > row.touched) {
        Some(ours) => Some(ours.clone()).filter(|ours| holds(scope, ours)),
        None => Some(row),
    }
}

/// What the log holds of a scope beyond what is known.
fn newest(fold: &LiveFold, scope: &Scope, known: &HashSet<ItemId>) -> Vec<Row> {
    if !is_told_by_the_log(scope) {
        return Vec::new();
    }
    fold.rows(Seq::MAX).filter(|row| !known.contains(&row.id) && holds(scope, row)).cloned().collect()
}

/// Shown, and not by somebody who asked to be shown live only: what a feed gave out, others keep.
fn is_kept(row: &Row) -> bool {
    row.state == RowState::Shown && row.item.as_ref().is_some_and(|item| item.retain == Retain::Archive)
}

fn holds(scope: &Scope, row: &Row) -> bool {
    let filed = row.filing.as_ref().filter(|filing| filing.state == FilingState::Filed);
    is_kept(row)
        && match scope {
            Scope::Talk(talk) => filed.is_some_and(|filing| filing.talk.as_ref() == Some(talk)),
            Scope::Room(room) => filed.is_some_and(|filing| filing.room.as_deref() == Some(room)),
            _ => true,
        }
}

fn page(row: &Row) -> Option<Page> {
    Some(Page { when: row.item.as_ref()?.when, id: row.id })
}

fn sort(rows: &mut [Row]) {
    rows.sort_by_key(|row| std::cmp::Reverse((row.item.as_ref().map(|item| item.when), row.id)));
}

/// The newest posts that were taken away, by id and moment: those that stood no lower than `oldest`, and [`WINDOW`] at most.
pub(super) fn gone(fold: &LiveFold, oldest: Option<Micros>) -> Vec<(ItemId, Micros)> {
    let was_in_sight = |row: &&Row| {
        row.state != RowState::Shown
            && row.first > 0
            && oldest.is_none_or(|oldest| fold.moment(row) >= oldest)
    };
    fold.rows(Seq::MAX).filter(was_in_sight).map(|row| (row.id, row.at)).take(WINDOW).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::site::tests::entries::{gone as taken, item, post, post_of};
    use model::{Body, TalkId};

    #[test]
    fn only_what_is_filed_here_and_may_be_kept_belongs_to_a_feed() {
        let row = |entry: &model::Entry| crate::site::tests::entries::row_of(std::slice::from_ref(entry));
        let filed = row(&post(1, "a", "words"));
        let talk = |id: &str| Scope::Talk(TalkId(id.into()));
        assert!(holds(&Scope::Event, &filed) && holds(&talk("t1"), &filed));
        assert!(holds(&Scope::Room("main-hall".into()), &filed));
        assert!(!holds(&talk("t2"), &filed) && !holds(&Scope::Room("side".into()), &filed));
        let mut live_only = item("b", Body::plain("words"));
        live_only.retain = Retain::Live;
        assert!(!holds(&Scope::Event, &row(&post_of(1, live_only))));
        let mut guess = filed;
        guess.filing.as_mut().unwrap().state = FilingState::Suggested;
        assert!(!holds(&talk("t1"), &guess));
        let gone = crate::site::tests::entries::row_of(&[post(1, "a", "words"), taken(2, 1, "a", true)]);
        assert!(!holds(&Scope::Event, &gone));
    }
}
