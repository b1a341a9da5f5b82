//! `/admin/{event}/links`: the event's capability links: make one, give it a new token, end it.

use super::{Wall, What};
use crate::site::{
    Site, audit,
    door::{Who, real_now},
    failure::{self, Failure},
    follow::EventLive,
    people::Typed,
    shell::Shell,
    view::{stage::rooms, time::Venue},
};
use archive::people::{Capability, Change, Done, TokenHash};
use askama::Template;
use axum::{
    body::Bytes,
    extract::{Extension, Path, State},
    response::{IntoResponse, Response},
};
use http::{StatusCode, header};
use model::{Micros, Room};
use std::sync::Arc;

/// Longest name of a link, in characters.
const LABEL_CHARS_MAX: usize = 60;
/// Longest life that a form offers, in days.
const DAYS_MAX: i64 = 366;
/// Bytes of randomness in a token: short enough to be typed into the machine of a projector.
const TOKEN_BYTES: usize = 16;
/// Largest measure of a hall, in metres.
const METRES_MAX: f64 = 1_000.0;

#[derive(Template)]
#[template(path = "key_links.html")]
struct Desk {
    shell: Shell,
    slug: String,
    form_token: String,
    words: String,
    is_wrong: bool,
    /// A new link, shown this once.
    link: Option<String>,
    links: Vec<Line>,
    rooms: Vec<Room>,
}

struct Line {
    id: String,
    label: String,
    about: String,
    ends: String,
}

/// What came of the last press.
#[derive(Default)]
struct Said {
    words: String,
    is_wrong: bool,
    link: Option<String>,
}

/// `GET /admin/{event}/links`.
pub(in crate::site) async fn show(
    State(site): State<Site>,
    Extension(who): Extension<Who>,
    Path(slug): Path<String>,
) -> Result<Response, Failure> {
    let event = site.event(&slug).await?;
    drawn(&site, &who, &event, Said::default()).await
}

/// `POST /admin/{event}/links`: `act` is `make`, `rotate` or `end`.
pub(in crate::site) async fn send(
    State(site): State<Site>,
    Extension(who): Extension<Who>,
    Path(slug): Path<String>,
    body: Bytes,
) -> Result<Response, Failure> {
    let event = site.event(&slug).await?;
    let typed = Typed::read(&body);
    let done = match typed.one("act") {
        "make" => make(&site, &who, &event, &typed).await?,
        "rotate" => rotate(&site, &who, &event, typed.one("id")).await?,
        "end" => end(&site, &who, &event, typed.one("id")).await?,
        _ => Err("Press one of the buttons. Nothing was changed.".to_owned()),
    };
    let said = done.unwrap_or_else(|words| Said { words, is_wrong: true, link: None });
    drawn(&site, &who, &event, said).await
}

type Outcome = Result<Result<Said, String>, Failure>;

async fn make(site: &Site, who: &Who, event: &EventLive, typed: &Typed) -> Outcome {
    let what = match wall(event, typed) {
        Ok(wall) => What::Wall(wall),
        Err(why) => return Ok(Err(why.to_owned())),
    };
    let label: String = typed.one("label").split_whitespace().collect::<Vec<_>>().join(" ");
    if label.is_empty() || label.chars().count() > LABEL_CHARS_MAX || label.chars().any(char::is_control) {
        return Ok(Err(format!(
            "Give the link a name of at most {LABEL_CHARS_MAX} characters, such as the screen’s place."
        )));
    }
    let ends = match typed.one("days") {
        "" => None,
        days => match days.parse::<i64>() {
            Ok(days) if (1..=DAYS_MAX).contains(&days) => Some(real_now().plus(days * 24 * Micros::HOUR)),
            _ => return Ok(Err(format!("A link lives 1 to {DAYS_MAX} days, or until somebody ends it."))),
        },
    };
    let link = Capability {
        id: hex(&rand::random::<[u8; 6]>()),
        hash: TokenHash::of(""),
        event: event.eid,
        kind: what.kind().to_owned(),
        label,
        what: serde_json::to_string(&what).map_err(|error| Failure::ours(&error))?,
        made: real_now(),
        ends,
    };
    put(site, who, link, ("link", "Made")).await
}

async fn rotate(site: &Site, who: &Who, event: &EventLive, id: &str) -> Outcome {
    match found(site, event, id).await? {
        Some(link) => put(site, who, link, ("rotate", "Gave a new address to")).await,
        None => Ok(Err("That link has ended already.".to_owned())),
    }
}

/// Keeps a link under a new token, and shows it this once.
async fn put(site: &Site, who: &Who, link: Capability, (verb, did): (&'static str, &str)) -> Outcome {
    let token = hex(&rand::random::<[u8; TOKEN_BYTES]>());
    let link = Capability { hash: TokenHash::of(&token), ..link };
    let sentence = format!("{did} the {} link “{}”.", link.kind, link.label);
    let (event, label) = (link.event, link.label.clone());
    Ok(match site.door.memory.change(Change::Capability(link)).await? {
        Done::Yes => {
            site.audit(who, Some(event), audit::What::new(verb, &label, sentence), None);
            let address = format!("{}/k/{token}", site.settings.public_url.origin().ascii_serialization());
            Ok(Said {
                words: "Copy it now: it is not shown again.".to_owned(),
                is_wrong: false,
                link: Some(address),
            })
        }
        Done::Full => Err("This event has as many links as it may have. End some.".to_owned()),
        _ => Err("It is not so any more. Look again.".to_owned()),
    })
}

async fn end(site: &Site, who: &Who, event: &EventLive, id: &str) -> Outcome {
    let Some(link) = found(site, event, id).await? else {
        return Ok(Err("That link has ended already.".to_owned()));
    };
    site.door.memory.change(Change::EndCapability(event.eid, link.id)).await?;
    let sentence = format!("Ended the {} link “{}”.", link.kind, link.label);
    site.audit(who, Some(event.eid), audit::What::new("end-link", &link.label, sentence), None);
    Ok(Ok(Said { words: format!("“{}” opens nothing any more.", link.label), ..Said::default() }))
}

async fn found(site: &Site, event: &EventLive, id: &str) -> Result<Option<Capability>, Failure> {
    Ok(of_event(site, event).await?.into_iter().find(|link| link.id == id))
}

async fn of_event(site: &Site, event: &EventLive) -> Result<Vec<Capability>, Failure> {
    let all = site.door.memory.people().capabilities(real_now()).await.map_err(|error| {
        tracing::warn!(%error, "capability links cannot be listed");
        Failure::DoorAway
    })?;
    Ok(all.into_iter().filter(|link| link.event == event.eid).collect())
}

/// A wall as the form asks for it.
fn wall(event: &EventLive, typed: &Typed) -> Result<Wall, &'static str> {
    let metres = |name: &str| {
        let text = typed.one(name).replace(',', ".");
        let is_fine =
            text.is_empty() || text.parse::<f64>().is_ok_and(|metres| metres > 0.0 && metres <= METRES_MAX);
        if is_fine { Ok(text) } else { Err("Distances are in metres, such as 15 or 2.5.") }
    };
    let room = typed.one("room").to_owned();
    let is_room = room.is_empty() || rooms(event.fold().fold()).iter().any(|known| known.slug == room);
    if !is_room {
        return Err("There is no such room.");
    }
    Ok(Wall {
        room,
        distance: metres("distance")?,
        width: metres("width")?,
        paper: typed.one("paper") == "1",
    })
}

async fn drawn(site: &Site, who: &Who, event: &Arc<EventLive>, said: Said) -> Result<Response, Failure> {
    let links = of_event(site, event).await?;
    let settings = event.fold().fold().event.clone();
    let venue = Venue::of(settings.as_ref());
    let rooms = rooms(event.fold().fold());
    let lines = links.iter().map(|link| line(link, &rooms, &venue)).collect();
    let desk = Desk {
        shell: Shell::of(&event.listed(), settings.as_ref(), "Links", "", ("links", "Skip to the links")),
        slug: event.listed().slug,
        form_token: who.form_token().to_owned(),
        words: said.words,
        is_wrong: said.is_wrong,
        link: said.link,
        links: lines,
        rooms,
    };
    let status = if desk.is_wrong { StatusCode::CONFLICT } else { StatusCode::OK };
    Ok((status, [(header::CACHE_CONTROL, "no-store")], failure::page(&desk)?).into_response())
}

fn line(link: &Capability, rooms: &[Room], venue: &Venue) -> Line {
    let about = match serde_json::from_str::<What>(&link.what) {
        Ok(What::Wall(wall)) if wall.room.is_empty() => "A wall of the whole event".to_owned(),
        Ok(What::Wall(wall)) => {
            let room = rooms.iter().find(|room| room.slug == wall.room);
            format!("The wall of {}", room.map_or(wall.room.as_str(), |room| room.name.as_str()))
        }
        Err(_) => "A link that this program does not know".to_owned(),
    };
    let ends = link.ends.map_or_else(
        || "until somebody ends it".to_owned(),
        |ends| format!("until {} {}", venue.day(ends), venue.hhmm(ends)),
    );
    Line { id: link.id.clone(), label: link.label.clone(), about, ends }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
