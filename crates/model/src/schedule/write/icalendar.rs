//! iCalendar (RFC 5545): times in UTC, lines folded at 75 octets, called-off talks with `STATUS:CANCELLED`, so that
//! calendars that follow the address take them out.

use super::{Programme, Slot};
use crate::Micros;
use std::fmt::Write;

/// Octets of a line at most, its end not counted (RFC 5545, section 3.1).
const LINE_BYTES_MAX: usize = 75;

/// The programme as a calendar, dropped talks included.
#[must_use]
pub fn icalendar(programme: &Programme<'_>) -> String {
    let event = programme.event;
    let mut out = String::new();
    for (name, value) in [
        ("BEGIN", "VCALENDAR".to_owned()),
        ("VERSION", "2.0".to_owned()),
        ("PRODID", format!("-//Perihelion//{}//EN", env!("CARGO_PKG_VERSION"))),
        ("CALSCALE", "GREGORIAN".to_owned()),
        ("METHOD", "PUBLISH".to_owned()),
        ("X-WR-CALNAME", escaped(&event.title)),
        ("X-WR-TIMEZONE", event.timezone.clone()),
        ("X-SCHEDULE-VERSION", escaped(programme.version)),
        ("REFRESH-INTERVAL;VALUE=DURATION", "PT5M".to_owned()),
    ] {
        property(&mut out, name, &value);
    }
    for slot in programme.slots() {
        talk(&mut out, programme, &slot);
    }
    property(&mut out, "END", "VCALENDAR");
    out
}

fn talk(out: &mut String, programme: &Programme<'_>, slot: &Slot<'_>) {
    let talk = slot.talk;
    let uid = talk.guid.clone().unwrap_or_else(|| format!("{}-{}@perihelion", programme.event.slug, talk.id));
    property(out, "BEGIN", "VEVENT");
    property(out, "UID", &escaped(&uid));
    property(out, "DTSTAMP", &utc(programme.changed_at));
    property(out, "DTSTART", &utc(slot.from));
    property(out, "DTEND", &utc(slot.to));
    let lang = talk.lang.as_deref().filter(|lang| is_language(lang));
    let summary = lang.map_or_else(|| "SUMMARY".to_owned(), |lang| format!("SUMMARY;LANGUAGE={lang}"));
    property(out, &summary, &escaped(&talk.title));
    property(out, "LOCATION", &escaped(&slot.room));
    let names: Vec<&str> = talk.speakers.iter().map(|s| s.name.as_str()).collect();
    let who = Some(names.join(", ")).filter(|who| !who.is_empty());
    let parts = [slot.note.clone(), talk.subtitle.clone(), who, talk.summary.clone()];
    let description: Vec<String> = parts.into_iter().flatten().collect();
    if !description.is_empty() {
        property(out, "DESCRIPTION", &escaped(&description.join("\n\n")));
    }
    for (name, value) in [
        ("CATEGORIES", talk.track.as_deref()),
        ("X-TALK-SUBTITLE", talk.subtitle.as_deref()),
        ("X-TALK-ABSTRACT", talk.summary.as_deref()),
        ("X-TALK-CODE", talk.code.as_deref()),
        ("X-TALK-ID", talk.native.as_deref()),
        ("X-TALK-LATENESS", slot.note.as_deref()),
    ] {
        if let Some(value) = value {
            property(out, name, &escaped(value));
        }
    }
    for name in names {
        property(out, "X-TALK-SPEAKER", &escaped(name));
    }
    property(out, "URL", &uri(&programme.page(talk)));
    property(out, "STATUS", if talk.dropped { "CANCELLED" } else { "CONFIRMED" });
    property(out, "SEQUENCE", &(talk.was.len() + usize::from(talk.dropped)).to_string());
    property(out, "END", "VEVENT");
}

fn utc(at: Micros) -> String {
    at.timestamp().strftime("%Y%m%dT%H%M%SZ").to_string()
}

fn is_language(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

/// An address is not escaped; what would end its line is left out.
fn uri(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect()
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            ';' => out.push_str("\\;"),
            ',' => out.push_str("\\,"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push('\t'),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

/// One content line, folded between characters, never within one.
fn property(out: &mut String, name: &str, value: &str) {
    let mut line = String::with_capacity(name.len() + value.len() + 1);
    let _ = write!(line, "{name}:{value}");
    let mut used = 0;
    for c in line.chars() {
        if used + c.len_utf8() > LINE_BYTES_MAX {
            out.push_str("\r\n ");
            used = 1;
        }
        out.push(c);
        used += c.len_utf8();
    }
    out.push_str("\r\n");
}
