//! A `VEVENT` as its lines say it, before its times are known and its repetitions drawn.

use super::lines::Line;
use crate::schedule::FoundTalk;
use crate::schedule::pretalx;
use crate::talk::Speaker;

/// Values of one kind that an event may have: attendees, dates.
const VALUES_MAX: usize = 2_000;

/// A `VEVENT`.
#[derive(Debug, Default)]
pub(super) struct Event {
    /// The line of its `BEGIN`.
    pub(super) line: usize,
    pub(super) uid: String,
    pub(super) recurrence: Option<Line>,
    pub(super) start: Option<Line>,
    pub(super) end: Option<Line>,
    pub(super) duration: Option<Line>,
    pub(super) rules: Vec<Line>,
    pub(super) dates: Vec<Line>,
    pub(super) exceptions: Vec<Line>,
    /// How often it was revised, and when: the greatest is the newest.
    pub(super) revision: (u64, String, String),
    pub(super) is_cancelled: bool,
    pub(super) organizer: Option<String>,
    /// True when pretalx wrote the calendar.
    pub(super) is_pretalx: bool,
    pub(super) talk: FoundTalk,
    pub(super) description: Option<String>,
}

impl Event {
    /// Takes a property; the first of those that may stand once.
    pub(super) fn set(&mut self, line: Line) {
        let talk = &mut self.talk;
        match line.name.as_str() {
            "UID" => self.uid = line.text(),
            "RECURRENCE-ID" => self.recurrence = self.recurrence.take().or(Some(line)),
            "DTSTART" => self.start = self.start.take().or(Some(line)),
            "DTEND" => self.end = self.end.take().or(Some(line)),
            "DURATION" => self.duration = self.duration.take().or(Some(line)),
            "RRULE" => push(&mut self.rules, line),
            "RDATE" => push(&mut self.dates, line),
            "EXDATE" => push(&mut self.exceptions, line),
            "SEQUENCE" => self.revision.0 = line.value.parse().unwrap_or(0),
            "LAST-MODIFIED" => self.revision.1 = line.value,
            "DTSTAMP" => self.revision.2 = line.value,
            "STATUS" => self.is_cancelled = line.value.eq_ignore_ascii_case("cancelled"),
            "SUMMARY" => {
                talk.lang = line.parameter("LANGUAGE").map(str::to_owned);
                talk.title = line.text();
            }
            "DESCRIPTION" => self.description = Some(line.text()),
            "LOCATION" => talk.room = line.text(),
            "URL" => talk.url = Some(line.value),
            "CATEGORIES" => talk.track = talk.track.take().or_else(|| line.list().into_iter().next()),
            "ATTENDEE" => {
                let is_thing = |kind: &str| matches!(kind.to_ascii_uppercase().as_str(), "ROOM" | "RESOURCE");
                if !line.parameter("CUTYPE").is_some_and(is_thing) {
                    self.speak(line.parameter("CN").unwrap_or_default());
                }
            }
            "ORGANIZER" => self.organizer = line.parameter("CN").map(str::to_owned),
            "X-TALK-SUBTITLE" => talk.subtitle = Some(line.text()),
            "X-TALK-ABSTRACT" => talk.summary = Some(line.text()),
            "X-TALK-CODE" => talk.code = Some(line.text()),
            "X-TALK-ID" => talk.native = Some(line.text()),
            "X-ALT-DESC" => {}
            name if name.starts_with("X-") && name.ends_with("SPEAKERS") => {
                line.list().iter().for_each(|name| self.speak(name));
            }
            name if name.starts_with("X-") && (name.ends_with("SPEAKER") || name.ends_with("PRESENTER")) => {
                self.speak(&line.text());
            }
            _ => {}
        }
    }

    fn speak(&mut self, name: &str) {
        let name = name.trim();
        let speakers = &mut self.talk.speakers;
        if !name.is_empty() && speakers.len() < VALUES_MAX && speakers.iter().all(|s| s.name != name) {
            speakers.push(Speaker { name: name.to_owned(), handles: Vec::new() });
        }
    }

    pub(super) fn title(&self) -> &str {
        self.talk.title.trim()
    }

    /// The talk without its times. In pretalx's calendars the summary holds title and speakers.
    pub(super) fn talk(&self, is_organizer_speaker: bool) -> FoundTalk {
        let mut talk = self.talk.clone();
        let own = self.description.clone();
        talk.summary = talk.summary.or(own);
        talk.code = talk.code.or_else(|| talk.url.as_deref().and_then(pretalx::code_in));
        if self.is_pretalx {
            talk.code = talk.code.or_else(|| code_in_uid(&self.uid));
            split_summary(&mut talk);
        }
        if talk.speakers.is_empty() && is_organizer_speaker {
            talk.speakers.extend(self.organizer.clone().map(speaker));
        }
        if talk.speakers.is_empty() {
            talk.speakers = named_in(talk.summary.as_deref().unwrap_or_default());
        }
        talk
    }
}

fn push(lines: &mut Vec<Line>, line: Line) {
    if lines.len() < VALUES_MAX {
        lines.push(line);
    }
}

fn speaker(name: String) -> Speaker {
    Speaker { name, handles: Vec::new() }
}

/// pretalx: `pretalx-event-ABC123@host`.
fn code_in_uid(uid: &str) -> Option<String> {
    let name = uid.split('@').next()?.strip_prefix("pretalx-")?;
    name.split('-').rev().find(|part| pretalx::is_code(part)).map(str::to_owned)
}

/// pretalx: `Title - First Speaker, Second Speaker`; the title may hold ` - ` too, names do not.
fn split_summary(talk: &mut FoundTalk) {
    let Some((title, names)) =
        talk.title.rsplit_once(" - ").or_else(|| Some((talk.title.strip_suffix(" -")?, "")))
    else {
        return;
    };
    if talk.speakers.is_empty() {
        let names = names.split(", ").map(str::trim).filter(|name| !name.is_empty());
        talk.speakers = names.map(|name| speaker(name.to_owned())).collect();
    }
    talk.title = title.trim().to_owned();
}

/// Words before a colon that say who speaks, in the first or the last line of a description.
const SPEAK_WORDS: [&str; 16] = [
    "speaker",
    "speakers",
    "speaker(s)",
    "presenter",
    "presenters",
    "presented by",
    "by",
    "von",
    "referent",
    "referentin",
    "referenten",
    "vortragende",
    "intervenant",
    "intervenants",
    "relatore",
    "relatori",
];
/// A name is not longer than this, in characters.
const NAME_CHARS_MAX: usize = 60;

/// The speakers whom a description names in a line of their own: `Speakers: Ana, Bo`.
fn named_in(description: &str) -> Vec<Speaker> {
    let mut lines = description.lines().map(str::trim).filter(|line| !line.is_empty());
    let (first, last) = (lines.next(), lines.next_back());
    let named = [first, last].into_iter().flatten().find_map(|line| {
        let (word, names) = line.split_once(':')?;
        SPEAK_WORDS.contains(&word.trim().to_lowercase().as_str()).then_some(names)
    });
    let names = named.unwrap_or_default().split([',', ';', '&']).flat_map(|part| part.split(" and "));
    let names =
        names.map(str::trim).filter(|name| !name.is_empty() && name.chars().count() <= NAME_CHARS_MAX);
    names.map(|name| speaker(name.to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(lines: &[&str]) -> Event {
        let mut event = Event::default();
        lines.iter().for_each(|line| event.set(Line::cut(1, line).unwrap()));
        event
    }

    fn names(talk: &FoundTalk) -> Vec<&str> {
        talk.speakers.iter().map(|s| s.name.as_str()).collect()
    }

    #[test]
    fn pretalx_says_the_speakers_behind_the_title() {
        let read = |summary: &str| {
            let event = event(&["UID:pretalx-my-conf-AB12CD@h.example", summary]);
            Event { is_pretalx: true, ..event }.talk(false)
        };
        let talk = read("SUMMARY:Birds - a count - Ana Ã\\, Bo");
        assert_eq!((talk.title.as_str(), names(&talk)), ("Birds - a count", vec!["Ana Ã", "Bo"]));
        assert_eq!(talk.code.as_deref(), Some("AB12CD"));
        let alone = read("SUMMARY:Opening - ");
        assert_eq!((alone.title.as_str(), alone.speakers.len()), ("Opening", 0));
    }

    #[test]
    fn speakers_are_attendees_organizers_or_named_in_the_description() {
        let attends = event(&[
            "ATTENDEE;CN=\"Ana\":invalid:nomail",
            "ATTENDEE;CUTYPE=ROOM;CN=Hall:x",
            "DESCRIPTION:von: Bo\\n\\nText",
        ]);
        assert_eq!(names(&attends.talk(true)), ["Ana"]);
        let organizes = event(&["ORGANIZER;CN=Cy:MAILTO:info@o.example", "DESCRIPTION:Text"]);
        assert_eq!(names(&organizes.talk(true)), ["Cy"]);
        assert_eq!(names(&organizes.talk(false)), [""; 0]);
        let says = event(&["DESCRIPTION:Speakers: Ana\\, Bo and Cy\\nAbout a thing: with care"]);
        assert_eq!(names(&says.talk(false)), ["Ana", "Bo", "Cy"]);
        assert_eq!(names(&event(&["DESCRIPTION:About: a thing"]).talk(false)), [""; 0]);
        assert_eq!(names(&event(&["X-MY-SPEAKERS:Ana\\, PhD,Bo"]).talk(false)), ["Ana, PhD", "Bo"]);
    }
}
