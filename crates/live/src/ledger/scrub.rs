//! Getting words that were taken back off the disk: out of the ledger's file, where SQLite leaves copies of rows that it moved, and
//! out of its write-ahead log.

use super::Ledger;
use crate::Error;
use model::Seq;
use sqlx::{Executor, Row};

impl Ledger {
    /// Wipes what is left of removed rows, and empties the write-ahead log into the file. Tells up to which entry words that were
    /// taken back are in neither now; none when a reader was in the way: try again soon.
    ///
    /// # Errors
    /// What SQLite says; [`Error::Unscoured`] when this program's SQLite cannot be asked for its pages.
    pub async fn scrub(&self) -> Result<Option<Seq>, Error> {
        // What is removed after this moment may leave copies behind the look at the pages.
        let top = self.top();
        let dirty = scour::dirty(&mut *self.0.view.pool.acquire().await?).await?;
        for some in dirty.chunks(scour::PAGES_PER_STEP_MAX) {
            let mut conn = self.0.writer.lock().await;
            // A transaction that was dropped half-way is still open on the connection.
            let _ = conn.execute("ROLLBACK").await;
            scour::wipe(&mut conn, some).await?;
        }
        let mut conn = self.0.writer.lock().await;
        let _ = conn.execute("ROLLBACK").await;
        let row = conn.fetch_one("PRAGMA wal_checkpoint(TRUNCATE)").await?;
        Ok((row.try_get::<i64, _>(0)? == 0).then_some(top))
    }
}
