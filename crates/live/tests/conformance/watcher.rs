//! A reader as halley and the site are one: it follows by the bell and the rule, and notes everything that it sees.

use crate::kit::PATIENCE;
use live::follow::{Follow, Hold, Verdict};
use live::{Line, Log, Store};
use model::{Entry, EventId, Fold, Position, Seq};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};
use tokio_util::task::AbortOnDropHandle;

/// What a watcher saw.
#[derive(Default)]
pub(crate) struct Seen {
    /// What it holds now, overwritten where words were taken back.
    pub(crate) ring: BTreeMap<Seq, String>,
    /// Every number in the order of its arrival.
    pub(crate) order: Vec<Seq>,
    pub(crate) fold: Fold,
    pub(crate) at: Option<Position>,
    pub(crate) begun_anew: u32,
    pub(crate) holds: Vec<Hold>,
}

pub(crate) struct Watcher {
    seen: Arc<Mutex<Seen>>,
    _task: AbortOnDropHandle<()>,
}

impl Watcher {
    pub(crate) async fn start(store: Arc<dyn Store>, eid: EventId) -> Self {
        Self::resume(store, eid, None).await
    }

    /// Goes on from a position whose entries are taken as held.
    pub(crate) async fn resume(store: Arc<dyn Store>, eid: EventId, at: Option<Position>) -> Self {
        let log = store.log(eid).await.unwrap();
        let seen = Arc::new(Mutex::new(Seen {
            fold: Fold::at(at.as_ref().map_or(0, |p| p.seq)),
            ..Seen::default()
        }));
        let task = tokio::spawn(follow(log, at, Arc::clone(&seen)));
        Self { seen, _task: AbortOnDropHandle::new(task) }
    }

    pub(crate) fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap()
    }

    /// Waits until it stands at this position or beyond.
    pub(crate) async fn reaches(&self, epoch: &model::Epoch, seq: Seq) {
        let deadline = Instant::now() + PATIENCE;
        while !self.seen().at.as_ref().is_some_and(|at| at.epoch == *epoch && at.seq >= seq) {
            assert!(Instant::now() < deadline, "a watcher reaches {seq}; it stands at {:?}", self.seen().at);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Each number from `first` to `last` once and in order.
    pub(crate) fn saw_each_once(&self, first: Seq, last: Seq) {
        assert_eq!(self.seen().order, (first..=last).collect::<Vec<_>>());
    }
}

async fn follow(log: Arc<dyn Log>, at: Option<Position>, seen: Arc<Mutex<Seen>>) {
    let mut bell = log.bell();
    let mut follow = at.map_or_else(Follow::default, Follow::from);
    loop {
        let mut is_more = false;
        if let Ok(Some(page)) = log.read(follow.after(), 100).await {
            let mut seen = seen.lock().unwrap();
            match follow.judge(&page.head, page.after, page.lines.len()) {
                Verdict::Hold(hold) => seen.holds.push(hold),
                Verdict::Reread => is_more = true,
                Verdict::Anew { base, append } => {
                    let begun_anew = seen.begun_anew + 1;
                    *seen = Seen { fold: Fold::at(base), begun_anew, ..Seen::default() };
                    is_more = true;
                    if append {
                        seen.append(page.lines);
                    }
                }
                Verdict::Append => {
                    is_more = !page.lines.is_empty();
                    seen.append(page.lines);
                }
            }
            seen.at = follow.position().cloned();
        }
        if !is_more {
            bell.wait().await;
        }
    }
}

impl Seen {
    fn append(&mut self, lines: Vec<Line>) {
        for line in lines {
            let entry = line.entry().unwrap();
            self.order.push(line.seq);
            self.ring.insert(line.seq, String::from_utf8(line.json.to_vec()).unwrap());
            for void in entry.voids() {
                if let Some(old) = self.ring.get_mut(void) {
                    *old = serde_json::to_string(&Entry::void(*void)).unwrap();
                }
            }
            self.fold.apply(&entry);
        }
    }
}
