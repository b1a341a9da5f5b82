//! The task that keeps the tail equal to the ledger: it claims, pushes what was committed, beats while nothing is, and
//! trims. It decides nothing: [`Claim`] and [`Course`] do.

use super::{Answer, Claim, ClaimStep, Course, Cure, OWNER_LIFE_MS, Push, PushEntry, Stop, Word, trim::Trim};
use crate::ledger::Ledger;
use crate::log::Bell;
use crate::metrics;
use crate::redis::Tail;
use crate::{Class, Error};
use model::Seq;
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// Entries of one push at most: about 0.6 ms of the server's time.
const ENTRIES_MAX: usize = 200;
/// Bytes of entries of one push at most; one entry goes however long it is.
const BYTES_MAX: usize = 256 * 1024;
/// Between two looks at somebody else's claim.
const LOOK_EVERY: Duration = Duration::from_millis(500);
const RETRY_MIN: Duration = Duration::from_millis(50);
const RETRY_MAX: Duration = Duration::from_secs(1);
/// How long a nozzle that is told to stop goes on pushing what is left.
const FAREWELL_MAX: Duration = Duration::from_secs(3);

/// How a nozzle stands with its tail.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// The event is ours. Only then may anything be accepted; Redis may go away afterwards.
    pub is_owner: bool,
    /// The last attempt reached Redis.
    pub is_reached: bool,
    /// The newest entry that the tail is known to have.
    pub sent: Seq,
}

/// Why the pusher ended.
#[derive(Debug, thiserror::Error)]
pub enum PushEnd {
    /// It was told to stop.
    #[error("told to stop")]
    Told,
    /// A person must decide; a restart does not help.
    #[error("{0}")]
    Stop(#[from] Stop),
    /// The ledger failed, or Redis is unfit.
    #[error("{0}")]
    Failed(#[from] Error),
}

/// The pusher of one event.
pub struct Pusher {
    ledger: Ledger,
    tail: Tail,
    claim: Claim,
    course: Course,
    trim: Trim,
    began: Instant,
    owner_seen: String,
    has_warned: bool,
    behind_since: Option<Instant>,
    standing: watch::Sender<Standing>,
}

enum Step {
    /// There is more to do at once.
    Again,
    /// Wait for the bell or the next beat.
    Rest,
    /// Wait this long.
    Wait(Duration),
}

impl Pusher {
    /// For this ledger and this tail.
    #[must_use]
    pub fn new(ledger: Ledger, tail: Tail) -> Self {
        let claim = Claim::new(ledger.place(), ledger.is_at_home());
        Self::with_claim(ledger, tail, claim)
    }

    /// The same under another claim (tests shorten its times).
    #[must_use]
    pub fn with_claim(ledger: Ledger, tail: Tail, claim: Claim) -> Self {
        Self {
            ledger,
            tail,
            claim,
            course: Course::default(),
            trim: Trim::default(),
            began: Instant::now(),
            owner_seen: String::new(),
            has_warned: false,
            behind_since: None,
            standing: watch::Sender::new(Standing::default()),
        }
    }

    /// Watches how we stand. The sequencer accepts nothing unless `is_owner`.
    #[must_use]
    pub fn standing(&self) -> watch::Receiver<Standing> {
        self.standing.subscribe()
    }

    /// Runs until told to stop, or until a person must decide.
    pub async fn run(mut self, stop: CancellationToken) -> PushEnd {
        let mut bell = self.ledger.bell();
        let mut retry = RETRY_MIN;
        loop {
            let step = match self.step().await {
                Ok(step) => {
                    retry = RETRY_MIN;
                    self.has_warned = false;
                    step
                }
                Err(PushEnd::Failed(error)) if error.class() == Class::Retry => {
                    self.lose_sight(&error);
                    retry = (retry * 2).min(RETRY_MAX);
                    Step::Wait(retry.mul_f64(0.5 + rand::random::<f64>() / 2.0))
                }
                Err(end) => {
                    self.tell(|s| s.is_owner = false);
                    return end;
                }
            };
            if stop.is_cancelled() {
                return self.farewell().await;
            }
            tokio::select! {
                () = stop.cancelled() => return self.farewell().await,
                () = rest(step, &mut bell) => {}
            }
        }
    }

    /// Pushes what is left, within bounds: a reader should not have to wait for the next start.
    async fn farewell(&mut self) -> PushEnd {
        let deadline = Instant::now() + FAREWELL_MAX;
        while self.course.is_owner() && self.course.sent() < self.ledger.top() && Instant::now() < deadline {
            match self.step().await {
                Ok(_) => {}
                Err(PushEnd::Failed(error)) if error.class() == Class::Retry => {
                    tokio::time::sleep(RETRY_MIN).await;
                }
                Err(end) => return end,
            }
        }
        PushEnd::Told
    }

    async fn step(&mut self) -> Result<Step, PushEnd> {
        if !self.course.is_owner() {
            let look = self.tail.look().await?;
            self.tell(|s| s.is_reached = true);
            match self.claim.see(look.link, look.owner.as_deref(), self.began.elapsed()) {
                // Here too: at the start the server may have been away, and nobody has asked it.
                ClaimStep::Claim => self.tail.check().await?,
                step => {
                    self.owner_seen = look.owner.unwrap_or_default();
                    return self.wait_or_end(step);
                }
            }
        }
        self.note_archived().await;
        let push = self.next_push().await?;
        let answer = self.tail.push(&push).await?;
        self.hear(&answer).await
    }

    fn wait_or_end(&self, step: ClaimStep) -> Result<Step, PushEnd> {
        if step == ClaimStep::GiveUp {
            return Err(Stop::Owned { owner: self.owner_seen.clone() }.into());
        }
        Ok(Step::Wait(LOOK_EVERY))
    }

    /// Rows are read at this moment: what was overwritten since the last attempt goes out overwritten.
    async fn next_push(&self) -> Result<Push, Error> {
        let (ledger, course) = (&self.ledger, &self.course);
        // A commit can be read in the file a moment before the ledger says so; what goes out is what it says.
        let top = ledger.top();
        let prev = course.prev(top, ledger.trim());
        let tip = ledger.view().chain(prev).await?;
        let tip = tip.ok_or_else(|| Error::Corrupt(format!("the ledger has no entry {prev}")))?;
        let rows = ledger.view().push_rows(prev, ENTRIES_MAX, BYTES_MAX).await?;
        let head = ledger.head();
        let rows = rows.into_iter().take_while(|row| row.seq <= top);
        let entries = rows.map(|r| PushEntry { chain: r.chain, voids: r.voids, json: r.json });
        Ok(Push {
            me: ledger.place().to_owned(),
            life_ms: OWNER_LIFE_MS,
            epoch: head.epoch,
            line: head.line,
            prev,
            tip,
            anew: course.is_anew(),
            trim: if course.is_owner() { self.trim.at(Instant::now(), top) } else { 0 },
            entries: entries.collect(),
        })
    }

    async fn hear(&mut self, answer: &Answer) -> Result<Step, PushEnd> {
        metrics::answered(self.ledger.eid(), answer.word);
        let was_owner = self.course.is_owner();
        let mut cure = self.course.hear(answer, self.ledger.epoch(), self.ledger.top());
        if let Cure::Joint { top, tip } = &cure {
            let ours = self.ledger.view().chain(*top).await.map_err(PushEnd::Failed)?;
            let (top, is_same) = (*top, ours.as_ref() == Some(tip));
            cure = self.course.joint(top, is_same);
        }
        if answer.word != Word::Ok && answer.word != Word::Owner {
            tracing::info!(live.event = %self.ledger.eid(), live.answer = ?answer.word, live.top = answer.top, "the tail in Redis is not what we left; mending it");
        }
        let step = match cure {
            Cure::Continue => self.accepted(was_owner, answer).await?,
            Cure::Again | Cure::Joint { .. } => Step::Again,
            Cure::Disowned => {
                let step = self.claim.refused(self.began.elapsed());
                self.wait_or_end(step)?
            }
            Cure::Stop(why) => return Err(why.into()),
        };
        let (is_owner, sent) = (self.course.is_owner(), self.course.sent());
        self.tell(|s| *s = Standing { is_owner, is_reached: true, sent });
        Ok(step)
    }

    async fn accepted(&mut self, was_owner: bool, answer: &Answer) -> Result<Step, Error> {
        if !was_owner {
            self.ledger.settle().await?;
            self.claim.accepted();
            tracing::info!(live.event = %self.ledger.eid(), live.top = answer.top, "this nozzle owns the event");
        }
        self.ledger.set_trim(answer.base).await?;
        let is_behind = answer.top < self.ledger.top();
        self.measure(is_behind);
        Ok(if is_behind { Step::Again } else { Step::Rest })
    }

    /// Asks the archive's cursor, which only ever makes the tail shorter: not knowing it is harmless.
    async fn note_archived(&mut self) {
        let now = Instant::now();
        if self.course.is_owner() && self.trim.is_due(now) {
            let position = self.tail.archived().await.ok().flatten();
            self.trim.note(now, position.filter(|p| p.epoch == *self.ledger.epoch()).map(|p| p.seq));
        }
    }

    fn lose_sight(&mut self, error: &Error) {
        if !std::mem::replace(&mut self.has_warned, true) {
            tracing::warn!(live.event = %self.ledger.eid(), %error, "cannot push to the tail; trying again");
        }
        self.claim.lost_sight();
        self.measure(self.course.sent() < self.ledger.top());
        self.tell(|s| s.is_reached = false);
    }

    /// How long the tail has been lacking something that was accepted.
    fn measure(&mut self, is_behind: bool) {
        let since = is_behind.then(|| *self.behind_since.get_or_insert_with(Instant::now));
        self.behind_since = since;
        metrics::behind(self.ledger.eid(), since.map_or(Duration::ZERO, |s| s.elapsed()));
    }

    fn tell(&self, change: impl FnOnce(&mut Standing)) {
        self.standing.send_if_modified(|standing| {
            let was = *standing;
            change(standing);
            was != *standing
        });
    }
}

async fn rest(step: Step, bell: &mut Bell) {
    match step {
        Step::Again => tokio::task::yield_now().await,
        // The bell's own wait ends after a second: the heartbeat.
        Step::Rest => bell.wait().await,
        Step::Wait(time) => tokio::time::sleep(time).await,
    }
}
