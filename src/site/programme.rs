//! `/{event}/programme` and `/{event}/days/{date}`: days by rooms, with how much was said about each talk, and what is late, moved or
//! called off. Talks and stage from the log; counts from the
//! archive, and none while it is away. How a day is laid out: [`day`].

pub(super) mod day;

use super::{
    Site,
    archive_reads::if_there,
    failure::{Failure, page},
    follow::EventLive,
    shell::Shell,
    time_machine::{self, Past, ThenView},
    view::{
        stage::rooms,
        sum,
        time::{Venue, span},
    },
};
use archive::Totals;
use askama::Template;
use axum::{
    extract::{Path, Query, State},
    response::{IntoResponse, Response},
};
use day::{DayView, Grid, Said};
use http::header;
use jiff::civil::Date;
use model::{EventEntry, Room, Talk, event::EventRef, stage::Timeline};
use serde::Deserialize;

/// Rooms that are named in one line above the days; more of them are folded.
const ROOMS_IN_SIGHT_MAX: usize = 10;

#[derive(Template)]
#[template(path = "programme.html")]
struct Programme {
    shell: Shell,
    then: Option<ThenView>,
    slug: String,
    title: String,
    lede: String,
    sums: Vec<(String, &'static str)>,
    rooms: Vec<Room>,
    /// Name and version of the schedule; none without one.
    version: Option<String>,
    /// The days in the bar above them: anchor and name.
    jumps: Vec<(String, String)>,
    has_now: bool,
    days: Vec<DayView>,
    /// Whether this is one day's page.
    is_one_day: bool,
    /// Whether counts are known; the archive may be away.
    is_counted: bool,
}

#[derive(Deserialize)]
pub(super) struct Asked {
    /// The moment as of which the page is shown, see [`super::time_machine`].
    at: Option<String>,
}

pub(super) async fn show(
    State(site): State<Site>,
    Path(slug): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Failure> {
    draw(&site, &slug, None, asked.at.as_deref()).await
}

/// `/{event}/days/{date}`: the same of one day.
pub(super) async fn day(
    State(site): State<Site>,
    Path((slug, date)): Path<(String, String)>,
    Query(asked): Query<Asked>,
) -> Result<Response, Failure> {
    draw(&site, &slug, Some(&date), asked.at.as_deref()).await
}

/// What the log says, or the archive of then.
struct Known {
    settings: Option<EventEntry>,
    talks: Vec<Talk>,
    rooms: Vec<Room>,
    timeline: Timeline,
    version: Option<String>,
}

fn known(event: &EventLive, past: Option<&Past>) -> Known {
    let live = event.fold();
    let fold = past.map_or_else(|| live.fold(), |past| &past.fold);
    Known {
        settings: fold.event.clone(),
        talks: fold.talks.values().cloned().collect(),
        rooms: rooms(fold),
        timeline: past.map_or_else(|| live.timeline(), |past| &past.timeline).clone(),
        version: fold.schedule.as_ref().map(|schedule| schedule.version.clone()),
    }
}

async fn draw(site: &Site, slug: &str, only: Option<&str>, at: Option<&str>) -> Result<Response, Failure> {
    let event = site.event(slug).await?;
    let past = time_machine::past(site, &event, at).await?;
    let mut known = known(&event, past.as_ref());
    if let Some(date) = only {
        known.talks.retain(|talk| talk.day == date);
        if known.talks.is_empty() {
            return Err(Failure::NotFound);
        }
    }
    let (said, totals) = match if_there(said(site, &event).await)? {
        Some((said, totals)) => (said, Some(totals)),
        None => (Said::default(), None),
    };
    let listed = event.listed();
    let settings = known.settings.as_ref();
    let venue = Venue::of(settings);
    let title = settings.map_or(&listed.title, |e| &e.title).clone();
    let now = past.as_ref().map_or(site.now(), |past| past.then.at);
    let said = if past.is_some() { said.until(now) } else { said };
    let grid = Grid { rooms: &known.rooms, timeline: &known.timeline, said: &said, venue: &venue, now };
    let held = known.talks.iter().filter(|talk| !talk.dropped).count();
    let days = grid.days(&known.talks);
    let sums = match (only, &totals) {
        (None, Some(totals)) if past.is_none() && (totals.items > 0 || held > 0) => sums(totals, held),
        _ => Vec::new(),
    };
    let heading = only.map_or_else(|| title.clone(), |_| days[0].weekday.clone());
    let path = only.map_or_else(|| format!("/{slug}/programme"), |date| format!("/{slug}/days/{date}"));
    let template = Programme {
        then: past.map(|past| past.view(&path, site.now(), &venue)),
        shell: shell(site, &listed, settings, only, &heading),
        lede: match only {
            Some(_) => {
                format!("{}. Every talk below opens the conversation that went with it.", days[0].note)
            }
            None => lede(settings, held > 0, venue.date(now).year()),
        },
        sums,
        version: known.version.clone(),
        jumps: days.iter().map(|day| (day.anchor.clone(), day.weekday.clone())).collect(),
        has_now: days.iter().any(DayView::has_now),
        rooms: known.rooms.clone(),
        days,
        title: heading,
        slug: slug.to_owned(),
        is_one_day: only.is_some(),
        is_counted: totals.is_some(),
    };
    Ok(([(header::CACHE_CONTROL, "no-cache")], page(&template)?).into_response())
}

/// What is around the page, and what a link to it shows elsewhere.
fn shell(
    site: &Site,
    listed: &EventRef,
    settings: Option<&EventEntry>,
    only: Option<&str>,
    heading: &str,
) -> Shell {
    let event = settings.map_or(&listed.title, |event| &event.title);
    let (name, here, path) = match only {
        Some(date) => (heading, "in programme", format!("/{}/days/{date}", listed.slug)),
        None => ("Programme", "programme", format!("/{}/programme", listed.slug)),
    };
    let about = match only {
        Some(_) => {
            format!("{heading} at {event}: its talks by room and hour, each with what was said about it.")
        }
        None => format!("All talks of {event}, by day and room, each with what was said about it."),
    };
    Shell::of(listed, settings, &format!("{name}: {event}"), here, ("programme", "Skip to the programme"))
        .shared(&site.settings, &path, &about)
        .fed(&format!("/{}", listed.slug))
}

/// How much was said about each talk, and in all.
async fn said(site: &Site, event: &EventLive) -> Result<(Said, Totals), Failure> {
    site.archive_position(event).await?;
    let archive = &site.archive;
    let reads = async {
        let said = Said::new(archive.talk_counts(event.eid).await?, archive.minutes(event.eid).await?);
        Ok((said, archive.totals(event.eid).await?))
    };
    site.ask_archive(event, reads).await
}

fn sums(totals: &Totals, talks: usize) -> Vec<(String, &'static str)> {
    vec![
        sum(totals.items, "item", "items"),
        sum(totals.people, "person", "people"),
        sum(totals.photos, "photo", "photos"),
        sum(talks as u64, "talk", "talks"),
    ]
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_without_talks_says_what_to_do() {
        let empty = Programme {
            then: None,
            shell: Shell::plain("Programme", ("programme", "Skip to the programme")),
            slug: "rustfest".into(),
            title: "RustFest".into(),
            lede: String::new(),
            sums: Vec::new(),
            rooms: Vec::new(),
            version: None,
            jumps: Vec::new(),
            has_now: false,
            days: Vec::new(),
            is_one_day: false,
            is_counted: true,
        };
        let text = empty.render().expect("a page");
        assert!(
            text.contains("No programme yet.") && text.contains("perihelion schedule import rustfest FILE")
        );
        assert!(!text.contains("schedule.ics"), "an empty calendar is offered to nobody");
    }
}
