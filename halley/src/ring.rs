//! The newest entries of one event in memory: a bounded window over the log, moved by the feed and read by every connection. Plain data.

use std::collections::VecDeque;

use model::{Entry, Epoch, Seq};

use crate::{chunk::CHUNK_ENTRIES, frame::Frame, signal::Head};

/// How much a ring holds, and how much one read of it gives.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RingBounds {
    /// Entries held; a multiple of a chunk.
    pub(crate) entries_max: usize,
    /// Bytes held. The newest chunk's worth stays whatever its size.
    pub(crate) bytes_max: usize,
    /// Entries of one read.
    pub(crate) batch_entries_max: usize,
    /// Bytes of one read; one entry is always given.
    pub(crate) batch_bytes_max: usize,
}

impl Default for RingBounds {
    fn default() -> Self {
        Self {
            entries_max: 4096,
            bytes_max: 16 << 20,
            batch_entries_max: CHUNK_ENTRIES,
            batch_bytes_max: 32 << 10,
        }
    }
}

/// What a reader at some position finds.
#[derive(Debug, Clone)]
pub(crate) enum Take {
    /// The entries right behind it.
    Entries(Vec<Frame>),
    /// Nothing yet.
    Nothing,
    /// The ring no longer holds them, the tail does: read them as a chunk.
    Older,
    /// Neither does: they are the archive's, up to this seq.
    Window(Seq),
    /// The log is another one now.
    OtherLog,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Ring {
    epoch: Epoch,
    tail_base: Seq,
    base: Seq,
    frames: VecDeque<Frame>,
    bytes: usize,
    bounds: RingBounds,
}

impl Ring {
    /// An empty ring that begins behind `base`; the tail behind it begins at `tail_base`.
    pub(crate) fn new(epoch: Epoch, tail_base: Seq, base: Seq, bounds: RingBounds) -> Self {
        Self { epoch, tail_base, base, frames: VecDeque::new(), bytes: 0, bounds }
    }

    /// Where a ring begins that is filled from a tail: late enough to hold what follows, and on the edge of a chunk.
    pub(crate) fn start(tail_base: Seq, top: Seq, bounds: &RingBounds) -> Seq {
        let edge = top.saturating_sub(bounds.entries_max as Seq).next_multiple_of(CHUNK_ENTRIES as Seq);
        edge.min(top).max(tail_base)
    }

    /// The log, the newest entry, and the oldest that can be had.
    pub(crate) fn head(&self) -> Head {
        Head { epoch: self.epoch.clone(), top: self.top(), base: self.oldest() }
    }

    /// The newest entry.
    pub(crate) fn top(&self) -> Seq {
        self.base + self.frames.len() as Seq
    }

    /// The seq before the oldest entry that the ring or the tail behind it holds.
    fn oldest(&self) -> Seq {
        self.base.min(self.tail_base)
    }

    /// Entries and bytes held.
    pub(crate) fn size(&self) -> (usize, usize) {
        (self.frames.len(), self.bytes)
    }

    /// The tail was trimmed up to here.
    pub(crate) fn trimmed(&mut self, tail_base: Seq) {
        self.tail_base = self.tail_base.max(tail_base);
    }

    /// Appends the next entry, then overwrites what it voids; the oldest chunk leaves when a bound is passed.
    pub(crate) fn append(&mut self, frame: Frame, voids: &[Seq]) {
        debug_assert_eq!(frame.seq(), self.top() + 1, "the feed appends without holes");
        self.bytes += frame.held_bytes();
        self.frames.push_back(frame);
        for seq in voids {
            self.overwrite(*seq);
        }
        while self.frames.len() > CHUNK_ENTRIES && self.is_over() {
            self.drop_oldest_chunk();
        }
    }

    fn is_over(&self) -> bool {
        self.frames.len() > self.bounds.entries_max || self.bytes > self.bounds.bytes_max
    }

    /// Drops up to the next edge, so that whatever the ring lacks is a whole chunk.
    fn drop_oldest_chunk(&mut self) {
        let chunk = CHUNK_ENTRIES as Seq;
        let edge = (self.base / chunk + 1) * chunk;
        while self.base < edge {
            let Some(frame) = self.frames.pop_front() else { return };
            self.bytes -= frame.held_bytes();
            self.base += 1;
        }
    }

    fn overwrite(&mut self, seq: Seq) {
        let void = Frame::encode(&self.epoch, &Entry::void(seq));
        let held = seq.checked_sub(self.base + 1).and_then(|i| self.frames.get_mut(usize::try_from(i).ok()?));
        if let Some(frame) = held {
            self.bytes = self.bytes - frame.held_bytes() + void.held_bytes();
            *frame = void;
        }
    }

    /// What a reader that has everything up to `after` of `epoch` is given.
    pub(crate) fn take(&self, epoch: &Epoch, after: Seq) -> Take {
        if *epoch != self.epoch {
            return Take::OtherLog;
        }
        if after < self.oldest() {
            return Take::Window(self.oldest());
        }
        if after < self.base {
            return Take::Older;
        }
        if after >= self.top() {
            return Take::Nothing;
        }
        let first = usize::try_from(after - self.base).unwrap_or(usize::MAX);
        Take::Entries(self.batch(first))
    }

    fn batch(&self, first: usize) -> Vec<Frame> {
        let mut bytes = 0;
        let fits = |frame: &&Frame| {
            let is_first = bytes == 0;
            bytes += frame.bytes();
            is_first || bytes <= self.bounds.batch_bytes_max
        };
        self.frames.range(first..).take(self.bounds.batch_entries_max).take_while(fits).cloned().collect()
    }

    /// The entries of a complete chunk of this log, if the ring holds all of them.
    pub(crate) fn chunk(&self, epoch: &Epoch, n: u64) -> Option<Vec<Frame>> {
        if *epoch != self.epoch {
            return None;
        }
        let after = n.checked_mul(CHUNK_ENTRIES as u64)?;
        let first = usize::try_from(after.checked_sub(self.base)?).ok()?;
        let end = first.checked_add(CHUNK_ENTRIES)?;
        (end <= self.frames.len()).then(|| self.frames.range(first..end).cloned().collect())
    }

    #[cfg(test)]
    fn seqs(&self) -> Vec<Seq> {
        self.frames.iter().map(Frame::seq).collect()
    }
}

#[cfg(test)]
mod tests {
    use model::{Gone, GoneBy, Kind, Micros};

    use super::*;

    fn epoch() -> Epoch {
        Epoch::new(0, 1)
    }

    fn ring(entries_max: usize) -> Ring {
        Ring::new(epoch(), 0, 0, RingBounds { entries_max, ..RingBounds::default() })
    }

    fn append(ring: &mut Ring, entry: &Entry) {
        ring.append(Frame::encode(&epoch(), entry), entry.voids());
    }

    fn remove(seq: Seq, voids: Vec<Seq>) -> Entry {
        let id = "k3f9q2m7xw4d".parse().expect("an id");
        Entry { seq, at: Micros(1), kind: Kind::Remove(Gone { id, first: 1, voids, by: GoneBy::Author }) }
    }

    #[test]
    fn a_full_ring_drops_whole_chunks() {
        let mut ring = ring(128);
        (1..=129).for_each(|seq| append(&mut ring, &Entry::void(seq)));
        assert_eq!((ring.base, ring.top()), (64, 129));
        assert_eq!(ring.seqs(), (65..=129).collect::<Vec<_>>());
        assert!(matches!(ring.take(&epoch(), 63), Take::Older));
        let has = |n| ring.chunk(&epoch(), n).is_some();
        assert!(!has(0) && has(1) && !has(2));
        assert!(ring.chunk(&Epoch::new(0, 2), 1).is_none(), "another log's");
    }

    #[test]
    fn bytes_are_bounded_too_and_accounted_for() {
        let mut ring = Ring::new(epoch(), 0, 0, RingBounds { bytes_max: 4000, ..RingBounds::default() });
        (1..=1000).for_each(|seq| append(&mut ring, &Entry::void(seq)));
        assert!(ring.bytes <= 4000 || ring.frames.len() <= CHUNK_ENTRIES);
        assert_eq!(ring.bytes, ring.frames.iter().map(Frame::held_bytes).sum::<usize>());
    }

    #[test]
    fn a_removal_overwrites_the_words_in_the_same_step() {
        let mut ring = ring(128);
        let notice = |seq, text: &str| Entry {
            seq,
            at: Micros(1),
            kind: Kind::Notice { notice: model::Notice { text: text.into(), until: None } },
        };
        append(&mut ring, &notice(1, "old words"));
        append(&mut ring, &notice(2, "other"));
        append(&mut ring, &remove(3, vec![1, 400, 0]));
        let Take::Entries(frames) = ring.take(&epoch(), 0) else { panic!("three entries") };
        assert_eq!(frames[0].json(), br#"{"seq":1,"kind":"void"}"#);
        assert!(memchr::memmem::find(frames[1].json(), b"other").is_some());
        assert_eq!(ring.bytes, ring.frames.iter().map(Frame::held_bytes).sum::<usize>());
    }

    #[test]
    fn a_batch_is_bounded_but_never_empty() {
        let mut ring = Ring::new(epoch(), 0, 0, RingBounds { batch_bytes_max: 10, ..RingBounds::default() });
        (1..=3).for_each(|seq| append(&mut ring, &Entry::void(seq)));
        let Take::Entries(frames) = ring.take(&epoch(), 1) else { panic!("one entry") };
        assert_eq!(frames.iter().map(Frame::seq).collect::<Vec<_>>(), [2]);
    }

    #[test]
    fn what_the_tail_lacks_is_the_archives() {
        let mut ring = Ring::new(epoch(), 70, 70, RingBounds::default());
        (71..=80).for_each(|seq| append(&mut ring, &Entry::void(seq)));
        assert!(matches!(ring.take(&epoch(), 69), Take::Window(70)));
        assert!(matches!(ring.take(&epoch(), 80), Take::Nothing));
        assert!(matches!(ring.take(&epoch(), 999), Take::Nothing));
        assert!(matches!(ring.take(&Epoch::new(0, 2), 75), Take::OtherLog));
        ring.trimmed(75);
        assert!(
            matches!(ring.take(&epoch(), 70), Take::Entries(_)),
            "the ring still has what the tail dropped"
        );
    }

    #[test]
    fn a_ring_starts_on_the_edge_of_a_chunk_and_never_before_the_tail() {
        let bounds = RingBounds { entries_max: 128, ..RingBounds::default() };
        assert_eq!(Ring::start(0, 50, &bounds), 0);
        assert_eq!(Ring::start(0, 1000, &bounds), 896);
        assert_eq!(Ring::start(950, 1000, &bounds), 950);
        assert_eq!(Ring::start(0, 0, &bounds), 0);
    }
}
