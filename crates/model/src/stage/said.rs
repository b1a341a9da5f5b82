//! What stewards said, as the walk of a room wants it: one cue for each moment at which something that was said begins to hold.

use crate::stage::STILL;
use crate::{Micros, StageEntry, Talk, TalkId};
use std::collections::BTreeMap;

/// From a moment on, something else holds in a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cue {
    pub(super) at: Micros,
    pub(super) says: Says,
}

/// What holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Says {
    /// A talk, which should be over at `due`. `place` is its place in the schedule of this room, if it belongs here.
    Talk { id: TalkId, due: Micros, place: Option<(Micros, TalkId)> },
    /// A break.
    Break,
    /// What was pressed is over; the clock goes on.
    Clock,
}

/// All that was said and stands.
pub(super) struct Said<'a> {
    cues: BTreeMap<&'a str, Vec<Cue>>,
    /// The presses of each talk that is in the programme, by moment.
    of_talk: BTreeMap<&'a TalkId, Vec<(Micros, &'a str)>>,
    /// For each room the moments at which the talks that its schedule has were first pressed, by their scheduled start.
    turns: BTreeMap<&'a str, Vec<(Micros, Micros)>>,
}

/// A press that stands: nobody took it back, and nothing was said later for the same room and moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Press<'a> {
    /// The talk; none is a break.
    pub talk: Option<&'a TalkId>,
    /// Since when.
    pub since: Micros,
    /// Its place among what was said of its room.
    pub nth: usize,
}

/// The presses of a room that stand, by moment, of what was said of it in the order it was said. Hearing the last of it again
/// changes nothing, as a reader may who has one part from a log and one from elsewhere.
#[must_use]
pub fn standing(said: &[StageEntry]) -> Vec<Press<'_>> {
    let mut moments: BTreeMap<Micros, Vec<Press<'_>>> = BTreeMap::new();
    for (nth, press) in said.iter().enumerate() {
        let moment = moments.entry(press.since).or_default();
        let stands = moment.last().is_some_and(|last| last.talk == press.talk.as_ref());
        if stands && press.undone {
            moment.pop();
        } else if !stands && !press.undone {
            moment.push(Press { talk: press.talk.as_ref(), since: press.since, nth });
        }
    }
    moments.into_values().filter_map(|said| said.last().copied()).collect()
}

/// The talks of the presses of a room that stand, by moment.
type Standing<'a> = BTreeMap<Micros, Option<&'a TalkId>>;

impl<'a> Said<'a> {
    pub(super) fn new(
        talks: &BTreeMap<&'a TalkId, &'a Talk>,
        presses: &'a BTreeMap<String, Vec<StageEntry>>,
    ) -> Self {
        let by_moment = |said| standing(said).into_iter().map(|press| (press.since, press.talk)).collect();
        let rooms: BTreeMap<&str, Standing<'_>> =
            presses.iter().map(|(room, said)| (room.as_str(), by_moment(said))).collect();
        let mut of_talk: BTreeMap<&TalkId, Vec<(Micros, &str)>> = BTreeMap::new();
        for (room, standing) in &rooms {
            for (since, talk) in standing {
                if let Some(talk) = talk.filter(|talk| talks.contains_key(talk)) {
                    of_talk.entry(talk).or_default().push((*since, room));
                }
            }
        }
        let mut cues: BTreeMap<&str, BTreeMap<Micros, Says>> = BTreeMap::new();
        for (room, standing) in &rooms {
            let here = cues.entry(room).or_default();
            for (since, talk) in standing {
                match talk {
                    None => here.insert(*since, Says::Break),
                    Some(talk) if !talks.contains_key(talk) => here.insert(*since, Says::Clock),
                    Some(_) => None,
                };
            }
        }
        let mut turns: BTreeMap<&str, Vec<(Micros, Micros)>> = BTreeMap::new();
        for (id, said) in &mut of_talk {
            said.sort_unstable();
            let talk = talks[id];
            turns.entry(&talk.room).or_default().push((talk.start, said[0].0));
            walk_talk(talk, said, &rooms, &mut cues);
        }
        for turns in turns.values_mut() {
            turns.sort_unstable();
        }
        let in_order = |cues: BTreeMap<Micros, Says>| cues.into_iter().map(|(at, says)| Cue { at, says });
        let cues = cues.into_iter().map(|(room, cues)| (room, in_order(cues).collect())).collect();
        Self { cues, of_talk, turns }
    }

    pub(super) fn rooms(&self) -> impl Iterator<Item = &'a str> {
        self.cues.keys().copied()
    }

    /// By moment, one for each.
    pub(super) fn cues(&self, room: &str) -> &[Cue] {
        self.cues.get(room).map_or(&[], Vec::as_slice)
    }

    pub(super) fn speaks_of(&self, talk: &TalkId) -> bool {
        self.of_talk.contains_key(talk)
    }

    /// It was pressed after a talk of its room that should have come after it: they changed places, and it is not late.
    pub(super) fn is_out_of_turn(&self, talk: &Talk) -> bool {
        let Some(first) = self.of_talk.get(&talk.id).and_then(|said| said.first()) else { return false };
        let Some(turns) = self.turns.get(talk.room.as_str()) else { return false };
        let behind = turns.partition_point(|(start, _)| *start <= talk.start);
        let between = turns[behind..].iter().take_while(|(start, _)| *start <= first.0);
        between.into_iter().any(|(_, pressed)| *pressed < first.0)
    }
}

/// The cues of one talk, from its presses in all rooms: when it is due each time, and where it leaves a room for another.
fn walk_talk<'a>(
    talk: &Talk,
    said: &[(Micros, &'a str)],
    rooms: &BTreeMap<&'a str, Standing<'_>>,
    cues: &mut BTreeMap<&'a str, BTreeMap<Micros, Says>>,
) {
    let length = talk.end.since(talk.start);
    let mut had = 0;
    let mut due = Micros(i64::MIN);
    // The moment and room of the press before, if nothing else was said in that room since.
    let mut running: Option<&str> = None;
    for (i, &(since, room)) in said.iter().enumerate() {
        let goes_on = running == Some(room);
        if !goes_on || since >= due {
            let left = if goes_on { 0 } else { length.saturating_sub(had) };
            due = since.plus(if left > 0 { left } else { STILL });
            let place = (talk.room == room).then(|| (talk.start, talk.id.clone()));
            let says = Says::Talk { id: talk.id.clone(), due, place };
            cues.entry(room).or_default().insert(since, says);
        }
        let next_here = rooms[room].range(since.plus(1)..).next().map(|(at, _)| *at);
        let next = said.get(i + 1).copied();
        running = next.filter(|(at, to)| *to == room && next_here == Some(*at)).map(|_| room);
        let leaves = next.filter(|(at, to)| *to != room && next_here.is_none_or(|here| *at < here));
        if let Some((at, _)) = leaves {
            // Where both begin at one moment, the one that leaves was never there.
            cues.entry(room).or_default().insert(at, Says::Clock);
        }
        let end = leaves.map(|(at, _)| at).into_iter().chain(next_here).min().unwrap_or(due);
        had += end.min(due).since(since).max(0);
    }
}
