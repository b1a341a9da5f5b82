//! Getting removed words off the disk: out of the search index, out of the file, where SQLite leaves copies of rows that it moved,
//! and out of the write-ahead log. In small steps, so that the archive goes on being written and read meanwhile.

use sqlx::{Executor as _, Pool, Row as _, Sqlite, SqliteConnection};

use crate::Error;
use crate::contract::Purged;
use crate::writer::Writer;

/// Where a row of the index stands that makes it merge; no item can be said so late.
const FILLER: i64 = i64::MAX;
/// Pages of the index that one step writes anew.
const PAGES_PER_STEP: i64 = 64;
/// Most steps: an index of two gigabytes.
const STEPS_MAX: usize = 8_000;

/// See the module. None when a reader was in the way of the last step.
pub(super) async fn purge(writer: &Writer<Sqlite>, readers: &Pool<Sqlite>) -> Result<Option<Purged>, Error> {
    merge_index(writer).await?;
    let dirty = scour::dirty(&mut *readers.acquire().await?).await?;
    for some in dirty.chunks(scour::PAGES_PER_STEP_MAX) {
        let mut turn = writer.turn().await?;
        scour::wipe(turn.connection(), some).await?;
        turn.keep();
    }
    let mut turn = writer.turn().await?;
    let row = turn.connection().fetch_one("PRAGMA wal_checkpoint(TRUNCATE)").await?;
    let is_done = row.try_get::<i64, _>(0)? == 0;
    turn.keep();
    Ok(is_done.then_some(Purged::Wiped))
}

/// Writes the whole index anew. FTS5's `secure-delete` takes a removed row out of the index at once, but the last term of a page
/// stays behind without a row (a `secure-delete` that ends with its page does not see that the term has no other row). An index
/// in one piece would not be written anew at all, so a row is put beside it first.
async fn merge_index(writer: &Writer<Sqlite>) -> Result<(), Error> {
    step(writer, "INSERT OR REPLACE INTO item_terms (rowid, terms) VALUES ($1, '\u{e000}')", FILLER).await?;
    const MERGE: &str = "INSERT INTO item_terms (item_terms, rank) VALUES ('merge', $1)";
    step(writer, MERGE, -PAGES_PER_STEP).await?;
    for _ in 0..STEPS_MAX {
        // Merging nothing changes one row: the one that is said to be inserted.
        if step(writer, MERGE, PAGES_PER_STEP).await? < 2 {
            break;
        }
    }
    step(writer, "DELETE FROM item_terms WHERE rowid = $1", FILLER).await?;
    Ok(())
}

/// One statement in a turn of its own; tells how many rows it changed, those of the index's own tables included.
async fn step(writer: &Writer<Sqlite>, sql: &'static str, value: i64) -> Result<i64, Error> {
    let mut turn = writer.turn().await?;
    let before = changes(turn.connection()).await?;
    sqlx::query(sql).bind(value).execute(turn.connection()).await?;
    let after = changes(turn.connection()).await?;
    turn.keep();
    Ok(after - before)
}

async fn changes(connection: &mut SqliteConnection) -> Result<i64, sqlx::Error> {
    connection.fetch_one("SELECT total_changes()").await?.try_get(0)
}
