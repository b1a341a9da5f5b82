//! Takes settings one by one from environment, file and defaults, and remembers where each came from.
//! Problems are collected, so that one start names all of them.

use std::fmt;

use super::file::{EMPTY_SECTION, FileValue, Shape};
use super::kinds::Kind;

/// Environment variables that override settings start with this: `PERIHELION_LIVE_URL` is `live.url`.
pub(super) const ENV_PREFIX: &str = "PERIHELION_";
/// A wrong key is taken for a slip of the pen up to this many letters.
const SLIPS_MAX: usize = 3;

/// One thing wrong with the settings, as a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem(String);

impl Problem {
    pub(super) fn new(sentence: impl Into<String>) -> Self {
        Self(sentence.into())
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "config: {}", self.0)
    }
}

/// One setting in force.
#[derive(Debug, Clone)]
pub(crate) struct Effective {
    pub(crate) key: &'static str,
    /// The value as it may be printed: secrets are masked.
    pub(crate) shown: String,
    pub(crate) origin: Origin,
}

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    Default,
    /// A line of the configuration file.
    File(usize),
    /// An environment variable.
    Environment(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(line) => write!(f, "line {line}"),
            Self::Environment(name) => write!(f, "${name}"),
        }
    }
}

/// The values not yet taken, and what has been learnt on the way.
pub(super) struct Settings {
    file: Vec<FileValue>,
    environment: Vec<(String, String)>,
    effective: Vec<Effective>,
    problems: Vec<Problem>,
}

impl Settings {
    pub(super) fn new(file: Vec<FileValue>, environment: Vec<(String, String)>) -> Self {
        Self { file, environment, effective: Vec::new(), problems: Vec::new() }
    }

    /// Takes one setting. A value that `kind` refuses becomes a problem, and the default stands in
    /// until [`Settings::finish`] reports it.
    pub(super) fn take<K: Kind>(&mut self, key: &'static str, kind: K, default: &str) -> K::Value {
        let name = env_name(key);
        let in_file = self.file.iter().position(|value| value.key == key);
        let from_file = in_file.map(|at| self.file.remove(at));
        let in_env = self.environment.iter().position(|(env, _)| *env == name);
        let from_env = in_env.map(|at| self.environment.remove(at));
        let (text, origin) = match (from_env, from_file) {
            (Some((name, text)), _) => (text, Origin::Environment(name)),
            (None, Some(value)) => {
                if value.shape != K::SHAPE {
                    let is = describe(value.shape);
                    self.refuse(key, &Origin::File(value.line), &format!("is {is}"), &kind);
                    return default_of(&kind, key, default);
                }
                (value.text, Origin::File(value.line))
            }
            (None, None) => (default.to_owned(), Origin::Default),
        };
        match kind.read(&text) {
            Some(value) => {
                self.effective.push(Effective { key, shown: kind.show(&text), origin });
                value
            }
            None => {
                let is = if K::IS_SECRET { "is not allowed".to_owned() } else { format!("is {text:?}") };
                self.refuse(key, &origin, &is, &kind);
                default_of(&kind, key, default)
            }
        }
    }

    /// What is in force, or everything that is wrong; keys nobody took are unknown.
    pub(super) fn finish(mut self) -> Result<Vec<Effective>, Vec<Problem>> {
        let known: Vec<&str> = self.effective.iter().map(|setting| setting.key).collect();
        let is_ours =
            |section: &str| known.iter().any(|key| key.split_once('.').is_some_and(|(s, _)| s == section));
        for value in self.file.iter().filter(|value| !(value.shape == EMPTY_SECTION && is_ours(&value.key))) {
            let hint = nearest(&value.key, known.iter().map(|key| (*key).to_owned()));
            self.problems.push(unknown("key", &value.key, &format!(" at line {}", value.line), hint));
        }
        for (name, _) in self.environment.iter().filter(|(name, _)| names_a_section(name, &known)) {
            let hint = nearest(name, known.iter().map(|key| env_name(key)));
            self.problems.push(unknown("variable", name, " in the environment", hint));
        }
        if self.problems.is_empty() { Ok(self.effective) } else { Err(self.problems) }
    }

    fn refuse<K: Kind>(&mut self, key: &str, origin: &Origin, is: &str, kind: &K) {
        let place = match origin {
            Origin::Default => String::new(),
            Origin::File(line) => format!(" at line {line}"),
            Origin::Environment(name) => format!(" from ${name}"),
        };
        self.problems.push(Problem::new(format!("\"{key}\"{place} {is}; allowed: {}", kind.allowed())));
    }
}

/// The environment variable that overrides a key.
fn env_name(key: &str) -> String {
    format!("{ENV_PREFIX}{}", key.replace('.', "_").to_uppercase())
}

/// Variables of other tools share our prefix; only those that open like a section are surely meant for us.
fn names_a_section(name: &str, known: &[&str]) -> bool {
    let sections = known.iter().filter_map(|key| key.split_once('.')).map(|(section, _)| env_name(section));
    sections.into_iter().any(|section| name.starts_with(&format!("{section}_")))
}

fn default_of<K: Kind>(kind: &K, key: &str, default: &str) -> K::Value {
    kind.read(default).unwrap_or_else(|| panic!("the default of {key} is one of its allowed values"))
}

fn describe(shape: Shape) -> &'static str {
    match shape {
        Shape::Text => "a string",
        Shape::Integer => "a whole number",
        Shape::Boolean => "true or false",
        Shape::List => "a list",
        Shape::Other(what) => what,
    }
}

fn unknown(what: &str, name: &str, place: &str, hint: Option<String>) -> Problem {
    let hint = hint.map(|hint| format!("; did you mean \"{hint}\"?")).unwrap_or_default();
    Problem::new(format!("unknown {what} \"{name}\"{place}{hint}"))
}

fn nearest(name: &str, known: impl Iterator<Item = String>) -> Option<String> {
    let measured = known.map(|candidate| (distance(name, &candidate), candidate));
    let (slips, candidate) = measured.min()?;
    (slips <= SLIPS_MAX).then_some(candidate)
}

/// Levenshtein's distance in characters.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}
