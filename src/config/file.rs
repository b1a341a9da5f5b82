//! `perihelion.toml` as a flat list of dotted keys, each with its value's text, shape and line.

use toml::de::{DeTable, DeValue};

use super::settings::Problem;

/// What a value looks like in the file; the environment knows only text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Text,
    Integer,
    Boolean,
    /// A list of strings.
    List,
    /// Anything that no setting takes.
    Other(&'static str),
}

/// A section without keys: harmless when it is one of ours.
pub(super) const EMPTY_SECTION: Shape = Shape::Other("a section");

/// One `key = value` of the file.
#[derive(Debug, Clone)]
pub(super) struct FileValue {
    /// With its section: `halley.listen`.
    pub(super) key: String,
    /// The value's words; a list's elements joined by commas.
    pub(super) text: String,
    pub(super) shape: Shape,
    /// 1-based.
    pub(super) line: usize,
}

/// Reads the file's text. A syntax error names its line, never the line's words, which may be a secret.
pub(super) fn parse(text: &str) -> Result<Vec<FileValue>, Vec<Problem>> {
    let line_of = |at: usize| text[..at.min(text.len())].matches('\n').count() + 1;
    let table = DeTable::parse(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        vec![Problem::new(format!("line {} is not TOML: {}", line_of(at), error.message()))]
    })?;
    let mut values = Vec::new();
    flatten("", table.get_ref(), &line_of, &mut values);
    values.sort_by_key(|value| value.line);
    Ok(values)
}

fn flatten(prefix: &str, table: &DeTable<'_>, line_of: &impl Fn(usize) -> usize, into: &mut Vec<FileValue>) {
    for (key, value) in table {
        let key_path = format!("{prefix}{}", key.get_ref());
        if let DeValue::Table(inner) = value.get_ref() {
            flatten(&format!("{key_path}."), inner, line_of, into);
            if inner.is_empty() {
                let line = line_of(key.span().start);
                into.push(FileValue { key: key_path, text: String::new(), shape: EMPTY_SECTION, line });
            }
            continue;
        }
        let (text, shape) = text_and_shape(value.get_ref());
        into.push(FileValue { key: key_path, text, shape, line: line_of(key.span().start) });
    }
}

fn text_and_shape(value: &DeValue<'_>) -> (String, Shape) {
    match value {
        DeValue::String(text) => (text.to_string(), Shape::Text),
        DeValue::Integer(number) if number.radix() == 10 => {
            (number.as_str().replace('_', ""), Shape::Integer)
        }
        DeValue::Boolean(is_on) => (is_on.to_string(), Shape::Boolean),
        DeValue::Array(elements) => {
            let texts: Option<Vec<&str>> =
                elements.iter().map(|element| element.get_ref().as_str()).collect();
            match texts {
                Some(texts) => (texts.join(","), Shape::List),
                None => (String::new(), Shape::Other("list of other things than strings")),
            }
        }
        other => (String::new(), Shape::Other(other.type_str())),
    }
}
