//! Who sits in which talk, and what is said there while it is on.

use model::Micros;

use crate::people::Person;
use crate::voice::{Voice, Wanted};
use crate::world::World;
use crate::{Kind, Said};

/// Posts of one person in one talk, on average.
const POSTS_A_SEAT: f64 = 2.3;
/// How many of an audience were in the same room before.
const STAYS: f64 = 0.45;
/// For so long what somebody said in a talk tells what they speak of.
const IN_MIND: i64 = 25 * Micros::MINUTE;
/// For so long somebody is still taken to be in the room.
const IN_ROOM: i64 = 75 * Micros::MINUTE;
/// How long it takes to type: the median in seconds, and the factor within which two thirds lie.
const LAG: (f64, f64) = (55.0, 2.4);
/// How many of the last posts of a seat are applause.
const APPLAUSE: f64 = 0.15;

/// Where somebody sits and what they told of it.
#[derive(Clone, Debug, Default)]
struct Seat {
    until: Micros,
    /// The last talk of which they said something that tells, and when.
    told: Option<(usize, Micros)>,
}

/// See the module.
pub(crate) struct Live<'a> {
    world: &'a World,
    seats: Vec<Seat>,
}

impl<'a> Live<'a> {
    pub(crate) fn new(world: &'a World) -> Self {
        Self { world, seats: vec![Seat::default(); world.present] }
    }

    /// About so many posts, spread over the talks by how many want to hear them.
    pub(crate) fn posts(mut self, count: usize, voice: &mut Voice<'_>) -> Vec<Said> {
        let world = self.world;
        let whole: f64 = world.subjects.iter().map(|talk| world.draw[*talk]).sum();
        let mut in_order = world.subjects.clone();
        in_order.sort_by_key(|talk| (world.actual.spans[*talk].0, *talk));
        let (mut said, mut owed) = (Vec::new(), 0.0);
        for talk in in_order {
            owed += count as f64 * world.draw[talk] / whole;
            let here = owed as usize;
            owed -= here as f64;
            for (person, posts) in self.audience(talk, here, voice) {
                self.sit(talk, person, posts, voice, &mut said);
            }
        }
        said
    }

    /// Who writes in this talk, and how often.
    fn audience(&mut self, talk: usize, posts: usize, voice: &mut Voice<'_>) -> Vec<(usize, usize)> {
        let (from, to) = self.world.actual.spans[talk];
        let room = &self.world.talks[talk].room;
        let is_free = |seat: &Seat| seat.until <= from.plus(5 * Micros::MINUTE);
        let free: Vec<usize> = (0..self.seats.len()).filter(|person| is_free(&self.seats[*person])).collect();
        let was_here = |person: &usize| {
            let told = self.seats[*person].told;
            told.is_some_and(|(before, at)| {
                self.world.talks[before].room == *room && from.since(at) < IN_ROOM
            })
        };
        let stayed: Vec<usize> = free.iter().copied().filter(was_here).collect();
        let wanted = ((posts as f64 / POSTS_A_SEAT).ceil() as usize).min(free.len());
        let mut here: Vec<usize> = Vec::new();
        for _ in 0..4 * wanted {
            let from = if !stayed.is_empty() && voice.dice.is(STAYS) { &stayed } else { &free };
            if here.len() < wanted
                && let Some(person) = voice.dice.pick(from).filter(|person| !here.contains(person))
            {
                here.push(*person);
            }
        }
        here.iter().for_each(|person| self.seats[*person].until = to);
        let mut counts = vec![0; here.len()];
        for _ in 0..posts {
            if let Some(at) = voice.dice.weighed(here.iter().map(|p| self.world.people[*p].energy)) {
                counts[at] += 1;
            }
        }
        here.into_iter().zip(counts).filter(|(_, count)| *count > 0).collect()
    }

    /// What one person says in one talk.
    fn sit(&mut self, talk: usize, person: usize, posts: usize, voice: &mut Voice<'_>, said: &mut Vec<Said>) {
        let (from, to) = self.world.actual.spans[talk];
        let length = to.since(from) as f64;
        let mut moments: Vec<f64> = (0..posts).map(|_| voice.dice.between(0.02, 1.0) * length).collect();
        moments.sort_by(f64::total_cmp);
        for (nth, moment) in moments.into_iter().enumerate() {
            let is_applause = nth + 1 == posts && voice.dice.is(APPLAUSE);
            let moment = if is_applause { length } else { moment };
            let lag = voice.dice.around(LAG.0, LAG.1) * Micros::SECOND as f64;
            let at = from.plus((moment + lag) as i64);
            said.extend(self.speak(talk, person, at, is_applause, voice));
        }
    }

    fn speak(
        &mut self,
        talk: usize,
        person: usize,
        at: Micros,
        is_applause: bool,
        voice: &mut Voice<'_>,
    ) -> Option<Said> {
        let by = &self.world.people[person];
        let carrier = if is_applause { "applause" } else { self.carrier(talk, person, at, by, voice) };
        // A talk without an abstract gives little to note.
        let (wanted, words) = [carrier, "weak", "strong", "context"].into_iter().find_map(|carrier| {
            let wanted = Wanted { by, carrier, of: talk, at, is_reply: false };
            Some((wanted, voice.say(wanted)?))
        })?;
        let carrier = wanted.carrier;
        let kind = match carrier {
            "context" | "ambiguous" => self.kind_of_nothing(talk, person, at),
            _ if words.has_slipped => Kind::Typo,
            _ if words.language != self.world.language_of(talk) && carrier != "room" => Kind::Language,
            _ if self.is_moved(talk, at) && carrier != "strong" => Kind::Overrun,
            "strong" | "applause" => Kind::Strong,
            "room" => Kind::Room,
            _ => Kind::Weak,
        };
        if !matches!(carrier, "context" | "ambiguous") {
            self.seats[person].told = Some((talk, at));
        }
        Some(voice.post(wanted, words, kind))
    }

    /// First something that tells, mostly; later anything.
    fn carrier(
        &self,
        talk: usize,
        person: usize,
        at: Micros,
        by: &Person,
        voice: &mut Voice<'_>,
    ) -> &'static str {
        if !self.world.room_tags.is_empty() && voice.dice.is(by.room_tags) {
            return "room";
        }
        let told = self.seats[person].told;
        let has_told = told.is_some_and(|(of, when)| of == talk && at.since(when) < IN_MIND);
        let weights = if has_told { [0.2, 0.24, 0.24, 0.32] } else { [0.4, 0.22, 0.22, 0.16] };
        match voice.dice.weighed(weights.into_iter()) {
            Some(0) => "strong",
            Some(1) => "weak",
            Some(2) => "note",
            _ if has_told => "context",
            // Whoever stayed in the room and says nothing is a riddle even to who sits beside them: not asked here.
            _ if told.is_some_and(|(of, _)| self.world.talks[of].room == self.world.talks[talk].room) => {
                "weak"
            }
            _ if voice.dice.is(0.3) => "context",
            _ => "ambiguous",
        }
    }

    /// Words that say nothing are about a talk only where a reader could know which: by what their writer said before, or as
    /// there is no other.
    fn kind_of_nothing(&self, talk: usize, person: usize, at: Micros) -> Kind {
        let told = self.seats[person].told;
        let in_this_talk = told.is_some_and(|(of, when)| of == talk && at.since(when) < IN_MIND);
        let is_still_on = self.world.on(at).any(|on| on == talk);
        match self.world.on(at).count() {
            _ if in_this_talk && self.is_moved(talk, at) => Kind::Overrun,
            _ if in_this_talk => Kind::Context,
            1 if is_still_on => Kind::Plenary,
            _ => Kind::Ambiguous,
        }
    }

    /// Said while the talk was on, at a time at which the schedule does not have it.
    fn is_moved(&self, talk: usize, at: Micros) -> bool {
        let (planned, (from, to)) = (&self.world.talks[talk], self.world.actual.spans[talk]);
        from <= at && at < to && !planned.is_on(at)
    }
}
