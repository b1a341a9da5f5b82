//! `/{event}/schedule.{json,xml,ics}`: the programme written out again as it really is, for calendars and other programs to follow. From the
//! log alone. What the files look like: [`model::schedule::write`].

use super::{
    Site,
    api::{answer_as, with_cors},
    failure::Failure,
    view::course::{Course, Phase},
};
use axum::{
    extract::{Path, State},
    response::Response,
};
use http::HeaderMap;
use model::{
    Micros, Talk,
    schedule::write::{Programme, Real, frab_json, frab_xml, icalendar},
    stage::Timeline,
};

/// A beginning or an end that differs by less is the schedule's own.
const DIFFERS_MIN: i64 = 3 * Micros::MINUTE;

/// `schedule.json`, as frab and pretalx write it.
pub(super) async fn json(site: State<Site>, slug: Path<String>, headers: HeaderMap) -> Response {
    serve(&site, &slug, &headers, "application/json; charset=utf-8", frab_json).await
}

/// `schedule.xml`, as frab and pretalx write it.
pub(super) async fn xml(site: State<Site>, slug: Path<String>, headers: HeaderMap) -> Response {
    serve(&site, &slug, &headers, "application/xml; charset=utf-8", frab_xml).await
}

/// `schedule.ics`, for calendars.
pub(super) async fn ics(site: State<Site>, slug: Path<String>, headers: HeaderMap) -> Response {
    serve(&site, &slug, &headers, "text/calendar; charset=utf-8", icalendar).await
}

async fn serve(
    site: &Site,
    slug: &str,
    headers: &HeaderMap,
    kind: &'static str,
    write: fn(&Programme<'_>) -> String,
) -> Response {
    match written(site, slug, write).await {
        Ok(text) => answer_as(headers, kind, text.into_bytes()),
        Err(failure) => with_cors(failure.json()),
    }
}

async fn written(site: &Site, slug: &str, write: fn(&Programme<'_>) -> String) -> Result<String, Failure> {
    let event = site.event(slug).await?;
    let now = site.now();
    let live = event.fold();
    let fold = live.fold();
    let settings = fold.event.as_ref().ok_or(Failure::Starting)?;
    let talks: Vec<&Talk> = fold.talks.values().collect();
    let home = format!("{}/{slug}", site.settings.public_url.origin().ascii_serialization());
    Ok(write(&Programme {
        event: settings,
        version: fold.schedule.as_ref().map_or("", |schedule| &schedule.version),
        talks: &talks,
        home: &home,
        changed_at: live.programme_at(),
        real: &|talk| real(talk, live.timeline(), now),
    }))
}

/// What really is of a talk, where that is another time or place than planned.
fn real(talk: &Talk, timeline: &Timeline, now: Micros) -> Option<Real> {
    let course = Course::of(talk, timeline, now);
    let differs = |a: Micros, b: Micros| a.since(b).abs() >= DIFFERS_MIN;
    let is_elsewhere = course.room != talk.room;
    let is_other = is_elsewhere || differs(course.from, talk.start) || differs(course.to, talk.end);
    (course.phase != Phase::Off && is_other).then(|| Real {
        from: course.from,
        to: course.to,
        room: is_elsewhere.then_some(course.room),
    })
}
