//! Which schedules the bench runs over: the demo's own, and those of a directory in which several rooms have talks at once.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use crate::commands::filing::setting::Setting;
use crate::demo;
use crate::failure::Failure;

/// Fewest talks that make a conference.
const TALKS_MIN: usize = 15;
/// Most files that are looked at.
const FILES_MAX: usize = 2_000;
/// Largest file that is looked at, in bytes.
const FILE_BYTES_MAX: u64 = 32 << 20;

/// The schedules with their names.
pub(crate) fn schedules(dir: Option<&Path>) -> Result<Vec<(String, Setting)>, Failure> {
    let demo = Setting::of(demo::schedule_json().as_bytes(), None)
        .map_err(|why| Failure::Asked(format!("the demo's schedule: {why}")))?;
    let mut found = vec![("the demo's".to_owned(), demo)];
    let Some(root) = dir else { return Ok(found) };
    let mut files = Vec::new();
    walk(root, &mut files).map_err(|why| Failure::Asked(format!("cannot read {}: {why}", root.display())))?;
    files.sort();
    let mut chosen: Vec<(PathBuf, Setting)> = Vec::new();
    for path in files {
        if let Some(setting) = conference(&path) {
            // Of versions and formats of one programme the last by name is taken.
            chosen.retain(|(_, before)| !is_same(before, &setting));
            chosen.push((path, setting));
        }
    }
    if chosen.is_empty() {
        return Err(Failure::Asked(format!("{} holds no schedule of several rooms", root.display())));
    }
    found.extend(chosen.into_iter().map(|(path, setting)| (super::shown(&path, root), setting)));
    Ok(found)
}

fn walk(dir: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(dir)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() {
            walk(&entry.path(), files)?;
        } else if kind.is_file() && entry.metadata()?.len() <= FILE_BYTES_MAX && files.len() < FILES_MAX {
            files.push(entry.path());
        }
    }
    Ok(())
}

/// A schedule of several rooms with enough talks; whatever else lies there is passed over.
fn conference(path: &Path) -> Option<Setting> {
    let setting = Setting::of(&std::fs::read(path).ok()?, None).ok()?;
    let spoken = setting.talks.iter().filter(|talk| !talk.speakers.is_empty() || talk.summary.is_some());
    let rooms: HashSet<&str> = setting.talks.iter().map(|talk| talk.room.as_str()).collect();
    (spoken.count() >= TALKS_MIN && rooms.len() >= 2).then_some(setting)
}

/// Whether two schedules share half their titles.
fn is_same(a: &Setting, b: &Setting) -> bool {
    let titles = |setting: &Setting| {
        setting.talks.iter().map(|talk| talk.title.to_lowercase()).collect::<HashSet<_>>()
    };
    let (a, b) = (titles(a), titles(b));
    2 * a.intersection(&b).count() > a.len().min(b.len())
}
