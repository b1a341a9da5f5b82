//! The keys of supervisor.toml as they are written, and what is wrong with a file. What the values must be is in `check.rs`.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use serde::Deserialize;

/// One thing wrong with supervisor.toml, as a sentence with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem(String);

impl Problem {
    pub(super) fn at(file: &Path, line: usize, what: impl fmt::Display) -> Self {
        Self(format!("{}, line {line}: {what}", file.display()))
    }

    pub(super) fn whole(file: &Path, what: impl fmt::Display) -> Self {
        Self(format!("{}: {what}", file.display()))
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PlanFile {
    /// Where the logs go. Default: `logs` in the data directory.
    pub(super) logs_dir: Option<String>,
    /// Addresses of sockets by name. Those of our own roles are in perihelion.toml.
    #[serde(default)]
    pub(super) sockets: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) process: Vec<ProcessFile>,
}

/// One `[[process]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProcessFile {
    pub(super) name: String,
    pub(super) command: Vec<String>,
    #[serde(default)]
    pub(super) env: BTreeMap<String, String>,
    /// Files of `NAME=value` lines, read anew by `reload`.
    #[serde(default)]
    pub(super) env_files: Vec<String>,
    /// The working directory. Default: the supervisor's.
    pub(super) dir: Option<String>,
    /// The system's user; only root can change to another.
    pub(super) user: Option<String>,
    #[serde(default)]
    pub(super) after: Vec<String>,
    #[serde(default)]
    pub(super) sockets: Vec<String>,
    /// `notify`, `started`, `http://...` or `tcp://...`. Default: `notify` for our own roles, `started` for others.
    pub(super) ready: Option<String>,
    pub(super) ready_seconds: Option<u64>,
    #[serde(default)]
    pub(super) overlap: bool,
    pub(super) instances: Option<usize>,
    pub(super) scale: Option<ScaleFile>,
    pub(super) stop_seconds: Option<u64>,
    pub(super) watchdog_seconds: Option<u64>,
    pub(super) memory_mb: Option<u64>,
    pub(super) do_not_restart: Option<Vec<i32>>,
    pub(super) log: Option<LogFile>,
}

/// `scale = { ... }`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ScaleFile {
    pub(super) min: usize,
    pub(super) max: usize,
    pub(super) metric: String,
    pub(super) target: f64,
    pub(super) quantile: Option<f64>,
    pub(super) down_seconds: Option<u64>,
}

/// `log = { ... }`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LogFile {
    pub(super) mb: Option<u64>,
    pub(super) files: Option<usize>,
}

/// The variables of an env file: `NAME=value` lines, with `#` lines and empty ones between them, and quotes around a value taken off.
///
/// # Errors
/// The line that is neither; never its words, as they may be a secret.
pub(super) fn env_lines(text: &str) -> Result<Vec<(String, String)>, usize> {
    let mut variables = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let line = line.strip_prefix("export ").unwrap_or(line);
        let (name, value) = line.split_once('=').ok_or(index + 1)?;
        if !is_variable(name) {
            return Err(index + 1);
        }
        variables.push((name.to_owned(), unquoted(value.trim()).to_owned()));
    }
    Ok(variables)
}

/// What can name an environment variable.
pub(super) fn is_variable(name: &str) -> bool {
    let begins = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    begins && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn unquoted(value: &str) -> &str {
    ['"', '\''].iter().find_map(|quote| value.strip_prefix(*quote)?.strip_suffix(*quote)).unwrap_or(value)
}
