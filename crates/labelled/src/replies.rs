//! Who answers whom: mostly within minutes, mostly to the point, and sometimes about dinner.

use std::collections::HashMap;

use model::{Micros, TalkId};

use crate::voice::{Voice, Wanted};
use crate::world::World;
use crate::{Kind, Said};

/// How many answers to a post about a talk are about something else.
const DRIFTS: f64 = 0.09;
/// How many answers go to posts about no talk.
const TO_OTHERS: f64 = 0.12;
/// How long an answer takes: the median in minutes, and the factor within which two thirds lie.
const WAIT: (f64, f64) = (5.0, 4.0);

/// See the module.
pub(crate) struct Replies<'a> {
    world: &'a World,
    places: HashMap<TalkId, usize>,
}

impl<'a> Replies<'a> {
    pub(crate) fn new(world: &'a World) -> Self {
        let places = world.talks.iter().enumerate().map(|(place, talk)| (talk.id.clone(), place)).collect();
        Self { world, places }
    }

    /// Adds so many answers; an answer may be answered.
    pub(crate) fn add(&self, count: usize, said: &mut Vec<Said>, voice: &mut Voice<'_>) {
        for _ in 0..count {
            let is_about = !voice.dice.is(TO_OTHERS);
            let fits = |said: &Said| said.post.talk.is_some() == is_about;
            let parent = (0..30).map(|_| voice.dice.below(said.len())).find(|index| fits(&said[*index]));
            let answer = parent.and_then(|parent| self.answer(parent, &said[parent], voice));
            said.extend(answer);
        }
    }

    fn answer(&self, parent: usize, to: &Said, voice: &mut Voice<'_>) -> Option<Said> {
        let minutes = voice.dice.around(WAIT.0, WAIT.1).clamp(0.2, 1500.0);
        let at = to.post.at.plus((minutes * Micros::MINUTE as f64) as i64);
        let others = self.world.people.len();
        let by = (0..9)
            .map(|_| &self.world.people[voice.dice.below(others)])
            .find(|p| p.handle != to.post.handle)?;
        let of = to.post.talk.as_ref().and_then(|talk| self.places.get(talk));
        let (carrier, kind) = match of {
            Some(_) if voice.dice.is(DRIFTS) => ("drift", Kind::Drift),
            Some(_) => ("reply", Kind::Reply),
            // What answers a post about the event borrows no talk's words.
            None => ("drift", if to.post.kind == Kind::Ambiguous { Kind::Ambiguous } else { Kind::Event }),
        };
        let of = *of.or_else(|| self.world.subjects.first())?;
        let wanted = Wanted { by, carrier, of, at, is_reply: true };
        let words = voice.say(wanted)?;
        let said = voice.post(wanted, words, kind);
        Some(Said { answers: Some(parent), ..said })
    }
}
