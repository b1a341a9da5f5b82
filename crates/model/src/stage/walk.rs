//! One room from its first moment to its last: from cue to cue, with the clock's talks in between.

use super::said::{Cue, Says};
use crate::stage::{OVERRUN_MAX, SaidBy, Span};
use crate::{Micros, Talk, TalkId};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

/// The spans of a room, by start. `slots` are its talks that no press speaks of, by start and id; a break that none of
/// them ends is over at the `horizon`.
pub(super) fn room(slots: &[&Talk], cues: &[Cue], horizon: Micros) -> Vec<Span> {
    let queue = slots.iter().map(|talk| Waiting { talk, end: None }).collect();
    let start = Cue { at: Micros(i64::MIN), says: Says::Clock };
    let (cut, passed, spans) = (Vec::new(), Vec::new(), Vec::new());
    let mut walk = Walk { queue, cut, passed, free: start.at, spans, horizon };
    let turns = turns(cues);
    for (i, cue) in std::iter::once(&start).chain(cues).enumerate() {
        walk.window(cue, cues.get(i), turns[i]);
    }
    in_order(walk.spans)
}

/// A talk of the clock that has not had its time.
#[derive(Clone, Copy)]
struct Waiting<'a> {
    talk: &'a Talk,
    /// It had begun, and would have been over then.
    end: Option<Micros>,
}

struct Walk<'a> {
    /// By start in the schedule.
    queue: VecDeque<Waiting<'a>>,
    /// What the end of the last window ended.
    cut: Vec<Waiting<'a>>,
    /// What the last press passed over: it comes back if that press proves to be none of this room.
    passed: Vec<Waiting<'a>>,
    /// The first of the queue does not begin before.
    free: Micros,
    spans: Vec<Span>,
    horizon: Micros,
}

impl<'a> Walk<'a> {
    /// From a cue to the next one; `turn` is what is on after the break, if the next one is a break.
    fn window(&mut self, cue: &Cue, next: Option<&Cue>, turn: Option<&Says>) {
        let until = next.map_or(Micros(i64::MAX), |next| next.at);
        self.open(cue, turn);
        let held = self.spans.len();
        if !is_said_again(cue, next) {
            self.clock(turn, until);
        }
        let took_over = self.spans.get(held).map_or(until, |first| first.from);
        match &cue.says {
            Says::Talk { id, due, .. } => {
                let to = took_over.min(due.plus(OVERRUN_MAX));
                // What the next press ended was on until then, as far as anybody knows.
                let is_ended = to == until || to < *due;
                let due = if is_ended { to } else { *due };
                self.push(Some(id), cue.at, to, due, SaidBy::Steward);
            }
            Says::Break => {
                let to = took_over.min(self.horizon);
                self.push(None, cue.at, to, to, SaidBy::Steward);
            }
            Says::Clock => {}
        }
    }

    /// Which talks of the clock may follow a cue, and from when on.
    fn open(&mut self, cue: &Cue, turn: Option<&Says>) {
        let before = self.free;
        self.free = match cue.says {
            Says::Talk { due, .. } => due,
            // What was to come later than the schedule says still comes then.
            Says::Break => before.max(cue.at),
            Says::Clock => cue.at,
        };
        if cue.says == Says::Clock {
            let mut back: Vec<Waiting<'_>> = self.passed.drain(..).chain(self.cut.drain(..)).collect();
            back.retain(|waiting| waiting.end.unwrap_or(waiting.talk.end) > cue.at);
            back.sort_by_key(|waiting| Reverse((waiting.talk.start, &waiting.talk.id)));
            for waiting in back {
                self.queue.push_front(waiting);
            }
            return;
        }
        self.passed = std::mem::take(&mut self.cut);
        while let Some(first) = self.queue.front() {
            let (begins, says) = match cue.says {
                Says::Break => (first.talk.start.max(before), turn),
                _ => (first.talk.start, Some(&cue.says)),
            };
            if begins > cue.at || says.is_some_and(|says| follows(first.talk, says)) {
                break;
            }
            self.passed.extend(self.queue.pop_front());
        }
    }

    /// Lets the clock's talks follow, each at its time but not before what comes before it in the schedule is over.
    fn clock(&mut self, turn: Option<&Says>, until: Micros) {
        let mut put_off = Vec::new();
        // Those that were let on, by their end in the schedule, with their real end.
        let mut before: BinaryHeap<Reverse<(Micros, Micros)>> = BinaryHeap::new();
        while let Some(&Waiting { talk, end }) = self.queue.front() {
            while let Some(Reverse((_, real))) = before.peek().filter(|Reverse((end, _))| *end <= talk.start)
            {
                self.free = self.free.max(*real);
                before.pop();
            }
            let from = talk.start.max(self.free);
            if from >= until {
                break;
            }
            self.queue.pop_front();
            let to = end.unwrap_or_else(|| from.plus(talk.end.since(talk.start)));
            if to > until && turn.is_some_and(|says| follows(talk, says)) {
                put_off.push(Waiting { talk, end: None });
                continue;
            }
            if to > until {
                self.cut.push(Waiting { talk, end: Some(to) });
            }
            before.push(Reverse((talk.end, to)));
            let to = to.min(until);
            self.push(Some(&talk.id), from, to, to, SaidBy::Clock);
        }
        for waiting in put_off.into_iter().rev() {
            self.queue.push_front(waiting);
        }
    }

    fn push(&mut self, talk: Option<&TalkId>, from: Micros, to: Micros, due: Micros, by: SaidBy) {
        if from < to {
            self.spans.push(Span { talk: talk.cloned(), from, to, due, by });
        }
    }
}

/// For each window, the start's included, what the first cue after it says that is no break: a break says nothing of whose
/// turn it is, so what comes after it tells which talks have not been on yet.
fn turns(cues: &[Cue]) -> Vec<Option<&Says>> {
    let mut turns = vec![None; cues.len() + 1];
    for (i, cue) in cues.iter().enumerate().rev() {
        turns[i] = if cue.says == Says::Break { turns[i + 1] } else { Some(&cue.says) };
    }
    turns
}

/// The schedule of this room has it behind the talk that was pressed.
fn follows(talk: &Talk, says: &Says) -> bool {
    match says {
        Says::Talk { place: Some((start, id)), .. } => (*start, id) < (talk.start, &talk.id),
        _ => false,
    }
}

/// The next press says that the talk is still on: then it was on all the while.
fn is_said_again(cue: &Cue, next: Option<&Cue>) -> bool {
    match (&cue.says, next.map(|next| (&next.says, next.at))) {
        (Says::Talk { id, due, .. }, Some((Says::Talk { id: again, .. }, at))) => {
            id == again && at <= due.plus(OVERRUN_MAX)
        }
        _ => false,
    }
}

/// By start; what goes on where it ended is one span.
fn in_order(mut spans: Vec<Span>) -> Vec<Span> {
    spans.sort_by(|a, b| (a.from, a.to, &a.talk).cmp(&(b.from, b.to, &b.talk)));
    spans.dedup_by(|next, last| {
        let goes_on = last.talk == next.talk && last.by == next.by && last.to == next.from;
        if goes_on {
            (last.to, last.due) = (next.to, next.due);
        }
        goes_on
    });
    spans
}
