//! Where a backup is written: a directory, or one tar file. It is complete when it stands under its name; until then it is called
//! `.partial`, and a failure removes that.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::{MANIFEST, Manifest, SavedFile, checksum};

/// End of the names of backups that are one file.
pub(crate) const TAR: &str = "tar";

/// A backup that is being made. Dropped unfinished, it leaves nothing behind.
pub(crate) struct Keep {
    to: PathBuf,
    scratch: PathBuf,
    /// The draft of the one file, and what writes it.
    tar: Option<(PathBuf, tar::Builder<File>)>,
    files: Vec<SavedFile>,
}

impl Keep {
    /// Begins a backup that is to stand at `to`.
    ///
    /// # Errors
    /// When something is there already, or nothing can be written there.
    pub(crate) fn begin(to: &Path) -> Result<Self> {
        let is_empty_dir = fs::read_dir(to).is_ok_and(|mut listing| listing.next().is_none());
        if to.exists() && !is_empty_dir {
            bail!("{} is there already: name a place that is not, each backup is whole", to.display());
        }
        let partial = |end: &str| {
            let mut name = to.as_os_str().to_owned();
            name.push(end);
            PathBuf::from(name)
        };
        let scratch = partial(".partial");
        let making = || format!("cannot write to {}", scratch.display());
        if scratch.exists() {
            fs::remove_dir_all(&scratch).with_context(making)?;
        }
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&scratch).with_context(making)?;
        let tar = if to.extension().is_some_and(|end| end == TAR) {
            let draft = partial(".draft");
            let file = File::options().write(true).create(true).truncate(true).mode(0o600).open(&draft);
            Some((draft, tar::Builder::new(file.with_context(making)?)))
        } else {
            None
        };
        Ok(Self { to: to.to_owned(), scratch, tar, files: Vec::new() })
    }

    /// Where files are written before they are added.
    pub(crate) fn scratch(&self) -> &Path {
        &self.scratch
    }

    /// The path at which to write a file of this name.
    ///
    /// # Errors
    /// What the disk says.
    pub(crate) fn room(&self, name: &str) -> Result<PathBuf> {
        let path = self.scratch.join(name);
        let dir = path.parent().unwrap_or(&self.scratch);
        fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
        Ok(path)
    }

    /// Takes a file that was written under this name.
    ///
    /// # Errors
    /// What the disk says.
    pub(crate) fn add(&mut self, name: &str) -> Result<()> {
        let path = self.scratch.join(name);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
        File::open(&path)?.sync_all()?;
        let (bytes, sha256) = checksum(&path)?;
        self.files.push(SavedFile { path: name.to_owned(), bytes, sha256 });
        self.pack(name)
    }

    fn pack(&mut self, name: &str) -> Result<()> {
        if let Some((_, tar)) = &mut self.tar {
            let path = self.scratch.join(name);
            tar.append_path_with_name(&path, name)?;
            fs::remove_file(&path)?;
        }
        Ok(())
    }

    /// Copies a small file under this name.
    ///
    /// # Errors
    /// What the disk says.
    pub(crate) fn copy(&mut self, from: &Path, name: &str) -> Result<()> {
        let to = self.room(name)?;
        fs::copy(from, to)?;
        self.add(name)
    }

    /// Writes the manifest and puts the backup in its place.
    ///
    /// # Errors
    /// What the disk says.
    pub(crate) fn finish(mut self, manifest: Manifest) -> Result<Manifest> {
        let manifest = Manifest { files: std::mem::take(&mut self.files), ..manifest };
        let path = self.scratch.join(MANIFEST);
        let mut file = File::options().write(true).create_new(true).mode(0o600).open(&path)?;
        file.write_all(&serde_json::to_vec_pretty(&manifest)?)?;
        file.sync_all()?;
        self.pack(MANIFEST)?;
        match self.tar.take() {
            Some((draft, tar)) => {
                tar.into_inner()?.sync_all()?;
                fs::rename(&draft, &self.to)?;
            }
            None => {
                for dir in [self.scratch.join("live"), self.scratch.clone()] {
                    if dir.is_dir() {
                        File::open(dir)?.sync_all()?;
                    }
                }
                // An empty directory may stand there; rename takes its place.
                fs::rename(&self.scratch, &self.to)?;
            }
        }
        let parent = self.to.parent().filter(|parent| !parent.as_os_str().is_empty());
        File::open(parent.unwrap_or(Path::new(".")))?.sync_all()?;
        Ok(manifest)
    }
}

impl Drop for Keep {
    fn drop(&mut self) {
        // What cannot be removed is called partial, and the next backup to this place removes it.
        let _ = fs::remove_dir_all(&self.scratch);
        if let Some((draft, _)) = &self.tar {
            let _ = fs::remove_file(draft);
        }
    }
}
