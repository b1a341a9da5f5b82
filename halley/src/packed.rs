//! Answers of polls, written and compressed once for everybody who stands at the same position.
//!
//! After a cut of the network thousands ask for the same page in the same second. Chunks, which are files, are in `chunk.rs`.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use model::Seq;

use crate::coding::{Coding, Effort};

/// Bodies kept, and the bytes they may hold together.
const BODIES_MAX: usize = 1024;
const BODIES_BYTES_MAX: usize = 8 << 20;
/// A smaller body fits into one packet as it is.
const PACKED_BYTES_MIN: usize = 1024;

/// Which version of the log's entries a page is made of: taken *before* they are read, so that words that were taken back meanwhile
/// are kept for nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Edition(u64);

/// A page: the entries behind `after`, up to `next`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Page {
    pub(crate) edition: Edition,
    pub(crate) after: Seq,
    pub(crate) next: Seq,
}

/// A body, and how it is written: not always as asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Body {
    pub(crate) bytes: Bytes,
    pub(crate) coding: Coding,
}

/// The bodies of one event, the oldest out first.
#[derive(Debug, Default)]
pub(crate) struct Packed(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    edition: u64,
    bodies: HashMap<(Page, Coding), Body>,
    order: VecDeque<(Page, Coding)>,
    bytes: usize,
}

impl Packed {
    /// The present edition. What is read from the ring later belongs to it, or is newer.
    pub(crate) fn edition(&self) -> Edition {
        Edition(self.lock().edition)
    }

    /// The body of a page in the form that a client wants, from the first who asked or else from `write`.
    pub(crate) fn body(&self, page: Page, wanted: Coding, write: impl FnOnce() -> Bytes) -> Body {
        if let Some(body) = self.lock().bodies.get(&(page, wanted)) {
            return body.clone();
        }
        // Outside the lock: two who ask at once may both do it, and nobody waits.
        let body = packed(&write(), wanted);
        self.lock().keep(page, wanted, body.clone());
        body
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

impl Kept {
    fn keep(&mut self, page: Page, wanted: Coding, body: Body) {
        // Of an older edition nobody will ask again; what is larger than all the room is not worth emptying it.
        if page.edition.0 != self.edition || body.bytes.len() > BODIES_BYTES_MAX / 4 {
            return;
        }
        self.bytes += body.bytes.len();
        match self.bodies.insert((page, wanted), body) {
            Some(same) => self.bytes -= same.bytes.len(),
            None => self.order.push_back((page, wanted)),
        }
        while self.bytes > BODIES_BYTES_MAX || self.order.len() > BODIES_MAX {
            let Some(oldest) = self.order.pop_front() else { return };
            if let Some(body) = self.bodies.remove(&oldest) {
                self.bytes -= body.bytes.len();
            }
        }
    }
}

fn packed(plain: &Bytes, wanted: Coding) -> Body {
    let as_it_is = || Body { bytes: plain.clone(), coding: Coding::Plain };
    if plain.len() < PACKED_BYTES_MIN {
        return as_it_is();
    }
    match wanted.pack(plain, Effort::Quick) {
        Ok(bytes) if bytes.len() < plain.len() => Body { bytes, coding: wanted },
        Ok(_) => as_it_is(),
        Err(error) => {
            tracing::warn!(%error, "a page is sent uncompressed");
            as_it_is()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    fn page(packed: &Packed, after: Seq) -> Page {
        Page { edition: packed.edition(), after, next: after + 64 }
    }

    fn long(words: &str) -> Bytes {
        Bytes::from(words.repeat(PACKED_BYTES_MIN))
    }

    #[test]
    fn a_page_is_written_and_compressed_once_for_each_coding() {
        let (kept, written) = (Packed::default(), Cell::new(0));
        for round in 0..3 {
            for coding in [Coding::Brotli, Coding::Gzip, Coding::Plain] {
                let body = kept.body(page(&kept, 0), coding, || {
                    written.set(written.get() + 1);
                    long("entry ")
                });
                assert_eq!(body.coding, coding, "round {round}");
                assert_eq!(body.bytes.len() < 500, coding != Coding::Plain);
            }
        }
        assert_eq!(written.get(), 3);
    }

    #[test]
    fn a_short_page_goes_as_it_is() {
        let kept = Packed::default();
        let body = kept.body(page(&kept, 0), Coding::Brotli, || Bytes::from_static(b"{}"));
        assert_eq!(body, Body { bytes: Bytes::from_static(b"{}"), coding: Coding::Plain });
    }

    #[test]
    fn words_that_were_taken_back_meanwhile_are_kept_for_nobody() {
        let kept = Packed::default();
        let before = page(&kept, 0);
        assert_eq!(kept.body(before, Coding::Plain, || long("old")).bytes, long("old"));
        let slow = kept.body(page(&kept, 64), Coding::Plain, || {
            kept.new_edition();
            long("old")
        });
        assert_eq!(slow.bytes, long("old"), "it was read before the words were taken back");
        for after in [0, 64] {
            assert_eq!(kept.body(page(&kept, after), Coding::Plain, || long("new")).bytes, long("new"));
        }
        assert_eq!(kept.lock().bodies.len(), 2, "nothing of the edition before is held");
    }

    #[test]
    fn what_is_kept_is_bounded_in_number_and_in_bytes() {
        let kept = Packed::default();
        for after in 0..3000 {
            kept.body(page(&kept, after), Coding::Plain, || long("123456"));
            let held = kept.lock();
            assert!(held.bodies.len() <= BODIES_MAX && held.bytes <= BODIES_BYTES_MAX);
            assert_eq!(held.bytes, held.bodies.values().map(|body| body.bytes.len()).sum::<usize>());
        }
        let large = Bytes::from(vec![0; 3 << 20]);
        kept.body(page(&kept, 0), Coding::Plain, || large);
        assert!(kept.lock().bytes <= BODIES_BYTES_MAX && kept.lock().bodies.len() == BODIES_MAX);
    }
}
