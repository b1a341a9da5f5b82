//! From the text of an event.toml to the file, with a line for everything that is wrong. A wrong key or value is noted and
//! taken out, and the rest is read on, so that one run tells of all of them.

use super::bad::{BadEvent, PROBLEMS_MAX, Problem};
use super::{EventFile, check};
use serde::Deserialize;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue, Deserializer, Error};

/// Where things stand in an event.toml.
#[derive(Debug)]
pub struct Places<'t> {
    text: &'t str,
    table: Spanned<DeTable<'t>>,
}

impl<'t> Places<'t> {
    /// Of a text that is TOML.
    ///
    /// # Errors
    /// Everything that is not TOML in it.
    pub fn of(text: &'t str) -> Result<Self, BadEvent> {
        let (table, errors) = DeTable::parse_recoverable(text);
        let problems = errors.iter().map(|error| problem(text, error)).collect();
        BadEvent::refuse(problems).map(|()| Self { text, table })
    }

    /// The line of a key of the file itself; 1 where it has no such key.
    #[must_use]
    pub fn line_of(&self, key: &str) -> usize {
        self.table.get_ref().iter().find(|(k, _)| k.get_ref() == key).map_or(1, |(k, _)| self.line(k.span()))
    }

    /// The line of a key in the n-th `[[list]]`; that of its heading where it has no such key.
    #[must_use]
    pub fn line_in(&self, list: &str, n: usize, key: &str) -> usize {
        let table = self.table.get_ref().iter().find(|(k, _)| k.get_ref() == list);
        let Some(one) = table.and_then(|(_, value)| value.get_ref().get(n)) else {
            return self.line_of(list);
        };
        let found = one.get_ref().as_table().and_then(|t| t.iter().find(|(k, _)| k.get_ref() == key));
        self.line(found.map_or_else(|| one.span(), |(k, _)| k.span()))
    }

    fn line(&self, span: Range<usize>) -> usize {
        line(self.text, span.start)
    }
}

fn line(text: &str, at: usize) -> usize {
    text.as_bytes()[..at.min(text.len())].iter().filter(|b| **b == b'\n').count() + 1
}

/// What is wrong there, never its words: somebody may have written a token into it.
fn problem(text: &str, error: &Error) -> Problem {
    let line = line(text, error.span().map_or(0, |span| span.start));
    Problem { line, what: without_words(error.message().trim_end()).replace('\n', ", ") }
}

/// What serde says of a value, without the value.
fn without_words(message: &str) -> String {
    for (begins, instead) in [
        ("invalid type: string ", "this is text where something else belongs"),
        ("invalid value: string ", "this text cannot be"),
        ("unknown variant ", "this value is unknown"),
    ] {
        if message.starts_with(begins) {
            let wanted = message.rfind(", expected ").map_or("", |at| &message[at..]);
            return format!("{instead}{wanted}");
        }
    }
    message.to_owned()
}

/// Reads and checks an event.toml.
pub(super) fn read(text: &str) -> Result<EventFile, BadEvent> {
    let (file, problems) = inspect(text);
    BadEvent::refuse(problems)?;
    file.ok_or_else(|| BadEvent(vec![Problem { line: 1, what: "this is no event.toml".to_owned() }]))
}

pub(super) fn inspect(text: &str) -> (Option<EventFile>, Vec<Problem>) {
    let places = match Places::of(text) {
        Ok(places) => places,
        Err(bad) => return (None, bad.0),
    };
    let (file, mut problems) = read_on(text, places.table.clone());
    if let Some(file) = &file {
        let told: Vec<usize> = problems.iter().map(|problem| problem.line).collect();
        let more = check::problems(file, &places);
        problems.extend(more.into_iter().filter(|problem| !told.contains(&problem.line)));
    }
    (file, problems)
}

/// Reads a table, taking out what cannot be read.
fn read_on(text: &str, mut table: Spanned<DeTable<'_>>) -> (Option<EventFile>, Vec<Problem>) {
    let mut problems = Vec::new();
    while problems.len() < PROBLEMS_MAX {
        match EventFile::deserialize(Deserializer::from(table.clone())) {
            Ok(file) => return (Some(file), problems),
            Err(error) => {
                problems.push(problem(text, &error));
                let is_out = error.span().is_some_and(|span| take_out(table.get_mut(), &span));
                if !is_out {
                    break;
                }
            }
        }
    }
    (None, problems)
}

/// Takes the innermost key out whose name or value holds this place. False when there is none.
fn take_out(table: &mut DeTable<'_>, span: &Range<usize>) -> bool {
    let holds = |outer: Range<usize>| outer.start <= span.start && span.end <= outer.end;
    let found =
        table.iter().find(|(key, value)| holds(key.span()) || holds(value.span()) || inside(value, span));
    let Some((key, is_key)) = found.map(|(key, _)| (key.clone(), holds(key.span()))) else { return false };
    let is_inner = !is_key && table.get_mut(&key).is_some_and(|value| take_out_of(value.get_mut(), span));
    is_inner || table.remove(&key).is_some()
}

fn take_out_of(value: &mut DeValue<'_>, span: &Range<usize>) -> bool {
    match value {
        DeValue::Table(table) => take_out(table, span),
        DeValue::Array(array) => array.iter_mut().any(|one| take_out_of(one.get_mut(), span)),
        _ => false,
    }
}

/// Whether a place lies in a table below: the span of `[[source]]` is that of its heading only.
fn inside(value: &Spanned<DeValue<'_>>, span: &Range<usize>) -> bool {
    let holds = |outer: Range<usize>| outer.start <= span.start && span.end <= outer.end;
    match value.get_ref() {
        DeValue::Table(table) => {
            table.iter().any(|(key, value)| holds(key.span()) || holds(value.span()) || inside(value, span))
        }
        DeValue::Array(array) => array.iter().any(|one| holds(one.span()) || inside(one, span)),
        _ => false,
    }
}
