//! `/`: the events that are on, to come and past; a fresh installation says how to make the first one. Where nothing is on, what comes next
//! stands large, or else what was last, so that an installation with one event is not a line on an empty page.

use super::{
    Site,
    failure::{Failure, page},
    follow::EventLive,
    live_fold::LiveFold,
    shell::{HUE, Shell},
    view::{
        count,
        course::room_name,
        names,
        stage::{rooms, speakers, stage},
        time::{Venue, length, span},
    },
};
use askama::Template;
use axum::{
    extract::State,
    response::{Html, IntoResponse},
};
use http::header;
use jiff::civil::Date;
use model::{Micros, Talk};

/// Talks of an event to come that stand beside its name.
const TALKS_SHOWN: usize = 3;
/// Events that a link to this page names elsewhere.
const NAMES_MAX: usize = 3;

#[derive(Template)]
#[template(path = "home.html")]
struct Home {
    shell: Shell,
    /// What stands large, and what is said above it.
    large: Vec<EventView>,
    head: &'static str,
    coming: Vec<EventView>,
    past: Vec<EventView>,
}

impl Home {
    fn is_empty(&self) -> bool {
        self.large.is_empty()
    }
}

struct EventView {
    title: String,
    hue: u16,
    when: String,
    place: String,
    note: String,
    lede: String,
    talks: Vec<(String, String)>,
    /// Where it leads, and the words on that way.
    way: (String, &'static str),
    starts: Option<Date>,
    is_published: bool,
}

#[derive(PartialEq, Eq)]
enum Time {
    Coming,
    Now,
    Past,
}

pub(super) async fn show(State(site): State<Site>) -> Result<impl IntoResponse, Failure> {
    let (mut now, mut coming, mut past) = (Vec::new(), Vec::new(), Vec::new());
    for event in site.events.all().await {
        let (time, view) = view(&event, site.now());
        match time {
            Time::Now => now.push(view),
            Time::Coming => coming.push(view),
            Time::Past => past.push(view),
        }
    }
    coming.sort_by_key(|event| event.starts);
    past.sort_by_key(|event| std::cmp::Reverse(event.starts));
    let shell = shell(&site, now.iter().chain(&coming).chain(&past));
    let (head, large) = match (now.is_empty(), coming.is_empty()) {
        (false, _) => ("On now", now),
        (true, false) => ("Next", vec![coming.remove(0)]),
        (true, true) => ("Last", past.drain(..past.len().min(1)).collect()),
    };
    let html: Html<String> = page(&Home { shell, large, head, coming, past })?;
    Ok(([(header::CACHE_CONTROL, "no-cache")], html))
}

fn shell<'a>(site: &Site, events: impl Iterator<Item = &'a EventView> + Clone) -> Shell {
    let mut shell = Shell::plain("Events", ("events", "Skip to events"));
    shell.accents = events.clone().map(|event| event.hue).filter(|hue| *hue != HUE).collect();
    shell.accents.sort_unstable();
    shell.accents.dedup();
    // A list of nothing but unpublished events would tell of them.
    shell.is_unlisted = !events.clone().any(|event| event.is_published);
    let titles: Vec<&str> = events.take(NAMES_MAX).map(|event| event.title.as_str()).collect();
    let about = if titles.is_empty() {
        "What conferences talk about, as it is said, and afterwards by talk.".to_owned()
    } else {
        format!("What people say at {}, as it is said, and afterwards by talk.", names(&titles))
    };
    shell.shared(&site.settings, "/", &about)
}

fn view(event: &EventLive, now: Micros) -> (Time, EventView) {
    let listed = event.listed();
    let fold = event.fold();
    let settings = fold.fold().event.as_ref();
    let venue = Venue::of(settings);
    let day = |text: Option<&String>| text.and_then(|day| day.parse::<Date>().ok());
    let starts = settings.and_then(|e| day(e.starts.as_ref()));
    let ends = settings.and_then(|e| day(e.ends.as_ref())).or(starts);
    let today = venue.date(now);
    let time = match (starts, ends) {
        (Some(first), _) if today < first => Time::Coming,
        (_, Some(last)) if today > last => Time::Past,
        _ => Time::Now,
    };
    let place = settings.and_then(|e| e.place.clone()).unwrap_or_default();
    let days = length(starts, ends);
    let told = if time == Time::Coming { days.clone() } else { so_far(&fold, time == Time::Now) };
    let lede = [place.as_str(), &span(starts, ends, today.year()), &told];
    let lede: Vec<&str> = lede.into_iter().filter(|part| !part.is_empty()).collect();
    let view = EventView {
        title: settings.map_or_else(|| listed.title.clone(), |e| e.title.clone()),
        hue: settings.and_then(|e| e.accent_hue).filter(|hue| *hue <= 360).unwrap_or(HUE),
        when: span(starts, ends, today.year()),
        note: days,
        lede: format!("{}.", lede.join(", ")),
        talks: match time {
            Time::Now => on_now(&fold, &listed.slug, &venue, now),
            Time::Coming => first_talks(&fold, &venue),
            Time::Past => Vec::new(),
        },
        way: match time {
            Time::Now => (format!("/{}", listed.slug), "Open the live page"),
            Time::Coming => (format!("/{}/programme", listed.slug), "See the programme"),
            Time::Past => (format!("/{}/programme", listed.slug), "Read it by talk"),
        },
        is_published: settings.is_some_and(|event| event.published),
        place,
        starts,
    };
    (time, view)
}

/// "1,904 items so far". The site holds the newest only, and says so where there were more.
fn so_far(fold: &LiveFold, is_on: bool) -> String {
    let shown = fold.shown() as u64;
    let more = if fold.floor() > 1 { "more than " } else { "" };
    let ending = if is_on { " so far" } else { "" };
    format!("{more}{}{ending}", count(shown, "item", "items"))
}

/// The talks that are on: title, and who, where, until when.
fn on_now(fold: &LiveFold, slug: &str, venue: &Venue, now: Micros) -> Vec<(String, String)> {
    let on = stage(fold.fold(), fold.timeline(), &rooms(fold.fold()), slug, venue, now);
    let talks = on.rooms.into_iter().filter_map(|room| {
        let talk = room.talk?;
        Some((talk.title, joined([talk.who, room.name, talk.until])))
    });
    talks.collect()
}

/// What an event that is to come begins with.
fn first_talks(fold: &LiveFold, venue: &Venue) -> Vec<(String, String)> {
    let rooms = rooms(fold.fold());
    let mut talks: Vec<&Talk> = fold.fold().talks.values().filter(|talk| !talk.dropped).collect();
    talks.sort_by_key(|talk| (talk.start, &talk.id));
    let told = talks.into_iter().take(TALKS_SHOWN).map(|talk| {
        let room = room_name(&rooms, &talk.room).to_owned();
        (talk.title.clone(), joined([speakers(talk), room, format!("at {}", venue.hhmm(talk.start))]))
    });
    told.collect()
}

fn joined(parts: [String; 3]) -> String {
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
}
