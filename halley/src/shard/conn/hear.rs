//! What a stream's client says, and what is answered to it at once. Nothing is to be sent there, so all of it is bounded.

use std::ops::ControlFlow;

use super::{Conn, Fate, Kind};
use crate::{
    buckets::{Bucket, Flow},
    frames::{self, Heard},
    goodbye::Goodbye,
    shard::{
        group::Group,
        kit::Kit,
        sockets::{self, Gone},
    },
};

/// Frames from a client, in "bytes" of the bucket: a burst, then one each second.
const INBOUND_FRAMES: Flow = Flow { rate_bytes: 1, burst_bytes: 20 };
/// What a client may send on an event stream, where nothing is to be sent.
const CHATTER_BYTES_MAX: usize = 4 * 1024;
/// What a client may still send after our last words; then it is cut off.
const PARTING_BYTES_MAX: usize = 1 << 20;

/// How a WebSocket ends on account of what its client has said.
enum Last {
    Goodbye(Goodbye),
    /// The client closes: its own code comes back.
    Echo(Option<u16>),
}

impl Conn {
    /// There are bytes from the client, or it has closed its side.
    pub(in crate::shard) fn readable(&mut self, has_closed: bool, group: &mut Group, kit: &mut Kit) -> Fate {
        if matches!(self.kind, Kind::Poll(_)) {
            return self.poll_readable(has_closed, group, kit);
        }
        self.hear_on(kit)
    }

    /// Reads and judges whatever the client has said so far.
    pub(in crate::shard) fn hear_on(&mut self, kit: &mut Kit) -> Fate {
        loop {
            let mut scratch = std::mem::take(&mut kit.scratch);
            let came = sockets::read(&self.stream, &mut scratch);
            let fate = match came {
                Ok(Some(came)) => self.hear(&mut scratch[..came], kit),
                Ok(None) | Err(Gone) => Fate::Stay,
            };
            kit.scratch = scratch;
            match (came, fate) {
                (Err(gone), _) => return gone.into(),
                (Ok(None), fate) => return fate,
                (_, Fate::Stay) => {}
                (_, fate) => return fate,
            }
        }
    }

    /// Judges what a client has said on a stream.
    pub(in crate::shard) fn hear(&mut self, bytes: &mut [u8], kit: &mut Kit) -> Fate {
        if self.reader.is_none() {
            // We have closed; what still comes is read so that our last words are not reset with it.
            let rare = self.rare();
            rare.chatter_bytes += bytes.len();
            return if rare.chatter_bytes > PARTING_BYTES_MAX { Fate::Close } else { Fate::Stay };
        }
        let Kind::WebSocket { is_deflating } = self.kind else {
            let rare = self.rare();
            rare.chatter_bytes += bytes.len();
            return if rare.chatter_bytes > CHATTER_BYTES_MAX { Fate::Close } else { Fate::Stay };
        };
        let now = kit.now;
        let rare = self.rare();
        let chatter = rare.chatter.get_or_insert_with(|| Bucket::full(INBOUND_FRAMES, now));
        let (mut replies, mut end) = (Vec::new(), None);
        rare.inbound.hear(bytes, is_deflating, &mut |heard| {
            chatter.charge(INBOUND_FRAMES, now, 1);
            if !chatter.wait(INBOUND_FRAMES, now).is_zero() {
                end = Some(Last::Goodbye(Goodbye::TooMany));
                return ControlFlow::Break(());
            }
            match heard {
                Heard::Ping(payload) => replies.extend(frames::pong(payload)),
                Heard::Pong | Heard::Fragment => {}
                Heard::Close(code) => end = Some(Last::Echo(code)),
                Heard::Message(goodbye) | Heard::Bad(goodbye) => end = Some(Last::Goodbye(goodbye)),
            }
            if end.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        match end {
            None => self.reply(replies, kit).map_or_else(Fate::from, |()| Fate::Stay),
            Some(Last::Goodbye(goodbye)) => self.part(goodbye, kit),
            Some(Last::Echo(code)) => {
                let mut last = self.rare.take().map(|rare| rare.pending.to_vec()).unwrap_or_default();
                last.extend(frames::close_echo(code));
                self.say_last(&last, kit)
            }
        }
    }

    /// Answers pings, in their turn. A client that does not read gets its pongs when it does; the bucket bounds how many those are.
    fn reply(&mut self, replies: Vec<u8>, kit: &mut Kit) -> Result<(), Gone> {
        if replies.is_empty() {
            return Ok(());
        }
        if self.is_blocked {
            let rare = self.rare();
            rare.pending = [&rare.pending[..], &replies[..]].concat().into();
            return Ok(());
        }
        self.write_whole(replies.into(), kit)
    }
}
