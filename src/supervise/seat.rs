//! One place of a process: its states, and what leads from one to another. Pure: it is told what happened and when, and answers what is
//! to be done. At most one run fills the place; in a rolling restart its successor is coming while it still serves, and it is leaving while
//! the successor does.

use std::time::{Duration, Instant};

use chassis::Backoff;

use super::end::End;
use super::status::State;

mod run;

pub(crate) use run::{Deed, LastEnd, Rules, Run, RunId, RunIds};

/// A run that was ready for so long was healthy: its end begins a new row of deaths.
pub(crate) const HEALTHY_AFTER: Duration = Duration::from_secs(5);
/// After so many deaths in a row, each before it was healthy, the place is given up.
pub(crate) const QUICK_DEATHS_MAX: u32 = 5;
/// The wait before a run that died is followed by another: the first, and the longest. Up to a quarter is added by chance.
const AGAIN_STEP: Duration = Duration::from_millis(100);
const AGAIN_MAX: Duration = Duration::from_secs(10);

/// What follows the end of a run that was told to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    Rest,
    Again,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Seat {
    state: State,
    since: Instant,
    why: Option<String>,
    run: Option<Run>,
    coming: Option<Run>,
    leaving: Vec<Run>,
    next: Next,
    again_at: Option<Instant>,
    quick_deaths: u32,
    backoff: Backoff,
    restarts: u64,
    last_end: Option<LastEnd>,
    /// Why the last rolling restart of this place came to nothing.
    roll_failure: Option<String>,
}

impl Seat {
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            state: State::Pending,
            since: now,
            why: None,
            run: None,
            coming: None,
            leaving: Vec::new(),
            next: Next::Rest,
            again_at: None,
            quick_deaths: 0,
            backoff: Backoff::exponential(AGAIN_STEP, AGAIN_MAX).at_least(),
            restarts: 0,
            last_end: None,
            roll_failure: None,
        }
    }

    pub(crate) fn state(&self) -> State {
        self.state
    }

    pub(crate) fn since(&self) -> Instant {
        self.since
    }

    pub(crate) fn why(&self) -> Option<&str> {
        self.why.as_deref()
    }

    pub(crate) fn restarts(&self) -> u64 {
        self.restarts
    }

    pub(crate) fn last_end(&self) -> Option<&LastEnd> {
        self.last_end.as_ref()
    }

    pub(crate) fn run(&self) -> Option<&Run> {
        self.run.as_ref()
    }

    pub(crate) fn coming(&self) -> Option<&Run> {
        self.coming.as_ref()
    }

    pub(crate) fn leaving(&self) -> &[Run] {
        &self.leaving
    }

    pub(crate) fn roll_failure(&self) -> Option<&str> {
        self.roll_failure.as_deref()
    }

    /// Every run that has not ended.
    pub(crate) fn runs(&self) -> impl Iterator<Item = &Run> {
        self.run.iter().chain(&self.coming).chain(&self.leaving)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.runs().next().is_none()
    }

    /// Says what it waits for while it is pending.
    pub(crate) fn waits(&mut self, why: Option<String>) {
        if self.state == State::Pending {
            self.why = why;
        }
    }

    /// Fills the place, if it is empty. Deaths so far are forgotten.
    pub(crate) fn start(&mut self, now: Instant, ids: &mut RunIds, deeds: &mut Vec<Deed>) {
        self.forget_deaths();
        match self.state {
            State::Pending | State::BackingOff | State::GivenUp | State::Stopped => {
                self.spawn(now, ids, deeds);
            }
            State::Stopping => self.next = Next::Again,
            State::Starting | State::Ready => {}
        }
    }

    /// Empties the place, gracefully; it stays empty.
    pub(crate) fn stop(&mut self, why: &str, now: Instant, rules: &Rules, deeds: &mut Vec<Deed>) {
        self.dismiss_coming(why, now, rules, deeds);
        self.next = Next::Rest;
        match self.state {
            State::Starting | State::Ready => self.tell_to_end(why, now, rules, deeds),
            State::Pending | State::BackingOff | State::GivenUp => self.enter(State::Stopped, None, now),
            State::Stopping | State::Stopped => {}
        }
    }

    /// Empties the place, gracefully, and fills it anew.
    pub(crate) fn restart(
        &mut self,
        why: &str,
        now: Instant,
        rules: &Rules,
        ids: &mut RunIds,
        deeds: &mut Vec<Deed>,
    ) {
        self.dismiss_coming(why, now, rules, deeds);
        if let State::Starting | State::Ready = self.state {
            self.tell_to_end(why, now, rules, deeds);
        }
        self.start(now, ids, deeds);
    }

    /// Lets a successor come beside the run that serves. Where none serves, the place is filled as usual.
    pub(crate) fn roll(
        &mut self,
        why: &str,
        now: Instant,
        rules: &Rules,
        ids: &mut RunIds,
        deeds: &mut Vec<Deed>,
    ) {
        if self.state != State::Ready {
            self.restart(why, now, rules, ids, deeds);
            self.roll_failure = None;
            return;
        }
        // One that is on its way already may have been started under another plan.
        self.dismiss_coming(why, now, rules, deeds);
        self.roll_failure = None;
        let mut run = Run::new(ids.next(), now);
        run.doom = Some(why.to_owned());
        deeds.push(Deed::Spawn(run.id));
        self.coming = Some(run);
    }

    /// A run says that it does its work.
    pub(crate) fn ready(&mut self, id: RunId, now: Instant, rules: &Rules, deeds: &mut Vec<Deed>) {
        self.alive(id, now);
        if let Some(mut come) = self.coming.take_if(|run| run.id == id) {
            let why = come.doom.take().unwrap_or_default();
            come.ready = Some(now);
            if let Some(old) = self.run.replace(come) {
                self.leave(old, &why, now, rules, deeds);
            }
            self.restarts += 1;
            self.enter(State::Ready, None, now);
        } else if let (State::Starting, Some(run)) =
            (self.state, self.run.as_mut().filter(|run| run.id == id))
        {
            run.ready = Some(now);
            self.enter(State::Ready, None, now);
        }
    }

    /// A run proves to be alive.
    pub(crate) fn alive(&mut self, id: RunId, now: Instant) {
        let runs = self.run.iter_mut().chain(&mut self.coming);
        if let Some(run) = { runs }.find(|run| run.id == id) {
            run.heard = now;
        }
    }

    /// A run has ended, or could not be started.
    pub(crate) fn ended(
        &mut self,
        id: RunId,
        end: End,
        now: Instant,
        rules: &Rules,
        ids: &mut RunIds,
        deeds: &mut Vec<Deed>,
    ) {
        if let Some(at) = self.leaving.iter().position(|run| run.id == id) {
            let run = self.leaving.remove(at);
            self.note_end(run, end, now);
        } else if let Some(mut run) = self.coming.take_if(|run| run.id == id) {
            run.doom = None;
            let reason = self.note_end(run, end, now);
            self.roll_failure =
                Some(format!("the new one ended before it was ready: {reason}; the old one stays"));
        } else if let Some(run) = self.run.take_if(|run| run.id == id) {
            let was_healthy = run.was_healthy(now);
            let code = end.code;
            let reason = self.note_end(run, end, now);
            match (self.state, self.next) {
                (State::Stopping, Next::Rest) => self.enter(State::Stopped, None, now),
                (State::Stopping, Next::Again) => self.spawn(now, ids, deeds),
                _ => self.died(code, &reason, was_healthy, now, rules),
            }
        }
    }

    /// Does what a moment brings: waits that are over, runs that did not end in time.
    pub(crate) fn due(&mut self, now: Instant, rules: &Rules, ids: &mut RunIds, deeds: &mut Vec<Deed>) {
        if self.again_at.is_some_and(|at| at <= now) {
            self.spawn(now, ids, deeds);
        }
        if self.coming.as_ref().is_some_and(|run| run.began + rules.ready_wait <= now) {
            let failure = format!(
                "the new one was not ready after {} s; the old one stays",
                rules.ready_wait.as_secs()
            );
            self.dismiss_coming(&failure, now, rules, deeds);
            self.roll_failure = Some(failure);
        }
        let told = self.run.iter_mut().chain(&mut self.leaving);
        for run in told.filter(|run| run.kill_at.is_some_and(|at| at <= now)) {
            run.kill_at = None;
            let asked = run.doom.take().unwrap_or_default();
            run.doom = Some(format!("{asked}; it did not end within {} s", rules.stop_wait.as_secs()));
            deeds.push(Deed::Kill(run.id));
        }
        if let (State::Ready, Some(run), Some(silence)) = (self.state, self.run.as_mut(), rules.watchdog)
            && run.doom.is_none()
            && run.heard + silence <= now
        {
            run.doom = Some(format!("it hung: its watchdog was silent for {} s", silence.as_secs()));
            deeds.push(Deed::Kill(run.id));
        }
    }

    /// When [`Seat::due`] has something to do next, at the latest.
    pub(crate) fn next_due(&self, rules: &Rules) -> Option<Instant> {
        let kills = self.run.iter().chain(&self.leaving).filter_map(|run| run.kill_at);
        let coming = self.coming.iter().map(|run| run.began + rules.ready_wait);
        let watched = self.run.iter().filter(|run| self.state == State::Ready && run.doom.is_none());
        let silent = watched.filter_map(|run| Some(run.heard + rules.watchdog?));
        kills.chain(coming).chain(silent).chain(self.again_at).min()
    }

    fn spawn(&mut self, now: Instant, ids: &mut RunIds, deeds: &mut Vec<Deed>) {
        self.restarts += u64::from(self.last_end.is_some());
        let run = Run::new(ids.next(), now);
        deeds.push(Deed::Spawn(run.id));
        self.run = Some(run);
        self.next = Next::Rest;
        self.enter(State::Starting, None, now);
    }

    fn tell_to_end(&mut self, why: &str, now: Instant, rules: &Rules, deeds: &mut Vec<Deed>) {
        if let Some(run) = &mut self.run {
            run.tell_to_end(why, now, rules, deeds);
        }
        self.enter(State::Stopping, Some(why.to_owned()), now);
    }

    fn leave(&mut self, mut run: Run, why: &str, now: Instant, rules: &Rules, deeds: &mut Vec<Deed>) {
        run.tell_to_end(why, now, rules, deeds);
        self.leaving.push(run);
    }

    fn dismiss_coming(&mut self, why: &str, now: Instant, rules: &Rules, deeds: &mut Vec<Deed>) {
        if let Some(run) = self.coming.take() {
            self.roll_failure = Some(why.to_owned());
            self.leave(run, why, now, rules, deeds);
        }
    }

    fn died(&mut self, code: Option<i32>, reason: &str, was_healthy: bool, now: Instant, rules: &Rules) {
        if let Some(come) = self.coming.take() {
            // The successor takes the place at once; that it is not ready yet costs nobody more than a restart would.
            self.run = Some(Run { doom: None, ..come });
            self.restarts += 1;
            return self.enter(State::Starting, Some(reason.to_owned()), now);
        }
        if was_healthy {
            self.forget_deaths();
        } else {
            self.quick_deaths += 1;
        }
        let given_up = if code.is_some_and(|code| rules.final_codes.contains(&code)) {
            Some(format!(
                "{reason}, which says that starting it again does not help: see its log, then `ctl start`"
            ))
        } else if self.quick_deaths >= QUICK_DEATHS_MAX {
            Some(format!(
                "it died {QUICK_DEATHS_MAX} times in a row as soon as it was started, the last time by {reason}"
            ))
        } else {
            None
        };
        match given_up {
            Some(why) => self.enter(State::GivenUp, Some(why), now),
            None => {
                let wait = self.backoff.failed();
                self.enter(State::BackingOff, Some(reason.to_owned()), now);
                self.again_at = Some(now + wait);
            }
        }
    }

    fn forget_deaths(&mut self) {
        self.quick_deaths = 0;
        self.backoff.proven();
    }

    fn note_end(&mut self, run: Run, end: End, now: Instant) -> String {
        let reason = match &run.doom {
            Some(doom) => format!("{end} ({doom})"),
            None => end.to_string(),
        };
        self.last_end = Some(LastEnd { at: now, end, reason: reason.clone() });
        reason
    }

    fn enter(&mut self, state: State, why: Option<String>, now: Instant) {
        self.state = state;
        self.since = now;
        self.why = why;
        self.again_at = None;
    }
}

#[cfg(test)]
mod tests;
