//! The strainer's record on the status board.

use std::sync::Arc;

use chassis::Shutdown;
use chassis::status::{EVERY, Status};
use live::reached::RECORD_KEY;
use serde_json::{Map, Value};

use crate::Parts;
use crate::hub::Hub;

/// Writes the record again and again until the process stops.
pub(crate) async fn run(version: String, parts: Parts, hub: Arc<Hub>, shutdown: Shutdown) {
    let first = Status::new("strainer", &version);
    let key = first.key();
    let mut is_written = true;
    while !shutdown.is_triggered() {
        let mut details = Map::new();
        details.insert("events".to_owned(), Value::Object(hub.standings()));
        let reached = serde_json::to_value(hub.purge.told()).expect("plain data");
        details.insert(RECORD_KEY.to_owned(), reached);
        let record = first.now(parts.readiness.is_ready(), details);
        let json = serde_json::to_string(&record).expect("plain data");
        let written = parts.store.put_status(&key, &json).await;
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
