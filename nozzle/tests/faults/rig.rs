//! A nozzle with one source at a server under our hand, and one at a server that is well, in fast time.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use chassis::Shutdown;
use chassis::clock::{Clock, Timeline};
use model::{EventId, Gap, Item, Kind, Micros, TallyCounts, Uid};
use networks::raw::{Asked, Raw, Step};
use nozzle::intake::{Actor, Ask, Intake, Order};
use nozzle::{Nozzle, SourceState};
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::common;
use crate::kinds::Kind as Source;

/// One step of tokio's clock, and the real time that it takes.
const STEP: Duration = Duration::from_millis(20);
const REAL: Duration = Duration::from_millis(1);
/// Longest wait for anything, by the fast clock.
const PATIENCE: Duration = Duration::from_secs(1800);
/// A loss shows within this time.
pub(crate) const SHOWN_WITHIN: i64 = 90 * Micros::SECOND;

pub(crate) fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

thread_local! {
    /// Each test has a thread and a runtime of its own, which is paused once.
    static IS_FAST: Cell<bool> = const { Cell::new(false) };
}

/// Moves tokio's clock. A task on the blocking pool keeps the runtime from leaping to the next timer by itself, so sockets have
/// their time.
fn fast() -> JoinHandle<()> {
    if !IS_FAST.replace(true) {
        tokio::time::pause();
    }
    #[expect(
        clippy::disallowed_methods,
        reason = "it is on the blocking pool, and no clock of tokio's may be asked"
    )]
    let step = || std::thread::sleep(REAL);
    tokio::spawn(async move {
        while tokio::task::spawn_blocking(step).await.is_ok() {
            tokio::time::advance(STEP).await;
        }
    })
}

pub(crate) fn now() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros()).unwrap()
}

/// See the module: one with a standing stream.
pub(crate) struct Rig {
    pub(crate) kind: Source,
    _raw: Raw,
    ground: Ground,
}

impl Deref for Rig {
    type Target = Ground;

    fn deref(&self) -> &Ground {
        &self.ground
    }
}

/// The nozzle, its other source, and its clock: the same for every kind.
pub(crate) struct Ground {
    pub(crate) name: &'static str,
    nozzle: Nozzle,
    eid: EventId,
    connects: Arc<Mutex<Vec<Instant>>>,
    shutdown: Shutdown,
    _well: Raw,
    _dir: TempDir,
    clock: JoinHandle<()>,
}

impl Drop for Ground {
    fn drop(&mut self) {
        self.shutdown.trigger();
        self.clock.abort();
    }
}

/// What the log holds of the source in question.
#[derive(Default)]
pub(crate) struct Log {
    /// Items that are shown, as they are now.
    pub(crate) items: BTreeMap<String, Item>,
    /// How often each became new.
    pub(crate) new: BTreeMap<String, usize>,
    pub(crate) removed: usize,
    pub(crate) edits: usize,
    /// Every gap entry, with when it was written.
    pub(crate) gaps: Vec<(i64, Gap)>,
    pub(crate) tally: TallyCounts,
    /// Posts of the other source.
    pub(crate) well: usize,
}

impl Rig {
    /// Starts everything; `stream` says what the n-th connection to the stream is answered with, everything else the kind does.
    pub(crate) async fn start(
        kind: Source,
        stream: impl Fn(usize) -> Vec<Step> + Send + Sync + 'static,
    ) -> Self {
        Self::at(kind, None, stream, |_| None).await
    }

    /// As `start`, with the address to give the source, and with a word in every other answer.
    pub(crate) async fn at(
        kind: Source,
        url: Option<&str>,
        stream: impl Fn(usize) -> Vec<Step> + Send + Sync + 'static,
        other: impl Fn(&Asked) -> Option<Vec<Step>> + Send + Sync + 'static,
    ) -> Self {
        let connects = Arc::new(Mutex::new(Vec::new()));
        let (seen, world) = (Arc::clone(&connects), kind.clone());
        let raw = Raw::serve(move |asked: &Asked| {
            if !world.is_stream(asked) {
                return other(asked).unwrap_or_else(|| world.answer(asked));
            }
            seen.lock().unwrap().push(Instant::now());
            stream(asked.before)
        });
        let raw = raw.await.unwrap();
        let url = url.map_or_else(|| raw.url(), str::to_owned);
        let ground =
            Ground::start(kind.name(), &format!("{}url = \"{url}\"\n", kind.settings()), connects).await;
        Self { kind, _raw: raw, ground }
    }

    /// Waits until these posts are in the log, each once, and until nothing is missing any more.
    pub(crate) async fn has(&self, wanted: &[i64]) -> Log {
        let ids: Vec<String> = wanted.iter().map(|n| Uid(self.kind.uid(*n)).id().to_string()).collect();
        let log = self.until("posts", |log| ids.iter().all(|id| log.items.contains_key(id))).await;
        assert!(log.new.values().all(|times| *times == 1), "{:?}", log.new);
        self.until("no open gap", |log| log.is_whole()).await
    }
}

impl Ground {
    /// Starts a nozzle with a source of these settings; `connects` says when it asked its server.
    pub(crate) async fn start(
        name: &'static str,
        settings: &str,
        connects: Arc<Mutex<Vec<Instant>>>,
    ) -> Self {
        let clock = fast();
        let well = Source::mastodon();
        // Of another second than all others, or it would be one of theirs.
        well.post(-60);
        let answers = well.clone();
        let well_server = Raw::serve(move |asked: &Asked| answers.answer(asked)).await.unwrap();
        let dir = tempfile::tempdir().unwrap();
        let shutdown = Shutdown::new();
        let nozzle = open(&dir, &shutdown).await;
        let eid = EventId::from_random(7);
        let day = Micros(now()).timestamp().to_string()[..10].to_owned();
        let event = format!(
            "slug = \"faults\"\ntitle = \"Faults\"\nhashtags = [\"rustfest\"]\nstarts = {day}\nends = 2099-12-31\n\
             [[source]]\nname = \"ill\"\n{settings}[[source]]\nname = \"well\"\nkind = \"mastodon\"\nurl = \"{}\"\n",
            well_server.url(),
        );
        let actor = Actor { role: "site".into(), name: "test".into() };
        let order = Order { ask: Ask::Event(event), key: "apply".into(), actor, is_dry_run: false };
        nozzle.ask(eid, order).await.unwrap();
        Self { name, nozzle, eid, connects, shutdown, _well: well_server, _dir: dir, clock }
    }

    /// When the stream was asked for, in seconds since the first time.
    pub(crate) fn connects(&self) -> Vec<u64> {
        let at = self.connects.lock().unwrap();
        at.iter().map(|then| then.duration_since(at[0]).as_secs()).collect()
    }

    pub(crate) fn state(&self) -> SourceState {
        let sources = self.nozzle.sources(self.eid);
        sources.into_iter().find(|s| s.name == "ill").unwrap().state
    }

    /// Whether the other source of the event has brought what it had to bring.
    pub(crate) async fn well_has_arrived(&self) -> bool {
        self.log().await.well > 0
    }

    pub(crate) async fn log(&self) -> Log {
        let mut log = Log::default();
        let mut after = 0;
        loop {
            let page = self.nozzle.lines(self.eid, after, 500).await.unwrap();
            let Some(last) = page.lines.last() else { return log };
            after = last.seq;
            for entry in page.lines.iter().map(|line| line.entry().unwrap()) {
                log.take(entry.at.0, entry.kind);
            }
        }
    }

    /// Waits until the log says what is wanted.
    pub(crate) async fn until(&self, what: &str, wanted: impl Fn(&Log) -> bool) -> Log {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let log = self.log().await;
            if wanted(&log) {
                return log;
            }
            assert!(
                Instant::now() < deadline,
                "{}: {what}: {:?} {:?} {:?} {:?} after {:?}",
                self.name,
                log.new,
                log.gaps,
                log.tally,
                self.state(),
                self.connects()
            );
            tokio::time::sleep(seconds(1)).await;
        }
    }
}

impl Log {
    fn take(&mut self, at: i64, kind: Kind) {
        match kind {
            Kind::Post(entry) if entry.item.source == "ill" => {
                *self.new.entry(entry.id.to_string()).or_default() += 1;
                self.items.insert(entry.id.to_string(), entry.item);
            }
            Kind::Post(_) => self.well += 1,
            Kind::Edit(entry) if entry.item.source == "ill" => {
                self.edits += 1;
                self.items.insert(entry.id.to_string(), entry.item);
            }
            Kind::Remove(entry) => {
                self.removed += 1;
                self.items.remove(&entry.id.to_string());
            }
            Kind::Gap { gap } if gap.source == "ill" => self.gaps.push((at, gap)),
            Kind::Tally { tally } if tally.source == "ill" => self.tally.add(&tally.counts),
            _ => {}
        }
    }

    /// Whether no gap is open: the last word about each has an end.
    pub(crate) fn is_whole(&self) -> bool {
        let last: BTreeMap<&str, &Gap> = self.gaps.iter().map(|(_, gap)| (gap.id.as_str(), gap)).collect();
        last.values().all(|gap| gap.to.is_some())
    }

    /// The first word about a gap that was open, and its last.
    pub(crate) fn outage(&self) -> Option<(i64, &Gap, &Gap)> {
        let (at, first) = self.gaps.iter().find(|(_, gap)| gap.to.is_none())?;
        let (_, last) = self.gaps.iter().rev().find(|(_, gap)| gap.id == first.id)?;
        Some((*at, first, last))
    }
}

async fn open(dir: &TempDir, shutdown: &Shutdown) -> Nozzle {
    let env = |name: &str| (name == "THE_TOKEN").then(|| "secret".to_owned());
    let timeline = Timeline::new(vec![(now(), now() + 30 * 24 * Micros::HOUR)], 1.0).unwrap();
    common::open(dir, shutdown, Clock::rehearsal(timeline, 0), env).await
}
