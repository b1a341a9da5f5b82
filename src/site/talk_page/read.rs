//! What a talk's page reads. The first page reads the talk whole, up to a bound, and works everything out from those rows, behind the mask: one
//! question to the archive for each 500 posts and a few small ones, whatever the event holds.

use super::{Mine, Shows};
use crate::site::{
    Site,
    archive_reads::{from_the_log, masked},
    catch_up::period::{newest, overlapping},
    failure::Failure,
    follow::EventLive,
};
use archive::{Order, Page, Query, Scope, TalkCount, Then};
use model::{FilingState, Gap, Micros, Row};

/// Items on one page, and on that of a replay.
const ITEMS_SHOWN: usize = 200;
const REPLAY_ITEMS_SHOWN: usize = 1_000;
/// Rows of one question, and all that the first page reads. A talk with more is counted by the archive, and its highlights are those of its
/// first so many posts.
const ROWS_READ: u32 = 500;
const WHOLE_MAX: usize = 2_000;
/// Guesses that are shown.
const GUESSES_SHOWN: u32 = 50;

/// Whose page is read, and as of when.
#[derive(Clone, Copy)]
pub(super) struct Reading<'a> {
    pub(super) site: &'a Site,
    pub(super) event: &'a EventLive,
    pub(super) mine: &'a Mine,
    pub(super) then: Option<&'a Then>,
}

/// What the archive says about it, behind the mask.
pub(super) struct Kept {
    /// From the beginning of the page, and on the first page far beyond what it shows.
    pub(super) rows: Vec<Row>,
    /// How many of them are shown.
    pub(super) shown: usize,
    /// Where the next page begins.
    pub(super) last: Option<Page>,
    /// Posts of which we only guess that they are about it; on the last page of the conversation.
    pub(super) guesses: Vec<Row>,
    /// None on later pages.
    pub(super) count: Option<TalkCount>,
    pub(super) whens: Vec<Micros>,
    /// Posts that were said in its minutes and are filed to no talk.
    pub(super) unfiled: u64,
    /// What may be missing of its minutes; none where that is not known.
    pub(super) gaps: Option<Vec<Gap>>,
    /// The archive does not answer: the rows are the newest only.
    pub(super) is_away: bool,
}

/// The rows of a talk from its beginning, behind the mask, and whether these are all.
pub(super) struct Whole {
    pub(super) rows: Vec<Row>,
    pub(super) is_all: bool,
}

/// The talk from its beginning, up to a bound.
pub(super) async fn whole(reading: &Reading<'_>) -> Result<Whole, Failure> {
    let Reading { site, event, mine, then } = *reading;
    site.archive_position(event).await?;
    let reads = async {
        let mut rows: Vec<Row> = Vec::new();
        let mut query = Query { limit: ROWS_READ, ..Query::new(Scope::Talk(mine.talk.id.clone())) };
        while rows.len() < WHOLE_MAX {
            let page = site.archive.items(event.eid, &query).await?;
            let is_last = page.len() < ROWS_READ as usize;
            query.after = page.last().and_then(place);
            rows.extend(page);
            if is_last || query.after.is_none() {
                return Ok((rows, true));
            }
        }
        Ok((rows, false))
    };
    let (rows, is_all) = site.ask_archive(event, reads).await?;
    let mut rows = masked(event, rows);
    rows.retain(|row| mine.holds(row, FilingState::Filed) && then.is_none_or(|then| then.holds(row)));
    Ok(Whole { rows, is_all })
}

fn place(row: &Row) -> Option<Page> {
    Some(Page { when: row.item.as_ref()?.when, id: row.id })
}

pub(super) async fn read(
    reading: &Reading<'_>,
    shows: Shows,
    after: Option<Page>,
    is_replay: bool,
) -> Result<Kept, Failure> {
    if after.is_some() || shows == Shows::Unfiled {
        return later(reading, shows, after).await;
    }
    let Reading { site, event, mine, then } = *reading;
    let Whole { rows, is_all } = whole(reading).await?;
    let shown = if is_replay { REPLAY_ITEMS_SHOWN } else { ITEMS_SHOWN }.min(rows.len());
    let has_more = shown < rows.len() || !is_all;
    let (from, to) = mine.minutes();
    let archive = &site.archive;
    let reads = async {
        let gaps = archive.gaps(event.eid).await?;
        let unfiled = archive.unfiled(event.eid, from, to).await?;
        let (count, whens) = if is_all {
            (None, Vec::new())
        } else {
            let counts = archive.talk_counts(event.eid).await?;
            let minutes = archive.minutes(event.eid).await?.into_iter();
            let own = minutes.filter(|minute| minute.talk.as_ref() == Some(&mine.talk.id));
            let whens = own.flat_map(|m| std::iter::repeat_n(m.minute, m.items.try_into().unwrap_or(0)));
            (counts.into_iter().find(|count| count.talk == mine.talk.id), whens.collect())
        };
        let guesses = if has_more { Vec::new() } else { guesses(site, event, mine).await? };
        Ok((gaps, unfiled, count, whens, guesses))
    };
    let (gaps, unfiled, count, whens, guesses) = site.ask_archive(event, reads).await?;
    let is_counted = is_all || count.is_none();
    Ok(Kept {
        shown,
        last: rows.get(shown.wrapping_sub(1)).filter(|_| has_more).and_then(place),
        guesses: behind(event, mine, then, guesses),
        whens: if is_counted { said(&rows) } else { whens },
        count: Some(if is_counted {
            counted(mine, &rows)
        } else {
            count.unwrap_or_else(|| counted(mine, &rows))
        }),
        unfiled,
        gaps: Some(overlapping(newest(event, gaps), mine.course.from, mine.course.to.min(mine.as_of))),
        is_away: false,
        rows,
    })
}

async fn guesses(site: &Site, event: &EventLive, mine: &Mine) -> Result<Vec<Row>, archive::Error> {
    let scope = Scope::Suggested(mine.talk.id.clone());
    let query = Query { order: Order::OldestFirst, limit: GUESSES_SHOWN, ..Query::new(scope) };
    site.archive.items(event.eid, &query).await
}

/// What is only guessed, as it may be shown.
fn behind(event: &EventLive, mine: &Mine, then: Option<&Then>, rows: Vec<Row>) -> Vec<Row> {
    let mut rows = masked(event, rows);
    rows.retain(|row| mine.holds(row, FilingState::Suggested) && then.is_none_or(|then| then.holds(row)));
    rows
}

/// A later page of the conversation, or what is filed to no talk.
async fn later(reading: &Reading<'_>, shows: Shows, after: Option<Page>) -> Result<Kept, Failure> {
    let Reading { site, event, mine, then } = *reading;
    site.archive_position(event).await?;
    let (from, to) = mine.minutes();
    let mut query = match shows {
        Shows::Conversation => Query::new(Scope::Talk(mine.talk.id.clone())),
        Shows::Unfiled => Query { from: Some(from), to: Some(to), ..Query::new(Scope::Unfiled) },
    };
    query.after = after;
    query.limit = ITEMS_SHOWN as u32;
    let reads = async {
        let rows = site.archive.items(event.eid, &query).await?;
        let is_last = rows.len() < ITEMS_SHOWN;
        let is_whole = is_last && shows == Shows::Conversation;
        let guesses = if is_whole { guesses(site, event, mine).await? } else { Vec::new() };
        Ok((rows, is_last, guesses, site.archive.unfiled(event.eid, from, to).await?))
    };
    let (rows, is_last, guesses, unfiled) = site.ask_archive(event, reads).await?;
    let last = rows.last().filter(|_| !is_last).and_then(place);
    let mut rows = masked(event, rows);
    let is_unfiled = |row: &Row| row.filing.as_ref().is_none_or(|f| f.state != FilingState::Filed);
    rows.retain(|row| match shows {
        Shows::Conversation => mine.holds(row, FilingState::Filed),
        Shows::Unfiled => is_unfiled(row),
    });
    rows.retain(|row| then.is_none_or(|then| then.holds(row)));
    Ok(Kept {
        shown: rows.len(),
        last,
        guesses: behind(event, mine, then, guesses),
        count: None,
        whens: Vec::new(),
        unfiled,
        gaps: None,
        is_away: false,
        rows,
    })
}

fn said(rows: &[Row]) -> Vec<Micros> {
    rows.iter().filter_map(|row| row.item.as_ref()).map(|item| item.when).collect()
}

/// What the rows amount to.
fn counted(mine: &Mine, rows: &[Row]) -> TalkCount {
    let items = || rows.iter().filter_map(|row| row.item.as_ref());
    let people: std::collections::BTreeSet<_> = items().map(crate::site::telling::person).collect();
    let n = |n: usize| n as u64;
    TalkCount {
        talk: mine.talk.id.clone(),
        items: n(items().count()),
        people: n(people.len()),
        photos: n(items().filter(|item| item.has_photo()).count()),
        questions: n(items().filter(|item| item.marks.contains(&model::Mark::Question)).count()),
    }
}

/// What the log still holds of the conversation.
pub(super) fn without(event: &EventLive, mine: &Mine) -> Vec<Row> {
    let mut rows = from_the_log(event, |_, filing| filing.talk.as_ref() == Some(&mine.talk.id));
    rows.drain(..rows.len().saturating_sub(ITEMS_SHOWN));
    rows
}

/// The page while the archive does not answer.
pub(super) fn away(event: &EventLive, mine: &Mine) -> Kept {
    let rows = without(event, mine);
    Kept {
        shown: rows.len(),
        rows,
        last: None,
        guesses: Vec::new(),
        count: None,
        whens: Vec::new(),
        unfiled: 0,
        gaps: None,
        is_away: true,
    }
}
