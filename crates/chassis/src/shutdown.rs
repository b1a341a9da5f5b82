//! Stopping: asked once, heard by every task, over after a bounded wait.

use std::{future::Future, time::Duration};

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::Error;

/// How long tasks may take to end by themselves, in total.
pub const DEADLINE: Duration = Duration::from_secs(15);

/// How long a task that was cut off may take to let go.
const CUT_OFF_WAIT: Duration = Duration::from_secs(1);

/// The stop signal of a process (or of one part of it) and the owner of its tasks. Clones share both.
#[derive(Debug, Clone, Default)]
pub struct Shutdown {
    asked: CancellationToken,
    cut_off: CancellationToken,
    tasks: TaskTracker,
}

/// How [`Shutdown::finish`] ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Every task ended by itself.
    Clean,
    /// This many tasks were cut off at the deadline.
    CutOff(usize),
}

impl Shutdown {
    /// A stop signal that nothing triggers but [`Shutdown::trigger`].
    pub fn new() -> Self {
        Self::default()
    }

    /// A stop signal triggered by SIGTERM and SIGINT. The second signal cuts everything off at once.
    ///
    /// # Errors
    /// [`Error::System`] when the process may not handle signals.
    pub fn on_signals() -> Result<Self, Error> {
        let refused = |source| Error::System { what: "a signal handler", source };
        let mut terminate = signal(SignalKind::terminate()).map_err(refused)?;
        let mut interrupt = signal(SignalKind::interrupt()).map_err(refused)?;
        let shutdown = Self::new();
        let signals = shutdown.clone();
        // Owned by the process: it lives until the second signal or the end, so it is not among the tasks waited for.
        tokio::spawn(async move {
            for stage in [&signals.asked, &signals.cut_off] {
                tokio::select! {
                    _ = terminate.recv() => {}
                    _ = interrupt.recv() => {}
                }
                tracing::info!("asked to stop");
                stage.cancel();
            }
        });
        Ok(shutdown)
    }

    /// Asks every task to stop.
    pub fn trigger(&self) {
        self.asked.cancel();
    }

    /// Whether the stop was asked for.
    pub fn is_triggered(&self) -> bool {
        self.asked.is_cancelled()
    }

    /// Waits until the stop is asked for.
    pub async fn triggered(&self) {
        self.asked.cancelled().await;
    }

    /// Stops waiting for tasks: what a second signal does.
    pub fn insist(&self) {
        self.asked.cancel();
        self.cut_off.cancel();
    }

    /// Waits until nobody waits for tasks any longer: after a second signal, or at the deadline.
    pub async fn insisted(&self) {
        self.cut_off.cancelled().await;
    }

    /// The token behind [`Shutdown::triggered`], for parts that want one.
    pub fn token(&self) -> CancellationToken {
        self.asked.clone()
    }

    /// A stop signal for one part: triggered with this one, or alone. It owns its own tasks.
    #[must_use]
    pub fn part(&self) -> Self {
        Self {
            asked: self.asked.child_token(),
            cut_off: self.cut_off.child_token(),
            tasks: TaskTracker::new(),
        }
    }

    /// Starts a task that [`Shutdown::finish`] waits for. At the deadline it is dropped where it stands.
    pub fn spawn<F>(&self, task: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let cut_off = self.cut_off.clone();
        self.tasks.spawn(async move {
            let _finished_or_cut = cut_off.run_until_cancelled(task).await;
        });
    }

    /// Tasks that have not ended.
    pub fn tasks(&self) -> usize {
        self.tasks.len()
    }

    /// Waits for the stop, then for the tasks: [`DEADLINE`] at most, and at once after a second signal.
    pub async fn finish(&self) -> Ending {
        self.triggered().await;
        self.tasks.close();
        tokio::select! {
            () = self.tasks.wait() => return Ending::Clean,
            () = tokio::time::sleep(DEADLINE) => {}
            () = self.cut_off.cancelled() => {}
        }
        let left = self.tasks.len();
        tracing::warn!(tasks.left = left, "tasks did not end in time and are cut off");
        self.cut_off.cancel();
        let _let_go_or_not = tokio::time::timeout(CUT_OFF_WAIT, self.tasks.wait()).await;
        Ending::CutOff(left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn tasks_that_hear_the_stop_end_cleanly() {
        let shutdown = Shutdown::new();
        let heard = shutdown.clone();
        shutdown.spawn(async move { heard.triggered().await });
        shutdown.trigger();
        assert_eq!(shutdown.finish().await, Ending::Clean);
    }

    #[tokio::test(start_paused = true)]
    async fn a_deaf_task_is_cut_off_at_the_deadline() {
        let shutdown = Shutdown::new();
        shutdown.spawn(std::future::pending());
        shutdown.trigger();
        let before = tokio::time::Instant::now();
        assert_eq!(shutdown.finish().await, Ending::CutOff(1));
        assert!(before.elapsed() >= DEADLINE && before.elapsed() < DEADLINE + CUT_OFF_WAIT);
        assert_eq!(shutdown.tasks(), 0);
    }

    #[tokio::test]
    async fn a_part_stops_alone_but_never_outlives_the_whole() {
        let whole = Shutdown::new();
        let (one, other) = (whole.part(), whole.part());
        one.trigger();
        assert!(!whole.is_triggered() && !other.is_triggered());
        whole.trigger();
        assert!(other.is_triggered());
    }
}
