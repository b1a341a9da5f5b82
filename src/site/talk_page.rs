//! `/{event}/talks/{talk}`: one talk and the conversation that went with it, from the beginning; `?view=unfiled`: what was said in its
//! minutes and is filed to no talk. What is read is here; what is printed: [`draw`].

mod draw;

use super::{
    Site,
    archive_reads::{from_the_log, if_there},
    failure::{Failure, page},
    follow::EventLive,
    post_box::{Place, write_box},
    view::{course::Course, stage::rooms},
};
use archive::{Minute, Order, Page, Query, Scope, TalkCount};
use axum::{
    extract::{Path, Query as UrlQuery, State},
    response::IntoResponse,
};
use draw::draw;
use http::header;
use model::{EventEntry, Micros, Room, Row, Talk, TalkId};
use serde::Deserialize;

/// Items on one page.
const ITEMS_SHOWN: u32 = 200;
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
struct Known {
    settings: Option<EventEntry>,
    talk: Talk,
    course: Course,
    before: Option<Talk>,
    after: Option<Talk>,
    rooms: Vec<Room>,
}

/// What the archive says about it.
struct Kept {
    rows: Vec<Row>,
    /// Where the next page begins.
    last: Option<Page>,
    /// Posts of which we only guess that they are about it; on the last page of the conversation.
    guesses: Vec<Row>,
    /// None while the archive is away: then the rows are the newest only.
    count: Option<TalkCount>,
    whens: Vec<Micros>,
    /// Posts that were said in its minutes and are filed to no talk.
    unfiled: u64,
}

pub(super) async fn show(
    State(site): State<Site>,
    Path((slug, id)): Path<(String, String)>,
    UrlQuery(asked): UrlQuery<Asked>,
) -> Result<impl IntoResponse, Failure> {
    let event = site.event(&slug).await?;
    let known = known(&event, &TalkId(id), site.now()).ok_or(Failure::NotFound)?;
    let after = match asked.after.as_deref() {
        None => None,
        Some(text) => {
            Some(parse_page(text).ok_or(Failure::Bad("That place in the conversation does not exist."))?)
        }
    };
    let shows = if asked.view.as_deref() == Some("unfiled") { Shows::Unfiled } else { Shows::Conversation };
    let read = match site.archive_position(&event).await {
        Ok(_) => site.ask_archive(&event, kept(&site, &event, &known, shows, after)).await,
        Err(failure) => Err(failure),
    };
    let kept = match read {
        // Only the beginning of the conversation can be told without the archive.
        read if after.is_some() || shows == Shows::Unfiled => read?,
        read => if_there(read)?.unwrap_or_else(|| without(&event, &known)),
    };
    let compose = {
        let fold = event.fold();
        write_box(fold.fold(), &slug, &Place::Talk(&known.talk.id), asked.wrote.as_deref())
    };
    let compose = compose.filter(|_| shows == Shows::Conversation);
    let is_first = after.is_none();
    let mut template = draw(&site, &event, known, kept, shows, is_first);
    template.compose = compose;
    Ok(([(header::CACHE_CONTROL, "no-cache")], page(&template)?))
}

/// `1780322520000000.k3f9q2m7xw4d`.
pub(super) fn parse_page(text: &str) -> Option<Page> {
    let (when, id) = text.split_once('.')?;
    Some(Page { when: Micros(when.parse().ok()?), id: id.parse().ok()? })
}

fn known(event: &EventLive, id: &TalkId, now: Micros) -> Option<Known> {
    let live = event.fold();
    let fold = live.fold();
    let talk = fold.talks.get(id)?.clone();
    let course = Course::of(&talk, live.timeline(), now);
    let mut others: Vec<&Talk> =
        fold.talks.values().filter(|t| !t.dropped && t.room == talk.room && t.id != *id).collect();
    others.sort_by_key(|t| (t.start, &t.id));
    let before = others.iter().rev().find(|t| t.start <= talk.start).map(|t| (*t).clone());
    let after = others.iter().find(|t| t.start > talk.start).map(|t| (*t).clone());
    Some(Known { settings: fold.event.clone(), talk, course, before, after, rooms: rooms(fold) })
}

/// The minutes of a talk: from the minute in which it began to the end of that in which it ended.
fn minutes_of(course: &Course) -> (Micros, Micros) {
    (course.from.minute(), course.to.plus(Micros::MINUTE - 1).minute())
}

async fn kept(
    site: &Site,
    event: &EventLive,
    known: &Known,
    shows: Shows,
    after: Option<Page>,
) -> Result<Kept, archive::Error> {
    let Known { talk, course, .. } = known;
    let (from, to) = minutes_of(course);
    let mine = Scope::Talk(talk.id.clone());
    let query = match shows {
        Shows::Conversation => Query { after, limit: ITEMS_SHOWN, ..Query::new(mine) },
        Shows::Unfiled => {
            let (from, to) = (Some(from), Some(to));
            Query { after, limit: ITEMS_SHOWN, from, to, ..Query::new(Scope::Unfiled) }
        }
    };
    let rows = site.archive.items(event.eid, &query).await?;
    let is_full = rows.len() >= ITEMS_SHOWN as usize;
    let last = rows
        .last()
        .filter(|_| is_full)
        .and_then(|row| Some(Page { when: row.item.as_ref()?.when, id: row.id }));
    let guesses = if shows == Shows::Conversation && !is_full {
        let scope = Scope::Suggested(talk.id.clone());
        let query = Query { order: Order::OldestFirst, limit: GUESSES_SHOWN, ..Query::new(scope) };
        site.archive.items(event.eid, &query).await?
    } else {
        Vec::new()
    };
    let counts = site.archive.talk_counts(event.eid).await?;
    let none = || TalkCount { talk: talk.id.clone(), items: 0, people: 0, photos: 0, questions: 0 };
    let count = counts.into_iter().find(|count| count.talk == talk.id).unwrap_or_else(none);
    let minutes = site.archive.minutes(event.eid).await?;
    let within = |minute: &&Minute| minute.talk.is_none() && (from..to).contains(&minute.minute);
    let unfiled = minutes.iter().filter(within).map(|minute| minute.items).sum();
    let mine = minutes.into_iter().filter(|minute| minute.talk.as_ref() == Some(&talk.id));
    let whens = mine
        .flat_map(|minute| std::iter::repeat_n(minute.minute, minute.items.try_into().unwrap_or(0)))
        .collect();
    Ok(Kept { rows, last, guesses, count: Some(count), whens, unfiled })
}

/// What the log still holds of the conversation.
fn without(event: &EventLive, known: &Known) -> Kept {
    let mut rows = from_the_log(event, |_, filing| filing.talk.as_ref() == Some(&known.talk.id));
    rows.drain(..rows.len().saturating_sub(ITEMS_SHOWN as usize));
    Kept { rows, last: None, guesses: Vec::new(), count: None, whens: Vec::new(), unfiled: 0 }
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
