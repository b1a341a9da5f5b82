//! `/{event}/talks/{talk}`: one talk and the conversation that went with it, from the beginning, with what was most telling of it;
//! `?view=unfiled`: what was said in its minutes and is filed to no talk; `?replay=1`: in step with its recording ([`replay`]); `?at=`: as it
//! was at a moment. What is read is here; what is printed: [`draw`].
//!
//! The first page reads the talk whole, up to a bound, and works everything out from those rows, behind the mask: one question to the archive
//! for each 500 posts, whatever the event holds.

mod cues;
mod draw;
mod highlights;
mod people;
mod questions;
mod replay;

pub(super) use cues::cues;

use super::{
    Site,
    archive_reads::{from_the_log, if_there, masked},
    catch_up::period::{newest, overlapping},
    failure::{Failure, page},
    follow::EventLive,
    post_box::{Place, write_box},
    time_machine,
    view::{course::Course, stage::rooms, time::Venue},
};
use archive::{Order, Page, Query, Scope, TalkCount, Then};
use axum::{
    extract::{Path, Query as UrlQuery, State},
    response::IntoResponse,
};
use draw::draw;
use http::header;
use model::{EventEntry, FilingState, Gap, Micros, Position, Room, Row, Talk, TalkId, stage::Timeline};
use replay::Recording;
use serde::Deserialize;

/// Items on one page, and on that of a replay.
const ITEMS_SHOWN: usize = 200;
const REPLAY_ITEMS_SHOWN: usize = 1_000;
/// Rows of one question, and all that the first page reads. A talk with more is counted by the archive, and its highlights are those of its
/// first so many posts.
const ROWS_READ: u32 = 500;
const WHOLE_MAX: usize = 2_000;
/// Guesses that are shown.
const GUESSES_SHOWN: u32 = 50;

#[derive(Deserialize)]
pub(super) struct Asked {
    /// `WHEN.ID` of the last item of the page before.
    after: Option<String>,
    /// `unfiled`, or absent.
    view: Option<String>,
    /// What became of a post that was written here, see [`super::post_box`].
    wrote: Option<String>,
    /// The moment as of which the page is shown, see [`time_machine`].
    at: Option<String>,
    /// `1`: in step with the recording; `t` and `start`: see [`replay`].
    replay: Option<String>,
    t: Option<String>,
    start: Option<String>,
}

/// Which posts a page is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shows {
    /// Those filed to the talk.
    Conversation,
    /// Those said in its minutes and filed to no talk.
    Unfiled,
}

/// What the log says about the talk and its event.
struct Mine {
    settings: Option<EventEntry>,
    talk: Talk,
    course: Course,
    before: Option<Talk>,
    after: Option<Talk>,
    /// What was on elsewhere meanwhile.
    beside: Vec<Talk>,
    rooms: Vec<Room>,
    /// Where the log was before anything else was read.
    position: Option<Position>,
    /// The moment of which the page tells.
    as_of: Micros,
    /// Whether it is over for good, as far as is known.
    is_past: bool,
}

/// What the archive says about it, behind the mask.
struct Kept {
    /// From the beginning of the page, and on the first page far beyond what it shows.
    rows: Vec<Row>,
    /// How many of them are shown.
    shown: usize,
    /// Where the next page begins.
    last: Option<Page>,
    /// Posts of which we only guess that they are about it; on the last page of the conversation.
    guesses: Vec<Row>,
    /// None on later pages.
    count: Option<TalkCount>,
    whens: Vec<Micros>,
    /// Posts that were said in its minutes and are filed to no talk.
    unfiled: u64,
    /// What may be missing of its minutes; none where that is not known.
    gaps: Option<Vec<Gap>>,
    /// The archive does not answer: the rows are the newest only.
    is_away: bool,
}

/// The rows of a talk from its beginning, behind the mask, and whether these are all.
struct Whole {
    rows: Vec<Row>,
    is_all: bool,
}

pub(super) async fn show(
    State(site): State<Site>,
    Path((slug, id)): Path<(String, String)>,
    UrlQuery(asked): UrlQuery<Asked>,
) -> Result<impl IntoResponse, Failure> {
    let event = site.event(&slug).await?;
    let venue = Venue::of(event.fold().fold().event.as_ref());
    let now = Micros(site.clock.glance());
    let then = match time_machine::asked(asked.at.as_deref(), &venue, now)? {
        Some(at) => {
            site.archive_position(&event).await?;
            Some(time_machine::then(&site, &event, at).await?)
        }
        None => None,
    };
    let mine = Mine::of(&event, &TalkId(id), now, then.as_ref()).ok_or(Failure::NotFound)?;
    // A talk that is over looks the same tomorrow, and is not drawn again until something is said.
    if !mine.is_past || then.is_some() {
        site.clock.matters();
    }
    let after = match asked.after.as_deref() {
        None => None,
        Some(text) => {
            Some(parse_page(text).ok_or(Failure::Bad("That place in the conversation does not exist."))?)
        }
    };
    let shows = if asked.view.as_deref() == Some("unfiled") { Shows::Unfiled } else { Shows::Conversation };
    let is_replay = asked.replay.as_deref() == Some("1") && shows == Shows::Conversation && then.is_none();
    let recording = Recording::parse(asked.start.as_deref(), &mine)?;
    let t = replay::parse_t(asked.t.as_deref())?;
    let read = read(&site, &event, &mine, then.as_ref(), shows, after, is_replay).await;
    let kept = match read {
        // Only the beginning of the conversation of now can be told without the archive.
        read if after.is_some() || then.is_some() || shows == Shows::Unfiled => read?,
        read => if_there(read)?.unwrap_or_else(|| away(&event, &mine)),
    };
    let compose = (shows == Shows::Conversation && then.is_none() && !is_replay)
        .then(|| write_box(event.fold().fold(), &slug, &Place::Talk(&mine.talk.id), asked.wrote.as_deref()));
    let replay = is_replay.then_some((recording, t, asked.start.as_deref()));
    let mut template = draw(&site, &event, &mine, &kept, shows, after.is_none(), replay);
    template.compose = compose.flatten();
    template.then = then.map(|then| {
        time_machine::ThenView::new(&format!("/{slug}/talks/{}", mine.talk.id), then.at, site.now(), &venue)
    });
    Ok(([(header::CACHE_CONTROL, "no-cache")], page(&template)?))
}

/// `1780322520000000.k3f9q2m7xw4d`.
pub(super) fn parse_page(text: &str) -> Option<Page> {
    let (when, id) = text.split_once('.')?;
    Some(Page { when: Micros(when.parse().ok()?), id: id.parse().ok()? })
}

impl Mine {
    /// None for a talk that the log does not know.
    fn of(event: &EventLive, id: &TalkId, now: Micros, then: Option<&Then>) -> Option<Self> {
        let as_of = then.map_or(now, |then| then.at);
        let past: Option<Timeline> = then.map(|then| time_machine::timeline(event, then));
        let live = event.fold();
        let fold = live.fold();
        let talk = fold.talks.get(id)?.clone();
        let timeline = past.as_ref().unwrap_or_else(|| live.timeline());
        let course = Course::of(&talk, timeline, as_of);
        let is_past = as_of >= talk.end && timeline.of_talk(id).all(|(_, span)| span.to <= as_of);
        let held = || fold.talks.values().filter(|other| !other.dropped && other.id != *id);
        let mut here: Vec<&Talk> = held().filter(|other| other.room == talk.room).collect();
        here.sort_by_key(|t| (t.start, &t.id));
        let before = here.iter().rev().find(|t| t.start <= talk.start).map(|t| (*t).clone());
        let after = here.iter().find(|t| t.start > talk.start).map(|t| (*t).clone());
        let mut beside: Vec<Talk> = held()
            .filter(|other| other.room != talk.room && other.start < talk.end && other.end > talk.start)
            .cloned()
            .collect();
        beside.sort_by(|a, b| (a.start, &a.room, &a.id).cmp(&(b.start, &b.room, &b.id)));
        Some(Self {
            settings: fold.event.clone(),
            course,
            before,
            after,
            beside,
            rooms: rooms(fold),
            position: live.position().cloned(),
            as_of,
            is_past,
            talk,
        })
    }

    fn venue(&self) -> Venue {
        Venue::of(self.settings.as_ref())
    }

    /// The minutes of the talk: from the minute in which it began to the end of that in which it ended.
    fn minutes(&self) -> (Micros, Micros) {
        (self.course.from.minute(), self.course.to.plus(Micros::MINUTE - 1).minute())
    }

    fn holds(&self, row: &Row, state: FilingState) -> bool {
        row.filing.as_ref().is_some_and(|f| f.state == state && f.talk.as_ref() == Some(&self.talk.id))
    }
}

/// The talk from its beginning, up to a bound.
async fn whole(site: &Site, event: &EventLive, mine: &Mine, then: Option<&Then>) -> Result<Whole, Failure> {
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

async fn read(
    site: &Site,
    event: &EventLive,
    mine: &Mine,
    then: Option<&Then>,
    shows: Shows,
    after: Option<Page>,
    is_replay: bool,
) -> Result<Kept, Failure> {
    if after.is_some() || shows == Shows::Unfiled {
        return later(site, event, mine, then, shows, after).await;
    }
    let Whole { rows, is_all } = whole(site, event, mine, then).await?;
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
async fn later(
    site: &Site,
    event: &EventLive,
    mine: &Mine,
    then: Option<&Then>,
    shows: Shows,
    after: Option<Page>,
) -> Result<Kept, Failure> {
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
    let people: std::collections::BTreeSet<_> = items().map(super::telling::person).collect();
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
fn without(event: &EventLive, mine: &Mine) -> Vec<Row> {
    let mut rows = from_the_log(event, |_, filing| filing.talk.as_ref() == Some(&mine.talk.id));
    rows.drain(..rows.len().saturating_sub(ITEMS_SHOWN));
    rows
}

/// The page while the archive does not answer.
fn away(event: &EventLive, mine: &Mine) -> Kept {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_in_the_conversation_is_a_moment_and_an_id() {
        let page = parse_page("1780322520000000.k3f9q2m7xw4d").unwrap();
        assert_eq!((page.when.0, page.id.to_string().as_str()), (1_780_322_520_000_000, "k3f9q2m7xw4d"));
        for bad in ["", ".", "1", "x.k3f9q2m7xw4d", "1.short", "1.k3f9q2m7xw4dk3f9q2m7xw4d"] {
            assert!(parse_page(bad).is_none(), "{bad}");
        }
    }
}
