//! Events that were deleted. A small file beside the ledgers says so before anything is erased, so that a crash in the middle erases on
//! at the next start, and so that the event's addresses go on saying that it is gone.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use live::ledger::Ledger;
use model::event::Former;
use model::{EventId, Micros};
use serde::{Deserialize, Serialize};

use super::Nozzle;
use crate::error::Error;
use crate::intake::{Actor, Outcome, Refusal};

/// End of a grave's file name.
const SUFFIX: &str = ".gone";
/// Largest file that is read, in bytes.
const FILE_BYTES_MAX: u64 = 64 * 1024;
/// How often what was not erased is tried again, and for how long what was erased is erased once more: somebody may have written as it
/// was.
const AGAIN_EVERY: Duration = Duration::from_secs(5);
const AGAIN_FOR: i64 = Micros::MINUTE;
/// State of an event that is gone.
const DELETED: &str = "deleted";

/// One event that was deleted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Grave {
    pub(super) former: Former,
}

/// The graves of a data directory.
///
/// # Errors
/// When one cannot be read: what is in it must not come back.
pub(super) fn all(data_dir: &Path) -> Result<Vec<Grave>, Error> {
    let dir = data_dir.join("live");
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| Error::Folder { path, source }
    };
    let listing = match std::fs::read_dir(&dir) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        listing => listing.map_err(failed(&dir))?,
    };
    let names = listing.filter_map(|file| file.ok()?.file_name().into_string().ok());
    let mut graves = Vec::new();
    for name in names.filter(|name| name.ends_with(SUFFIX)) {
        let path = dir.join(name);
        let is_small = std::fs::metadata(&path).map_err(failed(&path))?.len() <= FILE_BYTES_MAX;
        let text =
            if is_small { std::fs::read_to_string(&path).map_err(failed(&path))? } else { String::new() };
        let grave = serde_json::from_str(&text).map_err(|e| failed(&path)(std::io::Error::other(e)))?;
        graves.push(grave);
    }
    Ok(graves)
}

fn path_of(data_dir: &Path, eid: EventId) -> PathBuf {
    Ledger::path_in(data_dir, eid).with_extension(&SUFFIX[1..])
}

/// Writes a grave so that it stands after a crash.
fn dig(data_dir: &Path, grave: &Grave) -> std::io::Result<()> {
    let path = path_of(data_dir, grave.former.eid);
    let draft = path.with_extension("gone-draft");
    let mut file = std::fs::File::create(&draft)?;
    file.write_all(&serde_json::to_vec(grave)?)?;
    file.sync_all()?;
    std::fs::rename(&draft, &path)?;
    std::fs::File::open(path.parent().unwrap_or(data_dir))?.sync_all()
}

/// Removes the ledger's files; true when there were some.
fn erase(data_dir: &Path, eid: EventId) -> std::io::Result<bool> {
    let ledger = Ledger::path_in(data_dir, eid);
    let mut found = false;
    for end in ["sqlite", "sqlite-wal", "sqlite-shm", "lock"] {
        match std::fs::remove_file(ledger.with_extension(end)) {
            Ok(()) => found = true,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
            Err(e) => return Err(e),
        }
    }
    Ok(found)
}

impl Nozzle {
    /// The grave of an event, if it was deleted.
    pub(super) fn grave(&self, eid: EventId) -> Option<Grave> {
        self.0.graves.read().expect("no holder of this lock panics").get(&eid).cloned()
    }

    /// Deletes an event with everything that the nozzle holds of it. The archive's rows are the strainer's, the pictures the site's to
    /// delete: both hear of it from the live store.
    pub(super) async fn delete(
        &self,
        eid: EventId,
        slug: &str,
        by: &Actor,
        is_dry_run: bool,
    ) -> Result<Outcome, Refusal> {
        let inner = &self.0;
        let _one_at_a_time = inner.opening.lock().await;
        if self.grave(eid).is_some() {
            return Ok(Outcome::unchanged(Some(slug.to_owned()), Some(DELETED)));
        }
        let event = self.event(eid).ok_or_else(|| Refusal::Unknown(format!("There is no event {eid}.")))?;
        let view = event.view();
        let known = view.event.map(|event| event.slug).unwrap_or_default();
        if known != slug {
            return Err(Refusal::bad(format!(
                "The event is called {known:?}, not {slug:?}; nothing was deleted. Type its slug as it is."
            )));
        }
        event.owned()?;
        let seq = event.ledger.top();
        if is_dry_run {
            let mut outcome = Outcome::unchanged(Some(known), None);
            outcome.notes.push(format!("{seq} entries would be deleted for good."));
            return Ok(outcome);
        }
        let slugs = view.life.former.into_iter().chain([known]).collect();
        let deleted = Some(Micros(inner.parts.clock.now()));
        let grave = Grave { former: Former { eid, slugs, deleted, by: by.to_string() } };
        dig(&inner.config.data_dir, &grave).map_err(|error| {
            tracing::error!(event.eid = %eid, %error, "an event could not be deleted");
            Refusal::Failed(
                "That the event is to be deleted could not be written down; it is as it was.".to_owned(),
            )
        })?;
        tracing::warn!(event.eid = %eid, event.slug = slug, order.actor = %by, "an event is deleted");
        inner.graves.write().expect("no holder of this lock panics").insert(eid, grave.clone());
        inner.events.write().expect("no holder of this lock panics").remove(&eid);
        event.stop().await;
        drop(event);
        self.bury(&grave).await;
        Ok(Outcome { state: Some(DELETED.to_owned()), ..Outcome::committed(seq, Some(slug.to_owned())) })
    }

    /// Erases what is left of a deleted event, and tells readers; false when that has to be done again.
    async fn bury(&self, grave: &Grave) -> bool {
        let (eid, dir) = (grave.former.eid, &self.0.config.data_dir);
        let erased = erase(dir, eid).inspect_err(|error| {
            tracing::error!(event.eid = %eid, %error, "the ledger of a deleted event cannot be removed yet");
        });
        let told = self.0.parts.live.tell(&grave.former).await.inspect_err(|error| {
            tracing::warn!(event.eid = %eid, %error, "readers cannot be told yet that an event was deleted");
        });
        erased.is_ok() && told.is_ok()
    }

    /// Buries what an earlier process began to, and again for a while after each deletion.
    pub(super) async fn keep_graves(&self) {
        let mut done = std::collections::HashSet::new();
        loop {
            let graves: Vec<Grave> =
                self.0.graves.read().expect("no holder of this lock panics").values().cloned().collect();
            let now = Micros(self.0.parts.clock.now());
            for grave in &graves {
                if done.contains(&grave.former.eid) {
                    continue;
                }
                let is_old = grave.former.deleted.is_none_or(|at| now.since(at) > AGAIN_FOR);
                if self.bury(grave).await && is_old {
                    done.insert(grave.former.eid);
                }
            }
            tokio::time::sleep(AGAIN_EVERY).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grave_is_read_as_it_was_dug_and_the_ledgers_files_are_gone() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(all(dir.path()).unwrap(), []);
        let eid = EventId::from_random(5);
        let ledger = Ledger::path_in(dir.path(), eid);
        std::fs::create_dir_all(ledger.parent().unwrap()).unwrap();
        for end in ["sqlite", "sqlite-wal", "lock"] {
            std::fs::write(ledger.with_extension(end), "words").unwrap();
        }
        let (slugs, deleted) = (vec!["old".into(), "new".into()], Some(Micros(9)));
        let grave = Grave { former: Former { eid, slugs, deleted, by: "owner:ada".into() } };
        dig(dir.path(), &grave).unwrap();
        assert_eq!(all(dir.path()).unwrap(), [grave]);
        assert!(erase(dir.path(), eid).unwrap() && !erase(dir.path(), eid).unwrap());
        let left: Vec<_> = std::fs::read_dir(ledger.parent().unwrap()).unwrap().collect();
        assert_eq!(left.len(), 1, "{left:?}");
        std::fs::write(path_of(dir.path(), eid), "{").unwrap();
        assert!(all(dir.path()).is_err(), "what cannot be read must not let a deleted event come back");
    }
}
