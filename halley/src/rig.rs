//! For unit tests: a channel whose ring is filled by hand. Nothing is read behind it.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use chassis::{
    client_addr::{AddrKey, Ranges},
    clock::Clock,
    http::Client,
};
use live::{Bell, Log, Page, Ringer};
use model::{Entry, Epoch, EventId, Position, Seq};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::{
    audience::Delays,
    channel::Channel,
    gate::{Gate, GateBounds},
    reader::Reader,
    ring::{Ring, RingBounds},
    shard,
};

struct Unread;

#[async_trait]
impl Log for Unread {
    fn eid(&self) -> EventId {
        EventId::from_random(1)
    }

    async fn read(&self, _after: Seq, _max: usize) -> Result<Option<Page>, live::Error> {
        Ok(None)
    }

    fn bell(&self) -> Bell {
        Ringer::default().bell()
    }

    async fn archived(&self, _position: &Position) -> Result<(), live::Error> {
        Ok(())
    }
}

pub(crate) struct Rig {
    pub(crate) channel: Arc<Channel>,
    gate: Arc<Gate>,
}

pub(crate) fn epoch() -> Epoch {
    Epoch::new(0, 0xabc)
}

impl Rig {
    /// A channel whose log was not read yet.
    pub(crate) fn unread() -> Self {
        let channel = Self::listening(Arc::default(), CancellationToken::new());
        Self { channel, gate: Gate::new(GateBounds::usual(100), Ranges::default()) }
    }

    /// A channel as that of [`Rig::unread`] that rings these bells.
    pub(crate) fn listening(bells: Arc<[shard::Bell]>, closing: CancellationToken) -> Arc<Channel> {
        Channel::new(Arc::new(Unread), bells, Arc::new(Delays::new(Clock::real())), closing)
    }

    /// A tail that begins at `base` and holds `count` entries.
    pub(crate) fn with_entries(base: Seq, count: u64) -> Self {
        let rig = Self::unread();
        rig.channel.replace(Ring::new(epoch(), base, base, RingBounds::default()));
        rig.append(base + 1..=base + count);
        rig
    }

    pub(crate) fn append(&self, seqs: impl IntoIterator<Item = Seq>) {
        let entries: Vec<_> = seqs.into_iter().map(Entry::void).collect();
        self.channel.append(&epoch(), &entries, 0);
    }

    /// A reader that has everything up to `after`.
    pub(crate) fn reader(&self, after: Option<Seq>, ahead_hold: Duration) -> Reader {
        let ip = "9.9.9.9".parse().expect("an address");
        let pass = self.gate.enter(&Client { peer: (ip, 1).into(), ip, key: AddrKey::of(ip) }).expect("room");
        let want = after.map(|seq| Position { epoch: epoch(), seq });
        Reader::new(want, pass, ahead_hold, Instant::now())
    }
}
