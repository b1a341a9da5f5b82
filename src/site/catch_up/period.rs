//! Which time a reader has missed, and what arrived in it. A place is a position in the log, not a moment of the conversation: a post that
//! comes late stands behind everybody who has read on, so going on from a place skips nothing and repeats nothing.

use crate::site::{
    Site, archive_reads::masked, failure::Failure, follow::EventLive, live_fold::LiveFold, time_machine,
    view::time::Venue,
};
use archive::{Arrivals, Order};
use model::{Gap, Micros, Position, Row, RowState, Seq};

/// Posts that one page looks through. Behind them the reader goes on.
const ROWS_MAX: usize = 4_000;
/// Rows of one question to the archive.
const ROWS_READ: u32 = 500;
/// Gaps that one page names.
const GAPS_SHOWN: usize = 12;

const OTHER_LOG: &str = "That place is in a log that is no more. Begin with a time instead: ?after=2026-06-01T14:10 at the venue.";
const NO_PLACE: &str =
    "after is a place that a page of ours named, or a time: 2026-06-01T14:10 at the venue, or with a zone.";

/// Where a reader left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Left {
    /// Behind this entry.
    Behind(Seq),
    /// At this moment.
    At(Micros),
}

/// What a reader has missed.
#[derive(Debug)]
pub(super) struct Period {
    /// Shown, in the order in which they arrived.
    pub(super) rows: Vec<Row>,
    /// The moment of the place where the reader left.
    pub(super) from: Micros,
    /// Everything that arrived up to here is among the rows.
    pub(super) until: Position,
    /// The moment of that place.
    pub(super) to: Micros,
    /// Whether nothing has arrived behind it.
    pub(super) is_to_now: bool,
    /// What may be missing.
    pub(super) gaps: Vec<Gap>,
}

impl Left {
    /// `EPOCH.SEQ` as pages print it, or a moment.
    pub(super) fn parse(text: &str, venue: &Venue, ours: &Position) -> Result<Self, Failure> {
        if let Ok(position) = text.parse::<Position>() {
            let is_ours = position.epoch == ours.epoch;
            return if is_ours { Ok(Self::Behind(position.seq)) } else { Err(Failure::Bad(OTHER_LOG)) };
        }
        time_machine::moment(&text.replace(' ', "+"), venue).map(Self::At).ok_or(Failure::Bad(NO_PLACE))
    }
}

/// What arrived behind a place, at most `most` posts: from the site's own fold where it reaches back so far, else from the archive.
pub(super) async fn read(site: &Site, event: &EventLive, left: Left, most: usize) -> Result<Period, Failure> {
    let most = most.min(ROWS_MAX);
    let near = near(&event.fold(), left, most, site.now());
    match near {
        Some(period) => Ok(period),
        None => far(site, event, left, most).await,
    }
}

fn near(fold: &LiveFold, left: Left, most: usize, now: Micros) -> Option<Period> {
    let oldest = fold.rows(Seq::MAX).last()?;
    let reaches = match left {
        Left::Behind(seq) => oldest.first <= seq,
        Left::At(at) => fold.moment(oldest) <= at,
    };
    let ours = fold.position().filter(|_| reaches)?;
    let is_read = |row: &&Row| match left {
        Left::Behind(seq) => row.first <= seq,
        Left::At(at) => fold.moment(row) <= at,
    };
    let mark = fold.rows(Seq::MAX).find(is_read)?;
    let from = if let Left::At(at) = left { at } else { fold.moment(mark) };
    let mut rows: Vec<&Row> = fold.rows(Seq::MAX).take_while(|row| row.first > mark.first).collect();
    rows.reverse();
    rows.retain(|row| row.state == RowState::Shown);
    let is_to_now = rows.len() <= most;
    rows.truncate(most);
    let last = rows.last().filter(|_| !is_to_now);
    let top = if let Left::Behind(seq) = left { ours.seq.max(seq) } else { ours.seq };
    let until = Position { epoch: ours.epoch.clone(), seq: last.map_or(top, |row| row.first) };
    let to = last.map_or(now, |row| fold.moment(row));
    let gaps = overlapping(fold.gaps().map(|(_, gap)| gap.clone()).collect(), from, to);
    Some(Period { rows: rows.into_iter().cloned().collect(), from, until, to, is_to_now, gaps })
}

async fn far(site: &Site, event: &EventLive, left: Left, most: usize) -> Result<Period, Failure> {
    let cursor = site.archive_position(event).await?;
    let Some(until) = cursor.or_else(|| event.fold().position().cloned()) else {
        return Err(Failure::Starting);
    };
    let archive = &site.archive;
    let reads = async {
        let mut after = match left {
            Left::Behind(seq) => seq,
            Left::At(at) => archive.then(event.eid, at).await?.sure,
        };
        let mark =
            Arrivals { after: 0, before: after.saturating_add(1), order: Order::NewestFirst, limit: 1 };
        let mark = archive.arrivals(event.eid, &mark).await?.pop();
        let mut rows: Vec<Row> = Vec::new();
        // One more than is told: whether the reader has to go on.
        while rows.len() <= most {
            let limit = ROWS_READ.min(u32::try_from(most + 1 - rows.len()).unwrap_or(ROWS_READ));
            let asked =
                Arrivals { after, before: until.seq.saturating_add(1), order: Order::OldestFirst, limit };
            let page = archive.arrivals(event.eid, &asked).await?;
            let is_last = page.len() < limit as usize;
            after = page.last().map_or(after, |row| row.first);
            rows.extend(page);
            if is_last {
                break;
            }
        }
        Ok((mark, rows, archive.gaps(event.eid).await?))
    };
    let (mark, mut rows, gaps) = site.ask_archive(event, reads).await?;
    let is_to_now = rows.len() <= most;
    rows.truncate(most);
    // An archive that is behind sends nobody back.
    let top = if let Left::Behind(seq) = left { until.seq.max(seq) } else { until.seq };
    let seq = rows.last().filter(|_| !is_to_now).map_or(top, |row| row.first);
    let until = Position { epoch: until.epoch, seq };
    let to = rows.last().filter(|_| !is_to_now).map_or_else(|| site.now(), arrived);
    let from = match (left, mark) {
        (Left::At(at), _) => at,
        (Left::Behind(_), Some(mark)) => arrived(&mark),
        (Left::Behind(_), None) => rows.first().map_or(to, arrived),
    };
    let gaps = overlapping(newest(event, gaps), from, to);
    Ok(Period { rows: masked(event, rows), from, until, to, is_to_now, gaps })
}

/// When a row arrived: the moment of its entry, or of its words where it was changed since.
fn arrived(row: &Row) -> Micros {
    let said = row.item.as_ref().map_or(row.at, |item| item.when);
    if row.first == row.last { row.at } else { said }
}

/// The archive's gaps as the log knows them by now.
pub(in crate::site) fn newest(event: &EventLive, mut gaps: Vec<Gap>) -> Vec<Gap> {
    let fold = event.fold();
    for (_, ours) in fold.gaps() {
        match gaps.iter_mut().find(|gap| gap.id == ours.id) {
            Some(gap) => gap.clone_from(ours),
            None => gaps.push(ours.clone()),
        }
    }
    gaps
}

/// What may be missing of a time, by its beginning.
pub(in crate::site) fn overlapping(mut gaps: Vec<Gap>, from: Micros, to: Micros) -> Vec<Gap> {
    gaps.retain(|gap| !gap.closed && gap.from < to && gap.to.is_none_or(|end| end > from));
    gaps.sort_by(|a, b| (a.from, &a.id).cmp(&(b.from, &b.id)));
    gaps.truncate(GAPS_SHOWN);
    gaps
}
