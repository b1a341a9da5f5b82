//! The pump's desk: turns what a source says into commands for the sequencer, and keeps count, coverage and status on
//! the way. Decides nothing about connections.

use std::sync::Arc;
use std::time::Duration;

use chassis::clock::Clock;
use live::ledger::Account;
use metrics::counter;
use model::event::Consent;
use model::{Gap, GoneBy, Micros};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use super::counters::{Counters, REASONS_MAX};
use super::coverage::{Coverage, Saved};
use super::status::{SourceState, SourceStatus};
use crate::admit::{Admitted, Arrival, admit, author_name, is_name};
use crate::metrics as names;
use crate::sequencer::{Brought, Command, Pumped};
use crate::source::{
    AccountChange, Backfilled, BoostOf, Cursor, Deleter, Draft, Rhythm, SourceEnd, Upstream,
};

pub(super) struct Desk {
    name: Arc<str>,
    is_held: bool,
    consent: Consent,
    queue: mpsc::Sender<Command>,
    clock: Clock,
    status: watch::Sender<SourceStatus>,
    coverage: Coverage,
    counters: Counters,
    /// Why there is a hole, in words for readers.
    reason: String,
}

impl Desk {
    pub(super) fn new(
        name: Arc<str>,
        is_held: bool,
        consent: Consent,
        saved: Option<Saved>,
        queue: mpsc::Sender<Command>,
        clock: Clock,
        status: watch::Sender<SourceStatus>,
    ) -> Self {
        let coverage = Coverage::new(&name, saved, Micros(clock.now()));
        let reason = "Perihelion was not running.".to_owned();
        Self { name, is_held, consent, queue, clock, status, coverage, counters: Counters::default(), reason }
    }

    pub(super) fn state(&self, state: SourceState) {
        let now = self.now();
        self.status.send_if_modified(|status| {
            let is_new = status.state != state;
            if is_new {
                status.state = state;
                status.since = now;
            }
            is_new
        });
    }

    pub(super) fn cursor(&self) -> Option<Cursor> {
        self.coverage.saved().cursor.clone().map(Cursor)
    }

    /// A message of the stream.
    pub(super) async fn live(&mut self, message: Upstream) {
        let now = self.now();
        if let Upstream::Cursor(cursor) = message {
            if self.coverage.reached(cursor) {
                self.save().await;
            }
            return;
        }
        let is_health = message.proves_health();
        if matches!(message, Upstream::Opened) {
            self.coverage.opened();
        }
        self.take(message, false, now).await;
        // Only now: what `covered` promises has been handed over.
        if is_health {
            self.coverage.heard(now);
        }
    }

    /// A message of a backfill.
    pub(super) async fn late(&mut self, message: Upstream) {
        if let Upstream::Cursor(cursor) = message {
            if self.coverage.filled_to(cursor) {
                self.save().await;
            }
            return;
        }
        let now = self.now();
        self.take(message, true, now).await;
    }

    async fn take(&mut self, message: Upstream, is_late: bool, now: Micros) {
        match message {
            Upstream::Opened | Upstream::Cursor(_) => return,
            Upstream::Alive => {}
            Upstream::Warning { why } => self.status.send_modify(|status| status.warning = why),
            Upstream::Taken { items } => {
                counter!(names::RECEIVED).increment(items);
                self.status.send_modify(|status| status.received += items);
            }
            Upstream::Post(draft) => self.post(*draft, is_late, now).await,
            Upstream::Boost { uid, of } => self.boost(uid, of, is_late, now).await,
            Upstream::Delete { name, by } => {
                self.named(name, |name| Brought::Delete { name, by: gone_by(by) }).await;
            }
            Upstream::Counts { name, counts } => {
                self.named(name, |name| Brought::Counts { name, counts }).await;
            }
            Upstream::Account { name, change } => self.account(&name, change).await,
            Upstream::NearTag { tag, author } => {
                if is_name(&author) {
                    self.bring(Brought::NearTag { tag, author }).await;
                }
            }
            Upstream::Limit { undelivered } => self.counters.undelivered(undelivered, now),
            Upstream::Oversize { .. } => {
                self.received();
                self.counters.oversize(now);
                self.tell_rejected("oversize");
            }
            Upstream::Ignored { kind } => {
                self.received();
                self.counters.rejected(kind);
                self.tell_rejected(kind);
            }
            Upstream::Malformed { reason, sample } => {
                self.received();
                self.counters.malformed(reason, sample, now);
                self.tell_rejected(reason);
                counter!(names::REJECTED, "reason" => reason).increment(1);
                let samples = self.counters.samples().cloned().collect();
                self.status.send_modify(|status| status.samples = samples);
            }
        }
        self.status.send_modify(|status| status.heard = Some(now));
    }

    async fn post(&mut self, draft: Draft, is_late: bool, now: Micros) {
        let is_held = self.is_held;
        if let Some(admitted) = self.admit(draft, is_late, now).await {
            self.bring(Brought::Post { admitted, is_held }).await;
        }
    }

    async fn boost(&mut self, uid: String, of: BoostOf, is_late: bool, now: Micros) {
        let is_held = self.is_held;
        if !is_name(&uid) {
            self.received();
            return self.reject("identity");
        }
        match of {
            BoostOf::Name(name) => self.named(name, |name| Brought::BoostOf { uid, name }).await,
            BoostOf::Post(draft) => {
                if let Some(admitted) = self.admit(*draft, is_late, now).await {
                    self.bring(Brought::Boost { uid, admitted, is_held }).await;
                }
            }
        }
    }

    async fn admit(&mut self, draft: Draft, is_late: bool, now: Micros) -> Option<Box<Admitted>> {
        self.received();
        let uid = draft.uid.0.clone();
        match admit(draft, Arrival { source: &self.name, received: now, is_late, consent: self.consent }) {
            Ok(admitted) => {
                for what in &admitted.trimmed {
                    counter!(names::TRIMMED, "what" => *what).increment(1);
                }
                Some(Box::new(admitted))
            }
            Err(rejection) => {
                self.reject(rejection.reason());
                if rejection.is_wish() {
                    // It may have been shown before its author asked.
                    self.bring(Brought::Withdrawn { name: uid }).await;
                }
                None
            }
        }
    }

    async fn account(&mut self, name: &str, change: AccountChange) {
        let account = match change {
            AccountChange::Removed { by } => Account::Removed(gone_by(by)),
            AccountChange::Hidden => Account::Hidden,
            AccountChange::Back => Account::Back,
        };
        match author_name(name) {
            Some(name) => self.bring(Brought::Account { name, account }).await,
            None => {
                self.received();
                self.reject("identity");
            }
        }
    }

    async fn named(&mut self, name: String, brought: impl FnOnce(String) -> Brought) {
        self.received();
        if is_name(&name) { self.bring(brought(name)).await } else { self.reject("identity") }
    }

    fn received(&mut self) {
        self.counters.received();
        counter!(names::RECEIVED).increment(1);
        self.status.send_modify(|status| status.received += 1);
    }

    /// Into the totals that the dashboard sees.
    fn tell_rejected(&self, reason: &'static str) {
        self.status.send_modify(|status| {
            if status.rejected.len() < REASONS_MAX || status.rejected.contains_key(reason) {
                *status.rejected.entry(reason).or_default() += 1;
            }
        });
    }

    fn reject(&mut self, reason: &'static str) {
        self.counters.rejected(reason);
        self.tell_rejected(reason);
        counter!(names::REJECTED, "reason" => reason).increment(1);
    }

    /// A stream has ended.
    pub(super) fn ended(&mut self, end: &SourceEnd) {
        self.coverage.lost();
        self.reason = reason(end).to_owned();
        self.status.send_modify(|status| status.ends += 1);
        counter!(names::SOURCE_ENDS).increment(1);
        match end {
            SourceEnd::NeedsCredentials(_) | SourceEnd::Misconfigured(_) => {
                tracing::error!(source.name = %self.name, source.end = %end, "a source has stopped until somebody acts");
            }
            _ => tracing::info!(source.name = %self.name, source.end = %end, "a source's stream has ended"),
        }
    }

    /// A backfill has ended; says how long to wait before the next one, if there must be one.
    pub(super) async fn backfilled(&mut self, done: Backfilled, again: &mut Rhythm) -> Option<Duration> {
        let now = self.now();
        let gap = match done {
            Backfilled::Complete | Backfilled::Broken(SourceEnd::Finished) => self.coverage.filled(now),
            Backfilled::Impossible(why) => self.coverage.given_up(now, &why),
            Backfilled::Broken(SourceEnd::NeedsCredentials(why) | SourceEnd::Misconfigured(why)) => {
                tracing::error!(source.name = %self.name, source.end = %why, "the network refuses to hand out the past");
                self.coverage.given_up(now, "The network did not hand out what was missed.")
            }
            Backfilled::Broken(end) => {
                tracing::info!(source.name = %self.name, source.end = %end, "a backfill broke off");
                return super::wait_after(&end, again);
            }
        };
        super::proven(again);
        if let Some(gap) = gap {
            self.gap(gap).await;
        }
        self.save().await;
        self.state(SourceState::Live);
        None
    }

    /// Once a second: minutes are counted out, and a hole that has lasted becomes a gap.
    pub(super) async fn tick(&mut self) {
        let now = self.now();
        if let Some((minute, counted)) = self.counters.minute_over(now) {
            self.bring(Brought::Minute { minute, counted }).await;
            for gap in self.counters.losses(&self.name, now) {
                self.gap(gap).await;
            }
            self.save().await;
        }
        if self.coverage.gap_due().is_some_and(|due| due <= Instant::now())
            && let Some(gap) = self.coverage.show(&self.reason)
        {
            self.gap(gap).await;
            self.save().await;
        }
    }

    pub(super) fn into_saved(self) -> Saved {
        self.coverage.saved().clone()
    }

    /// The pump ends: what was counted since the last full minute is not lost.
    pub(super) async fn last_words(&mut self) {
        let now = self.now();
        if let Some((minute, counted)) = self.counters.minute_over(now.plus(Micros::MINUTE)) {
            self.bring(Brought::Minute { minute, counted }).await;
        }
        for gap in self.counters.losses(&self.name, now) {
            self.gap(gap).await;
        }
        self.save().await;
    }

    async fn gap(&mut self, gap: Gap) {
        counter!(names::GAPS).increment(1);
        // Both or neither: a gap that was shown and then forgotten would never be closed.
        self.bring(Brought::Gap { gap, saved: Box::new(self.coverage.saved().clone()) }).await;
    }

    async fn save(&mut self) {
        self.bring(Brought::Save(self.coverage.saved().clone())).await;
    }

    async fn bring(&mut self, what: Brought) {
        let pumped = Pumped { source: Arc::clone(&self.name), what };
        if self.queue.send(Command::Pumped(pumped)).await.is_err() {
            // The sequencer is gone, and with it soon this pump: nothing may be read that cannot be kept.
            std::future::pending::<()>().await;
        }
    }

    fn now(&self) -> Micros {
        Micros(self.clock.now())
    }
}

fn gone_by(by: Deleter) -> GoneBy {
    match by {
        Deleter::Author => GoneBy::Author,
        Deleter::Network => GoneBy::Network,
        Deleter::Law => GoneBy::Law,
    }
}

/// Why something may be missing, for readers.
fn reason(end: &SourceEnd) -> &'static str {
    match end {
        SourceEnd::Cut(_) | SourceEnd::Stalled | SourceEnd::Finished => {
            "The connection to the network was lost."
        }
        SourceEnd::Refused(_) => "The network was not able to serve us.",
        SourceEnd::Paused { .. } => "As many posts were received as the organisers allow a day.",
        SourceEnd::Throttled(_) | SourceEnd::WaitFor(_) => "The network asked us to slow down.",
        SourceEnd::NeedsCredentials(_) => "The network no longer accepts our key.",
        SourceEnd::Misconfigured(_) => "A setting of this source does not work.",
    }
}
