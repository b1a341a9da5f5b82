//! The addresses of an event's schedule and of its speakers' handles, asked again and again, and what came handed to the
//! sequencer, which decides what is believed. `fetch` asks, `poll` keeps the rhythm and says how it goes.

mod fetch;
mod poll;

use std::time::Duration;

use chassis::clock::Clock;
use model::Micros;
use model::event::EventFile;
use model::schedule::FILE_BYTES_MAX;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::intake::HANDLES_BYTES_MAX;
use crate::pump::{SourceState, SourceStatus};
use crate::sequencer::Command;
use fetch::{Fetched, Fetcher};
use poll::Poller;

/// Names of the two in reports.
pub(crate) const SCHEDULE: &str = "schedule";
pub(crate) const HANDLES: &str = "handles";
/// Time between two looks where event.toml names none.
const POLL_DEFAULT: Duration = Duration::from_secs(300);

/// Time between two looks at the addresses.
pub(crate) fn poll_every(settings: Option<&EventFile>) -> Duration {
    let named = settings.and_then(|settings| settings.schedule_poll_seconds).filter(|seconds| *seconds > 0);
    named.map_or(POLL_DEFAULT, |seconds| Duration::from_secs(seconds.into()))
}

/// Whether a path or an address was written.
#[must_use]
pub fn is_address(place: &str) -> bool {
    place.starts_with("https://") || place.starts_with("http://")
}

/// What is watched of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Watched {
    /// The schedule's address.
    schedule: Option<Url>,
    /// The address of the CSV of handles.
    handles: Option<Url>,
    every: Duration,
}

impl Watched {
    /// What the settings name; nothing where all of it lies in files, or nothing is to be asked again.
    pub(crate) fn of(settings: &EventFile) -> Option<Self> {
        if settings.schedule_poll_seconds == Some(0) {
            return None;
        }
        let address = |place: &Option<String>| {
            place.as_deref().filter(|place| is_address(place)).and_then(|place| Url::parse(place).ok())
        };
        let (schedule, handles) = (address(&settings.schedule), address(&settings.handles));
        let every = poll_every(Some(settings));
        (schedule.is_some() || handles.is_some()).then_some(Self { schedule, handles, every })
    }
}

/// The running looks at an event's addresses; dropping this ends them.
pub(crate) struct Watch {
    task: JoinHandle<()>,
    stop: CancellationToken,
}

impl Watch {
    /// Begins to look, at once. Returns how it goes, the schedule first.
    pub(crate) fn start(
        watched: Watched,
        queue: mpsc::Sender<Command>,
        clock: Clock,
    ) -> (Self, Vec<watch::Receiver<SourceStatus>>) {
        let now = Micros(clock.now());
        let mut seen = Vec::new();
        let mut one = |name: &'static str, address: Option<Url>| {
            let (status, told) = watch::channel(SourceStatus::new(name, SourceState::Connecting, now));
            let address = address?;
            seen.push(told);
            Some(Poller::new(name, address, watched.every, queue.clone(), clock.clone(), status))
        };
        let schedule = one(SCHEDULE, watched.schedule.clone());
        let handles = one(HANDLES, watched.handles.clone());
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        let task = tokio::spawn(async move {
            stopped.run_until_cancelled(poll::run(schedule, handles)).await;
        });
        (Self { task, stop }, seen)
    }

    /// Ends the looks; an order that is under way is let go, which harms nothing.
    pub(crate) async fn stop(mut self) {
        self.stop.cancel();
        // It can only have been cancelled or have ended.
        let _ended = (&mut self.task).await;
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// Fetches a schedule (or, with `is_handles`, a CSV of handles) once, as a look at its address does.
///
/// # Errors
/// A sentence that names the cure, and never the address, which may hold a secret.
pub async fn fetch(address: &str, is_handles: bool) -> Result<Vec<u8>, String> {
    let url = Url::parse(address).map_err(|_| "this is no address; write https://host/path".to_owned())?;
    let fetcher = Fetcher::new(if is_handles { HANDLES_BYTES_MAX } else { FILE_BYTES_MAX })?;
    match fetcher.get(&url, None).await {
        Ok(Fetched::File(file)) => Ok(file.bytes),
        Ok(Fetched::Same) => {
            Err("the server says that nothing has changed, although nothing was known".to_owned())
        }
        Err(end) => Err(poll::words(&end)),
    }
}

#[cfg(test)]
mod tests;
