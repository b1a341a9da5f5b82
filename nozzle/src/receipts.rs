//! Finds out when the surfaces of the product were clean of what was taken away, and cleans those that are the nozzle's: the
//! ledger's file, and what Redis keeps on its disk. One keeper for each event, beside its sequencer.
//!
//! What is measured is what each part says of itself (`live::reached`); nothing here concludes from one surface to another, and
//! nothing is assumed after a time. A receipt whose surface says nothing stays open.

mod witnesses;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chassis::clock::Clock;
use live::ledger::Ledger;
use live::push::Standing;
use live::reached::{How, Reached};
use live::receipts::{Mark, Surface};
use live::redis::Rewritten;
use live::{Class, Error};
use model::{Micros, Position, Seq};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use crate::push::Live;
use crate::sequencer::Taken;
use witnesses::Witnesses;

/// How soon after a removal the ledger's file is cleaned.
const SCRUB_AFTER: Duration = Duration::from_secs(1);
/// Cleaning takes at most one part in so many of the time.
const SCRUB_SHARE: u32 = 20;
/// How often the surfaces are looked at while a receipt is open: at first, and once one has been open for [`PATIENCE`].
const LOOK_EVERY: Duration = Duration::from_millis(250);
const LOOK_LATER: Duration = Duration::from_secs(2);
const PATIENCE: Duration = Duration::from_secs(60);
/// How long to wait when the ledger or Redis fails.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// Keeps the receipts of one event.
pub(crate) struct Keeper {
    ledger: Ledger,
    live: Live,
    standing: watch::Receiver<Standing>,
    taken: watch::Receiver<Taken>,
    witnesses: Witnesses,
    marked: BTreeMap<Surface, Seq>,
    /// The newest receipt, and when it was first heard of.
    newest: (Seq, Instant),
    scrub_at: Option<Instant>,
    look_at: Option<Instant>,
    rewriting: Option<(Seq, AbortOnDropHandle<Result<Rewritten, Error>>)>,
    was_warned: bool,
}

impl Keeper {
    pub(crate) fn new(
        ledger: Ledger,
        live: Live,
        standing: watch::Receiver<Standing>,
        taken: watch::Receiver<Taken>,
    ) -> Self {
        let now = Instant::now();
        Self {
            ledger,
            live,
            standing,
            taken,
            witnesses: Witnesses::default(),
            marked: BTreeMap::new(),
            newest: (0, now),
            // What a crash may have left.
            scrub_at: Some(now),
            look_at: None,
            rewriting: None,
            was_warned: false,
        }
    }

    /// Works until it is told to stop; then cleans the ledger once more, if anything is left to clean.
    pub(crate) async fn run(mut self, stop: CancellationToken) {
        while let Err(error) = self.load().await {
            self.warn(&error);
            if stop.run_until_cancelled(tokio::time::sleep(RETRY_AFTER)).await.is_none() {
                return;
            }
        }
        loop {
            tokio::select! {
                changed = self.taken.changed() => if changed.is_err() { break } else { self.hear() },
                () = until(self.scrub_at), if self.scrub_at.is_some() => self.scrub().await,
                done = rewritten(&mut self.rewriting), if self.rewriting.is_some() => self.rewritten(done).await,
                () = until(self.look_at), if self.look_at.is_some() => self.look().await,
                () = stop.cancelled() => break,
            }
        }
        if self.scrub_at.is_some() {
            self.scrub().await;
        }
    }

    async fn load(&mut self) -> Result<(), Error> {
        self.marked = self.ledger.view().marked().await?;
        self.newest = (self.ledger.view().newest_receipt().await?, Instant::now());
        self.look_at = self.is_open().then(Instant::now);
        Ok(())
    }

    /// The sequencer has committed something that has to go from here.
    fn hear(&mut self) {
        let taken = *self.taken.borrow_and_update();
        let now = Instant::now();
        self.scrub_at.get_or_insert(now + SCRUB_AFTER);
        if taken.newest > self.newest.0 {
            self.newest = (taken.newest, now);
            self.look_at = Some(now);
        }
    }

    fn is_open(&self) -> bool {
        let is_open = |surface: &Surface| self.marked.get(surface).is_none_or(|seq| *seq < self.newest.0);
        self.newest.0 > 0 && Surface::ALL.iter().any(is_open)
    }

    /// Cleans the ledger's file. A large one takes longer, and its turn comes less often.
    async fn scrub(&mut self) {
        let began = Instant::now();
        let done = self.ledger.scrub().await;
        let pause = SCRUB_AFTER.max(began.elapsed() * SCRUB_SHARE);
        self.scrub_at = match done {
            Ok(Some(seq)) => {
                self.mark(Surface::Ledger, seq, &told(None)).await;
                let voided = self.taken.borrow().voided;
                (voided > seq).then(|| Instant::now() + pause)
            }
            // A reader was in the way.
            Ok(None) => Some(Instant::now() + pause),
            Err(error) => {
                self.warn(&error);
                (error.class() == Class::Retry).then(|| Instant::now() + RETRY_AFTER.max(pause))
            }
        };
    }

    /// Looks at every surface once.
    async fn look(&mut self) {
        self.look_at_stores().await;
        if let Some(board) = self.live.board() {
            match board.statuses().await {
                Ok(records) => {
                    self.witnesses.hear(self.ledger.eid(), self.ledger.epoch(), &records);
                    for surface in Surface::ALL {
                        if let Some((seq, reached)) = self.witnesses.of(surface) {
                            self.mark(surface, seq, &reached).await;
                        }
                    }
                }
                Err(error) => tracing::debug!(%error, "the status board cannot be read; receipts wait"),
            }
        }
        let every = if self.newest.1.elapsed() < PATIENCE { LOOK_EVERY } else { LOOK_LATER };
        self.look_at = self.is_open().then(|| Instant::now() + every);
    }

    /// The copy in Redis, and what Redis keeps on its disk.
    async fn look_at_stores(&mut self) {
        match &self.live {
            Live::Nobody => {}
            Live::Embedded(_) => {
                for surface in [Surface::Tail, Surface::TailFiles] {
                    self.mark(surface, self.ledger.top(), &told(Some(How::Absent))).await;
                }
            }
            Live::Redis(store) => {
                let standing = *self.standing.borrow();
                let is_rewritten =
                    self.marked.get(&Surface::TailFiles).is_some_and(|seq| *seq >= self.newest.0);
                if standing.sent >= self.newest.0 && !is_rewritten && self.rewriting.is_none() {
                    let (store, eid) = (Arc::clone(store), self.ledger.eid());
                    let task = tokio::spawn(async move { store.rewrite(eid).await });
                    self.rewriting = Some((standing.sent, AbortOnDropHandle::new(task)));
                }
                self.mark(Surface::Tail, standing.sent, &told(None)).await;
            }
        }
    }

    async fn rewritten(&mut self, (seq, done): (Seq, Result<Rewritten, Error>)) {
        match done {
            Ok(Rewritten::Done) => self.mark(Surface::TailFiles, seq, &told(None)).await,
            Ok(Rewritten::NothingKept) => self.mark(Surface::TailFiles, seq, &told(Some(How::Absent))).await,
            Ok(Rewritten::Refused) => self.mark(Surface::TailFiles, seq, &told(Some(How::Refused))).await,
            // Asked again with one of the next looks.
            Err(error) => self.warn(&error),
        }
    }

    async fn mark(&mut self, surface: Surface, seq: Seq, reached: &Reached) {
        if self.marked.get(&surface).is_some_and(|marked| *marked >= seq) || seq == 0 {
            return;
        }
        let age = i64::try_from(reached.age_ms.saturating_mul(1_000)).unwrap_or(i64::MAX);
        let since = Micros(Clock::real().now().saturating_sub(age));
        let Reached { told, silent, how, .. } = *reached;
        match self.ledger.mark(&Mark { surface, seq, since, told, silent, how }).await {
            Ok(true) => drop(self.marked.insert(surface, seq)),
            Ok(false) => {}
            Err(error) => self.warn(&error),
        }
    }

    /// Once in words; the receipts themselves show what is open.
    fn warn(&mut self, error: &Error) {
        if !std::mem::replace(&mut self.was_warned, true) {
            tracing::warn!(event.eid = %self.ledger.eid(), %error, "receipts for what was removed cannot be kept just now");
        }
    }
}

/// What the nozzle itself knows at this moment.
fn told(how: Option<How>) -> Reached {
    let position = Position { epoch: model::Epoch::new(0, 0), seq: 0 };
    Reached { position, age_ms: 0, told: u32::from(how.is_none()), silent: 0, how }
}

async fn until(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}

async fn rewritten(
    rewriting: &mut Option<(Seq, AbortOnDropHandle<Result<Rewritten, Error>>)>,
) -> (Seq, Result<Rewritten, Error>) {
    let Some((seq, task)) = rewriting else { return std::future::pending().await };
    let seq = *seq;
    let done = task.await.unwrap_or_else(|_| Err(Error::Redis("asking for a rewrite broke off".to_owned())));
    *rewriting = None;
    (seq, done)
}
