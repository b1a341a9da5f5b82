//! frab / pretalx `schedule.xml` and its ancestor Pentabarf: `schedule/day/room/event`. Entities are never expanded beyond the
//! five that XML itself names.

use super::moment::{day_of, has_offset, length, moment, on_day, twice};
use super::{BadSchedule, FoundTalk, ScheduleFile};
use crate::Micros;
use crate::talk::Speaker;
use jiff::tz::TimeZone;
use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;

const DEPTH_MAX: usize = 32;
const DAY_TURN: i64 = 4 * Micros::HOUR;

pub(super) fn parse(bytes: &[u8], zone: &TimeZone) -> Result<ScheduleFile, BadSchedule> {
    let mut reader = Reader::from_reader(bytes);
    let mut walk = Walk { zone: zone.clone(), turn: DAY_TURN, ..Walk::new() };
    let mut buffer = Vec::new();
    loop {
        let place = reader.buffer_position();
        match reader.read_event_into(&mut buffer) {
            Err(e) => return Err(BadSchedule::Broken(format!("{e} at byte {place}"))),
            Ok(Event::Eof) => break,
            Ok(Event::Start(tag)) => walk.open(&tag)?,
            Ok(Event::Empty(tag)) => {
                walk.open(&tag)?;
                walk.close();
            }
            Ok(Event::End(_)) => walk.close(),
            Ok(Event::Text(text)) => walk.text.push_str(&text),
            Ok(Event::CData(text)) => walk.text.push_str(&text),
            Ok(Event::GeneralRef(name)) => walk.entity(&name),
            Ok(_) => {}
        }
        buffer.clear();
    }
    if !walk.is_schedule {
        return Err(BadSchedule::Unknown("its first element is not <schedule>".into()));
    }
    Ok(walk.file)
}

/// An event under way.
#[derive(Default)]
struct Draft {
    talk: FoundTalk,
    date: Option<String>,
    start: Option<String>,
    duration: Option<String>,
    description: Option<String>,
}

struct Walk {
    zone: TimeZone,
    turn: i64,
    file: ScheduleFile,
    path: Vec<String>,
    text: String,
    is_schedule: bool,
    day: Option<String>,
    room: String,
    draft: Option<Draft>,
}

fn attribute(tag: &BytesStart<'_>, name: &str) -> Option<String> {
    let found = tag.attributes().with_checks(false).flatten().find(|a| a.key.as_ref() == name)?;
    let raw = found.value.into_owned();
    let value = quick_xml::escape::unescape(&raw).map_or_else(|_| raw.clone(), std::borrow::Cow::into_owned);
    Some(value.trim().to_owned()).filter(|v| !v.is_empty())
}

impl Walk {
    fn new() -> Self {
        Self {
            zone: TimeZone::UTC,
            turn: 0,
            file: ScheduleFile::default(),
            path: Vec::new(),
            text: String::new(),
            is_schedule: false,
            day: None,
            room: String::new(),
            draft: None,
        }
    }

    fn open(&mut self, tag: &BytesStart<'_>) -> Result<(), BadSchedule> {
        let name = tag.name().as_ref().to_owned();
        if self.path.len() >= DEPTH_MAX {
            return Err(BadSchedule::Broken(format!("elements are nested deeper than {DEPTH_MAX}")));
        }
        match (self.path.len(), name.as_str()) {
            (0, "schedule") => self.is_schedule = true,
            (_, "day") => self.day = attribute(tag, "date"),
            (_, "room") if self.draft.is_none() => self.room = attribute(tag, "name").unwrap_or_default(),
            (_, "event") if self.is_schedule => self.draft = Some(self.begin(tag)),
            _ => {}
        }
        self.path.push(name);
        self.text.clear();
        Ok(())
    }

    fn begin(&self, tag: &BytesStart<'_>) -> Draft {
        let talk = FoundTalk {
            guid: attribute(tag, "guid"),
            code: attribute(tag, "code"),
            native: attribute(tag, "id"),
            room: self.room.clone(),
            ..FoundTalk::default()
        };
        Draft { talk, ..Draft::default() }
    }

    fn entity(&mut self, name: &str) {
        if let Some(known) = resolve_xml_entity(name) {
            self.text.push_str(known);
        } else if let Some(c) = char_reference(name) {
            self.text.push(c);
        }
    }

    fn close(&mut self) {
        let Some(name) = self.path.pop() else { return };
        let text = std::mem::take(&mut self.text).trim().to_owned();
        let parent = self.path.last().map(String::as_str);
        match (&mut self.draft, parent, name.as_str()) {
            (Some(_), _, "event") => self.finish(),
            (Some(draft), Some("event" | "persons"), field) if !text.is_empty() => draft.set(field, text),
            (None, Some("schedule"), "version") => self.file.version = text,
            (None, Some("conference"), "title") => self.file.title = Some(text).filter(|t| !t.is_empty()),
            (None, Some("conference"), "day_change") => self.turn = length(&text).unwrap_or(DAY_TURN),
            (None, Some("conference"), "time_zone_name") => {
                if let Ok(zone) = TimeZone::get(&text) {
                    self.zone = zone;
                }
            }
            _ => {}
        }
    }

    fn finish(&mut self) {
        let Some(Draft { mut talk, date, start, duration, description }) = self.draft.take() else { return };
        let begin = date
            .as_deref()
            .and_then(|d| moment(d, &self.zone))
            .or_else(|| on_day(self.day.as_deref()?, start.as_deref()?, self.turn, &self.zone));
        let name =
            if talk.title.is_empty() { "an event without a title".to_owned() } else { talk.title.clone() };
        match (begin, duration.as_deref().and_then(length)) {
            (Some(begin), Some(length)) if !talk.title.is_empty() => {
                talk.start = begin;
                talk.end = begin.plus(length);
                talk.day = self.day.clone().unwrap_or_else(|| day_of(begin, &self.zone));
                talk.summary = talk.summary.or(description);
                if !date.as_deref().is_some_and(has_offset) {
                    self.file.remarks.extend(twice(&name, begin, &self.zone));
                }
                self.file.talks.push(talk);
            }
            (None, _) => self.file.passed_over.push(format!("{name}: it has no start that can be read")),
            (_, None) => self.file.passed_over.push(format!("{name}: it has no duration that can be read")),
            _ => self.file.passed_over.push(format!("{name}: it has no title")),
        }
    }
}

impl Draft {
    fn set(&mut self, field: &str, text: String) {
        let talk = &mut self.talk;
        match field {
            "date" => self.date = Some(text),
            "start" => self.start = Some(text),
            "duration" => self.duration = Some(text),
            "description" => self.description = Some(text),
            "title" => talk.title = text,
            "subtitle" => talk.subtitle = Some(text),
            "abstract" => talk.summary = Some(text),
            "track" => talk.track = Some(text),
            "language" => talk.lang = Some(text),
            "url" => talk.url = Some(text),
            "room" => talk.room = text,
            "person" => talk.speakers.push(Speaker { name: text, handles: Vec::new() }),
            _ => {}
        }
    }
}

fn char_reference(name: &str) -> Option<char> {
    let number = name.strip_prefix('#')?;
    let code = match number.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16).ok()?,
        None => number.parse().ok()?,
    };
    char::from_u32(code).filter(|c| !c.is_control() || c.is_whitespace())
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"<?xml version="1.0"?><schedule><version>2.1</version><conference><title>Kiln &amp; Co</title></conference>
      <day index="1" date="2026-06-01"><room name="Main hall">
        <event id="1" guid="g1"><date>2026-06-01T09:30:00+02:00</date><start>09:30</start><duration>00:45</duration>
          <title>A &#8220;quoted&#8221; title</title><persons><person id="5">Ana</person><person>Bo</person></persons></event>
        <event id="2"><start>00:30</start><duration>1:00</duration><title>Night</title><room>Cellar</room></event>
        <event id="3"><title>Lost</title></event></room></day></schedule>"#;

    #[test]
    fn talks_are_read_old_dialects_included() {
        let zone = TimeZone::get("Europe/Brussels").unwrap();
        let file = parse(FILE.as_bytes(), &zone).unwrap();
        assert_eq!((file.version.as_str(), file.title.as_deref()), ("2.1", Some("Kiln & Co")));
        assert_eq!(file.talks[0].title, "A “quoted” title");
        assert_eq!(file.talks[0].speakers.iter().map(|s| s.name.as_str()).collect::<Vec<_>>(), ["Ana", "Bo"]);
        assert_eq!((file.talks[1].room.as_str(), file.talks[1].day.as_str()), ("Cellar", "2026-06-01"));
        assert_eq!(file.talks[1].start.timestamp().to_string(), "2026-06-01T22:30:00Z");
        assert_eq!(file.passed_over.len(), 1);
    }

    #[test]
    fn entities_are_not_expanded() {
        let bomb = "<!DOCTYPE s [<!ENTITY a \"aaaa\">]><schedule><version>&a;</version></schedule>";
        assert_eq!(parse(bomb.as_bytes(), &TimeZone::UTC).unwrap().version, "");
    }
}
