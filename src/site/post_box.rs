//! `/{event}/posts`: writing on the event's own page. The box itself is drawn here, for every page that has one; what becomes of a
//! post that is sent is in `send`, taking one back in `take_back`.
//!
//! Works without a script: a plain form, a redirect to the new post, errors on a page that keeps the words. A script
//! (`templates/static/js/compose.js`) sends the same form under a key of its own and asks for JSON.

mod crowd;
mod form;
mod origin;
mod person;
mod refused;
mod send;
mod take_back;

pub(super) use crowd::Crowd;
pub(super) use form::random_key;
pub(super) use origin::is_ours;
pub(super) use person::Writers;
pub(super) use send::{follows, send};
pub(super) use take_back::{is_own, take_back};

use super::{
    Site,
    failure::{Failure, page},
    follow::EventLive,
    shell::Shell,
    view::stage::rooms,
};
use askama::Template;
use axum::{
    extract::{Path, State},
    response::IntoResponse,
};
use form::Form;
use http::header;
use model::{EventEntry, Fold, Room, event::Onsite};
use nozzle::onsite::{NAME_CHARS_MAX, TEXT_CHARS_MAX};

/// The value of `?wrote=` on the page to which the writer of a held post comes back.
pub(super) const HELD: &str = "held";

/// The box as a page shows it. Fields are what `partials/compose.html` prints.
#[derive(Clone, Debug)]
pub(super) struct ComposeBox {
    pub(super) slug: String,
    pub(super) label: String,
    /// Under which a repeated click is the same post.
    pub(super) key: String,
    pub(super) rooms: Vec<Room>,
    pub(super) form: Form,
    /// Why the words were not taken.
    pub(super) error: Option<String>,
    /// What became of the last ones.
    pub(super) note: Option<&'static str>,
    pub(super) is_held: bool,
    pub(super) text_max: usize,
    pub(super) name_max: usize,
}

/// Where a box stands.
pub(super) enum Place<'a> {
    /// On the live page: the writer may choose a room.
    Live,
    /// On a talk's page.
    Talk(&'a model::TalkId),
    /// Below a post, by this name: what is written answers it.
    Below(model::ItemId, &'a str),
}

/// The box of an event; none while nobody may write there. `wrote` is what the page was asked with.
pub(super) fn write_box(
    fold: &Fold,
    slug: &str,
    place: &Place<'_>,
    wrote: Option<&str>,
) -> Option<ComposeBox> {
    let mut form = Form::default();
    let (label, rooms) = match place {
        Place::Live => ("Say something to the room".to_owned(), rooms(fold)),
        Place::Talk(talk) => {
            form.talk = talk.to_string();
            ("Say something about this talk".to_owned(), Vec::new())
        }
        Place::Below(id, name) => {
            form.reply_to = id.to_string();
            (format!("Answer {name}"), Vec::new())
        }
    };
    let note = "Thank you. Your post waits for a moderator and appears here once it is shown.";
    let note = wrote.is_some_and(|wrote| wrote == HELD).then_some(note);
    filled(fold.event.as_ref(), slug, form).map(|filled| ComposeBox { label, rooms, note, ..filled })
}

fn filled(event: Option<&EventEntry>, slug: &str, form: Form) -> Option<ComposeBox> {
    let onsite = event.map(|event| event.onsite).unwrap_or_default();
    let is_over = event.is_some_and(|event| event.life.is_over());
    (onsite != Onsite::Off && !is_over).then(|| ComposeBox {
        slug: slug.to_owned(),
        label: "Say something".to_owned(),
        key: form::random_key(),
        rooms: Vec::new(),
        form,
        error: None,
        note: None,
        is_held: onsite == Onsite::Hold,
        text_max: TEXT_CHARS_MAX,
        name_max: NAME_CHARS_MAX,
    })
}

#[derive(Template)]
#[template(path = "write.html")]
pub(super) struct Write {
    shell: Shell,
    heading: &'static str,
    /// None where nobody may write: then the sentence says so.
    compose: Option<ComposeBox>,
    sentence: String,
    back: String,
}

/// `GET /{event}/posts`: the box on a page of its own, for phones without a script and for addresses that are opened again.
pub(super) async fn show(
    State(site): State<Site>,
    Path(slug): Path<String>,
) -> Result<impl IntoResponse, Failure> {
    let event = site.event(&slug).await?;
    let form = Form::default();
    Ok(([(header::CACHE_CONTROL, "no-store")], page(&write_page(&event, form, None))?))
}

/// The page that says why nothing was done.
pub(super) fn note_page(event: &EventLive, heading: &'static str, sentence: String, back: String) -> Write {
    let (listed, fold) = (event.listed(), event.fold());
    let shell =
        Shell::of(&listed, fold.fold().event.as_ref(), heading, "", ("sorry", "Skip to what happened"));
    Write { shell, heading, compose: None, sentence, back }
}

/// The page with the words kept, and why they were not taken.
fn write_page(event: &EventLive, form: Form, error: Option<String>) -> Write {
    let listed = event.listed();
    let fold = event.fold();
    let settings = fold.fold().event.as_ref();
    let back = form.way_back(&listed.slug);
    let is_free = form.talk.is_empty() && form.reply_to.is_empty();
    let compose = filled(settings, &listed.slug, form).map(|filled| ComposeBox {
        rooms: if is_free { rooms(fold.fold()) } else { Vec::new() },
        error: error.clone(),
        ..filled
    });
    let skip = if compose.is_some() { ("say", "Skip to the box") } else { ("sorry", "Skip to the text") };
    let is_over = settings.is_some_and(|event| event.life.is_over());
    let closed = if is_over {
        "This event is over; nothing more is posted here."
    } else {
        "Posts on the page are switched off for this event."
    };
    let switched_off = || closed.to_owned();
    Write {
        shell: Shell::of(&listed, settings, "Write", "", skip),
        heading: if error.is_some() { "Not posted yet" } else { "Write" },
        sentence: if compose.is_some() { String::new() } else { error.unwrap_or_else(switched_off) },
        compose,
        back,
    }
}
