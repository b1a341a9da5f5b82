//! The data directory: made, proven writable and looked at before anything relies on it, and the two keys that the
//! first start puts into it. Ledgers and archives in it belong to their own crates.

use std::fs;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use chassis::Secret;
use nix::sys::statfs::{self, FsType};
use sha2::{Digest, Sha256};

/// File systems on which SQLite's write-ahead log is not safe between machines.
const NETWORK_FILE_SYSTEMS: [FsType; 3] =
    [statfs::NFS_SUPER_MAGIC, statfs::SMB_SUPER_MAGIC, FsType(0xff53_4d42)];
const INTAKE_TOKEN_FILE: &str = "intake-token";
const OWNER_FILE: &str = "owner-link.sha256";
/// Bytes of randomness in a key.
const KEY_BYTES: usize = 32;

/// A data directory that can be written.
#[derive(Debug, Clone)]
pub(crate) struct DataDir(PathBuf);

/// The owner's door: who shows the key that was printed at the first start may do everything.
#[derive(Debug, Clone)]
pub(crate) struct OwnerKey {
    /// SHA-256 of the key; the key itself is not kept.
    pub(crate) sha256: [u8; 32],
    /// The key, only in the process that made it.
    pub(crate) fresh: Option<Secret<String>>,
}

impl DataDir {
    /// Makes the directory if need be (0700) and proves that it can be written.
    ///
    /// # Errors
    /// A sentence with the path, the free space and what to do.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
        made.and_then(|()| probe(path)).with_context(|| {
            let path = path.display();
            format!(
                "cannot write to the data directory {path}{}: change its rights or set data_dir",
                free_space(path.to_string().as_ref())
            )
        })?;
        if let Ok(stat) = statfs::statfs(path)
            && NETWORK_FILE_SYSTEMS.contains(&stat.filesystem_type())
        {
            tracing::warn!(path = %path.display(), "the data directory lies on a network file system: ledgers may be damaged there, use a local disk");
        }
        Ok(Self(path.to_path_buf()))
    }

    /// The directory's path.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// The token that callers of the intake show: read from `file`, which must exist, or
    /// else from this directory, where the first start makes it.
    pub(crate) fn intake_token(&self, file: Option<&Path>) -> Result<Secret<String>> {
        let (path, token) = match file {
            Some(path) => {
                let token = read_line(path)
                    .with_context(|| format!("cannot read {} (nozzle.intake_token_file)", path.display()))?;
                (path.to_path_buf(), token)
            }
            None => {
                let path = self.0.join(INTAKE_TOKEN_FILE);
                let token = read_or_make(&path, &random_key())?;
                (path, token)
            }
        };
        if token.len() < KEY_BYTES {
            bail!(
                "{} holds fewer than {KEY_BYTES} characters: put a longer token there, or delete the file",
                path.display()
            );
        }
        Ok(Secret::new(token))
    }

    /// The owner's door. The first start makes the key; deleting `owner-link.sha256` makes the next start print a new one.
    pub(crate) fn owner_key(&self) -> Result<OwnerKey> {
        let key = random_key();
        let path = self.0.join(OWNER_FILE);
        let mine = hex(&Sha256::digest(key.as_bytes()));
        let kept = read_or_make(&path, &mine)?;
        let sha256 = from_hex(&kept).with_context(|| {
            format!("{} is damaged: delete it, and the next start prints a new owner's link", path.display())
        })?;
        Ok(OwnerKey { sha256, fresh: (kept == mine).then(|| Secret::new(key)) })
    }
}

/// Writes and removes a small file.
fn probe(dir: &Path) -> std::io::Result<()> {
    let path = dir.join(format!(".probe-{}", std::process::id()));
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).open(&path)?;
    let written = file.write_all(&[0; 4096]).and_then(|()| file.sync_all());
    fs::remove_file(&path)?;
    written
}

fn free_space(path: &Path) -> String {
    free_bytes(path).map(|free| format!(" ({} MiB free)", free >> 20)).unwrap_or_default()
}

/// What is free on the disk of a path, or of its nearest ancestor that is there; none where nobody can tell.
pub(crate) fn free_bytes(path: &Path) -> Option<u64> {
    let existing = path.ancestors().find(|path| path.exists()).unwrap_or(Path::new("."));
    let stat = nix::sys::statvfs::statvfs(existing).ok()?;
    Some(stat.blocks_available().saturating_mul(stat.fragment_size()))
}

/// The file's line; if there is no file, `line` becomes its content (0600), atomically: of two starts one wins.
fn read_or_make(path: &Path, line: &str) -> Result<String> {
    match read_line(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        other => return other.with_context(|| format!("cannot read {}", path.display())),
    }
    let draft = path.with_extension(format!("draft-{}", std::process::id()));
    let making = || format!("cannot make {}", path.display());
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&draft)
        .with_context(making)?;
    writeln!(file, "{line}").and_then(|()| file.sync_all()).with_context(making)?;
    let linked = fs::hard_link(&draft, path);
    fs::remove_file(&draft).with_context(making)?;
    match linked {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error).with_context(making),
        _ => read_line(path).with_context(making),
    }
}

fn read_line(path: &Path) -> std::io::Result<String> {
    Ok(fs::read_to_string(path)?.trim().to_owned())
}

fn random_key() -> String {
    hex(&rand::random::<[u8; KEY_BYTES]>())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn from_hex(text: &str) -> Option<[u8; 32]> {
    let digits = text.as_bytes();
    let mut bytes = [0; 32];
    if digits.len() != 2 * bytes.len() || !text.is_ascii() {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn fresh() -> (tempfile::TempDir, DataDir) {
        let dir = tempfile::tempdir().expect("a temporary directory can be made");
        let data = DataDir::open(&dir.path().join("data")).unwrap();
        (dir, data)
    }

    #[test]
    fn first_start_makes_keys_that_only_we_can_read_and_the_second_finds_them() {
        let (_dir, data) = fresh();
        let first = data.intake_token(None).unwrap();
        assert_eq!(first.expose(), data.intake_token(None).unwrap().expose());
        let mode = fs::metadata(data.path().join(INTAKE_TOKEN_FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(first.expose().len(), 2 * KEY_BYTES);
    }

    #[test]
    fn owner_key_is_told_once_and_kept_only_as_a_hash() {
        let (_dir, data) = fresh();
        let first = data.owner_key().unwrap();
        let key = first.fresh.expect("the first start tells it");
        assert_eq!(first.sha256, Sha256::digest(key.expose().as_bytes())[..]);
        let kept = fs::read_to_string(data.path().join(OWNER_FILE)).unwrap();
        assert!(!kept.contains(key.expose()));
        let second = data.owner_key().unwrap();
        assert!(second.fresh.is_none());
        assert_eq!(second.sha256, first.sha256);
    }

    #[test]
    fn damaged_owner_file_and_short_token_say_what_to_do() {
        let (_dir, data) = fresh();
        fs::write(data.path().join(OWNER_FILE), "zz\n").unwrap();
        assert!(format!("{:#}", data.owner_key().unwrap_err()).contains("delete it"));
        fs::write(data.path().join(INTAKE_TOKEN_FILE), "short\n").unwrap();
        assert!(data.intake_token(None).unwrap_err().to_string().contains("longer token"));
    }

    #[test]
    fn directory_that_cannot_be_made_is_named_with_the_cure() {
        let error = DataDir::open(Path::new("/proc/nowhere/data")).unwrap_err();
        let message = format!("{error:#}");
        assert!(message.contains("/proc/nowhere/data") && message.contains("data_dir"), "{message}");
    }
}
