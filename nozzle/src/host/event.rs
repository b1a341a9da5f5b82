//! One event in the nozzle: its ledger, sequencer, tail and pumps, and the tasks that keep them together.

use std::sync::{Arc, RwLock};
use std::time::Duration;

use chassis::{Part, Shutdown};
use live::ledger::Ledger;
use live::push::Standing;
use metrics::gauge;
use model::{EventId, Micros};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::pumps::{Pumps, PumpsParts, Remembered};
use super::{Fatal, Parts, report};
use crate::error::Error;
use crate::hook::{Doors, Doorway};
use crate::intake::{Order, Outcome, Refusal, SourcesReport};
use crate::metrics as names;
use crate::pump::SourceStatus;
use crate::schedule::{Watch, Watched};
use crate::sequencer::{self, Board, Command, Delivery, EventView, QUEUE_COMMANDS_MAX, Sequencer};

/// How long to wait before an event that could not be published, or whose sources could not be started, is tried again.
const AGAIN_AFTER: Duration = Duration::from_secs(1);

/// A running event, as the intake and the status records see it.
pub(super) struct Event {
    pub(super) ledger: Ledger,
    queue: mpsc::Sender<Command>,
    view: watch::Receiver<EventView>,
    standing: watch::Receiver<Standing>,
    sources: Arc<RwLock<Vec<watch::Receiver<SourceStatus>>>>,
    /// How the looks at the addresses of schedule and handles go.
    watched: Arc<RwLock<Vec<watch::Receiver<SourceStatus>>>>,
    board: Arc<Board>,
    /// Since when this process serves it.
    started: Micros,
}

impl Event {
    /// Starts everything that belongs to an event whose ledger is open.
    ///
    /// # Errors
    /// What the ledger says.
    pub(super) async fn start(
        ledger: Ledger,
        parts: &Parts,
        doors: &Doors,
        fatal: &Fatal,
        shutdown: &Shutdown,
    ) -> Result<Arc<Self>, Error> {
        let (queue, waiting) = mpsc::channel(QUEUE_COMMANDS_MAX);
        let (sequencer, view) = Sequencer::load(ledger.clone(), parts.clock.clone(), waiting).await?;
        let (follower, standing) = parts.live.follow(&ledger);
        let board = sequencer.board();
        let started = Micros(parts.clock.now());
        let (sources, watched) = (Arc::default(), Arc::default());
        let event = Arc::new(Self { ledger, queue, view, standing, sources, watched, board, started });

        // Stops in this order: pumps, sequencer, push; what was handed over is committed, what is committed is pushed.
        let (stop_sequencer, stop_push) = (CancellationToken::new(), CancellationToken::new());
        let run = sequencer.run(event.standing.clone(), stop_sequencer.clone());
        let (failed, pushed) = (fatal.clone(), stop_push.clone());
        shutdown.spawn(async move {
            if let Err(e) = run.await {
                failed.say(e.into());
            }
            pushed.cancel();
        });
        let failed = fatal.clone();
        shutdown.spawn(async move {
            if let Err(e) = follower.run(stop_push).await {
                failed.say(e.into());
            }
        });
        let keeper = Keeper {
            event: Arc::clone(&event),
            doorway: doors.of(event.eid()),
            parts: parts.clone(),
            shutdown: shutdown.clone(),
            _stops_sequencer: stop_sequencer.drop_guard(),
        };
        let part = parts
            .readiness
            .part(event.ledger.eid().as_str(), "waiting for the right to write this event's log");
        shutdown.spawn(keeper.keep(part));
        Ok(event)
    }

    pub(super) fn eid(&self) -> EventId {
        self.ledger.eid()
    }

    pub(super) fn view(&self) -> EventView {
        self.view.borrow().clone()
    }

    pub(super) fn is_owned(&self) -> bool {
        self.standing.borrow().is_owner
    }

    /// Entries that the tail lacks; 0 where readers read the ledger itself.
    pub(super) fn tail_behind(&self, live: &super::Live) -> u64 {
        match live {
            super::Live::Redis(_) => self.ledger.top().saturating_sub(self.standing.borrow().sent),
            super::Live::Embedded(_) | super::Live::Nobody => 0,
        }
    }

    /// How its sources are doing; of none before settings have been applied.
    pub(super) async fn report(&self, env: fn(&str) -> Option<String>, now: Micros) -> SourcesReport {
        let Some(settings) = self.view().settings else { return SourcesReport::default() };
        let statuses = self.statuses();
        let mut said = Vec::with_capacity(statuses.len());
        for status in &statuses {
            said.push(self.said(&status.name).await);
        }
        let seen =
            report::Seen { statuses: &statuses, said: &said, board: &self.board, started: self.started };
        let watched = self.watched.read().expect("no holder of this lock panics");
        let watched = watched.iter().map(|status| report::watched(&status.borrow(), now)).collect();
        SourcesReport { watched, ..report::report(&settings, &seen, &env, now) }
    }

    /// When the newest posts of a source were said; none while the ledger cannot be read.
    async fn said(&self, source: &str) -> Vec<Micros> {
        self.ledger.view().newest_times(source, report::NEWEST_MAX).await.unwrap_or_else(|error| {
            tracing::warn!(source.name = %source, %error, "the ledger does not tell when a source's posts were said");
            Vec::new()
        })
    }

    /// What its pumps say.
    pub(super) fn statuses(&self) -> Vec<SourceStatus> {
        let sources = self.sources.read().expect("no holder of this lock panics");
        sources.iter().map(|status| status.borrow().clone()).collect()
    }

    pub(super) async fn ask(&self, order: Order) -> Result<Outcome, Refusal> {
        self.owned()?;
        sequencer::ask(&self.queue, order).await
    }

    pub(super) async fn deliver(&self, delivery: Delivery) -> Result<Outcome, Refusal> {
        self.owned()?;
        sequencer::deliver(&self.queue, delivery).await
    }

    fn owned(&self) -> Result<(), Refusal> {
        let why = "This nozzle does not own the event (yet), or Redis has not been reached.";
        if self.is_owned() { Ok(()) } else { Err(Refusal::later(why)) }
    }
}

/// The task that publishes the event and runs its pumps as the settings say.
struct Keeper {
    event: Arc<Event>,
    doorway: Doorway,
    parts: Parts,
    shutdown: Shutdown,
    /// The sequencer stops when the keeper has ended, however it ended.
    _stops_sequencer: DropGuard,
}

impl Keeper {
    async fn keep(self, part: Part) {
        let event = Arc::clone(&self.event);
        let stop = self.shutdown.token();
        let mut standing = event.standing.clone();
        let mut view = event.view.clone();
        let owned = standing.wait_for(|s| s.is_owner);
        if stop.run_until_cancelled(owned).await.is_none_or(|owned| owned.is_err()) {
            return;
        }
        part.ready();
        let mut pumps: Option<Pumps> = None;
        let mut watch: Option<Watch> = None;
        let mut remembered = Remembered::new();
        let mut published = None;
        let mut settings = None;
        loop {
            let now = view.borrow_and_update().clone();
            if now.event != published && stop.run_until_cancelled(self.publish(&now)).await == Some(true) {
                published.clone_from(&now.event);
            }
            if now.settings != settings && !matches!(self.parts.live, super::Live::Nobody) {
                if let Some(pumps) = pumps.take() {
                    remembered = pumps.stop().await;
                }
                if let Some(watch) = watch.take() {
                    watch.stop().await;
                }
                watch = self.start_watch(&now);
                pumps = self.start_pumps(&now, &remembered).await;
                if pumps.is_some() {
                    settings.clone_from(&now.settings);
                }
            }
            gauge!(names::TAIL_BEHIND, "eid" => event.eid().to_string()).set(event.tail_behind(&self.parts.live) as f64);
            let is_done = now.event == published && now.settings == settings;
            tokio::select! {
                changed = view.changed() => if changed.is_err() { break },
                () = tokio::time::sleep(AGAIN_AFTER), if !is_done => {}
                () = stop.cancelled() => break,
            }
        }
        if let Some(watch) = watch {
            watch.stop().await;
        }
        if let Some(pumps) = pumps {
            pumps.stop().await;
        }
    }

    /// Begins to look at the addresses that the settings name.
    fn start_watch(&self, view: &EventView) -> Option<Watch> {
        let watched = view.settings.as_deref().and_then(Watched::of);
        let started =
            watched.map(|watched| Watch::start(watched, self.event.queue.clone(), self.parts.clock.clone()));
        let (watch, statuses) = started.unzip();
        *self.event.watched.write().expect("no holder of this lock panics") = statuses.unwrap_or_default();
        watch
    }

    async fn publish(&self, view: &EventView) -> bool {
        let Some(event) = &view.event else { return true };
        match self.parts.live.publish(event, &self.event.ledger).await {
            Ok(()) => true,
            Err(error) => {
                tracing::warn!(event.slug = %event.slug, %error, "the event cannot be published yet");
                false
            }
        }
    }

    async fn start_pumps(&self, view: &EventView, remembered: &Remembered) -> Option<Pumps> {
        let settings = view.settings.clone()?;
        let parts = PumpsParts {
            ledger: &self.event.ledger,
            queue: &self.event.queue,
            clock: &self.parts.clock,
            env: self.parts.env,
            doorway: &self.doorway,
        };
        match Pumps::start(&settings, parts, remembered).await {
            Ok((pumps, statuses)) => {
                *self.event.sources.write().expect("no holder of this lock panics") = statuses;
                Some(pumps)
            }
            Err(error) => {
                tracing::error!(%error, "the cursors of the sources cannot be read; no source runs until they can");
                None
            }
        }
    }
}
