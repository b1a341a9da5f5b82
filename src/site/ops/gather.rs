//! Everything that the dashboard is drawn from, asked at one moment: the records, the supervisor, the stores, and the recount of posts. What
//! costs a database something is asked every few seconds at most, however many look, and is never waited for long.

use super::{
    lost::Recount,
    rates::Rates,
    records::{Disk, HalleyRecord, NozzleEvent, NozzleRecord, StrainerRecord, details},
    watch::{Seen, Watch},
};
use crate::{
    site::Site,
    supervise::{client, status},
};
use chassis::clock::Clock;
use live::{Store, redis::ServerFacts};
use model::Micros;
use std::{
    collections::BTreeMap,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use tokio::time::timeout;

/// How long one of the stores or the supervisor may take until it is told as silent.
pub(super) const ASK_WAIT: Duration = Duration::from_millis(1_500);
/// How often the stores are asked, and how often posts are counted.
const STORES_EVERY: Duration = Duration::from_secs(5);
const COUNT_EVERY: Duration = Duration::from_secs(10);

/// What the dashboard stands on.
pub(in crate::site) struct Ops {
    store: Arc<dyn Store>,
    supervisor: client::Client,
    watch: Watch,
    rates: Mutex<Rates>,
    stores: tokio::sync::Mutex<Option<(Instant, Stores)>>,
    counts: tokio::sync::Mutex<Counts>,
}

/// Posts of each event as they were last counted twice.
#[derive(Default)]
struct Counts {
    at: Option<Instant>,
    found: BTreeMap<String, (Micros, Recount)>,
}

/// How the stores are.
#[derive(Clone, Debug)]
pub(super) struct Stores {
    /// What the server of the live store says, and how long it took; none of a store without one.
    pub(super) live: Result<Option<(ServerFacts, Duration)>, String>,
    pub(super) archive: Result<Duration, String>,
}

/// See the module.
pub(super) struct Facts {
    /// The world's time, which daemons and the supervisor tell.
    pub(super) real_now: Micros,
    /// The event's time, which a demo plays faster.
    pub(super) now: Micros,
    pub(super) seen: Vec<Seen>,
    /// Why the board could not be read.
    pub(super) board_trouble: Option<String>,
    pub(super) supervisor: Option<status::Status>,
    /// None while no nozzle tells.
    pub(super) nozzle: Option<NozzleRecord>,
    pub(super) halleys: Vec<HalleyRecord>,
    pub(super) strainer: Option<StrainerRecord>,
    pub(super) stores: Stores,
    pub(super) recounts: BTreeMap<String, (Micros, Recount)>,
    pub(super) rates: Rates,
}

impl Ops {
    /// Begins to watch; the task is the caller's to start.
    pub(in crate::site) fn new(store: Arc<dyn Store>, data_dir: &Path) -> Self {
        let supervisor =
            client::Client::ours().unwrap_or_else(|| client::Client::at(client::Client::socket_in(data_dir)));
        Self {
            store,
            supervisor,
            watch: Watch::default(),
            rates: Mutex::default(),
            stores: tokio::sync::Mutex::default(),
            counts: tokio::sync::Mutex::default(),
        }
    }

    /// Watches the daemons until it is dropped.
    pub(in crate::site) async fn watch(&self) {
        self.watch.run(self.store.clone(), |seen| self.note(seen)).await;
    }

    /// The live store.
    pub(super) fn store(&self) -> &dyn Store {
        self.store.as_ref()
    }

    /// The supervisor, to be asked for something.
    pub(super) fn supervisor(&self) -> &client::Client {
        &self.supervisor
    }

    fn note(&self, seen: &[Seen]) {
        let events = nozzles(seen).unwrap_or_default().events;
        self.rates.lock().unwrap_or_else(PoisonError::into_inner).note(&events, Instant::now());
    }

    async fn stores(&self, site: &Site) -> Stores {
        let mut known = self.stores.lock().await;
        if let Some((at, stores)) = known.as_ref()
            && at.elapsed() < STORES_EVERY
        {
            return stores.clone();
        }
        let began = Instant::now();
        let live = async {
            match timeout(ASK_WAIT, self.store.server()).await {
                Ok(Ok(facts)) => Ok(facts.map(|facts| (facts, began.elapsed()))),
                Ok(Err(error)) => Err(error.to_string()),
                Err(_) => Err(silent()),
            }
        };
        let archive = async {
            match timeout(ASK_WAIT, site.archive.ping()).await {
                Ok(Ok(())) => Ok(began.elapsed()),
                Ok(Err(error)) => Err(error.to_string()),
                Err(_) => Err(silent()),
            }
        };
        let (live, archive) = tokio::join!(live, archive);
        let stores = Stores { live, archive };
        *known = Some((Instant::now(), stores.clone()));
        stores
    }

    /// Counts the posts of the archive, where it stands exactly where the ledger was folded to.
    async fn recounts(&self, site: &Site, events: &[NozzleEvent]) -> BTreeMap<String, (Micros, Recount)> {
        let mut counts = self.counts.lock().await;
        if counts.at.is_none_or(|at| at.elapsed() >= COUNT_EVERY) {
            counts.at = Some(Instant::now());
            for event in events {
                let Some(slug) = &event.slug else { continue };
                if let Ok(Some(recount)) = timeout(ASK_WAIT, recount(site, slug, event)).await {
                    counts.found.insert(slug.clone(), (Micros(Clock::real().now()), recount));
                }
            }
            counts.found.retain(|slug, _| events.iter().any(|event| event.slug.as_ref() == Some(slug)));
        }
        counts.found.clone()
    }

    /// Everything, now.
    pub(super) async fn facts(&self, site: &Site) -> Facts {
        let board_trouble = match timeout(ASK_WAIT, self.watch.look(self.store.as_ref())).await {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(error.to_string()),
            Err(_) => Some(silent()),
        };
        let seen = self.watch.seen();
        let nozzle = nozzles(&seen);
        let events = nozzle.as_ref().map(|nozzle| nozzle.events.as_slice()).unwrap_or_default();
        let asked = async { timeout(ASK_WAIT, self.supervisor.status()).await.ok()?.ok() };
        let (supervisor, stores, recounts) =
            tokio::join!(asked, self.stores(site), self.recounts(site, events));
        let halleys = of_role(&seen, "halley").map(|seen| details(&seen.record)).collect();
        let strainer = of_role(&seen, "strainer").map(|seen| details(&seen.record)).next();
        Facts {
            real_now: Micros(Clock::real().now()),
            now: site.now(),
            board_trouble,
            supervisor,
            halleys,
            strainer,
            nozzle,
            stores,
            recounts,
            rates: self.rates.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            seen,
        }
    }
}

impl Facts {
    /// The events that a nozzle tells of and that have an address.
    pub(super) fn events(&self) -> impl Iterator<Item = (&str, &NozzleEvent)> {
        let events = self.nozzle.iter().flat_map(|nozzle| &nozzle.events);
        events.filter_map(|event| Some((event.slug.as_deref()?, event)))
    }

    /// The disk of the ledgers.
    pub(super) fn disk(&self) -> Option<&Disk> {
        self.nozzle.as_ref()?.disk.as_ref()
    }
}

async fn recount(site: &Site, slug: &str, event: &NozzleEvent) -> Option<Recount> {
    let eid = site.events.known(slug)?.eid;
    let archive = &site.archive;
    let before = archive.cursor(eid).await.ok()??.position.seq;
    if before != event.figures.top || before == 0 {
        return None;
    }
    let posts = archive.totals(eid).await.ok()?.items;
    let after = archive.cursor(eid).await.ok()??.position.seq;
    (after == before).then_some(Recount { ledger: event.figures.archived, archive: posts })
}

fn of_role<'a>(seen: &'a [Seen], role: &'static str) -> impl Iterator<Item = &'a Seen> {
    seen.iter().filter(move |seen| seen.record.role == role && seen.silent.is_zero())
}

/// What all nozzles that speak tell, each of its own events.
fn nozzles(seen: &[Seen]) -> Option<NozzleRecord> {
    let records = of_role(seen, "nozzle").map(|seen| details::<NozzleRecord>(&seen.record));
    records.reduce(|mut all, one| {
        all.events.extend(one.events.into_iter().filter(|event| event.owner));
        all.disk = all.disk.or(one.disk);
        all
    })
}

fn silent() -> String {
    "It does not answer.".to_owned()
}
