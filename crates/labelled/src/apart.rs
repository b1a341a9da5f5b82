//! What is said apart from a talk's own hour: before and after it, by its speakers, about its slides; and what is about no talk.

use model::Micros;

use crate::people::{Net, Person};
use crate::voice::{Voice, Wanted};
use crate::world::World;
use crate::{Kind, Said};

/// How many of what is about no talk is said while something is on.
const BY_DAY: f64 = 0.9;
/// How much of what is said apart from talks comes from home.
const FROM_HOME: f64 = 0.5;
/// Longest time after the event in which people still write, in microseconds.
const AFTERWARDS: i64 = 40 * Micros::HOUR;

/// See the module.
pub(crate) struct Apart<'a> {
    world: &'a World,
    pub(crate) said: Vec<Said>,
}

impl<'a> Apart<'a> {
    pub(crate) fn new(world: &'a World) -> Self {
        Self { world, said: Vec::new() }
    }

    /// A talk, as likely as it is popular.
    fn talk(&self, voice: &mut Voice<'_>) -> usize {
        let subjects = &self.world.subjects;
        subjects[voice.dice.weighed(subjects.iter().map(|talk| self.world.draw[*talk])).unwrap_or(0)]
    }

    /// One that shares neither title nor speaker with another: away from its hour no other has a name of its own.
    fn single(&self, voice: &mut Voice<'_>) -> Option<usize> {
        (0..8).map(|_| self.talk(voice)).find(|talk| !self.world.is_shared(*talk))
    }

    fn somebody(&self, voice: &mut Voice<'_>) -> &'a Person {
        let (present, absent) = self.world.people.split_at(self.world.present);
        let people = if voice.dice.is(FROM_HOME) { absent } else { present };
        &people[voice.dice.weighed(people.iter().map(|person| person.energy)).unwrap_or(0)]
    }

    fn say(&mut self, wanted: Wanted<'_>, kind: Kind, voice: &mut Voice<'_>) -> bool {
        let Some(words) = voice.say(wanted) else { return false };
        self.said.push(voice.post(wanted, words, kind));
        true
    }

    pub(crate) fn late(&mut self, count: usize, voice: &mut Voice<'_>) {
        for _ in 0..count {
            let Some(of) = self.single(voice) else { continue };
            let end = self.world.actual.spans[of].1;
            let hours = 0.4 + voice.dice.wait(7.0);
            let at = end.plus((hours * Micros::HOUR as f64) as i64).min(self.world.span.1.plus(AFTERWARDS));
            let by = self.somebody(voice);
            self.say(Wanted { by, carrier: "late", of, at, is_reply: false }, Kind::Late, voice);
        }
    }

    pub(crate) fn early(&mut self, count: usize, voice: &mut Voice<'_>) {
        for _ in 0..count {
            let Some(of) = self.single(voice) else { continue };
            let minutes = voice.dice.around(90.0, 3.0).clamp(6.0, 2000.0);
            let at = self.world.talks[of].start.plus(-(minutes * Micros::MINUTE as f64) as i64);
            let by = self.somebody(voice);
            self.say(Wanted { by, carrier: "early", of, at, is_reply: false }, Kind::Early, voice);
        }
    }

    /// Speakers write before and after; in between they have no hand free.
    pub(crate) fn speakers(&mut self, count: usize, voice: &mut Voice<'_>) {
        for _ in 0..count {
            let of = self.talk(voice);
            let Some(name) = voice.dice.pick(&self.world.names[of]) else { continue };
            let (from, to) = self.world.actual.spans[of];
            let before = voice.dice.is(0.4);
            let minutes =
                if before { -voice.dice.around(40.0, 2.5).max(8.0) } else { voice.dice.around(30.0, 2.5) };
            let at = (if before { from } else { to }).plus((minutes * Micros::MINUTE as f64) as i64);
            let by = Person {
                net: [Net::Mastodon, Net::Bluesky, Net::X][voice.dice.below(3)],
                handle: name.handle.clone(),
                name: name.whole.clone(),
                language: None,
                energy: 1.0,
                tags: 0.8,
                room_tags: 0.0,
                asides: 0.2,
                slips: 0.03,
                is_lower: false,
            };
            let carrier = if before { "speaker-before" } else { "speaker-after" };
            self.say(Wanted { by: &by, carrier, of, at, is_reply: false }, Kind::Speaker, voice);
        }
    }

    /// Somebody says whose slides they are; others pass the link on.
    pub(crate) fn slides(&mut self, count: usize, voice: &mut Voice<'_>) {
        let until = self.said.len() + count;
        let mut tries = 0;
        while self.said.len() < until && tries < 4 * count {
            tries += 1;
            let Some(of) = self.single(voice) else { continue };
            let mut at = self.world.actual.spans[of]
                .1
                .plus((voice.dice.between(-20.0, 15.0) * Micros::MINUTE as f64) as i64);
            let by = self.somebody(voice);
            if !self.say(Wanted { by, carrier: "slides", of, at, is_reply: false }, Kind::Slides, voice) {
                continue;
            }
            for _ in 0..voice.dice.below(4) {
                at = at.plus((voice.dice.around(12.0, 4.0) * Micros::MINUTE as f64) as i64);
                let by = self.somebody(voice);
                self.say(
                    Wanted { by, carrier: "slides-again", of, at, is_reply: false },
                    Kind::Slides,
                    voice,
                );
            }
        }
        self.said.truncate(until);
    }

    /// Any time of the event, mostly while something is on.
    fn any_time(&self, voice: &mut Voice<'_>) -> Micros {
        let (first, last) = self.world.span;
        if voice.dice.is(BY_DAY) {
            let (from, to) =
                self.world.actual.spans[self.world.subjects[voice.dice.below(self.world.subjects.len())]];
            return from.plus((voice.dice.between(-0.6, 1.4) * to.since(from) as f64) as i64);
        }
        first.plus((voice.dice.between(-0.1, 1.1) * last.since(first) as f64) as i64)
    }

    pub(crate) fn event(&mut self, count: usize, voice: &mut Voice<'_>) {
        for _ in 0..count {
            let (of, at, by) = (self.talk(voice), self.any_time(voice), self.somebody(voice));
            self.say(Wanted { by, carrier: "event", of, at, is_reply: false }, Kind::Event, voice);
        }
    }

    /// Half of it borrows its words from what is on at that very time.
    pub(crate) fn hallway(&mut self, count: usize, voice: &mut Voice<'_>) {
        for _ in 0..count {
            let at = self.any_time(voice);
            let on: Vec<usize> =
                self.world.on(at).filter(|talk| self.world.subjects.contains(talk)).collect();
            let near = if voice.dice.is(0.5) { voice.dice.pick(&on).copied() } else { None };
            let of = near.unwrap_or_else(|| self.talk(voice));
            let by = self.somebody(voice);
            self.say(Wanted { by, carrier: "hallway", of, at, is_reply: false }, Kind::Hallway, voice);
        }
    }
}
