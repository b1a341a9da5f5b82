//! `/{event}/rooms/{room}`: one room: what is on and what is next, its talks of a day, and what was said about them that day. Talks and
//! stage from the log, the conversation from the archive.

use super::{
    Site,
    archive_reads::{from_the_log, if_there, masked},
    failure::{Failure, page},
    follow::EventLive,
    programme::day::{DayView, Grid, Said},
    shell::{Shell, in_path},
    time_machine::{self, Past, ThenView, mark_edited},
    view::{
        body::Piece,
        count,
        course::{Course, late},
        feed::{Block, Line, blocks},
        item::{Answered, Setting, answered, view},
        stage::{rooms, speakers},
        time::{Hours, Venue, day_names},
    },
};
use archive::{Order, Page, Query, Scope};
use askama::Template;
use axum::{
    extract::{Path, Query as UrlQuery, State},
    response::IntoResponse,
};
use http::header;
use model::{
    EventEntry, FilingState, ItemId, Micros, Room, Row, Talk, TalkId,
    stage::{Span, Timeline},
};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Items on one page.
const ITEMS_SHOWN: u32 = 100;

#[derive(Deserialize)]
pub(super) struct Asked {
    /// `2026-06-01`; absent: today, or the nearest day on which anything is on here.
    day: Option<String>,
    /// `WHEN.ID` of the last item of the page before.
    after: Option<String>,
    /// The moment as of which the page is shown, see [`super::time_machine`].
    at: Option<String>,
}

#[derive(Template)]
#[template(path = "room.html")]
struct RoomPage {
    shell: Shell,
    then: Option<ThenView>,
    slug: String,
    room: Room,
    /// How late it runs.
    late: Option<String>,
    now: Vec<OnView>,
    /// What is on when no talk is.
    rests: &'static str,
    next: Option<OnView>,
    /// Day, name, and whether it is the one shown.
    days: Vec<(String, String, bool)>,
    day: Option<DayView>,
    heading: String,
    counted: String,
    nothing: String,
    blocks: Vec<Block>,
    more: Option<String>,
    /// Whether the archive was asked; else these are the newest only.
    is_whole: bool,
}

/// A talk on stage, or the next one.
struct OnView {
    href: String,
    title: String,
    who: String,
    when: Hours,
    /// Percent played.
    played: Option<i64>,
}

/// What the log says.
struct Known {
    settings: Option<EventEntry>,
    rooms: Vec<Room>,
    room: Room,
    /// The talks that are planned or really on here.
    talks: Vec<Talk>,
    timeline: Timeline,
}

pub(super) async fn show(
    State(site): State<Site>,
    Path((slug, room)): Path<(String, String)>,
    UrlQuery(asked): UrlQuery<Asked>,
) -> Result<impl IntoResponse, Failure> {
    let event = site.event(&slug).await?;
    let past = time_machine::past(&site, &event, asked.at.as_deref()).await?;
    let now = past.as_ref().map_or(site.now(), |past| past.then.at);
    let known = known(&event, &room, now, past.as_ref()).ok_or(Failure::NotFound)?;
    let venue = Venue::of(known.settings.as_ref());
    let today = venue.date(now.plus(-6 * Micros::HOUR)).to_string();
    let day = match asked.day {
        Some(day) => Some(day).filter(|day| venue.day_span(day).is_some()).ok_or(Failure::NotFound)?,
        None => nearest(&known.talks, &today).unwrap_or_else(|| today.clone()),
    };
    let after = match asked.after.as_deref() {
        None => None,
        Some(text) => Some(
            super::talk_page::parse_page(text)
                .ok_or(Failure::Bad("That place in the conversation does not exist."))?,
        ),
    };
    let span = venue.day_span(&day).ok_or(Failure::NotFound)?;
    let is_today = day == today;
    let query = Query {
        from: Some(span.0),
        to: Some(span.1),
        order: if is_today { Order::NewestFirst } else { Order::OldestFirst },
        after,
        limit: ITEMS_SHOWN,
        ..Query::new(Scope::Room(room.clone()))
    };
    let kept = match kept(&site, &event, &query).await {
        // What comes after a place that only the archive knows, only the archive can tell.
        read if after.is_some() || past.is_some() => Some(read?),
        read => if_there(read)?,
    };
    let is_whole = kept.is_some();
    let (rows, said) = kept.unwrap_or_else(|| (without(&event, &query), Said::default()));
    let said = if past.is_some() { said.until(now) } else { said };
    let shown = Shown { venue: &venue, day: &day, is_today, now, past: past.as_ref() };
    let mut template = draw(&event, &known, &shown, rows, &said);
    let path = format!("/{slug}/rooms/{}", in_path(&room));
    let about = format!("{}: what is on, its talks, and what is said about them.", known.room.name);
    template.shell = template.shell.shared(&site.settings, &path, &about).fed(&path);
    template.then = past.as_ref().map(|past| past.view(&path, site.now(), &venue));
    template.is_whole = is_whole;
    template.more = template.more.filter(|_| is_whole);
    Ok(([(header::CACHE_CONTROL, "no-cache")], page(&template)?))
}

/// What the archive tells of the room's day.
async fn kept(site: &Site, event: &EventLive, query: &Query) -> Result<(Vec<Row>, Said), Failure> {
    site.archive_position(event).await?;
    let archive = &site.archive;
    let reads = async {
        let rows = archive.items(event.eid, query).await?;
        Ok((rows, Said::new(archive.talk_counts(event.eid).await?, archive.minutes(event.eid).await?)))
    };
    site.ask_archive(event, reads).await
}

/// What the log still holds of the same, without a next page.
fn without(event: &EventLive, query: &Query) -> Vec<Row> {
    let is_of_day =
        |at: Micros| query.from.is_none_or(|from| from <= at) && query.to.is_none_or(|to| at < to);
    let Scope::Room(room) = &query.scope else { return Vec::new() };
    let mut rows =
        from_the_log(event, |item, f| is_of_day(item.when) && f.room.as_deref() == Some(room.as_str()));
    rows.drain(..rows.len().saturating_sub(query.limit as usize));
    if query.order == Order::NewestFirst {
        rows.reverse();
    }
    rows
}

fn known(event: &EventLive, room: &str, now: Micros, past: Option<&Past>) -> Option<Known> {
    let live = event.fold();
    let fold = past.map_or_else(|| live.fold(), |past| &past.fold);
    let (mut rooms, then) = (rooms(live.fold()), rooms(fold));
    rooms.extend(
        then.into_iter()
            .filter(|room| !rooms.iter().any(|known| known.slug == room.slug))
            .collect::<Vec<_>>(),
    );
    let room = rooms.iter().find(|known| known.slug == room)?.clone();
    let timeline = past.map_or_else(|| live.timeline(), |past| &past.timeline).clone();
    let is_here = |talk: &&Talk| talk.room == room.slug || Course::of(talk, &timeline, now).room == room.slug;
    let talks = fold.talks.values().filter(is_here).cloned().collect();
    Some(Known { settings: fold.event.clone(), rooms, room, talks, timeline })
}

/// Today, else the next day with a talk, else the last one.
fn nearest(talks: &[Talk], today: &str) -> Option<String> {
    let days: BTreeSet<&str> =
        talks.iter().filter(|talk| !talk.dropped).map(|talk| talk.day.as_str()).collect();
    let day = days.range(today..).next().or_else(|| days.last())?;
    Some((*day).to_owned())
}

/// Which day is shown, and when.
struct Shown<'a> {
    venue: &'a Venue,
    day: &'a str,
    is_today: bool,
    now: Micros,
    past: Option<&'a Past>,
}

fn draw(event: &EventLive, known: &Known, shown: &Shown<'_>, rows: Vec<Row>, said: &Said) -> RoomPage {
    let listed = event.listed();
    let Known { settings, rooms, room, talks, timeline } = known;
    let slug = listed.slug.clone();
    let is_full = rows.len() >= ITEMS_SHOWN as usize;
    let last = rows.last().and_then(|row| Some(Page { when: row.item.as_ref()?.when, id: row.id }));
    let here = |row: &Row| {
        row.filing
            .as_ref()
            .is_some_and(|f| f.state == FilingState::Filed && f.room.as_deref() == Some(room.slug.as_str()))
    };
    let mut rows: Vec<Row> = masked(event, rows).into_iter().filter(here).collect();
    rows.retain(|row| shown.past.is_none_or(|past| past.then.holds(row)));
    let grid = Grid { rooms, timeline, said, venue: shown.venue, now: shown.now };
    let of_day: Vec<Talk> = talks.iter().filter(|talk| talk.day == shown.day).cloned().collect();
    let day = grid.days(&of_day).pop();
    let (weekday, _) = day_names(shown.day);
    let now = on_now(&slug, known, shown);
    let path = format!("/{slug}/rooms/{}", room.slug);
    RoomPage {
        then: None,
        shell: Shell::of(
            &listed,
            settings.as_ref(),
            &format!("{}: {}", room.name, listed.title),
            "in programme",
            ("conversation", "Skip to the conversation"),
        ),
        late: timeline.lateness(&room.slug, shown.now).map(late),
        rests: if timeline.in_room(&room.slug, shown.now).next().is_some() {
            "Break"
        } else {
            "Nothing is on"
        },
        now,
        next: timeline.next(&room.slug, shown.now).and_then(|span| on_view(&slug, talks, span, shown, false)),
        days: days(talks, shown.day),
        day,
        heading: if shown.is_today {
            "Said here today".to_owned()
        } else {
            format!("Said here on {weekday}")
        },
        counted: count(rows.len() as u64, "post", "posts"),
        nothing: format!("What is filed to {} on this day appears here.", room.name),
        blocks: feed(event, &rows, &slug, rooms, shown),
        more: last
            .filter(|_| is_full)
            .map(|last| format!("{path}?day={}&after={}.{}", shown.day, last.when.0, last.id)),
        room: room.clone(),
        is_whole: true,
        slug,
    }
}

fn on_now(slug: &str, known: &Known, shown: &Shown<'_>) -> Vec<OnView> {
    let spans = known.timeline.in_room(&known.room.slug, shown.now);
    spans.filter_map(|span| on_view(slug, &known.talks, span, shown, true)).collect()
}

fn on_view(slug: &str, talks: &[Talk], span: &Span, shown: &Shown<'_>, is_on: bool) -> Option<OnView> {
    let id = span.talk.as_ref()?;
    let talk = talks.iter().find(|talk| talk.id == *id)?;
    let (venue, from) = (shown.venue, span.from);
    let length = span.due.since(span.from).max(1);
    Some(OnView {
        href: format!("/{slug}/talks/{id}"),
        title: talk.title.clone(),
        who: speakers(talk),
        when: if is_on {
            Hours::span(venue, from, span.due)
        } else {
            Hours { text: venue.coming(from, shown.now), ..Hours::at(venue, "", from) }
        },
        played: is_on.then(|| (shown.now.since(span.from).saturating_mul(100) / length).clamp(0, 100)),
    })
}

fn days(talks: &[Talk], shown: &str) -> Vec<(String, String, bool)> {
    let mut all: BTreeSet<&str> = talks.iter().map(|talk| talk.day.as_str()).collect();
    all.insert(shown);
    let name = |day: &str| {
        let (weekday, date) = day_names(day);
        if date.is_empty() { weekday } else { format!("{weekday} {date}") }
    };
    all.into_iter().map(|day| (day.to_owned(), name(day), day == shown)).collect()
}

fn feed(event: &EventLive, rows: &[Row], slug: &str, rooms: &[Room], shown: &Shown<'_>) -> Vec<Block> {
    let venue = shown.venue;
    let said: HashMap<ItemId, Answered> =
        rows.iter().filter_map(|row| Some((row.id, answered(row.item.as_ref()?)))).collect();
    let titles: BTreeMap<TalkId, String> = event.titles();
    let setting = Setting {
        slug,
        rooms,
        venue,
        shows_place: true,
        find: &|id| said.get(&id).cloned(),
        title: &|talk| titles.get(talk).cloned(),
    };
    // In a room's own page the place is the talk.
    let named = |row: &Row| {
        let mut item = view(row, row.item.as_ref()?.when, &setting)?;
        mark_edited(&mut item, row, shown.now);
        let talk = row.filing.as_ref().and_then(|filing| filing.talk.as_ref());
        if let (Some(place), Some(title)) = (&mut item.place, talk.and_then(|talk| titles.get(talk))) {
            place.name.clone_from(title);
        }
        Some(Line::Item(Box::new(item)))
    };
    blocks(rows.iter().filter_map(named).collect(), venue, false)
}
