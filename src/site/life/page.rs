//! `/admin/{event}/life`: where the event stands, and the few large steps that can be taken with it.

use super::super::{
    Site,
    door::Who,
    failure::{Failure, page},
    follow::EventLive,
    post_box::random_key,
    shell::Shell,
    view::time::Venue,
};
use archive::people::Role;
use askama::Template;
use axum::{
    extract::{Extension, Path, Query, State},
    response::IntoResponse,
};
use http::header;
use model::{
    EventEntry, Micros,
    event::{Life, day_over},
};
use serde::Deserialize;

/// How long before a deletion the page speaks of nothing else first.
const WARN_BEFORE: i64 = 14 * 24 * Micros::HOUR;

/// What the page is asked with.
#[derive(Clone, Debug, Default, Deserialize)]
pub(in crate::site) struct Asked {
    /// What came of the last press.
    #[serde(default)]
    done: String,
}

#[derive(Template)]
#[template(path = "life.html")]
struct Page {
    shell: Shell,
    slug: String,
    title: String,
    form_token: String,
    key: String,
    said: Said,
    standing: Standing,
    zone: String,
    /// `2026-11-19T15:42`, for the field of a planned end.
    now: String,
    former: Vec<String>,
    kept: Option<Kept>,
    disk: Option<&'static str>,
    may_delete: bool,
}

/// Where the event stands.
struct Standing {
    head: &'static str,
    words: String,
    is_over: bool,
    is_archived: bool,
}

/// Until when it is kept.
struct Kept {
    day: String,
    is_soon: bool,
}

/// What became of the last press.
#[derive(Clone, Debug, Default)]
pub(super) struct Said {
    pub(super) words: String,
    pub(super) is_wrong: bool,
}

impl Said {
    fn done(done: &str) -> Self {
        let words = match done {
            "end" => "The event is over. Its sources have stopped, and the page says so.",
            "plan" => "The end is set. It comes by itself.",
            "reopen" => {
                "The event goes on. Sources fetch what they missed, as far as their networks still give it."
            }
            "archive" => "The event is archived.",
            "rename" => "The event has its new address. The old one leads here.",
            "same" => "That was so already; nothing had to change.",
            _ => "",
        };
        Self { words: words.to_owned(), is_wrong: false }
    }

    pub(super) fn wrong(words: String) -> Self {
        Self { words, is_wrong: true }
    }
}

/// `GET /admin/{event}/life`.
pub(in crate::site) async fn show(
    State(site): State<Site>,
    Extension(who): Extension<Who>,
    Path(slug): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<impl IntoResponse, Failure> {
    let event = site.event(&slug).await?;
    let drawn = draw(&site, &who, &event, Said::done(&asked.done));
    Ok(([(header::CACHE_CONTROL, "no-store")], page(&drawn)?))
}

/// The page as it stands, with what came of a press.
pub(super) fn draw(site: &Site, who: &Who, event: &EventLive, said: Said) -> impl Template {
    let (listed, fold) = (event.listed(), event.fold());
    let settings = fold.fold().event.as_ref();
    let (venue, now) = (Venue::of(settings), site.now());
    let life = settings.map(|event| event.life.clone()).unwrap_or_default();
    let disk = match (site.disk.is_full(), site.disk.is_low()) {
        (true, _) => Some(
            "The disk is full: nothing is taken until there is room. Posts are kept back at their networks.",
        ),
        (_, true) => Some("The disk is nearly full. Make room, or the intake will pause."),
        _ => None,
    };
    Page {
        shell: Shell::of(&listed, settings, "Life of the event", "", ("life", "Skip to the event")),
        title: listed.title,
        form_token: who.form_token().to_owned(),
        key: random_key(),
        said,
        standing: standing(&life, &venue, now),
        zone: venue.zone_name.clone(),
        now: now.zoned(venue.zone()).strftime("%Y-%m-%dT%H:%M").to_string(),
        kept: settings.and_then(|event| kept(event, now)),
        former: life.former,
        disk,
        may_delete: who.insider.role_everywhere() == Some(Role::Owner),
        slug: listed.slug,
    }
}

fn standing(life: &Life, venue: &Venue, now: Micros) -> Standing {
    let moment = |at: Micros| format!("{} {}, {}", venue.day(at), venue.date(at).year(), venue.hhmm(at));
    let (head, words) = match (life.archived, life.ended, life.ends) {
        (Some(at), ..) => {
            ("Archived", format!("Since {} it can only be read. Words can still be taken away.", moment(at)))
        }
        (_, Some(at), _) => {
            ("Over", format!("It ended {}. Its pages stay, nobody writes, nothing is fetched.", moment(at)))
        }
        (.., Some(at)) if at > now => ("Running", format!("It ends by itself {}.", moment(at))),
        _ => ("Running", "Sources are followed, and people may write as the settings say.".to_owned()),
    };
    Standing { head, words, is_over: life.is_over(), is_archived: life.is_archived() }
}

fn kept(event: &EventEntry, now: Micros) -> Option<Kept> {
    let day = event.retain_until.clone()?;
    let over = day_over(&day, &event.timezone)?;
    Some(Kept { day, is_soon: over.since(now) <= WARN_BEFORE })
}
