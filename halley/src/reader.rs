//! A cursor into an event's log, from which WebSocket, server-sent events and long poll are all fed. Plain decisions; the shard carries them out.
//!
//! There is no queue per connection. A reader says what comes next when its client has taken the last thing; the entries it names are
//! shared bytes. So a slow client costs its socket's buffer and this cursor.

use std::{rc::Rc, time::Duration};

use live::follow::{self, PageStep};
use model::{Position, Seq};
use tokio::time::Instant;

use crate::{
    batch::Batch,
    gate::Pass,
    signal::{Head, Signal, archive_link},
};

/// A beat is due this often.
pub(crate) const BEAT_EVERY: Duration = Duration::from_secs(15);
/// A client that is ahead of us is held so long, then starts afresh.
pub(crate) const AHEAD_HOLD_MAX: Duration = Duration::from_secs(30);
/// Clients that lose us without a bye come back after so many milliseconds, or over a longer time when they are many.
const UNASKED_RETRY_MS_MIN: u64 = 1000;
const UNASKED_RETRY_MS_MAX: u64 = 3000;
/// While older entries cannot be read they are asked for this often,
const OLDER_RETRY: Duration = Duration::from_millis(500);
/// for so long; then the client is sent away to come back later.
const OLDER_TRIES_MAX: u8 = 20;

/// What a reader reads.
pub(crate) trait Tail {
    /// What can be had; `None` before the log was read for the first time.
    fn head(&self) -> Option<Head>;
    /// What lies behind a position.
    fn take(&mut self, at: &Position) -> Found;
    /// Whether streams shall end.
    fn is_closed(&self) -> bool;
    /// The event's name in addresses.
    fn slug(&self) -> &str;
}

/// What a reader finds behind its position.
pub(crate) enum Found {
    /// These entries.
    Entries(Rc<Batch>),
    /// Nothing yet.
    Nothing,
    /// They are not in memory; the tail in the store has them.
    Older,
    /// They are the archive's, up to this seq.
    Window(Seq),
    /// The log is another one now.
    OtherLog,
}

/// What the shard does next for a connection.
#[derive(Debug)]
pub(crate) enum Step {
    /// Say this, then ask again.
    Say(Signal),
    /// Hand over these entries, then ask again. The cursor stands behind them already.
    Entries(Rc<Batch>),
    /// Nothing until the event has news, or until then.
    Wait(Instant),
    /// Nothing before then, whatever is new.
    Rest(Instant),
    /// Have the entries behind this position read, then ask again.
    Fetch(Position),
    /// Close.
    End(Ending),
}

/// Why a stream ends on our side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// We stop, the event is gone, or the log was replaced: come back at once.
    Drain,
    /// What the client needs cannot be read now.
    Overload,
}

#[derive(Debug)]
enum State {
    /// The client's position is not settled yet.
    Opening { want: Option<Position>, until: Instant },
    /// The hello was said; this comes next.
    Window { from: Seq, at: Position },
    /// Everything up to here was handed over.
    Following(Position),
    /// The bye was said.
    Ended(Ending),
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Reader {
    state: State,
    pass: Pass,
    /// Entries up to here are history, and cost.
    history_until: Seq,
    beat_at: Instant,
    rest_until: Option<Instant>,
    older_tries: u8,
}

impl Reader {
    /// A reader for a client that has everything up to `want` (`None`: it begins at the top), which is held for `ahead_hold` if it is ahead of us.
    pub(crate) fn new(want: Option<Position>, pass: Pass, ahead_hold: Duration, now: Instant) -> Self {
        Self {
            state: State::Opening { want, until: now + ahead_hold },
            pass,
            history_until: 0,
            beat_at: now + BEAT_EVERY,
            rest_until: None,
            older_tries: 0,
        }
    }

    /// Whether the next entry behind this position can be handed over as it is: the way of nearly everybody, nearly always.
    pub(crate) fn is_at(&self, at: &Position) -> bool {
        matches!(&self.state, State::Following(mine) if mine == at)
            && at.seq >= self.history_until
            && self.rest_until.is_none()
    }

    /// Of entries that were handed over, the client took those up to here only. It pays for the rest when that goes out.
    pub(crate) fn took(&mut self, batch: &Batch, seq: Seq) {
        let paid = batch.bytes_until(self.history_until);
        let taken = batch.bytes_until(self.history_until.min(seq));
        if taken < paid {
            self.pass.refund(paid - taken);
        }
        self.has(seq);
    }

    /// The client has everything up to here.
    pub(crate) fn has(&mut self, seq: Seq) {
        if let State::Following(at) = &mut self.state {
            at.seq = seq;
        }
    }

    /// What comes next.
    pub(crate) fn next(&mut self, tail: &mut impl Tail, now: Instant) -> Step {
        if tail.is_closed() {
            return self.bye(Ending::Drain);
        }
        match &self.state {
            State::Opening { want, until } => {
                let (want, until) = (want.clone(), *until);
                self.open(tail, want, until, now)
            }
            State::Window { from, at } => {
                let (from, at) = (*from, at.clone());
                let base = at.seq;
                self.state = State::Following(at);
                Step::Say(window(tail, from, base))
            }
            State::Following(at) => {
                let at = at.clone();
                self.follow(tail, at, now)
            }
            State::Ended(ending) => Step::End(*ending),
        }
    }

    /// Settles the position and says hello, or lets the client wait.
    fn open(&mut self, tail: &mut impl Tail, want: Option<Position>, until: Instant, now: Instant) -> Step {
        let Some(head) = tail.head() else {
            return if now >= until { self.bye(Ending::Overload) } else { Step::Wait(until) };
        };
        let Some(want) = want else {
            let top = head.top;
            return self.hello(head, top, false, now);
        };
        let view = follow::Head {
            epoch: head.epoch.clone(),
            base: head.base,
            top: head.top,
            line: follow::Line::default(),
        };
        match follow::page(&want, &view) {
            PageStep::Resume(seq) => self.hello(head, seq, true, now),
            PageStep::Hold if now < until => Step::Wait(until),
            PageStep::Hold => {
                let base = head.base;
                self.hello(head, base, false, now)
            }
            PageStep::Afresh(base) => self.hello(head, base, false, now),
            PageStep::Window(base) => {
                let at = Position { epoch: head.epoch.clone(), seq: base };
                let hello = self.hello(head, base, false, now);
                self.state = State::Window { from: want.seq, at };
                hello
            }
        }
    }

    fn hello(&mut self, head: Head, after: Seq, resumed: bool, now: Instant) -> Step {
        self.history_until = head.top;
        self.beat_at = now + BEAT_EVERY;
        self.state = State::Following(Position { epoch: head.epoch.clone(), seq: after });
        Step::Say(Signal::Hello { epoch: head.epoch, after, top: head.top, base: head.base, resumed })
    }

    fn follow(&mut self, tail: &mut impl Tail, at: Position, now: Instant) -> Step {
        if now >= self.beat_at {
            self.beat_at = now + BEAT_EVERY;
            let top = tail.head().map_or(at.seq, |head| head.top);
            return Step::Say(Signal::Beat { top });
        }
        if let Some(until) = self.rest_until.take_if(|until| now < *until) {
            self.rest_until = Some(until);
            return Step::Rest(until.min(self.beat_at));
        }
        self.rest_until = None;
        match tail.take(&at) {
            Found::Entries(batch) => self.hand_over(at, batch, now),
            Found::Older => self.fetch(at),
            Found::Nothing => Step::Wait(self.beat_at),
            Found::Window(base) => {
                let from = at.seq;
                self.state = State::Following(Position { seq: base, ..at });
                Step::Say(window(tail, from, base))
            }
            Found::OtherLog => self.bye(Ending::Drain),
        }
    }

    fn fetch(&mut self, at: Position) -> Step {
        if self.older_tries >= OLDER_TRIES_MAX {
            return self.bye(Ending::Overload);
        }
        self.older_tries += 1;
        Step::Fetch(at)
    }

    /// What was to be fetched could not be read: it is asked for again in a moment.
    pub(crate) fn not_fetched(&mut self, now: Instant) {
        self.rest_until = Some(now + OLDER_RETRY);
    }

    /// Moves the cursor over these entries; history has to wait while the client or its address owes.
    fn hand_over(&mut self, at: Position, batch: Rc<Batch>, now: Instant) -> Step {
        self.older_tries = 0;
        let history = batch.bytes_until(self.history_until);
        if history > 0 {
            let rest = self.pass.rest();
            if !rest.is_zero() {
                self.rest_until = Some(now + rest);
                return Step::Rest(self.beat_at.min(now + rest));
            }
            self.pass.charge(history);
        }
        self.state = State::Following(Position { seq: batch.last(), ..at });
        Step::Entries(batch)
    }

    /// Ends the stream with a word about when to come back.
    pub(crate) fn bye(&mut self, ending: Ending) -> Step {
        if let State::Ended(ending) = self.state {
            return Step::End(ending);
        }
        self.state = State::Ended(ending);
        Step::Say(Signal::Bye { retry_ms: self.retry_ms(), why: None })
    }

    /// When a client that is sent away shall come back: spread over all who may be sent away together.
    fn retry_ms(&self) -> u64 {
        rand::random_range(100..=self.pass.retry_spread_ms())
    }

    /// When a client shall come back that we could not send away: a killed server says nothing.
    pub(crate) fn unasked_retry_ms(&self) -> u64 {
        rand::random_range(UNASKED_RETRY_MS_MIN..=self.pass.crowd_ms().max(UNASKED_RETRY_MS_MAX))
    }

    #[cfg(test)]
    fn pass(&mut self) -> &mut Pass {
        &mut self.pass
    }
}

fn window(tail: &impl Tail, from: Seq, base: Seq) -> Signal {
    Signal::Window { after: from, base, archive: archive_link(tail.slug(), from) }
}

#[cfg(test)]
mod tests;
