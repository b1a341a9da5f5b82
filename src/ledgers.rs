//! The ledgers of a data directory, found by their events' slugs and read beside whoever writes them.

use std::path::Path;

use anyhow::{Context, Result};
use live::ledger::{Ledger, LedgerView};
use model::{EventId, Fold};

/// One event that this data directory holds.
#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) eid: EventId,
    /// Settings, talks and stage; items are not read.
    pub(crate) fold: Fold,
    pub(crate) view: LedgerView,
}

impl Held {
    /// The event's slug; a ledger whose event was never applied has none.
    pub(crate) fn slug(&self) -> Option<&str> {
        self.fold.event.as_ref().map(|event| event.slug.as_str())
    }
}

/// Every event of the directory, by slug. A directory that does not exist holds none.
pub(crate) async fn all(data_dir: &Path) -> Result<Vec<Held>> {
    let mut held = Vec::new();
    for eid in ids(data_dir)? {
        let path = Ledger::path_in(data_dir, eid);
        let reading = || format!("cannot read {}", path.display());
        let view = LedgerView::open(&path).await.with_context(reading)?;
        let fold = view.event_fold().await.with_context(reading)?;
        held.push(Held { eid, fold, view });
    }
    held.sort_by(|a, b| a.slug().cmp(&b.slug()));
    Ok(held)
}

/// The event with this slug, or nothing.
pub(crate) async fn find(data_dir: &Path, slug: &str) -> Result<Option<Held>> {
    Ok(all(data_dir).await?.into_iter().find(|held| held.slug() == Some(slug)))
}

/// The events that have a ledger here.
pub(crate) fn ids(data_dir: &Path) -> Result<Vec<EventId>> {
    let dir = data_dir.join("live");
    let listing = match std::fs::read_dir(&dir) {
        Ok(listing) => listing,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error).with_context(|| format!("cannot list {}", dir.display())),
    };
    let names = listing.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    Ok(names.filter_map(|name| name.strip_suffix(".sqlite")?.parse().ok()).collect())
}
