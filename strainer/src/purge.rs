//! Gets what was removed off the archive's disk, soon after the rows are gone, and tells up to which entry of each log that is so.
//! One for the whole archive, as its files are one for all events; a large one takes longer, and its turn comes less often.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use archive::{Archive, Class, Purged};
use chassis::Shutdown;
use live::reached::{How, Reach, Reached, Told};
use live::receipts::Surface;
use model::{EventId, Position};
use tokio::sync::Notify;

/// How soon after rows were emptied.
const AFTER: Duration = Duration::from_secs(1);
/// It takes at most one part in so many of the time.
const SHARE: u32 = 20;
/// How long to wait when the archive fails.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// Shared between the followers, which write, the task that purges, and the status record.
#[derive(Default)]
pub(crate) struct Purge {
    events: Mutex<BTreeMap<EventId, EventReach>>,
    due: Notify,
}

#[derive(Default)]
struct EventReach {
    position: Option<Position>,
    rows: Reach,
    files: Reach,
}

impl Purge {
    /// The archive holds an event up to here; `took_back`: and something in what was written last took words back.
    pub(crate) fn is_at(&self, event: EventId, position: &Position, took_back: bool) {
        let mut events = self.events();
        let reach = events.entry(event).or_default();
        let is_first = reach.position.is_none();
        reach.rows.at(position.clone(), took_back);
        reach.position = Some(position.clone());
        // The first time it is not known what was done before.
        if took_back || is_first {
            self.due.notify_one();
        }
    }

    /// Rows were removed otherwise.
    pub(crate) fn is_due(&self) {
        self.due.notify_one();
    }

    /// What the status record says of it.
    pub(crate) fn told(&self) -> Told {
        let told = |reach: &EventReach| -> BTreeMap<Surface, Reached> {
            let rows = reach.rows.told().map(|told| (Surface::Archive, told));
            let files = reach.files.told().map(|told| (Surface::ArchiveFiles, told));
            rows.into_iter().chain(files).collect()
        };
        self.events().iter().map(|(event, reach)| (*event, told(reach))).collect()
    }

    fn events(&self) -> MutexGuard<'_, BTreeMap<EventId, EventReach>> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn positions(&self) -> Vec<(EventId, Position)> {
        self.events().iter().filter_map(|(event, reach)| Some((*event, reach.position.clone()?))).collect()
    }

    fn purged(&self, positions: Vec<(EventId, Position)>, purged: Purged) {
        let events = self.events();
        for (event, position) in positions {
            let Some(reach) = events.get(&event) else { continue };
            match purged {
                Purged::Wiped => reach.files.at(position, true),
                Purged::Vacuumed => reach.files.at_with(position, true, How::Vacuumed),
                Purged::Refused => reach.files.at_with(position, true, How::Refused),
            }
        }
    }

    /// Purges whenever something was removed, until the process stops.
    pub(crate) async fn run(self: Arc<Self>, archive: Arc<dyn Archive>, shutdown: Shutdown) {
        let mut was_warned = false;
        while !shutdown.is_triggered() {
            tokio::select! {
                () = self.due.notified() => {}
                () = shutdown.triggered() => return,
            }
            // What is removed in the same breath goes with it.
            let pause = async |time: Duration| {
                tokio::select! { () = tokio::time::sleep(time) => {}, () = shutdown.triggered() => {} }
            };
            pause(AFTER).await;
            // What is removed from here on may still be written while the files are gone over.
            let (positions, began) = (self.positions(), Instant::now());
            let wait = match archive.purge().await {
                Ok(Some(purged)) => {
                    self.purged(positions, purged);
                    was_warned = false;
                    AFTER
                }
                Ok(None) => {
                    self.due.notify_one();
                    AFTER
                }
                Err(error) => {
                    if !std::mem::replace(&mut was_warned, true) {
                        tracing::warn!(%error, "what was removed cannot be got off the archive's disk just now");
                    }
                    if error.class() == Class::Retry {
                        self.due.notify_one();
                    }
                    RETRY_AFTER
                }
            };
            pause(wait.max(began.elapsed() * SHARE)).await;
        }
    }
}
