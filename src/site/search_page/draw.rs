//! What the page of a search prints: the form as it was filled in, what was found in words, the posts by day with what was searched
//! for marked in them, or what to try instead.

use super::{COUNTED_MAX, Found, asked::Asked};
use crate::site::{
    Site,
    follow::EventLive,
    shell::Shell,
    view::{
        body::Piece,
        count,
        course::room_name,
        feed::{Block, Line, blocks},
        item::{Answered, Setting, answered, view},
        names,
        stage::rooms,
        time::{Venue, day_names},
    },
};
use archive::{Has, Query, Scope, Search};
use askama::Template;
use model::{ItemId, Network, Room, Row, Talk, TalkId};
use std::collections::HashMap;

/// More talks than this are no list to choose from.
const TALKS_MAX: usize = 300;

#[derive(Template)]
#[template(path = "search.html")]
pub(super) struct SearchPage {
    shell: Shell,
    slug: String,
    asked: Asked,
    /// Whether the fields below the words are unfolded.
    is_narrowed: bool,
    talks: Vec<Choice>,
    rooms: Vec<Choice>,
    sources: Vec<Choice>,
    has: Vec<Choice>,
    /// Kind of the fields of time: `date`, unless a moment stands in one.
    time_kind: &'static str,
    /// What was found, in words; none before anything was asked.
    found: Option<String>,
    days: Vec<Day>,
    more: Option<String>,
    /// What to try when nothing was found: words, and where they lead.
    tries: Vec<(String, String)>,
}

struct Choice {
    value: String,
    name: String,
    is_chosen: bool,
}

/// The posts of a day.
struct Day {
    name: String,
    blocks: Vec<Block>,
}

pub(super) fn draw(
    site: &Site,
    event: &EventLive,
    asked: &Asked,
    query: &Query,
    read: Option<(Found, u64)>,
) -> SearchPage {
    let listed = event.listed();
    let slug = listed.slug.clone();
    let (settings, rooms, mut talks) = {
        let live = event.fold();
        let fold = live.fold();
        let talks: Vec<Talk> = fold.talks.values().filter(|talk| !talk.dropped).cloned().collect();
        (fold.event.clone(), rooms(fold), talks)
    };
    talks.sort_by(|a, b| (a.start, &a.title).cmp(&(b.start, &b.title)));
    let venue = Venue::of(settings.as_ref());
    let empty = Search::default();
    let search = if let Scope::Search(search) = &query.scope { search } else { &empty };
    let titles = event.titles();
    let said = in_words(asked, search, &rooms, |talk| titles.get(talk).cloned());
    let address = asked.address();
    let path = format!("/{slug}/search");
    let title = if asked.q.is_empty() { "Search".to_owned() } else { format!("“{}”", asked.q) };
    let mut shell = Shell::of(
        &listed,
        settings.as_ref(),
        &format!("{title}: {}", listed.title),
        "search",
        ("found", "Skip to what was found"),
    )
    .shared(&site.settings, &path, &format!("Search everything that was said at {}.", listed.title));
    // One address of many: none of them is worth keeping.
    shell.is_unlisted = true;
    let (rows, last, counted) = match read {
        None => (Vec::new(), None, None),
        Some((found, counted)) => (found.rows, found.last, Some(counted)),
    };
    let is_first = query.after.is_none();
    SearchPage {
        found: counted.map(|counted| summary(counted, rows.is_empty() && is_first, &said)),
        days: days(event, &rows, search, &rooms, &venue),
        more: last.map(|last| format!("{path}?{address}&after={}.{}", last.when.0, last.id)),
        tries: if rows.is_empty() && is_first && counted.is_some() {
            tries(asked, &path)
        } else {
            Vec::new()
        },
        is_narrowed: Asked { q: String::new(), after: String::new(), ..asked.clone() } != Asked::default(),
        talks: talk_choices(&talks, asked, &venue),
        rooms: rooms.iter().map(|room| choice(&room.slug, &room.name, &asked.room)).collect(),
        sources: sources(asked),
        has: [("photo", "Photos"), ("question", "Questions"), ("link", "Links")]
            .map(|(value, name)| Choice {
                is_chosen: search.has.iter().any(|has| has_value(*has) == value),
                ..choice(value, name, "")
            })
            .into(),
        time_kind: if [&asked.from, &asked.to].iter().all(|at| at.len() <= "2026-06-01".len()) {
            "date"
        } else {
            "text"
        },
        asked: asked.clone(),
        shell,
        slug,
    }
}

fn choice(value: &str, name: &str, chosen: &str) -> Choice {
    Choice { value: value.to_owned(), name: name.to_owned(), is_chosen: value == chosen }
}

fn has_value(has: Has) -> &'static str {
    match has {
        Has::Photo => "photo",
        Has::Question => "question",
        Has::Link => "link",
    }
}

/// The talks in the order of the programme, with their day; of too many only the one that was asked for.
fn talk_choices(talks: &[Talk], asked: &Asked, venue: &Venue) -> Vec<Choice> {
    let is_many = talks.len() > TALKS_MAX;
    let shown = talks.iter().filter(|talk| !is_many || talk.id.as_str() == asked.talk);
    let name = |talk: &Talk| {
        let (weekday, _) = day_names(&talk.day);
        format!("{weekday} {}, {}", venue.hhmm(talk.start), talk.title)
    };
    shown.map(|talk| choice(talk.id.as_str(), &name(talk), &asked.talk)).collect()
}

/// The networks, and the source that was asked for by its own name.
fn sources(asked: &Asked) -> Vec<Choice> {
    let mut all: Vec<Choice> = super::asked::NETWORKS
        .iter()
        .map(|network: &Network| choice(network.name(), network.label(), &asked.source))
        .collect();
    if !asked.source.is_empty() && all.iter().all(|choice| !choice.is_chosen) {
        all.push(choice(&asked.source, &asked.source, &asked.source));
    }
    all
}

/// ` with “rust*”, by ada, in Main hall, with photos`.
fn in_words(
    asked: &Asked,
    search: &Search,
    rooms: &[Room],
    title: impl Fn(&TalkId) -> Option<String>,
) -> String {
    let mut said = Vec::new();
    let words = asked.words_alone();
    if !words.is_empty() {
        said.push(format!("with “{}”", words.replace('"', "")));
    }
    said.extend(search.by.as_ref().map(|by| format!("by {by}")));
    said.extend(search.talk.as_ref().and_then(title).map(|title| format!("in “{title}”")));
    said.extend(search.room.as_ref().map(|room| format!("in {}", room_name(rooms, room))));
    said.extend(search.network.map(|network| format!("from {}", network.label())));
    said.extend(search.source.as_ref().map(|source| format!("from {source}")));
    let has: Vec<String> = search.has.iter().map(|has| format!("{}s", has_value(*has))).collect();
    if !has.is_empty() {
        said.push(format!("with {}", names(&has)));
    }
    match (asked.from.as_str(), asked.to.as_str()) {
        ("", "") => {}
        (from, "") => said.push(format!("from {} on", moment(from))),
        ("", to) => said.push(format!("until {}", moment(to))),
        (from, to) if from == to => said.push(format!("on {}", moment(from))),
        (from, to) => said.push(format!("from {} to {}", moment(from), moment(to))),
    }
    said.join(", ")
}

/// `1 June` for a day, else as it was written.
fn moment(text: &str) -> String {
    let (_, date) = day_names(text);
    if date.is_empty() { text.replace('T', " ") } else { date }
}

fn summary(counted: u64, is_nothing: bool, said: &str) -> String {
    let said = if said.is_empty() { String::new() } else { format!(" {said}") };
    if is_nothing {
        return format!("No post{said}.");
    }
    let posts = if counted > COUNTED_MAX {
        format!("More than {}", count(COUNTED_MAX, "post", "posts"))
    } else {
        count(counted, "post", "posts")
    };
    format!("{posts}{said}, newest first.")
}

/// What to try instead: beginnings of the words, any of the words alone, without what narrows.
fn tries(asked: &Asked, path: &str) -> Vec<(String, String)> {
    let way = |asked: &Asked| format!("{path}?{}", asked.address());
    let mut tries = Vec::new();
    let last = asked.q.split_whitespace().last().unwrap_or_default();
    let is_word = last.chars().count() > 2 && last.chars().all(char::is_alphanumeric);
    if is_word {
        let wider = Asked { q: format!("{}*", asked.q), after: String::new(), ..asked.clone() };
        tries.push((format!("Words that begin with “{last}”"), way(&wider)));
    }
    let words = Asked { q: asked.q.clone(), ..Asked::default() };
    if !asked.q.is_empty() && words.address() != asked.address() {
        tries.push(("The same words anywhere in the event".to_owned(), way(&words)));
    }
    if asked.q.contains('"') {
        let loose =
            Asked { q: asked.q.replace('"', " ").trim().to_owned(), after: String::new(), ..asked.clone() };
        tries.push(("The same words, wherever they stand".to_owned(), way(&loose)));
    } else if asked.q.split_whitespace().count() > 1 {
        for word in asked.q.split_whitespace().take(4) {
            let one = Asked { q: word.to_owned(), after: String::new(), ..asked.clone() };
            tries.push((format!("Only “{word}”"), way(&one)));
        }
    }
    tries
}

fn days(event: &EventLive, rows: &[Row], search: &Search, rooms: &[Room], venue: &Venue) -> Vec<Day> {
    let slug = event.listed().slug;
    let said: HashMap<ItemId, Answered> =
        rows.iter().filter_map(|row| Some((row.id, answered(row.item.as_ref()?)))).collect();
    let titles = event.titles();
    let setting = Setting {
        slug: &slug,
        rooms,
        venue,
        shows_place: true,
        find: &|id| said.get(&id).cloned(),
        title: &|talk| titles.get(talk).cloned(),
    };
    let mut days: Vec<(String, Vec<Line>)> = Vec::new();
    for row in rows {
        let Some(when) = row.item.as_ref().map(|item| item.when) else { continue };
        let Some(mut item) = view(row, when, &setting) else { continue };
        item.sought = search.words.clone();
        let talk = row.filing.as_ref().and_then(|filing| filing.talk.as_ref());
        if let (Some(place), Some(title)) = (&mut item.place, talk.and_then(|talk| titles.get(talk))) {
            place.name = format!("{title}, {}", place.name);
        }
        let day = format!("{} {}", venue.weekday(when), venue.day(when));
        let line = Line::Item(Box::new(item));
        match days.last_mut().filter(|(name, _)| *name == day) {
            Some((_, lines)) => lines.push(line),
            None => days.push((day, vec![line])),
        }
    }
    days.into_iter().map(|(name, lines)| Day { name, blocks: blocks(lines, venue, false) }).collect()
}
