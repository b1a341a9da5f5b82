//! The archive in SQLite: `data/archive.sqlite`, one writer, readers beside it.

mod index;
mod purge;

use std::path::Path;
use std::time::Duration;

use model::{EventId, ItemId};
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteRow, SqliteSynchronous,
};
use sqlx::{Pool, Row as _, Sqlite, SqliteConnection};

use crate::Error;
use crate::contract::Purged;
use crate::people::Store as People;
use crate::query::Query;
use crate::record::Record;
use crate::sql::{Backend, Sql, Way, bound, list};
use crate::store::Store;
use crate::tokens::Wanted;
use crate::writer::Writer;

/// The embedded archive's file in the data directory.
pub const FILE: &str = "archive.sqlite";
const READERS_MAX: u32 = 4;
/// Connections for what is asked and changed of people.
const PEOPLE_MAX: u32 = 2;
const ACQUIRE_LIMIT: Duration = Duration::from_secs(3);
const BUSY_LIMIT: Duration = Duration::from_secs(5);
/// The write-ahead log is cut back to this after a checkpoint; without it the file keeps its largest size.
const WAL_BYTES_MAX: &str = "67108864";
/// Tries of a migration, and the time between two.
const MIGRATE_TRIES_MAX: u32 = 5;
const MIGRATE_PAUSE: Duration = Duration::from_millis(100);

/// Opens nothing yet: the file is made by the first connection.
pub(crate) fn store(data_dir: &Path) -> Store<Sqlite> {
    let options = options(data_dir);
    let writer = options.clone().journal_mode(SqliteJournalMode::Wal);
    let readers = SqlitePoolOptions::new()
        .max_connections(READERS_MAX)
        .acquire_timeout(ACQUIRE_LIMIT)
        .connect_lazy_with(options.pragma("query_only", "ON"));
    Store::new(writer, readers, sqlx::migrate!("migrations/sqlite"))
}

/// People in the same file. What they change no ledger brings back, so every commit goes to the disk.
pub(crate) fn people(data_dir: &Path) -> People<Sqlite> {
    let options = options(data_dir).journal_mode(SqliteJournalMode::Wal).synchronous(SqliteSynchronous::Full);
    let pool = SqlitePoolOptions::new()
        .max_connections(PEOPLE_MAX)
        .acquire_timeout(ACQUIRE_LIMIT)
        .connect_lazy_with(options);
    People::new(pool, sqlx::migrate!("migrations/sqlite"))
}

fn options(data_dir: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(data_dir.join(FILE))
        .create_if_missing(true)
        .busy_timeout(BUSY_LIMIT)
        // A power cut may cost the newest transactions, never the file: the cursor goes with them and the ledger
        // has them all.
        .synchronous(SqliteSynchronous::Normal)
        .pragma("journal_size_limit", WAL_BYTES_MAX)
        // Removed words do not stay behind in free pages.
        .pragma("secure_delete", "ON")
}

impl Backend for Sqlite {
    // A transaction that begins by reading fails at once when another one has written meanwhile.
    const BEGIN_WRITE: &'static str = "BEGIN IMMEDIATE";
    const BEGIN_DURABLE: &'static str = "BEGIN IMMEDIATE";
    const BEGIN_SNAPSHOT: &'static str = "BEGIN";
    const BEGIN_SEARCH: &'static str = "BEGIN";
    const IN_LIST: &'static str = "IN (SELECT value FROM json_each($2))";
    const PUT_LINKS: &'static str = "INSERT INTO item_link (event, id, link, said, author, talk)
         SELECT $1, value ->> 'id', value ->> 'link', value ->> 'said', value ->> 'author', value ->> 'talk'
         FROM json_each($2)";
    const FORGET_TERMS: Option<&'static str> =
        Some("DELETE FROM item_terms WHERE rowid IN (SELECT spot FROM item WHERE event = $1)");

    /// The driver takes no lock here: of two processes that start at once, one may meet the other's tables in the middle of its
    /// own migration. It looks again, and finds them made.
    async fn migrate(pool: &Pool<Self>, migrator: &Migrator) -> Result<(), MigrateError> {
        for _ in 1..MIGRATE_TRIES_MAX {
            match migrator.run(pool).await {
                Err(MigrateError::Execute(_) | MigrateError::ExecuteMigration(..)) => {
                    tokio::time::sleep(MIGRATE_PAUSE).await;
                }
                done => return done,
            }
        }
        migrator.run(pool).await
    }

    async fn execute(connection: &mut SqliteConnection, sql: Sql) -> Result<u64, sqlx::Error> {
        Ok(bound!(sql).execute(connection).await?.rows_affected())
    }

    async fn fetch(connection: &mut SqliteConnection, sql: Sql) -> Result<Vec<SqliteRow>, sqlx::Error> {
        bound!(sql).fetch_all(connection).await
    }

    fn text(row: &SqliteRow, index: usize) -> Result<Option<String>, sqlx::Error> {
        row.try_get(index)
    }

    fn int(row: &SqliteRow, index: usize) -> Result<Option<i64>, sqlx::Error> {
        row.try_get(index)
    }

    async fn put_rows(
        connection: &mut SqliteConnection,
        event: EventId,
        records: &[Record],
    ) -> Result<(), Error> {
        for record in records {
            put_item(connection, event, record).await?;
        }
        Ok(())
    }

    async fn put_tokens(
        connection: &mut SqliteConnection,
        event: EventId,
        records: &[Record],
    ) -> Result<(), Error> {
        for record in records {
            index::put(connection, event, record).await?;
        }
        Ok(())
    }

    async fn delete_rows(
        connection: &mut SqliteConnection,
        event: EventId,
        ids: &[ItemId],
    ) -> Result<(), Error> {
        for text in [
            "DELETE FROM item_terms WHERE rowid IN
                (SELECT spot FROM item WHERE event = $1 AND id IN (SELECT value FROM json_each($2)))",
            "DELETE FROM item WHERE event = $1 AND id IN (SELECT value FROM json_each($2))",
        ] {
            Self::execute(connection, Sql::new(text).arg(event).arg(list(ids))).await?;
        }
        Ok(())
    }

    async fn purge(writer: &Writer<Self>, readers: &Pool<Self>) -> Result<Option<Purged>, Error> {
        purge::purge(writer, readers).await
    }

    fn search(event: EventId, wanted: &Wanted, query: &Query) -> Way {
        Way::One(index::search(event, wanted, query))
    }

    fn count(event: EventId, wanted: &Wanted, query: &Query, most: u32) -> Sql {
        index::count(event, wanted, query, most)
    }
}

async fn put_item(
    connection: &mut SqliteConnection,
    event: EventId,
    record: &Record,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO item (event, id, state, first, last, touched, gone_by, at, said, filed, talk, room, network, author,
             reply_to, photo, question, item, filing)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)
         ON CONFLICT (event, id) DO UPDATE SET state = excluded.state, first = excluded.first,
             last = excluded.last, touched = excluded.touched, gone_by = excluded.gone_by, at = excluded.at,
             said = excluded.said, filed = excluded.filed,
             talk = excluded.talk, room = excluded.room, network = excluded.network, author = excluded.author,
             reply_to = excluded.reply_to, photo = excluded.photo, question = excluded.question,
             item = excluded.item, filing = excluded.filing",
    )
    .bind(event.as_str().to_owned())
    .bind(record.id.as_str().to_owned())
    .bind(record.state)
    .bind(record.first)
    .bind(record.last)
    .bind(record.touched)
    .bind(record.gone_by)
    .bind(record.at)
    .bind(record.said)
    .bind(record.filed)
    .bind(record.talk.as_deref())
    .bind(record.room.as_deref())
    .bind(record.network)
    .bind(record.author.as_deref())
    .bind(record.reply_to.map(|id| id.as_str().to_owned()))
    .bind(record.photo)
    .bind(record.question)
    .bind(record.item.as_deref())
    .bind(record.filing.as_deref())
    .execute(connection)
    .await?;
    Ok(())
}
