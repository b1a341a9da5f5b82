//! One run of a process, and what a place asks for and goes by.

use std::time::{Duration, Instant};

use super::HEALTHY_AFTER;
use crate::supervise::end::End;

/// Names one operating-system process that we started; never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct RunId(pub(crate) u64);

/// Gives out [`RunId`]s.
#[derive(Debug, Default)]
pub(crate) struct RunIds(u64);

impl RunIds {
    pub(super) fn next(&mut self) -> RunId {
        self.0 += 1;
        RunId(self.0)
    }
}

/// What must be done to operating-system processes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Deed {
    Spawn(RunId),
    Terminate(RunId),
    Kill(RunId),
}

/// The waits that a process's plan sets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rules {
    /// From the polite signal to the hard one.
    pub(crate) stop_wait: Duration,
    /// How long the successor in a rolling restart may take to be ready.
    pub(crate) ready_wait: Duration,
    /// A run that was ready and says nothing for so long hangs.
    pub(crate) watchdog: Option<Duration>,
    /// Exit codes after which starting it again helps nobody.
    pub(crate) final_codes: Vec<i32>,
}

/// One run, as far as the place knows it.
#[derive(Debug, Clone)]
pub(crate) struct Run {
    pub(crate) id: RunId,
    pub(crate) began: Instant,
    pub(crate) ready: Option<Instant>,
    /// When it last proved to be alive.
    pub(super) heard: Instant,
    /// When it is killed, if it was told to end; taken once it was.
    pub(super) kill_at: Option<Instant>,
    pub(super) told_at: Option<Instant>,
    /// Why we end it.
    pub(super) doom: Option<String>,
}

impl Run {
    pub(super) fn new(id: RunId, now: Instant) -> Self {
        Self { id, began: now, ready: None, heard: now, kill_at: None, told_at: None, doom: None }
    }

    /// When it was told to end; when it began, if it was not.
    pub(crate) fn told_to_end(&self) -> Instant {
        self.told_at.unwrap_or(self.began)
    }

    pub(super) fn tell_to_end(&mut self, why: &str, now: Instant, rules: &Rules, deeds: &mut Vec<Deed>) {
        self.kill_at = Some(now + rules.stop_wait);
        self.told_at = Some(now);
        self.doom = Some(why.to_owned());
        deeds.push(Deed::Terminate(self.id));
    }

    pub(super) fn was_healthy(&self, now: Instant) -> bool {
        self.ready.is_some_and(|ready| now.duration_since(ready) >= HEALTHY_AFTER)
    }
}

/// How the last run of the place ended.
#[derive(Debug, Clone)]
pub(crate) struct LastEnd {
    pub(crate) at: Instant,
    pub(crate) end: End,
    /// In words, with why if we did it.
    pub(crate) reason: String,
}
