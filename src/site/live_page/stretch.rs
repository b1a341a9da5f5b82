//! A stretch of the stream: what lies below, above or around a place in it. The place of an item is the seq under which it was first
//! public, so one never slips in behind a reader, and pages that follow each other neither skip nor repeat.
//!
//! From the site's own fold as far down as that holds everything ([`LiveFold::floor`]), below it from the archive, and never one stretch
//! from both: each says where the next begins.

use crate::site::{Site, failure::Failure, follow::EventLive, live_fold::LiveFold, view::rail::Filter};
use archive::{Arrivals, Order};
use model::{Gap, Micros, Position, Retain, Row, Seq};

/// Rows of the archive that one stretch looks through at most, for a filter that few items pass.
const SCANNED_MAX: usize = 2_000;
const SCAN_ROWS: u32 = 500;

/// One row, under the moment at which it stands in the stream.
pub(super) struct Stood {
    pub(super) row: Row,
    pub(super) under: Micros,
}

/// See the module.
#[derive(Default)]
pub(super) struct Stretch {
    /// Newest first.
    pub(super) rows: Vec<Stood>,
    /// Where something may be missing, with the place: above what has the same.
    pub(super) gaps: Vec<(Seq, Gap)>,
    /// What is newer is behind this place; none up to now.
    pub(super) newer: Option<Seq>,
    /// What is older is before this place; none from the beginning.
    pub(super) older: Option<Seq>,
    /// The position of the fold that this was read under.
    pub(super) position: Option<Position>,
    /// Whether the archive told it.
    pub(super) is_archived: bool,
}

impl Stretch {
    /// At most `most` rows before a place, as the fold has them.
    pub(super) fn of_fold(fold: &LiveFold, filter: &Filter, before: Seq, most: usize) -> Self {
        let held = |row: &&Row| row.first >= fold.floor() && filter.holds(row);
        let mut held = fold.rows(before).filter(held).peekable();
        let rows: Vec<Stood> = held.by_ref().take(most).map(|row| Stood::of(fold, row)).collect();
        let older = match (held.peek(), rows.last()) {
            (Some(_), Some(last)) => Some(last.row.first),
            // The log may begin later than the event.
            _ => Some(fold.floor().min(before)).filter(|floor| *floor > 1),
        };
        let gaps = gaps_of(fold, older.unwrap_or(0), before);
        Self { rows, gaps, older, position: fold.position().cloned(), ..Self::default() }
    }

    fn above_in_fold(fold: &LiveFold, filter: &Filter, after: Seq, most: usize) -> Self {
        let mut held = fold.rows_after(after).filter(|row| filter.holds(row)).peekable();
        let mut rows: Vec<Stood> = held.by_ref().take(most).map(|row| Stood::of(fold, row)).collect();
        let newer = held.peek().and_then(|_| rows.last()).map(|last| last.row.first);
        rows.reverse();
        let gaps = gaps_of(fold, after + 1, newer.map_or(Seq::MAX, |newer| newer + 1));
        Self { rows, gaps, newer, position: fold.position().cloned(), ..Self::default() }
    }
}

impl Stood {
    fn of(fold: &LiveFold, row: &Row) -> Self {
        Self { row: row.clone(), under: fold.moment(row) }
    }
}

/// The fold's gaps from one place to before another.
fn gaps_of(fold: &LiveFold, from: Seq, before: Seq) -> Vec<(Seq, Gap)> {
    let within = fold.gaps().filter(|(seq, _)| (from..before).contains(seq));
    within.map(|(seq, gap)| (seq, gap.clone())).collect()
}

impl Site {
    /// At most `most` rows before a place.
    pub(super) async fn below(
        &self,
        event: &EventLive,
        filter: &Filter,
        before: Seq,
        most: usize,
    ) -> Result<Stretch, Failure> {
        let floor = {
            let fold = event.fold();
            if before > fold.floor() || fold.floor() <= 1 {
                return Ok(Stretch::of_fold(&fold, filter, before, most));
            }
            fold.floor()
        };
        let order = Order::NewestFirst;
        self.archived(event, filter, Arrivals { after: 0, before, order, limit: SCAN_ROWS }, (most, floor))
            .await
    }

    /// At most `most` rows behind a place, those next to it.
    pub(super) async fn above(
        &self,
        event: &EventLive,
        filter: &Filter,
        after: Seq,
        most: usize,
    ) -> Result<Stretch, Failure> {
        let floor = {
            let fold = event.fold();
            if after.saturating_add(1) >= fold.floor() {
                return Ok(Stretch::above_in_fold(&fold, filter, after, most));
            }
            fold.floor()
        };
        let asked = Arrivals { after, before: floor, order: Order::OldestFirst, limit: SCAN_ROWS };
        self.archived(event, filter, asked, (most, floor)).await
    }

    /// Rows that only the archive has: below the fold's floor, where it must have everything.
    async fn archived(
        &self,
        event: &EventLive,
        filter: &Filter,
        asked: Arrivals,
        (most, floor): (usize, Seq),
    ) -> Result<Stretch, Failure> {
        let cursor = self.archive_position(event).await?;
        if cursor.map_or(0, |cursor| cursor.seq) + 1 < floor.min(asked.before) {
            // What lies between is safe in the log and on its way here; to go on without it would be to skip it.
            return Err(Failure::ArchiveAway { slug: event.listed().slug });
        }
        let is_down = asked.order == Order::NewestFirst;
        let mut next = asked;
        let (mut rows, mut scanned, mut is_end) = (Vec::new(), 0, false);
        while rows.len() < most && scanned < SCANNED_MAX && !is_end {
            if *filter == Filter::All {
                next.limit = u32::try_from(most - rows.len()).unwrap_or(SCAN_ROWS);
            }
            let read = self.ask_archive(event, self.archive.places(event.eid, &next)).await?;
            is_end = read.len() < next.limit as usize;
            scanned += read.len();
            let fold = event.fold();
            for row in read {
                if rows.len() == most {
                    is_end = false;
                    break;
                }
                if is_down {
                    next.before = row.first;
                } else {
                    next.after = row.first;
                }
                rows.extend(as_it_is(&fold, row).filter(|row| filter.holds(row)));
            }
        }
        let rows = standing(rows, is_down);
        let edge = if is_down { asked.before - 1 } else { rows.first().map_or(0, |newest| newest.row.first) };
        let gaps = self.gaps_between(event, &rows, edge).await?;
        let mut stretch = Stretch { rows, gaps, is_archived: true, ..Stretch::default() };
        let (from, to) = if is_down {
            stretch.older = (!is_end).then_some(next.before);
            (stretch.older.unwrap_or(0), asked.before)
        } else {
            let last = if is_end { floor - 1 } else { next.after };
            stretch.newer = Some(last);
            (asked.after + 1, last + 1)
        };
        let fold = event.fold();
        stretch.gaps.extend(gaps_of(&fold, from, to));
        stretch.position = fold.position().cloned();
        Ok(stretch)
    }

    /// The gaps that lie among these rows and below what comes behind `edge`, by their time: the archive does not keep their places.
    /// Those of the fold have theirs.
    async fn gaps_between(
        &self,
        event: &EventLive,
        rows: &[Stood],
        edge: Seq,
    ) -> Result<Vec<(Seq, Gap)>, Failure> {
        let (Some(first), Some(last)) = (rows.first(), rows.last()) else { return Ok(Vec::new()) };
        let next = Arrivals { after: edge, before: Seq::MAX, order: Order::OldestFirst, limit: 1 };
        let above = self.ask_archive(event, self.archive.places(event.eid, &next)).await?;
        let until = above.first().map_or(first.under, moment).max(first.under);
        let mut gaps = self.ask_archive(event, self.archive.gaps(event.eid)).await?;
        let fold = event.fold();
        gaps.retain(|gap| {
            (last.under..until).contains(&gap.from) && fold.gaps().all(|(_, known)| known.id != gap.id)
        });
        let place = |gap: Gap| {
            let below = rows.iter().find(|stood| stood.under <= gap.from).unwrap_or(last);
            (below.row.first, gap)
        };
        Ok(gaps.into_iter().map(place).collect())
    }
}

/// An archived row through the mask, in whatever state; none where its author wants it shown live only, or it stands elsewhere by now.
fn as_it_is(fold: &LiveFold, row: Row) -> Option<Row> {
    let first = row.first;
    let ours = fold.overlay().row(row.id).filter(|ours| ours.last > row.last).cloned();
    let row = ours.unwrap_or(row);
    let is_live_only = row.item.as_ref().is_some_and(|item| item.retain == Retain::Live);
    (row.first == first && !is_live_only).then_some(row)
}

/// The moment of a row that was never changed is that of its commit; of another one, its author's.
fn moment(row: &Row) -> Micros {
    match &row.item {
        Some(item) if row.first != row.last => item.when,
        _ => row.at,
    }
}

/// The rows newest first, each under its moment. What is gone stands under the moment of what is below it.
fn standing(mut rows: Vec<Row>, is_newest_first: bool) -> Vec<Stood> {
    if is_newest_first {
        rows.reverse();
    }
    let mut below: Option<Micros> = None;
    let mut stood: Vec<Stood> = Vec::with_capacity(rows.len());
    for row in rows {
        let under = if row.item.is_some() { moment(&row) } else { below.unwrap_or(row.at) };
        below = Some(under);
        stood.push(Stood { row, under });
    }
    stood.reverse();
    stood
}
