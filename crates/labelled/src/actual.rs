//! What really happened: talks that run late and push the next ones, talks that swap places, and what stewards pressed.

use std::collections::BTreeMap;

use model::{Micros, Talk, TalkId};

use crate::dice::Dice;

/// A steward's press: this talk is on in this room since then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Press {
    /// The room's slug.
    pub room: String,
    /// The talk.
    pub talk: TalkId,
    /// Since when.
    pub since: Micros,
}

/// When each talk was really on, by its place among the talks.
#[derive(Clone, Debug, Default)]
pub(crate) struct Actual {
    pub(crate) spans: Vec<(Micros, Micros)>,
    pub(crate) presses: Vec<Press>,
}

/// How many rooms have a steward who presses, and how often such a steward forgets.
const STEWARDED: f64 = 0.8;
const FORGOTTEN: f64 = 0.06;
/// How often a talk runs over, and two neighbours swap.
const RUNS_OVER: f64 = 0.12;
const SWAPS: f64 = 0.02;
/// What is left between a talk that ran over and the next, in microseconds.
const CHANGE: i64 = 90 * Micros::SECOND;

impl Actual {
    pub(crate) fn new(talks: &[Talk], dice: &mut Dice) -> Self {
        let mut actual =
            Self { spans: talks.iter().map(|talk| (talk.start, talk.end)).collect(), presses: Vec::new() };
        let mut rooms: BTreeMap<(&str, &str), Vec<usize>> = BTreeMap::new();
        for (index, talk) in talks.iter().enumerate() {
            rooms.entry((&talk.room, &talk.day)).or_default().push(index);
        }
        for talks_there in rooms.values_mut() {
            talks_there.sort_by_key(|index| (talks[*index].start, *index));
            let overlaps = talks_there.windows(2).any(|pair| talks[pair[0]].end > talks[pair[1]].start);
            // Where the schedule itself puts two talks into one room, nobody knows what really was.
            if !overlaps {
                actual.play(talks, talks_there, dice);
            }
        }
        actual.presses.sort_by(|a, b| (a.since, &a.room).cmp(&(b.since, &b.room)));
        actual
    }

    /// One room on one day.
    fn play(&mut self, talks: &[Talk], there: &[usize], dice: &mut Dice) {
        let is_stewarded = dice.is(STEWARDED);
        let mut there = there.to_vec();
        let mut at = 0;
        while is_stewarded && at + 1 < there.len() {
            let (a, b) = (&talks[there[at]], &talks[there[at + 1]]);
            let are_alike = a.end.since(a.start) == b.end.since(b.start);
            if are_alike && dice.is(SWAPS) {
                self.spans.swap(there[at], there[at + 1]);
                there.swap(at, at + 1);
                at += 1;
            }
            at += 1;
        }
        let mut free = Micros(i64::MIN);
        for index in there {
            let (from, to) = self.spans[index];
            let begin = from.max(free);
            let mut end = begin.plus(to.since(from));
            if dice.is(RUNS_OVER) {
                end = end.plus((dice.between(4.0, 18.0) * Micros::MINUTE as f64) as i64);
            }
            self.spans[index] = (begin, end);
            free = end.plus(CHANGE);
            if is_stewarded && !dice.is(FORGOTTEN) {
                let late = (dice.wait(15.0).min(90.0) * Micros::SECOND as f64) as i64;
                let talk = &talks[index];
                self.presses.push(Press {
                    room: talk.room.clone(),
                    talk: talk.id.clone(),
                    since: begin.plus(late),
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn talks_that_run_over_push_the_next_and_keep_their_length() {
        let talks: Vec<Talk> =
            (0..200).map(|n| crate::tests::talk(n, "x", "", "hall", 30 * n as i64)).collect();
        let actual = Actual::new(&talks, &mut Dice::new(1));
        let mut spans = actual.spans.clone();
        spans.sort();
        assert!(spans.windows(2).all(|pair| pair[0].1 <= pair[1].0));
        let is_whole =
            |(talk, span): (&Talk, &(Micros, Micros))| span.1.since(span.0) >= talk.end.since(talk.start);
        assert!(talks.iter().zip(&actual.spans).all(is_whole));
        assert!(talks.iter().zip(&actual.spans).any(|(talk, span)| span.0 > talk.start));
        assert!(actual.presses.windows(2).all(|pair| pair[0].since <= pair[1].since));
    }
}
