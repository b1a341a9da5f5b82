//! `/`: the events that are on, to come and past; a fresh installation says how to make the first one.

use super::{
    Site,
    failure::{Failure, page},
    follow::EventLive,
    shell::{HUE, Shell},
    view::{
        count,
        stage::{rooms, stage},
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
use model::Micros;

#[derive(Template)]
#[template(path = "home.html")]
struct Home {
    shell: Shell,
    now: Vec<EventView>,
    coming: Vec<EventView>,
    past: Vec<EventView>,
}

impl Home {
    fn is_empty(&self) -> bool {
        self.now.is_empty() && self.coming.is_empty() && self.past.is_empty()
    }
}

struct EventView {
    slug: String,
    title: String,
    hue: u16,
    when: String,
    place: String,
    note: String,
    lede: String,
    talks: Vec<(String, String)>,
    leads_to_programme: bool,
    starts: Option<Date>,
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
    let mut shell = Shell::plain("Events", ("events", "Skip to events"));
    shell.accents =
        now.iter().chain(&coming).chain(&past).map(|event| event.hue).filter(|hue| *hue != HUE).collect();
    shell.accents.sort_unstable();
    shell.accents.dedup();
    let html: Html<String> = page(&Home { shell, now, coming, past })?;
    Ok(([(header::CACHE_CONTROL, "no-cache")], html))
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
    let items = count(fold.shown() as u64, "item", "items");
    let newest = format!("{items} so far");
    let on = stage(fold.fold(), fold.timeline(), &rooms(fold.fold()), &listed.slug, &venue, now);
    let talks = on.rooms.into_iter().filter_map(|room| {
        let talk = room.talk?;
        let parts: Vec<String> =
            [talk.who, room.name, talk.until].into_iter().filter(|part| !part.is_empty()).collect();
        Some((talk.title, parts.join(", ")))
    });
    let days = length(starts, ends);
    let lede = [place.as_str(), &span(starts, ends, today.year()), &newest];
    let lede: Vec<&str> = lede.into_iter().filter(|part| !part.is_empty()).collect();
    let view = EventView {
        title: settings.map_or_else(|| listed.title.clone(), |e| e.title.clone()),
        hue: settings.and_then(|e| e.accent_hue).filter(|hue| *hue <= 360).unwrap_or(HUE),
        when: span(starts, ends, today.year()),
        note: if time == Time::Past { String::new() } else { days },
        lede: format!("{}.", lede.join(", ")),
        talks: talks.collect(),
        leads_to_programme: time == Time::Past,
        place,
        starts,
        slug: listed.slug,
    };
    (time, view)
}
