//! The supervisor's mind: what happens goes in, what must be done comes out. It starts no process, waits for nothing and reads no clock, so
//! tests drive it through years in a moment. `keeper.rs` is its hands.

use std::sync::Arc;
use std::time::Instant;

use super::end::End;
use super::plan::{Plan, ProcessPlan};
use super::process::{Happening, Process, What};
use super::scale;
use super::seat::{Deed, RunId, RunIds};
use super::wire::Reloaded;

/// Something to be done to an operating-system process.
#[derive(Debug, Clone)]
pub(crate) enum Order {
    Spawn { run: RunId, plan: Arc<ProcessPlan>, instance: usize },
    Terminate(RunId),
    Kill(RunId),
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Core {
    pub(crate) processes: Vec<Process>,
    ids: RunIds,
    tasks: u64,
    is_stopping: bool,
}

impl Core {
    pub(crate) fn new(plan: &Plan, now: Instant) -> Self {
        let processes = plan.processes.iter().map(|plan| Process::new(plan.clone(), now)).collect();
        Self { processes, ..Self::default() }
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.is_stopping
    }

    /// Whether the stop was asked for and nothing runs any more.
    pub(crate) fn is_over(&self) -> bool {
        self.is_stopping && self.processes.iter().all(Process::is_empty)
    }

    /// Whether the first start is over: everything has begun, and is ready or waits for a person.
    pub(crate) fn is_up(&self) -> bool {
        self.processes.iter().all(|process| process.has_begun && process.lets_others_start())
    }

    pub(crate) fn process(&self, name: &str) -> Option<&Process> {
        self.processes.iter().find(|process| process.plan.name == name)
    }

    /// What is said of a name that no process has.
    pub(crate) fn unknown(&self, name: &str) -> String {
        let known: Vec<&str> = self.processes.iter().map(|process| process.plan.name.as_str()).collect();
        format!("there is no process {name:?}; there are: {}", known.join(", "))
    }

    /// A person, a rule or a reload wants something of a process; the task's number, or why not.
    pub(crate) fn ask(
        &mut self,
        name: &str,
        what: What,
        why: Option<String>,
        now: Instant,
        orders: &mut Vec<Order>,
    ) -> Result<u64, String> {
        if self.is_stopping {
            return Err("the supervisor is stopping".to_owned());
        }
        let Some(at) =
            self.processes.iter().position(|process| process.plan.name == name && !process.is_going)
        else {
            return Err(self.unknown(name));
        };
        if what == What::Roll
            && let Some(task) = self.processes[at].task.as_ref().filter(|_| self.processes[at].is_busy())
        {
            return Err(format!("{name} is in the middle of a {}: {}", task.what.words(), task.says));
        }
        self.tasks += 1;
        let id = self.tasks;
        self.with(at, now, orders, |process, on| process.begin(id, what, why, on));
        self.advance(now, orders);
        Ok(id)
    }

    /// A run says that it does its work.
    pub(crate) fn ready(&mut self, run: RunId, now: Instant, orders: &mut Vec<Order>) {
        self.with_run(run, now, orders, |process, on| process.ready(run, on));
    }

    /// A run proves to be alive.
    pub(crate) fn alive(&mut self, run: RunId, now: Instant) {
        self.processes.iter_mut().for_each(|process| process.alive(run, now));
    }

    /// A run has ended, or could not be started.
    pub(crate) fn ended(&mut self, run: RunId, end: End, now: Instant, orders: &mut Vec<Order>) {
        self.with_run(run, now, orders, |process, on| process.ended(run, end, on));
        self.processes.retain(|process| !(process.is_going && process.is_empty()));
    }

    /// Does what the moment brings.
    pub(crate) fn due(&mut self, now: Instant, orders: &mut Vec<Order>) {
        for at in 0..self.processes.len() {
            self.with(at, now, orders, Process::due);
        }
        self.advance(now, orders);
    }

    /// When [`Core::due`] is wanted next, at the latest.
    pub(crate) fn next_due(&self) -> Option<Instant> {
        let seats = self.processes.iter().filter_map(Process::next_due);
        let waiting = self.processes.iter().filter(|process| !process.has_begun);
        let for_whom = waiting.flat_map(|process| &process.plan.after).filter_map(|name| self.process(name));
        let begun = for_whom.filter(|other| other.has_begun && !other.lets_others_start());
        seats.chain(begun.map(Process::waited_for_until)).min()
    }

    /// A sample of a run's memory.
    pub(crate) fn sampled(&mut self, run: RunId, memory_bytes: u64, now: Instant, orders: &mut Vec<Order>) {
        let Some(at) = self.processes.iter().position(|process| process.holds(run).is_some()) else { return };
        let process = &mut self.processes[at];
        let Some(seat) =
            process.holds(run).filter(|seat| process.seats[*seat].run().is_some_and(|r| r.id == run))
        else {
            return;
        };
        let Some(max) = process.plan.memory_max.filter(|_| !process.is_busy()) else { return };
        if let Some(why) = process.memory[seat].look(memory_bytes, max, now) {
            let name = process.plan.name.clone();
            // Refused only while everything stops.
            let _task = self.ask(&name, What::Roll, Some(why), now, orders);
        }
    }

    /// The worst value of the metric by which a process is scaled. Says what was changed, and why.
    pub(crate) fn measured(
        &mut self,
        name: &str,
        value: Option<f64>,
        now: Instant,
        orders: &mut Vec<Order>,
    ) -> Option<scale::Change> {
        let at = self.processes.iter().position(|process| process.plan.name == name)?;
        let process = &mut self.processes[at];
        process.scale_value = value;
        let rule = process.plan.scale.clone()?;
        if self.is_stopping || process.is_busy() || !process.has_begun {
            return None;
        }
        let (wanted, is_settled) = (process.wanted(), process.is_ready());
        let change = scale::decide(&rule, &mut process.scaling, now, value, wanted, is_settled)?;
        process.scale_why = Some(change.why.clone());
        self.with(at, now, orders, |process, on| process.resize(change.to, &change.why, on));
        Some(change)
    }

    /// Another plan is in force.
    pub(crate) fn replan(&mut self, plan: &Plan, now: Instant, orders: &mut Vec<Order>) -> Reloaded {
        let mut done = Reloaded::default();
        for at in 0..self.processes.len() {
            let name = self.processes[at].plan.name.clone();
            match plan.process(&name) {
                None => {
                    let why = Some("it was taken out of supervisor.toml".to_owned());
                    let _task = self.ask(&name, What::Stop, why, now, orders);
                    self.processes[at].is_going = true;
                    done.stopped.push(name);
                }
                Some(new) => self.replan_one(at, new, now, orders, &mut done),
            }
        }
        for new in &plan.processes {
            if !self.processes.iter().any(|process| process.plan.name == new.name) {
                self.processes.push(Process::new(new.clone(), now));
                done.started.push(new.name.clone());
            }
        }
        self.processes.retain(|process| !(process.is_going && process.is_empty()));
        let place = |process: &Process| plan.processes.iter().position(|plan| plan.name == process.plan.name);
        self.processes.sort_by_key(|process| place(process).unwrap_or(usize::MAX));
        self.advance(now, orders);
        done
    }

    fn replan_one(
        &mut self,
        at: usize,
        new: &Arc<ProcessPlan>,
        now: Instant,
        orders: &mut Vec<Order>,
        done: &mut Reloaded,
    ) {
        let process = &mut self.processes[at];
        let (old, name) = (std::mem::replace(&mut process.plan, new.clone()), new.name.clone());
        // One that is on its way out of an earlier plan comes back.
        let came_back = std::mem::take(&mut process.is_going);
        let wanted = match &new.scale {
            Some(rule) => process.wanted().clamp(rule.min, rule.max),
            None => new.instances,
        };
        if wanted != process.wanted() {
            self.with(at, now, orders, |process, on| {
                process.resize(wanted, "supervisor.toml was changed", on);
            });
        }
        let is_idle = self.processes[at].is_empty();
        if came_back {
            let _task = self.ask(&name, What::Start, None, now, orders);
            done.started.push(name);
        } else if old.runs_the_same_as(new) {
            let list = if *old == **new { &mut done.unchanged } else { &mut done.adjusted };
            list.push(name);
        } else if is_idle {
            done.adjusted.push(name);
        } else {
            let why = Some("supervisor.toml was changed".to_owned());
            self.processes[at].task = None;
            let _task = self.ask(&name, What::Roll, why, now, orders);
            done.restarted.push(name);
        }
    }

    /// Everything ends.
    pub(crate) fn stop(&mut self, now: Instant, orders: &mut Vec<Order>) {
        for at in 0..self.processes.len() {
            self.tasks += 1;
            let id = self.tasks;
            let why = Some("the supervisor stops".to_owned());
            self.with(at, now, orders, |process, on| process.begin(id, What::Stop, why, on));
        }
        self.is_stopping = true;
    }

    /// Starts what has waited long enough for others.
    fn advance(&mut self, now: Instant, orders: &mut Vec<Order>) {
        for at in 0..self.processes.len() {
            if self.processes[at].has_begun || self.is_stopping {
                continue;
            }
            match self.waits_for(at, now) {
                None => self.with(at, now, orders, Process::begin_first),
                Some(others) => {
                    let why = format!("waits for {others} to be ready");
                    self.processes[at].seats.iter_mut().for_each(|seat| seat.waits(Some(why.clone())));
                }
            }
        }
    }

    fn waits_for(&self, at: usize, now: Instant) -> Option<String> {
        let lets = |name: &&String| self.process(name).is_none_or(|other| other.is_worth_no_wait(now));
        let after = &self.processes[at].plan.after;
        let others: Vec<&str> = after.iter().filter(|name| !lets(name)).map(String::as_str).collect();
        (!others.is_empty()).then(|| others.join(" and "))
    }

    fn with_run(
        &mut self,
        run: RunId,
        now: Instant,
        orders: &mut Vec<Order>,
        happens: impl FnOnce(&mut Process, &mut Happening<'_>),
    ) {
        if let Some(at) = self.processes.iter().position(|process| process.holds(run).is_some()) {
            self.with(at, now, orders, happens);
        }
        self.advance(now, orders);
    }

    /// Lets something happen to one process, and turns its deeds into orders.
    fn with(
        &mut self,
        at: usize,
        now: Instant,
        orders: &mut Vec<Order>,
        happens: impl FnOnce(&mut Process, &mut Happening<'_>),
    ) {
        let (process, mut deeds) = (&mut self.processes[at], Vec::new());
        happens(process, &mut Happening { now, ids: &mut self.ids, deeds: &mut deeds });
        for deed in deeds {
            orders.push(match deed {
                Deed::Spawn(run) => {
                    let instance = process.holds(run).map_or(1, |seat| seat + 1);
                    Order::Spawn { run, plan: process.plan.clone(), instance }
                }
                Deed::Terminate(run) => Order::Terminate(run),
                Deed::Kill(run) => Order::Kill(run),
            });
        }
    }
}

#[cfg(test)]
mod tests;
