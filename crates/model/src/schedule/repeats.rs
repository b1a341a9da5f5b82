//! Slots of one talk (a workshop that is held twice, "Lunch" on each day) told apart, so that each keeps its own conversation
//! when another one moves: first those that stand where they stood, then those that kept their start, then by time.

use std::collections::{BTreeSet, HashMap, VecDeque};

use crate::Micros;
use crate::talk::Speaker;

/// Most pairs of slots of one talk whose distance in time is weighed; beyond, they go by their order.
const WEIGHED_PAIRS_MAX: usize = 40_000;

/// Where a talk stands, and all else that a file says of it.
#[derive(Debug)]
pub(super) struct Slot {
    /// The room's slug.
    pub(super) room: String,
    /// Its start.
    pub(super) start: Micros,
    /// In the last version (known talks).
    pub(super) is_alive: bool,
    /// Everything else in one text: what is alike in place is told apart by it.
    pub(super) rest: String,
    /// guid, code and id in one text; the last thing that talks are told apart by.
    pub(super) signs: String,
}

impl Slot {
    fn order(&self) -> (Micros, &str, &str, &str) {
        (self.start, &self.room, &self.rest, &self.signs)
    }

    /// Whether both begin at one time in one room.
    pub(super) fn is_at(&self, other: &Self) -> bool {
        self.start == other.start && self.room == other.room
    }
}

/// What a file says of a talk beside its place and its signs, as one text.
pub(super) fn rest(end: Micros, title: &str, words: [&Option<String>; 5], speakers: &[Speaker]) -> String {
    let mut text = format!("{}\u{0}{title}", end.0);
    let names = speakers.iter().map(|speaker| speaker.name.as_str());
    for part in words.into_iter().map(|word| word.as_deref().unwrap_or_default()).chain(names) {
        text.push('\u{0}');
        text.push_str(part);
    }
    text
}

/// Slots with their callers' numbers.
pub(super) type Slots<'a> = Vec<(usize, &'a Slot)>;

/// How much of two slots must agree.
#[derive(Clone, Copy)]
struct Step {
    only_alive: bool,
    room: bool,
    rest: bool,
}

const STEPS: [Step; 5] = [
    Step { only_alive: true, room: true, rest: true },
    Step { only_alive: true, room: true, rest: false },
    Step { only_alive: false, room: true, rest: false },
    Step { only_alive: true, room: false, rest: false },
    Step { only_alive: false, room: false, rest: false },
];

/// Which known slot each found one is; numbers are the callers'. The order of the lists does not matter, but for known slots
/// that are alike in everything.
pub(super) fn pairs<'a>(mut known: Slots<'a>, mut found: Slots<'a>) -> Vec<(usize, usize)> {
    let mut out = Vec::new();
    if let ([was], [is]) = (&known[..], &found[..]) {
        return vec![(was.0, is.0)];
    }
    for slots in [&mut known, &mut found] {
        slots.sort_by(|(_, a), (_, b)| a.order().cmp(&b.order()));
    }
    for step in STEPS {
        take(&mut known, &mut found, &mut out, step);
    }
    let alive = known.iter().filter(|(_, slot)| slot.is_alive).count();
    if alive == found.len() || known.len() * found.len() > WEIGHED_PAIRS_MAX {
        known.sort_by_key(|(_, slot)| !slot.is_alive);
        out.extend(known.iter().zip(&found).map(|(was, is)| (was.0, is.0)));
    } else {
        nearest(&known, &found, &mut out);
    }
    out
}

/// Takes out the pairs that agree, each slot once.
fn take<'a>(known: &mut Slots<'a>, found: &mut Slots<'a>, out: &mut Vec<(usize, usize)>, step: Step) {
    let key = |slot: &'a Slot| {
        let part = |is_asked: bool, text: &'a str| if is_asked { text } else { "" };
        (slot.start, part(step.room, &slot.room), part(step.rest, &slot.rest))
    };
    let mut waiting: HashMap<_, VecDeque<usize>> = HashMap::new();
    for (number, was) in known.iter().filter(|(_, was)| was.is_alive || !step.only_alive) {
        waiting.entry(key(was)).or_default().push_back(*number);
    }
    let mut taken = BTreeSet::new();
    found.retain(|(number, is)| {
        let Some(was) = waiting.get_mut(&key(is)).and_then(VecDeque::pop_front) else { return true };
        taken.insert(was);
        out.push((was, *number));
        false
    });
    known.retain(|(number, _)| !taken.contains(number));
}

/// The nearest in time first, those of the last version before those that were dropped.
fn nearest(known: &Slots<'_>, found: &Slots<'_>, out: &mut Vec<(usize, usize)>) {
    let mut all: Vec<(bool, u64, usize, usize)> = Vec::new();
    for (n, (_, was)) in known.iter().enumerate() {
        for (m, (_, is)) in found.iter().enumerate() {
            all.push((!was.is_alive, is.start.0.abs_diff(was.start.0), n, m));
        }
    }
    all.sort_unstable();
    let (mut taken, mut given) = (BTreeSet::new(), BTreeSet::new());
    for (_, _, n, m) in all {
        if !taken.contains(&n) && !given.contains(&m) {
            taken.insert(n);
            given.insert(m);
            out.push((known[n].0, found[m].0));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slot(hour: i64, room: &str, is_alive: bool) -> Slot {
        let start = Micros(hour * Micros::HOUR);
        Slot { room: room.into(), start, is_alive, rest: String::new(), signs: String::new() }
    }

    fn told(known: &[Slot], found: &[Slot]) -> Vec<(usize, usize)> {
        let mut out = pairs(known.iter().enumerate().collect(), found.iter().enumerate().collect());
        out.sort_unstable();
        let backwards: Vec<_> = found.iter().enumerate().rev().collect();
        let mut again = pairs(known.iter().enumerate().collect(), backwards);
        again.sort_unstable();
        assert_eq!(out, again, "the order of the file matters");
        out
    }

    #[test]
    fn one_slot_that_moves_leaves_the_others_where_they_are() {
        let known = [slot(10, "a", true), slot(14, "a", true), slot(18, "a", true)];
        assert_eq!(
            told(&known, &[slot(20, "b", true), slot(14, "a", true), slot(18, "a", true)]),
            [(0, 0), (1, 1), (2, 2)]
        );
    }

    #[test]
    fn a_slot_that_is_gone_takes_nobody_elses_place() {
        let known = [slot(10, "a", true), slot(14, "a", true)];
        assert_eq!(told(&known, &[slot(15, "a", true)]), [(1, 0)], "the nearest");
        assert_eq!(told(&known, &[slot(14, "b", true)]), [(1, 0)], "the same start in another room");
    }

    #[test]
    fn a_slot_that_was_dropped_comes_back_only_to_its_place_or_when_no_other_is_left() {
        let known = [slot(10, "a", false), slot(14, "a", true)];
        assert_eq!(told(&known, &[slot(10, "a", true), slot(14, "a", true)]), [(0, 0), (1, 1)]);
        assert_eq!(told(&known, &[slot(11, "a", true)]), [(1, 0)]);
        assert_eq!(told(&known, &[slot(11, "a", true), slot(15, "a", true)]), [(0, 0), (1, 1)]);
    }
}
