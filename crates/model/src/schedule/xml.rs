//! XML of any of the kinds we read: one walk over the file that knows where it stands, refuses declarations of entities, and
//! hands each element's text to the format that its first element names. Entities beyond XML's own five are never expanded.

use super::{BadSchedule, ScheduleFile, frab_xml, text, xcal};
use jiff::tz::TimeZone;
use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;

/// Elements within each other at most.
const DEPTH_MAX: usize = 64;

/// What a format makes of a file's elements.
pub(super) trait Walk {
    /// An element begins within those of `path`, its own name not among them.
    fn open(&mut self, path: &[String], name: &str, tag: &Tag<'_>);

    /// An element ends within those of `path`; `text` is what stood in it.
    ///
    /// # Errors
    /// [`BadSchedule::TooLarge`] when there are too many talks.
    fn close(&mut self, path: &[String], name: &str, text: &str) -> Result<(), BadSchedule>;
}

/// The beginning of an element.
pub(super) struct Tag<'a> {
    start: &'a BytesStart<'a>,
    /// The line that it stands on.
    pub(super) line: usize,
}

impl Tag<'_> {
    /// An attribute that is not empty.
    pub(super) fn attribute(&self, name: &str) -> Option<String> {
        let found = self.start.attributes().with_checks(false).flatten().find(|a| a.key.as_ref() == name)?;
        let raw = found.value.into_owned();
        let value =
            quick_xml::escape::unescape(&raw).map_or_else(|_| raw.clone(), std::borrow::Cow::into_owned);
        Some(value.trim().to_owned()).filter(|v| !v.is_empty())
    }
}

/// Reads a file by the name of its first element.
pub(super) fn parse(text: &str, zone: &TimeZone) -> Result<ScheduleFile, BadSchedule> {
    let root = root(text)?;
    match root.to_ascii_lowercase().as_str() {
        "schedule" => frab_xml::parse(text, zone),
        "icalendar" | "vcalendar" => xcal::parse(text, zone),
        "html" | "!doctype" => Err(BadSchedule::Unknown(
            "it is a web page; ask the organisers for the address of schedule.json, schedule.xml or the calendar"
                .into(),
        )),
        _ => Err(BadSchedule::Unknown(format!(
            "its first element is <{}>, which is neither a <schedule> nor an <iCalendar>",
            super::collect::plain(&root, 40)
        ))),
    }
}

/// The name of the first element, without its prefix.
fn root(text: &str) -> Result<String, BadSchedule> {
    let mut reader = Reader::from_str(text);
    loop {
        match reader.read_event() {
            Ok(Event::Start(tag) | Event::Empty(tag)) => return Ok(local(&tag)),
            Ok(Event::DocType(doctype)) => refuse_entities(&doctype, text, &reader)?,
            Ok(Event::Eof) => return Err(BadSchedule::Unknown("there is no element in this XML".into())),
            Ok(_) => {}
            Err(e) => return Err(broken(text, &reader, &e.to_string())),
        }
    }
}

fn local(tag: &BytesStart<'_>) -> String {
    let name = tag.name();
    let name: &str = name.as_ref();
    name.rsplit(':').next().unwrap_or_default().to_owned()
}

/// Entities that a file declares itself are how a kilobyte becomes gigabytes, and how a reader is made to open other files.
fn refuse_entities(doctype: &str, text: &str, reader: &Reader<&[u8]>) -> Result<(), BadSchedule> {
    if doctype.contains("<!") || doctype.contains('[') {
        let why =
            "the file declares entities in its DOCTYPE, which are not read; export it without a DOCTYPE";
        return Err(broken(text, reader, why));
    }
    Ok(())
}

fn broken(text: &str, reader: &Reader<&[u8]>, why: &str) -> BadSchedule {
    let place = usize::try_from(reader.error_position().max(reader.buffer_position())).unwrap_or(usize::MAX);
    let why = format!("line {}: {why}", text::line_of(text.as_bytes(), place));
    BadSchedule::Broken(super::collect::short(why))
}

/// Walks over all elements of a file.
///
/// # Errors
/// [`BadSchedule::Broken`] with the line, where the XML is broken or ends too early.
pub(super) fn walk(text: &str, to: &mut impl Walk) -> Result<(), BadSchedule> {
    let mut reader = Reader::from_str(text);
    let mut path: Vec<String> = Vec::new();
    let mut words = String::new();
    let mut lines = Lines { text: text.as_bytes(), at: 0, line: 1 };
    loop {
        let place = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
        match reader.read_event() {
            Err(e) => return Err(broken(text, &reader, &e.to_string())),
            Ok(Event::Eof) => break,
            Ok(Event::DocType(doctype)) => refuse_entities(&doctype, text, &reader)?,
            Ok(Event::Start(start)) => {
                let name = local(&start);
                to.open(&path, &name, &Tag { start: &start, line: lines.of(place) });
                path.push(name);
                words.clear();
                if path.len() > DEPTH_MAX {
                    let why = format!("elements are nested deeper than {DEPTH_MAX}");
                    return Err(broken(text, &reader, &why));
                }
            }
            Ok(Event::Empty(start)) => {
                let name = local(&start);
                to.open(&path, &name, &Tag { start: &start, line: lines.of(place) });
                to.close(&path, &name, "")?;
                words.clear();
            }
            Ok(Event::End(_)) => {
                if let Some(name) = path.pop() {
                    to.close(&path, &name, words.trim())?;
                }
                words.clear();
            }
            Ok(Event::Text(text)) => words.push_str(&text),
            Ok(Event::CData(text)) => words.push_str(&text),
            Ok(Event::GeneralRef(name)) => entity(&mut words, &name),
            Ok(_) => {}
        }
    }
    match path.last() {
        None => Ok(()),
        Some(open) => {
            let why = format!("the file ends within <{open}>: it was cut off; fetch it again");
            Err(broken(text, &reader, &why))
        }
    }
}

/// The line of a place that only moves forward.
struct Lines<'a> {
    text: &'a [u8],
    at: usize,
    line: usize,
}

impl Lines<'_> {
    fn of(&mut self, place: usize) -> usize {
        let place = place.min(self.text.len());
        if let Some(between) = self.text.get(self.at..place) {
            self.line += between.iter().filter(|b| **b == b'\n').count();
            self.at = place;
        }
        self.line
    }
}

/// One of XML's five, a character by its number; any other reference stays as it was written.
fn entity(words: &mut String, name: &str) {
    if let Some(known) = resolve_xml_entity(name) {
        words.push_str(known);
    } else if name.starts_with('#') {
        words.extend(char_reference(name));
    } else {
        words.push('&');
        words.push_str(name);
        words.push(';');
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

    fn why(text: &str) -> String {
        parse(text, &TimeZone::UTC).unwrap_err().to_string()
    }

    #[test]
    fn entities_are_refused_and_never_expanded() {
        let laughs = "<?xml version=\"1.0\"?>\n<!DOCTYPE schedule [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;&a;\">]><schedule><version>&b;</version></schedule>";
        assert!(why(laughs).contains("line 2: the file declares entities in its DOCTYPE"), "{}", why(laughs));
        let outside = "<!DOCTYPE s [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><schedule>&x;</schedule>";
        assert!(why(outside).contains("declares entities"));
        let mut words = String::new();
        for name in ["amp", "#233", "#x1F600", "nbsp", "#0"] {
            entity(&mut words, name);
        }
        assert_eq!(words, "&é😀&nbsp;");
    }

    #[test]
    fn what_is_broken_or_cut_off_is_named_by_its_line() {
        assert!(
            why("<schedule>\n<day>\n</schedule>").contains("line 3: "),
            "{}",
            why("<schedule>\n<day>\n</schedule>")
        );
        assert!(why("<schedule>\n<day>\n").contains("line 3: the file ends within <day>"));
        assert!(why(&"<schedule>".repeat(100)).contains("nested deeper"));
        assert!(why("<!DOCTYPE html><html><body>").contains("it is a web page"));
        assert!(why("<rss/>").contains("its first element is <rss>"));
        assert!(why("<!-- -->").contains("there is no element"));
    }
}
