//! The journal: what exists on a network and what was sent, for a judge that trusts nobody else.
//!
//! One JSON object a line: `{"kind":"exists","uid":"x:20","place":0}`; `kind` is `exists` (a distinct original came
//! into being), `boost`, `edit`, `delete`, `sent` (over `via`: `stream` or `rest`), `fault`, `end` (the script is over).

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use crate::Error;

/// One line.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Line {
    /// See the module.
    pub kind: String,
    /// `network:native id` of the original that it is about.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub uid: String,
    /// The id sent, where it is not the original's (a retweet, an edit).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// `stream` or `rest`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub via: Option<String>,
    /// Which fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

enum Sink {
    Memory(Vec<Line>),
    File(File),
}

/// Where the lines go; clones write to the same place.
#[derive(Clone)]
pub struct Journal(Arc<Mutex<Sink>>);

impl Journal {
    /// Kept in memory; read with [`Journal::lines`].
    pub fn memory() -> Self {
        Self(Arc::new(Mutex::new(Sink::Memory(Vec::new()))))
    }

    /// Written to a file as it happens; an older file is replaced.
    ///
    /// # Errors
    /// When the file cannot be made.
    pub fn file(path: &Path) -> Result<Self, Error> {
        let file = File::create(path).map_err(Error::io(format!("journal {}", path.display())))?;
        Ok(Self(Arc::new(Mutex::new(Sink::File(file)))))
    }

    pub(crate) fn write(&self, line: Line) {
        match &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            Sink::Memory(lines) => lines.push(line),
            Sink::File(file) => {
                let mut text = serde_json::to_string(&line).unwrap_or_default();
                text.push('\n');
                if let Err(error) = file.write_all(text.as_bytes()) {
                    tracing::error!(%error, "the journal of a fake network cannot be written");
                }
            }
        }
    }

    pub(crate) fn fault(&self, note: impl Into<String>) {
        self.write(Line { kind: "fault".into(), note: Some(note.into()), ..Line::default() });
    }

    /// The lines so far, of a journal in memory.
    pub fn lines(&self) -> Vec<Line> {
        match &*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            Sink::Memory(lines) => lines.clone(),
            Sink::File(_) => Vec::new(),
        }
    }

    /// uids of the distinct originals that came into being and were not deleted, of a journal in memory.
    pub fn originals(&self) -> BTreeSet<String> {
        originals(&self.lines())
    }
}

/// uids of the distinct originals that exist at the end of `lines`.
pub fn originals(lines: &[Line]) -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    for line in lines {
        match line.kind.as_str() {
            "exists" => {
                out.insert(line.uid.clone());
            }
            "delete" => {
                out.remove(&line.uid);
            }
            _ => {}
        }
    }
    out
}

/// Reads a journal file.
///
/// # Errors
/// When the file cannot be read or a line is no journal line.
pub fn read_journal(path: &Path) -> Result<Vec<Line>, Error> {
    let file = File::open(path).map_err(Error::io(format!("journal {}", path.display())))?;
    let mut out = Vec::new();
    for (n, text) in BufReader::new(file).lines().enumerate() {
        let bad = |why: String| Error::BadLine { path: path.to_owned(), line: n + 1, why };
        let text = text.map_err(|e| bad(e.to_string()))?;
        out.push(serde_json::from_str(&text).map_err(|e| bad(e.to_string()))?);
    }
    Ok(out)
}
