//! frab / pretalx `schedule.xml` and its ancestor Pentabarf: `schedule/day/room/event`.

use super::collect::{Collect, Draft};
use super::moment::{Clock, TURN, date, length, length_or_minutes, turn};
use super::xml::{self, Tag};
use super::{BadSchedule, FoundTalk, ScheduleFile, pretalx};
use crate::talk::Speaker;
use jiff::tz::TimeZone;

pub(super) fn parse(text: &str, zone: &TimeZone) -> Result<ScheduleFile, BadSchedule> {
    let mut walk = Walk {
        collect: Collect::default(),
        venue: zone.clone(),
        clock: Clock::venue(zone),
        turn: TURN,
        day: Day::default(),
        room: String::new(),
        draft: None,
    };
    xml::walk(text, &mut walk)?;
    walk.collect.done()
}

/// An event under way.
#[derive(Default)]
struct Event {
    line: usize,
    talk: FoundTalk,
    date: Option<String>,
    start: Option<String>,
    end: Option<String>,
    duration: Option<String>,
    description: Option<String>,
}

/// A day under way.
#[derive(Default)]
struct Day {
    date: Option<String>,
    turn: Option<i64>,
}

struct Walk {
    collect: Collect,
    venue: TimeZone,
    clock: Clock,
    /// The file's `day_change`; a day's own `start` comes before it.
    turn: i64,
    day: Day,
    room: String,
    draft: Option<Event>,
}

impl xml::Walk for Walk {
    fn open(&mut self, _path: &[String], name: &str, tag: &Tag<'_>) {
        match name {
            "event" => {
                let talk = FoundTalk {
                    guid: tag.attribute("guid"),
                    code: tag.attribute("code"),
                    native: tag.attribute("id"),
                    room: self.room.clone(),
                    ..FoundTalk::default()
                };
                self.draft = Some(Event { line: tag.line, talk, ..Event::default() });
            }
            "day" if self.draft.is_none() => {
                let turn = tag.attribute("start").and_then(|start| turn(&start));
                self.day = Day { date: tag.attribute("date"), turn };
            }
            "room" if self.draft.is_none() => self.room = tag.attribute("name").unwrap_or_default(),
            _ => {}
        }
    }

    fn close(&mut self, path: &[String], name: &str, text: &str) -> Result<(), BadSchedule> {
        let parent = path.last().map(String::as_str);
        match (&mut self.draft, parent, name) {
            (Some(_), _, "event") => return self.finish(),
            (Some(event), Some("event" | "persons"), field) if !text.is_empty() => event.set(field, text),
            (None, Some("schedule"), "version") => self.collect.set_version(text),
            (None, Some("conference"), "title") => self.collect.set_title(text),
            (None, Some("conference"), "day_change") => self.turn = length(text).unwrap_or(self.turn),
            (None, Some("conference"), "time_zone_name") => {
                self.clock = Clock::of_file(Some(text), "conference/time_zone_name", &self.venue);
            }
            _ => {}
        }
        Ok(())
    }
}

impl Walk {
    fn finish(&mut self) -> Result<(), BadSchedule> {
        let Some(event) = self.draft.take() else { return Ok(()) };
        let Event { line, mut talk, date: own, start, end, duration, description } = event;
        let place = format!("line {line}");
        talk.code = talk.code.or_else(|| talk.url.as_deref().and_then(pretalx::code_in));
        let turn = self.day.turn.unwrap_or(self.turn);
        let start = self.clock.start(own.as_deref(), start.as_deref(), self.day.date.as_deref(), turn);
        let end = match (&start, duration, end) {
            (Ok(start), Some(said), _) => {
                Some(length_or_minutes(&said, talk.code.is_some()).map(|length| start.at.plus(length)))
            }
            (Ok(start), None, Some(end)) => Some(self.clock.end(&end, start.at)),
            _ => None,
        };
        talk.summary = talk.summary.or(description);
        talk.day = self.day.date.clone().filter(|day| date(day).is_some()).unwrap_or_default();
        self.collect.add(Draft { place, talk, start: Some(start), end })
    }
}

impl Event {
    fn set(&mut self, field: &str, text: &str) {
        let talk = &mut self.talk;
        let own = || Some(text.to_owned());
        match field {
            "date" => self.date = own(),
            "start" => self.start = own(),
            "end" => self.end = own(),
            "duration" => self.duration = own(),
            "description" => self.description = own(),
            "title" => text.clone_into(&mut talk.title),
            "subtitle" => talk.subtitle = own(),
            "abstract" => talk.summary = own(),
            "track" => talk.track = own(),
            "language" => talk.lang = own(),
            "url" | "full_conf_url" => talk.url = own(),
            "room" => text.clone_into(&mut talk.room),
            "person" => talk.speakers.push(Speaker { name: text.to_owned(), handles: Vec::new() }),
            _ => {}
        }
    }
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

    fn read(text: &str) -> ScheduleFile {
        parse(text, &TimeZone::get("Europe/Brussels").unwrap()).unwrap()
    }

    #[test]
    fn talks_are_read_old_dialects_included() {
        let file = read(FILE);
        assert_eq!((file.version.as_str(), file.title.as_deref()), ("2.1", Some("Kiln & Co")));
        assert_eq!(file.talks[0].title, "A “quoted” title");
        assert_eq!(file.talks[0].speakers.iter().map(|s| s.name.as_str()).collect::<Vec<_>>(), ["Ana", "Bo"]);
        assert_eq!((file.talks[1].room.as_str(), file.talks[1].day.as_str()), ("Cellar", "2026-06-01"));
        assert_eq!(file.talks[1].start.timestamp().to_string(), "2026-06-01T22:30:00Z");
        assert_eq!(file.passed_over, ["line 6, Lost: it has no start that can be read"]);
    }

    #[test]
    fn a_day_says_itself_when_it_begins() {
        let day = |head: &str| {
            let event = "<room name=\"R\"><event><start>05:00</start><duration>1:00</duration><title>Early</title></event></room>";
            let file = format!("<schedule>{head}{event}</day></schedule>");
            read(&file).talks[0].start.timestamp().to_string()
        };
        assert_eq!(day("<day date=\"2026-06-01\">"), "2026-06-02T03:00:00Z");
        assert_eq!(
            day("<day date=\"2026-06-01\" start=\"2026-06-01T04:00:00+02:00\">"),
            "2026-06-01T03:00:00Z"
        );
        let change = "<conference><day_change>00:00</day_change></conference><day date=\"2026-06-01\">";
        assert_eq!(day(change), "2026-06-01T03:00:00Z");
    }
}
