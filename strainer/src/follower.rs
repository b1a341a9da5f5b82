//! The loop of one event: step, wait for the bell, back off while the archive or the log is away.

use std::sync::Arc;
use std::time::Duration;

use chassis::{Backoff, Part, Shutdown};
use live::{Bell, Class, Log};

use crate::purge::Purge;
use crate::standing::Standing;
use crate::step::{Step, Stepper};
use crate::{Error, Parts, metrics};

/// What is said within this time goes into one transaction.
const GATHER: Duration = Duration::from_millis(50);
/// A person has to act before the next try can succeed.
const PERSON_WAIT: Duration = Duration::from_secs(10);

/// Archives one event.
pub(crate) struct Follower {
    stepper: Stepper,
    bell: Bell,
    slug: String,
    standing: Arc<Standing>,
    part: Part,
    stop: Shutdown,
    backoff: Backoff,
    /// What was logged last, so that each trouble is logged once.
    trouble: Option<String>,
}

impl Follower {
    pub(crate) fn new(
        log: Arc<dyn Log>,
        parts: &Parts,
        slug: String,
        standing: Arc<Standing>,
        purge: Arc<Purge>,
        stop: Shutdown,
    ) -> Self {
        // Taken before the first read, so that nothing is missed in between.
        let bell = log.bell();
        let part = parts.readiness.part(&format!("archive of {slug}"), "its cursor was not read yet");
        let stepper =
            Stepper::new(log, Arc::clone(&parts.archive), parts.history.clone(), slug.clone(), purge);
        let backoff = Backoff::exponential(Duration::from_millis(100), Duration::from_secs(3));
        Self { stepper, bell, slug, standing, part, stop, backoff, trouble: None }
    }

    pub(crate) async fn run(mut self) {
        let stop = self.stop.clone();
        while !stop.is_triggered() {
            // A step in flight is finished: it is bounded, and what it commits is then also told.
            let stepped = self.stepper.step().await;
            tokio::select! {
                () = self.rest(stepped) => {}
                () = stop.triggered() => {}
            }
        }
    }

    /// What lies between two steps.
    async fn rest(&mut self, stepped: Result<Step, Error>) {
        match stepped {
            Ok(step) => {
                self.goes_on();
                match step {
                    Step::More => {}
                    Step::UpToDate => {
                        self.bell.wait().await;
                        tokio::time::sleep(GATHER).await;
                    }
                    Step::Wait => self.bell.wait().await,
                }
            }
            Err(error) => {
                let wait = self.fails(&error);
                tokio::time::sleep(wait).await;
            }
        }
    }

    fn goes_on(&mut self) {
        let cursor = self.stepper.cursor().map(|cursor| cursor.position.clone());
        let (seq, top) = (cursor.as_ref().map_or(0, |at| at.seq), self.stepper.top());
        self.standing.is_at(cursor, top);
        let (entries, waiting) = self.standing.behind();
        metrics::behind(&self.slug, entries, waiting);
        self.part.ready();
        self.backoff.proven();
        if self.trouble.take().is_some() {
            tracing::info!(event.slug = %self.slug, seq, "archiving goes on");
        }
    }

    /// Says what is wrong, once, and how long to wait.
    fn fails(&mut self, error: &Error) -> Duration {
        let class = error.class();
        metrics::failed(&self.slug, class);
        if matches!(error, Error::Archive(archive::Error::Moved)) {
            // Another strainer was faster, or our own lost commit was done after all: look again at once.
            tracing::warn!(event.slug = %self.slug, "the archive's cursor was moved meanwhile; reading it again");
            return self.backoff.failed().min(GATHER);
        }
        let why = error.to_string();
        self.standing.is_stuck(&why);
        let (entries, waiting) = self.standing.behind();
        metrics::behind(&self.slug, entries, waiting);
        self.part.not_ready(&why);
        let is_news = self.trouble.as_deref() != Some(why.as_str());
        match class {
            Class::Retry if is_news => {
                tracing::warn!(event.slug = %self.slug, error = %why, "archiving waits");
            }
            Class::Reject | Class::Fatal if is_news => {
                tracing::error!(event.slug = %self.slug, error = %why, "archiving has stopped until that is cured");
            }
            _ => {}
        }
        self.trouble = Some(why);
        if class == Class::Retry { self.backoff.failed() } else { PERSON_WAIT }
    }
}
