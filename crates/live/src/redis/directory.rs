//! The directory of events in Redis. A flush or a rollback forgets it, so its writers write it again and again, and its
//! readers never forget an event that they saw.

use super::client::Client;
use crate::Error;
use bytes::Bytes;
use model::EventId;
use model::event::EventRef;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio_util::task::AbortOnDropHandle;

/// Hash of event id to [`Listed`].
const EVENTS: &str = "live:events";
/// How long a flushed directory stays empty.
const KEEP_EVERY: Duration = Duration::from_secs(1);
/// More events than this are not remembered.
const SEEN_MAX: usize = 10_000;

/// An event in the directory.
#[derive(Serialize, Deserialize)]
struct Listed {
    slug: String,
    title: String,
}

type Shared<T> = Arc<Mutex<BTreeMap<EventId, T>>>;

/// The events that this process lists, and those that it saw listed.
pub(super) struct Directory {
    client: Arc<dyn Client>,
    ours: Shared<Bytes>,
    seen: Shared<EventRef>,
    _task: AbortOnDropHandle<()>,
}

impl Directory {
    pub(super) fn new(client: Arc<dyn Client>) -> Self {
        let ours = Shared::default();
        let task = tokio::spawn(keep(Arc::clone(&client), Arc::clone(&ours)));
        Self { client, ours, seen: Shared::default(), _task: AbortOnDropHandle::new(task) }
    }

    pub(super) async fn publish(&self, event: &EventRef) -> Result<(), Error> {
        let listed = Listed { slug: event.slug.clone(), title: event.title.clone() };
        let listed = Bytes::from(serde_json::to_string(&listed)?);
        lock(&self.ours).insert(event.eid, listed);
        write(&*self.client, &self.ours).await
    }

    /// Every event that is listed, or was when we looked before, by slug.
    pub(super) async fn events(&self, client: &dyn Client) -> Result<Vec<EventRef>, Error> {
        let found =
            client.call("HGETALL", EVENTS, vec![Bytes::from_static(EVENTS.as_bytes())]).await?.list()?;
        let mut listed = Vec::with_capacity(found.len() / 2);
        for pair in found.chunks_exact(2) {
            let eid = pair[0].text()?;
            let eid = eid.parse().map_err(|e| Error::Corrupt(format!("{EVENTS} lists {eid:?}: {e}")))?;
            let Listed { slug, title } = serde_json::from_str(&pair[1].text()?)?;
            listed.push(EventRef { eid, slug, title });
        }
        let mut seen = lock(&self.seen);
        for event in listed {
            if seen.len() < SEEN_MAX || seen.contains_key(&event.eid) {
                seen.insert(event.eid, event);
            }
        }
        let mut events: Vec<EventRef> = seen.values().cloned().collect();
        events.sort_by(|a, b| a.slug.cmp(&b.slug));
        Ok(events)
    }

    /// Whether an event is known.
    pub(super) async fn has(&self, client: &dyn Client, eid: EventId) -> Result<bool, Error> {
        if lock(&self.seen).contains_key(&eid) {
            return Ok(true);
        }
        Ok(self.events(client).await?.iter().any(|event| event.eid == eid))
    }
}

fn lock<T>(shared: &Shared<T>) -> MutexGuard<'_, BTreeMap<EventId, T>> {
    shared.lock().expect("no holder of this lock panics")
}

async fn keep(client: Arc<dyn Client>, ours: Shared<Bytes>) {
    loop {
        tokio::time::sleep(KEEP_EVERY).await;
        // The pusher says it when Redis is away.
        let _ = write(&*client, &ours).await;
    }
}

async fn write(client: &dyn Client, ours: &Shared<Bytes>) -> Result<(), Error> {
    let mut words = vec![Bytes::from_static(EVENTS.as_bytes())];
    for (eid, listed) in lock(ours).iter() {
        words.extend([Bytes::from(eid.to_string()), listed.clone()]);
    }
    if words.len() > 1 {
        client.call("HSET", EVENTS, words).await?;
    }
    Ok(())
}
