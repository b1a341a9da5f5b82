//! The rhythm of looks: every so often while it goes well, less and less often while it does not, and never hurried. What came
//! is handed to the sequencer when its bytes are others than those that it took last.

use std::time::Duration;

use chassis::Backoff;
use chassis::backoff::random_between;
use chassis::clock::Clock;
use model::Micros;
use model::schedule::FILE_BYTES_MAX;
use sha2::{Digest, Sha256};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until};
use url::Url;

use super::fetch::{Fetched, Fetcher, File, Validators};
use super::{HANDLES, SCHEDULE};
use crate::intake::{Actor, Ask, HANDLES_BYTES_MAX, Order, Outcome, Refusal};
use crate::pump::{SourceState, SourceStatus};
use crate::sequencer::{self, Command};
use crate::source::SourceEnd;

/// First wait after a failure, and the longest one.
const AGAIN_AFTER: Duration = Duration::from_secs(30);
const AGAIN_AFTER_MAX: Duration = Duration::from_secs(30 * 60);
/// How much of a file is looked at to tell a web page.
const WEB_PAGE_HEAD_BYTES: usize = 1024;
/// Wait after the sequencer said "later".
const LATER: Duration = Duration::from_secs(5);

/// Looks at one address.
pub(super) struct Poller {
    name: &'static str,
    address: Url,
    every: Duration,
    fetcher: Result<Fetcher, String>,
    queue: mpsc::Sender<Command>,
    clock: Clock,
    status: watch::Sender<SourceStatus>,
    backoff: Backoff,
    /// Of the file that was taken last.
    validators: Option<Validators>,
    taken: Option<[u8; 32]>,
    /// What nobody can have meant of it.
    warning: Option<String>,
    pub(super) due: Instant,
}

/// What a look led to.
enum Looked {
    /// What is there was taken before.
    Same,
    /// Taken; whether anything of it is new.
    Taken { is_new: bool },
    /// Not believed yet.
    Doubted(String),
    /// The sequencer has no time.
    Later(String),
    /// Nothing of use came.
    Failed(SourceEnd),
}

/// Looks at both addresses until it is dropped. Handles are given anew when the schedule has changed: its new talks have
/// speakers, too.
pub(super) async fn run(mut schedule: Option<Poller>, mut handles: Option<Poller>) {
    loop {
        let due = [&schedule, &handles].into_iter().flatten().map(|poller| poller.due).min();
        let Some(due) = due else { return };
        sleep_until(due).await;
        let mut is_new = false;
        if let Some(schedule) = schedule.as_mut().filter(|poller| poller.due <= Instant::now()) {
            is_new = schedule.look().await;
        }
        if let Some(handles) = &mut handles {
            if is_new {
                handles.forget();
            }
            if handles.due <= Instant::now() {
                handles.look().await;
            }
        }
    }
}

impl Poller {
    pub(super) fn new(
        name: &'static str,
        address: Url,
        every: Duration,
        queue: mpsc::Sender<Command>,
        clock: Clock,
        status: watch::Sender<SourceStatus>,
    ) -> Self {
        // A silence of three looks is one too many; `report` multiplies by itself.
        status.send_modify(|status| status.silence_max = Some(every * 2));
        let fetcher = Fetcher::new(if name == HANDLES { HANDLES_BYTES_MAX } else { FILE_BYTES_MAX });
        Self {
            name,
            address,
            every,
            fetcher,
            queue,
            clock,
            status,
            backoff: Backoff::exponential(AGAIN_AFTER, AGAIN_AFTER_MAX).at_least(),
            validators: None,
            taken: None,
            warning: None,
            due: Instant::now(),
        }
    }

    /// The next look is at once, and whatever it brings is handed over.
    fn forget(&mut self) {
        self.validators = None;
        self.taken = None;
        self.due = Instant::now();
    }

    /// Looks once and says how it went; true when something new was taken.
    pub(super) async fn look(&mut self) -> bool {
        let looked = self.looked().await;
        let is_good = matches!(looked, Looked::Same | Looked::Taken { .. } | Looked::Doubted(_));
        if is_good {
            self.backoff.proven();
        }
        let (state, warning, wait) = self.course(&looked);
        let now = Micros(self.clock.now());
        self.status.send_modify(|status| {
            if status.state != state {
                status.state = state;
                status.since = now;
            }
            status.warning = warning;
            if is_good {
                status.heard = Some(now);
                status.received += 1;
            } else {
                status.ends += 1;
            }
        });
        // A little later each time, never sooner: many events must not ask one server in step.
        self.due = Instant::now() + random_between(wait, wait + wait / 10);
        matches!(looked, Looked::Taken { is_new: true })
    }

    /// The state to show, a warning, and how long to wait.
    fn course(&mut self, looked: &Looked) -> (SourceState, Option<String>, Duration) {
        let waiting =
            |why: String, wait: Duration| (SourceState::Waiting { why, seconds: wait.as_secs() }, None, wait);
        match looked {
            Looked::Same | Looked::Taken { .. } => (SourceState::Live, self.warning.clone(), self.every),
            Looked::Doubted(why) => (SourceState::Live, Some(why.clone()), self.every),
            Looked::Later(why) => waiting(why.clone(), LATER),
            Looked::Failed(end) => {
                let wait = match end {
                    SourceEnd::WaitFor(wait) => (*wait).max(AGAIN_AFTER),
                    _ => self.backoff.failed(),
                };
                let why = words(end);
                tracing::warn!(watched = self.name, %why, seconds = wait.as_secs(), "a look at an address failed");
                match end {
                    SourceEnd::Misconfigured(_) => (SourceState::Misconfigured { why }, None, wait),
                    SourceEnd::NeedsCredentials(_) => (SourceState::NeedsCredentials { why }, None, wait),
                    _ => waiting(why, wait),
                }
            }
        }
    }

    async fn looked(&mut self) -> Looked {
        let fetcher = match &self.fetcher {
            Ok(fetcher) => fetcher,
            Err(why) => return Looked::Failed(SourceEnd::Cut(why.clone())),
        };
        let file = match fetcher.get(&self.address, self.validators.as_ref()).await {
            Ok(Fetched::Same) => return Looked::Same,
            Ok(Fetched::File(file)) => file,
            Err(end) => return Looked::Failed(end),
        };
        let hash: [u8; 32] = Sha256::digest(&file.bytes).into();
        if self.taken == Some(hash) {
            self.validators = Some(file.validators);
            return Looked::Same;
        }
        self.hand_over(file, hash).await
    }

    async fn hand_over(&mut self, file: File, hash: [u8; 32]) -> Looked {
        if is_web_page(&file.bytes) {
            return Looked::Failed(SourceEnd::Refused(format!(
                "this address gives a web page (a log-in, perhaps); write the address of the file itself as `{}` in event.toml",
                self.name
            )));
        }
        let ask = if self.name == SCHEDULE { Ask::Schedule(file.bytes) } else { Ask::Handles(file.bytes) };
        // Its own at each look: what came back after something else is another order.
        let key = format!("poll-{}-{}-{:02x?}", self.name, self.clock.now(), &hash[..4]);
        let order = Order { ask, key, actor: Actor::poll(), is_dry_run: false };
        match sequencer::ask(&self.queue, order).await {
            Ok(outcome) => {
                self.validators = Some(file.validators);
                self.taken = Some(hash);
                let has_slips = outcome.state.as_deref() == Some(sequencer::SLIPS);
                self.warning = outcome.notes.first().filter(|_| has_slips).cloned();
                self.tell(&outcome);
                Looked::Taken { is_new: outcome.seq > 0 }
            }
            Err(Refusal::Conflict { why, .. }) => {
                tracing::warn!(watched = self.name, %why, "what an address gives is not believed yet");
                Looked::Doubted(why)
            }
            Err(Refusal::Later { why, .. } | Refusal::Failed(why)) => Looked::Later(why),
            Err(refusal) => Looked::Failed(SourceEnd::Refused(format!(
                "{refusal} (nothing was imported; look at what the address gives)"
            ))),
        }
    }

    fn tell(&self, outcome: &Outcome) {
        if outcome.seq > 0 {
            let first = outcome.notes.first().map_or("", String::as_str);
            let version = outcome.id.as_deref().unwrap_or("-");
            let moved = outcome.moves.len();
            tracing::info!(watched = self.name, %version, seq = outcome.seq, moved, "{first}");
        }
        if let Some(why) = &self.warning {
            tracing::warn!(watched = self.name, %why, "what an address gives cannot be meant as it stands");
        }
    }
}

/// Whether it is what servers give in place of a file that they do not show.
fn is_web_page(bytes: &[u8]) -> bool {
    let head = &bytes[..bytes.len().min(WEB_PAGE_HEAD_BYTES)];
    let head = String::from_utf8_lossy(head).trim_start_matches('\u{feff}').trim_start().to_ascii_lowercase();
    head.starts_with("<!doctype html") || head.starts_with("<html")
}

/// An end as a sentence for whoever reads a status.
pub(super) fn words(end: &SourceEnd) -> String {
    match end {
        SourceEnd::Refused(why) | SourceEnd::Misconfigured(why) | SourceEnd::NeedsCredentials(why) => {
            why.clone()
        }
        other => other.to_string(),
    }
}
