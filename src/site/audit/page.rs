//! `/admin/audit` and `/admin/{event}/audit`: the newest first, with a button where something can be taken back.

use super::{Undo, What};
use crate::site::{
    Site,
    door::{Who, real_now},
    failure::{self, Failure},
    follow::EventLive,
    people::Typed,
    shell::Shell,
    view::time::{Venue, iso},
};
use archive::people::{AuditPage, AuditRow, Change, Done};
use askama::Template;
use axum::{
    body::Bytes,
    extract::{Extension, Path, Query, State},
    response::{IntoResponse, Redirect, Response},
};
use http::{StatusCode, header};
use model::{EventEntry, EventId};
use serde::Deserialize;
use std::sync::Arc;

/// Lines of a page.
const LINES: u32 = 100;

/// What the pages are asked with.
#[derive(Clone, Debug, Default, Deserialize)]
pub(in crate::site) struct Asked {
    before: Option<i64>,
    #[serde(default)]
    done: String,
}

#[derive(Template)]
#[template(path = "audit.html")]
struct Audit {
    shell: Shell,
    /// `/admin` or `/admin/{event}`.
    base: String,
    form_token: String,
    said: &'static str,
    is_wrong: bool,
    why: String,
    lines: Vec<Line>,
    older: Option<i64>,
}

struct Line {
    n: i64,
    when: String,
    at: String,
    who: String,
    verb: String,
    object: String,
    sentence: String,
    event: Option<String>,
    can_undo: bool,
    is_undone: bool,
}

/// `GET /admin/audit`.
pub(in crate::site) async fn of_site(
    State(site): State<Site>,
    Extension(who): Extension<Who>,
    Query(asked): Query<Asked>,
) -> Result<Response, Failure> {
    drawn(&site, &who, None, &asked, None).await
}

/// `GET /admin/{event}/audit`.
pub(in crate::site) async fn of_event(
    State(site): State<Site>,
    Extension(who): Extension<Who>,
    Path(slug): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Failure> {
    let event = site.event(&slug).await?;
    drawn(&site, &who, Some(&event), &asked, None).await
}

/// `POST` to either, with the number of a line in `undo`.
pub(in crate::site) async fn take_back(
    State(site): State<Site>,
    Extension(who): Extension<Who>,
    path: Option<Path<String>>,
    body: Bytes,
) -> Result<Response, Failure> {
    let event = match path {
        Some(Path(slug)) => Some(site.event(&slug).await?),
        None => None,
    };
    let n = Typed::read(&body)
        .one("undo")
        .parse::<i64>()
        .map_err(|_| Failure::Bad("Press one of the buttons."))?;
    let people = site.door.memory.people();
    let row = people.audit_row(n).await.map_err(|_| Failure::DoorAway)?;
    // A line of another event is not there for whoever organises this one.
    let row = row.filter(|row| event.as_ref().is_none_or(|event| row.line.event == Some(event.eid)));
    let row = row.ok_or(Failure::NotFound)?;
    match undone(&site, &who, &row).await? {
        Ok(()) => {
            let base = base(event.as_deref());
            Ok(Redirect::to(&format!("{base}/audit?done=undone")).into_response())
        }
        Err(why) => drawn(&site, &who, event.as_ref(), &Asked::default(), Some(why)).await,
    }
}

async fn undone(site: &Site, who: &Who, row: &AuditRow) -> Result<Result<(), String>, Failure> {
    let order = row.line.undo.as_deref().filter(|_| row.undone.is_none());
    let Some(order) = order.and_then(|text| serde_json::from_str::<Undo>(text).ok()) else {
        return Ok(Err("It was taken back already, or cannot be.".to_owned()));
    };
    let event = match row.line.event {
        Some(eid) => site.events.all().await.into_iter().find(|event| event.eid == eid),
        None => None,
    };
    if let Err(why) = order.carry_out(site, who, event.as_deref(), row.n).await? {
        return Ok(Err(why));
    }
    if site.door.memory.change(Change::Undo(row.n, real_now())).await? == Done::Yes {
        let what = What::new("undo", &row.line.object, format!("Took back: {}", row.line.sentence));
        site.audit(who, row.line.event, what, None);
        // The page that comes next shows this line.
        let _ = site.audit.write(site.door.memory.people()).await;
    }
    Ok(Ok(()))
}

fn base(event: Option<&EventLive>) -> String {
    event.map_or_else(|| "/admin".to_owned(), |event| format!("/admin/{}", event.listed().slug))
}

async fn drawn(
    site: &Site,
    who: &Who,
    event: Option<&Arc<EventLive>>,
    asked: &Asked,
    wrong: Option<String>,
) -> Result<Response, Failure> {
    let page = AuditPage { event: event.map(|event| event.eid), before: asked.before, limit: LINES };
    let rows = site.door.memory.people().audit(page).await.map_err(|error| {
        tracing::warn!(%error, "the audit log cannot be read");
        Failure::DoorAway
    })?;
    let older = rows.last().filter(|_| rows.len() == LINES as usize).map(|row| row.n);
    let settings = event.map(|event| event.fold().fold().event.clone()).unwrap_or_default();
    let names: Vec<(EventId, String)> =
        site.events.all().await.into_iter().map(|event| (event.eid, event.listed().title)).collect();
    let name = |eid: EventId| names.iter().find(|(known, _)| *known == eid).map(|(_, title)| title.clone());
    let lines =
        rows.into_iter().map(|row| line(row, settings.as_ref(), event.is_none().then_some(&name))).collect();
    let audit = Audit {
        shell: shell(event, settings.as_ref()),
        base: base(event.map(|event| &**event)),
        form_token: who.form_token().to_owned(),
        said: if asked.done == "undone" { "Taken back." } else { "" },
        is_wrong: wrong.is_some(),
        why: wrong.unwrap_or_default(),
        lines,
        older,
    };
    let status = if audit.is_wrong { StatusCode::CONFLICT } else { StatusCode::OK };
    Ok((status, [(header::CACHE_CONTROL, "no-store")], failure::page(&audit)?).into_response())
}

fn shell(event: Option<&Arc<EventLive>>, settings: Option<&EventEntry>) -> Shell {
    let skip = ("lines", "Skip to the list");
    match event {
        Some(event) => Shell::of(&event.listed(), settings, "Who did what", "", skip),
        None => Shell::plain("Who did what", skip),
    }
}

fn line(
    row: AuditRow,
    settings: Option<&EventEntry>,
    name: Option<&impl Fn(EventId) -> Option<String>>,
) -> Line {
    let venue = Venue::of(settings);
    let at = row.line.event;
    Line {
        n: row.n,
        when: format!("{} {}", venue.day(row.line.at), venue.hhmm(row.line.at)),
        at: iso(row.line.at),
        who: row.line.who,
        verb: row.line.verb,
        object: row.line.object,
        sentence: row.line.sentence,
        event: name
            .map(|name| at.map_or_else(|| "the whole site".to_owned(), |at| name(at).unwrap_or_default())),
        can_undo: row.line.undo.is_some() && row.undone.is_none(),
        is_undone: row.undone.is_some(),
    }
}
