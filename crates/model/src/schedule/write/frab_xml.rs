//! frab `schedule.xml`, in the shape of c3voc's schema.

use super::names::{Used, acronym, person, slug};
use super::{Programme, Slot, clock, day_span, length, with_offset};
use std::fmt::Write;

/// The programme as `schedule.xml`: days, rooms, talks that take place.
#[must_use]
pub fn frab_xml(programme: &Programme<'_>) -> String {
    let (zone, event) = (programme.zone(), programme.event);
    let days = programme.days();
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<schedule>\n");
    line(&mut out, 1, &format!("<generator name=\"Perihelion\" version=\"{}\"/>", env!("CARGO_PKG_VERSION")));
    field(&mut out, 1, "version", programme.version);
    line(&mut out, 1, "<conference>");
    field(&mut out, 2, "acronym", &acronym(&event.slug));
    field(&mut out, 2, "title", &event.title);
    let bound =
        |own: &Option<String>, day: Option<&String>| own.clone().or(day.cloned()).filter(|d| !d.is_empty());
    for (name, date) in [
        ("start", bound(&event.starts, days.keys().next())),
        ("end", bound(&event.ends, days.keys().next_back())),
    ] {
        if let Some(date) = date {
            field(&mut out, 2, name, &date);
        }
    }
    field(&mut out, 2, "days", &days.len().to_string());
    field(&mut out, 2, "timeslot_duration", "00:05");
    field(&mut out, 2, "base_url", programme.home);
    field(&mut out, 2, "time_zone_name", &event.timezone);
    line(&mut out, 1, "</conference>");
    let mut used = Used::default();
    for (index, (date, rooms)) in days.iter().enumerate() {
        let (from, to) = day_span(date, rooms, &zone);
        let [from, to] = [from, to].map(|at| with_offset(at, &zone));
        let date = escaped(date);
        line(
            &mut out,
            1,
            &format!("<day index=\"{}\" date=\"{date}\" start=\"{from}\" end=\"{to}\">", index + 1),
        );
        for (name, slots) in rooms {
            line(&mut out, 2, &format!("<room name=\"{}\">", escaped(name)));
            for slot in slots {
                talk(&mut out, programme, slot, &mut used);
            }
            line(&mut out, 2, "</room>");
        }
        line(&mut out, 1, "</day>");
    }
    out.push_str("</schedule>\n");
    out
}

fn talk(out: &mut String, programme: &Programme<'_>, slot: &Slot<'_>, used: &mut Used) {
    let (talk, zone, event) = (slot.talk, programme.zone(), &programme.event.slug);
    let (guid, id) = (used.guid(event, slot), used.id(slot));
    // The schema knows codes of six characters only, as pretalx makes them.
    let code = used.code(slot).filter(|code| code.len() == 6);
    let code = code.map(|code| format!(" code=\"{}\"", escaped(code))).unwrap_or_default();
    line(out, 3, &format!("<event guid=\"{guid}\" id=\"{id}\"{code}>"));
    field(out, 4, "date", &with_offset(slot.from, &zone));
    field(out, 4, "start", &clock(slot.from, &zone));
    field(out, 4, "duration", &length(slot));
    field(out, 4, "room", &slot.room);
    field(out, 4, "slug", &slug(&acronym(event), id, &talk.title));
    field(out, 4, "url", &programme.page(talk));
    field(out, 4, "title", &talk.title);
    field(out, 4, "subtitle", talk.subtitle.as_deref().unwrap_or_default());
    field(out, 4, "track", talk.track.as_deref().unwrap_or_default());
    field(out, 4, "type", "talk");
    field(out, 4, "language", talk.lang.as_deref().unwrap_or_default());
    field(out, 4, "abstract", talk.summary.as_deref().unwrap_or_default());
    field(out, 4, "description", slot.note.as_deref().unwrap_or_default());
    line(out, 4, "<persons>");
    for speaker in &talk.speakers {
        let id = person(event, &speaker.name);
        line(out, 5, &format!("<person id=\"{id}\">{}</person>", escaped(&speaker.name)));
    }
    line(out, 4, "</persons>");
    line(out, 3, "</event>");
}

fn line(out: &mut String, depth: usize, text: &str) {
    let _ = writeln!(out, "{:width$}{text}", "", width = depth * 2);
}

fn field(out: &mut String, depth: usize, name: &str, text: &str) {
    line(out, depth, &format!("<{name}>{}</{name}>", escaped(text)));
}

/// Text for an element or an attribute in double quotes; what XML 1.0 cannot hold is left out.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\r' => out.push_str("&#13;"),
            '\n' | '\t' => out.push(c),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => {}
            c => out.push(c),
        }
    }
    out
}
