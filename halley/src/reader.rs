//! The one pull path: a cursor into an event's log, from which WebSocket, server-sent events and long poll are all fed.
//!
//! There is no queue per connection. A reader asks for the next step when its client has taken the last one; the entries it gets
//! are shared bytes of the ring, or of a chunk when it is too far behind. So a slow client costs its socket's buffer and this cursor.

use std::{sync::Arc, time::Duration};

use live::follow::{self, PageStep};
use model::{Position, Seq};
use tokio::{
    sync::watch,
    time::{Instant, sleep, sleep_until},
};

use crate::{
    channel::Channel,
    frame::Frame,
    gate::Pass,
    ring::Take,
    signal::{Head, Signal, archive_link},
};

/// A beat is due this often.
pub(crate) const BEAT_EVERY: Duration = Duration::from_secs(15);
/// A client that is ahead of us is held so long, then starts afresh.
pub(crate) const AHEAD_HOLD_MAX: Duration = Duration::from_secs(30);
/// While older entries cannot be read they are asked for this often,
const OLDER_RETRY: Duration = Duration::from_millis(500);
/// for so long; then the client is sent away to come back later.
const OLDER_TRIES_MAX: u32 = 20;

/// What a transport does next.
#[derive(Debug)]
pub(crate) enum Step {
    /// Say this.
    Signal(Signal),
    /// Hand over these entries, in this order.
    Entries(Vec<Frame>),
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
    Window { signal: Signal, at: Position },
    /// Everything up to here was handed over.
    Following(Position),
    /// The bye was said.
    Ended(Ending),
}

/// See the module.
pub(crate) struct Reader {
    channel: Arc<Channel>,
    bell: watch::Receiver<Seq>,
    slug: String,
    pass: Pass,
    state: State,
    /// Entries up to here are history, and cost.
    history_until: Seq,
    beat_at: Instant,
    older_tries: u32,
}

impl Reader {
    /// A reader for a client that has everything up to `want` (`None`: it begins at the top), which is held for `ahead_hold` if it is ahead of us.
    pub(crate) fn new(
        channel: Arc<Channel>,
        slug: String,
        want: Option<Position>,
        pass: Pass,
        ahead_hold: Duration,
    ) -> Self {
        let now = Instant::now();
        Self {
            bell: channel.bell(),
            channel,
            slug,
            pass,
            state: State::Opening { want, until: now + ahead_hold },
            history_until: 0,
            beat_at: now + BEAT_EVERY,
            older_tries: 0,
        }
    }

    /// The next step, when there is one. Cancelling it loses nothing: the cursor moves only with what is returned.
    pub(crate) async fn next(&mut self) -> Step {
        let closed = self.channel.closed();
        tokio::select! {
            biased;
            () = closed => self.bye(Ending::Drain),
            step = self.advance() => step,
        }
    }

    async fn advance(&mut self) -> Step {
        loop {
            let step = match &self.state {
                State::Opening { want, until } => {
                    let (want, until) = (want.clone(), *until);
                    self.open(want, until).await
                }
                State::Window { signal, at } => {
                    let (signal, at) = (signal.clone(), at.clone());
                    self.state = State::Following(at);
                    Some(Step::Signal(signal))
                }
                State::Following(at) => {
                    let at = at.clone();
                    self.follow(at).await
                }
                State::Ended(ending) => Some(Step::End(*ending)),
            };
            if let Some(step) = step {
                return step;
            }
        }
    }

    /// Settles the position and says hello; nothing while the client has to wait.
    async fn open(&mut self, want: Option<Position>, until: Instant) -> Option<Step> {
        // Marked as seen before looking, so that a change in between still wakes us.
        self.bell.borrow_and_update();
        let Some(head) = self.channel.head() else {
            if Instant::now() >= until {
                return Some(self.bye(Ending::Overload));
            }
            self.ring_or(until).await;
            return None;
        };
        let Some(want) = want else {
            let top = head.top;
            return Some(self.hello(head, top, false));
        };
        let view = follow::Head {
            epoch: head.epoch.clone(),
            base: head.base,
            top: head.top,
            line: follow::Line::default(),
        };
        match follow::page(&want, &view) {
            PageStep::Resume(seq) => Some(self.hello(head, seq, true)),
            PageStep::Hold if Instant::now() < until => {
                self.ring_or(until).await;
                None
            }
            PageStep::Hold => {
                let base = head.base;
                Some(self.hello(head, base, false))
            }
            PageStep::Afresh(base) => Some(self.hello(head, base, false)),
            PageStep::Window(base) => {
                let signal = self.window(want.seq, base);
                let at = Position { epoch: head.epoch.clone(), seq: base };
                let hello = self.hello(head, base, false);
                self.state = State::Window { signal, at };
                Some(hello)
            }
        }
    }

    fn hello(&mut self, head: Head, after: Seq, resumed: bool) -> Step {
        self.history_until = head.top;
        self.beat_at = Instant::now() + BEAT_EVERY;
        self.state = State::Following(Position { epoch: head.epoch.clone(), seq: after });
        Step::Signal(Signal::Hello { epoch: head.epoch, after, top: head.top, base: head.base, resumed })
    }

    fn window(&self, after: Seq, base: Seq) -> Signal {
        Signal::Window { after, base, archive: archive_link(&self.slug, after) }
    }

    async fn follow(&mut self, at: Position) -> Option<Step> {
        if Instant::now() >= self.beat_at {
            self.beat_at = Instant::now() + BEAT_EVERY;
            let top = self.channel.head().map_or(at.seq, |head| head.top);
            return Some(Step::Signal(Signal::Beat { top }));
        }
        self.bell.borrow_and_update();
        match self.channel.take(&at) {
            Take::Entries(frames) => self.hand_over(at, frames).await,
            Take::Older => self.fetch_older(at).await,
            Take::Nothing => {
                self.ring_or(self.beat_at).await;
                None
            }
            Take::Window(base) => {
                let signal = self.window(at.seq, base);
                self.state = State::Following(Position { seq: base, ..at });
                Some(Step::Signal(signal))
            }
            Take::OtherLog => Some(self.bye(Ending::Drain)),
        }
    }

    async fn fetch_older(&mut self, at: Position) -> Option<Step> {
        match self.channel.older(&at).await {
            Ok(frames) if !frames.is_empty() => {
                self.older_tries = 0;
                self.hand_over(at, frames).await
            }
            Ok(_) | Err(_) if self.older_tries < OLDER_TRIES_MAX => {
                self.older_tries += 1;
                sleep(OLDER_RETRY).await;
                None
            }
            Ok(_) => Some(self.bye(Ending::Overload)),
            Err(error) => {
                tracing::warn!(event = self.slug, %error, "a client that is behind cannot be served");
                Some(self.bye(Ending::Overload))
            }
        }
    }

    /// Moves the cursor over these entries; history has to wait while the client or its address owes.
    async fn hand_over(&mut self, at: Position, frames: Vec<Frame>) -> Option<Step> {
        let last = frames.last().map_or(at.seq, Frame::seq);
        let history: usize = frames.iter().filter(|f| f.seq() <= self.history_until).map(Frame::bytes).sum();
        if history > 0 {
            let rest = self.pass.rest();
            if !rest.is_zero() {
                sleep_until(self.beat_at.min(Instant::now() + rest)).await;
                return None;
            }
            self.pass.charge(history);
        }
        self.state = State::Following(Position { seq: last, ..at });
        Some(Step::Entries(frames))
    }

    /// Waits for news, until then at most.
    async fn ring_or(&mut self, until: Instant) {
        let rang = tokio::time::timeout_at(until, self.bell.changed()).await;
        if let Ok(Err(_)) = rang {
            // The channel cannot drop its bell while we hold the channel; should it, this must not spin.
            sleep_until(until).await;
        }
    }

    fn bye(&mut self, ending: Ending) -> Step {
        if let State::Ended(ending) = self.state {
            return Step::End(ending);
        }
        self.state = State::Ended(ending);
        Step::Signal(Signal::Bye { retry_ms: rand::random_range(100..=self.pass.retry_spread_ms()) })
    }
}

#[cfg(test)]
mod tests;
