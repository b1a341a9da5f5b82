//! `cargo xtask tidy`: the rules of this repository that no compiler checks.
//! Each rule is a pure function over file texts, with tests that show it failing.

mod apart;
mod lock;
mod order;
mod reference;
mod text;
mod tree;

use std::fmt;
use std::path::Path;

use anyhow::Result;

/// One broken rule at one place.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    /// Path relative to the repository's root.
    path: String,
    /// 1-based line; 0 when the whole file is meant.
    line: usize,
    /// What is wrong and what to do about it.
    message: String,
}

impl Finding {
    fn new(path: &str, line: usize, message: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, message: message.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.path, self.message),
            line => write!(f, "{}:{line}: {}", self.path, self.message),
        }
    }
}

/// Checks the whole tree and prints what it finds. `Ok(true)` when there is nothing.
pub(crate) fn run(root: &Path) -> Result<bool> {
    let files = tree::read(root)?;
    let mut findings = text::check(&files);
    findings.extend(order::check(&files));
    findings.extend(apart::check(&files));
    findings.extend(lock::check(&files));
    findings.extend(reference::check(&files));
    for finding in &findings {
        eprintln!("tidy: {finding}");
    }
    println!("tidy: {} files, {} findings", files.len(), findings.len());
    Ok(findings.is_empty())
}
