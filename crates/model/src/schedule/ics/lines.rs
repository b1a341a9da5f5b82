//! Content lines of RFC 5545, section 3.1: unfolded as octets (a fold may stand within a letter), cut into name, parameters and
//! value, and read leniently: blank lines, blanks around names, doubled semicolons, zone names with colons that nobody quoted.

use crate::schedule::text;

/// Bytes of an unfolded line at most; what comes behind is left out.
const LINE_BYTES_MAX: usize = 512 * 1024;
/// Parameters of a line at most.
const PARAMETERS_MAX: usize = 64;

/// A content line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Line {
    /// The line of the file that it begins on.
    pub(super) number: usize,
    /// In capitals.
    pub(super) name: String,
    /// Names in capitals, values without quotes.
    pub(super) parameters: Vec<(String, String)>,
    /// As it stands: not unescaped.
    pub(super) value: String,
}

impl Line {
    /// The first parameter of a name.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        let found = self.parameters.iter().find(|(own, _)| own == name);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// The value as text, its escapes undone.
    pub(super) fn text(&self) -> String {
        unescaped(&self.value)
    }

    /// The values of a list of texts.
    pub(super) fn list(&self) -> Vec<String> {
        let (mut parts, mut from, mut is_escaped) = (Vec::new(), 0, false);
        for (at, c) in self.value.char_indices() {
            if c == ',' && !is_escaped {
                parts.push(&self.value[from..at]);
                from = at + 1;
            }
            is_escaped = c == '\\' && !is_escaped;
        }
        parts.push(&self.value[from..]);
        parts
            .into_iter()
            .map(|part| unescaped(part).trim().to_owned())
            .filter(|part| !part.is_empty())
            .collect()
    }

    /// A line from its text; none when it is no content line.
    pub(super) fn cut(number: usize, whole: &str) -> Option<Self> {
        let end = whole.find([';', ':'])?;
        let name = whole[..end].trim().to_ascii_uppercase();
        if name.is_empty() {
            return None;
        }
        let (parameters, value) = parameters(&whole[end..])?;
        let mut line = Self { number, name, parameters, value: value.trim().to_owned() };
        if matches!(line.name.as_str(), "DTSTART" | "DTEND" | "RECURRENCE-ID" | "EXDATE" | "RDATE") {
            line.mend_zone();
        } else if line.parameter("ENCODING").is_some_and(|e| e.eq_ignore_ascii_case("quoted-printable")) {
            line.value = quoted_printable(&line.value);
        }
        Some(line)
    }

    /// `TZID=(UTC+01:00) Berlin:20260601T100000`, without quotes: a moment holds no colon, so all before the last is the zone.
    fn mend_zone(&mut self) {
        let Some((behind, value)) = self.value.rsplit_once(':') else { return };
        if let Some((_, zone)) = self.parameters.iter_mut().find(|(name, _)| name == "TZID") {
            *zone = format!("{zone}:{behind}");
            self.value = value.to_owned();
        }
    }
}

/// The parameters, and the value behind the first colon outside of quotes.
fn parameters(rest: &str) -> Option<(Vec<(String, String)>, &str)> {
    let mut found = Vec::new();
    let (mut from, mut is_quoted) = (1, false);
    if let Some(value) = rest.strip_prefix(':') {
        return Some((found, value));
    }
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            '"' => is_quoted = !is_quoted,
            ';' | ':' if !is_quoted => {
                if let Some((name, value)) = rest[from..at].split_once('=') {
                    let value = value.trim().trim_matches('"').to_owned();
                    if found.len() < PARAMETERS_MAX {
                        found.push((name.trim().to_ascii_uppercase(), value));
                    }
                }
                from = at + 1;
                if c == ':' {
                    return Some((found, &rest[from..]));
                }
            }
            _ => {}
        }
    }
    None
}

fn unescaped(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        match (c, c == '\\') {
            (_, true) => match chars.next() {
                Some('n' | 'N') => out.push('\n'),
                Some(other) => out.push(other),
                None => {}
            },
            _ => out.push(c),
        }
    }
    out
}

/// vCalendar 1.0's way to write letters beyond ASCII.
fn quoted_printable(value: &str) -> String {
    let bytes = value.as_bytes();
    let (mut out, mut at) = (Vec::with_capacity(bytes.len()), 0);
    while at < bytes.len() {
        let hex = bytes.get(at + 1..at + 3).and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()).filter(|_| bytes[at] == b'=') {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    text::guessed(&out).text.into_owned()
}

/// The unfolded lines of a file, each with the line of the file that it begins on; blank ones are left out.
pub(super) fn unfolded(bytes: &[u8]) -> impl Iterator<Item = (usize, String)> {
    let mut physical = physical(bytes).peekable();
    std::iter::from_fn(move || {
        let (number, first) = physical.by_ref().find(|(_, line)| !line.trim_ascii().is_empty())?;
        let mut whole = first[..first.len().min(LINE_BYTES_MAX)].to_vec();
        let goes_on = |line: &[u8]| line.is_empty() || line.starts_with(b" ") || line.starts_with(b"\t");
        while let Some((_, line)) = physical.next_if(|(_, line)| goes_on(line)) {
            let room = LINE_BYTES_MAX - whole.len();
            let line = line.get(1..).unwrap_or_default();
            whole.extend_from_slice(&line[..line.len().min(room)]);
        }
        Some((number, text::guessed(&whole).text.into_owned()))
    })
}

/// Lines as they stand, whatever they end with, counted from one.
fn physical(bytes: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    // A file of an old Mac ends its lines with CR alone.
    let end = if bytes.contains(&b'\n') { b'\n' } else { b'\r' };
    bytes.split(move |b| *b == end).enumerate().map(|(i, line)| {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        (i + 1, line.strip_suffix(b"\r").unwrap_or(line))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> Line {
        Line::cut(1, text).unwrap()
    }

    #[test]
    fn folds_are_undone_within_letters_and_across_blank_lines() {
        let bytes = b"SUMMARY:K\xc3\r\n \xb6nig\r\n\r\nDESCRIPTION\n\n :a\n\t b\nX\n";
        let all: Vec<_> = unfolded(bytes).collect();
        let expected = [(1, "SUMMARY:König"), (4, "DESCRIPTION:a b"), (8, "X")];
        assert_eq!(all, expected.map(|(n, text)| (n, text.to_owned())));
        assert_eq!(unfolded(b"A:1\rB:2").count(), 2);
        let long = [b"A:".as_slice(), &vec![b'x'; 2 * LINE_BYTES_MAX]].concat();
        assert_eq!(unfolded(&long).next().unwrap().1.len(), LINE_BYTES_MAX);
    }

    #[test]
    fn names_parameters_and_values_are_cut_leniently() {
        let attendee = line("attendee;CN=\"A; B: C\";role=CHAIR:mailto:a@b.example");
        assert_eq!((attendee.name.as_str(), attendee.value.as_str()), ("ATTENDEE", "mailto:a@b.example"));
        assert_eq!((attendee.parameter("CN"), attendee.parameter("ROLE")), (Some("A; B: C"), Some("CHAIR")));
        assert_eq!(line("DTSTART;;VALUE=DATE-TIME:20140409T093000").value, "20140409T093000");
        let zone = line("DTSTART;TZID=(UTC+01:00) Berlin, Bern:20140409T093000");
        assert_eq!(
            (zone.parameter("TZID"), zone.value.as_str()),
            (Some("(UTC+01:00) Berlin, Bern"), "20140409T093000")
        );
        assert_eq!(line("REFRESH - INTERVAL; VALUE = DURATION:PT48H").parameter("VALUE"), Some("DURATION"));
        assert_eq!(line("SUMMARY;ENCODING=QUOTED-PRINTABLE:K=C3=B6nig =").text(), "König =");
        for no_line in ["X", "X-APPLE-RADIUS=49", "ORGANIZER;CN=A", ":x", ""] {
            assert_eq!(Line::cut(1, no_line), None, "{no_line}");
        }
    }

    #[test]
    fn escapes_are_undone_and_lists_cut_at_bare_commas() {
        assert_eq!(line("SUMMARY:a\\, b\\; c\\\\n\\Nd\\").text(), "a, b; c\\n\nd");
        assert_eq!(line("CATEGORIES:a\\, b,c,,").list(), ["a, b", "c"]);
    }
}
