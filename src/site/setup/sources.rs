//! `/admin/{event}/sources`: where posts come from, how each source is doing, and what somebody must do. One press pauses, goes on, removes,
//! or follows a hashtag that people use beside ours.

use super::super::{
    Site,
    audit::What,
    door::Who,
    failure::Failure,
    follow::EventLive,
    post_box::random_key,
    shell::{Shell, in_path},
    view::time::Venue,
};
use super::{
    Said, drawn,
    form::{FORM_BYTES_MAX, Form},
    hidden,
    kinds::Kind,
    order::{self, Done},
    shell,
};
use askama::Template;
use axum::{
    Extension,
    body::Body,
    extract::{Path, Query, State},
    response::{IntoResponse, Redirect, Response},
};
use http::StatusCode;
use model::event::{EventFile, Moderation, SourceFile};
use nozzle::intake::{Doing, Near, SourceReport, SourcesReport};
use serde::Deserialize;

/// What the page is asked with.
#[derive(Debug, Default, Deserialize)]
pub(in crate::site) struct Asked {
    #[serde(default)]
    done: String,
    /// On the way of a newcomer.
    #[serde(default)]
    first: String,
}

#[derive(Template)]
#[template(path = "setup_sources.html")]
struct Sources {
    shell: Shell,
    slug: String,
    said: Said,
    hidden: Vec<(&'static str, String)>,
    is_first: bool,
    sources: Vec<Row>,
    /// Whether the nozzle told how they are doing.
    is_told: bool,
    near: Vec<NearRow>,
}

/// One source.
struct Row {
    name: String,
    kind: &'static str,
    /// `ok`, `warn`, `bad`, `off`: the mark before the words.
    state: &'static str,
    words: String,
    /// What it has brought.
    counts: String,
    why: Vec<String>,
    /// Where it is changed; none of a kind that a browser does not set up.
    href: Option<String>,
    is_paused: bool,
}

/// A hashtag that people use beside ours.
struct NearRow {
    tag: String,
    words: String,
}

/// `GET /admin/{event}/sources`.
pub(in crate::site) async fn show(
    State(site): State<Site>,
    Path(slug): Path<String>,
    Query(asked): Query<Asked>,
    Extension(who): Extension<Who>,
) -> Result<Response, Failure> {
    let event = site.event(&slug).await?;
    let said = match asked.done.as_str() {
        "added" => "Added. Its posts appear on the live page as they come.",
        "saved" => "Saved.",
        "paused" => "Paused. It goes on where it stopped when you say so.",
        "resumed" => {
            "It goes on, and fetches what was posted meanwhile as far as its network hands that out."
        }
        "removed" => "Removed. What it has brought stays.",
        "followed" => "This hashtag is followed from now on.",
        "same" => "That was so already; nothing had to change.",
        _ => "",
    };
    draw(&site, &event, &who, StatusCode::OK, Said::well(said), !asked.first.is_empty()).await
}

/// `POST /admin/{event}/sources`: a button was pressed, `pause NAME`, `resume NAME`, `remove NAME` or `follow TAG`.
pub(in crate::site) async fn press(
    State(site): State<Site>,
    Path(slug): Path<String>,
    Extension(who): Extension<Who>,
    body: Body,
) -> Result<Response, Failure> {
    let form = Form::read(body, FORM_BYTES_MAX).await?;
    let event = site.event(&slug).await?;
    let (what, name) = form.get("press").split_once(' ').unwrap_or((form.get("press"), ""));
    let done = match what {
        "pause" => "paused",
        "resume" => "resumed",
        "remove" => "removed",
        "follow" => "followed",
        _ => return Err(Failure::Bad("Press one of the buttons; nothing was changed.")),
    };
    let change = |file: &mut EventFile| obey(file, what, name);
    let refused = |status, words: &str| draw(&site, &event, &who, status, Said::wrong(words), false);
    match order::change(&site, &event, (&who, &form.key("press")), change).await {
        Ok(Done::Yes) => Ok(back(&slug, done)),
        Ok(Done::Same) => Ok(back(&slug, "same")),
        Ok(Done::Refused(refusal)) => {
            let (status, words) = order::told(&refusal);
            refused(status, &words).await
        }
        Err(words) => refused(StatusCode::CONFLICT, words).await,
    }
}

fn back(slug: &str, done: &str) -> Response {
    Redirect::to(&format!("/admin/{slug}/sources?done={done}")).into_response()
}

/// Says what is to be so of one source, or of the event's hashtags.
fn obey(file: &mut EventFile, what: &str, name: &str) -> Result<What, &'static str> {
    if what == "follow" {
        let is_there = file.hashtags.iter().any(|tag| tag.trim_start_matches('#').eq_ignore_ascii_case(name));
        if !is_there {
            file.hashtags.push(name.to_owned());
        }
        return Ok(What::new("follow", name, "Followed one more hashtag."));
    }
    let at = file.sources.iter().position(|source| source.name == name);
    let Some(at) = at else { return Err("There is no source of this name any more; nothing was changed.") };
    match what {
        "pause" => file.sources[at].paused = true,
        "resume" => file.sources[at].paused = false,
        _ => drop(file.sources.remove(at)),
    }
    let verb = match what {
        "pause" => "Paused",
        "resume" => "Let go on",
        _ => "Removed",
    };
    Ok(What::new("source", name, format!("{verb} a source.")))
}

async fn draw(
    site: &Site,
    event: &EventLive,
    who: &Who,
    status: StatusCode,
    said: Said,
    is_first: bool,
) -> Result<Response, Failure> {
    let present = order::read(site, event).await?;
    let report = site.intake.sources(event.eid).await.ok();
    let venue = Venue::of(event.fold().fold().event.as_ref());
    let slug = event.listed().slug;
    let row = |file: &SourceFile| row(file, report.as_ref(), &venue, &slug);
    let sources = present.file.sources.iter().map(row).collect();
    let near = report.as_ref().map(near).unwrap_or_default();
    let page = Sources {
        shell: shell(event, "Sources"),
        said,
        hidden: hidden(who, &random_key()),
        is_first,
        sources,
        is_told: report.is_some(),
        near,
        slug,
    };
    drawn(status, &page)
}

fn row(file: &SourceFile, report: Option<&SourcesReport>, venue: &Venue, slug: &str) -> Row {
    let kind = Kind::of(&file.kind);
    let report = report.and_then(|report| report.sources.iter().find(|source| source.name == file.name));
    let (state, words) = match report {
        _ if file.paused => ("off", "paused".to_owned()),
        Some(report) => (mark(report.state), report.state.words().to_owned()),
        None => ("off", "about to begin".to_owned()),
    };
    let held = if file.moderation == Moderation::Hold { "; each post waits for a moderator" } else { "" };
    let why = report.map(|report| {
        let until = report.until.map(|until| format!("Tried again at {}.", venue.hhmm(until)));
        let told = [report.why.clone(), until, report.cure.clone(), report.warning.clone()];
        told.into_iter().flatten().collect()
    });
    Row {
        name: file.name.clone(),
        kind: kind.map_or("a file of this machine", |kind| kind.name),
        state,
        words: format!("{words}{held}"),
        counts: report.map_or_else(String::new, |report| counts(report, venue)),
        why: why.filter(|_| !file.paused).unwrap_or_default(),
        href: kind.map(|_| format!("/admin/{slug}/sources/edit?source={}", in_path(&file.name))),
        is_paused: file.paused,
    }
}

fn mark(state: Doing) -> &'static str {
    match state {
        Doing::Streaming | Doing::Polling | Doing::Open | Doing::Finished => "ok",
        Doing::Connecting | Doing::CatchingUp | Doing::BackingOff | Doing::Stale => "warn",
        Doing::NeedsCredentials | Doing::Misconfigured => "bad",
        Doing::Paused => "off",
    }
}

/// "12 posts, 3 wait for a moderator, last one at 15:42".
fn counts(report: &SourceReport, venue: &Venue) -> String {
    let mut parts = vec![match report.new {
        0 => "no new post yet".to_owned(),
        1 => "1 new post".to_owned(),
        n => format!("{n} new posts"),
    }];
    if report.held > 0 {
        parts.push(format!("{} held", report.held));
    }
    let dropped: u64 = report.rejected.values().sum();
    if dropped > 0 {
        parts.push(format!("{dropped} left out"));
    }
    parts.extend(report.last_item.map(|at| format!("last one at {}", venue.hhmm(at))));
    parts.join(", ")
}

fn near(report: &SourcesReport) -> Vec<NearRow> {
    let row = |near: &nozzle::intake::NearTag| {
        let people = match (near.people, near.or_more) {
            (1, false) => "1 person".to_owned(),
            (n, false) => format!("{n} people"),
            (n, true) => format!("{n} people or more"),
        };
        let how = match near.why {
            Near::Alike => "looks like yours",
            Near::Beside => "often stands beside yours",
        };
        NearRow { tag: near.tag.clone(), words: format!("{people}; {how}") }
    };
    report.near_tags.iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_press_says_what_is_so_of_one_source() {
        let text = "slug=\"abc\"\ntitle=\"x\"\nhashtags=[\"#Rust\"]\n[[source]]\nname=\"a\"\nkind=\"feed\"\n[[source]]\nname=\"b\"\nkind=\"feed\"\n";
        let mut file = EventFile::parse(text).unwrap();
        obey(&mut file, "pause", "b").unwrap();
        obey(&mut file, "pause", "b").unwrap();
        assert_eq!(file.sources.iter().map(|source| source.paused).collect::<Vec<_>>(), [false, true]);
        obey(&mut file, "resume", "b").unwrap();
        obey(&mut file, "remove", "a").unwrap();
        assert_eq!((file.sources.len(), file.sources[0].paused), (1, false));
        assert!(obey(&mut file, "remove", "a").is_err());
        obey(&mut file, "follow", "rust").unwrap();
        obey(&mut file, "follow", "rustfest26").unwrap();
        assert_eq!(file.hashtags, ["#Rust", "rustfest26"]);
    }
}
