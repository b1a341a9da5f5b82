//! The invented world: processes that live until somebody ends them.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use super::super::*;
use crate::config;

/// A process that runs.
#[derive(Debug, Clone)]
pub(super) struct Alive {
    pub(super) name: String,
    pub(super) is_told: bool,
    pub(super) is_ready: bool,
}

pub(super) struct World {
    pub(super) core: Core,
    pub(super) now: Instant,
    pub(super) alive: BTreeMap<RunId, Alive>,
    started: Vec<String>,
}

pub(super) fn plan(text: &str) -> Plan {
    let config = config::of_text("").expect("defaults are settings");
    Plan::of_text(text, Path::new("/nowhere/supervisor.toml"), &config).expect("a plan")
}

impl World {
    pub(super) fn new(text: &str) -> Self {
        let now = Instant::now();
        Self { core: Core::new(&plan(text), now), now, alive: BTreeMap::new(), started: Vec::new() }
    }

    /// Lets something happen, and does what is ordered.
    pub(super) fn happen<T>(&mut self, happens: impl FnOnce(&mut Core, Instant, &mut Vec<Order>) -> T) -> T {
        let mut orders = Vec::new();
        let said = happens(&mut self.core, self.now, &mut orders);
        self.core.due(self.now, &mut orders);
        for order in orders {
            match order {
                Order::Spawn { run, plan, .. } => {
                    self.started.push(plan.name.clone());
                    let name = plan.name.clone();
                    let before = self.alive.insert(run, Alive { name, is_told: false, is_ready: false });
                    assert!(before.is_none(), "a run is started once");
                }
                Order::Terminate(run) => {
                    if let Some(alive) = self.alive.get_mut(&run) {
                        alive.is_told = true;
                    }
                }
                Order::Kill(run) => self.end(run, 137),
            }
        }
        said
    }

    pub(super) fn pass(&mut self, seconds: f64) {
        self.now += Duration::from_secs_f64(seconds);
        self.happen(|_, _, _| ());
    }

    pub(super) fn ask(&mut self, name: &str, what: What) -> Result<u64, String> {
        self.happen(|core, now, orders| core.ask(name, what, None, now, orders))
    }

    pub(super) fn stop(&mut self) {
        self.happen(Core::stop);
    }

    pub(super) fn replan(&mut self, text: &str) -> Reloaded {
        let plan = plan(text);
        self.happen(|core, now, orders| core.replan(&plan, now, orders))
    }

    pub(super) fn ready(&mut self, run: RunId) {
        if let Some(alive) = self.alive.get_mut(&run) {
            alive.is_ready = true;
            self.happen(|core, now, orders| core.ready(run, now, orders));
        }
    }

    pub(super) fn end(&mut self, run: RunId, code: i32) {
        if self.alive.remove(&run).is_some() {
            let end = End { code: Some(code), ..End::default() };
            self.happen(|core, now, orders| core.ended(run, end, now, orders));
        }
    }

    /// Everybody who runs now says that it is ready.
    pub(super) fn all_ready(&mut self) {
        self.pass(0.0);
        let runs: Vec<RunId> =
            self.alive.iter().filter(|(_, a)| !a.is_ready && !a.is_told).map(|(run, _)| *run).collect();
        runs.into_iter().for_each(|run| self.ready(run));
    }

    /// Everybody who was told to end does.
    pub(super) fn told_end(&mut self) {
        let runs: Vec<RunId> =
            self.alive.iter().filter(|(_, alive)| alive.is_told).map(|(run, _)| *run).collect();
        runs.into_iter().for_each(|run| self.end(run, 0));
    }

    pub(super) fn die(&mut self, name: &str, code: i32) {
        let run = self.newest(name);
        self.end(run, code);
    }

    pub(super) fn sample(&mut self, name: &str, bytes: u64) {
        let run = self.newest(name);
        self.happen(|core, now, orders| core.sampled(run, bytes, now, orders));
    }

    pub(super) fn measure(&mut self, name: &str, value: f64) {
        self.happen(|core, now, orders| core.measured(name, Some(value), now, orders));
    }

    /// The run of a process that was started last.
    #[track_caller]
    pub(super) fn newest(&self, name: &str) -> RunId {
        *self.alive.iter().rfind(|(_, alive)| alive.name == name).expect("it runs").0
    }

    pub(super) fn alive(&self, name: &str) -> usize {
        self.alive.values().filter(|alive| alive.name == name).count()
    }

    pub(super) fn ending(&self) -> usize {
        self.alive.values().filter(|alive| alive.is_told).count()
    }

    /// Names in the order in which they were started.
    pub(super) fn started(&self) -> Vec<&str> {
        self.started.iter().map(String::as_str).collect()
    }
}
