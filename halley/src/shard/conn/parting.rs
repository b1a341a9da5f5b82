//! How a connection ends on our side: with a reason, room for it, and a moment to read it.

use super::{Conn, Fate, Kind};
use crate::{
    goodbye::Goodbye,
    metrics,
    reader::{Ending, Step},
    shard::{group::Group, kit::Kit, sockets},
    signal::Signal,
};

impl Conn {
    /// The process stops: a stream gets its bye, although it may be slow; a connection that nobody waits on closes.
    pub(in crate::shard) fn stop(&mut self, group: &mut Group, kit: &mut Kit) -> Fate {
        if let Kind::Poll(poll) = &mut self.kind
            && self.reader.is_none()
            && !std::mem::replace(&mut poll.closes, true)
            && !self.is_blocked
        {
            return Fate::Close;
        }
        if !self.is_blocked {
            return if self.reader.is_some() { self.drive(group, kit) } else { Fate::Stay };
        }
        if matches!(self.kind, Kind::Poll(_)) {
            self.look_at(kit.now + kit.rules.write_wait, kit);
            return Fate::Stay;
        }
        self.part(Goodbye::Drain, kit)
    }

    /// Says why we close, makes sure that there is room for it, and leaves the client a moment to read it.
    pub(in crate::shard) fn part(&mut self, goodbye: Goodbye, kit: &mut Kit) -> Fate {
        let Some(mut reader) = self.reader.take() else { return Fate::Close };
        let mut last = self.rare.take().map(|rare| rare.pending.to_vec()).unwrap_or_default();
        // Unless the bye was said before.
        if matches!(goodbye, Goodbye::Slow | Goodbye::Drain)
            && let Step::Say(Signal::Bye { retry_ms, .. }) = reader.bye(Ending::Drain)
        {
            let why = (goodbye == Goodbye::Slow).then_some("lag");
            last.extend(self.encode(&Signal::Bye { retry_ms, why }));
        }
        match self.kind {
            Kind::WebSocket { .. } => last.extend(goodbye.frame()),
            Kind::Events => {}
            // An answer that was begun cannot be taken back, and nothing can follow it.
            Kind::Poll(_) => return Fate::Close,
        }
        if !matches!(goodbye, Goodbye::Drain | Goodbye::Overload | Goodbye::Slow) {
            ::metrics::counter!(metrics::BAD_CLIENT, "code" => goodbye.code().to_string()).increment(1);
        }
        self.say_last(&last, kit)
    }

    /// Writes as much as there is room for, and nothing after it.
    pub(super) fn say_last(&mut self, last: &[u8], kit: &mut Kit) -> Fate {
        sockets::unbound(&self.stream);
        (self.reader, self.rare, self.is_blocked) = (None, None, false);
        let said = sockets::write(&self.stream, last, &mut self.record);
        let said = said.and_then(|_| sockets::finish(&self.stream));
        self.look_at(kit.now + kit.rules.parting_wait, kit);
        said.map_or_else(Fate::from, |()| Fate::Stay)
    }
}
