//! A walk through a window of upload times, oldest first, page by page. After 4,000 results Flickr's pages repeat: a
//! window that holds more is cut in two.

use std::collections::HashSet;

use model::Micros;

use super::known::Change;
use super::photo::Photo;
use super::rest::{Order, Window};
use super::{Flickr, name};
use crate::source::{Backfilled, Outlet, Revision, Since, SourceEnd, Upstream};
use crate::wire::answer::now;

/// Results of one query; beyond them pages repeat.
const RESULTS_MAX: usize = 4000;
/// Pages of one window, however small they come.
const PAGES_MAX: usize = 40;
/// Windows of one walk.
const WINDOWS_MAX: usize = 256;
/// How far before the newest known upload a window begins, in seconds: photos reach the search minutes after their upload,
/// and not in order.
pub(super) const OVERLAP: i64 = 3600;
/// How far in the future an upload time is believed, in seconds.
const FUTURE_MAX: i64 = 300;
/// When Flickr began, in seconds.
const FLICKR_BEGAN: i64 = 1_072_915_200;

/// One walk.
pub(super) struct Walk<'a> {
    source: &'a Flickr,
    out: &'a Outlet,
    is_backfill: bool,
    /// Ids that it found.
    pub(super) seen: HashSet<String>,
    /// Newest upload time that it found.
    pub(super) newest: Option<i64>,
    /// Photos that exist and that Flickr did not hand out.
    pub(super) undelivered: usize,
}

/// How much of a window was had.
enum Covered {
    All,
    /// More than one query hands out; so many were not had.
    Part(usize),
    /// A page came again before all was had.
    Repeated(usize),
}

impl<'a> Walk<'a> {
    pub(super) fn new(source: &'a Flickr, out: &'a Outlet, is_backfill: bool) -> Self {
        Self { source, out, is_backfill, seen: HashSet::new(), newest: None, undelivered: 0 }
    }

    /// Tells what is in the window.
    pub(super) async fn run(&mut self, window: Window) -> Result<(), SourceEnd> {
        let mut ahead = vec![window];
        let mut windows = 1;
        while let Some(window) = ahead.pop() {
            let halves = halves(window, seconds_now()).filter(|_| windows + 2 <= WINDOWS_MAX);
            match self.window(window, halves.is_some()).await? {
                Covered::All => {}
                Covered::Part(beyond) => match halves {
                    Some((early, late)) => {
                        windows += 2;
                        ahead.extend([late, early]);
                        continue;
                    }
                    None => self.undelivered += beyond,
                },
                Covered::Repeated(beyond) => {
                    self.undelivered += beyond;
                    self.out.send(Upstream::Ignored { kind: "repeated_page" }).await;
                }
            }
            if self.is_backfill && self.newest.is_some() && !ahead.is_empty() {
                self.source.reached(self.newest, self.out).await;
            }
        }
        Ok(())
    }

    async fn window(&mut self, window: Window, may_split: bool) -> Result<Covered, SourceEnd> {
        let mut here = HashSet::new();
        for number in 1..=PAGES_MAX {
            let page = self.source.api.search(window, number, Order::OldestFirst).await?;
            if !self.is_backfill {
                self.out.send(Upstream::Alive).await;
            }
            let beyond = |here: &HashSet<String>| page.total.saturating_sub(here.len());
            if may_split && page.total > RESULTS_MAX {
                return Ok(Covered::Part(page.total));
            }
            if page.photos.is_empty() {
                return Ok(Covered::All);
            }
            let before = here.len();
            here.extend(page.photos.iter().flatten().map(|photo| photo.id.clone()));
            let is_readable = page.photos.iter().any(Result::is_ok);
            if is_readable && here.len() == before {
                return Ok(Covered::Repeated(beyond(&here)));
            }
            let (total, is_last) = (page.total, page.pages > 0 && number >= page.pages);
            self.tell(page.photos).await;
            if is_last || !is_readable || here.len() >= total {
                return Ok(Covered::All);
            }
            if here.len() >= RESULTS_MAX {
                return Ok(Covered::Part(total - here.len()));
            }
        }
        Ok(Covered::Part(0))
    }

    async fn tell(&mut self, photos: Vec<Result<Photo, Upstream>>) {
        for photo in photos {
            match photo {
                Err(malformed) => self.out.send(malformed).await,
                Ok(photo) => {
                    let is_new = self.seen.insert(photo.id.clone());
                    self.newest = self.newest.max(photo.uploaded.filter(|at| is_past(*at)));
                    if is_new && let Some(message) = self.message(photo) {
                        self.out.send(message).await;
                    }
                }
            }
        }
    }

    /// What there is to say about a photo.
    fn message(&self, mut photo: Photo) -> Option<Upstream> {
        let mut known = self.source.known();
        if !photo.is_public {
            return (known.look(&photo) == Change::New).then_some(Upstream::Ignored { kind: "not_public" });
        }
        let edited = photo.updated.map_or(Revision::Newer, Revision::EditedAt);
        photo.draft.revision = if self.is_backfill {
            // The log may hold older words: they are compared where they are.
            if known.told(&photo) { edited } else { Revision::Newer }
        } else {
            match known.look(&photo) {
                Change::New => Revision::Original,
                Change::Unsure => Revision::Newer,
                Change::Edited => edited,
                Change::Counts => {
                    return Some(Upstream::Counts { name: name(&photo.id), counts: photo.draft.counts });
                }
                Change::Nothing => return None,
            }
        };
        Some(Upstream::Post(Box::new(photo.draft)))
    }
}

/// Tells everything since a cursor.
pub(super) async fn backfill(source: &Flickr, since: &Since, out: &Outlet) -> Backfilled {
    let from = source.begin(since);
    let mut walk = Walk::new(source, out, true);
    if let Err(end) = walk.run(Window { from: Some(from).filter(|at| *at > 0), to: None }).await {
        return Backfilled::Broken(end);
    }
    source.reached(walk.newest, out).await;
    match walk.undelivered {
        0 => Backfilled::Complete,
        n => Backfilled::Impossible(format!("Flickr did not hand out {n} photos that it counts")),
    }
}

/// Both halves of a window; they share the second in the middle. `None` when it cannot be cut.
fn halves(window: Window, now: i64) -> Option<(Window, Window)> {
    let (from, to) = (window.from.unwrap_or(FLICKR_BEGAN), window.to.unwrap_or(now));
    let middle = from.checked_add(to.checked_sub(from).filter(|span| *span > 1)? / 2)?;
    Some((Window { to: Some(middle), ..window }, Window { from: Some(middle), ..window }))
}

fn seconds_now() -> i64 {
    now().0.div_euclid(Micros::SECOND)
}

/// Whether an upload time can be: one in the future would move the windows beyond what is still to come.
pub(super) fn is_past(uploaded: i64) -> bool {
    uploaded <= seconds_now() + FUTURE_MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_cut_until_it_holds_two_seconds() {
        let window = |from, to| Window { from, to };
        let (early, late) = halves(window(Some(10), None), 20).unwrap();
        assert_eq!((early, late), (window(Some(10), Some(15)), window(Some(15), None)));
        assert_eq!(halves(window(Some(10), Some(11)), 20), None);
        assert_eq!(halves(window(Some(30), None), 20), None);
        assert!(halves(window(None, Some(FLICKR_BEGAN + 2)), 0).is_some());
        assert_eq!(halves(window(Some(i64::MIN), Some(i64::MAX)), 0), None);
    }
}
