//! `/admin/{event}/schedule`: a programme is imported from an address or a file. First what it would change is shown, then it is applied:
//! exactly the bytes that were looked at, which the page carries along ([`parcel`]), so that nothing of it is kept here.

mod parcel;

use super::super::{
    Site,
    audit::What,
    door::Who,
    failure::Failure,
    follow::EventLive,
    post_box::{follows, random_key},
    shell::Shell,
    view::time::Venue,
};
use super::{
    Said, drawn,
    form::{Form, Wrong},
    hidden,
    order::{self, Done},
    outbound, shell,
};
use askama::Template;
use axum::{
    Extension,
    body::Body,
    extract::{Path, Query, State},
    response::{IntoResponse, Redirect, Response},
};
use http::StatusCode;
use model::{TalkId, event::EventFile};
use nozzle::{
    intake::{Ask, Order, Outcome, Refusal},
    schedule::{fetch, is_address},
};
use serde::Deserialize;
use std::collections::BTreeMap;

/// Most lines about where posts move.
const MOVES_MAX: usize = 12;

/// What the page is asked with.
#[derive(Debug, Default, Deserialize)]
pub(in crate::site) struct Asked {
    #[serde(default)]
    done: String,
}

#[derive(Template)]
#[template(path = "setup_schedule.html")]
struct Import {
    shell: Shell,
    slug: String,
    said: Said,
    hidden: Vec<(&'static str, String)>,
    /// What is there: version and talks.
    present: String,
    /// The address that is looked at again and again, without what may be a secret, and how that goes.
    watched: Option<(String, String)>,
    url: String,
    wrong: Option<String>,
    /// What the file would change.
    found: Option<Found>,
}

/// What a file would change.
struct Found {
    place: String,
    /// The file itself, on its way through the page.
    kept: String,
    url: String,
    has_changes: bool,
    /// Something in it cannot be meant, or most talks are missing: then the button says so.
    doubt: Option<&'static str>,
    notes: Vec<String>,
    moves: Vec<String>,
}

/// `GET /admin/{event}/schedule`.
pub(in crate::site) async fn show(
    State(site): State<Site>,
    Path(slug): Path<String>,
    Query(asked): Query<Asked>,
    Extension(who): Extension<Who>,
) -> Result<Response, Failure> {
    let event = site.event(&slug).await?;
    let said = match asked.done.as_str() {
        "imported" => "Imported. Readers see it already.",
        "watched" => "Imported, and looked at again every few minutes from now on.",
        "stopped" => "It is not looked at any more. The programme stays as it is.",
        "same" => "That was so already; nothing had to change.",
        _ => "",
    };
    draw(&site, &event, &who, StatusCode::OK, Drawing { said: Said::well(said), ..Drawing::default() }).await
}

/// `POST /admin/{event}/schedule`: `look`, `apply` or `stop`.
pub(in crate::site) async fn send(
    State(site): State<Site>,
    Path(slug): Path<String>,
    Extension(who): Extension<Who>,
    body: Body,
) -> Result<Response, Failure> {
    let form = Form::read(body, parcel::FORM_BYTES_MAX).await?;
    let event = site.event(&slug).await?;
    match form.get("do") {
        "apply" => apply(&site, &event, &who, &form).await,
        "stop" => {
            let stop = |file: &mut EventFile| -> Result<What, Wrong> {
                file.schedule = file.schedule.take().filter(|place| !is_address(place));
                Ok(What::new("schedule", &file.slug, "Stopped looking at the programme’s address."))
            };
            finish(&site, &event, &who, &form, stop, "stopped").await
        }
        _ => look(&site, &event, &who, &form).await,
    }
}

/// Fetches or unpacks the file and asks what it would change.
async fn look(site: &Site, event: &EventLive, who: &Who, form: &Form) -> Result<Response, Failure> {
    let url = form.get("url").to_owned();
    let (bytes, place) = match file_of(site, form).await {
        Ok(found) => found,
        Err(wrong) => {
            let drawing = Drawing { url, wrong: Some(wrong), ..Drawing::default() };
            return draw(site, event, who, StatusCode::BAD_REQUEST, drawing).await;
        }
    };
    match ask(site, event, who, form, bytes.clone(), true).await {
        Ok(outcome) => {
            let found = Found::of(event, outcome, place, parcel::packed(&bytes), url.clone());
            draw(site, event, who, StatusCode::OK, Drawing { url, found: Some(found), ..Drawing::default() })
                .await
        }
        Err(refusal) => {
            let (status, words) = order::told(&refusal);
            draw(site, event, who, status, Drawing { url, wrong: Some(words), ..Drawing::default() }).await
        }
    }
}

/// The file that the form names or holds, and what it is called; or what is wrong with that.
async fn file_of(site: &Site, form: &Form) -> Result<(Vec<u8>, String), String> {
    if let Some(url) = form.said("url") {
        if !is_address(&url) {
            return Err("An address begins with https:// (or http://).".to_owned());
        }
        outbound::allowed(site, &url).await?;
        let bytes =
            fetch(&url, false).await.map_err(|why| format!("That address gave no programme: {why}."))?;
        let place = url.split_once('?').map_or(url.as_str(), |(place, _)| place).to_owned();
        return Ok((bytes, place));
    }
    if let Some(file) = form.said("file64") {
        let name = form.said("file_name").unwrap_or_else(|| "Your file".to_owned());
        return Ok((parcel::plain(&file)?, name));
    }
    match form.said("text") {
        Some(text) => Ok((text.into_bytes(), "What you pasted".to_owned())),
        None => Err("Write an address, choose a file, or paste one.".to_owned()),
    }
}

/// Applies what was looked at.
async fn apply(site: &Site, event: &EventLive, who: &Who, form: &Form) -> Result<Response, Failure> {
    let bytes = match parcel::unpacked(form.get("kept")) {
        Ok(bytes) => bytes,
        Err(words) => {
            let drawing = Drawing { wrong: Some(words), ..Drawing::default() };
            return draw(site, event, who, StatusCode::BAD_REQUEST, drawing).await;
        }
    };
    let url = form.get("url").to_owned();
    match ask(site, event, who, form, bytes.clone(), false).await {
        Ok(outcome) => {
            follows(event, outcome.seq).await;
            let version = outcome.id.unwrap_or_default();
            site.audit(
                who,
                Some(event.eid),
                What::new("schedule", &version, "Imported a version of the programme."),
                None,
            );
        }
        // A programme that lacks most talks is believed when it comes a second time.
        Err(Refusal::Conflict { why, state }) if state == "shrunk" => {
            let would = ask(site, event, who, form, bytes.clone(), true).await.ok();
            let found = would.map(|would| {
                Found::of(event, would, form.get("place").to_owned(), parcel::packed(&bytes), url)
            });
            let drawing = Drawing { said: Said::wrong(why), found, ..Drawing::default() };
            return draw(site, event, who, StatusCode::CONFLICT, drawing).await;
        }
        Err(refusal) => {
            let (status, words) = order::told(&refusal);
            let drawing = Drawing { url, said: Said::wrong(words), ..Drawing::default() };
            return draw(site, event, who, status, drawing).await;
        }
    }
    if !form.is("watch") || !is_address(&url) {
        return Ok(back(event, "imported"));
    }
    if let Err(words) = outbound::allowed(site, &url).await {
        let drawing = Drawing { url, wrong: Some(words), ..Drawing::default() };
        return draw(site, event, who, StatusCode::BAD_REQUEST, drawing).await;
    }
    let watch = |file: &mut EventFile| {
        file.schedule = Some(url.clone());
        let mut wrong = Wrong::default();
        if let Err(bad) = order::check(file) {
            wrong.take(&bad, &["schedule"]);
        }
        if wrong.is_empty() {
            Ok(What::new("schedule", &file.slug, "Had the programme’s address looked at."))
        } else {
            Err(wrong)
        }
    };
    finish(site, event, who, form, watch, "watched").await
}

/// Changes the event's file, and says what came of it.
async fn finish(
    site: &Site,
    event: &EventLive,
    who: &Who,
    form: &Form,
    change: impl Fn(&mut EventFile) -> Result<What, Wrong>,
    done: &str,
) -> Result<Response, Failure> {
    let (status, words) = match order::change(site, event, (who, &form.key("schedule")), change).await {
        Ok(Done::Yes) => return Ok(back(event, done)),
        Ok(Done::Same) => return Ok(back(event, "same")),
        Ok(Done::Refused(refusal)) => order::told(&refusal),
        Err(wrong) => (StatusCode::BAD_REQUEST, wrong.of("schedule").unwrap_or_else(|| wrong.summary())),
    };
    draw(site, event, who, status, Drawing { said: Said::wrong(words), ..Drawing::default() }).await
}

fn back(event: &EventLive, done: &str) -> Response {
    Redirect::to(&format!("/admin/{}/schedule?done={done}", event.listed().slug)).into_response()
}

async fn ask(
    site: &Site,
    event: &EventLive,
    who: &Who,
    form: &Form,
    bytes: Vec<u8>,
    is_dry_run: bool,
) -> Result<Outcome, Refusal> {
    let key = form.key("import");
    let order = Order { ask: Ask::Schedule(bytes), key, actor: who.actor.clone(), is_dry_run };
    site.intake.ask(event.eid, order).await
}

impl Found {
    fn of(event: &EventLive, outcome: Outcome, place: String, kept: String, url: String) -> Self {
        let doubt = match outcome.state.as_deref() {
            Some("shrunk") => Some("Import it all the same"),
            Some("slips") => Some("Import what can be read of it"),
            _ => None,
        };
        let moves = moves(event, &outcome);
        Self { place, kept, url, has_changes: outcome.id.is_some(), doubt, notes: outcome.notes, moves }
    }
}

/// "3 posts move from “A” to “B”", most posts first.
fn moves(event: &EventLive, outcome: &Outcome) -> Vec<String> {
    let fold = event.fold();
    let talks = &fold.fold().talks;
    let named = |talk: Option<&TalkId>| {
        let Some(id) = talk else { return "no talk".to_owned() };
        let changed = outcome.changes.iter().find(|change| change.talk == *id).map(|change| &change.title);
        let title = talks.get(id).map(|talk| &talk.title).or(changed);
        title.map_or_else(|| "another talk".to_owned(), |title| format!("“{title}”"))
    };
    let mut ways: BTreeMap<(String, String), usize> = BTreeMap::new();
    for one in &outcome.moves {
        let from =
            fold.row(one.id).and_then(|row| row.filing.as_ref()).and_then(|filing| filing.talk.clone());
        if from != one.filing.talk {
            *ways.entry((named(from.as_ref()), named(one.filing.talk.as_ref()))).or_default() += 1;
        }
    }
    let mut ways: Vec<_> = ways.into_iter().collect();
    ways.sort_by_key(|(_, posts)| std::cmp::Reverse(*posts));
    let said = ways.into_iter().take(MOVES_MAX).map(|((from, to), posts)| match posts {
        1 => format!("1 post moves from {from} to {to}."),
        n => format!("{n} posts move from {from} to {to}."),
    });
    said.collect()
}

/// What differs from one drawing of the page to another.
#[derive(Default)]
struct Drawing {
    said: Said,
    url: String,
    wrong: Option<String>,
    found: Option<Found>,
}

async fn draw(
    site: &Site,
    event: &EventLive,
    who: &Who,
    status: StatusCode,
    drawing: Drawing,
) -> Result<Response, Failure> {
    let file = order::read(site, event).await?.file;
    let address = file.schedule.filter(|place| is_address(place) && file.schedule_poll_seconds != Some(0));
    let watched = match address {
        None => None,
        Some(address) => {
            let shown = address.split_once('?').map_or(address.as_str(), |(place, _)| place).to_owned();
            Some((shown, how(site, event).await))
        }
    };
    let page = Import {
        shell: shell(event, "Programme"),
        slug: event.listed().slug,
        said: drawing.said,
        hidden: hidden(who, &random_key()),
        present: present(event),
        watched,
        url: drawing.url,
        wrong: drawing.wrong,
        found: drawing.found,
    };
    drawn(status, &page)
}

/// How the looks at the address go.
async fn how(site: &Site, event: &EventLive) -> String {
    let report = site.intake.sources(event.eid).await.ok();
    let watched = report.and_then(|report| report.watched.into_iter().find(|one| one.name == "schedule"));
    let Some(watched) = watched else { return String::new() };
    let venue = Venue::of(event.fold().fold().event.as_ref());
    let heard = watched.heard.map(|at| format!("Last answered at {}.", venue.hhmm(at)));
    [heard, watched.why, watched.cure, watched.warning].into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// "Version 1.2, 22 talks."
fn present(event: &EventLive) -> String {
    let fold = event.fold();
    let talks = fold.fold().talks.values().filter(|talk| !talk.dropped).count();
    let version = fold.fold().schedule.as_ref().map(|version| version.version.clone()).unwrap_or_default();
    match (talks, version.as_str()) {
        (0, "") => "There is no programme yet.".to_owned(),
        (1, version) => format!("Version {version}, 1 talk."),
        (n, version) => format!("Version {version}, {n} talks."),
    }
}
