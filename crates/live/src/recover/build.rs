//! Writes a planned ledger beside its place, and puts it there.

use super::Plan;
use crate::Error;
use crate::ledger::{self, Ledger};
use model::{EventId, Kind, Micros, Seq};
use std::path::{Path, PathBuf};

const ENTRIES_PER_TRANSACTION: Seq = 2_000;

/// A ledger that waits to be put in its place.
#[derive(Debug)]
pub struct Built {
    from: PathBuf,
    to: PathBuf,
    scratch: PathBuf,
}

/// Writes the planned ledger into a folder of its own under `data_dir`. Nobody sees it yet.
///
/// # Errors
/// When the event has a ledger already, or what the disk or SQLite says.
pub async fn build(mut plan: Plan, data_dir: &Path, eid: EventId, now: Micros) -> Result<Built, Error> {
    let to = Ledger::path_in(data_dir, eid);
    refuse_existing(&to)?;
    let scratch = data_dir.join("live").join(format!("recover-{eid}"));
    if scratch.exists() {
        std::fs::remove_dir_all(&scratch)
            .map_err(failed(&scratch, "cannot clear what an earlier recovery left"))?;
    }
    let ledger = Ledger::open_or(&scratch, eid, plan.birth()).await?;
    let mut from = 1;
    while from <= plan.top {
        let to = plan.top.min(from + ENTRIES_PER_TRANSACTION - 1);
        let mut txn = ledger.begin().await?;
        for seq in from..=to {
            txn.append(now, plan.entries.remove(&seq).unwrap_or(Kind::Void))?;
        }
        txn.commit().await?;
        from = to + 1;
    }
    let mut txn = ledger.begin().await?;
    for record in plan.records {
        txn.put(record);
    }
    if let Some(gap) = plan.gap {
        txn.append(now, Kind::Gap { gap })?;
    }
    txn.commit().await?;
    ledger.set_trim(plan.trim).await?;
    // The file keeps its inode when it is moved, so the place that is written here stays true.
    ledger.settle().await?;
    ledger.scrub().await?;
    let from = ledger.path().to_owned();
    Ok(Built { from, to, scratch })
}

impl Built {
    /// Puts the ledger where the nozzle looks for it. Call this after the archive's cursor was moved.
    ///
    /// # Errors
    /// When a nozzle holds the place, or there is a ledger again, or what the disk says.
    pub fn install(self) -> Result<PathBuf, Error> {
        let _lock = ledger::Lock::take(&self.to)?;
        refuse_existing(&self.to)?;
        // What the lost ledger left beside its place would be replayed into the new one.
        for suffix in ["-wal", "-shm"] {
            let stale = with_suffix(&self.to, suffix);
            if stale.exists() {
                std::fs::remove_file(&stale)
                    .map_err(failed(&stale, "cannot remove what the lost ledger left"))?;
            }
        }
        std::fs::rename(&self.from, &self.to)
            .map_err(failed(&self.to, "cannot put the recovered ledger here"))?;
        if let Some(dir) = self.to.parent() {
            std::fs::File::open(dir)
                .and_then(|d| d.sync_all())
                .map_err(failed(dir, "cannot write this folder"))?;
        }
        std::fs::remove_dir_all(&self.scratch).map_err(failed(&self.scratch, "cannot clear this folder"))?;
        Ok(self.to)
    }
}

fn refuse_existing(path: &Path) -> Result<(), Error> {
    if path.exists() {
        let source = std::io::Error::from(std::io::ErrorKind::AlreadyExists);
        return Err(failed(path, "this event has a ledger; move it away before recovering another")(source));
    }
    Ok(())
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn failed(path: &Path, what: &'static str) -> impl FnOnce(std::io::Error) -> Error {
    let path = path.to_owned();
    move |source| Error::File { path, what, source }
}
