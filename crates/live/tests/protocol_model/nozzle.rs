//! The model's nozzle: it claims by [`Claim`], pushes by [`Course`], and takes in what happens only while it owns.

use crate::{
    Mutant, TTL,
    ledger::Ledger,
    tail::Args,
    world::{Due, KEEP, World},
};
use live::push::{Claim, ClaimStep, Course, Cure, Stop};
use model::Seq;
use std::time::Duration;

/// How long nobody must be seen before a stranger may claim, in model seconds.
const LOOK: f64 = 2.0;
const TICK: f64 = 0.5;
const BATCH: usize = 8;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    Home,
    /// A second nozzle on an empty ledger.
    Empty,
    /// A second nozzle on a copy of the ledger.
    Copy,
    /// The whole machine, cloned.
    Clone,
}

pub(crate) struct Nozzle {
    pub(crate) led: Ledger,
    pub(crate) place: String,
    pub(crate) who: Who,
    pub(crate) up: bool,
    /// The sentence it ended with.
    pub(crate) said: Option<&'static str>,
    pub(crate) back: f64,
    pub(crate) course: Course,
    claim: Claim,
    next: f64,
}

fn claim(place: &str, at_home: bool) -> Claim {
    Claim::with_times(place, at_home, Duration::from_secs_f64(LOOK), Duration::from_secs_f64(2.0 * TTL))
}

impl Nozzle {
    pub(crate) fn new(led: Ledger, place: &str, who: Who, mutant: Option<Mutant>) -> Self {
        let (place, claim, course) = (place.to_owned(), claim(place, false), Course::default());
        let mut new = Self { led, place, who, up: true, said: None, back: 0.0, course, claim, next: 0.0 };
        new.boot(mutant);
        new
    }

    /// What a process has after its start: only the ledger.
    pub(crate) fn boot(&mut self, mutant: Option<Mutant>) {
        let at_home = self.led.place.as_ref() == Some(&self.place) && mutant != Some(Mutant::NoPlace);
        self.claim = claim(&self.place, at_home);
        self.course = Course::default();
        self.next = 0.0;
    }
}

impl World {
    pub(crate) fn kill(&mut self, k: usize) {
        let back = self.now + self.rng.unit() * 1.2;
        let nozzle = &mut self.nozzles[k];
        nozzle.up = false;
        nozzle.back = back;
        nozzle.boot(self.mutant);
    }

    pub(crate) fn nozzle(&mut self, k: usize) {
        let (now, mutant) = (self.now, self.mutant);
        let lost = k == 0 && self.lost;
        let nozzle = &mut self.nozzles[k];
        if nozzle.said.is_some() || !nozzle.up {
            nozzle.up |= nozzle.said.is_none() && !lost && now >= nozzle.back;
            return;
        }
        if !nozzle.course.is_owner() && !self.may_claim(k) {
            return;
        }
        if self.nozzles[k].course.is_owner() && self.rng.chance(0.45) {
            self.accept(k);
        }
        let nozzle = &self.nozzles[k];
        let idle = nozzle.led.top() == nozzle.course.sent();
        let too_early = now < nozzle.next && idle && !nozzle.course.is_anew();
        let no_beat = mutant == Some(Mutant::NoBeat) && nozzle.course.is_owner() && idle;
        if nozzle.up && !too_early && !no_beat {
            self.push(k);
        }
    }

    fn may_claim(&mut self, k: usize) -> bool {
        let nozzle = &mut self.nozzles[k];
        if !self.tail.up {
            nozzle.claim.lost_sight();
            return false;
        }
        let owner = self.tail.holder(self.now);
        let step = nozzle.claim.see(self.tail.run, owner, Duration::from_secs_f64(self.now));
        if self.mutant == Some(Mutant::NoOwner) {
            return true;
        }
        if step == ClaimStep::GiveUp {
            self.give_up(k);
        }
        step == ClaimStep::Claim
    }

    fn give_up(&mut self, k: usize) {
        self.nozzles[k].said = Some("another nozzle owns this event");
        self.tally(match self.nozzles[k].who {
            Who::Home => "refused home",
            Who::Empty => "refused empty",
            Who::Copy => "refused copy",
            Who::Clone => "refused clone",
        });
    }

    /// The sequencer takes one thing. Killed before the commit: nothing happened. After: all of it.
    fn accept(&mut self, k: usize) {
        let (now, mutant) = (self.now, self.mutant);
        let (due, later): (Vec<_>, Vec<_>) = std::mem::take(&mut self.retry)
            .into_iter()
            .partition(|(at, due)| *at <= now && matches!(due, Due::Upstream(_)));
        self.retry = later;
        self.upstream.extend(due.into_iter().filter_map(|(_, due)| match due {
            Due::Upstream(h) => Some(h),
            Due::Ask(..) => None,
        }));
        if self.chaos && self.faults.nozzle && self.rng.chance(0.01) {
            return self.kill(k);
        }
        let asked = self.retry.iter().position(|(at, due)| *at <= now && matches!(due, Due::Ask(..)));
        let asked = asked.filter(|_| self.rng.chance(0.5));
        let led = &mut self.nozzles[k].led;
        if let Some(i) = asked {
            if let Due::Ask(h, key) = self.retry[i].1 {
                led.ask(h, key, mutant);
            }
            if self.chaos && self.rng.chance(0.15) {
                self.retry[i].0 = now + self.rng.unit() * 4.0; // the answer was lost: asked again
            } else {
                self.retry.remove(i);
            }
        } else if let Some(h) = self.upstream.get(led.cursor) {
            led.take(*h, mutant);
        } else if !self.upstream.is_empty() && self.chaos && self.rng.chance(0.3) {
            let known = led.cursor.max(1);
            led.act(*self.rng.choose(&self.upstream[..known]), mutant); // delivered twice
        }
        if self.chaos && self.faults.nozzle && self.rng.chance(0.01) {
            self.kill(k);
        }
    }

    fn push(&mut self, k: usize) {
        let nozzle = &mut self.nozzles[k];
        let (led, course) = (&nozzle.led, &nozzle.course);
        let prev = course.prev(led.top(), led.trim);
        let entries = led.entries.iter().skip(prev as usize).take(BATCH).cloned();
        let batch = led.chain.iter().skip(prev as usize + 1).copied().zip(entries).collect();
        let trim = self.arch.reported.min(led.top().saturating_sub(KEEP));
        let args = Args {
            me: nozzle.place.clone(),
            epoch: led.epoch.clone(),
            line: led.line.clone(),
            prev,
            tip: led.chain[prev as usize],
            anew: course.is_anew(),
            trim: if course.is_owner() { trim } else { 0 },
            batch,
        };
        nozzle.next = self.now + TICK;
        let Ok(answer) = self.script(&args) else { return };
        if self.chaos && self.rng.chance(0.03) {
            self.ghosts.push((self.now + self.rng.unit() * 3.0, args)); // the library sends it once more
        }
        if self.chaos && self.faults.nozzle && self.rng.chance(0.01) {
            return self.kill(k);
        }
        if self.chaos && self.faults.redis && self.rng.chance(0.05) {
            return; // the reply was lost
        }
        self.hear(k, &answer);
    }

    fn hear(&mut self, k: usize, answer: &live::push::Answer) {
        let was_owner = self.nozzles[k].course.is_owner();
        let nozzle = &mut self.nozzles[k];
        let top = nozzle.led.top();
        let mut cure = nozzle.course.hear(answer, &nozzle.led.epoch, top);
        if let Cure::Joint { top, tip } = &cure {
            let ours = format!("{:x}", nozzle.led.chain[*top as usize]);
            let is_same = ours == *tip || self.mutant == Some(Mutant::NoChain);
            cure = nozzle.course.joint(*top, is_same);
        }
        if let (Cure::Stop(Stop::Fork { top: theirs }), Some(Mutant::NoChain)) = (&cure, self.mutant) {
            cure = nozzle.course.joint((*theirs).min(top), true);
        }
        match cure {
            Cure::Continue => {
                let trim = answer.base.min(answer.top);
                self.owned(k, was_owner, trim);
            }
            Cure::Again | Cure::Joint { .. } => {}
            Cure::Disowned => {
                let step = self.nozzles[k].claim.refused(Duration::from_secs_f64(self.now));
                if step == ClaimStep::GiveUp {
                    self.give_up(k);
                }
            }
            Cure::Stop(why) => self.stop(k, &why),
        }
    }

    fn owned(&mut self, k: usize, was_owner: bool, trim: Seq) {
        let home = &self.nozzles[0];
        let home_lives = home.up && home.said.is_none();
        let mutant = self.mutant;
        let nozzle = &mut self.nozzles[k];
        nozzle.led.trim = nozzle.led.trim.max(trim);
        if mutant != Some(Mutant::NoPlace) {
            nozzle.claim.accepted();
            nozzle.led.place = Some(nozzle.place.clone());
        }
        if !was_owner && nozzle.who != Who::Home {
            if nozzle.who != Who::Clone && home_lives {
                self.bad("second nozzle let in beside a living one");
            }
            self.takeovers += 1;
        }
    }

    fn stop(&mut self, k: usize, why: &Stop) {
        self.nozzles[k].said = Some(match why {
            Stop::Fork { .. } => "FORK",
            Stop::OtherLog { .. } => "EPOCH",
            Stop::Owned { .. } => "OWNER",
        });
        let is_home = self.nozzles[k].who == Who::Home;
        self.tally(if is_home { "stopped home" } else { "stopped other" });
        let stranger = self.nozzles.iter().any(|n| n.who != Who::Home && n.course.is_owner());
        if is_home && !stranger && self.takeovers == 0 {
            self.bad(match why {
                Stop::Fork { .. } => "rightful nozzle stopped: FORK",
                _ => "rightful nozzle stopped: EPOCH",
            });
        }
    }
}
