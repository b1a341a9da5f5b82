//! A backup as it lies there, a directory or a tar file, copied and checked: what is not as it was saved is refused.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::commands::backup::{MANIFEST, Manifest, SavedFile, checksum};

/// Files of one tar that are looked at, and the largest, in bytes.
const ENTRIES_MAX: usize = 20_000;

/// See the module.
pub(super) struct Source {
    dir: PathBuf,
    manifest: Manifest,
    /// The files were unpacked into the stage already.
    is_staged: bool,
}

impl Source {
    /// Opens a backup; a tar file is unpacked into `stage`.
    ///
    /// # Errors
    /// When it is none, is damaged, or a newer program made it.
    pub(super) fn open(from: &Path, stage: &Path) -> Result<Self> {
        if from.is_dir() {
            return Ok(Self { dir: from.to_owned(), manifest: Manifest::read(from)?, is_staged: false });
        }
        let file = File::open(from).with_context(|| format!("cannot read {}", from.display()))?;
        let mut tar = tar::Archive::new(file);
        let damaged = || format!("{} is no backup, or is damaged", from.display());
        for (n, entry) in tar.entries().with_context(damaged)?.enumerate() {
            let mut entry = entry.with_context(damaged)?;
            if n >= ENTRIES_MAX || !entry.header().entry_type().is_file() {
                bail!("{}: it holds what no backup of ours does", damaged());
            }
            // Refuses to write outside of the stage.
            if !entry.unpack_in(stage).with_context(damaged)? {
                bail!("{}: it names a file outside of the backup", damaged());
            }
        }
        Ok(Self { dir: stage.to_owned(), manifest: Manifest::read(stage)?, is_staged: true })
    }

    /// Copies everything into the stage and checks it there.
    ///
    /// # Errors
    /// When a file is missing or not as it was saved, or what the disk says.
    pub(super) fn unpack(self, stage: &Path) -> Result<Manifest> {
        for file in &self.manifest.files {
            let to = stage.join(&file.path);
            if !self.is_staged {
                fs::create_dir_all(to.parent().unwrap_or(stage))?;
                fs::copy(self.dir.join(&file.path), &to)
                    .with_context(|| format!("cannot copy {} out of the backup", file.path))?;
            }
            check(&to, file)?;
            fs::set_permissions(&to, fs::Permissions::from_mode(0o600))?;
            File::open(&to)?.sync_all()?;
        }
        if self.is_staged {
            fs::remove_file(stage.join(MANIFEST))?;
        }
        Ok(self.manifest)
    }
}

fn check(path: &Path, saved: &SavedFile) -> Result<()> {
    let (bytes, sha256) =
        checksum(path).with_context(|| format!("{} is missing in the backup", saved.path))?;
    if (bytes, sha256.as_str()) != (saved.bytes, saved.sha256.as_str()) {
        bail!("{} is not as it was saved (checksum): this backup is damaged, use another one", saved.path);
    }
    Ok(())
}
