//! Pages of polls, compressed once for everybody who stands at the same position. Pages that are not compressed are nobody's here.
//!
//! After a cut of the network thousands ask for the same pages in the same second. Chunks, which are files, are in `chunk.rs`.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use model::{Epoch, Seq};

use crate::coding::{Coding, Effort};

/// Pages kept, and the bytes they may hold together.
const PAGES_MAX: usize = 1024;
const PAGES_BYTES_MAX: usize = 8 << 20;
/// A smaller page fits into one packet as it is.
const PACKED_BYTES_MIN: usize = 1024;

/// A body, and how it is written: not always as asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Body {
    pub(crate) bytes: Bytes,
    pub(crate) coding: Coding,
}

impl Body {
    /// A body as it is.
    pub(crate) fn plain(bytes: Bytes) -> Self {
        Self { bytes, coding: Coding::Plain }
    }
}

/// The entries of one log behind one position up to another, in one coding. While a log takes the place of another, both have readers.
type Page = (Epoch, Seq, Seq, Coding);

/// The pages of one event, the oldest out first.
#[derive(Debug, Default)]
pub(crate) struct Packed(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    edition: u64,
    pages: HashMap<Page, Bytes>,
    order: VecDeque<Page>,
    bytes: usize,
}

/// Which version of the log's words a page is made of. To be taken *before* the entries are read: words that are taken back meanwhile are
/// then kept for nobody.
#[derive(Debug, Clone)]
pub(crate) struct Edition {
    packed: Arc<Packed>,
    number: u64,
}

impl Packed {
    /// The present edition. What is read from the log later belongs to it, or is newer.
    pub(crate) fn edition(self: &Arc<Self>) -> Edition {
        Edition { packed: self.clone(), number: self.lock().edition }
    }

    /// Entries were overwritten, or the log is another one: to be called once the ring says so.
    pub(crate) fn new_edition(&self) {
        let mut kept = self.lock();
        let edition = kept.edition + 1;
        *kept = Kept { edition, ..Kept::default() };
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Edition {
    /// Whether no words were overwritten since.
    pub(crate) fn is_present(&self) -> bool {
        self.packed.lock().edition == self.number
    }

    /// The page of the entries behind `after` up to `next` as a client wants it: from the first who asked, or else from `write`.
    pub(crate) fn page(
        &self,
        epoch: &Epoch,
        (after, next): (Seq, Seq),
        wanted: Coding,
        write: impl FnOnce() -> Bytes,
    ) -> Body {
        if wanted == Coding::Plain {
            return Body::plain(write());
        }
        let page = (epoch.clone(), after, next, wanted);
        if let Some(bytes) = self.packed.lock().get(self.number, &page) {
            return Body { bytes, coding: wanted };
        }
        // Outside the lock: two who ask at once may both do it, and nobody waits.
        let body = packed(write(), wanted);
        if body.coding == wanted {
            self.packed.lock().keep(self.number, page, body.bytes.clone());
        }
        body
    }
}

impl Kept {
    fn get(&self, edition: u64, page: &Page) -> Option<Bytes> {
        self.pages.get(page).filter(|_| edition == self.edition).cloned()
    }

    fn keep(&mut self, edition: u64, page: Page, bytes: Bytes) {
        // What is larger than that is not worth what would have to leave.
        if edition != self.edition || bytes.len() > PAGES_BYTES_MAX / 4 {
            return;
        }
        self.bytes += bytes.len();
        match self.pages.insert(page.clone(), bytes) {
            Some(same) => self.bytes -= same.len(),
            None => self.order.push_back(page),
        }
        while self.bytes > PAGES_BYTES_MAX || self.order.len() > PAGES_MAX {
            let Some(oldest) = self.order.pop_front() else { return };
            self.bytes -= self.pages.remove(&oldest).map_or(0, |bytes| bytes.len());
        }
    }
}

fn packed(plain: Bytes, wanted: Coding) -> Body {
    if plain.len() < PACKED_BYTES_MIN {
        return Body::plain(plain);
    }
    match wanted.pack(&plain, Effort::Quick) {
        Ok(bytes) if bytes.len() < plain.len() => Body { bytes, coding: wanted },
        Ok(_) => Body::plain(plain),
        Err(error) => {
            tracing::warn!(%error, "a page is sent uncompressed");
            Body::plain(plain)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    fn epoch() -> Epoch {
        Epoch::new(0, 7)
    }

    fn long(words: &str) -> Bytes {
        Bytes::from(words.repeat(PACKED_BYTES_MIN))
    }

    fn read(body: &Body) -> Bytes {
        let mut plain = Vec::new();
        let read = match body.coding {
            Coding::Plain => return body.bytes.clone(),
            Coding::Gzip => std::io::copy(&mut flate2::read::GzDecoder::new(&body.bytes[..]), &mut plain),
            Coding::Brotli => {
                std::io::copy(&mut brotli::Decompressor::new(&body.bytes[..], 4096), &mut plain)
            }
        };
        read.expect("it was packed");
        plain.into()
    }

    #[test]
    fn a_page_is_compressed_once_for_each_coding() {
        let (kept, written) = (Arc::new(Packed::default()), Cell::new(0));
        for round in 0..3 {
            for coding in [Coding::Brotli, Coding::Gzip] {
                let body = kept.edition().page(&epoch(), (0, 64), coding, || {
                    written.set(written.get() + 1);
                    long("entry ")
                });
                assert_eq!((body.coding, read(&body)), (coding, long("entry ")), "round {round}");
                assert!(body.bytes.len() < 500);
            }
        }
        assert_eq!(written.get(), 2);
    }

    #[test]
    fn what_is_short_or_wanted_so_goes_as_it_is() {
        let kept = Arc::new(Packed::default());
        let short = Body::plain(Bytes::from_static(b"{}"));
        assert_eq!(kept.edition().page(&epoch(), (0, 1), Coding::Brotli, || short.bytes.clone()), short);
        assert_eq!(
            kept.edition().page(&epoch(), (0, 1), Coding::Plain, || long("x")),
            Body::plain(long("x"))
        );
        assert!(kept.lock().pages.is_empty());
    }

    #[test]
    fn words_that_were_taken_back_meanwhile_are_kept_for_nobody() {
        let kept = Arc::new(Packed::default());
        let before = kept.edition();
        let body = before.page(&epoch(), (64, 128), Coding::Brotli, || long("old"));
        assert_eq!(read(&body), long("old"));
        let slow = kept.edition().page(&epoch(), (0, 64), Coding::Brotli, || {
            kept.new_edition();
            long("old")
        });
        assert_eq!(read(&slow), long("old"), "it was read before the words were taken back");
        for after in [0, 64] {
            let body = kept.edition().page(&epoch(), (after, after + 64), Coding::Brotli, || long("new"));
            assert_eq!(read(&body), long("new"));
            let late = before.page(&epoch(), (after, after + 64), Coding::Brotli, || long("old"));
            assert_eq!(read(&late), long("old"), "a batch says what it says");
            let body = kept.edition().page(&epoch(), (after, after + 64), Coding::Brotli, || long("newer"));
            assert_eq!(read(&body), long("new"), "and nobody else is told it");
        }
    }

    #[test]
    fn what_is_kept_is_bounded_in_number_and_in_bytes() {
        let mut kept = Kept::default();
        let large = Bytes::from(vec![0; 16 << 10]);
        for after in 0..3000 {
            kept.keep(0, (epoch(), after, after + 1, Coding::Gzip), large.clone());
            kept.keep(0, (epoch(), after, after + 1, Coding::Gzip), large.clone());
            assert!(kept.pages.len() <= PAGES_MAX && kept.bytes <= PAGES_BYTES_MAX);
            assert_eq!(kept.bytes, kept.pages.values().map(Bytes::len).sum::<usize>());
        }
        for after in 3000..6000 {
            kept.keep(0, (epoch(), after, after + 1, Coding::Gzip), large.slice(..1));
        }
        assert_eq!((kept.pages.len(), kept.order.len(), kept.bytes), (PAGES_MAX, PAGES_MAX, PAGES_MAX));
        kept.keep(0, (epoch(), 0, 1, Coding::Gzip), Bytes::from(vec![0; 3 << 20]));
        assert_eq!(kept.bytes, PAGES_MAX, "one page does not empty the room");
    }

    #[test]
    fn a_page_of_one_log_is_never_anothers() {
        let edition = Arc::new(Packed::default()).edition();
        let first = edition.page(&epoch(), (0, 64), Coding::Brotli, || long("first"));
        let other = edition.page(&Epoch::new(0, 8), (0, 64), Coding::Brotli, || long("other"));
        assert_eq!((read(&first), read(&other)), (long("first"), long("other")));
    }
}
