//! The pump: the one task around a source. It opens the stream first, then backfills from the saved cursor, merges
//! both, admits what comes, and hands it to the sequencer through a bounded queue. It alone decides when to come
//! again, when an open stream counts as stalled, and what has become a gap.

mod counters;
mod coverage;
mod desk;
mod status;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use chassis::backoff::{RETRY_AFTER_MAX, random_between};
use chassis::clock::Clock;
use model::Micros;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use crate::sequencer::Command;
use crate::source::{Backfilled, Outlet, Rhythm, Since, Source, SourceEnd, Upstream};
use desk::Desk;

pub(crate) use counters::{Counted, Sample};
pub(crate) use coverage::Saved;
pub use status::{SourceState, SourceStatus};

/// Messages that may wait between a source and its pump.
const OUTLET_MESSAGES_MAX: usize = 256;
/// How long to wait before asking again after a refusal that only a person can lift.
const PERSON_WAIT: Duration = Duration::from_secs(15 * 60);
/// How often minutes and gaps are looked at.
const TICK: Duration = Duration::from_secs(1);
/// How long a pump that is told to stop waits for the sequencer to take its last words.
const FAREWELL_MAX: Duration = Duration::from_secs(2);

/// Everything a pump needs.
pub(crate) struct PumpParts {
    /// Name of the source.
    pub(crate) name: Arc<str>,
    /// The source.
    pub(crate) source: Box<dyn Source>,
    /// Its posts wait for a moderator.
    pub(crate) is_held: bool,
    /// What becomes of posts by accounts that ask not to be indexed.
    pub(crate) consent: model::event::Consent,
    /// What the ledger remembers of it.
    pub(crate) saved: Option<Saved>,
    /// Nothing older is wanted.
    pub(crate) not_before: Micros,
    /// The sequencer's queue.
    pub(crate) queue: mpsc::Sender<Command>,
    /// Tells receipt times.
    pub(crate) clock: Clock,
    /// Where the dashboard sees it.
    pub(crate) status: watch::Sender<SourceStatus>,
}

/// Runs a source until it is finished or told to stop (at shutdown, and when the settings change). Its connection is dropped
/// in mid-air; what was counted is handed over. Returns what to remember, which may still be on its way into the ledger.
pub(crate) async fn run(parts: PumpParts, stop: CancellationToken) -> Saved {
    let PumpParts { name, source, is_held, consent, saved, not_before, queue, clock, status } = parts;
    let silence_max = Some(source.rhythm().silence_max);
    status.send_modify(|status| status.silence_max = silence_max);
    let mut desk = Desk::new(name, is_held, consent, saved, queue, clock, status);
    let pumping = stop.run_until_cancelled(pump(source.as_ref(), &mut desk, not_before)).await;
    if pumping.is_some() {
        desk.state(SourceState::Finished);
    }
    // Where nobody takes it, nothing more can be done.
    let _taken_or_not = timeout(FAREWELL_MAX, desk.last_words()).await;
    desk.into_saved()
}

/// Connects again and again, until the source is finished.
async fn pump(source: &dyn Source, desk: &mut Desk, not_before: Micros) {
    let mut waits = source.rhythm();
    loop {
        desk.state(SourceState::Connecting);
        let end = one_stream(source, desk, &mut waits, not_before).await;
        desk.ended(&end);
        let Some(wait) = wait_after(&end, &mut waits) else { return };
        desk.state(match end {
            SourceEnd::NeedsCredentials(why) => SourceState::NeedsCredentials { why },
            SourceEnd::Misconfigured(why) => SourceState::Misconfigured { why },
            other => SourceState::Waiting { why: other.to_string(), seconds: wait.as_secs() },
        });
        idle(desk, wait).await;
    }
}

/// How long to stay away after this end; `None` when there is nothing to come back for.
fn wait_after(end: &SourceEnd, waits: &mut Rhythm) -> Option<Duration> {
    Some(match end {
        SourceEnd::Cut(_) | SourceEnd::Stalled => waits.cut.failed(),
        SourceEnd::Refused(_) => waits.refused.failed(),
        SourceEnd::Throttled(_) => waits.throttled.failed(),
        SourceEnd::WaitFor(wait) => {
            let wait = (*wait).min(RETRY_AFTER_MAX);
            random_between(wait, wait + (wait / 10).max(Duration::from_millis(100)))
        }
        SourceEnd::Paused { wait, .. } => *wait,
        SourceEnd::NeedsCredentials(_) | SourceEnd::Misconfigured(_) => {
            random_between(PERSON_WAIT, PERSON_WAIT + PERSON_WAIT / 4)
        }
        SourceEnd::Finished => return None,
    })
}

fn proven(waits: &mut Rhythm) {
    waits.cut.proven();
    waits.refused.proven();
    waits.throttled.proven();
}

/// Waits, while minutes go on being counted and holes become gaps.
async fn idle(desk: &mut Desk, wait: Duration) {
    let until = Instant::now() + wait;
    let mut tick = ticking();
    loop {
        tokio::select! {
            () = sleep_until(until) => return,
            _ = tick.tick() => desk.tick().await,
        }
    }
}

fn ticking() -> tokio::time::Interval {
    let mut tick = interval(TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    tick
}

type Backfill<'a> = Pin<Box<dyn Future<Output = Backfilled> + Send + 'a>>;

/// One connection, from its opening to its end, with the backfills that belong to it.
async fn one_stream(
    source: &dyn Source,
    desk: &mut Desk,
    waits: &mut Rhythm,
    not_before: Micros,
) -> SourceEnd {
    let (out, mut live) = Outlet::new(OUTLET_MESSAGES_MAX);
    let (late_out, mut late) = Outlet::new(OUTLET_MESSAGES_MAX);
    source.resume(desk.cursor().as_ref());
    let mut stream = source.stream(&out);
    let mut backfill: Option<Backfill<'_>> = None;
    let mut again = source.rhythm();
    let mut tick = ticking();
    let mut heard = Instant::now();
    // When to start a backfill: at the opening, and again after one that broke off.
    let mut backfill_at: Option<Instant> = None;
    loop {
        tokio::select! {
            Some(message) = live.recv() => {
                if matches!(message, Upstream::Opened) {
                    backfill_at = Some(Instant::now());
                }
                hear(message, desk, waits).await;
                heard = Instant::now();
            }
            Some(message) = late.recv() => {
                let before = Instant::now();
                desk.late(message).await;
                // Waiting for the sequencer is not the network's silence; here and below.
                heard += before.elapsed();
            }
            done = wait_for(&mut backfill), if backfill.is_some() => {
                backfill = None;
                let before = Instant::now();
                while let Ok(message) = late.try_recv() {
                    desk.late(message).await;
                }
                backfill_at = desk.backfilled(done, &mut again).await.map(|wait| Instant::now() + wait);
                heard += before.elapsed();
            }
            end = &mut stream => {
                while let Ok(message) = live.try_recv() {
                    hear(message, desk, waits).await;
                }
                return end;
            }
            () = sleep(waits.silence_max.saturating_sub(heard.elapsed())) => return SourceEnd::Stalled,
            () = until(backfill_at), if backfill_at.is_some() => {
                backfill_at = None;
                let since = Since { cursor: desk.cursor(), not_before };
                desk.state(SourceState::CatchingUp);
                backfill = Some(source_backfill(source, since, &late_out));
            }
            _ = tick.tick() => {
                let before = Instant::now();
                desk.tick().await;
                heard += before.elapsed();
            }
        }
    }
}

async fn hear(message: Upstream, desk: &mut Desk, waits: &mut Rhythm) {
    if message.proves_health() {
        proven(waits);
    }
    desk.live(message).await;
}

fn source_backfill<'a>(source: &'a dyn Source, since: Since, out: &'a Outlet) -> Backfill<'a> {
    Box::pin(async move { source.backfill(&since, out).await })
}

async fn wait_for(backfill: &mut Option<Backfill<'_>>) -> Backfilled {
    match backfill {
        Some(backfill) => backfill.await,
        None => std::future::pending().await,
    }
}

async fn until(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests;
