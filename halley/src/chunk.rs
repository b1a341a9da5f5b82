//! Chunks: 64 complete entries as one file, encoded and compressed once, dropped when a void overwrites one of them.

use std::{
    collections::HashMap,
    future::Future,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use model::{Epoch, Seq};
use sha2::{Digest, Sha256};
use tokio::sync::{OnceCell, Semaphore};

use crate::{
    Error,
    coding::{Coding, Effort},
    frame::{Frame, page},
    metrics,
};

/// Entries of a chunk: number n holds 64n+1 to 64n+64.
pub(crate) const CHUNK_ENTRIES: usize = 64;
/// Chunks encoded at the same time; the rest waits, so that readers of the past leave the processor to the present.
const ENCODING_MAX: usize = 2;
/// Chunks kept, and the bytes they may hold together.
const CHUNKS_KEPT_MAX: usize = 1024;
const CHUNKS_BYTES_MAX: usize = 32 << 20;

/// One chunk in all its forms.
#[derive(Debug)]
pub(crate) struct Chunk {
    /// The entries, for streams that catch up.
    pub(crate) frames: Vec<Frame>,
    /// The file as it is.
    pub(crate) plain: Bytes,
    /// The file, compressed.
    pub(crate) brotli: Bytes,
    /// The file, compressed for those who know no better.
    pub(crate) gzip: Bytes,
    /// Names the content, the same on every halley.
    pub(crate) hash: String,
    /// What it counts against the cache's bound.
    bytes: usize,
}

impl Chunk {
    fn encode(epoch: &Epoch, n: u64, frames: Vec<Frame>) -> Result<Self, Error> {
        let plain = page(epoch, n * CHUNK_ENTRIES as u64, &frames, "");
        let packed = |coding: Coding| coding.pack(&plain, Effort::Thorough).map_err(Error::Encode);
        let (brotli, gzip) = (packed(Coding::Brotli)?, packed(Coding::Gzip)?);
        let hash = Sha256::digest(&plain)[..8].iter().map(|byte| format!("{byte:02x}")).collect();
        ::metrics::counter!(metrics::CHUNKS_ENCODED).increment(1);
        // Frames share the ring's bytes only while the ring holds them.
        let bytes =
            frames.iter().map(Frame::held_bytes).sum::<usize>() + plain.len() + brotli.len() + gzip.len();
        Ok(Self { frames, plain, brotli, gzip, hash, bytes })
    }
}

type Cell = Arc<OnceCell<Arc<Chunk>>>;

/// The chunks in use, least lately asked for out first.
#[derive(Debug)]
pub(crate) struct Chunks {
    kept: Mutex<Kept>,
    encoding: Semaphore,
}

#[derive(Debug, Default)]
struct Kept {
    cells: HashMap<u64, (Cell, u64)>,
    asked: u64,
}

impl Default for Chunks {
    fn default() -> Self {
        Self { kept: Mutex::default(), encoding: Semaphore::new(ENCODING_MAX) }
    }
}

impl Chunks {
    /// Chunk `n`, loaded and encoded by the first who asks and shared by the others.
    ///
    /// The place in the map is taken *before* `load` looks at the entries: a void that comes meanwhile removes the place, so a chunk with
    /// the old words is never kept.
    pub(crate) async fn get<F>(&self, epoch: &Epoch, n: u64, load: F) -> Result<Arc<Chunk>, Error>
    where
        F: Future<Output = Result<Vec<Frame>, Error>>,
    {
        let cell = self.place(n);
        let encoded = cell.get_or_try_init(|| async {
            let _turn = self.encoding.acquire().await.map_err(|_| Error::Closed)?;
            let frames = load.await?;
            let epoch = epoch.clone();
            let chunk = tokio::task::spawn_blocking(move || Chunk::encode(&epoch, n, frames)).await;
            chunk.map_err(|_| Error::Closed)?.map(Arc::new)
        });
        let chunk = encoded.await?.clone();
        self.lock().shrink();
        Ok(chunk)
    }

    /// Entries were overwritten: their chunks are encoded again when next asked for.
    pub(crate) fn overwritten(&self, seqs: &[Seq]) {
        let mut kept = self.lock();
        for seq in seqs {
            kept.cells.remove(&(seq.saturating_sub(1) / CHUNK_ENTRIES as u64));
        }
    }

    /// The log is another one.
    pub(crate) fn clear(&self) {
        self.lock().cells.clear();
    }

    fn place(&self, n: u64) -> Cell {
        let mut kept = self.lock();
        kept.asked += 1;
        let asked = kept.asked;
        let (cell, last) = kept.cells.entry(n).or_default();
        *last = asked;
        cell.clone()
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn shrink(&mut self) {
        let size = |cells: &HashMap<u64, (Cell, u64)>| {
            cells.values().filter_map(|(cell, _)| cell.get()).map(|chunk| chunk.bytes).sum::<usize>()
        };
        let mut bytes = size(&self.cells);
        while self.cells.len() > CHUNKS_KEPT_MAX || (bytes > CHUNKS_BYTES_MAX && self.cells.len() > 1) {
            let Some(oldest) = self.cells.iter().min_by_key(|(_, (_, asked))| *asked).map(|(n, _)| *n) else {
                return;
            };
            let gone = self.cells.remove(&oldest);
            bytes -= gone.and_then(|(cell, _)| cell.get().map(|chunk| chunk.bytes)).unwrap_or(0);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use model::Entry;

    use super::*;

    fn epoch() -> Epoch {
        Epoch::new(0, 7)
    }

    fn frames(n: u64) -> Vec<Frame> {
        (n * 64 + 1..=n * 64 + 64).map(|seq| Frame::encode(&epoch(), &Entry::void(seq))).collect()
    }

    #[tokio::test]
    async fn all_forms_of_a_chunk_say_the_same() {
        let chunks = Chunks::default();
        let chunk = chunks.get(&epoch(), 2, async { Ok(frames(2)) }).await.expect("encodes");
        let (mut brotli, mut gzip) = (Vec::new(), Vec::new());
        brotli::Decompressor::new(&chunk.brotli[..], 4096).read_to_end(&mut brotli).expect("brotli");
        flate2::read::GzDecoder::new(&chunk.gzip[..]).read_to_end(&mut gzip).expect("gzip");
        assert_eq!((&brotli[..], &gzip[..]), (&chunk.plain[..], &chunk.plain[..]));
        assert!(chunk.brotli.len() < chunk.plain.len() / 2);
        let file: serde_json::Value = serde_json::from_slice(&chunk.plain).expect("JSON");
        assert_eq!((&file["after"], &file["next"]), (&128.into(), &192.into()));
    }

    #[tokio::test]
    async fn a_chunk_is_loaded_once_until_a_void_overwrites_one_of_its_entries() {
        let chunks = Chunks::default();
        let loads = std::sync::atomic::AtomicUsize::new(0);
        let load = async || {
            loads.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            Ok(frames(0))
        };
        for _ in 0..3 {
            chunks.get(&epoch(), 0, load()).await.expect("encodes");
        }
        assert_eq!(loads.load(std::sync::atomic::Ordering::Relaxed), 1);
        chunks.overwritten(&[65]);
        chunks.get(&epoch(), 0, load()).await.expect("encodes");
        assert_eq!(loads.load(std::sync::atomic::Ordering::Relaxed), 1, "65 lies in chunk 1");
        chunks.overwritten(&[64]);
        chunks.get(&epoch(), 0, load()).await.expect("encodes");
        assert_eq!(loads.load(std::sync::atomic::Ordering::Relaxed), 2);
    }

    #[tokio::test]
    async fn a_void_during_loading_keeps_the_old_words_out_of_the_cache() {
        let chunks = Chunks::default();
        chunks
            .get(&epoch(), 0, async {
                chunks.overwritten(&[1]);
                Ok(frames(0))
            })
            .await
            .expect("encodes");
        assert!(chunks.lock().cells.is_empty());
    }

    #[tokio::test]
    async fn the_cache_is_bounded() {
        let chunks = Chunks::default();
        for n in 0..CHUNKS_KEPT_MAX as u64 + 10 {
            chunks.place(n);
        }
        chunks.get(&epoch(), 5000, async { Ok(frames(5000)) }).await.expect("encodes");
        let kept = chunks.lock();
        assert!(
            kept.cells.len() <= CHUNKS_KEPT_MAX
                && kept.cells.contains_key(&5000)
                && !kept.cells.contains_key(&0)
        );
    }
}
