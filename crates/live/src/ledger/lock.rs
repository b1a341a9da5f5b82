//! One process per ledger: an advisory lock on a file beside it, and the name of the place where the ledger lies.

use crate::Error;
use nix::fcntl::{Flock, FlockArg};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{Read, Seek, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Held for as long as the ledger is open; the system lets go of it when the process ends, however it ends.
#[derive(Debug)]
pub(crate) struct Lock(#[expect(dead_code, reason = "dropping it unlocks")] Flock<File>);

impl Lock {
    pub(crate) fn take(ledger: &Path) -> Result<Self, Error> {
        let path = lock_path(ledger);
        let fail = |what| move |source| Error::File { path: lock_path(ledger), what, source };
        let file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(fail("cannot make the lock file; choose a data_dir that can be written"))?;
        match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            Ok(mut held) => {
                held.set_len(0)
                    .and_then(|()| held.rewind())
                    .and_then(|()| write!(held, "process {}", std::process::id()))
                    .map_err(fail("cannot write the lock file; is the disk full?"))?;
                Ok(Self(held))
            }
            Err((mut file, _)) => {
                let mut holder = String::new();
                let _ = Read::take(&mut file, 64).read_to_string(&mut holder);
                let holder = if holder.is_empty() { "unknown".to_owned() } else { holder };
                Err(Error::Locked { path: ledger.to_owned(), holder })
            }
        }
    }
}

fn lock_path(ledger: &Path) -> PathBuf {
    ledger.with_extension("lock")
}

/// Hash of the machine and the file's inode: a copy of the ledger, or the same disk in another machine, has another place.
pub(super) fn place(ledger: &Path) -> Result<String, Error> {
    let meta = std::fs::metadata(ledger).map_err(|source| Error::File {
        path: ledger.to_owned(),
        what: "cannot read this ledger",
        source,
    })?;
    let machine = std::fs::read_to_string("/etc/machine-id").unwrap_or_default();
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let mut hash = Sha256::new();
    hash.update(machine.trim());
    hash.update(host.trim());
    hash.update(meta.dev().to_be_bytes());
    hash.update(meta.ino().to_be_bytes());
    Ok(hash.finalize().iter().take(8).map(|b| format!("{b:02x}")).collect())
}
