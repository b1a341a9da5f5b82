//! The directory of events in Redis, and of addresses that lead elsewhere or nowhere. A flush or a rollback forgets it, so
//! its writers write it again and again, and its readers never forget an event that they saw, unless it was deleted.

use super::client::Client;
use crate::Error;
use bytes::Bytes;
use model::EventId;
use model::event::{EventRef, Former};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio_util::task::AbortOnDropHandle;

/// Hash of event id to [`Listed`].
const EVENTS: &str = "live:events";
/// Hash of event id to [`Former`].
const FORMERS: &str = "live:formers";
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

/// What this process says.
#[derive(Clone, Default)]
struct Ours {
    events: Shared<Bytes>,
    formers: Shared<Bytes>,
}

/// The events that this process lists, and those that it saw listed.
pub(super) struct Directory {
    client: Arc<dyn Client>,
    ours: Ours,
    seen: Shared<EventRef>,
    seen_formers: Shared<Former>,
    _task: AbortOnDropHandle<()>,
}

impl Directory {
    pub(super) fn new(client: Arc<dyn Client>) -> Self {
        let ours = Ours::default();
        let task = tokio::spawn(keep(Arc::clone(&client), ours.clone()));
        Self {
            client,
            ours,
            seen: Shared::default(),
            seen_formers: Shared::default(),
            _task: AbortOnDropHandle::new(task),
        }
    }

    pub(super) async fn publish(&self, event: &EventRef) -> Result<(), Error> {
        let listed = Listed { slug: event.slug.clone(), title: event.title.clone() };
        let listed = Bytes::from(serde_json::to_string(&listed)?);
        let is_new = lock(&self.ours.events).insert(event.eid, listed).is_none();
        if is_new {
            // It may have been deleted before, and brought back from a backup since.
            forget(&*self.client, FORMERS, event.eid).await?;
        }
        write(&*self.client, &self.ours).await
    }

    pub(super) async fn tell(&self, former: &Former) -> Result<(), Error> {
        let told = Bytes::from(serde_json::to_string(former)?);
        lock(&self.ours.formers).insert(former.eid, told);
        if former.deleted.is_some() {
            lock(&self.ours.events).remove(&former.eid);
            forget(&*self.client, EVENTS, former.eid).await?;
        }
        write(&*self.client, &self.ours).await
    }

    /// Every event that is listed, or was when we looked before, by slug.
    pub(super) async fn events(&self, client: &dyn Client) -> Result<Vec<EventRef>, Error> {
        let listed: Vec<(EventId, Listed)> = read(client, EVENTS).await?;
        let deleted = self.look_for_formers(client).await?;
        let deleted = |eid: &EventId| deleted.contains(eid);
        let mut seen = lock(&self.seen);
        seen.retain(|eid, _| !deleted(eid));
        let mut formers = lock(&self.seen_formers);
        for (eid, Listed { slug, title }) in listed.into_iter().filter(|(eid, _)| !deleted(eid)) {
            // What was deleted and is listed again came back from a backup.
            formers.retain(|of, former| *of != eid || former.deleted.is_none());
            if seen.len() < SEEN_MAX || seen.contains_key(&eid) {
                seen.insert(eid, EventRef { eid, slug, title });
            }
        }
        let mut events: Vec<EventRef> = seen.values().cloned().collect();
        events.sort_by(|a, b| a.slug.cmp(&b.slug));
        Ok(events)
    }

    /// Every address that leads elsewhere or nowhere, as far as we have ever heard.
    pub(super) async fn formers(&self, client: &dyn Client) -> Result<Vec<Former>, Error> {
        self.look_for_formers(client).await?;
        Ok(lock(&self.seen_formers).values().cloned().collect())
    }

    /// Remembers what is told just now; returns the events that were deleted.
    async fn look_for_formers(&self, client: &dyn Client) -> Result<BTreeSet<EventId>, Error> {
        let told: Vec<(EventId, Former)> = read(client, FORMERS).await?;
        let mut seen = lock(&self.seen_formers);
        let mut deleted = BTreeSet::new();
        for (eid, former) in told {
            if former.deleted.is_some() {
                deleted.insert(eid);
            }
            if seen.len() < SEEN_MAX || seen.contains_key(&eid) {
                seen.insert(eid, former);
            }
        }
        Ok(deleted)
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

async fn read<T: DeserializeOwned>(
    client: &dyn Client,
    hash: &'static str,
) -> Result<Vec<(EventId, T)>, Error> {
    let found = client.call("HGETALL", hash, vec![Bytes::from_static(hash.as_bytes())]).await?.list()?;
    let mut told = Vec::with_capacity(found.len() / 2);
    for pair in found.chunks_exact(2) {
        let eid = pair[0].text()?;
        let eid = eid.parse().map_err(|e| Error::Corrupt(format!("{hash} lists {eid:?}: {e}")))?;
        told.push((eid, serde_json::from_str(&pair[1].text()?)?));
    }
    Ok(told)
}

async fn forget(client: &dyn Client, hash: &'static str, eid: EventId) -> Result<(), Error> {
    let words = vec![Bytes::from_static(hash.as_bytes()), Bytes::from(eid.to_string())];
    client.call("HDEL", hash, words).await.map(drop)
}

async fn keep(client: Arc<dyn Client>, ours: Ours) {
    loop {
        tokio::time::sleep(KEEP_EVERY).await;
        // The pusher says it when Redis is away.
        let _ = write(&*client, &ours).await;
    }
}

async fn write(client: &dyn Client, ours: &Ours) -> Result<(), Error> {
    for (hash, told) in [(EVENTS, &ours.events), (FORMERS, &ours.formers)] {
        let mut words = vec![Bytes::from_static(hash.as_bytes())];
        for (eid, told) in lock(told).iter() {
            words.extend([Bytes::from(eid.to_string()), told.clone()]);
        }
        if words.len() > 1 {
            client.call("HSET", hash, words).await?;
        }
    }
    Ok(())
}
