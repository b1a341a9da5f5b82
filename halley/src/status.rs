//! halley's record on the status board.

use std::sync::Arc;

use chassis::{
    Readiness, Shutdown,
    status::{EVERY, Status},
    workers::Seat,
};
use live::{
    Store,
    reached::{RECORD_KEY, Told},
    receipts::Surface,
};
use serde_json::{Map, Value, json};

use crate::{audience::Transport, gate::Gate, hub::Hub};

/// Writes the record again and again until the process stops.
pub(crate) async fn run(
    first: Status,
    store: Arc<dyn Store>,
    hub: Arc<Hub>,
    gate: Arc<Gate>,
    worker: Option<Seat>,
    readiness: Readiness,
    shutdown: Shutdown,
) {
    let key = first.key();
    let mut is_written = true;
    while !shutdown.is_triggered() {
        let record = first.now(readiness.is_ready(), details(&hub, &gate, worker));
        let json = serde_json::to_string(&record).expect("plain data");
        let written = store.put_status(&key, &json).await;
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

fn details(hub: &Hub, gate: &Gate, worker: Option<Seat>) -> Map<String, Value> {
    let events: Map<String, Value> = hub
        .channels()
        .into_iter()
        .map(|(slug, channel)| {
            let (entries, bytes) = channel.size();
            let head = channel.head();
            let viewers = json!({
                "ws": channel.viewers.count(Transport::WebSocket),
                "sse": channel.viewers.count(Transport::Events),
                "poll": channel.viewers.count(Transport::Poll),
            });
            let event = json!({
                "head": head, "ring_entries": entries, "ring_bytes": bytes, "viewers": viewers,
                "source_to_screen": channel.delays.since_source(), "commit_to_screen": channel.delays.since_commit(),
            });
            (slug, event)
        })
        .collect();
    let mut details = Map::new();
    details.insert(RECORD_KEY.to_owned(), reached(hub));
    details.insert("connections".to_owned(), Value::from(gate.open()));
    details.insert("events".to_owned(), Value::from(events));
    if let Some(seat) = worker {
        details.insert("worker".to_owned(), Value::from(seat.to_string()));
    }
    details
}

/// Up to where each event's streams and chunks hold nothing that was taken back. Both are overwritten before the position moves.
fn reached(hub: &Hub) -> Value {
    let reached = |channel: &crate::channel::Channel| {
        let reached = channel.reach.told()?;
        let both = [(Surface::Stream, reached.clone()), (Surface::Chunks, reached)];
        Some((channel.log().eid(), both.into_iter().collect()))
    };
    let told: Told = hub.channels().iter().filter_map(|(_, channel)| reached(channel)).collect();
    serde_json::to_value(told).unwrap_or_default()
}
