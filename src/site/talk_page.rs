//! `/{event}/talks/{talk}`: one talk and the conversation that went with it, from the beginning.

use super::view::body::{Piece, web};
use super::{
    Site,
    archive_reads::masked,
    failure::{Failure, page},
    follow::EventLive,
    post_box::{ComposeBox, Place, write_box},
    shell::Shell,
    view::{
        chart::{ChartView, chart},
        feed::{Block, Line, blocks},
        item::{Answered, Setting, answered, view},
        rail::{LinkView, ThumbView, links, photos},
        stage::{rooms, speakers},
        sum,
        time::{Venue, day_names},
    },
};
use archive::{Order, Page, Query, Scope, TalkCount};
use askama::Template;
use axum::{
    extract::{Path, Query as UrlQuery, State},
    response::IntoResponse,
};
use http::header;
use model::{EventEntry, ItemId, Micros, Room, Row, Talk, TalkId};
use serde::Deserialize;
use std::collections::HashMap;

/// Items on one page.
const ITEMS_SHOWN: u32 = 200;
/// Minutes that the chart reads, around the talk; a talk of days is charted by its first two.
const CHART_SPAN_MAX: i64 = 48 * Micros::HOUR;

#[derive(Deserialize)]
pub(super) struct Asked {
    /// `WHEN.ID` of the last item of the page before.
    after: Option<String>,
    /// What became of a post that was written here, see [`super::post_box`].
    wrote: Option<String>,
}

#[derive(Template)]
#[template(path = "talk.html")]
struct TalkPage {
    shell: Shell,
    slug: String,
    title: String,
    subtitle: String,
    weekday: String,
    when: String,
    who: String,
    about: Vec<String>,
    url: Option<String>,
    sums: Vec<(String, &'static str)>,
    chart: Option<ChartView>,
    compose: Option<ComposeBox>,
    heading: &'static str,
    nothing: &'static str,
    blocks: Vec<Block>,
    more: Option<String>,
    thumbs: Vec<ThumbView>,
    links: Vec<LinkView>,
    before: Option<Neighbour>,
    after: Option<Neighbour>,
}

struct Neighbour {
    href: String,
    title: String,
    at: String,
}

/// What the log says about the talk and its event.
struct Known {
    settings: Option<EventEntry>,
    talk: Talk,
    before: Option<Talk>,
    after: Option<Talk>,
    rooms: Vec<Room>,
}

/// What the archive says about it.
struct Kept {
    rows: Vec<Row>,
    last: Option<Page>,
    count: TalkCount,
    whens: Vec<Micros>,
}

pub(super) async fn show(
    State(site): State<Site>,
    Path((slug, id)): Path<(String, String)>,
    UrlQuery(asked): UrlQuery<Asked>,
) -> Result<impl IntoResponse, Failure> {
    let event = site.event(&slug).await?;
    let known = known(&event, &TalkId(id)).ok_or(Failure::NotFound)?;
    let after = match asked.after.as_deref() {
        None => None,
        Some(text) => {
            Some(parse_page(text).ok_or(Failure::Bad("That place in the conversation does not exist."))?)
        }
    };
    site.archive_position(&event).await?;
    let kept = site.ask_archive(&event, kept(&site, &event, &known.talk, after)).await?;
    let compose = {
        let fold = event.fold();
        write_box(fold.fold(), &slug, &Place::Talk(&known.talk.id), asked.wrote.as_deref())
    };
    let is_first = after.is_none();
    let template = TalkPage { compose, ..draw(&site, &event, known, kept, is_first) };
    Ok(([(header::CACHE_CONTROL, "no-cache")], page(&template)?))
}

/// `1780322520000000.k3f9q2m7xw4d`.
fn parse_page(text: &str) -> Option<Page> {
    let (when, id) = text.split_once('.')?;
    Some(Page { when: Micros(when.parse().ok()?), id: id.parse().ok()? })
}

fn known(event: &EventLive, id: &TalkId) -> Option<Known> {
    let fold = event.fold();
    let talk = fold.fold().talks.get(id)?.clone();
    let mut others: Vec<&Talk> =
        fold.fold().talks.values().filter(|t| !t.dropped && t.room == talk.room && t.id != *id).collect();
    others.sort_by_key(|t| (t.start, &t.id));
    let before = others.iter().rev().find(|t| t.start <= talk.start).map(|t| (*t).clone());
    let after = others.iter().find(|t| t.start > talk.start).map(|t| (*t).clone());
    Some(Known { settings: fold.fold().event.clone(), talk, before, after, rooms: rooms(fold.fold()) })
}

async fn kept(
    site: &Site,
    event: &EventLive,
    talk: &Talk,
    after: Option<Page>,
) -> Result<Kept, archive::Error> {
    let scope = Scope::Talk(talk.id.clone());
    let query = Query { order: Order::OldestFirst, after, limit: ITEMS_SHOWN, ..Query::new(scope) };
    let rows = site.archive.items(event.eid, &query).await?;
    let is_full = rows.len() >= ITEMS_SHOWN as usize;
    let last = rows
        .last()
        .filter(|_| is_full)
        .and_then(|row| Some(Page { when: row.item.as_ref()?.when, id: row.id }));
    let counts = site.archive.talk_counts(event.eid).await?;
    let none = || TalkCount { talk: talk.id.clone(), items: 0, people: 0, photos: 0, questions: 0 };
    let count = counts.into_iter().find(|count| count.talk == talk.id).unwrap_or_else(none);
    let minutes = site.archive.minutes(event.eid).await?;
    let mine = minutes.into_iter().filter(|minute| minute.talk.as_ref() == Some(&talk.id));
    let whens = mine
        .flat_map(|minute| std::iter::repeat_n(minute.minute, minute.items.try_into().unwrap_or(0)))
        .collect();
    Ok(Kept { rows, last, count, whens })
}

fn draw(site: &Site, event: &EventLive, known: Known, kept: Kept, is_first: bool) -> TalkPage {
    let listed = event.listed();
    let Known { settings, talk, before, after, rooms } = known;
    let slug = listed.slug.clone();
    let venue = settings
        .as_ref()
        .map_or_else(|| Venue::new("UTC", None), |e| Venue::new(&e.timezone, e.place.as_deref()));
    let rows = masked(event, kept.rows);
    let rows: Vec<Row> = rows
        .into_iter()
        .filter(|row| row.filing.as_ref().is_some_and(|f| f.talk.as_ref() == Some(&talk.id)))
        .collect();
    let said: HashMap<ItemId, Answered> =
        rows.iter().filter_map(|row| Some((row.id, answered(row.item.as_ref()?)))).collect();
    let find = |id| said.get(&id).cloned();
    let setting = Setting { slug: &slug, rooms: &rooms, venue: &venue, shows_place: false, find: &find };
    let lines = rows
        .iter()
        .filter_map(|row| view(row, row.item.as_ref()?.when, &setting))
        .map(|item| Line::Item(Box::new(item)));
    let blocks = blocks(lines.collect(), &venue, false);
    let room = rooms.iter().find(|room| room.slug == talk.room).map_or(&talk.room, |room| &room.name);
    let (weekday, date) = day_names(&talk.day);
    let now = site.now();
    let neighbour = |talk: Option<Talk>| {
        talk.map(|talk| Neighbour {
            href: format!("/{slug}/talks/{}", talk.id),
            at: venue.hhmm(talk.start),
            title: talk.title,
        })
    };
    let span_end = talk.end.min(talk.start.plus(CHART_SPAN_MAX));
    let title = &talk.title;
    TalkPage {
        shell: Shell::of(
            &listed,
            settings.as_ref(),
            &format!("{title}: {}", listed.title),
            "programme",
            ("conversation", "Skip to the conversation"),
        ),
        when: if talk.dropped {
            format!(
                "No longer in the programme. It was planned for {weekday} {date}, {}, {room}",
                venue.hhmm(talk.start)
            )
        } else {
            format!("{weekday} {date}, {} to {}, {room}", venue.hhmm(talk.start), venue.hhmm(talk.end))
        },
        weekday,
        subtitle: talk.subtitle.clone().unwrap_or_default(),
        who: speakers(&talk),
        about: talk
            .summary
            .iter()
            .flat_map(|s| s.split("\n\n"))
            .map(str::trim)
            .filter(|p| !p.is_empty())
            .map(str::to_owned)
            .collect(),
        url: talk.url.as_deref().and_then(web).map(String::from),
        sums: vec![
            sum(kept.count.items, "item", "items"),
            sum(kept.count.people, "person", "people"),
            sum(kept.count.photos, "photo", "photos"),
            sum(kept.count.questions, "question", "questions"),
        ],
        chart: chart(&kept.whens, talk.start, span_end, &venue).filter(|_| is_first),
        compose: None,
        heading: if is_first { "The conversation, from the beginning" } else { "The conversation goes on" },
        nothing: if talk.start > now {
            "The talk has not begun. What is said while it is on appears here."
        } else {
            "No post could be filed to this talk with confidence; the live page has everything."
        },
        more: kept.last.map(|last| format!("/{slug}/talks/{}?after={}.{}", talk.id, last.when.0, last.id)),
        thumbs: photos(rows.iter().rev(), &slug),
        links: links(rows.iter().rev()),
        before: neighbour(before),
        after: neighbour(after),
        title: talk.title,
        blocks,
        slug: slug.clone(),
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
