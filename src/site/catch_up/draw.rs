//! What the page prints: what time it is about, what may be missing of it, and its posts by talk or one after the other.

use super::{
    Budget,
    digest::{Block as Told, Digest, Key, digest},
    period::Period,
    words::WORDS_PER_MINUTE,
};
use crate::site::{
    Site,
    follow::EventLive,
    live_fold::LiveFold,
    shell::Shell,
    view::{
        body::Piece,
        count,
        course::room_name,
        feed::{Block, Line, blocks, mark},
        item::{Answered, Setting, answered, display_name, view},
        stage::rooms,
        time::{Venue, iso},
    },
};
use askama::Template;
use model::{ItemId, Mark, Micros, Room, Row, TalkId};
use std::collections::HashMap;

#[derive(Template)]
#[template(path = "catch_up.html")]
pub(super) struct CatchUp {
    shell: Shell,
    slug: String,
    /// `Since Monday 14:10: 212 posts by 80 people, 3 talks.`
    lede: String,
    /// Where the period began and ends, for those who read by machine.
    span: (String, String),
    /// Name and address of each budget, and whether it is this one.
    budgets: Vec<(&'static str, String, bool)>,
    /// What may be missing.
    gaps: Vec<String>,
    is_quiet: bool,
    sections: Vec<SectionView>,
    blocks: Vec<Block>,
    /// What the digest leaves out.
    rest: Option<String>,
    /// The place up to which this page tells, in words, as a position, and the page from there.
    until: (String, String, String),
    is_to_now: bool,
    /// Other beginnings: name and address.
    others: Vec<(&'static str, String)>,
}

/// One talk, or an hour beside the talks.
struct SectionView {
    title: String,
    href: Option<String>,
    aside: String,
    lines: Vec<LineView>,
}

struct LineView {
    href: String,
    iso: String,
    hhmm: String,
    name: String,
    words: String,
    lang: Option<String>,
    notes: Vec<String>,
    thumb: Option<String>,
}

pub(super) fn draw(
    site: &Site,
    event: &EventLive,
    period: &Period,
    budget: Budget,
    after: Option<&str>,
) -> CatchUp {
    let listed = event.listed();
    let fold = event.fold();
    let settings = fold.fold().event.as_ref();
    let venue = Venue::of(settings);
    let slug = listed.slug.clone();
    let rooms = rooms(fold.fold());
    let hour = |hour: i64| Micros(hour.saturating_mul(Micros::HOUR));
    let title = |key: &Key| match key {
        Key::Talk(id) => fold.fold().talks.get(id).map_or_else(|| id.to_string(), |talk| talk.title.clone()),
        // Over several days an hour says of which.
        Key::Hour(n) if venue.date(period.from) != venue.date(period.to) => {
            let (from, to) = (venue.hhmm(hour(*n)), venue.hhmm(hour(n.saturating_add(1))));
            format!("Beside the talks, {} {from} to {to}", venue.weekday(hour(*n)))
        }
        Key::Hour(n) => {
            format!("Beside the talks, {} to {}", venue.hhmm(hour(*n)), venue.hhmm(hour(n.saturating_add(1))))
        }
    };
    let told = digest(&period.rows, budget.words(), &title);
    let path = format!("/{slug}/catch-up");
    let here = after.filter(|after| !after.is_empty()).map(encoded);
    let address = |after: Option<&str>, budget: Budget| match after {
        Some(after) => format!("{path}?after={after}&read={}", budget.name()),
        None => format!("{path}?read={}", budget.name()),
    };
    let until = period.until.to_string();
    let name = settings.map_or(&listed.title, |event| &event.title);
    CatchUp {
        shell: Shell::of(
            &listed,
            settings,
            &format!("What you missed: {name}"),
            "catch-up",
            ("told", "Skip to what you missed"),
        )
        .shared(
            &site.settings,
            &path,
            &format!("What was said at {name} while you were away, in 2 or 10 minutes of reading."),
        ),
        lede: lede(&told, period, &venue, site.now()),
        span: (iso(period.from), iso(period.to)),
        budgets: Budget::EACH
            .into_iter()
            .map(|each| (label(each), address(here.as_deref(), each), each == budget))
            .collect(),
        gaps: period.gaps.iter().map(|gap| sentence(gap, &venue)).collect(),
        is_quiet: period.rows.is_empty(),
        sections: told
            .blocks
            .iter()
            .filter(|b| !b.lines.is_empty())
            .map(|b| section(b, &slug, &rooms, &fold, &venue))
            .collect(),
        blocks: if budget == Budget::All {
            all(&fold, &period.rows, &slug, &rooms, &venue)
        } else {
            Vec::new()
        },
        rest: rest(&told, budget),
        until: (named(period.to, site.now(), &venue), until.clone(), address(Some(&until), budget)),
        is_to_now: period.is_to_now,
        others: others(site.now(), &venue, &path, budget),
        slug,
    }
}

/// A time or position as a part of an address.
fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

fn label(budget: Budget) -> &'static str {
    match budget {
        Budget::Minutes(2) => "2 min",
        Budget::Minutes(_) => "10 min",
        Budget::All => "all",
    }
}

fn lede(told: &Digest<'_>, period: &Period, venue: &Venue, now: Micros) -> String {
    let since = named(period.from, now, venue);
    if told.posts == 0 {
        return format!("Nothing was said since {since}.");
    }
    let by = count(told.people as u64, "person", "people");
    let posts = count(told.posts as u64, "post", "posts");
    let span = if period.is_to_now {
        format!("Since {since}")
    } else {
        format!("{since} to {}", named(period.to, now, venue))
    };
    match told.talks {
        0 => format!("{span}: {posts} by {by}."),
        talks => format!("{span}: {posts} by {by}, {}.", count(talks as u64, "talk", "talks")),
    }
}

/// `14:10` today, `Monday 14:10` within the week, else with the day of the month.
fn named(at: Micros, now: Micros, venue: &Venue) -> String {
    let hhmm = venue.hhmm(at);
    match now.since(at).div_euclid(24 * Micros::HOUR) {
        _ if venue.date(at) == venue.date(now) => hhmm,
        ..6 => format!("{} {hhmm}", venue.weekday(at)),
        _ => format!("{} {}, {hhmm}", venue.weekday(at), venue.day(at)),
    }
}

pub(in crate::site) fn sentence(gap: &model::Gap, venue: &Venue) -> String {
    let mark = mark(gap, 0, venue);
    format!("{}{}", mark.head, mark.text)
}

fn section(block: &Told<'_>, slug: &str, rooms: &[Room], fold: &LiveFold, venue: &Venue) -> SectionView {
    let talk = if let Key::Talk(id) = &block.key { fold.fold().talks.get(id) } else { None };
    let (from, to) = (venue.hhmm(block.span.0), venue.hhmm(block.span.1));
    let when = match (venue.date(block.span.0) == venue.date(block.span.1), from == to) {
        (true, true) => from,
        (true, false) => format!("{from} to {to}"),
        (false, _) => {
            format!("{} {from} to {} {to}", venue.weekday(block.span.0), venue.weekday(block.span.1))
        }
    };
    let said = count(block.posts as u64, "post", "posts");
    let aside = match talk {
        Some(talk) => format!("{}, {when}, {said}", room_name(rooms, &talk.room)),
        None => said,
    };
    SectionView {
        title: block.title.clone(),
        href: talk.map(|talk| format!("/{slug}/talks/{}", talk.id)),
        aside,
        lines: block.lines.iter().map(|line| line_view(line, slug, venue)).collect(),
    }
}

fn line_view(line: &super::digest::Line<'_>, slug: &str, venue: &Venue) -> LineView {
    let (item, row) = (line.told.item, line.told.row);
    let mut notes = vec![line.echo.clone()];
    notes.retain(|note| !note.is_empty());
    if item.marks.contains(&Mark::Question) {
        notes.push("question".to_owned());
    }
    let photo = item.media.iter().position(|medium| medium.kind == model::MediaKind::Photo);
    LineView {
        href: format!("/{slug}/posts/{}", row.id),
        iso: iso(item.when.minute()),
        hhmm: venue.hhmm(item.when),
        name: display_name(&item.author).to_owned(),
        words: line.words.clone(),
        lang: item.lang.clone().filter(|tag| crate::site::view::item::is_language(tag)),
        notes,
        thumb: photo.map(|n| format!("/media/{slug}.{}.{}.{n}", row.id, item.rev)),
    }
}

fn rest(told: &Digest<'_>, budget: Budget) -> Option<String> {
    if budget == Budget::All || told.posts == 0 {
        return None;
    }
    let mut parts = vec![format!(
        "These are {} of {}, chosen by how many people answered, quoted, boosted or linked to them; about {} of reading.",
        count(told.told as u64, "post", "posts"),
        crate::site::view::number(told.posts as u64),
        count(told.words.div_ceil(WORDS_PER_MINUTE).max(1) as u64, "minute", "minutes")
    )];
    let left: Vec<&Told<'_>> = told.blocks.iter().filter(|block| block.lines.is_empty()).collect();
    let talks = left.iter().filter(|block| matches!(block.key, Key::Talk(_))).count();
    if talks > 0 {
        parts.push(format!("{} found no room here.", count(talks as u64, "talk", "talks")));
    }
    if told.covered > 0 {
        let what = count(told.covered as u64, "post", "posts");
        parts.push(format!("{what} under a content warning: never told here, covered among all."));
    }
    Some(parts.join(" "))
}

fn others(now: Micros, venue: &Venue, path: &str, budget: Budget) -> Vec<(&'static str, String)> {
    let morning = venue.date(now).at(0, 0, 0, 0).to_zoned(venue.zone().clone());
    let morning = morning.map_or(now, |at| Micros(at.timestamp().as_microsecond()));
    let at = |at: Micros| {
        format!("{path}?after={}&read={}", crate::site::time_machine::local(at, venue), budget.name())
    };
    vec![
        ("the last hour", at(now.plus(-Micros::HOUR))),
        ("today", at(morning)),
        ("yesterday and today", at(morning.plus(-24 * Micros::HOUR))),
        ("everything", at(Micros(Micros::HOUR * 24))),
    ]
}

fn all(fold: &LiveFold, rows: &[Row], slug: &str, rooms: &[Room], venue: &Venue) -> Vec<Block> {
    let said: HashMap<ItemId, Answered> =
        rows.iter().filter_map(|row| Some((row.id, answered(row.item.as_ref()?)))).collect();
    let find =
        |id| said.get(&id).cloned().or_else(|| fold.row(id).and_then(|row| row.item.as_ref()).map(answered));
    let title = |talk: &TalkId| fold.fold().talks.get(talk).map(|talk| talk.title.clone());
    let setting = Setting { slug, rooms, venue, shows_place: true, find: &find, title: &title };
    let lines = rows
        .iter()
        .filter_map(|row| view(row, row.item.as_ref()?.when, &setting))
        .map(|item| Line::Item(Box::new(item)));
    blocks(lines.collect(), venue, false)
}
