//! One step of one event: look at the cursor, read what is behind it, write it in one transaction.

use std::sync::Arc;
use std::time::{Duration, Instant};

use archive::{Archive, Batch, Cursor};
use live::follow::{self, CursorStep, Head};
use live::reached::takes_back;
use live::{Line, Log, Page};
use model::{Entry, Seq};

use crate::purge::Purge;
use crate::{Error, History};

/// Entries of one transaction.
pub(crate) const BATCH_ENTRIES_MAX: usize = 500;
/// The archive may have been restored from a backup, or moved by another strainer, while nothing was written.
const CURSOR_FRESH: Duration = Duration::from_secs(5);

/// What a step came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// A full batch was written; there is probably more.
    More,
    /// Everything that there was is written.
    UpToDate,
    /// The tail was rolled back behind the cursor, or is not there; the nozzle cures that.
    Wait,
}

/// Where the archive stands, as far as this process knows.
enum Known {
    Not,
    At(Option<Cursor>, Instant),
}

/// Steps through one event's log.
pub(crate) struct Stepper {
    log: Arc<dyn Log>,
    archive: Arc<dyn Archive>,
    history: Option<Arc<dyn History>>,
    slug: String,
    purge: Arc<Purge>,
    known: Known,
    top: Seq,
}

impl Stepper {
    pub(crate) fn new(
        log: Arc<dyn Log>,
        archive: Arc<dyn Archive>,
        history: Option<Arc<dyn History>>,
        slug: String,
        purge: Arc<Purge>,
    ) -> Self {
        Self { log, archive, history, slug, purge, known: Known::Not, top: 0 }
    }

    /// The archive's cursor as last seen.
    pub(crate) fn cursor(&self) -> Option<&Cursor> {
        match &self.known {
            Known::At(cursor, _) => cursor.as_ref(),
            Known::Not => None,
        }
    }

    /// The log's top as last seen.
    pub(crate) fn top(&self) -> Seq {
        self.top
    }

    /// Whatever it came to, an error means that the cursor must be read again: a commit whose answer was lost may have
    /// moved it, and so may another strainer.
    pub(crate) async fn step(&mut self) -> Result<Step, Error> {
        let stepped = self.try_step().await;
        if stepped.is_err() {
            self.known = Known::Not;
        }
        stepped
    }

    async fn try_step(&mut self) -> Result<Step, Error> {
        let cursor = self.read_cursor().await?;
        let after = cursor.as_ref().map_or(0, |cursor| cursor.position.seq);
        let Some(page) = self.log.read(after, BATCH_ENTRIES_MAX).await? else { return Ok(Step::Wait) };
        self.top = page.head.top;
        match follow::cursor(cursor.as_ref().map(|cursor| &cursor.position), &page.head) {
            // A read that was overtaken by a trim begins later; the next one is told to go to the ledger.
            CursorStep::Tail(after) if page.after != after => Ok(Step::More),
            CursorStep::Tail(_) => self.write(cursor, page.head, &page.lines).await,
            CursorStep::Ledger { after, base } => {
                let Page { head, lines, .. } = self.ask_ledger(&page.head, after, base).await?;
                self.write(cursor, head, &lines).await
            }
            CursorStep::Wait => Ok(Step::Wait),
            CursorStep::Foreign => Err(match cursor {
                Some(cursor) => Error::Foreign {
                    event: self.log.eid(),
                    archived: cursor.position,
                    log: page.head.epoch.to_string(),
                },
                None => Error::Torn,
            }),
        }
    }

    async fn read_cursor(&mut self) -> Result<Option<Cursor>, Error> {
        if let Known::At(cursor, read) = &self.known
            && read.elapsed() < CURSOR_FRESH
        {
            return Ok(cursor.clone());
        }
        let cursor = self.archive.cursor(self.log.eid()).await?;
        self.known = Known::At(cursor.clone(), Instant::now());
        if let Some(cursor) = &cursor {
            self.purge.is_at(self.log.eid(), &cursor.position, false);
        }
        // Said again now and then: a flush of Redis forgets it.
        self.tell(cursor.as_ref()).await;
        Ok(cursor)
    }

    async fn ask_ledger(&self, tail: &Head, after: Seq, base: Seq) -> Result<Page, Error> {
        let history = self.history.as_ref().ok_or(Error::NoHistory { after, base })?;
        let page = history.lines(self.log.eid(), after, BATCH_ENTRIES_MAX).await?;
        let begins_behind_cursor =
            page.after == after && page.lines.first().is_none_or(|line| line.seq == after + 1);
        if page.head.epoch != tail.epoch || !begins_behind_cursor { Err(Error::Torn) } else { Ok(page) }
    }

    async fn write(&mut self, from: Option<Cursor>, head: Head, lines: &[Line]) -> Result<Step, Error> {
        let Some(last) = lines.last() else { return Ok(Step::UpToDate) };
        let mut to = Cursor::new(head.epoch, last.seq);
        to.line = head.line.iter().map(|(epoch, seq)| (epoch.clone(), seq)).collect();
        let entries: Vec<Entry> = lines.iter().map(Line::entry).collect::<Result<_, _>>()?;
        let started = Instant::now();
        let batch = Batch { event: self.log.eid(), from, entries: entries.into(), to: to.clone() };
        let took_back = batch.entries.iter().any(takes_back);
        self.archive.write(batch).await?;
        self.purge.is_at(self.log.eid(), &to.position, took_back);
        crate::metrics::committed(&self.slug, lines.len(), started.elapsed());
        self.known = Known::At(Some(to), Instant::now());
        self.tell(self.cursor()).await;
        Ok(if lines.len() == BATCH_ENTRIES_MAX { Step::More } else { Step::UpToDate })
    }

    /// Tells the log how far the archive is. Only a trim depends on it, so a failure costs nothing.
    async fn tell(&self, cursor: Option<&Cursor>) {
        let Some(cursor) = cursor else { return };
        if let Err(error) = self.log.archived(&cursor.position).await {
            tracing::debug!(event.slug = %self.slug, %error, "the log was not told how far the archive is");
        }
    }
}
