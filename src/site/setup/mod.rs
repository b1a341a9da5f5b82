//! Setting up in a browser what event.toml says in a file: a new event ([`new`]), its settings ([`settings`]), its sources ([`sources`],
//! [`source`]), its programme ([`schedule`]), its rules ([`rules`]). Every page reads the event's own file from the nozzle, changes what
//! its form is about, and applies the file under the condition that nobody was quicker ([`order`]). Nothing is kept here.
//!
//! Works without a script: every page is a form that is drawn again with what was typed and, beside each field, what is wrong with it.
//! The script (`templates/static/js/setup.js`) guesses the time zone, suggests the address while the title is written, and reads a file.

mod basics;
mod field;
mod form;
mod kinds;
mod new;
mod order;
mod outbound;
mod rules;
mod schedule;
mod settings;
mod source;
mod sources;

pub(super) use new::{create, show as new_event};
pub(super) use rules::{send as set_rules, show as rules};
pub(super) use schedule::{send as import_schedule, show as schedule};
pub(super) use settings::{send as set_settings, show as settings};
pub(super) use source::{add, change, new as new_source, save};
pub(super) use sources::{press as press_sources, show as sources};

use super::{
    door::Who,
    failure::{Failure, page},
    follow::EventLive,
    shell::Shell,
};
use askama::Template;
use axum::response::{IntoResponse, Response};
use field::Section;
use http::{StatusCode, header};
use model::Micros;
use nozzle::intake::Probed;
use std::sync::LazyLock;

/// The names of all zones that this machine knows.
static ZONES: LazyLock<Vec<String>> = LazyLock::new(basics::zones);

/// A form, and what is said around it.
#[derive(Template)]
#[template(path = "setup.html")]
struct Sheet {
    shell: Shell,
    /// "Step 1 of 2", on the way of a newcomer.
    step: Option<&'static str>,
    heading: String,
    lead: String,
    said: Said,
    action: String,
    hidden: Vec<(&'static str, String)>,
    sections: Vec<Section>,
    /// What trying a source has shown.
    probed: Option<Probed>,
    acts: Vec<Act>,
    /// Addresses that stand at the end, with their words.
    ways: Vec<(String, String)>,
}

impl Sheet {
    /// The zones to choose from, where a field asks for one.
    fn zones(&self) -> &'static [String] {
        let fields = self.sections.iter().flat_map(|section| &section.fields);
        let is_asked = fields.filter_map(field::Field::as_line).any(|line| line.list == basics::ZONES);
        if is_asked { &ZONES } else { &[] }
    }

    /// `2026-06-01 12:30 UTC`.
    fn moment(&self, at: &Micros) -> String {
        at.timestamp().strftime("%F %H:%M UTC").to_string()
    }
}

/// A button.
struct Act {
    value: &'static str,
    words: &'static str,
    /// What the script writes on it while it is waited for.
    busy: &'static str,
    is_main: bool,
}

/// What became of the last thing that was sent.
#[derive(Clone, Debug, Default)]
struct Said {
    words: String,
    is_wrong: bool,
}

impl Said {
    fn well(words: impl Into<String>) -> Self {
        Self { words: words.into(), is_wrong: false }
    }

    fn wrong(words: impl Into<String>) -> Self {
        Self { words: words.into(), is_wrong: true }
    }
}

/// A page of an event's set-up. Nobody keeps it.
fn drawn(status: StatusCode, template: &impl Template) -> Result<Response, Failure> {
    Ok((status, [(header::CACHE_CONTROL, "no-store")], page(template)?).into_response())
}

/// What every form behind the door carries: the person's token, and the key under which a repeated click is the same order.
fn hidden(who: &Who, key: &str) -> Vec<(&'static str, String)> {
    vec![("form_token", who.form_token().to_owned()), ("key", key.to_owned())]
}

fn shell(event: &EventLive, title: &str) -> Shell {
    let (listed, fold) = (event.listed(), event.fold());
    Shell::of(&listed, fold.fold().event.as_ref(), title, "", ("setup", "Skip to the page"))
}

/// The ways on that every page of an event's set-up ends with.
fn ways(slug: &str) -> Vec<(String, String)> {
    vec![(format!("/admin/{slug}"), "Behind the scenes".to_owned())]
}
