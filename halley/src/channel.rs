//! One event as connections see it: the ring, the chunks behind it, and the bells that wake the shards.

use std::{
    future::Future,
    sync::{
        Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
        atomic::{AtomicU64, Ordering},
    },
};

use live::{
    Log, Page,
    reached::{Reach, takes_back},
};
use model::{Entry, Epoch, Position, Seq};
use tokio_util::sync::CancellationToken;

use crate::{
    Error,
    audience::{Delays, Viewers},
    chunk::{CHUNK_ENTRIES, Chunk, Chunks},
    frame::Frame,
    packed::{Edition, Packed},
    ring::{Ring, Take},
    shard::Bell,
    signal::Head,
};

/// See the module. The feed writes it, everybody else reads.
pub(crate) struct Channel {
    log: Arc<dyn Log>,
    ring: RwLock<Option<Ring>>,
    chunks: Chunks,
    packed: Arc<Packed>,
    /// Grows with every change that readers have to see.
    version: AtomicU64,
    bells: Arc<[Bell]>,
    closing: CancellationToken,
    /// Up to where neither ring nor chunks hold what was taken back.
    pub(crate) reach: Reach,
    /// Who follows it now.
    pub(crate) viewers: Viewers,
    /// How long it takes until they see what is said.
    pub(crate) delays: Arc<Delays>,
}

impl Channel {
    /// A channel without a ring yet; it closes when `closing` is cancelled. `bells` are rung at every change.
    pub(crate) fn new(
        log: Arc<dyn Log>,
        bells: Arc<[Bell]>,
        delays: Arc<Delays>,
        closing: CancellationToken,
    ) -> Arc<Self> {
        Arc::new(Self {
            log,
            ring: RwLock::default(),
            chunks: Chunks::default(),
            packed: Arc::default(),
            version: AtomicU64::new(0),
            bells,
            closing,
            reach: Reach::default(),
            viewers: Viewers::default(),
            delays,
        })
    }

    pub(crate) fn log(&self) -> &Arc<dyn Log> {
        &self.log
    }

    /// Ends every stream with a bye.
    pub(crate) fn close(&self) {
        self.closing.cancel();
        self.ring_bells();
    }

    /// Whether streams shall end.
    pub(crate) fn is_closed(&self) -> bool {
        self.closing.is_cancelled()
    }

    /// Waits until streams shall end.
    pub(crate) fn closed(&self) -> impl Future<Output = ()> + Send + 'static {
        self.closing.clone().cancelled_owned()
    }

    /// Another number than before, if readers have to look again.
    pub(crate) fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }

    /// What compressed pages of entries belong to that are read from now on.
    pub(crate) fn edition(&self) -> Edition {
        self.packed.edition()
    }

    fn ring_bells(&self) {
        self.version.fetch_add(1, Ordering::Release);
        self.bells.iter().for_each(Bell::ring);
    }

    /// What can be had; `None` before the log was read for the first time.
    pub(crate) fn head(&self) -> Option<Head> {
        self.read().as_ref().map(Ring::head)
    }

    /// Entries and bytes in the ring.
    pub(crate) fn size(&self) -> (usize, usize) {
        self.read().as_ref().map_or((0, 0), Ring::size)
    }

    /// What a reader at this position is given; it waits while there is no ring.
    pub(crate) fn take(&self, at: &Position) -> Take {
        self.read().as_ref().map_or(Take::Nothing, |ring| ring.take(&at.epoch, at.seq))
    }

    /// Puts a filled ring in place.
    pub(crate) fn replace(&self, ring: Ring) {
        let head = ring.head();
        *self.write() = Some(ring);
        self.chunks.clear();
        self.packed.new_edition();
        self.reach.at(Position { epoch: head.epoch, seq: head.top }, true);
        self.ring_bells();
    }

    /// Appends what follows the ring's top, and tells how far the tail behind it was trimmed.
    pub(crate) fn append(&self, epoch: &Epoch, entries: &[Entry], tail_base: Seq) {
        let frames: Vec<_> = entries.iter().map(|entry| Frame::encode(epoch, entry)).collect();
        {
            let mut held = self.write();
            let Some(ring) = held.as_mut() else { return };
            ring.trimmed(tail_base);
            entries.iter().zip(frames).for_each(|(entry, frame)| ring.append(frame, entry.voids()));
        }
        entries.iter().for_each(|entry| self.chunks.overwritten(entry.voids()));
        if entries.iter().any(|entry| !entry.voids().is_empty()) {
            self.packed.new_edition();
        }
        if let Some(last) = entries.last() {
            self.reach.at(Position { epoch: epoch.clone(), seq: last.seq }, entries.iter().any(takes_back));
        }
        if !entries.is_empty() {
            self.ring_bells();
        }
    }

    /// A complete chunk that the ring or the tail holds.
    pub(crate) async fn chunk(&self, n: u64) -> Result<Arc<Chunk>, Error> {
        self.chunk_of(&self.head().ok_or(Error::Behind)?, n).await
    }

    async fn chunk_of(&self, head: &Head, n: u64) -> Result<Arc<Chunk>, Error> {
        self.chunks.get(&head.epoch, n, self.load(head, n)).await
    }

    async fn load(&self, head: &Head, n: u64) -> Result<Vec<Frame>, Error> {
        if let Some(frames) = self.read().as_ref().and_then(|ring| ring.chunk(&head.epoch, n)) {
            return Ok(frames);
        }
        let after = n * CHUNK_ENTRIES as u64;
        let frames = self.read_tail(head, after, CHUNK_ENTRIES).await?;
        if frames.len() == CHUNK_ENTRIES { Ok(frames) } else { Err(Error::Behind) }
    }

    /// The entries right behind a position that the ring has dropped and the tail still holds.
    pub(crate) async fn older(&self, at: &Position) -> Result<Vec<Frame>, Error> {
        let head = self.head().filter(|head| head.epoch == at.epoch).ok_or(Error::Behind)?;
        let size = CHUNK_ENTRIES as u64;
        let n = at.seq / size;
        if n * size >= head.base {
            let chunk = self.chunk_of(&head, n).await?;
            return Ok(chunk.frames.iter().filter(|frame| frame.seq() > at.seq).cloned().collect());
        }
        // The tail begins inside this chunk.
        let count = (n + 1) * size - at.seq;
        self.read_tail(&head, at.seq, usize::try_from(count).unwrap_or(CHUNK_ENTRIES)).await
    }

    /// Reads behind the ring. A tail that was rolled back may hold words that we have overwritten already: it is not believed until it is
    /// as far as we are.
    async fn read_tail(&self, head: &Head, after: Seq, count: usize) -> Result<Vec<Frame>, Error> {
        let page = self.log.read(after, count).await?;
        let is_ours =
            |page: &Page| page.head.epoch == head.epoch && page.head.top >= head.top && page.after == after;
        let page = page.filter(is_ours).ok_or(Error::Behind)?;
        let encode = |line: &live::Line| Ok(Frame::encode(&head.epoch, &line.entry()?));
        page.lines.iter().map(encode).collect()
    }

    fn read(&self) -> RwLockReadGuard<'_, Option<Ring>> {
        self.ring.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Option<Ring>> {
        self.ring.write().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        rig::{Rig, epoch},
        ring::RingBounds,
    };

    #[tokio::test]
    async fn nothing_of_a_log_is_taken_for_another_ones_that_came_in_its_place() {
        let rig = Rig::with_entries(0, 130);
        let old = rig.channel.head().expect("a ring");
        let at = Position { epoch: epoch(), seq: 3 };
        assert_eq!(rig.channel.older(&at).await.expect("a chunk").len(), 61);
        let other = Epoch::new(0, 77);
        let mut ring = Ring::new(other.clone(), 0, 0, RingBounds::default());
        (1..=64).for_each(|seq| ring.append(Frame::encode(&other, &Entry::void(seq)), &[]));
        rig.channel.replace(ring);
        assert!(rig.channel.older(&at).await.is_err(), "a reader of the old log gets nothing of the new one");
        assert!(rig.channel.chunk_of(&old, 0).await.is_err(), "a chunk is encoded under its own log's name");
        let chunk = rig.channel.chunk(0).await.expect("the new one's");
        assert!(chunk.plain.starts_with(format!(r#"{{"epoch":"{other}""#).as_bytes()));
    }
}
