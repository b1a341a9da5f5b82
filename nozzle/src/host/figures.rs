//! An event in figures, kept up by its nozzle: facts of the log are folded from it ([`model::Figures`]), so they are exact after every restart;
//! the most viewers there ever were at once lie in the ledger as a note. What is told goes into the status record, the metrics, and the live
//! store, where the public pages read it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use chassis::clock::Clock;
use live::ledger::Ledger;
use live::{LINES_MAX, Store};
use metrics::{gauge, histogram};
use model::{Entry, EventId, Figures, Gap, Kind, MINUTES_MAX, Micros};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::task::AbortOnDropHandle;

use super::event::Event;
use crate::metrics as names;

/// How often the log is read on.
const EVERY: Duration = Duration::from_secs(1);
/// How often the figures are put into the live store although nothing has changed: a flush forgets them.
const AGAIN_EVERY: Duration = Duration::from_secs(10);
/// A rising crowd is written down so often at most.
const PEAK_EVERY: Duration = Duration::from_secs(5);
/// Gaps of each sort that are told one by one.
const GAPS_MAX: usize = 20;
/// Name of the ledger's note about the most viewers.
const PEAK_NOTE: &str = "viewers.peak";

/// The most viewers at once, and when that was first so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Peak {
    viewers: u64,
    at: Micros,
}

/// What one source came to.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
struct SourceFigures {
    name: String,
    /// Public posts of it.
    posts: u64,
    received: u64,
    new: u64,
    duplicate: u64,
    held: u64,
    changed: u64,
    rejected: u64,
    /// Received, and nobody can say what became of it.
    missing: u64,
}

/// A window in which something may be missing.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct GapFigures {
    source: String,
    from: Micros,
    to: Option<Micros>,
    reason: String,
    count: Option<u64>,
}

/// Gaps by what has become of them.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
struct Gaps {
    /// May still be filled: how many, and the newest of them.
    open: u64,
    /// Can never be filled.
    unfillable: u64,
    /// Were filled.
    filled: u64,
    /// Posts that networks say they kept from us.
    known_lost: u64,
    newest: Vec<GapFigures>,
}

/// Everything that is told of an event.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(super) struct Told {
    /// The entry up to which everything is counted.
    top: u64,
    posts: u64,
    /// Posts that belong into the archive, too.
    archived: u64,
    people: u64,
    viewers: u64,
    peak: Option<Peak>,
    busiest: Option<(Micros, u64)>,
    /// Items of the last hour by minute, oldest first; the last one is not over.
    minutes: Vec<u64>,
    sources: Vec<SourceFigures>,
    gaps: Gaps,
}

/// The figures of all events, each with its task. Dropping this ends them.
#[derive(Default)]
pub(super) struct Keepers(HashMap<EventId, Kept>);

struct Kept {
    told: watch::Receiver<Told>,
    viewers: watch::Sender<u64>,
    _task: AbortOnDropHandle<()>,
}

impl Keepers {
    /// Forgets the events that are not served any more.
    pub(super) fn only(&mut self, events: &[Arc<Event>]) {
        self.0.retain(|eid, _| events.iter().any(|event| event.eid() == *eid));
    }

    /// What is told of an event, that many being there to see it now. The first time there is nothing to tell yet.
    pub(super) fn of(
        &mut self,
        event: &Arc<Event>,
        viewers: u64,
        store: &Arc<dyn Store>,
        clock: &Clock,
    ) -> Told {
        let kept = self.0.entry(event.eid()).or_insert_with(|| {
            let (told, seen) = watch::channel(Told::default());
            let (sender, watching) = watch::channel(viewers);
            let keeper = Keeper::new(event, store, clock, watching);
            Kept {
                told: seen,
                viewers: sender,
                _task: AbortOnDropHandle::new(tokio::spawn(keeper.run(told))),
            }
        });
        kept.viewers.send_replace(viewers);
        kept.told.borrow().clone()
    }
}

/// One event's figures.
struct Keeper {
    event: std::sync::Weak<Event>,
    ledger: Ledger,
    store: Arc<dyn Store>,
    clock: Clock,
    viewers: watch::Receiver<u64>,
    figures: Figures,
    peak: Peak,
    /// Entries from then on are as old as they look: those before were read out of the ledger.
    began: Micros,
    peak_written: Option<(Instant, Peak)>,
    put: Option<(Instant, String)>,
}

impl Keeper {
    fn new(event: &Arc<Event>, store: &Arc<dyn Store>, clock: &Clock, viewers: watch::Receiver<u64>) -> Self {
        Self {
            event: Arc::downgrade(event),
            ledger: event.ledger.clone(),
            store: Arc::clone(store),
            clock: clock.clone(),
            viewers,
            figures: Figures::default(),
            peak: Peak::default(),
            began: Micros(clock.now()),
            peak_written: None,
            put: None,
        }
    }

    async fn run(mut self, told: watch::Sender<Told>) {
        let mut tick = interval(EVERY);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut trouble = None;
        loop {
            tick.tick().await;
            match self.turn().await {
                Ok(now) => {
                    trouble = None;
                    told.send_replace(now);
                }
                Err(error) => {
                    let why = error.to_string();
                    if trouble.as_ref() != Some(&why) {
                        tracing::warn!(event.eid = %self.ledger.eid(), error = %why, "an event's figures are not kept up");
                    }
                    trouble = Some(why);
                }
            }
        }
    }

    async fn turn(&mut self) -> Result<Told, live::Error> {
        self.read_on().await?;
        self.raise_peak().await?;
        let now = self.told();
        if let Some(event) = self.event.upgrade() {
            let view = event.view();
            if let Some(slug) = view.event.map(|event| event.slug) {
                tell(&slug, &now);
            }
            if event.is_owned() {
                self.put(&now).await?;
            }
        }
        Ok(now)
    }

    async fn read_on(&mut self) -> Result<(), live::Error> {
        loop {
            let lines = self.ledger.view().lines(self.figures.top(), LINES_MAX).await?;
            for line in &lines {
                let entry = line.entry()?;
                self.figures.apply(&entry);
                self.measure(&entry);
            }
            if lines.len() < LINES_MAX {
                return Ok(());
            }
        }
    }

    /// How old a new post was when it was committed.
    fn measure(&self, entry: &Entry) {
        let Kind::Post(post) = &entry.kind else { return };
        if entry.at > self.began && !post.item.late {
            let seconds = entry.at.since(post.item.when) as f64 / 1e6 / self.clock.pace().speed;
            histogram!(names::SOURCE_TO_COMMIT).record(seconds.max(0.0));
        }
    }

    /// Remembers the most viewers. The first look is at what the ledger remembers.
    async fn raise_peak(&mut self) -> Result<(), live::Error> {
        if self.peak_written.is_none() {
            let note = self.ledger.view().note(PEAK_NOTE).await?;
            let noted = note.and_then(|json| serde_json::from_str(&json).ok()).unwrap_or_default();
            (self.peak, self.peak_written) = (noted, Some((Instant::now() - PEAK_EVERY, noted)));
        }
        let viewers = *self.viewers.borrow();
        if viewers > self.peak.viewers {
            self.peak = Peak { viewers, at: Micros(self.clock.now()) };
        }
        let is_due =
            self.peak_written.is_some_and(|(at, peak)| peak != self.peak && at.elapsed() >= PEAK_EVERY);
        if is_due {
            let mut txn = self.ledger.begin().await?;
            txn.set_note(PEAK_NOTE, &serde_json::to_string(&self.peak)?).await?;
            txn.commit().await?;
            self.peak_written = Some((Instant::now(), self.peak));
        }
        Ok(())
    }

    async fn put(&mut self, now: &Told) -> Result<(), live::Error> {
        let json = serde_json::to_string(now)?;
        let is_known = self.put.as_ref().is_some_and(|(at, put)| *put == json && at.elapsed() < AGAIN_EVERY);
        if !is_known && let Err(error) = self.store.put_figures(self.ledger.eid(), &json).await {
            tracing::debug!(%error, "an event's figures cannot be put into the live store just now");
            return Ok(());
        }
        if !is_known {
            self.put = Some((Instant::now(), json));
        }
        Ok(())
    }

    fn told(&self) -> Told {
        let figures = &self.figures;
        let now = Micros(self.clock.now());
        let source = |(name, account): (&str, &model::Account)| SourceFigures {
            name: name.to_owned(),
            posts: account.posts,
            received: account.counts.received,
            new: account.counts.new,
            duplicate: account.counts.duplicate,
            held: account.counts.held,
            changed: account.counts.changed.unwrap_or(0),
            rejected: account.counts.rejected.values().sum(),
            missing: account.missing(),
        };
        Told {
            top: figures.top(),
            posts: figures.posts(),
            archived: figures.archived(),
            people: figures.people(),
            viewers: *self.viewers.borrow(),
            peak: Some(self.peak).filter(|peak| peak.viewers > 0),
            busiest: figures.busiest().map(|busiest| (busiest.minute, busiest.items)),
            minutes: figures.last_minutes(now, MINUTES_MAX),
            sources: figures.accounts().into_iter().map(source).collect(),
            gaps: gaps(figures.gaps().values()),
        }
    }
}

fn gaps<'a>(all: impl Iterator<Item = &'a Gap>) -> Gaps {
    let (mut sum, mut newest) = (Gaps::default(), Vec::new());
    for gap in all {
        match (gap.closed, gap.to) {
            (true, _) => sum.filled += 1,
            (false, None) => sum.open += 1,
            (false, Some(_)) => {
                sum.unfillable += 1;
                sum.known_lost += gap.count.unwrap_or(0);
            }
        }
        if !gap.closed {
            newest.push(gap);
        }
    }
    newest.sort_by_key(|gap| std::cmp::Reverse((gap.to.is_none(), gap.from)));
    let told = |gap: &Gap| GapFigures {
        source: gap.source.clone(),
        from: gap.from,
        to: gap.to,
        reason: gap.reason.clone(),
        count: gap.count,
    };
    sum.newest = newest.into_iter().take(GAPS_MAX).map(told).collect();
    sum
}

fn tell(slug: &str, now: &Told) {
    let missing: u64 = now.sources.iter().map(|source| source.missing).sum();
    for (name, value) in [
        (names::POSTS, now.posts),
        (names::PEOPLE, now.people),
        (names::VIEWERS, now.viewers),
        (names::VIEWERS_PEAK, now.peak.map_or(0, |peak| peak.viewers)),
        (names::GAPS_OPEN, now.gaps.open),
        (names::GAPS_UNFILLABLE, now.gaps.unfillable),
        (names::MISSING, missing),
    ] {
        gauge!(name, "event" => slug.to_owned()).set(value as f64);
    }
}

/// How many viewers the halleys of this store tell of for an event.
pub(super) fn viewers(statuses: &[(String, serde_json::Value)], slug: &str) -> u64 {
    let halleys = statuses.iter().filter(|(key, _)| key.starts_with("status:halley:"));
    let counts = halleys.filter_map(|(_, record)| record["events"][slug]["viewers"].as_object());
    counts.flat_map(|counts| counts.values()).filter_map(serde_json::Value::as_u64).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gap(to: Option<i64>, closed: bool, count: Option<u64>) -> Gap {
        let (id, source, reason) =
            (format!("{to:?}{closed}"), "s".to_owned(), "The line was cut.".to_owned());
        Gap { id, source, from: Micros(1), to: to.map(Micros), reason, count, closed }
    }

    #[test]
    fn gaps_are_told_by_what_has_become_of_them_open_ones_first() {
        let all = [gap(Some(5), false, Some(7)), gap(None, false, None), gap(Some(9), true, Some(3))];
        let told = gaps(all.iter());
        assert_eq!((told.open, told.unfillable, told.filled, told.known_lost), (1, 1, 1, 7));
        assert_eq!(told.newest.iter().map(|gap| gap.to).collect::<Vec<_>>(), [None, Some(Micros(5))]);
        let many: Vec<Gap> = (0..100).map(|n| gap(Some(n), false, None)).collect();
        assert_eq!(gaps(many.iter()).newest.len(), GAPS_MAX);
    }

    #[test]
    fn viewers_are_those_of_all_halleys_for_this_event_and_of_nobody_else() {
        let record = |json: &str| serde_json::from_str(json).expect("JSON");
        let statuses = [
            (
                "status:halley:a".to_owned(),
                record(
                    r#"{"events":{"fest":{"viewers":{"ws":3,"sse":1,"poll":2}},"other":{"viewers":{"ws":9}}}}"#,
                ),
            ),
            ("status:halley:b".to_owned(), record(r#"{"events":{"fest":{"viewers":{"ws":4}}}}"#)),
            ("status:site:c".to_owned(), record(r#"{"events":{"fest":{"viewers":{"ws":100}}}}"#)),
        ];
        assert_eq!((viewers(&statuses, "fest"), viewers(&statuses, "none")), (10, 0));
    }
}
