//! Why an event.toml is refused: everything that is wrong with it, each with its line.

use std::fmt;

/// Most problems that are told at once.
pub(super) const PROBLEMS_MAX: usize = 50;

/// What is wrong in one place, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The line, from 1.
    pub line: usize,
    /// A sentence. It never quotes what may be a secret.
    pub what: String,
}

/// Everything that is wrong with an event.toml, in the order of the lines; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadEvent(pub Vec<Problem>);

impl BadEvent {
    /// Refuses if anything is wrong.
    ///
    /// # Errors
    /// The problems, in the order of their lines.
    pub fn refuse(mut problems: Vec<Problem>) -> Result<(), Self> {
        problems.sort_by_key(|problem| problem.line);
        problems.truncate(PROBLEMS_MAX);
        if problems.is_empty() { Ok(()) } else { Err(Self(problems)) }
    }

    /// One line for each problem, as editors understand them: `event.toml:12: ...`.
    #[must_use]
    pub fn in_file(&self, name: &str) -> String {
        let lines = self.0.iter().map(|Problem { line, what }| format!("{name}:{line}: {what}"));
        lines.collect::<Vec<_>>().join("\n")
    }
}

impl fmt::Display for BadEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, Problem { line, what }) in self.0.iter().enumerate() {
            let end = if n == 0 { "" } else { "\n" };
            write!(f, "{end}line {line}: {what}")?;
        }
        Ok(())
    }
}

impl std::error::Error for BadEvent {}
