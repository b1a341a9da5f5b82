//! The site's record on the status board: that it lives, and up to where it has obeyed what took words back.

use super::{Site, follow::EventLive};
use chassis::{
    Shutdown,
    status::{EVERY, Status},
};
use live::{
    Store,
    reached::{RECORD_KEY, Reach, Reached, Told},
    receipts::Surface,
};
use serde_json::Map;
use std::{collections::BTreeMap, sync::Arc, time::Instant};

/// This program's version.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Up to where one event's surfaces hold nothing that was taken back.
#[derive(Debug, Default)]
pub(super) struct EventReach {
    /// The fold, and every page that was drawn from it before.
    pub(super) pages: Reach,
    /// Pictures on the disk.
    pub(super) pictures: Reach,
}

/// Writes the record again and again until the process stops.
pub(super) async fn keep(site: Site, store: Arc<dyn Store>, shutdown: Shutdown) {
    let first = Status::new("site", VERSION);
    let mut is_written = true;
    while !shutdown.is_triggered() {
        let reached = serde_json::to_value(reached(&site)).expect("positions are plain data");
        let details = Map::from_iter([(RECORD_KEY.to_owned(), reached)]);
        let record = first.now(site.readiness.is_ready(), details);
        let json = serde_json::to_string(&record).expect("a record is plain data");
        let written = store.put_status(&record.key(), &json).await;
        if let (true, Err(error)) = (is_written, &written) {
            tracing::warn!(%error, "the status record cannot be written; trying on");
        }
        is_written = written.is_ok();
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            () = shutdown.triggered() => {}
        }
    }
}

fn reached(site: &Site) -> Told {
    let of = |event: &EventLive| surfaces(site, event);
    site.events.followed().iter().map(|event| (event.eid, of(event))).collect()
}

/// Pages, feeds and downloads are drawn from the fold, and what comes from the archive passes through the fold's mask: all of them are
/// as far as it is, once the pages that were kept are gone.
fn surfaces(site: &Site, event: &EventLive) -> BTreeMap<Surface, Reached> {
    let mut told = BTreeMap::new();
    if let Some(pages) = event.reach.pages.told() {
        let walls = site.walls.screens.reached(event.eid, &pages.position, Instant::now());
        told.insert(Surface::Wall, walls);
        for surface in [Surface::Pages, Surface::Search, Surface::Feeds, Surface::Exports] {
            told.insert(surface, pages.clone());
        }
    }
    told.extend(event.reach.pictures.told().map(|pictures| (Surface::Pictures, pictures)));
    told
}
