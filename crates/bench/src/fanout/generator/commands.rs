//! What the generator is told, and what it answers.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsRawFd, RawFd};
use std::time::{Duration, Instant};

use super::slot::{Slot, State};
use super::{Expected, Generator, OPENING_MAX, Pending, What};
use crate::fanout::check::Seen;
use crate::fanout::control::{Answer, Command, Connect, Connected, Report};
use crate::fanout::wire::Broken;
use mio::{Interest, Token};

/// Longer than any measurement.
const NEVER: Duration = Duration::from_secs(24 * 3600);
const READ_BYTES: usize = 64 * 1024;

/// Commands, read without waiting: a pipe that is ready has something to read at once.
pub(super) struct Lines {
    pipe: File,
    /// What has no line end yet.
    rest: Vec<u8>,
}

impl Lines {
    pub(super) fn new(pipe: File) -> Self {
        Self { pipe, rest: Vec::new() }
    }

    pub(super) fn fd(&self) -> RawFd {
        self.pipe.as_raw_fd()
    }

    /// The lines that have come, or `None` at the end.
    fn read(&mut self) -> std::io::Result<Option<Vec<Vec<u8>>>> {
        let mut bytes = vec![0; READ_BYTES];
        let count = self.pipe.read(&mut bytes)?;
        if count == 0 {
            return Ok(None);
        }
        self.rest.extend_from_slice(&bytes[..count]);
        let mut lines = Vec::new();
        while let Some(end) = memchr::memchr(b'\n', &self.rest) {
            lines.push(self.rest.drain(..=end).collect());
        }
        Ok(Some(lines))
    }
}

impl Generator {
    /// Reads commands and does what they say.
    pub(super) fn obey(&mut self) -> anyhow::Result<()> {
        let Some(lines) = self.commands.read()? else {
            self.is_closed = true;
            return Ok(());
        };
        for line in lines {
            match serde_json::from_slice(&line)? {
                Command::Connect(connect) => self.connect(connect),
                Command::Expect { first, last } => self.expect(first, last)?,
                Command::Report { wait_ms } => self.wait(What::Reporting, wait_ms),
                Command::Slow { connections, every_ms } => {
                    self.slow(connections, every_ms.map(Duration::from_millis));
                    self.say(&Answer::Done {})?;
                }
                Command::Churn { each_second } => {
                    self.crowd.set_churn(each_second);
                    self.say(&Answer::Done {})?;
                }
                Command::Leave { connections } => self.leave(connections)?,
                Command::Return { wait_ms } => self.come_back(wait_ms),
                Command::Close => self.close()?,
            }
        }
        Ok(())
    }

    /// Those that were slow and are not any more read what has gathered, of which no event would tell them.
    fn slow(&mut self, connections: usize, every: Option<Duration>) {
        if every.is_some() {
            self.slots.iter_mut().take(connections).for_each(Slot::shrink);
        }
        for at in self.crowd.set_slow(connections, every.unwrap_or(NEVER)) {
            self.slots[at].widen();
            while self.read(at).is_some() {}
        }
    }

    fn wait(&mut self, what: What, wait_ms: u64) {
        let began = Instant::now();
        self.pending = Some(Pending { what, began, until: began + Duration::from_millis(wait_ms) });
    }

    fn connect(&mut self, connect: Connect) {
        self.crowd.aim(connect.from, connect.to);
        self.manner = Some(connect.manner);
        for _ in 0..connect.connections {
            self.crowd.queue(self.slots.len());
            self.slots.push(Slot::default());
        }
        self.wait(What::Connecting, connect.wait_ms);
    }

    pub(super) fn open_queued(&mut self) {
        while let Some(at) = self.crowd.next_to_open(OPENING_MAX) {
            if let Err(broken) = self.open(at) {
                self.slots[at].state = State::Opening;
                self.lose(at, broken);
            }
        }
    }

    fn open(&mut self, at: usize) -> Result<(), Broken> {
        let Self { slots, manner: Some(manner), crowd, poll, .. } = self else { return Ok(()) };
        let (slot, (from, to)) = (&mut slots[at], crowd.way(at));
        slot.open(manner, from, to)?;
        let Some(socket) = slot.socket.as_mut() else { return Ok(()) };
        let interest = Interest::READABLE | Interest::WRITABLE;
        poll.registry().register(socket, Token(at), interest).map_err(|error| Broken::Io(error.kind()))
    }

    /// Whoever has not been answered in time is lost.
    pub(super) fn give_up_opening(&mut self) {
        while let Some(at) = self.crowd.next_to_open(usize::MAX) {
            self.slots[at].state = State::Opening;
            self.lose(at, Broken::Late);
        }
        for at in 0..self.slots.len() {
            if matches!(self.slots[at].state, State::Opening | State::Asked) {
                self.lose(at, Broken::Late);
            }
        }
    }

    pub(super) fn connected(&self, seconds: f64) -> Connected {
        Connected { held: self.crowd.held(), seconds, broken: self.broken.clone() }
    }

    fn expect(&mut self, first: u64, last: u64) -> anyhow::Result<()> {
        self.report = Report::default();
        self.expected = Expected { first, last, open: 0 };
        for slot in &mut self.slots {
            slot.seen = Seen::before(first);
            slot.is_expecting = slot.state != State::Broken;
            self.expected.open += usize::from(slot.is_expecting);
        }
        self.say(&Answer::Done {})
    }

    pub(super) fn take_report(&mut self) -> Report {
        let mut report = std::mem::take(&mut self.report);
        report.held = self.crowd.held();
        report.broken = self.broken.clone();
        let expecting = self.slots.iter().filter(|slot| slot.is_expecting);
        report.faults.lost = expecting.map(|slot| slot.seen.lacks(self.expected.last)).sum();
        report
    }

    fn leave(&mut self, connections: usize) -> anyhow::Result<()> {
        let here: Vec<usize> =
            (0..self.slots.len()).filter(|at| self.slots[*at].state == State::Served).collect();
        for at in here.into_iter().rev().take(connections) {
            self.slots[at].drop_socket();
            self.crowd.lost(false);
        }
        self.say(&Answer::Done {})
    }

    fn come_back(&mut self, wait_ms: u64) {
        for at in 0..self.slots.len() {
            if self.slots[at].state == State::Away {
                self.crowd.queue(at);
            }
        }
        self.wait(What::Connecting, wait_ms);
    }

    /// One goes and comes back.
    pub(super) fn churn_one(&mut self) {
        let Some(at) = self.crowd.next_to_go(self.slots.len()) else { return };
        if self.slots[at].state == State::Served {
            self.slots[at].drop_socket();
            self.crowd.lost(false);
            self.crowd.queue(at);
            self.report.reopened += 1;
        }
    }

    fn close(&mut self) -> anyhow::Result<()> {
        self.slots.iter_mut().for_each(Slot::drop_socket);
        self.is_closed = true;
        self.say(&Answer::Done {})
    }

    /// Answers a command.
    pub(super) fn say(&mut self, answer: &Answer) -> anyhow::Result<()> {
        self.pending = None;
        let mut line = serde_json::to_vec(answer)?;
        line.push(b'\n');
        Ok(self.answers.write_all(&line)?)
    }
}
