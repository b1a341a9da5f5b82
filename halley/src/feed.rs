//! Keeps one channel's ring at the top of its log: the only task that reads the log all the time, and the only writer of the ring.

use std::{sync::Arc, time::Duration};

use chassis::{Backoff, Part};
use live::{
    Class, Page,
    follow::{Follow, Head, Hold, Verdict},
};
use model::{Entry, Position};

use crate::{
    Error,
    channel::Channel,
    metrics,
    ring::{Ring, RingBounds},
};

/// Entries of one read.
const READ_ENTRIES_MAX: usize = 500;
const RETRY_MAX: Duration = Duration::from_secs(2);

/// What one read led to.
#[derive(Debug, PartialEq, Eq)]
enum Progress {
    /// Read again at once.
    More,
    /// Wait for the bell.
    CaughtUp,
    /// Wait, and tell why nothing moves.
    Held(Option<Hold>),
}

/// The feed of one channel.
pub(crate) struct Feed {
    channel: Arc<Channel>,
    bounds: RingBounds,
    follow: Follow,
    /// A ring that is being filled; it takes its place when it has reached the top.
    filling: Option<Ring>,
    held: bool,
    name: String,
}

impl Feed {
    pub(crate) fn new(channel: Arc<Channel>, name: String, bounds: RingBounds) -> Self {
        Self { channel, bounds, follow: Follow::default(), filling: None, held: false, name }
    }

    /// Follows the log until the channel closes. `part` turns ready with the first validated read.
    pub(crate) async fn run(mut self, part: Part) {
        let closed = self.channel.closed();
        tokio::select! {
            () = closed => {}
            () = self.follow_log(part) => {}
        }
    }

    async fn follow_log(&mut self, part: Part) {
        let log = self.channel.log().clone();
        let mut bell = log.bell();
        let mut backoff = Backoff::exponential(Duration::from_millis(100), RETRY_MAX);
        ::metrics::gauge!(metrics::HELD, "event" => self.name.clone()).set(0.0);
        loop {
            let read = log.read(self.follow.after(), READ_ENTRIES_MAX).await.map_err(Error::from);
            match read.and_then(|page| self.take_over(page)) {
                Ok(Progress::More) => backoff.proven(),
                Ok(Progress::CaughtUp) => {
                    backoff.proven();
                    part.ready();
                    self.tell_held(None);
                    bell.wait().await;
                }
                Ok(Progress::Held(why)) => {
                    self.tell_held(Some(why));
                    bell.wait().await;
                }
                Err(error) => {
                    self.tell_error(&error, backoff.failures());
                    tokio::time::sleep(backoff.failed()).await;
                }
            }
        }
    }

    /// Does as the log's rules say with one read.
    fn take_over(&mut self, page: Option<Page>) -> Result<Progress, Error> {
        let Some(page) = page else { return Ok(Progress::Held(None)) };
        let entries = page.lines.iter().map(live::Line::entry).collect::<Result<Vec<Entry>, _>>()?;
        match self.follow.judge(&page.head, page.after, entries.len()) {
            Verdict::Hold(hold) => return Ok(Progress::Held(Some(hold))),
            Verdict::Reread => return Ok(Progress::More),
            Verdict::Anew { append, .. } => self.begin(&page.head, append, &entries),
            Verdict::Append => self.append(&page.head, &entries),
        }
        ::metrics::counter!(metrics::TAKEN).increment(entries.len() as u64);
        if self.follow.after() < page.head.top {
            return Ok(Progress::More);
        }
        if let Some(ring) = self.filling.take() {
            self.channel.replace(ring);
        }
        self.tell_size();
        Ok(Progress::CaughtUp)
    }

    /// Begins a ring late enough in the log that what follows fits.
    fn begin(&mut self, head: &Head, append: bool, entries: &[Entry]) {
        let start = Ring::start(head.base, head.top, &self.bounds);
        self.filling = Some(Ring::new(head.epoch.clone(), head.base, start, self.bounds));
        if start == head.base && append {
            self.append(head, entries);
        } else {
            self.follow = Follow::from(Position { epoch: head.epoch.clone(), seq: start });
        }
    }

    fn append(&mut self, head: &Head, entries: &[Entry]) {
        match &mut self.filling {
            None => self.channel.append(&head.epoch, entries, head.base),
            Some(ring) => {
                ring.trimmed(head.base);
                for entry in entries {
                    ring.append(crate::frame::Frame::encode(&head.epoch, entry), entry.voids());
                }
            }
        }
    }

    fn tell_size(&self) {
        let (entries, bytes) = self.channel.size();
        ::metrics::gauge!(metrics::RING_ENTRIES, "event" => self.name.clone()).set(entries as f64);
        ::metrics::gauge!(metrics::RING_BYTES, "event" => self.name.clone()).set(bytes as f64);
    }

    /// Says once when the log stands still, and once when it moves again.
    fn tell_held(&mut self, why: Option<Option<Hold>>) {
        let is_held = why.is_some();
        if is_held == self.held {
            return;
        }
        self.held = is_held;
        ::metrics::gauge!(metrics::HELD, "event" => self.name.clone()).set(f64::from(u8::from(is_held)));
        match why {
            None => tracing::info!(event = self.name, "the live log moves again"),
            Some(Some(hold)) if hold.is_alarm() => {
                tracing::error!(
                    event = self.name,
                    ?hold,
                    "the store holds another log than ours; pages keep what they have"
                );
            }
            Some(hold) => {
                tracing::warn!(event = self.name, ?hold, "the live log is behind; pages keep what they have");
            }
        }
    }

    fn tell_error(&self, error: &Error, failures: u32) {
        ::metrics::counter!(metrics::READ_ERRORS).increment(1);
        let is_first = failures == 0;
        match error.class() {
            Class::Fatal if is_first => {
                tracing::error!(event = self.name, %error, "the live log cannot be read");
            }
            _ if is_first => {
                tracing::warn!(event = self.name, %error, "the live log cannot be read; trying again");
            }
            _ => tracing::debug!(event = self.name, %error, failures, "the live log still cannot be read"),
        }
    }
}
