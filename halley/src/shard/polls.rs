//! Held polls: parked connections with a cursor. An answer is the same shared bytes for all who stood at the same place; then the
//! connection waits for its next request, which is answered here when it is the one that hyper knows, and by hyper when it is not.

use std::{net::SocketAddr, rc::Rc};

use bytes::Bytes;
use chassis::http::GiveBack;
use model::{Epoch, Seq};
use tokio::time::Instant;

use super::{
    again,
    conn::{Conn, Fate, Kind},
    group::Group,
    kit::Kit,
    sockets,
};
use crate::{
    answer::Refused,
    batch::Batch,
    coding::Coding,
    frame::{Frame, page},
    gate::Ticket,
    heads,
    packed::Body,
    reader::{Ending, Reader, Step, Tail},
    signal::Signal,
};

/// Of the hold, what is left to answer a client that was ahead of us all the time.
const AHEAD_SHARE: (u32, u32) = (9, 10);

/// How long a poll's reader may hold a client that is ahead: the hold must not end before it.
pub(super) fn ahead_hold(hold: std::time::Duration) -> std::time::Duration {
    hold * AHEAD_SHARE.0 / AHEAD_SHARE.1
}

/// What a poll's connection has besides its cursor.
pub(super) struct Poll {
    pub(super) peer: SocketAddr,
    pub(super) back: GiveBack,
    pub(super) ticket: Ticket,
    /// The request that is known, but for its position.
    pub(super) known: Option<u64>,
    /// Whether the client has named a position; if not, it is told ours at once.
    pub(super) has_position: bool,
    pub(super) closes: bool,
    /// The coding of answers that are shared; as a known request is known by its whole head, it stays.
    pub(super) coding: Coding,
    /// No news until then is an answer, too.
    pub(super) hold_until: Instant,
    pub(super) opening: Option<Opening>,
    /// What came before it was asked for: the beginning of the next request, perhaps.
    pub(super) early: Bytes,
    /// The socket has had bytes for us while a poll was held.
    pub(super) has_input: bool,
    /// An answer is on its way, and the socket is full.
    pub(super) is_answering: bool,
}

/// What was learned before the entries.
pub(super) struct Opening {
    epoch: Epoch,
    after: Seq,
    resumed: bool,
    window: Option<String>,
}

impl Opening {
    /// Whether what follows is just what follows the client's position.
    fn is_plain(&self) -> bool {
        self.resumed && self.window.is_none()
    }

    fn body(&self, has_position: bool, frames: &[Frame]) -> Bytes {
        let mut extra = String::new();
        if has_position && !self.resumed {
            extra.push_str(r#","resumed":false"#);
        }
        if let Some(window) = &self.window {
            // `{"window":{...}}` without its outer braces.
            extra.push(',');
            extra.push_str(&window[1..window.len() - 1]);
        }
        page(&self.epoch, self.after, frames, &extra)
    }
}

impl Poll {
    /// Whether the client has to know where it stands even without entries: it had no position, or ours is another.
    fn has_news(&self) -> bool {
        self.opening.as_ref().is_some_and(|opening| !opening.resumed || !self.has_position)
    }

    /// The answer with these entries.
    fn answer(&self, frames: &[Frame]) -> Bytes {
        match &self.opening {
            Some(opening) => {
                let is_prefix = opening.is_plain() && !frames.is_empty();
                let body = Body::plain(opening.body(self.has_position, frames));
                heads::page(&body, is_prefix, self.closes)
            }
            None => heads::refused(&Refused::NotReady, self.closes),
        }
    }

    /// The answer when the hold is over.
    fn answer_without_entries(&self) -> Bytes {
        if self.opening.is_some() && !self.has_news() {
            heads::nothing_new(self.closes)
        } else {
            self.answer(&[])
        }
    }
}

impl Conn {
    /// The poll's part of a connection that is one.
    fn poll(&mut self) -> Option<&mut Poll> {
        match &mut self.kind {
            Kind::Poll(poll) => Some(poll),
            Kind::WebSocket { .. } | Kind::Events => None,
        }
    }

    /// Answers if there is an answer; holds if there is none yet.
    pub(super) fn drive_poll(&mut self, group: &mut Group, kit: &mut Kit) -> Fate {
        let mut told_ms = 0;
        loop {
            if self.has_to_wait(group) {
                return Fate::Stay;
            }
            let Some(reader) = &mut self.reader else {
                return self.rest_between(group, kit);
            };
            let step = reader.next(group, kit.now);
            let Some(poll) = self.poll() else { return Fate::Close };
            match step {
                Step::Say(Signal::Hello { epoch, after, resumed, .. }) => {
                    poll.opening = Some(Opening { epoch, after, resumed, window: None });
                }
                Step::Say(signal @ Signal::Window { base, .. }) => {
                    if let Some(opening) = &mut poll.opening {
                        // Entries follow from there, also where the tail was trimmed while they were being read.
                        (opening.after, opening.resumed) = (base, false);
                        opening.window = Some(signal.json());
                    }
                }
                Step::Say(Signal::Beat { .. }) => {}
                Step::Say(Signal::Bye { retry_ms, .. }) => told_ms = retry_ms,
                Step::End(ending) => {
                    poll.closes |= group.is_closed();
                    let refused = match ending {
                        Ending::Drain => Refused::Draining { retry_ms: told_ms },
                        Ending::Overload => Refused::NotReady,
                    };
                    let answer = heads::refused(&refused, poll.closes);
                    return self.answer(answer, kit);
                }
                Step::Entries(batch) => return self.answer_with(&batch, kit),
                Step::Wait(until) | Step::Rest(until) => {
                    if poll.has_news() || kit.now >= poll.hold_until {
                        let answer = poll.answer_without_entries();
                        return self.answer(answer, kit);
                    }
                    let until = until.min(poll.hold_until);
                    self.look_at(until, kit);
                    return Fate::Stay;
                }
                Step::Fetch(at) => {
                    self.is_fetching = true;
                    group.fetch(at, self.name, kit);
                    return Fate::Stay;
                }
            }
        }
    }

    /// Answers with these entries: in the bytes that all share, where nothing else is to be said.
    pub(super) fn answer_with(&mut self, batch: &Rc<Batch>, kit: &mut Kit) -> Fate {
        let Some(poll) = self.poll() else { return Fate::Close };
        let is_plain = poll.opening.as_ref().is_some_and(Opening::is_plain);
        let answer =
            if is_plain { batch.poll(poll.coding, poll.closes).clone() } else { poll.answer(batch.frames()) };
        kit.counts.poll.delivered.increment(batch.len() as u64);
        self.answer(answer, kit)
    }

    /// Gives the answer. The pass goes with it: a connection between two polls is no stream.
    fn answer(&mut self, answer: Bytes, kit: &mut Kit) -> Fate {
        self.reader = None;
        kit.counts.poll.end();
        if let Err(gone) = self.write_whole(answer, kit) {
            return gone.into();
        }
        self.answered(kit)
    }

    /// If the answer has left whole, the connection is free for the next request.
    fn answered(&mut self, kit: &mut Kit) -> Fate {
        let is_answering = self.is_blocked;
        let Some(poll) = self.poll() else { return Fate::Close };
        poll.is_answering = is_answering;
        if is_answering {
            return Fate::Stay;
        }
        let (closes, has_input) = (poll.closes, std::mem::take(&mut poll.has_input));
        if !closes && !poll.early.is_empty() {
            return Fate::GiveBack(std::mem::take(&mut poll.early), None);
        }
        if has_input {
            // Looked at in the next turn, as a sweep may be under way.
            self.again(kit);
        }
        let wait = if closes { kit.rules.parting_wait } else { kit.rules.idle_wait };
        self.look_at(kit.now + wait, kit);
        if closes {
            return sockets::finish(&self.stream).map_or_else(Fate::from, |()| Fate::Stay);
        }
        Fate::Stay
    }

    /// Woken between two polls: by the answer's last bytes having left, or because there are bytes from the client.
    fn rest_between(&mut self, group: &mut Group, kit: &mut Kit) -> Fate {
        if self.poll().is_some_and(|poll| poll.is_answering) {
            return self.answered(kit);
        }
        self.ask_again(group, kit)
    }

    /// There are bytes from a poll's client, or it has left.
    pub(super) fn poll_readable(&mut self, has_closed: bool, group: &mut Group, kit: &mut Kit) -> Fate {
        if has_closed {
            return Fate::Close;
        }
        if self.reader.is_some() || self.is_blocked {
            if let Some(poll) = self.poll() {
                poll.has_input = true;
            }
            return Fate::Stay;
        }
        self.ask_again(group, kit)
    }

    /// Reads the next request, and answers it if it is the known one.
    fn ask_again(&mut self, group: &mut Group, kit: &mut Kit) -> Fate {
        if self.poll().is_some_and(|poll| poll.closes) {
            // The answer was the last one: what still comes is heard out, as on a stream after its last words.
            return self.hear_on(kit);
        }
        let came = match sockets::read(&self.stream, &mut kit.scratch) {
            Ok(Some(came)) => came,
            Ok(None) => return Fate::Stay,
            Err(gone) => return gone.into(),
        };
        let bytes = &kit.scratch[..came];
        let again = again::read(bytes, &kit.keys);
        let give_back = |note| Fate::GiveBack(Bytes::copy_from_slice(bytes), note);
        let (now, hold) = (kit.now, kit.rules.poll_hold);
        let Some(poll) = self.poll() else { return Fate::Close };
        let want = match again {
            Some(again) if poll.known == Some(again.hash) => again.want,
            Some(again) => return give_back(Some(again.hash)),
            None => return give_back(None),
        };
        (poll.opening, poll.has_position, poll.hold_until) = (None, true, now + hold);
        match poll.ticket.enter() {
            Ok(pass) => {
                self.reader = Some(Reader::new(Some(want), pass, ahead_hold(hold), now));
                kit.counts.poll.begin();
                self.drive_poll(group, kit)
            }
            Err(away) => {
                let answer = heads::refused(&Refused::from(away), poll.closes);
                match self.write_whole(answer, kit) {
                    Ok(()) => self.answered(kit),
                    Err(gone) => gone.into(),
                }
            }
        }
    }
}
