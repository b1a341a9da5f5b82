//! The nozzle as a whole: every event of the data directory, the intake in front of them, and what the process says of
//! itself.

mod bench;
mod disk;
mod event;
mod figures;
mod graves;
mod hooks;
mod memory;
mod pumps;
mod record;
mod report;
mod retention;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, RwLock};
use std::time::Duration;

use async_trait::async_trait;
use chassis::client_addr::Ranges;
use chassis::clock::Clock;
use chassis::{Part, Readiness, Secret, Shutdown, http, ops};
use live::Page;
use live::ledger::Ledger;
use live::receipts::Receipt;
use model::{EventId, ItemId, Micros, Seq};
use tokio::net::TcpListener;
use tokio::sync::{Mutex, Semaphore, watch};

use crate::codes::Codes;
use crate::error::Error;
use crate::hook::Doors;
use crate::intake::{
    self, Ask, Bench, EventText, Intake, KEY_BYTES_MAX, Look, Order, Outcome, Probe, Probed, ReceiptsAsked,
    Refusal, SetLife, SourcesReport, WAITING_MAX, Waiting,
};
use crate::metrics as names;
use crate::probe;
use crate::push::Live;
use crate::sequencer::SETTINGS_NOTE;
use crate::sources;
use disk::Disk;
use event::{Around, Event};
use graves::Grave;

/// How often the data directory is looked at for events that a command has added.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Connections to the intake at once: the site, the strainer, a few commands.
const CONNECTIONS_MAX: usize = 256;

/// The nozzle's settings.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where ledgers lie, in the folder `live` (`data_dir`).
    pub data_dir: PathBuf,
    /// Where the intake listens (`[nozzle] listen`).
    pub listen: String,
    /// Where signed deliveries come in.
    pub hooks: Hooks,
    /// What callers of the intake show (`[nozzle] intake_token_file`).
    pub token: Secret<String>,
    /// The program's version, for the status record.
    pub version: String,
}

/// The listener for the world, which is there once some event has a source of kind `hook`.
#[derive(Clone, Debug, Default)]
pub struct Hooks {
    /// Address and port (`[nozzle] hooks_listen`). Empty: nothing comes in.
    pub listen: String,
    /// Proxies whose word about a sender's address counts (`[http] trusted_proxies`).
    pub trusted_proxies: Ranges,
}

/// What the nozzle is given by whoever starts it.
#[derive(Clone)]
pub struct Parts {
    /// Where committed entries go.
    pub live: Live,
    /// Stamps receipts and commits.
    pub clock: Clock,
    /// Where it says whether it is ready.
    pub readiness: Readiness,
    /// Where sources find their tokens; [`sources::process_env`] outside of tests.
    pub env: fn(&str) -> Option<String>,
}

/// Runs the nozzle until `shutdown` is triggered or an event turns out not to be ours.
///
/// # Errors
/// [`Error`]; its `exit_code` is the process's.
pub async fn run(config: Config, parts: Parts, shutdown: Shutdown) -> Result<(), Error> {
    let nozzle = Nozzle::open(config, parts, shutdown).await?;
    nozzle.run().await
}

/// A nozzle whose events are running. In its own process others reach it through [`Intake`].
#[derive(Clone)]
pub struct Nozzle(Arc<Inner>);

struct Inner {
    config: Config,
    parts: Parts,
    shutdown: Shutdown,
    doors: Doors,
    events: RwLock<HashMap<EventId, Arc<Event>>>,
    /// Held while an event is being opened, so that none is opened twice.
    opening: Mutex<()>,
    /// One for each source that may be tried at the same time.
    probes: Semaphore,
    graves: RwLock<HashMap<EventId, Grave>>,
    disk: watch::Sender<Disk>,
    fatal: Fatal,
    failed: Mutex<watch::Receiver<Option<String>>>,
    _starting: Part,
}

/// Carries the first failure that ends the process to [`Nozzle::run`].
#[derive(Clone)]
struct Fatal {
    first: Arc<RwLock<Option<Error>>>,
    said: watch::Sender<Option<String>>,
}

impl Fatal {
    fn say(&self, error: Error) {
        let sentence = error.to_string();
        self.first.write().expect("no holder of this lock panics").get_or_insert(error);
        self.said.send_replace(Some(sentence));
    }
}

impl Nozzle {
    /// Opens every event of the data directory and starts its work. Nothing is served yet.
    ///
    /// # Errors
    /// When a ledger cannot be opened, or another process holds it.
    pub async fn open(config: Config, parts: Parts, shutdown: Shutdown) -> Result<Self, Error> {
        names::describe();
        let (said, failed) = watch::channel(None);
        let starting = parts.readiness.part("ledgers", "opening the ledgers");
        let fatal = Fatal { first: Arc::default(), said };
        let graves = graves::all(&config.data_dir)?;
        let disk = watch::Sender::new(Disk::look(&config.data_dir, Disk::default()));
        let inner = Inner {
            config,
            parts,
            shutdown,
            doors: Doors::default(),
            events: RwLock::default(),
            opening: Mutex::default(),
            probes: Semaphore::new(probe::PROBES_MAX),
            graves: RwLock::new(graves.into_iter().map(|grave| (grave.former.eid, grave)).collect()),
            disk,
            fatal,
            failed: Mutex::new(failed),
            _starting: starting,
        };
        let nozzle = Self(Arc::new(inner));
        for eid in nozzle.listed()? {
            nozzle.open_event(eid).await?;
        }
        nozzle.0._starting.ready();
        Ok(nozzle)
    }

    /// Serves the intake and looks after the events until the end.
    ///
    /// # Errors
    /// When the address cannot be had, or what ended an event.
    pub async fn run(self) -> Result<(), Error> {
        let listener = http::bind(&self.0.config.listen, "[nozzle] listen").await?;
        self.serve(listener).await
    }

    /// As [`Nozzle::run`], on a listener that is open already.
    ///
    /// # Errors
    /// What ended an event.
    pub async fn serve(self, listener: TcpListener) -> Result<(), Error> {
        let inner = &self.0;
        let routes = intake::router(Arc::new(self.clone()), &inner.config.token)
            .merge(ops::router("nozzle", inner.parts.readiness.clone()));
        let limits = http::Limits {
            connections_max: CONNECTIONS_MAX,
            body_bytes_max: model::schedule::FILE_BYTES_MAX,
            ..http::Limits::default()
        };
        let mut failed = inner.failed.lock().await;
        tokio::select! {
            () = http::serve(listener, routes, limits, inner.shutdown.clone()) => {}
            () = self.look_around() => {}
            () = self.listen_for_hooks() => {}
            () = record::keep(&self) => {}
            () = disk::watch(&inner.config.data_dir, &inner.disk) => {}
            () = self.keep_graves() => {}
            () = self.keep_dates() => {}
            _ = failed.wait_for(Option::is_some) => {}
        }
        match inner.fatal.first.write().expect("no holder of this lock panics").take() {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }

    /// Opens events that a command has added while we run.
    async fn look_around(&self) {
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            let listed = self.listed().unwrap_or_default();
            for eid in listed.into_iter().filter(|eid| self.event(*eid).is_none()) {
                match self.open_event(eid).await {
                    Ok(_) => tracing::info!(event.eid = %eid, "a new event was found"),
                    // The command that made it still holds it.
                    Err(Error::Live(live::Error::Locked { .. })) => {}
                    Err(error) => tracing::error!(event.eid = %eid, %error, "an event cannot be opened"),
                }
            }
        }
    }

    fn listed(&self) -> Result<Vec<EventId>, Error> {
        let path = self.0.config.data_dir.join("live");
        let listing = match std::fs::read_dir(&path) {
            Ok(listing) => listing,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(source) => return Err(Error::Folder { path, source }),
        };
        let names = listing.filter_map(|file| file.ok()?.file_name().into_string().ok());
        let eids = names.filter_map(|name| name.strip_suffix(".sqlite")?.parse().ok());
        Ok(eids.filter(|eid| self.grave(*eid).is_none()).collect())
    }

    async fn open_event(&self, eid: EventId) -> Result<Arc<Event>, Error> {
        let inner = &self.0;
        let _one_at_a_time = inner.opening.lock().await;
        if let Some(event) = self.event(eid) {
            return Ok(event);
        }
        if self.grave(eid).is_some() {
            return Err(live::Error::NoEvent(eid.to_string()).into());
        }
        let ledger = Ledger::open(&inner.config.data_dir, eid).await?;
        let (doors, fatal, shutdown) = (&inner.doors, &inner.fatal, &inner.shutdown);
        let around = Around { doors, fatal, disk: inner.disk.subscribe(), shutdown };
        let event = Event::start(ledger, &inner.parts, around).await?;
        inner.events.write().expect("no holder of this lock panics").insert(eid, Arc::clone(&event));
        Ok(event)
    }

    fn event(&self, eid: EventId) -> Option<Arc<Event>> {
        self.0.events.read().expect("no holder of this lock panics").get(&eid).cloned()
    }

    fn known(&self, eid: EventId) -> Result<Arc<Event>, Refusal> {
        self.event(eid).ok_or_else(|| Refusal::Unknown(format!("There is no event {eid}.")))
    }

    fn events(&self) -> Vec<Arc<Event>> {
        self.0.events.read().expect("no holder of this lock panics").values().cloned().collect()
    }

    /// Refuses a slug under which another event is or was found.
    fn is_free(&self, eid: EventId, slug: &str) -> Result<(), Refusal> {
        for view in self.events().iter().filter(|e| e.eid() != eid).map(|e| e.view()) {
            let Some(other) = view.event else { continue };
            let why = if other.slug == slug {
                format!("Another event already has the slug {slug:?}.")
            } else if view.life.former.iter().any(|former| former == slug) {
                format!("{slug:?} was the address of {:?} and leads there; choose another slug.", other.slug)
            } else {
                continue;
            };
            return Err(Refusal::Conflict { why, state: "taken".to_owned() });
        }
        Ok(())
    }

    /// Settings of an event that may be new. Nothing is made for settings that cannot work.
    async fn event_for(
        &self,
        eid: EventId,
        text: &str,
        is_dry_run: bool,
    ) -> Result<Option<Arc<Event>>, Refusal> {
        let file = sources::read(text, &self.0.parts.env).map_err(|bad| Refusal::bad(bad.to_string()))?;
        self.is_free(eid, &file.slug)?;
        match self.event(eid) {
            Some(event) => Ok(Some(event)),
            None if is_dry_run => Ok(None),
            None => self.open_event(eid).await.map(Some).map_err(|e| Refusal::Failed(e.to_string())),
        }
    }
}

#[async_trait]
impl Intake for Nozzle {
    async fn ask(&self, eid: EventId, order: Order) -> Result<Outcome, Refusal> {
        if order.key.is_empty() || order.key.len() > KEY_BYTES_MAX {
            return Err(Refusal::bad(format!("a key has 1 to {KEY_BYTES_MAX} bytes")));
        }
        let event = match &order.ask {
            Ask::Event(text) => match self.event_for(eid, text, order.is_dry_run).await? {
                Some(event) => event,
                None => return Ok(Outcome::unchanged(None, Some("new"))),
            },
            Ask::Edit(edit) => {
                let event = self.known(eid)?;
                self.event_for(eid, &edit.text, order.is_dry_run).await?;
                event
            }
            Ask::Life(SetLife::Delete { slug }) => {
                return self.delete(eid, slug, &order.actor, order.is_dry_run).await;
            }
            Ask::Life(SetLife::Rename { slug }) => {
                self.is_free(eid, slug)?;
                self.known(eid)?
            }
            _ => self.known(eid)?,
        };
        event.ask(order).await
    }

    async fn lines(&self, eid: EventId, after: Seq, max: usize) -> Result<Page, Refusal> {
        let event = self.event(eid).ok_or_else(|| Refusal::Unknown(format!("There is no event {eid}.")))?;
        event.ledger.view().page(after, max).await.map_err(|error| {
            tracing::warn!(event.eid = %eid, %error, "lines cannot be read from the ledger");
            Refusal::later("The ledger cannot be read just now.")
        })
    }

    async fn held(&self, eid: EventId, after: Option<ItemId>, max: usize) -> Result<Vec<Waiting>, Refusal> {
        let event = self.event(eid).ok_or_else(|| Refusal::Unknown(format!("There is no event {eid}.")))?;
        let records = event.ledger.view().waiting(after, max.min(WAITING_MAX)).await.map_err(|error| {
            tracing::warn!(event.eid = %eid, %error, "held posts cannot be read from the ledger");
            Refusal::later("The ledger cannot be read just now.")
        })?;
        Ok(records.iter().map(Waiting::from).collect())
    }

    async fn receipts(&self, eid: EventId, asked: &ReceiptsAsked) -> Result<Vec<Receipt>, Refusal> {
        let event = self.known(eid)?;
        let view = event.ledger.view();
        let read = match asked.id {
            Some(id) => view.receipts_of(id, asked.before, asked.max).await,
            None => view.receipts(asked.before, asked.max).await,
        };
        read.map_err(|error| {
            tracing::warn!(event.eid = %eid, %error, "receipts cannot be read from the ledger");
            Refusal::later("The ledger cannot be read just now.")
        })
    }

    async fn bench(&self, eid: EventId, look: Look) -> Result<Bench, Refusal> {
        let event = self.known(eid)?;
        let settings = event.view().settings;
        bench::bench(event.ledger.view(), settings.as_deref(), &look).await.map_err(|error| {
            tracing::warn!(event.eid = %eid, %error, "what moderators look at cannot be read from the ledger");
            Refusal::later("The ledger cannot be read just now.")
        })
    }

    async fn codes(&self, eid: EventId) -> Result<Codes, Refusal> {
        Ok(Codes::clone(&self.known(eid)?.codes))
    }

    async fn sources(&self, eid: EventId) -> Result<SourcesReport, Refusal> {
        let event = self.event(eid).ok_or_else(|| Refusal::Unknown(format!("There is no event {eid}.")))?;
        Ok(event.report(self.0.parts.env, Micros(self.0.parts.clock.now())).await)
    }

    async fn settings(&self, eid: EventId) -> Result<EventText, Refusal> {
        let text = self.known(eid)?.ledger.view().note(SETTINGS_NOTE).await.map_err(|error| {
            tracing::warn!(event.eid = %eid, %error, "settings cannot be read from the ledger");
            Refusal::later("The ledger cannot be read just now.")
        })?;
        let none = || Refusal::Unknown("This event has no settings yet.".to_owned());
        text.map(EventText::new).ok_or_else(none)
    }

    async fn probe(&self, eid: EventId, asked: Probe) -> Result<Probed, Refusal> {
        self.known(eid)?;
        let env = self.0.parts.env;
        let file = sources::read(&asked.text, &env).map_err(|bad| Refusal::bad(bad.to_string()))?;
        let source = file.sources.iter().find(|source| source.name == asked.source);
        let source = source.ok_or_else(|| Refusal::bad("the file has no source of this name"))?;
        let Ok(_one) = self.0.probes.try_acquire() else {
            let why = "Other sources are being tried just now; try again in some seconds.".to_owned();
            return Err(Refusal::Slow { why, retry_seconds: probe::PROBE_MAX.as_secs() });
        };
        Ok(probe::probe(&file, source, &env).await)
    }
}

#[cfg(test)]
mod tests;
