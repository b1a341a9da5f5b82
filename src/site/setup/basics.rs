//! What a new event is asked, and what its settings begin with: name, days, place, hashtags.

use super::field::{Field, Line, Section};
use super::form::{Form, Wrong, tags};
use jiff::civil::Date;
use model::event::EventFile;
use toml::value::Datetime;

/// The fields, as event.toml names them.
pub(super) const FIELDS: [&str; 6] = ["title", "starts", "ends", "timezone", "hashtags", "place"];
/// Name of the list of zones on the page.
pub(super) const ZONES: &str = "zones";

/// What stands in the fields of an event that is there.
pub(super) fn values(file: &EventFile, form: &mut Form) {
    let day = |day: &Option<Datetime>| day.map_or_else(String::new, |day| day.to_string());
    form.set("title", &*file.title);
    form.set("starts", day(&file.starts));
    form.set("ends", day(&file.ends));
    form.set("timezone", &*file.timezone);
    form.set("hashtags", file.hashtags.join(" "));
    form.set("place", file.place.clone().unwrap_or_default());
}

/// The fields.
pub(super) fn section(form: &Form, wrong: &Wrong) -> Section {
    let line = |kind, placeholder| Line { kind, placeholder, ..Line::default() };
    let zone = Line { kind: "text", list: ZONES, is_code: true, ..Line::default() };
    let code = Line { kind: "text", placeholder: "rustfest rustfest26", is_code: true, ..Line::default() };
    Section::new(
        "",
        vec![
            Field::line(form, wrong, "title", "Name", line("text", "RustFest 2026")),
            Field::line(form, wrong, "starts", "First day", line("date", ""))
                .hint("What was posted before it is not fetched."),
            Field::line(form, wrong, "ends", "Last day", line("date", "")),
            Field::line(form, wrong, "timezone", "Time zone of the venue", zone),
            Field::line(form, wrong, "hashtags", "Hashtags", code)
                .hint("What people write on their posts; several are parted by a space."),
            Field::line(form, wrong, "place", "City or venue", line("text", "Berlin"))
                .hint("May be left empty."),
        ],
    )
}

/// Writes what was typed into the file. What cannot be written at all is wrong; the rest is for the file's own checks.
pub(super) fn fill(form: &Form, file: &mut EventFile, wrong: &mut Wrong) {
    form.get("title").clone_into(&mut file.title);
    for (name, day) in [("starts", &mut file.starts), ("ends", &mut file.ends)] {
        match date(form.get(name)) {
            Ok(said) => *day = said,
            Err(what) => wrong.add(name, what),
        }
    }
    file.timezone = form.said("timezone").unwrap_or_else(|| "UTC".to_owned());
    let hashtags = tags(form.get("hashtags"));
    let same = |a: &str, b: &str| a.trim_start_matches('#') == b;
    // Only what was typed differently is written differently.
    if hashtags.len() != file.hashtags.len() || !file.hashtags.iter().zip(&hashtags).all(|(a, b)| same(a, b))
    {
        file.hashtags = hashtags;
    }
    file.place = form.said("place");
}

/// A day as browsers send it; none for an empty field.
pub(super) fn date(text: &str) -> Result<Option<Datetime>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    let day = text.parse::<Date>().ok().and_then(|day| day.to_string().parse::<Datetime>().ok());
    day.map(Some).ok_or_else(|| format!("{text:?} is no day; write one such as 2026-06-01"))
}

/// The names of all zones that this machine knows.
pub(super) fn zones() -> Vec<String> {
    jiff::tz::db().available().map(|name| name.to_string()).filter(|name| name.contains('/')).collect()
}
