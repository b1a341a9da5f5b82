//! The nozzle's status record: what the dashboard shows of it.

use chassis::status::{EVERY, Status};
use model::Micros;
use serde_json::{Map, Value, json};

use super::Nozzle;

/// Writes the record until it is dropped.
pub(super) async fn keep(nozzle: &Nozzle) {
    let inner = &nozzle.0;
    let Some(board) = inner.parts.live.board() else { return std::future::pending().await };
    let first = Status::new("nozzle", &inner.config.version);
    loop {
        let record = first.now(inner.parts.readiness.is_ready(), details(nozzle).await);
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

async fn details(nozzle: &Nozzle) -> Map<String, Value> {
    let parts = &nozzle.0.parts;
    let mut events = Vec::new();
    for event in nozzle.events() {
        let report = event.report(parts.env, Micros(parts.clock.now())).await;
        events.push(json!({
            "eid": event.eid(),
            "slug": event.view().event.map(|e| e.slug),
            "epoch": event.ledger.epoch(),
            "top": event.ledger.top(),
            "owner": event.is_owned(),
            "tail_behind": event.tail_behind(&parts.live),
            "sources": report.sources,
            "watched": report.watched,
            "near_tags": report.near_tags,
        }));
    }
    Map::from_iter([("events".to_owned(), Value::from(events))])
}
