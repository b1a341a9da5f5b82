//! An archive held against a whole ledger: filled anew from it, or compared with it.

use archive::{Archive, Cursor, Difference, Lines};
use async_trait::async_trait;
use live::Line;
use live::ledger::LedgerView;
use model::{Entry, Fold};

use crate::Error;

/// Entries of one step.
const LINES_MAX: usize = 1000;

/// Replaces everything that the archive holds of the ledger's event by a fold of the ledger from zero, in one
/// transaction. A strainer that runs meanwhile finds its cursor moved and goes on from there.
///
/// # Errors
/// What the ledger or the archive says; the old rows then stay.
pub async fn rebuild(archive: &dyn Archive, ledger: LedgerView) -> Result<Cursor, Error> {
    let event = ledger.eid().await?;
    let head = ledger.head().await?;
    let mut start = Cursor::new(head.epoch, 0);
    start.line = head.line.iter().map(|(epoch, seq)| (epoch.clone(), seq)).collect();
    archive.prepare().await?;
    Ok(archive.rebuild(event, Box::new(Ledger { ledger, cursor: start })).await?)
}

/// Where the archive differs from a fold of the whole ledger from zero. Nothing is the promise, once everything is
/// archived; an archive that is behind differs in its `top`.
///
/// # Errors
/// What the ledger or the archive says; [`Error::Foreign`] when they are of two logs.
pub async fn verify(archive: &dyn Archive, ledger: &LedgerView) -> Result<Vec<Difference>, Error> {
    let event = ledger.eid().await?;
    let epoch = ledger.head().await?.epoch;
    let archived = match archive.snapshot(event, u32::MAX).await? {
        None => Fold::default(),
        Some((cursor, fold)) if cursor.position.epoch == epoch => fold,
        Some((cursor, _)) => {
            return Err(Error::Foreign { event, archived: cursor.position, log: epoch.to_string() });
        }
    };
    Ok(archive::compare(&ledger.fold().await?, &archived))
}

fn entries(lines: &[Line]) -> Result<Vec<Entry>, live::Error> {
    lines.iter().map(Line::entry).collect()
}

struct Ledger {
    ledger: LedgerView,
    cursor: Cursor,
}

#[async_trait]
impl Lines for Ledger {
    async fn next(&mut self) -> Result<Option<Vec<Entry>>, Box<dyn std::error::Error + Send + Sync>> {
        let lines = self.ledger.lines(self.cursor.position.seq, LINES_MAX).await?;
        let Some(last) = lines.last().map(|line| line.seq) else { return Ok(None) };
        self.cursor = self.cursor.at(last);
        Ok(Some(entries(&lines)?))
    }

    fn cursor(&self) -> Cursor {
        self.cursor.clone()
    }
}
