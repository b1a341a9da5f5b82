//! The directory of events in Redis, and the task that writes our own events into it again and again: it has no
//! script that would find a flush or a rollback.

use super::client::Client;
use crate::Error;
use bytes::Bytes;
use model::EventId;
use model::event::EventRef;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio_util::task::AbortOnDropHandle;

/// Hash of event id to [`Listed`].
pub(super) const EVENTS: &str = "live:events";
/// How long a flushed directory stays empty.
const KEEP_EVERY: Duration = Duration::from_secs(1);

/// An event in the directory.
#[derive(Serialize, Deserialize)]
pub(super) struct Listed {
    pub(super) slug: String,
    pub(super) title: String,
}

type Ours = Arc<Mutex<BTreeMap<EventId, Bytes>>>;

/// The events that this process lists.
pub(super) struct Directory {
    client: Arc<dyn Client>,
    ours: Ours,
    _task: AbortOnDropHandle<()>,
}

impl Directory {
    pub(super) fn new(client: Arc<dyn Client>) -> Self {
        let ours = Ours::default();
        let task = tokio::spawn(keep(Arc::clone(&client), Arc::clone(&ours)));
        Self { client, ours, _task: AbortOnDropHandle::new(task) }
    }

    pub(super) async fn publish(&self, event: &EventRef) -> Result<(), Error> {
        let listed = Listed { slug: event.slug.clone(), title: event.title.clone() };
        let listed = Bytes::from(serde_json::to_string(&listed)?);
        self.ours.lock().expect("no holder of this lock panics").insert(event.eid, listed);
        write(&*self.client, &self.ours).await
    }
}

async fn keep(client: Arc<dyn Client>, ours: Ours) {
    loop {
        tokio::time::sleep(KEEP_EVERY).await;
        // The pusher says it when Redis is away.
        let _ = write(&*client, &ours).await;
    }
}

async fn write(client: &dyn Client, ours: &Ours) -> Result<(), Error> {
    let mut words = vec![Bytes::from_static(EVENTS.as_bytes())];
    for (eid, listed) in ours.lock().expect("no holder of this lock panics").iter() {
        words.extend([Bytes::from(eid.to_string()), listed.clone()]);
    }
    if words.len() > 1 {
        client.call("HSET", EVENTS, words).await?;
    }
    Ok(())
}
