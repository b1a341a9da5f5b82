//! `/api/v1/events/{event}/talks` and `/talks/{talk}`: the programme as it really is, with what is filed to each talk. Talks and stage
//! come from the log and are answered while the archive is away; the counts are null then.

use super::answer;
use crate::site::{
    Site,
    failure::Failure,
    follow::EventLive,
    view::{
        course::{Course, Phase, room_name},
        stage::rooms,
    },
};
use archive::{Query, Scope, TalkCount};
use axum::{
    extract::{Path, State},
    response::Response,
};
use http::HeaderMap;
use model::{Micros, Position, Room, Talk, TalkId, Was, stage::Timeline};
use serde::Serialize;

/// One talk.
#[derive(Serialize)]
struct TalkJson<'a> {
    id: &'a TalkId,
    guid: &'a Option<String>,
    code: &'a Option<String>,
    title: &'a str,
    subtitle: &'a Option<String>,
    speakers: Vec<SpeakerJson<'a>>,
    room: RoomJson<'a>,
    track: &'a Option<String>,
    lang: &'a Option<String>,
    url: &'a Option<String>,
    day: &'a str,
    start: Micros,
    end: Micros,
    dropped: bool,
    was: &'a [Was],
    /// `before`, `on`, `over`, `elsewhere` (its time has come and something else is or was on) or `dropped`.
    state: &'static str,
    real: Option<RealJson<'a>>,
    filing: Option<CountsJson>,
    page: String,
    #[serde(rename = "abstract", skip_serializing_if = "Option::is_none")]
    summary: Option<&'a str>,
}

/// Somebody who speaks.
#[derive(Serialize)]
struct SpeakerJson<'a> {
    name: &'a str,
    handles: &'a [String],
}

/// A room by its slug and name.
#[derive(Serialize)]
struct RoomJson<'a> {
    slug: &'a str,
    name: &'a str,
}

/// When and where a talk is really on, as far as anybody knows.
#[derive(Serialize)]
struct RealJson<'a> {
    from: Micros,
    to: Micros,
    room: RoomJson<'a>,
    late_by_seconds: i64,
    /// `steward` or `clock`.
    source: &'static str,
}

/// What is filed to a talk. Guesses count for nothing and are told apart.
#[derive(Serialize)]
struct CountsJson {
    items: u64,
    people: u64,
    photos: u64,
    questions: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    suggested: Option<u64>,
}

/// What the log says, taken once.
struct Known {
    talks: Vec<Talk>,
    rooms: Vec<Room>,
    timeline: Timeline,
    position: Option<Position>,
    version: Option<String>,
}

fn known(event: &EventLive) -> Known {
    let live = event.fold();
    let fold = live.fold();
    let mut talks: Vec<Talk> = fold.talks.values().cloned().collect();
    talks.sort_by(|a, b| (a.start, &a.id).cmp(&(b.start, &b.id)));
    Known {
        talks,
        rooms: rooms(fold),
        timeline: live.timeline().clone(),
        position: live.position().cloned(),
        version: fold.schedule.as_ref().map(|schedule| schedule.version.clone()),
    }
}

/// `GET /api/v1/events/{event}/talks`
pub(in crate::site) async fn talks(
    State(site): State<Site>,
    Path(slug): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let event = site.event(&slug).await?;
    let known = known(&event);
    let counts = counts(&site, &event).await;
    let now = site.now();
    let talks: Vec<TalkJson<'_>> =
        known.talks.iter().map(|talk| json(&site, &slug, &known, talk, counts.as_deref(), now)).collect();
    let body = serde_json::json!({"position": known.position, "version": known.version, "talks": talks});
    Ok(answer(&headers, &body))
}

/// `GET /api/v1/events/{event}/talks/{talk}`
pub(in crate::site) async fn talk(
    State(site): State<Site>,
    Path((slug, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let event = site.event(&slug).await?;
    let known = known(&event);
    let talk = known.talks.iter().find(|talk| talk.id.as_str() == id).ok_or(Failure::NotFound)?;
    let counts = counts(&site, &event).await;
    let mut json = json(&site, &slug, &known, talk, counts.as_deref(), site.now());
    json.summary = talk.summary.as_deref();
    if let Some(filing) = &mut json.filing {
        filing.suggested = suggested(&site, &event, &talk.id).await;
    }
    Ok(answer(&headers, &json))
}

/// What is filed to each talk; none while the archive is away.
async fn counts(site: &Site, event: &EventLive) -> Option<Vec<TalkCount>> {
    site.archive_position(event).await.ok()?;
    site.ask_archive(event, site.archive.talk_counts(event.eid)).await.ok()
}

/// How many posts are only guessed to be about a talk, as far as one question of the archive tells: at most 500.
async fn suggested(site: &Site, event: &EventLive, talk: &TalkId) -> Option<u64> {
    let query = Query::new(Scope::Suggested(talk.clone()));
    let rows = site.ask_archive(event, site.archive.items(event.eid, &query)).await.ok()?;
    Some(rows.len() as u64)
}

fn json<'a>(
    site: &Site,
    slug: &str,
    known: &'a Known,
    talk: &'a Talk,
    counts: Option<&[TalkCount]>,
    now: Micros,
) -> TalkJson<'a> {
    let room = |slug: &'a str| RoomJson { slug, name: room_name(&known.rooms, slug) };
    let course = Course::of(talk, &known.timeline, now);
    let real = known.timeline.expected(&talk.id).map(|real| RealJson {
        from: real.from,
        to: real.to,
        room: room(real.room),
        late_by_seconds: real.from.since(talk.start) / Micros::SECOND,
        source: if course.is_said { "steward" } else { "clock" },
    });
    let none = CountsJson { items: 0, people: 0, photos: 0, questions: 0, suggested: None };
    let filing = counts.map(|counts| {
        counts.iter().find(|count| count.talk == talk.id).map_or(none, |count| CountsJson {
            items: count.items,
            people: count.people,
            photos: count.photos,
            questions: count.questions,
            suggested: None,
        })
    });
    let origin = site.settings.public_url.origin().ascii_serialization();
    TalkJson {
        id: &talk.id,
        guid: &talk.guid,
        code: &talk.code,
        title: &talk.title,
        subtitle: &talk.subtitle,
        speakers: talk.speakers.iter().map(|s| SpeakerJson { name: &s.name, handles: &s.handles }).collect(),
        room: room(&talk.room),
        track: &talk.track,
        lang: &talk.lang,
        url: &talk.url,
        day: &talk.day,
        start: talk.start,
        end: talk.end,
        dropped: talk.dropped,
        was: &talk.was,
        state: match course.phase {
            Phase::Before => "before",
            Phase::On => "on",
            Phase::Over => "over",
            Phase::Elsewhere => "elsewhere",
            Phase::Off => "dropped",
        },
        real,
        filing,
        page: format!("{origin}/{slug}/talks/{}", talk.id),
        summary: None,
    }
}
