//! One connection: a socket, a cursor, a deadline. What it says as a stream; what it hears is in
//! `conn/hear.rs`, its end in `conn/parting.rs`, and polls are in `polls.rs`.

mod hear;
mod parting;

use std::rc::Rc;

use bytes::Bytes;
use chassis::http::Slot;
use mio::net::TcpStream;
use model::Position;
use tokio::time::Instant;

use super::{
    group::Group,
    kit::{Counts, Kit, Name, Tally},
    polls::Poll,
    sockets::{self, Gone, Record},
};
use crate::{
    audience::Transport,
    batch::Batch,
    buckets::Bucket,
    frame::Form,
    frames::{self, Inbound},
    goodbye::Goodbye,
    reader::{Ending, Reader, Step, Tail},
    signal::Signal,
};

/// Batches that one connection gets in one turn of the loop; then the others have theirs.
const BATCHES_A_TURN_MAX: usize = 8;

/// What becomes of a connection.
pub(super) enum Fate {
    /// It goes on.
    Stay,
    /// It is closed.
    Close,
    /// hyper gets it back, with what was read from it, and a note.
    GiveBack(Bytes, Option<u64>),
}

impl From<Gone> for Fate {
    fn from(_: Gone) -> Self {
        Self::Close
    }
}

/// The way in which a connection is served.
pub(super) enum Kind {
    WebSocket {
        /// Whether compressed messages were agreed on.
        is_deflating: bool,
    },
    Events,
    Poll(Box<Poll>),
}

/// See the module.
pub(super) struct Conn {
    pub(super) name: Name,
    pub(super) group: usize,
    /// Its place among the group's members.
    pub(super) member: usize,
    pub(super) stream: TcpStream,
    pub(super) kind: Kind,
    /// `None` between two polls, and after the last words.
    pub(super) reader: Option<Reader>,
    pub(super) slot: Slot,
    /// When it wants to be looked at again,
    deadline: Instant,
    /// and the tick of the wheel under which that is noted; 0: under none.
    noted: u64,
    /// The socket is full.
    pub(super) is_blocked: bool,
    record: Record,
    /// Entries are being read for it.
    pub(super) is_fetching: bool,
    /// It is on the list of those who want more in the next turn.
    pub(super) is_eager: bool,
    rare: Option<Box<Rare>>,
}

/// What few connections have at any one time.
#[derive(Default)]
struct Rare {
    /// The rest of what was begun: to the end of its entry, or of the poll's answer.
    pending: Bytes,
    /// Since when a client does not read fast enough, and the bytes that it has taken since.
    stalled: Option<(Instant, usize)>,
    inbound: Inbound,
    chatter: Option<Bucket>,
    chatter_bytes: usize,
}

impl Conn {
    pub(super) fn new(
        name: Name,
        group: (usize, usize),
        stream: TcpStream,
        kind: Kind,
        reader: Reader,
        slot: Slot,
        now: Instant,
    ) -> Self {
        Self {
            name,
            group: group.0,
            member: group.1,
            stream,
            kind,
            reader: Some(reader),
            slot,
            deadline: now,
            noted: 0,
            is_blocked: false,
            record: Record::default(),
            is_fetching: false,
            is_eager: false,
            rare: None,
        }
    }

    fn form(&self) -> Form {
        match self.kind {
            Kind::WebSocket { is_deflating: true } => Form::Deflated,
            Kind::WebSocket { is_deflating: false } => Form::Text,
            Kind::Events | Kind::Poll(_) => Form::Event,
        }
    }

    /// Whether it counts as open: a poll does while it is held.
    pub(super) fn is_served(&self) -> bool {
        self.reader.is_some() || !matches!(self.kind, Kind::Poll(_))
    }

    pub(super) fn transport(&self) -> Transport {
        match self.kind {
            Kind::WebSocket { .. } => Transport::WebSocket,
            Kind::Events => Transport::Events,
            Kind::Poll(_) => Transport::Poll,
        }
    }

    pub(super) fn tally<'a>(&self, counts: &'a Counts) -> &'a Tally {
        match self.transport() {
            Transport::WebSocket => &counts.ws,
            Transport::Events => &counts.sse,
            Transport::Poll => &counts.poll,
        }
    }

    fn rare(&mut self) -> &mut Rare {
        self.rare.get_or_insert_default()
    }

    /// Sets when it is looked at again.
    pub(super) fn look_at(&mut self, at: Instant, kit: &mut Kit) {
        self.deadline = at;
        let tick = kit.wheel.tick(at);
        if self.noted == 0 || tick < self.noted {
            self.noted = tick;
            kit.wheel.note(tick, self.name);
        }
    }

    /// It has had its share of this turn and goes on in the next one.
    pub(super) fn again(&mut self, kit: &mut Kit) {
        if !std::mem::replace(&mut self.is_eager, true) {
            kit.eager.push(self.name);
        }
    }

    /// Whether the socket is full, or entries are being read for it that it must wait for: a bye waits for no entries.
    pub(super) fn has_to_wait(&self, group: &Group) -> bool {
        self.is_blocked || (self.is_fetching && !group.is_closed())
    }

    /// A deadline of its own was noted for now: whether it still stands.
    pub(super) fn is_due(&mut self, kit: &mut Kit) -> bool {
        if kit.wheel.is_ahead(self.noted) {
            // Told under a tick that was overtaken by an earlier one; the one that counts is still to come.
            return false;
        }
        self.noted = 0;
        let is_due = self.deadline <= kit.now;
        if !is_due {
            self.look_at(self.deadline, kit);
        }
        is_due
    }

    /// Whether it stands where nearly everybody stands and can be handed the same bytes.
    pub(super) fn is_at(&self, at: &Position) -> bool {
        !self.is_blocked && !self.is_fetching && self.reader.as_ref().is_some_and(|reader| reader.is_at(at))
    }

    /// Says whatever there is to say until the client has everything, or takes no more.
    pub(super) fn drive(&mut self, group: &mut Group, kit: &mut Kit) -> Fate {
        if matches!(self.kind, Kind::Poll(_)) {
            return self.drive_poll(group, kit);
        }
        for _ in 0..BATCHES_A_TURN_MAX {
            if self.has_to_wait(group) {
                return Fate::Stay;
            }
            let Some(reader) = &mut self.reader else { return Fate::Stay };
            match reader.next(group, kit.now) {
                Step::Say(signal) => match self.say(&signal, kit) {
                    Ok(()) => {}
                    Err(gone) => return gone.into(),
                },
                Step::Entries(batch) => match self.hand_over(&batch, kit) {
                    Ok(()) => {}
                    Err(gone) => return gone.into(),
                },
                Step::Wait(until) | Step::Rest(until) => {
                    self.settle();
                    self.look_at(until, kit);
                    return Fate::Stay;
                }
                Step::Fetch(at) => {
                    self.is_fetching = true;
                    group.fetch(at, self.name, kit);
                    return Fate::Stay;
                }
                Step::End(Ending::Drain) => return self.part(Goodbye::Drain, kit),
                Step::End(Ending::Overload) => return self.part(Goodbye::Overload, kit),
            }
        }
        self.again(kit);
        Fate::Stay
    }

    /// Everything was taken: nobody is slow.
    fn settle(&mut self) {
        if let Some(rare) = &mut self.rare {
            rare.stalled = None;
        }
    }

    fn encode(&self, signal: &Signal) -> Vec<u8> {
        let json = signal.json();
        match self.form() {
            // Short, and for this client alone: not worth compressing.
            Form::Text | Form::Deflated => {
                let mut frame = Vec::with_capacity(json.len() + 10);
                frame.extend_from_slice(frames::text_header(json.len(), false).as_ref());
                frame.extend_from_slice(json.as_bytes());
                frame
            }
            Form::Event => match signal {
                // It also sets how long the browser waits before it comes back by itself.
                Signal::Bye { retry_ms, .. } => format!("retry: {retry_ms}\ndata: {json}\n\n").into_bytes(),
                // The same for the case that there will be no bye.
                Signal::Hello { .. } => {
                    let retry_ms = self.reader.as_ref().map_or(0, Reader::unasked_retry_ms);
                    format!("retry: {retry_ms}\ndata: {json}\n\n").into_bytes()
                }
                _ => format!("data: {json}\n\n").into_bytes(),
            },
        }
    }

    fn say(&mut self, signal: &Signal, kit: &mut Kit) -> Result<(), Gone> {
        let bytes = self.encode(signal);
        self.write_whole(bytes.into(), kit)
    }

    /// The first thing on a stream: the answer's head and the hello in one write, where the position is settled.
    pub(super) fn begin(&mut self, mut head: Vec<u8>, group: &mut Group, kit: &mut Kit) -> Fate {
        let step = self.reader.as_mut().map(|reader| reader.next(group, kit.now));
        if let Some(Step::Say(signal)) = step {
            head.extend(self.encode(&signal));
        }
        match self.write_whole(head.into(), kit) {
            Ok(()) => self.drive(group, kit),
            Err(gone) => gone.into(),
        }
    }

    /// Writes something that must come whole, now or bit by bit.
    pub(super) fn write_whole(&mut self, bytes: Bytes, kit: &mut Kit) -> Result<(), Gone> {
        let sent = sockets::write(&self.stream, &bytes, &mut self.record)?;
        if sent < bytes.len() {
            self.block(bytes.slice(sent..), sent, kit);
        }
        Ok(())
    }

    /// Writes the entries that the cursor stands behind already; where the socket is full, the cursor goes back to what is sent or begun.
    pub(super) fn hand_over(&mut self, batch: &Rc<Batch>, kit: &mut Kit) -> Result<(), Gone> {
        let form = self.form();
        let bytes = batch.form(form);
        let sent = sockets::write(&self.stream, bytes, &mut self.record)?;
        if sent == bytes.len() {
            self.tally(&kit.counts).delivered.increment(batch.len() as u64);
            self.progress(sent, kit);
            return Ok(());
        }
        let (seq, end) = batch.reached(form, sent);
        if let Some(reader) = &mut self.reader {
            reader.took(batch, seq);
        }
        self.tally(&kit.counts).delivered.increment(batch.count_until(seq));
        self.block(bytes.slice(sent..end), sent, kit);
        Ok(())
    }

    /// The way of nearly everybody: the next entries, as they are, to a client that has all before them.
    pub(super) fn deliver(&mut self, batch: &Rc<Batch>, kit: &mut Kit) -> Fate {
        if let Some(reader) = &mut self.reader {
            reader.has(batch.last());
        }
        if matches!(self.kind, Kind::Poll(_)) {
            return self.answer_with(batch, kit);
        }
        match self.hand_over(batch, kit) {
            Ok(()) => Fate::Stay,
            Err(gone) => gone.into(),
        }
    }

    /// The socket is full; `pending` is what must go out before anything else.
    fn block(&mut self, pending: Bytes, sent: usize, kit: &mut Kit) {
        self.is_blocked = true;
        self.rare().pending = pending;
        self.progress(sent, kit);
        let (now, wait) = (kit.now, kit.rules.write_wait);
        let (since, _) = *self.rare().stalled.get_or_insert((now, 0));
        self.look_at(since + wait, kit);
    }

    /// Counts what a slow client takes after all.
    fn progress(&mut self, bytes: usize, kit: &Kit) {
        let Some(stalled) = self.rare.as_mut().and_then(|rare| rare.stalled.as_mut()) else { return };
        stalled.1 += bytes;
        if stalled.1 >= kit.rules.progress_bytes_min {
            *stalled = (kit.now, 0);
        }
    }

    /// The socket takes bytes again.
    pub(super) fn writable(&mut self, group: &mut Group, kit: &mut Kit) -> Fate {
        if !self.is_blocked {
            return Fate::Stay;
        }
        self.is_blocked = false;
        let pending = self.rare.as_mut().map(|rare| std::mem::take(&mut rare.pending)).unwrap_or_default();
        if !pending.is_empty() {
            match sockets::write(&self.stream, &pending, &mut self.record) {
                Ok(sent) if sent < pending.len() => {
                    self.block(pending.slice(sent..), sent, kit);
                    return Fate::Stay;
                }
                Ok(sent) => self.progress(sent, kit),
                Err(gone) => return gone.into(),
            }
        }
        self.drive(group, kit)
    }

    /// Its deadline has come.
    pub(super) fn due(&mut self, group: &mut Group, kit: &mut Kit) -> Fate {
        if self.reader.is_none() && !self.is_blocked {
            // It has had its last words, or its last answer, and its time after them.
            return Fate::Close;
        }
        if !self.is_blocked {
            return self.drive(group, kit);
        }
        let since = self.rare.as_ref().and_then(|rare| rare.stalled).map_or(kit.now, |(since, _)| since);
        if kit.now < since + kit.rules.write_wait {
            self.look_at(since + kit.rules.write_wait, kit);
            return Fate::Stay;
        }
        kit.counts.slow.increment(1);
        self.part(Goodbye::Slow, kit)
    }
}
