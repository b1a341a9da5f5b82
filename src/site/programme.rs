//! `/{event}/programme`: days by rooms, with how much was said about each talk. From the archive; the talks themselves from the log.

use super::{
    Site,
    failure::{Failure, page},
    shell::Shell,
    view::{
        chart::spark,
        count,
        stage::{rooms, speakers},
        sum,
        time::{Venue, day_names, span},
    },
};
use askama::Template;
use axum::{
    extract::{Path, State},
    response::IntoResponse,
};
use http::header;
use jiff::civil::Date;
use model::{EventEntry, Micros, Room, Talk, TalkId};
use std::collections::{BTreeMap, HashMap};

/// Rooms that stand side by side; with more, talks stand below each other and name their room.
const COLUMNS_MAX: usize = 4;
/// Minutes of a talk that its sparkline shows at most.
const SPARK_MINUTES_MAX: usize = 24 * 60;

#[derive(Template)]
#[template(path = "programme.html")]
struct Programme {
    shell: Shell,
    slug: String,
    title: String,
    lede: String,
    sums: Vec<(String, &'static str)>,
    days: Vec<DayView>,
}

struct DayView {
    weekday: String,
    note: String,
    columns: usize,
    rooms: Vec<String>,
    rows: Vec<SlotRow>,
}

struct SlotRow {
    at: String,
    slots: Vec<SlotView>,
}

struct SlotView {
    id: String,
    title: String,
    who: String,
    room: String,
    /// `1` to `4`, or `all`.
    column: String,
    items: String,
    spark: String,
    is_live: bool,
    is_later: bool,
}

/// What was said about each talk.
struct Said {
    items: HashMap<TalkId, u64>,
    minutes: HashMap<TalkId, BTreeMap<Micros, u64>>,
    scale: u64,
}

pub(super) async fn show(
    State(site): State<Site>,
    Path(slug): Path<String>,
) -> Result<impl IntoResponse, Failure> {
    let event = site.event(&slug).await?;
    site.archive_position(&event).await?;
    let archive = &site.archive;
    let reads = async {
        Ok((
            archive.talk_counts(event.eid).await?,
            archive.minutes(event.eid).await?,
            archive.totals(event.eid).await?,
        ))
    };
    let (counts, minutes, totals) = site.ask_archive(&event, reads).await?;
    let listed = event.listed();
    let (settings, talks, all_rooms) = {
        let fold = event.fold();
        let talks: Vec<Talk> = fold.fold().talks.values().filter(|talk| !talk.dropped).cloned().collect();
        (fold.fold().event.clone(), talks, rooms(fold.fold()))
    };
    let venue = settings
        .as_ref()
        .map_or_else(|| Venue::new("UTC", None), |e| Venue::new(&e.timezone, e.place.as_deref()));
    let said = said(counts, minutes);
    let title = settings.as_ref().map_or(&listed.title, |e| &e.title).clone();
    let template = Programme {
        shell: Shell::of(
            &listed,
            settings.as_ref(),
            &format!("Programme: {title}"),
            "programme",
            ("programme", "Skip to the programme"),
        ),
        lede: lede(settings.as_ref(), !talks.is_empty(), venue.date(site.now()).year()),
        sums: vec![
            sum(totals.items, "item", "items"),
            sum(totals.people, "person", "people"),
            sum(totals.photos, "photo", "photos"),
            sum(talks.len() as u64, "talk", "talks"),
        ],
        days: days(talks, &all_rooms, &said, &venue, site.now()),
        title,
        slug,
    };
    Ok(([(header::CACHE_CONTROL, "no-cache")], page(&template)?))
}

fn said(counts: Vec<archive::TalkCount>, minutes: Vec<archive::Minute>) -> Said {
    let items = counts.into_iter().map(|count| (count.talk, count.items)).collect();
    let mut by_talk: HashMap<TalkId, BTreeMap<Micros, u64>> = HashMap::new();
    let mut scale = 1;
    for minute in minutes {
        if let Some(talk) = minute.talk {
            scale = scale.max(minute.items);
            by_talk.entry(talk).or_default().insert(minute.minute, minute.items);
        }
    }
    Said { items, minutes: by_talk, scale }
}

fn lede(settings: Option<&EventEntry>, has_talks: bool, this_year: i16) -> String {
    let day = |text: &Option<String>| text.as_deref().and_then(|day| day.parse::<Date>().ok());
    let when = settings.map_or_else(String::new, |e| span(day(&e.starts), day(&e.ends), this_year));
    let place = settings.and_then(|e| e.place.clone()).unwrap_or_default();
    let mut text = [place, when].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ");
    if !text.is_empty() {
        text.push_str(". ");
    }
    if has_talks {
        text.push_str("Every talk below opens the conversation that went with it.");
    }
    text
}

fn days(mut talks: Vec<Talk>, rooms: &[Room], said: &Said, venue: &Venue, now: Micros) -> Vec<DayView> {
    talks.sort_by(|a, b| (&a.day, a.start, &a.id).cmp(&(&b.day, b.start, &b.id)));
    talks.chunk_by(|a, b| a.day == b.day).map(|talks| day(talks, rooms, said, venue, now)).collect()
}

fn day(talks: &[Talk], rooms: &[Room], said: &Said, venue: &Venue, now: Micros) -> DayView {
    let used: Vec<&Room> =
        rooms.iter().filter(|room| talks.iter().any(|talk| talk.room == room.slug)).collect();
    let columns = if used.len() > COLUMNS_MAX { 1 } else { used.len().max(1) };
    let column = |talk: &Talk, is_alone: bool| match used.iter().position(|room| room.slug == talk.room) {
        Some(n) if columns > 1 && !is_alone => (n + 1).to_string(),
        _ => "all".to_owned(),
    };
    let overlaps = |talk: &Talk| {
        talks.iter().any(|other| other.id != talk.id && other.start < talk.end && talk.start < other.end)
    };
    let row = |row: &[Talk]| {
        let mut here: Vec<&Talk> = row.iter().collect();
        here.sort_by_key(|talk| used.iter().position(|room| room.slug == talk.room));
        let slots = here.into_iter().map(|talk| slot(talk, column(talk, !overlaps(talk)), rooms, said, now));
        SlotRow { at: venue.hhmm(row[0].start), slots: slots.collect() }
    };
    let (weekday, date) = day_names(&talks[0].day);
    let items: u64 = talks.iter().filter_map(|talk| said.items.get(&talk.id)).sum();
    let note = [date, if items > 0 { count(items, "item", "items") } else { String::new() }];
    DayView {
        weekday,
        note: note.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", "),
        columns,
        rooms: if columns > 1 { used.iter().map(|room| room.name.clone()).collect() } else { Vec::new() },
        rows: talks.chunk_by(|a, b| a.start == b.start).map(row).collect(),
    }
}

fn slot(talk: &Talk, column: String, rooms: &[Room], said: &Said, now: Micros) -> SlotView {
    let items = said.items.get(&talk.id).copied().unwrap_or(0);
    let room = rooms.iter().find(|room| room.slug == talk.room).map_or(&talk.room, |room| &room.name);
    SlotView {
        id: talk.id.to_string(),
        title: talk.title.clone(),
        who: speakers(talk),
        room: room.clone(),
        column,
        items: if items > 0 { count(items, "item", "items") } else { String::new() },
        spark: said
            .minutes
            .get(&talk.id)
            .map_or_else(String::new, |minutes| spark(&inside(talk, minutes), said.scale)),
        is_live: talk.is_on(now),
        is_later: talk.start > now,
    }
}

/// Items in each minute of a talk.
fn inside(talk: &Talk, minutes: &BTreeMap<Micros, u64>) -> Vec<u64> {
    let first = talk.start.minute();
    let length =
        usize::try_from(talk.end.since(first) / Micros::MINUTE).unwrap_or(0).clamp(1, SPARK_MINUTES_MAX);
    (0..length as i64).map(|n| minutes.get(&first.plus(n * Micros::MINUTE)).copied().unwrap_or(0)).collect()
}
