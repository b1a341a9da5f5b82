//! The nozzle's status record: what the dashboard shows of it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use chassis::status::{EVERY, Status};
use live::Store;
use metrics::gauge;
use model::Micros;
use serde_json::{Map, Value, json};

use super::Nozzle;
use super::figures::{self, Keepers};
use crate::intake::Doing;
use crate::metrics as names;

/// Writes the record until it is dropped.
pub(super) async fn keep(nozzle: &Nozzle) {
    let inner = &nozzle.0;
    let Some(board) = inner.parts.live.board() else { return std::future::pending().await };
    let first = Status::new("nozzle", &inner.config.version);
    let mut keepers = Keepers::default();
    loop {
        let record = first.now(inner.parts.readiness.is_ready(), details(nozzle, &board, &mut keepers).await);
        match serde_json::to_string(&record) {
            Ok(json) => {
                if let Err(error) = board.put_status(&record.key(), &json).await {
                    tracing::debug!(%error, "the status record could not be written");
                }
            }
            Err(error) => tracing::error!(%error, "the status record cannot be written as JSON"),
        }
        tokio::time::sleep(EVERY).await;
    }
}

async fn details(nozzle: &Nozzle, board: &Arc<dyn Store>, keepers: &mut Keepers) -> Map<String, Value> {
    let parts = &nozzle.0.parts;
    let mut events = Vec::new();
    let (statuses, all) = (statuses(board.as_ref()).await, nozzle.events());
    keepers.only(&all);
    let mut states = BTreeMap::new();
    for event in all {
        let report = event.report(parts.env, Micros(parts.clock.now())).await;
        let slug = event.view().event.map(|e| e.slug).unwrap_or_default();
        let figures = keepers.of(&event, figures::viewers(&statuses, &slug), board, &parts.clock);
        report.sources.iter().for_each(|source| *states.entry(source.state.name()).or_insert(0) += 1);
        events.push(json!({
            "eid": event.eid(),
            "slug": event.view().event.map(|e| e.slug),
            "epoch": event.ledger.epoch(),
            "top": event.ledger.top(),
            "owner": event.is_owned(),
            "tail_behind": event.tail_behind(&parts.live),
            "deleted_at": super::retention::due(&event.view()),
            "sources": report.sources,
            "watched": report.watched,
            "near_tags": report.near_tags,
            "figures": figures,
            "file_bytes": file_bytes(event.ledger.path()),
        }));
    }
    for state in Doing::ALL {
        let sources = states.get(state.name()).copied().unwrap_or(0);
        gauge!(names::SOURCES, "state" => state.name()).set(f64::from(sources));
    }
    Map::from_iter([
        ("events".to_owned(), Value::from(events)),
        ("disk".to_owned(), json!(*nozzle.0.disk.borrow())),
    ])
}

/// What the others say of themselves; of nobody while the store is away.
async fn statuses(board: &dyn Store) -> Vec<(String, Value)> {
    let records = board.statuses().await.unwrap_or_default();
    records.into_iter().filter_map(|(key, json)| Some((key, serde_json::from_str(&json).ok()?))).collect()
}

/// What a ledger takes on its disk, its write-ahead log included.
fn file_bytes(path: &Path) -> u64 {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    let size = |path: &Path| std::fs::metadata(path).map_or(0, |file| file.len());
    size(path) + size(Path::new(&log))
}
