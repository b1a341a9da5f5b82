//! What the page of a talk prints: where and when, what became of it, its numbers, its conversation, and apart from that what counts for
//! nothing.

use super::{Kept, Known, Shows};
use crate::site::view::body::{Piece, web};
use crate::site::{
    Site,
    archive_reads::masked,
    follow::EventLive,
    post_box::ComposeBox,
    shell::Shell,
    view::{
        chart::{ChartView, chart},
        count,
        course::{Course, Phase, formerly, moved_from, no_longer, room_name},
        feed::{Block, Line, blocks},
        item::{Answered, Setting, answered, view},
        names, number,
        rail::{LinkView, ThumbView, links, photos},
        stage::speakers,
        sum,
        time::{Venue, day_names},
    },
};
use archive::TalkCount;
use askama::Template;
use model::{FilingState, ItemId, Micros, Room, Row, Talk, TalkId};
use std::collections::HashMap;

/// The chart shows a talk of days by its first two.
const CHART_SPAN_MAX: i64 = 48 * Micros::HOUR;

/// What the page says while the archive is away.
const AWAY: &str = "The archive does not answer just now: these are the newest posts only. The others are safe and come back by themselves.";

#[derive(Template)]
#[template(path = "talk.html")]
pub(super) struct TalkPage {
    shell: Shell,
    slug: String,
    title: String,
    subtitle: String,
    /// Anchor and name of its day in the programme.
    day: (String, String),
    when: String,
    /// Slug and name of the room where it is planned.
    room: (String, String),
    /// What became of it: a class and a sentence.
    facts: Vec<(&'static str, String)>,
    who: String,
    about: Vec<String>,
    url: Option<String>,
    sums: Vec<(String, &'static str)>,
    chart: Option<ChartView>,
    pub(super) compose: Option<ComposeBox>,
    heading: &'static str,
    /// What the posts below are, where they are not the talk's conversation.
    note: Option<String>,
    nothing: &'static str,
    blocks: Vec<Block>,
    more: Option<String>,
    /// What we only guess: how many, and the posts.
    guesses: (String, Vec<Block>),
    /// Posts of its minutes that are filed to no talk: how many, and their page.
    unfiled: Option<(String, String)>,
    thumbs: Vec<ThumbView>,
    links: Vec<LinkView>,
    before: Option<Neighbour>,
    after: Option<Neighbour>,
    /// The talk itself, on the pages of what is not its conversation.
    back: Option<String>,
}

struct Neighbour {
    href: String,
    title: String,
    at: String,
}

pub(super) fn draw(
    site: &Site,
    event: &EventLive,
    known: Known,
    kept: Kept,
    shows: Shows,
    is_first: bool,
) -> TalkPage {
    let listed = event.listed();
    let Known { settings, talk, course, before, after, rooms } = known;
    let slug = listed.slug.clone();
    let venue = Venue::of(settings.as_ref());
    let now = site.now();
    let is_mine = |row: &Row, state: FilingState| {
        row.filing.as_ref().is_some_and(|f| f.state == state && f.talk.as_ref() == Some(&talk.id))
    };
    let belongs = |row: &Row| match shows {
        Shows::Conversation => is_mine(row, FilingState::Filed),
        Shows::Unfiled => row.filing.as_ref().is_none_or(|f| f.state != FilingState::Filed),
    };
    let rows: Vec<Row> = masked(event, kept.rows).into_iter().filter(belongs).collect();
    let guesses: Vec<Row> =
        masked(event, kept.guesses).into_iter().filter(|row| is_mine(row, FilingState::Suggested)).collect();
    let titles = event.titles();
    let feed = |rows: &[Row]| feed(rows, &slug, &rooms, &venue, &titles);
    let (weekday, date) = day_names(&talk.day);
    let here = format!("/{slug}/talks/{}", talk.id);
    let unfiled = (kept.unfiled > 0 && shows == Shows::Conversation && now >= course.from)
        .then(|| (number(kept.unfiled), format!("{here}?view=unfiled")));
    let view = if shows == Shows::Unfiled { "view=unfiled&" } else { "" };
    let is_conversation = shows == Shows::Conversation;
    let chart_end = course.to.min(course.from.plus(CHART_SPAN_MAX));
    TalkPage {
        shell: Shell::of(
            &listed,
            settings.as_ref(),
            &format!("{}: {}", talk.title, listed.title),
            "programme",
            ("conversation", "Skip to the conversation"),
        ),
        when: when(&talk, &venue, &weekday, &date),
        room: (talk.room.clone(), room_name(&rooms, &talk.room).to_owned()),
        facts: facts(&talk, &course, &venue, &rooms, now),
        day: (format!("day-{}", talk.day), weekday),
        subtitle: talk.subtitle.clone().unwrap_or_default(),
        who: speakers(&talk),
        about: about(&talk),
        url: talk.url.as_deref().and_then(web).map(String::from),
        sums: kept.count.as_ref().map_or_else(Vec::new, sums),
        chart: chart(&kept.whens, course.from, chart_end, &venue).filter(|_| is_first && is_conversation),
        compose: None,
        heading: heading(shows, is_first),
        note: match (shows, &kept.count) {
            (Shows::Unfiled, _) => Some(note(kept.unfiled, &course, &venue)),
            (Shows::Conversation, None) => Some(AWAY.to_owned()),
            _ => None,
        },
        nothing: if kept.count.is_some() { nothing(&course, shows) } else { "" },
        blocks: feed(&rows),
        more: kept.last.map(|last| format!("{here}?{view}after={}.{}", last.when.0, last.id)),
        guesses: (count(guesses.len() as u64, "guess", "guesses"), feed(&guesses)),
        unfiled,
        thumbs: if is_conversation { photos(rows.iter().rev(), &slug) } else { Vec::new() },
        links: if is_conversation { links(rows.iter().rev()) } else { Vec::new() },
        before: before.map(|talk| neighbour(talk, &slug, &venue)),
        after: after.map(|talk| neighbour(talk, &slug, &venue)),
        back: (!is_conversation).then(|| here.clone()),
        title: talk.title,
        slug: slug.clone(),
    }
}

fn feed(
    rows: &[Row],
    slug: &str,
    rooms: &[Room],
    venue: &Venue,
    titles: &std::collections::BTreeMap<TalkId, String>,
) -> Vec<Block> {
    let said: HashMap<ItemId, Answered> =
        rows.iter().filter_map(|row| Some((row.id, answered(row.item.as_ref()?)))).collect();
    let find = |id| said.get(&id).cloned();
    let title = |talk: &TalkId| titles.get(talk).cloned();
    let setting = Setting { slug, rooms, venue, shows_place: false, find: &find, title: &title };
    let lines = rows
        .iter()
        .filter_map(|row| view(row, row.item.as_ref()?.when, &setting))
        .map(|item| Line::Item(Box::new(item)));
    blocks(lines.collect(), venue, false)
}

fn sums(count: &TalkCount) -> Vec<(String, &'static str)> {
    vec![
        sum(count.items, "item", "items"),
        sum(count.people, "person", "people"),
        sum(count.photos, "photo", "photos"),
        sum(count.questions, "question", "questions"),
    ]
}

fn heading(shows: Shows, is_first: bool) -> &'static str {
    match (shows, is_first) {
        (Shows::Conversation, true) => "The conversation, from the beginning",
        (Shows::Conversation, false) => "The conversation goes on",
        (Shows::Unfiled, _) => "Said in these minutes, not filed",
    }
}

fn note(unfiled: u64, course: &Course, venue: &Venue) -> String {
    format!(
        "{} from {} to {}, while this talk was on. Which talk they are about, if any, is not known well enough, so they count for \
         none.",
        count(unfiled, "post", "posts"),
        venue.hhmm(course.from),
        venue.hhmm(course.to)
    )
}

fn neighbour(talk: Talk, slug: &str, venue: &Venue) -> Neighbour {
    Neighbour { href: format!("/{slug}/talks/{}", talk.id), at: venue.hhmm(talk.start), title: talk.title }
}

/// Day and times of the schedule; the room follows as a link.
fn when(talk: &Talk, venue: &Venue, weekday: &str, date: &str) -> String {
    let (from, to) = (venue.hhmm(talk.start), venue.hhmm(talk.end));
    if talk.dropped {
        format!("Called off. It was planned for {weekday} {date}, {from} to {to}")
    } else {
        format!("{weekday} {date}, {from} to {to}")
    }
}

fn facts(
    talk: &Talk,
    course: &Course,
    venue: &Venue,
    rooms: &[Room],
    now: Micros,
) -> Vec<(&'static str, String)> {
    let class = match course.phase {
        Phase::On => "now",
        Phase::Before if course.lateness.is_some() => "late",
        _ => "was",
    };
    let mut facts = Vec::new();
    facts.extend(course.sentence(talk, venue, rooms, now).map(|sentence| (class, format!("{sentence}."))));
    facts.extend(moved_from(talk, rooms, venue).map(|from| ("from", format!("Moved from {from}."))));
    let titles: Vec<String> = formerly(talk).iter().map(|title| format!("“{title}”")).collect();
    if !titles.is_empty() {
        facts.push(("from", format!("Formerly {}.", names(&titles))));
    }
    let gone = no_longer(talk);
    if !gone.is_empty() {
        facts.push(("from", format!("No longer with {}.", names(&gone))));
    }
    facts
}

fn about(talk: &Talk) -> Vec<String> {
    let paragraphs = talk.summary.iter().flat_map(|s| s.split("\n\n"));
    paragraphs.map(str::trim).filter(|p| !p.is_empty()).map(str::to_owned).collect()
}

fn nothing(course: &Course, shows: Shows) -> &'static str {
    match (shows, course.phase) {
        (Shows::Unfiled, _) => "Everything that was said in these minutes is filed to a talk.",
        (_, Phase::Before) => "The talk has not begun. What is said about it appears here.",
        _ => "No post could be filed to this talk with confidence; the live page has everything.",
    }
}
