//! What the types of an event.toml cannot say.

use super::bad::Problem;
use super::read::Places;
use super::{EventFile, room_slug};
use std::collections::BTreeSet;

/// Slugs that would hide a page of the site.
const TAKEN: &[&str] = &[
    "admin", "api", "audit", "first", "healthz", "intake", "join", "live", "login", "logout", "media",
    "metrics", "new", "ops", "people", "readyz", "robots", "static", "hooks", "favicon",
];
const SLUG_CHARS_MIN: usize = 3;
const SLUG_CHARS_MAX: usize = 40;
const SOURCES_MAX: usize = 64;
const ROOMS_MAX: usize = 64;
/// Longest `privacy` and `imprint`: some ten pages of a book.
const WORDS_BYTES_MAX: usize = 16 * 1024;
/// Shortest and longest `schedule_poll_seconds`.
const SCHEDULE_POLL_SECONDS: std::ops::RangeInclusive<u32> = 30..=86_400;

/// Every value that cannot be.
pub(super) fn problems(file: &EventFile, places: &Places<'_>) -> Vec<Problem> {
    let mut found = Vec::new();
    let mut wrong = |key: &str, what: String| {
        found.push(Problem { line: places.line_of(key), what: format!("{key}: {what}") });
    };
    if let Err(what) = slug(&file.slug) {
        wrong("slug", what);
    }
    if file.title.trim().is_empty() {
        wrong("title", "give the event a name that people can read".to_owned());
    }
    if jiff::tz::TimeZone::get(&file.timezone).is_err() {
        let named = &file.timezone;
        wrong("timezone", format!("{named:?} is no IANA time zone; write one such as \"Europe/Berlin\""));
    }
    let mut days = [("starts", &file.starts), ("ends", &file.ends)].map(|(key, value)| {
        day(value.as_ref()).unwrap_or_else(|what| {
            wrong(key, what);
            None
        })
    });
    if let [Some(starts), Some(ends)] = &mut days
        && ends < starts
    {
        wrong("ends", format!("{ends} lies before starts = {starts}"));
    }
    if let Err(what) = day(file.retain_until.as_ref()) {
        wrong("retain_until", what);
    }
    if let Err(what) = file.onsite_limits.check() {
        wrong("onsite_limits", what);
    }
    if let Err(what) = file.wall.check() {
        wrong("wall", what);
    }
    for (key, place) in [("schedule", &file.schedule), ("handles", &file.handles)] {
        if let Some(what) = place.as_deref().and_then(no_place) {
            wrong(key, what.to_owned());
        }
    }
    for (key, words) in [("privacy", &file.privacy), ("imprint", &file.imprint)] {
        if let Some(what) = words.as_deref().and_then(no_words) {
            wrong(key, what);
        }
    }
    if let Some(seconds) = file.schedule_poll_seconds
        && seconds != 0
        && !SCHEDULE_POLL_SECONDS.contains(&seconds)
    {
        let (least, most) = (SCHEDULE_POLL_SECONDS.start(), SCHEDULE_POLL_SECONDS.end());
        let what =
            format!("{seconds} must lie between {least} and {most}, or be 0: read when the file is applied");
        wrong("schedule_poll_seconds", what);
    }
    if file.rooms.len() > ROOMS_MAX {
        wrong("room", format!("an event has at most {ROOMS_MAX} rooms"));
    }
    if file.sources.len() > SOURCES_MAX {
        wrong("source", format!("an event has at most {SOURCES_MAX} sources"));
    }
    found.extend(names(file, places));
    found.extend(super::rules::problems(file, places));
    found
}

fn names(file: &EventFile, places: &Places<'_>) -> Vec<Problem> {
    let mut found = Vec::new();
    let mut rooms = BTreeSet::new();
    for (n, room) in file.rooms.iter().enumerate() {
        let line = places.line_in("room", n, "name");
        if room.name.trim().is_empty() {
            found
                .push(Problem { line, what: "room: name is missing; write name = \"Main hall\"".to_owned() });
        } else if !rooms.insert(room_slug(&room.name)) {
            let what = format!("two rooms are called {:?}; a room's name must be its own", room.name);
            found.push(Problem { line, what });
        }
    }
    let mut sources = BTreeSet::new();
    for (n, source) in file.sources.iter().enumerate() {
        let line = places.line_in("source", n, "name");
        if source.name.trim().is_empty() {
            let what = "source: name is missing; write one of your choice, such as name = \"fosstodon\"";
            found.push(Problem { line, what: what.to_owned() });
        } else if !sources.insert(source.name.as_str()) {
            let what = format!("two sources are called {:?}; a source's name must be its own", source.name);
            found.push(Problem { line, what });
        }
    }
    found
}

/// Why this can neither be words to be read nor the address of a page.
fn no_words(words: &str) -> Option<String> {
    if words.trim().is_empty() {
        return Some(
            "is empty; write the words themselves or the address of a page, or leave the key out".to_owned(),
        );
    }
    if words.len() > WORDS_BYTES_MAX {
        return Some(format!(
            "is longer than {WORDS_BYTES_MAX} bytes; put it on a page of its own and write that page's address"
        ));
    }
    if words.contains("</") {
        return Some("is shown as plain text, so write it without tags; a blank line parts paragraphs, addresses become links".to_owned());
    }
    super::page_address(words).and_then(no_place).map(str::to_owned)
}

/// Why neither a file nor an address can be meant. The address itself is never told: it may hold a secret.
fn no_place(place: &str) -> Option<&'static str> {
    if place.trim().is_empty() {
        return Some("is empty; write a path (relative to this file) or an address, or leave the key out");
    }
    if !place.contains("://") {
        return None;
    }
    match url::Url::parse(place) {
        Ok(url) if !matches!(url.scheme(), "http" | "https") => {
            Some("an address begins with https:// (or http://)")
        }
        Ok(url) if !url.username().is_empty() || url.password().is_some() => {
            Some("the address holds a user name or password, which do not belong in this file")
        }
        Ok(_) => None,
        Err(_) => Some("this is no address; write https://host/path"),
    }
}

fn day(value: Option<&toml::value::Datetime>) -> Result<Option<String>, String> {
    match value {
        None => Ok(None),
        Some(d) if d.date.is_some() && d.time.is_none() => Ok(Some(d.to_string())),
        Some(d) => Err(format!("{d} is no day; write one such as 2026-06-01")),
    }
}

pub(super) fn slug(slug: &str) -> Result<(), String> {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if slug.is_empty() {
        return Err("is missing; write slug = \"rustfest\", the event's place in addresses".to_owned());
    }
    if !(SLUG_CHARS_MIN..=SLUG_CHARS_MAX).contains(&slug.len())
        || !slug.chars().all(allowed)
        || slug.starts_with('-')
        || slug.ends_with('-')
    {
        return Err(format!(
            "{slug:?} must be {SLUG_CHARS_MIN} to {SLUG_CHARS_MAX} of a-z, 0-9 and - (not at an end)"
        ));
    }
    if TAKEN.contains(&slug) {
        return Err(format!("{slug:?} is a page of the site itself; choose another"));
    }
    Ok(())
}
