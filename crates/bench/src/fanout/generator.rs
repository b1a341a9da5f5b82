//! Very many subscribers in one thread: a process of its own (`bench fanout-part generator CORE`), told what to do on its stdin.
//!
//! It shares the machine with what it measures, so it must cost little: one edge-triggered poll, one read for each wake-up, one
//! buffer for all, nothing on the heap for a message that came whole.

mod commands;
mod crowd;
mod slot;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::time::{Duration, Instant};

use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token};

use super::control::{Answer, Report};
use super::message::{self, Found};
use super::subscriber::{Heard, Manner};
use super::wire::Broken;
use crowd::Crowd;
use slot::{Slot, State};

const EVENTS_MAX: usize = 1_024;
/// Bytes read at once, for all connections together.
const SCRATCH_BYTES: usize = 256 * 1024;
/// Connections that are being opened at once: fewer than any server's backlog.
const OPENING_MAX: usize = 256;
/// How often is looked after what has no event: slow readers, churn, waits.
const TICK: Duration = Duration::from_millis(5);
/// The token of the commands; slots have theirs from 0.
const COMMANDS: Token = Token(usize::MAX);

/// Runs until it is told to close, or nobody is there to tell it anything.
pub(crate) fn run(commands: File, answers: File) -> anyhow::Result<()> {
    let mut generator = Generator::new(commands, answers)?;
    let mut events = Events::with_capacity(EVENTS_MAX);
    while !generator.is_closed {
        let wait = generator.is_busy().then_some(TICK);
        match generator.poll.poll(&mut events, wait) {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            polled => polled?,
        }
        for event in &events {
            match event.token() {
                COMMANDS => generator.obey()?,
                Token(at) => generator.ready(at, event.is_writable(), event.is_read_closed()),
            }
        }
        generator.tick()?;
    }
    Ok(())
}

struct Generator {
    poll: Poll,
    commands: commands::Lines,
    answers: File,
    /// How all connections ask; set by the first `Connect`.
    manner: Option<Manner>,
    crowd: Crowd,
    slots: Vec<Slot>,
    scratch: Vec<u8>,
    heard: Heard,
    expected: Expected,
    report: Report,
    broken: BTreeMap<String, u64>,
    pending: Option<Pending>,
    is_closed: bool,
}

/// The messages that are looked for.
#[derive(Clone, Copy, Debug, Default)]
struct Expected {
    first: u64,
    last: u64,
    /// Connections that are there and have not all of them.
    open: usize,
}

/// A command whose answer is still to come.
struct Pending {
    what: What,
    began: Instant,
    until: Instant,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    Connecting,
    Reporting,
}

impl Generator {
    fn new(commands: File, answers: File) -> anyhow::Result<Self> {
        let poll = Poll::new()?;
        let commands = commands::Lines::new(commands);
        poll.registry().register(&mut SourceFd(&commands.fd()), COMMANDS, Interest::READABLE)?;
        Ok(Self {
            poll,
            commands,
            answers,
            manner: None,
            crowd: Crowd::default(),
            slots: Vec::new(),
            scratch: vec![0; SCRATCH_BYTES],
            heard: Heard::default(),
            expected: Expected::default(),
            report: Report::default(),
            broken: BTreeMap::new(),
            pending: None,
            is_closed: false,
        })
    }

    /// Whether something is to be done that no event tells of.
    fn is_busy(&self) -> bool {
        self.pending.is_some() || self.crowd.is_busy()
    }

    /// A socket has something to say.
    fn ready(&mut self, at: usize, is_writable: bool, is_read_closed: bool) {
        let Some(slot) = self.slots.get_mut(at) else { return };
        if is_writable {
            if let Err(broken) = slot.write() {
                return self.lose(at, broken);
            }
            self.see_whether_served(at);
        }
        if self.crowd.is_slow(at) {
            return;
        }
        while let Some(count) = self.read(at) {
            // A read that did not fill the buffer has emptied the socket; only the end may still be behind it.
            if count < SCRATCH_BYTES && !is_read_closed {
                break;
            }
        }
    }

    /// One read. How many bytes, or `None` when there was nothing (any more).
    fn read(&mut self, at: usize) -> Option<usize> {
        let Self { slots, scratch, heard, manner: Some(manner), .. } = self else { return None };
        let slot = &mut slots[at];
        let count = match slot.socket.as_mut()?.read(scratch) {
            Ok(0) => Err(Broken::Ended),
            Ok(count) => Ok(count),
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => return None,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => return Some(SCRATCH_BYTES),
            Err(error) => Err(Broken::Io(error.kind())),
        };
        let count = match count {
            Ok(count) => count,
            Err(broken) => {
                self.lose(at, broken);
                return None;
            }
        };
        heard.clear();
        let mut outcome = slot.subscriber.hear(manner, &scratch[..count], heard);
        self.report.bytes += count as u64;
        if outcome.is_ok() && !heard.out.is_empty() {
            slot.unsent.append(&mut heard.out);
            outcome = slot.write();
        }
        self.see_whether_served(at);
        self.note(at);
        if let Err(broken) = outcome {
            self.lose(at, broken);
            return None;
        }
        Some(count)
    }

    fn see_whether_served(&mut self, at: usize) {
        let (slot, Some(manner)) = (&mut self.slots[at], &self.manner) else { return };
        if slot.state == State::Asked && slot.subscriber.is_served(manner) {
            slot.state = State::Served;
            self.crowd.served();
        }
    }

    /// Takes the messages of one read into account.
    fn note(&mut self, at: usize) {
        let Self { slots, heard, expected, report, .. } = self;
        if heard.found.is_empty() {
            return;
        }
        let (slot, now) = (&mut slots[at], message::now());
        if !slot.is_expecting {
            return;
        }
        let (had_all, is_slow) = (slot.seen.has_all(expected.last), self.crowd.is_slow(at));
        for found in &heard.found {
            if matches!(found, Found::Whole { number, .. } if !(expected.first..=expected.last).contains(number))
            {
                continue;
            }
            let is_new = slot.seen.note(*found, &mut report.faults);
            if let (true, Found::Whole { due, .. }) = (is_new, *found) {
                report.deliveries += 1;
                report.last_at = now;
                if !is_slow {
                    report.latencies.record(now.saturating_sub(due));
                }
            }
        }
        expected.open -= usize::from(!had_all && slot.seen.has_all(expected.last));
    }

    /// A connection is gone. A poll's may end behind any answer and is opened again; a stream's may not.
    fn lose(&mut self, at: usize, broken: Broken) {
        let Some(manner) = &self.manner else { return };
        let slot = &mut self.slots[at];
        let was_opening = matches!(slot.state, State::Opening | State::Asked);
        let is_to_return =
            slot.state == State::Served && manner.mode == super::peer::Mode::Poll && broken == Broken::Ended;
        slot.drop_socket();
        self.crowd.lost(was_opening);
        if is_to_return {
            self.crowd.queue(at);
            self.report.reopened += 1;
        } else {
            slot.state = State::Broken;
            self.expected.open -= usize::from(slot.is_expecting && !slot.seen.has_all(self.expected.last));
            *self.broken.entry(broken.to_string()).or_default() += 1;
        }
    }

    /// What no event tells of: opens what is to be opened, reads for the slow, answers what has come to its end.
    fn tick(&mut self) -> anyhow::Result<()> {
        let now = Instant::now();
        self.open_queued();
        for at in self.crowd.slow_due(now) {
            // One buffer at most: that is what makes them slow.
            self.read(at);
        }
        for _ in 0..self.crowd.churn_due(now) {
            self.churn_one();
        }
        let Some(pending) = &self.pending else { return Ok(()) };
        let is_over = now >= pending.until;
        match pending.what {
            What::Connecting if is_over || self.crowd.is_settled() => {
                let seconds = pending.began.elapsed().as_secs_f64();
                self.give_up_opening();
                self.say(&Answer::Connected(self.connected(seconds)))
            }
            What::Reporting if is_over || self.expected.open == 0 => {
                let report = self.take_report();
                self.say(&Answer::Report(Box::new(report)))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
