//! xCal as frab, Pentabarf and pretalx write it (`schedule.xcal`): `iCalendar/vcalendar/vevent` with plain child elements. The
//! times have no offset and are the venue's, unless they end in `Z`. RFC 6321's form, in which every value stands in an
//! element of its type, is read as well.

use super::collect::{Collect, Draft, named};
use super::moment::{At, Clock};
use super::xml::{self, Tag};
use super::{BadSchedule, FoundTalk, ScheduleFile, ics, pretalx};
use crate::Micros;
use crate::talk::Speaker;
use jiff::tz::TimeZone;

pub(super) fn parse(text: &str, zone: &TimeZone) -> Result<ScheduleFile, BadSchedule> {
    let mut walk = Walk { collect: Collect::default(), clock: Clock::venue(zone), event: None };
    xml::walk(text, &mut walk)?;
    walk.collect.done()
}

#[derive(Default)]
struct Event {
    line: usize,
    talk: FoundTalk,
    /// The summary, which stands in for a title where there is none.
    summary: String,
    start: String,
    end: String,
    duration: String,
    is_cancelled: bool,
}

struct Walk {
    collect: Collect,
    clock: Clock,
    event: Option<Event>,
}

/// Elements that hold a value or properties in RFC 6321, but are no property.
const WRAPPERS: [&str; 9] =
    ["properties", "text", "date-time", "date", "uri", "duration", "cal-address", "parameters", "components"];

impl xml::Walk for Walk {
    fn open(&mut self, _path: &[String], name: &str, tag: &Tag<'_>) {
        if name.eq_ignore_ascii_case("vevent") {
            self.event = Some(Event { line: tag.line, ..Event::default() });
        }
    }

    fn close(&mut self, path: &[String], name: &str, text: &str) -> Result<(), BadSchedule> {
        let Some(event) = &mut self.event else {
            if name.eq_ignore_ascii_case("x-wr-calname") {
                self.collect.set_title(text);
            }
            return Ok(());
        };
        if name.eq_ignore_ascii_case("vevent") {
            return self.finish();
        }
        // The property that the text is of: the element itself, or in RFC 6321 the one around it.
        let depth = path.iter().rposition(|own| own.eq_ignore_ascii_case("vevent")).unwrap_or(0);
        let inner: Vec<&str> = path[depth + 1..].iter().map(String::as_str).collect();
        let is_wrapped = inner.first() == Some(&"properties");
        let property = match (is_wrapped, inner.as_slice()) {
            (false, []) => Some(name),
            (true, [_, property]) if WRAPPERS.contains(&name) => Some(*property),
            _ => None,
        };
        if let Some(property) = property.filter(|_| !text.is_empty()) {
            event.set(&property.to_ascii_lowercase(), text);
        }
        Ok(())
    }
}

impl Walk {
    fn finish(&mut self) -> Result<(), BadSchedule> {
        let Some(event) = self.event.take() else { return Ok(()) };
        let Event { line, mut talk, summary, start, end, duration, is_cancelled } = event;
        let place = format!("line {line}");
        if talk.title.is_empty() {
            talk.title = summary;
        }
        if is_cancelled {
            self.collect.pass_over(format!("{}: it is cancelled", named(&place, &talk.title)));
            return Ok(());
        }
        talk.code = talk.code.or_else(|| talk.url.as_deref().and_then(pretalx::code_in));
        let start = self.moment(&start);
        let end = match (self.moment(&end), &start) {
            (Some(end), _) => Some(end.map(|end| end.at)),
            (None, Some(Ok(start))) => {
                super::moment::iso_length(&duration).map(|length| Ok(start.at.plus(length)))
            }
            _ => None,
        };
        self.collect.add(Draft { place, talk, start, end })
    }

    fn moment(&self, text: &str) -> Option<Result<At, String>> {
        let text = text.trim();
        if text.is_empty() {
            return None;
        }
        Some(match ics::date_time(text) {
            Some(ics::Stamp::Utc(at)) => Ok(At { at: Micros::from(at), slip: None }),
            Some(ics::Stamp::Local(local)) => self.clock.local(local),
            Some(ics::Stamp::Date(date)) => self.clock.local(date.at(0, 0, 0, 0)),
            None => self.clock.moment(text),
        })
    }
}

impl Event {
    fn set(&mut self, property: &str, text: &str) {
        let talk = &mut self.talk;
        let own = || Some(text.to_owned());
        match property {
            "uid" => talk.guid = own(),
            "event-id" => talk.native = own(),
            "title" => text.clone_into(&mut talk.title),
            "subtitle" => talk.subtitle = own(),
            "language-code" | "language" => talk.lang = own(),
            "summary" => text.clone_into(&mut self.summary),
            "description" => talk.summary = own(),
            "dtstart" => text.clone_into(&mut self.start),
            "dtend" => text.clone_into(&mut self.end),
            "duration" => text.clone_into(&mut self.duration),
            "status" => self.is_cancelled = text.eq_ignore_ascii_case("cancelled"),
            "category" | "categories" => talk.track = talk.track.take().or_else(own),
            "url" => talk.url = own(),
            "location" => text.clone_into(&mut talk.room),
            "attendee" => talk.speakers.push(Speaker { name: text.to_owned(), handles: Vec::new() }),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> ScheduleFile {
        parse(text, &TimeZone::get("Europe/Berlin").unwrap()).unwrap()
    }

    #[test]
    fn pentabarfs_form_is_read() {
        let file = read(
            r#"<iCalendar xmlns:pentabarf="http://pentabarf.org"><vcalendar><x-wr-calname>Kiln</x-wr-calname><vevent><uid>AB12CD@@h</uid>
            <pentabarf:event-id>77</pentabarf:event-id><pentabarf:title>Night</pentabarf:title><pentabarf:subtitle>Late</pentabarf:subtitle>
            <pentabarf:language>de</pentabarf:language><dtstart>20260601T013000</dtstart><dtend>20260601T023000</dtend><duration>1.00000</duration>
            <summary>Night - Late</summary><location>Hall</location><category>Talk</category><attendee>Ana</attendee><attendee>Bo</attendee>
            <url>https://h.example/k/talk/AB12CD/</url></vevent><vevent><summary>Off</summary><status>CANCELLED</status></vevent></vcalendar></iCalendar>"#,
        );
        let talk = &file.talks[0];
        assert_eq!(
            (talk.title.as_str(), talk.subtitle.as_deref(), talk.room.as_str()),
            ("Night", Some("Late"), "Hall")
        );
        assert_eq!(talk.start.timestamp().to_string(), "2026-05-31T23:30:00Z");
        assert_eq!((talk.end.since(talk.start), talk.speakers.len()), (Micros::HOUR, 2));
        assert_eq!((talk.code.as_deref(), talk.native.as_deref()), (Some("AB12CD"), Some("77")));
        assert_eq!(file.passed_over, ["line 5, Off: it is cancelled"]);
    }

    #[test]
    fn the_form_of_rfc_6321_is_read() {
        let file = read(
            r#"<icalendar xmlns="urn:ietf:params:xml:ns:icalendar-2.0"><vcalendar><components><vevent><properties><dtstart><date-time>2026-06-01T10:00:00Z</date-time></dtstart>
            <duration><duration>PT1H</duration></duration><summary><text>T</text></summary><uid><text>u</text></uid></properties></vevent></components></vcalendar></icalendar>"#,
        );
        assert_eq!((file.talks[0].title.as_str(), file.talks[0].guid.as_deref()), ("T", Some("u")));
        assert_eq!(file.talks[0].end.timestamp().to_string(), "2026-06-01T11:00:00Z");
    }
}
