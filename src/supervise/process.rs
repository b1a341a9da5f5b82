//! One process of the plan: its places, how many of them are wanted, and the task that was asked of it. Pure, like the places.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use super::end::End;
use super::memory;
use super::plan::ProcessPlan;
use super::scale;
use super::seat::{Deed, RunId, RunIds, Seat};
use super::status::{State, TaskOutcome};

/// What was asked of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    Start,
    Stop,
    Restart,
    Roll,
}

impl What {
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Stop => "stop",
            Self::Restart => "restart",
            Self::Roll => "rolling restart",
        }
    }
}

/// See [`super::status::TaskStatus`].
#[derive(Debug, Clone)]
pub(crate) struct Task {
    pub(crate) id: u64,
    pub(crate) what: What,
    pub(crate) why: Option<String>,
    pub(crate) begun: Instant,
    pub(crate) outcome: TaskOutcome,
    pub(crate) says: String,
}

/// A rolling restart under way, one place after the other.
#[derive(Debug)]
struct Roll {
    why: String,
    left: VecDeque<usize>,
    /// The place at which it is.
    at: Option<usize>,
    of: usize,
}

/// Where deeds are noted while something happens.
pub(crate) struct Happening<'a> {
    pub(crate) now: Instant,
    pub(crate) ids: &'a mut RunIds,
    pub(crate) deeds: &'a mut Vec<Deed>,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Process {
    pub(crate) plan: Arc<ProcessPlan>,
    /// The first is instance 1.
    pub(crate) seats: Vec<Seat>,
    pub(crate) memory: Vec<memory::Watch>,
    wanted: usize,
    /// False until others are ready, or a person starts it.
    pub(crate) has_begun: bool,
    /// When it began.
    begun_at: Instant,
    /// Was taken out of the plan: it goes when it has ended.
    pub(crate) is_going: bool,
    pub(crate) task: Option<Task>,
    roll: Option<Roll>,
    pub(crate) scaling: scale::Memory,
    pub(crate) scale_value: Option<f64>,
    pub(crate) scale_why: Option<String>,
}

impl Process {
    pub(crate) fn new(plan: Arc<ProcessPlan>, now: Instant) -> Self {
        let wanted = plan.instances_first();
        let mut process = Self {
            plan,
            seats: Vec::new(),
            memory: Vec::new(),
            wanted,
            has_begun: false,
            begun_at: now,
            is_going: false,
            task: None,
            roll: None,
            scaling: scale::Memory::default(),
            scale_value: None,
            scale_why: None,
        };
        process.fill_up(now);
        process
    }

    pub(crate) fn wanted(&self) -> usize {
        self.wanted
    }

    /// Whether every wanted place does its work.
    pub(crate) fn is_ready(&self) -> bool {
        self.seats.iter().take(self.wanted).all(|seat| seat.state() == State::Ready)
    }

    /// Whether nobody need wait for it: it is ready, or takes too long, or a person must act before it can be.
    pub(crate) fn is_worth_no_wait(&self, now: Instant) -> bool {
        self.has_begun && (self.waited_for_until() <= now || self.lets_others_start())
    }

    /// Until when others wait for it, once it has begun.
    pub(crate) fn waited_for_until(&self) -> Instant {
        self.begun_at + self.plan.rules.ready_wait
    }

    /// Whether it is ready, or a person must act before it can be.
    pub(crate) fn lets_others_start(&self) -> bool {
        let lets = |seat: &Seat| matches!(seat.state(), State::Ready | State::GivenUp | State::Stopped);
        self.seats.iter().take(self.wanted).all(lets)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.seats.iter().all(Seat::is_empty)
    }

    pub(crate) fn holds(&self, id: RunId) -> Option<usize> {
        self.seats.iter().position(|seat| seat.runs().any(|run| run.id == id))
    }

    /// Begins a task; one that is under way is cut short.
    pub(crate) fn begin(&mut self, id: u64, what: What, why: Option<String>, on: &mut Happening<'_>) {
        let reason = why.clone().unwrap_or_else(|| format!("{} was asked for", what.words()));
        self.roll = None;
        self.note_begin(on.now);
        let rules = self.plan.rules.clone();
        // Places that are one too many are on their way out, and stay so.
        let wanted = self.wanted;
        match what {
            What::Start => {
                self.seats.iter_mut().take(wanted).for_each(|seat| seat.start(on.now, on.ids, on.deeds));
            }
            What::Stop => {
                self.seats.iter_mut().for_each(|seat| seat.stop(&reason, on.now, &rules, on.deeds));
            }
            What::Restart => {
                for seat in self.seats.iter_mut().take(wanted) {
                    seat.restart(&reason, on.now, &rules, on.ids, on.deeds);
                }
            }
            What::Roll => {
                let left: VecDeque<usize> = (0..self.seats.len().min(self.wanted)).collect();
                self.roll = Some(Roll { why: reason, of: left.len(), left, at: None });
            }
        }
        let (outcome, says) = (TaskOutcome::Doing, String::new());
        self.task = Some(Task { id, what, why, begun: on.now, outcome, says });
        self.settle(on);
    }

    fn note_begin(&mut self, now: Instant) {
        if !self.has_begun {
            (self.has_begun, self.begun_at) = (true, now);
        }
    }

    /// Starts what waits for its turn.
    pub(crate) fn begin_first(&mut self, on: &mut Happening<'_>) {
        self.note_begin(on.now);
        self.seats.iter_mut().take(self.wanted).for_each(|seat| seat.start(on.now, on.ids, on.deeds));
    }

    /// Another number of instances is wanted.
    pub(crate) fn resize(&mut self, wanted: usize, why: &str, on: &mut Happening<'_>) {
        self.wanted = wanted;
        let rules = self.plan.rules.clone();
        for seat in self.seats.iter_mut().skip(wanted) {
            seat.stop(why, on.now, &rules, on.deeds);
        }
        let was_stopped = self.seats.first().is_some_and(|seat| seat.state() == State::Stopped);
        let before = self.seats.len();
        self.fill_up(on.now);
        if self.has_begun && !was_stopped {
            // One that was on its way out comes back.
            for (n, seat) in self.seats.iter_mut().enumerate().take(wanted) {
                if n >= before || matches!(seat.state(), State::Stopping | State::Stopped) && n > 0 {
                    seat.start(on.now, on.ids, on.deeds);
                }
            }
        }
        self.drop_empty();
    }

    pub(crate) fn ready(&mut self, id: RunId, on: &mut Happening<'_>) {
        let rules = self.plan.rules.clone();
        self.seats.iter_mut().for_each(|seat| seat.ready(id, on.now, &rules, on.deeds));
        self.settle(on);
    }

    pub(crate) fn alive(&mut self, id: RunId, now: Instant) {
        self.seats.iter_mut().for_each(|seat| seat.alive(id, now));
    }

    pub(crate) fn ended(&mut self, id: RunId, end: End, on: &mut Happening<'_>) {
        let rules = self.plan.rules.clone();
        if let Some(at) = self.holds(id) {
            self.seats[at].ended(id, end, on.now, &rules, on.ids, on.deeds);
        }
        self.settle(on);
        self.drop_empty();
    }

    pub(crate) fn due(&mut self, on: &mut Happening<'_>) {
        let rules = self.plan.rules.clone();
        self.seats.iter_mut().for_each(|seat| seat.due(on.now, &rules, on.ids, on.deeds));
        self.settle(on);
    }

    pub(crate) fn next_due(&self) -> Option<Instant> {
        self.seats.iter().filter_map(|seat| seat.next_due(&self.plan.rules)).min()
    }

    /// Whether a task is under way.
    pub(crate) fn is_busy(&self) -> bool {
        self.task.as_ref().is_some_and(|task| task.outcome == TaskOutcome::Doing)
    }

    /// Goes on with a rolling restart, and says how the task stands.
    fn settle(&mut self, on: &mut Happening<'_>) {
        let verdict = match &mut self.roll {
            Some(_) => self.roll_on(on),
            None => self.verdict(),
        };
        let (outcome, says) = verdict;
        if outcome != TaskOutcome::Doing {
            self.roll = None;
        }
        if let Some(task) = self.task.as_mut().filter(|task| task.outcome == TaskOutcome::Doing) {
            (task.outcome, task.says) = (outcome, says);
        }
    }

    fn verdict(&self) -> (TaskOutcome, String) {
        let Some(task) = &self.task else { return (TaskOutcome::Done, String::new()) };
        let seats = || self.seats.iter().take(self.wanted);
        let count = |state: State| seats().filter(|seat| seat.state() == state).count();
        if task.what == What::Stop {
            let left = self.seats.iter().filter(|seat| !seat.is_empty()).count();
            return match left {
                0 => (TaskOutcome::Done, "stopped".to_owned()),
                _ => (TaskOutcome::Doing, format!("{left} still running")),
            };
        }
        if let Some(seat) = seats().find(|seat| seat.state() == State::GivenUp) {
            return (TaskOutcome::Failed, seat.why().unwrap_or("given up").to_owned());
        }
        let (ready, of) = (count(State::Ready), self.wanted);
        let is_over = ready == of && seats().all(|seat| seat.leaving().is_empty());
        let outcome = if is_over { TaskOutcome::Done } else { TaskOutcome::Doing };
        (outcome, format!("{ready} of {of} ready"))
    }

    fn roll_on(&mut self, on: &mut Happening<'_>) -> (TaskOutcome, String) {
        let Some(roll) = &mut self.roll else { return (TaskOutcome::Done, String::new()) };
        loop {
            let done = roll.of - roll.left.len() - usize::from(roll.at.is_some());
            if let Some(seat) = roll.at.and_then(|at| self.seats.get(at)) {
                if let Some(failure) = seat.roll_failure() {
                    return (TaskOutcome::Failed, failure.to_owned());
                }
                match seat.state() {
                    State::GivenUp => {
                        return (TaskOutcome::Failed, seat.why().unwrap_or("given up").to_owned());
                    }
                    State::Ready if seat.coming().is_none() && seat.leaving().is_empty() => {}
                    _ => return (TaskOutcome::Doing, format!("{done} of {} replaced", roll.of)),
                }
            }
            roll.at = roll.left.pop_front();
            let Some(seat) = roll.at.and_then(|at| self.seats.get_mut(at)) else {
                return (TaskOutcome::Done, format!("{} of {} replaced", roll.of, roll.of));
            };
            let rules = &self.plan.rules;
            match self.plan.overlap {
                true => seat.roll(&roll.why, on.now, rules, on.ids, on.deeds),
                false => seat.restart(&roll.why, on.now, rules, on.ids, on.deeds),
            }
        }
    }

    fn fill_up(&mut self, now: Instant) {
        while self.seats.len() < self.wanted {
            self.seats.push(Seat::new(now));
            self.memory.push(memory::Watch::default());
        }
    }

    /// Places beyond the wanted ones go when they are empty, the last first.
    fn drop_empty(&mut self) {
        while self.seats.len() > self.wanted.max(1) && self.seats.last().is_some_and(Seat::is_empty) {
            self.seats.pop();
            self.memory.pop();
        }
    }
}
