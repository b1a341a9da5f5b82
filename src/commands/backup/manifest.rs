//! What a backup says of itself: what is in it, under which schemas, and how each file is told from a damaged one.

use std::io::Read;
use std::path::Path;

use anyhow::{Context, Result, bail};
use model::{Epoch, EventId, Micros, Seq};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Name of the manifest's file.
pub(crate) const MANIFEST: &str = "manifest.json";
/// Name under which the settings file is saved.
pub(crate) const SETTINGS: &str = "settings/perihelion.toml";
/// The form of backups that this program writes; it reads this one and older ones.
pub(crate) const FORMAT: u32 = 1;
/// Most files of a backup, and the longest manifest, in bytes.
pub(crate) const FILES_MAX: usize = 10_000;
const MANIFEST_BYTES_MAX: u64 = 8 << 20;

/// See the module.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Manifest {
    /// The form of the backup.
    pub(crate) format: u32,
    /// The version of the program that made it.
    pub(crate) program: String,
    /// When it was made.
    pub(crate) made: Micros,
    /// `embedded` or `postgres`.
    pub(crate) archive: String,
    /// The version of the archive's schema.
    pub(crate) archive_schema: i64,
    pub(crate) events: Vec<SavedEvent>,
    /// Every file but this one.
    pub(crate) files: Vec<SavedFile>,
}

/// One event's ledger.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct SavedEvent {
    pub(crate) eid: EventId,
    pub(crate) slug: Option<String>,
    pub(crate) epoch: Epoch,
    /// Its last entry.
    pub(crate) top: Seq,
    /// The version of its tables.
    pub(crate) schema: i64,
}

/// One file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SavedFile {
    /// Below the backup, with `/`.
    pub(crate) path: String,
    pub(crate) bytes: u64,
    /// In hexadecimal.
    pub(crate) sha256: String,
}

impl Manifest {
    /// Reads the manifest of a backup that lies in a directory.
    ///
    /// # Errors
    /// When there is none, it is damaged, or a newer program made it.
    pub(crate) fn read(dir: &Path) -> Result<Self> {
        let path = dir.join(MANIFEST);
        let file = std::fs::File::open(&path).with_context(|| {
            format!("{} is no backup, or one that was not finished: it has no {MANIFEST}", dir.display())
        })?;
        let mut text = String::new();
        file.take(MANIFEST_BYTES_MAX)
            .read_to_string(&mut text)
            .with_context(|| format!("cannot read {}", path.display()))?;
        Self::parse(&text).with_context(|| path.display().to_string())
    }

    fn parse(text: &str) -> Result<Self> {
        #[derive(Deserialize)]
        struct Form {
            format: u32,
            #[serde(default)]
            program: String,
        }
        let form: Form = serde_json::from_str(text).context("the manifest is damaged")?;
        if form.format > FORMAT {
            bail!(
                "this backup was made by a newer perihelion ({}, form {}; this program knows form {FORMAT}): restore it with that version",
                form.program,
                form.format
            );
        }
        let manifest: Self = serde_json::from_str(text).context("the manifest is damaged")?;
        if manifest.files.len() > FILES_MAX {
            bail!("the manifest is damaged: it names more than {FILES_MAX} files");
        }
        match manifest.files.iter().find(|file| !is_below(&file.path)) {
            Some(file) => bail!("the manifest is damaged: {:?} lies outside of the backup", file.path),
            None => Ok(manifest),
        }
    }

    /// Whether a file is in the backup.
    pub(crate) fn has(&self, path: &str) -> bool {
        self.files.iter().any(|file| file.path == path)
    }
}

/// Whether a path stays below where it is put.
pub(crate) fn is_below(path: &str) -> bool {
    !path.is_empty() && path.split('/').all(|part| !matches!(part, "" | "." | "..")) && !path.contains('\\')
}

/// Length and SHA-256 of a file.
///
/// # Errors
/// What the disk says.
pub(crate) fn checksum(path: &Path) -> std::io::Result<(u64, String)> {
    let mut file = std::fs::File::open(path)?;
    let (mut hash, mut buffer, mut bytes) = (Sha256::new(), vec![0; 1 << 16], 0);
    loop {
        let n = file.read(&mut buffer)?;
        if n == 0 {
            break;
        }
        hash.update(&buffer[..n]);
        bytes += n as u64;
    }
    Ok((bytes, hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backup_of_a_newer_form_is_refused_with_the_cure_and_paths_stay_below() {
        let newer =
            Manifest::parse(r#"{"format":2,"program":"9.0.0","what":"else"}"#).unwrap_err().to_string();
        assert!(
            newer.contains("newer perihelion (9.0.0") && newer.contains("restore it with that version"),
            "{newer}"
        );
        let with = |path: &str| {
            format!(
                r#"{{"format":1,"program":"x","made":0,"archive":"embedded","archive_schema":0,"events":[],
                "files":[{{"path":"{path}","bytes":0,"sha256":""}}]}}"#
            )
        };
        assert!(Manifest::parse(&with("live/a.sqlite")).is_ok());
        for outside in ["/etc/passwd", "../x", "a/../../x", "a//b", "", "."] {
            assert!(Manifest::parse(&with(outside)).is_err(), "{outside}");
        }
    }
}
