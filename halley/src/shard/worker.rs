//! A shard's loop: what was told, which sockets are ready, whose time has come, and which events have news.

use std::{hash::RandomState, io, net::SocketAddr, rc::Rc, sync::Arc, time::Duration};

use bytes::{Bytes, BytesMut};
use chassis::{
    Shutdown,
    http::{GiveBack, Taken},
};
use mio::{Events, Interest, Poll as Selector, event::Event, net::TcpStream};
use model::Position;
use slab::Slab;
use tokio::{runtime::Handle, time::Instant};

use super::{
    Entrant, Grant, Rules, Way,
    conn::{Conn, Fate, Kind},
    group::{Group, News},
    inbox::{Command, Inbox, WAKE},
    kit::{Kit, Name},
    polls::Poll,
    sockets,
};
use crate::{Error, batch::Batch, channel::Channel, frame::Frame, heads};

/// Ready sockets of one turn.
const EVENTS_A_TURN_MAX: usize = 1024;

/// See the module.
pub(super) struct Worker {
    selector: Selector,
    conns: Slab<Conn>,
    groups: Slab<Group>,
    kit: Kit,
    /// How many connections there have been; part of each one's name.
    turn: u32,
    is_stopping: bool,
    is_leaving: bool,
}

impl Worker {
    pub(super) fn new(
        selector: Selector,
        inbox: Arc<Inbox>,
        rules: Rules,
        keys: RandomState,
        runtime: Handle,
        shutdown: Shutdown,
    ) -> Self {
        Self {
            selector,
            conns: Slab::new(),
            groups: Slab::new(),
            kit: Kit::new(rules, keys, inbox, runtime, shutdown),
            turn: 0,
            is_stopping: false,
            is_leaving: false,
        }
    }

    /// Serves until it is told to stop and everybody has left, or to leave.
    pub(super) fn run(&mut self) {
        let mut events = Events::with_capacity(EVENTS_A_TURN_MAX);
        while !self.is_over() {
            if let Err(error) = self.selector.poll(&mut events, self.wait())
                && error.kind() != io::ErrorKind::Interrupted
            {
                tracing::error!(%error, "a shard cannot wait for its sockets");
                break;
            }
            self.kit.now = Instant::now();
            self.turn(&events);
        }
        self.kit.inbox.close();
    }

    /// Lets go of everybody, as if nobody had come yet.
    pub(super) fn start_over(&mut self) {
        for conn in self.conns.drain() {
            if conn.is_served() {
                conn.tally(&self.kit.counts).end();
            }
            if let Some(group) = self.groups.get(conn.group) {
                group.channel().viewers.left(conn.transport());
            }
        }
        self.groups.clear();
        self.kit.start_over();
    }

    fn is_over(&self) -> bool {
        self.is_leaving || (self.is_stopping && self.conns.is_empty())
    }

    /// How long nothing has to be done unless something happens.
    fn wait(&self) -> Option<Duration> {
        if !self.kit.eager.is_empty() || self.groups.iter().any(|(_, group)| group.has_more()) {
            return Some(Duration::ZERO);
        }
        self.kit.wheel.wait(Instant::now())
    }

    fn turn(&mut self, events: &Events) {
        for command in self.kit.inbox.clone().take() {
            self.obey(command);
        }
        for event in events.iter().filter(|event| event.token() != WAKE) {
            self.ready(event);
        }
        for name in std::mem::take(&mut self.kit.eager) {
            self.with(name, |conn, group, kit| {
                conn.is_eager = false;
                conn.drive(group, kit)
            });
        }
        for name in self.kit.wheel.due(self.kit.now) {
            self.with(
                name,
                |conn, group, kit| {
                    if conn.is_due(kit) { conn.due(group, kit) } else { Fate::Stay }
                },
            );
        }
        let all: Vec<usize> = self.groups.iter().map(|(number, _)| number).collect();
        for number in all {
            self.news(number);
        }
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::Enter(entrant) => self.enter(*entrant),
            Command::Fetched { group, at, frames } => self.fetched(group, &at, frames),
            Command::Stop => self.stop(),
            Command::Leave => self.is_leaving = true,
            #[cfg(test)]
            Command::Fail => panic!("asked to"),
        }
    }

    /// Has everybody told; the channels are closed already. Nobody's slowness may hold up the end any longer than a goodbye does.
    fn stop(&mut self) {
        self.is_stopping = true;
        self.kit.rules.write_wait = self.kit.rules.write_wait.min(self.kit.rules.parting_wait);
        let all: Vec<usize> = self.groups.iter().map(|(number, _)| number).collect();
        for number in all {
            self.each(number, Conn::stop);
        }
    }

    /// Does something with a connection that is still there, and with it as that says.
    fn with(&mut self, name: Name, act: impl FnOnce(&mut Conn, &mut Group, &mut Kit) -> Fate) {
        let Some(conn) = self.conns.get_mut(name.slot).filter(|conn| conn.name == name) else { return };
        let fate = act(conn, &mut self.groups[conn.group], &mut self.kit);
        self.settle(name.slot, fate);
    }

    /// Whether the connection is gone from here.
    fn settle(&mut self, slot: usize, fate: Fate) -> bool {
        match fate {
            Fate::Stay => return false,
            Fate::Close => drop(self.remove(slot)),
            Fate::GiveBack(read, note) => self.give_back(slot, read, note),
        }
        true
    }

    fn ready(&mut self, event: &Event) {
        let (is_readable, has_closed) = (event.is_readable(), event.is_read_closed() || event.is_error());
        let is_writable = event.is_writable();
        let name = Name::of(event.token());
        if is_writable {
            self.with(name, Conn::writable);
        }
        if is_readable || has_closed {
            self.with(name, |conn, group, kit| conn.readable(has_closed, group, kit));
        }
    }

    fn enter(&mut self, entrant: Entrant) {
        let Entrant { taken, grant } = entrant;
        let Taken { stream, read, peer, slot, back, note } = taken;
        let Grant { channel, slug, reader, way } = grant;
        // The socket stays non-blocking; tokio lets go of it.
        let Ok(stream) = stream.into_std() else { return };
        let mut stream = TcpStream::from_std(stream);
        self.turn = self.turn.wrapping_add(1) & (u32::MAX >> 1);
        let name = Name { slot: self.conns.vacant_key(), turn: self.turn };
        let both = Interest::READABLE | Interest::WRITABLE;
        if let Err(error) = self.selector.registry().register(&mut stream, name.token(), both) {
            tracing::warn!(%error, "a connection cannot be watched and is closed");
            return;
        }
        let number = self.group(channel, slug);
        let group = &mut self.groups[number];
        group.members.push(name.slot);
        let (head, kind, early) = self.kit.kind(way, &stream, (peer, back, note), read);
        let place = (number, group.members.len() - 1);
        let inserted = self.conns.insert(Conn::new(name, place, stream, kind, reader, slot, self.kit.now));
        let conn = &mut self.conns[inserted];
        conn.tally(&self.kit.counts).begin();
        group.channel().viewers.came(conn.transport());
        let mut fate = match head {
            Some(head) => conn.begin(head, group, &mut self.kit),
            None => conn.drive(group, &mut self.kit),
        };
        if let (Fate::Stay, Some(mut early)) = (&fate, early) {
            fate = conn.hear(&mut early, &mut self.kit);
        }
        self.settle(name.slot, fate);
    }

    /// The number of the group that reads this channel.
    fn group(&mut self, channel: Arc<Channel>, slug: String) -> usize {
        if let Some((number, _)) = self.groups.iter().find(|(_, group)| group.is_of(&channel)) {
            return number;
        }
        let entry = self.groups.vacant_entry();
        let number = entry.key();
        entry.insert(Group::new(number, channel, slug));
        number
    }

    fn fetched(&mut self, number: usize, at: &Position, frames: Result<Vec<Frame>, Error>) {
        let Some(group) = self.groups.get_mut(number) else { return };
        let frames = frames.unwrap_or_else(|error| {
            tracing::debug!(%error, "entries behind the ring cannot be read");
            Vec::new()
        });
        let is_read = !frames.is_empty();
        for name in group.fetched(at, frames) {
            self.with(name, |conn, group, kit| {
                conn.is_fetching = false;
                if !is_read && let Some(reader) = &mut conn.reader {
                    reader.not_fetched(kit.now);
                }
                conn.drive(group, kit)
            });
        }
        // Whoever waited may have left meanwhile.
        self.forget(number);
    }

    /// Brings a group's members what is new: one round. Entries that come meanwhile leave together with the next one.
    fn news(&mut self, number: usize) {
        let Some(group) = self.groups.get_mut(number) else { return };
        match group.news() {
            News::Same => {}
            News::Entries(front, batch) => {
                let channel = (!group.members.is_empty()).then(|| group.channel().clone());
                self.sweep(number, Some((&front, &batch)));
                if let Some(channel) = channel {
                    channel.delays.written(batch.frames());
                }
            }
            News::Otherwise => self.sweep(number, None),
        }
    }

    /// One round over a group's members: those who stand where nearly all stand get the same bytes; the others get what is theirs.
    fn sweep(&mut self, number: usize, next: Option<(&Position, &Rc<Batch>)>) {
        self.each(number, |conn, group, kit| match next {
            Some((front, batch)) if conn.is_at(front) => conn.deliver(batch, kit),
            _ if conn.reader.is_some() => conn.drive(group, kit),
            _ => Fate::Stay,
        });
    }

    /// Does something with each of a group's members.
    fn each(&mut self, number: usize, mut act: impl FnMut(&mut Conn, &mut Group, &mut Kit) -> Fate) {
        let mut at = 0;
        while let Some(group) = self.groups.get_mut(number)
            && let Some(slot) = group.members.get(at).copied()
        {
            let fate = act(&mut self.conns[slot], group, &mut self.kit);
            // Whoever is last takes the place of whoever leaves.
            if !self.settle(slot, fate) {
                at += 1;
            }
        }
    }

    /// Takes a connection out; its socket closes when it is dropped.
    fn remove(&mut self, slot: usize) -> Conn {
        let conn = self.conns.remove(slot);
        if conn.is_served() {
            conn.tally(&self.kit.counts).end();
        }
        let group = &mut self.groups[conn.group];
        group.channel().viewers.left(conn.transport());
        let members = &mut group.members;
        members.swap_remove(conn.member);
        if let Some(moved) = members.get(conn.member) {
            self.conns[*moved].member = conn.member;
        }
        self.forget(conn.group);
        conn
    }

    /// Lets go of a group that nobody is in and nothing is read for.
    fn forget(&mut self, number: usize) {
        if self.groups.get(number).is_some_and(Group::is_over) {
            self.groups.remove(number);
        }
    }

    fn give_back(&mut self, slot: usize, read: Bytes, note: Option<u64>) {
        let mut conn = self.remove(slot);
        let Kind::Poll(poll) = conn.kind else { return };
        if let Err(error) = self.selector.registry().deregister(&mut conn.stream) {
            tracing::debug!(%error, "a connection could not be let go");
            return;
        }
        poll.back.give(conn.stream.into(), read, poll.peer, conn.slot, note);
    }
}

/// Where a connection comes from and how it goes back.
type Origin = (SocketAddr, GiveBack, Option<u64>);

impl Kit {
    /// What a connection is, what is written to it before anything else, and what its client has said already.
    fn kind(
        &self,
        way: Way,
        stream: &TcpStream,
        origin: Origin,
        read: Bytes,
    ) -> (Option<Vec<u8>>, Kind, Option<BytesMut>) {
        sockets::bound(stream);
        match way {
            Way::WebSocket(granted) => {
                let kind = Kind::WebSocket { is_deflating: granted.is_deflating };
                (Some(granted.head), kind, Some(BytesMut::from(read)))
            }
            Way::Events => (Some(heads::events()), Kind::Events, Some(BytesMut::from(read))),
            Way::Poll { has_position, closes, coding, ticket } => {
                let (peer, back, known) = origin;
                let hold_until = self.now + self.rules.poll_hold;
                let poll = Poll {
                    peer,
                    back,
                    ticket,
                    known,
                    has_position,
                    closes,
                    coding,
                    hold_until,
                    opening: None,
                    early: read,
                    has_input: false,
                    is_answering: false,
                };
                (None, Kind::Poll(Box::new(poll)), None)
            }
        }
    }
}
