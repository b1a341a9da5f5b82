//! `/admin/ops`: how everything is doing, live, for owners. The page is whole without a script; with one it asks `state.json` every two seconds
//! while somebody looks, and puts what has changed in its place. What is asked of processes goes to the supervisor over its socket.

mod board;
mod facts;
mod gather;
mod lost;
mod processes;
mod rates;
pub(super) mod records;
mod tables;
mod watch;
mod words;

pub(super) use gather::Ops;

use super::{
    Site,
    audit::What,
    door::Who,
    failure::{Failure, page},
    follow::EventLive,
    shell::Shell,
    view::time::Venue,
};
use crate::supervise::{
    client::Error as Unheard,
    wire::{LogsRequest, Request},
};
use askama::Template;
use axum::{
    Extension, Form, Json,
    extract::{Path, Query, State},
    response::{IntoResponse, Redirect, Response},
};
use board::{Board, Cell, Tone};
use gather::Facts;
use http::{StatusCode, header};
use model::Micros;
use serde::Deserialize;
use std::sync::Arc;

/// Lines of a log on its page.
const LOG_LINES: usize = 200;
/// Longest name of a process.
const NAME_CHARS_MAX: usize = 64;

#[derive(Template)]
#[template(path = "ops.html")]
struct Page {
    shell: Shell,
    board: Board,
    shape: String,
    form_token: String,
    said: String,
    is_wrong: bool,
}

#[derive(Template)]
#[template(path = "ops_log.html")]
struct LogPage {
    shell: Shell,
    process: String,
    lines: Vec<String>,
    trouble: Option<String>,
}

/// What was done just now, in the address of the page that shows it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Done {
    did: String,
    process: String,
}

/// What a button sends.
#[derive(Debug, Deserialize)]
pub(super) struct Press {
    process: String,
    act: String,
}

/// `GET /admin/ops`.
pub(super) async fn show(
    State(site): State<Site>,
    Extension(who): Extension<Who>,
    Query(done): Query<Done>,
) -> Result<Response, Failure> {
    let said = asked(&done.did, &done.process).unwrap_or_default();
    draw(&site, &who, said, StatusCode::OK).await
}

async fn draw(site: &Site, who: &Who, said: String, status: StatusCode) -> Result<Response, Failure> {
    let board = board(site).await;
    let page_data = Page {
        shell: Shell::plain("Operations", ("processes", "Skip to processes")),
        shape: board.shape(),
        board,
        form_token: who.form_token().to_owned(),
        said,
        is_wrong: !status.is_success(),
    };
    Ok((status, [(header::CACHE_CONTROL, "no-store")], page(&page_data)?).into_response())
}

/// `GET /admin/ops/state.json`: what the cells of that page say now.
pub(super) async fn told(State(site): State<Site>) -> Response {
    let board = board(&site).await;
    ([(header::CACHE_CONTROL, "no-store")], Json(board.told())).into_response()
}

/// `POST /admin/ops`: asks the supervisor to start, stop or restart a process.
pub(super) async fn press(
    State(site): State<Site>,
    Extension(who): Extension<Who>,
    Form(press): Form<Press>,
) -> Result<Response, Failure> {
    let Press { process, act } = press;
    let request = match act.as_str() {
        "start" => Request::Start { process: process.clone() },
        "stop" => Request::Stop { process: process.clone() },
        "restart" => Request::Restart { process: process.clone(), rolling: false },
        "rolling" => Request::Restart { process: process.clone(), rolling: true },
        _ => return Err(Failure::Bad("there is no such button")),
    };
    match site.ops.supervisor().act(&request).await {
        Ok(_task) => {
            let sentence = asked(&act, &process).unwrap_or_default();
            let verb = match act.as_str() {
                "start" => "start",
                "stop" => "stop",
                _ => "restart",
            };
            site.audit(&who, None, What::new(verb, &process, sentence), None);
            let query = url::form_urlencoded::Serializer::new(String::new())
                .append_pair("did", &act)
                .append_pair("process", &process)
                .finish();
            Ok(Redirect::to(&format!("/admin/ops?{query}")).into_response())
        }
        Err(error) => {
            let status = match &error {
                Unheard::Refused(_) => StatusCode::CONFLICT,
                Unheard::Nobody(_) | Unheard::Failed { .. } => StatusCode::SERVICE_UNAVAILABLE,
            };
            draw(&site, &who, unheard(&error), status).await
        }
    }
}

/// What the operator is told, which is not where the socket lies.
fn unheard(error: &Unheard) -> String {
    match error {
        Unheard::Refused(why) => why.clone(),
        Unheard::Nobody(_) => {
            "No supervisor runs here: start the daemons with perihelion supervise.".to_owned()
        }
        Unheard::Failed { .. } => "The supervisor does not answer; look at its log.".to_owned(),
    }
}

/// The sentence for something that was asked; none for what cannot be asked.
fn asked(act: &str, process: &str) -> Option<String> {
    let is_name = !process.is_empty()
        && process.chars().count() <= NAME_CHARS_MAX
        && process.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
    let what = match act {
        "start" => "start",
        "stop" => "stop",
        "restart" => "restart",
        "rolling" => "restart, one instance after the other,",
        _ => return None,
    };
    is_name.then(|| format!("Asked the supervisor to {what} {process}. Its row tells how that goes."))
}

/// `GET /admin/ops/log/{process}`: the newest lines of a process's output.
pub(super) async fn log(State(site): State<Site>, Path(process): Path<String>) -> Result<Response, Failure> {
    let asked = LogsRequest { process: process.clone(), instance: None, lines: LOG_LINES, after: None };
    let (lines, trouble) = match site.ops.supervisor().logs(asked).await {
        Ok(lines) => (lines.lines, None),
        Err(error) => (Vec::new(), Some(unheard(&error))),
    };
    let status = if trouble.is_none() { StatusCode::OK } else { StatusCode::NOT_FOUND };
    let venue = venue(&site).await;
    let lines = lines
        .into_iter()
        .map(|line| format!("{} {} {}", hhmmss(&venue, Micros(line.at)), line.instance, line.text))
        .collect();
    let shell = Shell::plain("Log", ("log", "Skip to the log"));
    let drawn = page(&LogPage { shell, process, lines, trouble })?;
    Ok((status, [(header::CACHE_CONTROL, "no-store")], drawn).into_response())
}

/// Everything that the page says.
async fn board(site: &Site) -> Board {
    let facts = site.ops.facts(site).await;
    let venue = venue(site).await;
    let mut sections = vec![processes::table(&facts)];
    sections.extend([tables::sources(&facts), tables::gaps(&facts, &venue), tables::stores(&facts)]);
    sections.push(facts::proof(&facts, &venue));
    let at = format!("{} {}", hhmmss(&venue, facts.real_now), venue.place);
    let mut board = Board {
        at: Cell::new("at", "", at.trim()),
        state: Cell::default(),
        facts: facts::facts(&facts),
        samples: tables::samples(&facts),
        sections,
    };
    board.state = state(&board, &facts);
    board
}

/// The worst that is to be said, for the bar.
fn state(board: &Board, facts: &Facts) -> Cell {
    let cells = || {
        let rows = board.sections.iter().flat_map(|section| &section.rows);
        rows.flat_map(|row| &row.cells).chain(board.facts.iter().map(|fact| &fact.figure))
    };
    let of = |tone: Tone| cells().filter(|cell| cell.tone == tone).count() as u64;
    let (bad, warn) = (of(Tone::Bad), of(Tone::Warn));
    let (words, tone) = match (bad, warn) {
        _ if facts.board_trouble.is_some() => ("The live store is away".to_owned(), Tone::Bad),
        (0, 0) => ("All is well".to_owned(), Tone::Ok),
        (0, warn) => (super::view::count(warn, "thing to look at", "things to look at"), Tone::Warn),
        (bad, _) => (super::view::count(bad, "thing is wrong", "things are wrong"), Tone::Bad),
    };
    Cell::new("state", "", words).tone(tone)
}

/// Whose time is told: that of the one event there is, else of the world.
async fn venue(site: &Site) -> Venue {
    let events: Vec<Arc<EventLive>> = site.events.all().await;
    match events.as_slice() {
        [only] => Venue::of(only.fold().fold().event.as_ref()),
        _ => Venue::new("UTC", Some("UTC")),
    }
}

fn hhmmss(venue: &Venue, at: Micros) -> String {
    at.zoned(venue.zone()).strftime("%H:%M:%S").to_string()
}

/// The figures of an event as the live store keeps them for everybody; none before there are any, or while it is away.
pub(super) async fn figures(site: &Site, event: &EventLive) -> Option<records::Figures> {
    let asked = tokio::time::timeout(gather::ASK_WAIT, site.ops.store().figures(event.eid)).await;
    let figures: records::Figures = serde_json::from_str(&asked.ok()?.ok()??).ok()?;
    // Asking the clock has the page kept for a minute only: who is there changes without the log.
    let _noted = site.clock.now();
    (figures.top > 0).then_some(figures)
}

/// Keeps watching the daemons until the stop.
pub(super) async fn watch(site: Site, shutdown: chassis::Shutdown) {
    tokio::select! {
        () = site.ops.watch() => {}
        () = shutdown.triggered() => {}
    }
}
