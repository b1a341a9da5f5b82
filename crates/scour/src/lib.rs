//! Wipes what SQLite leaves of removed rows between the rows that stay.
//!
//! `PRAGMA secure_delete` overwrites a row where it lies when it is removed. But a row that was moved to a neighbouring page, as
//! pages fill up and empty, leaves its former copy behind in the unused middle of the page that it left, and no later removal finds
//! that copy (`rebuildPage` in SQLite's b-tree, up to at least 3.51). `VACUUM` would get rid of it, and would hold up every writer
//! while it writes the whole file anew. This walks over the pages through SQLite's own `sqlite_dbpage`, and wipes the unused bytes
//! of those few pages that hold any: within transactions, under SQLite's own locks and log, a few pages at a time.
//!
//! What lies in the write-ahead log goes with the next checkpoint that truncates it; that is the caller's.

mod page;

use futures_util::TryStreamExt as _;
use page::Shape;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{Executor as _, Row as _};

/// Pages that are wiped in one transaction, so that other writers wait for milliseconds only.
pub const PAGES_PER_STEP_MAX: usize = 128;

/// Why nothing was wiped.
#[derive(Debug)]
pub enum Error {
    /// SQLite was built without `SQLITE_ENABLE_DBPAGE_VTAB`; `.cargo/config.toml` asks for it.
    NoPages,
    /// The file is of a shape that is not known here.
    Shape,
    /// What SQLite says.
    Sqlite(sqlx::Error),
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoPages => f.write_str(
                "this program's SQLite does not give out its pages; build it inside its source folder, whose .cargo/config.toml \
                 asks for that",
            ),
            Self::Shape => f.write_str("the file is of a shape that is not known"),
            Self::Sqlite(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Error {}

/// The pages on which something is left, seen at one moment. Any connection will do, one that may only read as well.
///
/// # Errors
/// [`Error`].
pub async fn dirty(connection: &mut SqliteConnection) -> Result<Vec<i64>, Error> {
    let shape = shape(connection).await?;
    let mut pages = connection.fetch("SELECT pgno, data FROM sqlite_dbpage");
    let mut found = Vec::new();
    while let Some(row) = pages.try_next().await? {
        let number = row.try_get(0)?;
        if shape.is_dirty(row.try_get(1)?, number) {
            found.push(number);
        }
    }
    Ok(found)
}

/// Wipes what is left on these pages, at most [`PAGES_PER_STEP_MAX`] of them in a transaction of its own. `connection` writes and
/// has none open. Tells on how many there was anything left.
///
/// # Errors
/// [`Error`]; then nothing was wiped.
pub async fn wipe(connection: &mut SqliteConnection, pages: &[i64]) -> Result<usize, Error> {
    let shape = shape(connection).await?;
    connection.execute("BEGIN IMMEDIATE").await?;
    let wiped = wipe_all(connection, shape, pages).await;
    connection.execute(if wiped.is_ok() { "COMMIT" } else { "ROLLBACK" }).await?;
    wiped
}

async fn wipe_all(connection: &mut SqliteConnection, shape: Shape, pages: &[i64]) -> Result<usize, Error> {
    let mut wiped = 0;
    for number in pages.iter().take(PAGES_PER_STEP_MAX) {
        let Some(row) = page(connection, *number).await? else { continue };
        let mut data: Vec<u8> = row.try_get(0)?;
        if shape.wipe(&mut data, *number) {
            sqlx::query("UPDATE sqlite_dbpage SET data = ? WHERE pgno = ?")
                .bind(data)
                .bind(*number)
                .execute(&mut *connection)
                .await?;
            wiped += 1;
        }
    }
    Ok(wiped)
}

async fn shape(connection: &mut SqliteConnection) -> Result<Shape, Error> {
    let is_there = "SELECT 1 FROM pragma_module_list WHERE name = 'sqlite_dbpage'";
    connection.fetch_optional(is_there).await?.ok_or(Error::NoPages)?;
    let first = page(connection, 1).await?.ok_or(Error::Shape)?;
    Shape::of(first.try_get(0)?).ok_or(Error::Shape)
}

async fn page(connection: &mut SqliteConnection, number: i64) -> Result<Option<SqliteRow>, sqlx::Error> {
    sqlx::query("SELECT data FROM sqlite_dbpage WHERE pgno = ?")
        .bind(number)
        .fetch_optional(&mut *connection)
        .await
}
