//! One event in the nozzle: its ledger, sequencer, tail and pumps, and the tasks that keep them together.

use std::sync::{Arc, RwLock};
use std::time::Duration;

use chassis::{Part, Shutdown};
use live::ledger::Ledger;
use live::push::Standing;
use metrics::gauge;
use model::event::{EventFile, Former, Life};
use model::{EventId, Micros};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::disk::Disk;
use super::pumps::{Fetching, Pumps, PumpsParts, Remembered};
use super::{Fatal, Parts, report};
use crate::codes::Codes;
use crate::error::Error;
use crate::hook::{Doors, Doorway};
use crate::intake::{Actor, Ask, Order, Outcome, Refusal, SetLife, SourcesReport};
use crate::metrics as names;
use crate::pump::{SourceState, SourceStatus};
use crate::receipts;
use crate::schedule::{Watch, Watched};
use crate::sequencer::{self, Board, Command, Delivery, EventView, QUEUE_COMMANDS_MAX, Sequencer};

/// How long to wait before an event that could not be published, or whose sources could not be started, is tried again.
const AGAIN_AFTER: Duration = Duration::from_secs(1);
/// How soon after a change of the system's clock an event notices that it is over.
const LOOK_AGAIN: Duration = Duration::from_secs(60);

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
    pub(super) codes: Arc<Codes>,
    /// How much room there is for what it is told.
    disk: watch::Receiver<Disk>,
    /// Since when this process serves it.
    started: Micros,
    /// Ends its tasks, all of them.
    life: Shutdown,
}

impl Event {
    /// Starts everything that belongs to an event whose ledger is open.
    ///
    /// # Errors
    /// What the ledger says.
    pub(super) async fn start(ledger: Ledger, parts: &Parts, around: Around<'_>) -> Result<Arc<Self>, Error> {
        let Around { doors, fatal, disk, shutdown: process } = around;
        // A part of the whole, so that one event can be stopped alone; the process waits for its tasks all the same.
        let shutdown = process.part();
        let ending = shutdown.clone();
        process.spawn(async move {
            let _clean_or_cut = ending.finish().await;
        });
        let (queue, waiting) = mpsc::channel(QUEUE_COMMANDS_MAX);
        let (sequencer, view) = Sequencer::load(ledger.clone(), parts.clock.clone(), waiting).await?;
        let (follower, standing) = parts.live.follow(&ledger);
        let (board, taken, codes) = (sequencer.board(), sequencer.taken(), sequencer.codes());
        let started = Micros(parts.clock.now());
        let (sources, watched) = (Arc::default(), Arc::default());
        let life = shutdown.clone();
        let event = Arc::new(Self {
            ledger,
            queue,
            view,
            standing,
            sources,
            watched,
            board,
            codes,
            disk,
            started,
            life,
        });

        // Stops in this order: pumps, sequencer, push; what was handed over is committed, what is committed is pushed.
        let (stop_sequencer, stop_push) = (CancellationToken::new(), CancellationToken::new());
        let sequencer = sequencer.hurried_by(process.token());
        let run = sequencer.run(event.standing.clone(), stop_sequencer.clone());
        let (failed, pushed, ends) = (fatal.clone(), stop_push.clone(), process.clone());
        shutdown.spawn(async move {
            match run.await {
                Err(e) if ends.is_triggered() && e.class() == live::Class::Retry => {
                    tracing::warn!(error = %e, "stopped while the ledger could not be written; sources bring again what was not accepted");
                }
                Err(e) => failed.say(e.into()),
                Ok(()) => {}
            }
            pushed.cancel();
        });
        let receipts =
            receipts::Keeper::new(event.ledger.clone(), parts.live.clone(), event.standing.clone(), taken);
        // Ends behind the sequencer: what that took away last is to leave the disk as well.
        shutdown.spawn(receipts.run(stop_push.clone()));
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

    /// Ends everything that belongs to it, and waits until that has ended.
    pub(super) async fn stop(&self) {
        self.life.trigger();
        self.life.finish().await;
    }

    pub(super) async fn ask(&self, order: Order) -> Result<Outcome, Refusal> {
        self.owned()?;
        // What takes words away is written on what is kept back for it.
        if self.disk.borrow().is_full() && !order.ask.takes_away() {
            return Err(Refusal::disk_full());
        }
        sequencer::ask(&self.queue, order).await
    }

    pub(super) async fn deliver(&self, delivery: Delivery) -> Result<Outcome, Refusal> {
        self.owned()?;
        if self.disk.borrow().is_full() {
            return Err(Refusal::disk_full());
        }
        sequencer::deliver(&self.queue, delivery).await
    }

    pub(super) fn owned(&self) -> Result<(), Refusal> {
        let why = "This nozzle does not own the event (yet), or Redis has not been reached.";
        if self.is_owned() { Ok(()) } else { Err(Refusal::later(why)) }
    }
}

/// What an event is started in.
pub(super) struct Around<'a> {
    pub(super) doors: &'a Doors,
    pub(super) fatal: &'a Fatal,
    pub(super) disk: watch::Receiver<Disk>,
    /// The process's.
    pub(super) shutdown: &'a Shutdown,
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

/// What of an event decides what is fetched for it.
#[derive(Clone, PartialEq)]
struct Kept {
    fetching: Option<Fetching>,
    is_open: bool,
    has_room: bool,
}

/// What runs for an event, and what its pumps remember that have stopped.
#[derive(Default)]
struct Running {
    pumps: Option<Pumps>,
    watch: Option<Watch>,
    remembered: Remembered,
}

impl Running {
    async fn stop(&mut self) {
        if let Some(pumps) = self.pumps.take() {
            self.remembered.extend(pumps.stop().await);
        }
        if let Some(watch) = self.watch.take() {
            watch.stop().await;
        }
    }
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
        let mut disk = event.disk.clone();
        let mut running = Running::default();
        let mut published = None;
        let mut kept: Option<Kept> = None;
        loop {
            let now = view.borrow_and_update().clone();
            let moment = Micros(self.parts.clock.now());
            let is_open = sequencer::is_open(&now.life, moment);
            let has_room = !disk.borrow_and_update().is_full();
            let listed = (now.event.clone(), now.life.former.clone());
            if Some(&listed) != published.as_ref()
                && stop.run_until_cancelled(self.publish(&now)).await == Some(true)
            {
                published = Some(listed.clone());
            }
            let wanted = Kept { fetching: now.settings.as_deref().map(Fetching::of), is_open, has_room };
            if Some(&wanted) != kept.as_ref() && !matches!(self.parts.live, super::Live::Nobody) {
                running.stop().await;
                let is_started = match &now.settings {
                    Some(settings) if !is_open || !has_room => {
                        self.rest(settings, is_open);
                        true
                    }
                    _ => self.run(&now, &mut running).await,
                };
                if is_started {
                    kept = Some(wanted.clone());
                }
            }
            gauge!(names::TAIL_BEHIND, "eid" => event.eid().to_string())
                .set(event.tail_behind(&self.parts.live) as f64);
            let is_done = Some(&listed) == published.as_ref() && Some(&wanted) == kept.as_ref();
            let ends_in = self.ends_in(&now.life, moment).await;
            tokio::select! {
                changed = view.changed() => if changed.is_err() { break },
                Ok(()) = disk.changed() => {}
                () = tokio::time::sleep(AGAIN_AFTER), if !is_done => {}
                () = tokio::time::sleep(ends_in.unwrap_or_default()), if ends_in.is_some() => {}
                () = stop.cancelled() => break,
            }
        }
        running.stop().await;
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
            Ok(()) => self.tell_formers(event.eid, &view.life.former).await,
            Err(error) => {
                tracing::warn!(event.slug = %event.slug, %error, "the event cannot be published yet");
                false
            }
        }
    }

    /// Ends an event whose moment has come; for one whose moment lies ahead, how long to wait.
    async fn ends_in(&self, life: &Life, now: Micros) -> Option<Duration> {
        let ends = life.ends.filter(|_| !life.is_over())?;
        if ends > now {
            return Some(self.parts.clock.wait_for(ends.0).min(LOOK_AGAIN));
        }
        let order = Order {
            ask: Ask::Life(SetLife::End { at: Some(ends) }),
            key: format!("planned-end-{}-{}", ends.0, self.event.ledger.top()),
            actor: Actor { role: "nozzle".to_owned(), name: "planned end".to_owned() },
            is_dry_run: false,
        };
        if let Err(error) = sequencer::ask(&self.event.queue, order).await {
            tracing::warn!(%error, "an event whose moment has come cannot be ended yet");
        }
        Some(AGAIN_AFTER)
    }

    /// Says which addresses lead here now.
    async fn tell_formers(&self, eid: EventId, slugs: &[String]) -> bool {
        if slugs.is_empty() {
            return true;
        }
        let former = Former { eid, slugs: slugs.to_vec(), deleted: None, by: String::new() };
        let told = self.parts.live.tell(&former).await;
        told.inspect_err(
            |error| tracing::warn!(event.id = %eid, %error, "former addresses cannot be told yet"),
        )
        .is_ok()
    }

    /// Looks at schedule and sources; false when sources have to be tried again.
    async fn run(&self, view: &EventView, running: &mut Running) -> bool {
        running.watch = self.start_watch(view);
        running.pumps = self.start_pumps(view, &running.remembered).await;
        running.pumps.is_some() || view.settings.is_none()
    }

    /// Says of the sources why none of them is asked.
    fn rest(&self, settings: &EventFile, is_open: bool) {
        let state = match is_open {
            true => SourceState::Waiting {
                why: crate::intake::DISK_FULL.to_owned(),
                seconds: crate::intake::DISK_FULL_RETRY_SECONDS,
            },
            false => SourceState::Finished,
        };
        let now = Micros(self.parts.clock.now());
        let told = settings.sources.iter();
        let told = told.map(|file| watch::channel(SourceStatus::new(&file.name, state.clone(), now)).1);
        *self.event.sources.write().expect("no holder of this lock panics") = told.collect();
        self.event.watched.write().expect("no holder of this lock panics").clear();
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
