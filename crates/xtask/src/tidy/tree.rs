//! Reads the text files of the working tree; build output and run-time data are left out.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

/// Directories that hold nothing a person wrote.
const SKIPPED_DIRS: [&str; 4] = [".git", "target", "data", "output"];
/// Endings of the files that the rules look into.
const TEXT_ENDINGS: [&str; 13] =
    ["rs", "toml", "md", "html", "css", "js", "json", "sql", "lua", "xml", "yml", "lock", "svg"];

/// One text file of the repository.
#[derive(Debug)]
pub(crate) struct TextFile {
    /// Path relative to the root, with forward slashes.
    pub(crate) path: String,
    /// The file's words; invalid UTF-8 is replaced.
    pub(crate) text: String,
}

impl TextFile {
    /// The path's ending without the dot, or nothing.
    pub(crate) fn ending(&self) -> &str {
        Path::new(&self.path).extension().and_then(|ending| ending.to_str()).unwrap_or("")
    }
}

/// All text files below `root`, in path order.
pub(crate) fn read(root: &Path) -> Result<Vec<TextFile>> {
    let mut files = Vec::new();
    walk(root, root, &mut files)?;
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

fn walk(root: &Path, dir: &Path, files: &mut Vec<TextFile>) -> Result<()> {
    for found in fs::read_dir(dir).with_context(|| format!("cannot list {}", dir.display()))? {
        let found = found?;
        let (path, name) = (found.path(), found.file_name().to_string_lossy().into_owned());
        let kind = found.file_type()?;
        if kind.is_dir() && !SKIPPED_DIRS.contains(&name.as_str()) {
            walk(root, &path, files)?;
        } else if kind.is_file() && is_text(&path) {
            let bytes = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
            let relative = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().into_owned();
            files.push(TextFile { path: relative, text: String::from_utf8_lossy(&bytes).into_owned() });
        }
    }
    Ok(())
}

fn is_text(path: &Path) -> bool {
    path.extension().and_then(|ending| ending.to_str()).is_some_and(|ending| TEXT_ENDINGS.contains(&ending))
        || path.ends_with(".ci/run")
}
