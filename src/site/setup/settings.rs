//! `/admin/{event}/settings`: everything about an event but its sources, its programme and its rules.

use super::super::{Site, audit::What, door::Who, failure::Failure, follow::EventLive, post_box::random_key};
use super::{
    Act, Said, Sheet, basics, drawn,
    field::{Field, Line, Section, compare, mark},
    form::{FORM_BYTES_MAX, Form, Wrong, tags},
    hidden,
    order::{self, Done},
    shell, ways,
};
use axum::{
    Extension,
    body::Body,
    extract::{Path, Query, State},
    response::{IntoResponse, Redirect, Response},
};
use http::StatusCode;
use model::event::{EventFile, Onsite, RoomFile};
use serde::Deserialize;

/// The fields that are not asked of a new event, as event.toml names them.
const FIELDS: [&str; 7] =
    ["onsite", "onsite_limits", "published", "privacy", "imprint", "accent_hue", "room"];
/// What `onsite` can be.
const ONSITE: [(&str, &str, &str); 3] = [
    ("open", "Shown at once", ""),
    ("hold", "Shown when a moderator says so", ""),
    ("off", "Not at all", "The page has no box to write in."),
];

/// What the page is asked with.
#[derive(Debug, Default, Deserialize)]
pub(in crate::site) struct Asked {
    #[serde(default)]
    done: String,
}

/// `GET /admin/{event}/settings`.
pub(in crate::site) async fn show(
    State(site): State<Site>,
    Path(slug): Path<String>,
    Query(asked): Query<Asked>,
    Extension(who): Extension<Who>,
) -> Result<Response, Failure> {
    let event = site.event(&slug).await?;
    let present = order::read(&site, &event).await?;
    let said = match asked.done.as_str() {
        "saved" => Said::well("Saved. Readers see it already."),
        "same" => Said::well("That was so already; nothing had to change."),
        _ => Said::default(),
    };
    let sections = sections(&values(&present.file), &Wrong::default());
    let was = mark(&sections);
    draw(&event, &who, sections, &was, StatusCode::OK, said)
}

/// `POST /admin/{event}/settings`.
pub(in crate::site) async fn send(
    State(site): State<Site>,
    Path(slug): Path<String>,
    Extension(who): Extension<Who>,
    body: Body,
) -> Result<Response, Failure> {
    let form = Form::read(body, FORM_BYTES_MAX).await?;
    let event = site.event(&slug).await?;
    let present = order::read(&site, &event).await?;
    let theirs = sections(&values(&present.file), &Wrong::default());
    let was = mark(&theirs);
    if form.get("was") != was {
        let mut typed = sections(&form, &Wrong::default());
        compare(&mut typed, &theirs);
        let words = "Somebody else has changed this since you opened it. What they wrote stands beside what you typed; send it again if yours is right.";
        return draw(&event, &who, typed, &was, StatusCode::CONFLICT, Said::wrong(words));
    }
    let change = |file: &mut EventFile| {
        let mut wrong = Wrong::default();
        basics::fill(&form, file, &mut wrong);
        fill(&form, file, &mut wrong);
        if let Err(bad) = order::check(file) {
            let fields: Vec<&str> = basics::FIELDS.into_iter().chain(FIELDS).collect();
            wrong.take(&bad, &fields);
        }
        if wrong.is_empty() {
            Ok(What::new("settings", &file.slug, "Changed the settings."))
        } else {
            Err(wrong)
        }
    };
    let (status, wrong, said) =
        match order::change(&site, &event, (&who, &form.key("settings")), change).await {
            Ok(Done::Yes) => return Ok(back(&event, "saved")),
            Ok(Done::Same) => return Ok(back(&event, "same")),
            Ok(Done::Refused(refusal)) => {
                let (status, words) = order::told(&refusal);
                (status, Wrong::default(), words)
            }
            Err(wrong) => {
                let words = wrong.summary();
                (StatusCode::BAD_REQUEST, wrong, words)
            }
        };
    draw(&event, &who, sections(&form, &wrong), &was, status, Said::wrong(said))
}

fn back(event: &EventLive, done: &str) -> Response {
    Redirect::to(&format!("/admin/{}/settings?done={done}", event.listed().slug)).into_response()
}

/// What stands in the fields.
fn values(file: &EventFile) -> Form {
    let mut form = Form::default();
    basics::values(file, &mut form);
    let onsite = match file.onsite {
        Onsite::Open => "open",
        Onsite::Hold => "hold",
        Onsite::Off => "off",
    };
    form.set("onsite", onsite);
    form.set("burst", file.onsite_limits.burst.to_string());
    form.set("per_minute", file.onsite_limits.per_minute.to_string());
    form.set("published", if file.published { "1" } else { "" });
    form.set("privacy", file.privacy.clone().unwrap_or_default().trim());
    form.set("imprint", file.imprint.clone().unwrap_or_default().trim());
    form.set("accent_hue", file.accent_hue.map_or_else(String::new, |hue| hue.to_string()));
    form.set("room", file.rooms.iter().map(room_line).collect::<Vec<_>>().join("\n"));
    form
}

/// `Main hall #rfmain`.
fn room_line(room: &RoomFile) -> String {
    let tags = room.tags.iter().map(|tag| format!(" #{}", tag.trim_start_matches('#')));
    std::iter::once(room.name.clone()).chain(tags).collect()
}

/// A room out of its line: what begins with `#` at its end are its hashtags.
fn room(line: &str) -> RoomFile {
    let at = line.find(" #").unwrap_or(line.len());
    let (name, rest) = line.split_at(at);
    RoomFile { name: name.trim().to_owned(), tags: tags(rest) }
}

fn sections(form: &Form, wrong: &Wrong) -> Vec<Section> {
    let number = || Line { kind: "text", is_code: true, ..Line::default() };
    let mut page = Field::choice(form, wrong, "onsite", "What people write on the page itself is", &ONSITE);
    page.wrong = page.wrong.or_else(|| wrong.of("onsite_limits"));
    vec![
        basics::section(form, wrong),
        Section::new("Writing on the page", vec![page]),
        Section::folded(
            "How much one person may write",
            vec![
                Field::line(form, wrong, "burst", "Posts at once", number()),
                Field::line(form, wrong, "per_minute", "More each minute", number()),
            ],
        ),
        Section::new(
            "Who finds it",
            vec![
                Field::check(form, wrong, "published", "Search engines may know of this event")
                    .hint("Until then it is read by whoever has its address."),
            ],
        ),
        Section::new(
            "What the public is told",
            vec![
                Field::words(form, wrong, "privacy", "Privacy: what you do with people’s data")
                    .hint("Plain words, or the address of a page of yours. What this program itself stores is told beside it."),
                Field::words(form, wrong, "imprint", "Imprint: who runs the event")
                    .hint("Plain words, or the address of a page of yours."),
            ],
        ),
        Section::folded(
            "Rooms and colour",
            vec![
                Field::words(form, wrong, "room", "Rooms, one on each line")
                    .hint("As in the programme, in the order in which they are shown; hashtags of a room stand behind it: Main hall #rfmain"),
                Field::line(form, wrong, "accent_hue", "Hue of the accent", number()).hint("0 to 360; empty: the usual one."),
            ],
        ),
    ]
}

/// Writes what was typed into the file. What stands there as it was is left exactly so.
fn fill(form: &Form, file: &mut EventFile, wrong: &mut Wrong) {
    file.onsite = match form.get("onsite") {
        "open" => Onsite::Open,
        "hold" => Onsite::Hold,
        _ => Onsite::Off,
    };
    match form.get("burst").parse() {
        Ok(burst) => file.onsite_limits.burst = burst,
        Err(_) => wrong.add("burst", "write a whole number such as 5"),
    }
    match form.get("per_minute").parse() {
        Ok(more) => file.onsite_limits.per_minute = more,
        Err(_) => wrong.add("per_minute", "write a number such as 2 or 0.5"),
    }
    file.published = form.is("published");
    for (name, words) in [("privacy", &mut file.privacy), ("imprint", &mut file.imprint)] {
        if words.as_deref().map(str::trim) != form.said(name).as_deref() {
            *words = form.said(name);
        }
    }
    match form.said("accent_hue").map(|hue| hue.parse::<u16>().ok().filter(|hue| *hue <= 360)) {
        None => file.accent_hue = None,
        Some(Some(hue)) => file.accent_hue = Some(hue),
        Some(None) => wrong.add("accent_hue", "write a number between 0 and 360, or leave it empty"),
    }
    let lines = form.get("room").lines().filter(|line| !line.trim().is_empty());
    let rooms: Vec<RoomFile> = lines.map(room).collect();
    if rooms.iter().map(room_line).ne(file.rooms.iter().map(room_line)) {
        file.rooms = rooms;
    }
}

fn draw(
    event: &EventLive,
    who: &Who,
    sections: Vec<Section>,
    was: &str,
    status: StatusCode,
    said: Said,
) -> Result<Response, Failure> {
    let slug = event.listed().slug;
    let mut hidden = hidden(who, &random_key());
    hidden.push(("was", was.to_owned()));
    let sheet = Sheet {
        shell: shell(event, "Settings"),
        step: None,
        heading: "Settings".to_owned(),
        lead: String::new(),
        said,
        action: format!("/admin/{slug}/settings"),
        hidden,
        sections,
        probed: None,
        acts: vec![Act { value: "save", words: "Save", busy: "Saving …", is_main: true }],
        ways: ways(&slug),
    };
    drawn(status, &sheet)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: &str = include_str!("../../../crates/model/src/event/write/all.toml");

    #[test]
    fn a_form_that_nobody_touched_changes_nothing() {
        let before = EventFile::parse(ALL).unwrap();
        let (mut file, mut wrong) = (before.clone(), Wrong::default());
        let form = values(&before);
        basics::fill(&form, &mut file, &mut wrong);
        fill(&form, &mut file, &mut wrong);
        assert!(wrong.is_empty(), "{wrong:?}");
        assert_eq!(file, before);
    }

    #[test]
    fn what_was_typed_is_written_and_what_cannot_be_is_told_at_its_field() {
        let before = EventFile::parse(ALL).unwrap();
        let mut form = values(&before);
        for (name, value) in [
            ("onsite", "off"),
            ("published", ""),
            ("imprint", ""),
            ("accent_hue", ""),
            ("room", "Foyer\nHall B #hb #b\n"),
        ] {
            form.set(name, value);
        }
        let (mut file, mut wrong) = (before.clone(), Wrong::default());
        fill(&form, &mut file, &mut wrong);
        assert!(wrong.is_empty());
        assert_eq!(
            (file.onsite, file.published, file.imprint.clone(), file.accent_hue),
            (Onsite::Off, false, None, None)
        );
        assert_eq!(file.rooms[1], RoomFile { name: "Hall B".into(), tags: vec!["hb".into(), "b".into()] });
        for (name, value) in [("burst", "-1"), ("per_minute", "often"), ("accent_hue", "400")] {
            form.set(name, value);
        }
        fill(&form, &mut file, &mut wrong);
        assert!(
            ["burst", "per_minute", "accent_hue"].iter().all(|name| wrong.of(name).is_some()),
            "{wrong:?}"
        );
    }
}
