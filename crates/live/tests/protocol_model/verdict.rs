//! One run of the model and its judgement: what must be true once everything is up again.

use crate::{
    POLL,
    ledger::{Happening, Kind, Row, Rows, State, Words},
    readers::{Reader, SITE},
    tail::Keys,
    world::{DT, World},
};
use model::{Position, Seq};
use std::collections::BTreeSet;

/// Steps with faults, about 21 model seconds.
const STEPS: usize = 420;
/// One heartbeat, two looks, and the way to the page.
const SETTLE_SECONDS: f64 = 0.5 + 2.0 * POLL + 2.0;

impl World {
    /// Runs to the end; the set of broken promises.
    pub(crate) fn run(&mut self) -> &BTreeSet<&'static str> {
        for _ in 0..STEPS {
            self.step();
        }
        self.calm_down();
        for _ in 0..(SETTLE_SECONDS / DT) as usize {
            self.step();
        }
        self.judge_words();
        self.free = true;
        for i in 0..900 {
            self.step();
            if i % 20 == 19 && self.is_settled() {
                break;
            }
        }
        self.judge();
        self.judge_words();
        self.judge_hidden();
        *self.tallies.entry("entries").or_default() += self.nozzles[self.ruler()].led.top();
        &self.wrong
    }

    /// Everything comes up again, somebody owns the log, then one last blow while nothing happens.
    fn calm_down(&mut self) {
        (self.chaos, self.free) = (false, false);
        (self.tail.up, self.arch.up) = (true, true);
        self.ghosts.clear();
        if self.lost {
            self.recover();
        }
        for nozzle in &mut self.nozzles {
            nozzle.back = self.now;
        }
        for _ in 0..3000 {
            self.step();
            let z = &self.nozzles[self.ruler()];
            let sent = z.course.is_owner() && z.course.sent() == z.led.top();
            if sent && z.led.cursor >= self.upstream.len() && self.retry.is_empty() {
                break;
            }
        }
        if self.faults.redis && !self.is_quiet() {
            let x = self.rng.unit();
            if x < 0.2 {
                self.tail.keys = Keys::default();
            } else if x < 0.4 {
                self.roll_back();
            }
            if x < 0.6 {
                self.readers[0] = Reader::new();
            }
        }
    }

    fn end(&self) -> Position {
        let led = &self.nozzles[self.ruler()].led;
        Position { epoch: led.epoch.clone(), seq: led.top() }
    }

    fn is_settled(&self) -> bool {
        let end = self.end();
        self.arch.cursor().as_ref() == Some(&end)
            && self.batches.iter().all(Option::is_none)
            && self.pages.iter().all(|p| p.at.as_ref().is_some_and(|at| at.seq == end.seq))
    }

    /// Whatever anybody can fetch now stands in the fold of the ledger.
    fn judge_words(&mut self) {
        let led = &self.nozzles[self.ruler()].led;
        let alive: BTreeSet<Words> = led.rows().values().filter_map(|r| r.words).collect();
        let row = |rows: &Rows| rows.values().any(|r| r.words.is_some_and(|w| !alive.contains(&w)));
        let stale = |entries: &[crate::ledger::Entry]| {
            entries.iter().any(|e| e.words.is_some_and(|w| !alive.contains(&w)))
        };
        let found = [
            ("taken-back words in the tail", stale(&self.tail.keys.items)),
            ("taken-back words in a ring", self.readers[..SITE].iter().any(|r| stale(&r.ring))),
            ("taken-back words on the site", row(&self.readers[SITE].rows)),
            ("taken-back words in an archive page", row(&self.archive_page())),
            ("taken-back words in the ledger", stale(&led.entries)),
            ("taken-back words on a page", self.pages.iter().any(|p| row(&p.rows))),
        ];
        self.wrong.extend(found.iter().filter(|(_, bad)| *bad).map(|(what, _)| *what));
    }

    fn judge(&mut self) {
        let z = &self.nozzles[self.ruler()];
        let (truth, end) = (z.led.rows(), self.end());
        let mut wrong = Vec::new();
        let mut must = |holds: bool, what| {
            if !holds {
                wrong.push(what);
            }
        };
        must(z.course.is_owner(), "nobody owns the log");
        let caught_up = self.arch.cursor().as_ref() == Some(&end);
        must(caught_up, "archive not caught up");
        must(!caught_up || self.arch.rows == truth, "archive is not the fold");
        must(self.arch.applied <= self.arch.n, "archive applied too much");
        must(self.arch.applied >= self.arch.n, "archive applied too little");
        for page in &self.pages {
            let caught_up = page.at.as_ref() == Some(&end);
            must(caught_up, "page not caught up");
            must(!caught_up || page.rows == since(&truth, page.start), "page differs from the log");
        }
        let tail = self.tail.keys.meta.as_ref().filter(|m| m.epoch == end.epoch && m.top == end.seq);
        let same =
            tail.is_some_and(|m| self.tail.keys.items.iter().eq(z.led.entries.iter().skip(m.base as usize)));
        must(same, "tail is not the ledger");
        must(!z.led.wills.is_broken(&z.led), "shown although somebody hides it");
        for (id, item) in &z.led.items {
            let stands = truth.get(id).is_some_and(|r| r.words == item.words);
            must(item.state != State::Shown || stands, "item lost");
            let recovered = self.tallies.contains_key("recover");
            let kept = item.state != State::Hidden || item.words.is_some() || recovered;
            must(kept, "hidden words lost");
        }
        self.wrong.extend(wrong);
    }

    /// Each hidden item comes back whole.
    fn judge_hidden(&mut self) {
        let z = self.ruler();
        let led = &mut self.nozzles[z].led;
        let hidden = led.items.iter().filter(|(_, it)| it.state == State::Hidden && it.words.is_some());
        let hidden: Vec<u32> = hidden.map(|(id, _)| *id).take(3).collect();
        let mut wrong = false;
        for id in &hidden {
            let want = led.items[id].words;
            for kind in [Kind::Back, Kind::Show] {
                led.act(Happening { kind, id: *id, rev: 0, words: None }, self.mutant);
            }
            wrong |= led.entries.last().is_some_and(|e| e.words != want);
        }
        if wrong {
            self.bad("show brought other words");
        }
        if hidden.is_empty() || !self.wrong.is_empty() {
            return;
        }
        for _ in 0..120 {
            self.step();
        }
        for id in hidden {
            let words = self.nozzles[z].led.items[&id].words;
            let is = |row: Option<&Row>| row.is_some_and(|r| r.words == words);
            let on_pages = self.pages.iter().all(|p| is(p.rows.get(&id)));
            let archived = self.arch.rows.get(&id).is_none_or(|r| r.words == words);
            if !on_pages {
                self.bad("shown again, but not on a page");
            }
            if !archived {
                self.bad("shown again, but not in the archive");
            }
        }
    }
}

fn since(rows: &Rows, start: Seq) -> Rows {
    rows.iter().filter(|(_, r)| r.last > start).map(|(id, r)| (*id, r.clone())).collect()
}
