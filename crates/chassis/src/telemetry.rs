//! Logs: one line per event on standard error, as text for people or JSON for machines.
//!
//! Words from outside end up in logs, so no line can be split, coloured or rewritten by what it quotes: JSON escapes control
//! characters by itself, and the text form does it in the writer.

use std::io::{self, Write};

use tracing_subscriber::{EnvFilter, fmt::MakeWriter};

use crate::{Error, workers::Seat};

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// One readable line per event.
    Text,
    /// One JSON object per event.
    Json,
}

/// Starts logging for the whole process, at the levels of `filter` (`info`, or `info,halley=debug`). A second call changes nothing.
/// Each line of a worker says which one it is, since all of them write into one place.
///
/// # Errors
/// [`Error::Filter`] when the filter cannot be parsed.
pub fn init(format: Format, filter: &str, seat: Option<Seat>) -> Result<(), Error> {
    let levels = EnvFilter::try_new(filter)
        .map_err(|e| Error::Filter { filter: filter.to_owned(), reason: e.to_string() })?;
    let lines = tracing_subscriber::fmt().with_env_filter(levels).with_ansi(false).with_target(true);
    let installed = match format {
        Format::Text => lines.with_writer(OneLine { format, seat }).try_init(),
        Format::Json => lines.json().flatten_event(true).with_writer(OneLine { format, seat }).try_init(),
    };
    if installed.is_ok() {
        log_panics();
    }
    Ok(())
}

/// Panics become a log line like any other, so that they reach whoever reads the logs.
fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        let text = panic.payload_as_str().unwrap_or("a value that is not text");
        tracing::error!(
            panic.place = place,
            panic.text = text,
            "a task panicked; this is a bug in Perihelion"
        );
    }));
}

/// Makes writers that keep every event on one line.
struct OneLine {
    format: Format,
    seat: Option<Seat>,
}

impl<'a> MakeWriter<'a> for OneLine {
    type Writer = Line<io::Stderr>;

    fn make_writer(&'a self) -> Self::Writer {
        Line { to: io::stderr(), format: self.format, seat: self.seat }
    }
}

/// Makes an event one line of one worker. The subscriber writes each event with one call.
struct Line<W> {
    to: W,
    format: Format,
    seat: Option<Seat>,
}

impl<W: Write> Write for Line<W> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let made = match self.format {
            Format::Text => signed(&escape(line), self.seat),
            Format::Json => signed_json(&String::from_utf8_lossy(line), self.seat),
        };
        self.to.write_all(made.as_bytes())?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

fn signed(line: &str, seat: Option<Seat>) -> String {
    let (body, end) = line.strip_suffix('\n').map_or((line, ""), |body| (body, "\n"));
    seat.map_or_else(|| line.to_owned(), |seat| format!("{body} worker={}{end}", seat.number()))
}

fn signed_json(line: &str, seat: Option<Seat>) -> String {
    match (line.strip_prefix('{'), seat) {
        (Some(rest), Some(seat)) => format!("{{\"worker\":{},{rest}", seat.number()),
        _ => line.to_owned(),
    }
}

/// Escapes control characters (C0, DEL, C1) except the line's own end.
fn escape(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(line);
    let (body, end) = text.strip_suffix('\n').map_or((&*text, ""), |body| (body, "\n"));
    let mut safe = String::with_capacity(line.len());
    for c in body.chars() {
        if c.is_control() {
            safe.extend(c.escape_default());
        } else {
            safe.push(c);
        }
    }
    safe + end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_words_cannot_forge_a_line_or_a_colour() {
        let line = "INFO rejected text=\"a\r\nERROR forged \u{1b}[31mred\u{9b}0m\" naïve\n";
        let safe = escape(line.as_bytes());
        assert_eq!(safe, "INFO rejected text=\"a\\r\\nERROR forged \\u{1b}[31mred\\u{9b}0m\" naïve\n");
    }

    #[test]
    fn a_worker_signs_each_line_and_others_do_not() {
        let seat = Seat::all(2).last();
        let write = |format, seat, event: &str| {
            let mut line = Line { to: Vec::new(), format, seat };
            line.write_all(event.as_bytes()).expect("memory takes it");
            String::from_utf8(line.to).expect("text")
        };
        assert_eq!(write(Format::Text, seat, "INFO hello\n"), "INFO hello worker=2\n");
        assert_eq!(write(Format::Text, None, "INFO hello\n"), "INFO hello\n");
        assert_eq!(
            write(Format::Json, seat, "{\"level\":\"INFO\"}\n"),
            "{\"worker\":2,\"level\":\"INFO\"}\n"
        );
        assert_eq!(write(Format::Json, None, "{\"level\":\"INFO\"}\n"), "{\"level\":\"INFO\"}\n");
    }

    #[test]
    fn a_bad_filter_is_refused_with_an_example() {
        let error = init(Format::Text, "info,=[", None).expect_err("not a filter").to_string();
        assert!(error.contains("halley=debug"), "{error}");
    }
}
