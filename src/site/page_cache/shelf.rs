//! The pages of one event that are kept, all of one state of its log: when the log moves on, all of them go. What is kept is bounded in
//! bytes, and pages of which anybody can ask for as many as they like have a part of their own, so that they push out only each other.

use super::{flights::Flights, kept::Kept};
use std::{
    collections::{HashMap, VecDeque},
    sync::{
        Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
};
use tokio::time::Instant;

/// What an event's pages may weigh: those of which there are so many as it has talks, rooms and days; and those of which there may be any
/// number. In bytes.
pub(super) const FEW_BYTES_MAX: usize = 16 * 1024 * 1024;
pub(super) const MANY_BYTES_MAX: usize = 8 * 1024 * 1024;
/// One page takes at most so much of its part.
const SHARE: usize = 4;

/// How long a page is what would be drawn anew.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Validity {
    /// In this minute of the site's clock only.
    pub(super) minute: Option<i64>,
    /// Until then.
    pub(super) until: Option<Instant>,
}

impl Validity {
    /// Whether it still is.
    fn holds(&self, minute: i64) -> bool {
        self.minute.is_none_or(|only| only == minute) && self.until.is_none_or(|until| Instant::now() < until)
    }
}

/// A page to be kept.
pub(super) struct New<'a> {
    pub(super) key: &'a str,
    /// Whether it is of those without number.
    pub(super) is_many: bool,
    /// [`Shelf::stamp`] before it was drawn.
    pub(super) stamp: u64,
    pub(super) page: Arc<Kept>,
    pub(super) validity: Validity,
}

/// See the module.
#[derive(Debug, Default)]
pub(in crate::site) struct Shelf {
    /// Counts the changes of what pages are drawn from.
    stamp: AtomicU64,
    stock: RwLock<Stock>,
    pub(super) flights: Flights,
}

#[derive(Debug, Default)]
struct Stock {
    /// The state that these pages show.
    stamp: u64,
    pages: HashMap<Arc<str>, Held>,
    /// The few and the many, in the order in which they are looked at when room is needed.
    parts: [Part; 2],
}

#[derive(Debug, Default)]
struct Part {
    order: VecDeque<Arc<str>>,
    bytes: usize,
}

#[derive(Debug)]
struct Held {
    page: Arc<Kept>,
    validity: Validity,
    /// Asked for since it was last looked at.
    was_asked: AtomicBool,
}

impl Shelf {
    /// The state of what its pages are drawn from. Ask before drawing.
    pub(in crate::site) fn stamp(&self) -> u64 {
        self.stamp.load(Ordering::Acquire)
    }

    /// What pages are drawn from has changed: nothing that was drawn before is served or kept from now on. Call it while nobody can read
    /// what has changed, and [`Shelf::sweep`] soon afterwards.
    pub(in crate::site) fn turn(&self) {
        self.stamp.fetch_add(1, Ordering::AcqRel);
    }

    /// For pages that follow from several logs: the sum of their states is `stamp`.
    pub(super) fn follow(&self, stamp: u64, total: &AtomicUsize) {
        if self.stamp.fetch_max(stamp, Ordering::AcqRel) < stamp {
            self.sweep(total);
        }
    }

    /// Lets go what is served no more: words that were removed do not stay behind in memory. `total` is what all shelves hold, in bytes.
    pub(in crate::site) fn sweep(&self, total: &AtomicUsize) {
        let mut stock = self.write();
        let gone = if stock.stamp == self.stamp() { HashMap::new() } else { stock.empty(total) };
        drop(stock);
        drop(gone);
    }

    /// The page, if it would be drawn the same now.
    pub(super) fn find(&self, key: &str, stamp: u64, minute: i64) -> Option<Arc<Kept>> {
        let stock = self.read();
        let held = stock.pages.get(key).filter(|held| stock.stamp == stamp && held.validity.holds(minute))?;
        held.was_asked.store(true, Ordering::Relaxed);
        Some(held.page.clone())
    }

    /// Keeps a page, unless the log has moved on meanwhile or it is too large. `minute` is the one that it is now.
    pub(super) fn put(&self, new: New<'_>, minute: i64, total: &AtomicUsize) {
        let New { key, is_many, stamp, page, validity } = new;
        let (part, most) = if is_many { (1, MANY_BYTES_MAX) } else { (0, FEW_BYTES_MAX) };
        let weight = page.weight();
        let mut stock = self.write();
        if stamp != self.stamp() || weight > most / SHARE {
            return;
        }
        if stock.stamp != stamp {
            stock.empty(total);
            stock.stamp = stamp;
        }
        let held = Held { page, validity, was_asked: AtomicBool::new(false) };
        if let Some(old) = stock.pages.get_mut(key) {
            // Its place in the order stays.
            let old = std::mem::replace(old, held);
            stock.lighter(part, old.page.weight(), total);
        } else {
            let key: Arc<str> = key.into();
            stock.parts[part].order.push_back(key.clone());
            stock.pages.insert(key, held);
        }
        stock.parts[part].bytes += weight;
        total.fetch_add(weight, Ordering::Relaxed);
        while stock.parts[part].bytes > most && stock.give_way(part, minute, total) {}
    }

    /// What it holds, in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.read().parts.iter().map(|part| part.bytes).sum()
    }

    /// Lets one page go, of those without number if there is any; false when there is none at all.
    pub(super) fn shrink(&self, minute: i64, total: &AtomicUsize) -> bool {
        let mut stock = self.write();
        stock.give_way(1, minute, total) || stock.give_way(0, minute, total)
    }

    fn read(&self) -> RwLockReadGuard<'_, Stock> {
        self.stock.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Stock> {
        self.stock.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Stock {
    /// Hands out all pages, to be let go.
    fn empty(&mut self, total: &AtomicUsize) -> HashMap<Arc<str>, Held> {
        for part in &mut self.parts {
            total.fetch_sub(part.bytes, Ordering::Relaxed);
            *part = Part::default();
        }
        std::mem::take(&mut self.pages)
    }

    /// Lets one page of a part go: the next in order whose time is over or for which nobody has asked lately.
    fn give_way(&mut self, part: usize, minute: i64, total: &AtomicUsize) -> bool {
        while let Some(key) = self.parts[part].order.pop_front() {
            let Some(held) = self.pages.get(&key) else { continue };
            // Each is passed over once, so this comes to an end.
            if held.validity.holds(minute) && held.was_asked.swap(false, Ordering::Relaxed) {
                self.parts[part].order.push_back(key);
                continue;
            }
            let weight = held.page.weight();
            self.pages.remove(&key);
            self.lighter(part, weight, total);
            return true;
        }
        false
    }

    fn lighter(&mut self, part: usize, weight: usize, total: &AtomicUsize) {
        self.parts[part].bytes -= weight;
        total.fetch_sub(weight, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::{super::coding::Coding, *};
    use bytes::Bytes;
    use std::time::Duration;

    /// A page of about so many bytes, which cannot be packed.
    fn page(bytes: usize) -> Arc<Kept> {
        let (head, ()) = http::Response::new(()).into_parts();
        let plain: Vec<u8> = (0..bytes).map(|_| rand::random()).collect();
        Arc::new(Kept::new(&head, &Bytes::from(plain), Coding::Gzip, false))
    }

    struct Stand {
        shelf: Shelf,
        total: AtomicUsize,
    }

    impl Stand {
        fn new() -> Self {
            Self { shelf: Shelf::default(), total: AtomicUsize::new(0) }
        }

        fn put(&self, key: &str, is_many: bool, page: &Arc<Kept>, validity: Validity) {
            let new = New { key, is_many, stamp: self.shelf.stamp(), page: page.clone(), validity };
            self.shelf.put(new, 1, &self.total);
            assert_eq!(self.shelf.bytes(), self.total.load(Ordering::Relaxed));
        }

        fn has(&self, key: &str) -> bool {
            self.shelf.find(key, self.shelf.stamp(), 1).is_some()
        }
    }

    #[test]
    fn when_the_log_moves_on_nothing_older_is_served_kept_or_left_in_memory() {
        let stand = Stand::new();
        let page = page(10);
        let before = stand.shelf.stamp();
        stand.put("/a", false, &page, Validity::default());
        assert!(stand.has("/a"));
        stand.shelf.turn();
        assert!(!stand.has("/a"));
        let late = New {
            key: "/b",
            is_many: false,
            stamp: before,
            page: page.clone(),
            validity: Validity::default(),
        };
        stand.shelf.put(late, 1, &stand.total);
        assert!(
            !stand.has("/b") && stand.shelf.find("/b", before, 1).is_none(),
            "it was drawn from what was before"
        );
        stand.shelf.sweep(&stand.total);
        assert_eq!((Arc::strong_count(&page), stand.total.load(Ordering::Relaxed)), (1, 0));
    }

    #[test]
    fn a_page_is_served_in_its_minute_and_until_its_time_is_over() {
        let stand = Stand::new();
        let in_time = |seconds| Some(Instant::now() + Duration::from_secs(seconds));
        stand.put("/minute", false, &page(10), Validity { minute: Some(1), until: None });
        stand.put("/hour", false, &page(10), Validity { minute: None, until: in_time(3600) });
        stand.put("/over", false, &page(10), Validity { minute: None, until: in_time(0) });
        assert!(stand.has("/minute") && stand.has("/hour") && !stand.has("/over"));
        let stamp = stand.shelf.stamp();
        assert!(
            stand.shelf.find("/minute", stamp, 2).is_none() && stand.shelf.find("/hour", stamp, 2).is_some()
        );
    }

    #[test]
    fn pages_without_number_push_out_only_each_other_and_what_is_asked_for_stays_longest() {
        let stand = Stand::new();
        let large = page(100_000);
        stand.put("/few", false, &large, Validity::default());
        stand.put("/?loved", true, &large, Validity::default());
        for n in 0..200 {
            assert!(stand.has("/?loved"), "{n}");
            stand.put(&format!("/?{n}"), true, &large, Validity::default());
            assert!(stand.shelf.bytes() <= MANY_BYTES_MAX + large.weight());
        }
        assert!(stand.has("/few") && stand.has("/?199") && !stand.has("/?0"));
        let fits = MANY_BYTES_MAX / large.weight();
        assert_eq!(stand.shelf.read().pages.len(), fits + 1);
        stand.put("/?199", true, &large, Validity::default());
        assert_eq!(stand.shelf.read().pages.len(), fits + 1, "drawn again, it takes its own place");
    }

    #[test]
    fn what_is_too_large_is_not_kept_and_a_shelf_can_be_emptied_page_by_page() {
        let stand = Stand::new();
        stand.put("/huge", true, &page(MANY_BYTES_MAX / SHARE), Validity::default());
        assert!(!stand.has("/huge"));
        stand.put("/few", false, &page(10), Validity::default());
        stand.put("/?many", true, &page(10), Validity::default());
        assert!(stand.shelf.shrink(1, &stand.total) && stand.has("/few") && !stand.has("/?many"));
        assert!(stand.shelf.shrink(1, &stand.total) && !stand.shelf.shrink(1, &stand.total));
        assert_eq!(stand.total.load(Ordering::Relaxed), 0);
    }
}
