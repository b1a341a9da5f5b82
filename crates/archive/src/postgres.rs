//! The archive in PostgreSQL.

mod index;
mod purge;

use std::str::FromStr as _;
use std::time::Duration;

use model::{EventId, ItemId};
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions, PgRow};
use sqlx::{PgConnection, Pool, Postgres, Row as _};

use crate::Error;
use crate::contract::Purged;
use crate::people::Store as People;
use crate::query::Query;
use crate::record::Record;
use crate::sql::{Backend, Sql, Way, bound, list};
use crate::store::Store;
use crate::tokens::Wanted;
use crate::writer::Writer;

const READERS_MAX: u32 = 8;
/// Connections for what is asked and changed of people.
const PEOPLE_MAX: u32 = 2;
/// Pages answer 503 after this; connecting counts.
const ACQUIRE_LIMIT: Duration = Duration::from_secs(3);
const STATEMENTS_CACHED_MAX: usize = 100;

/// Connects to nothing yet.
pub(crate) fn store(url: &str, statement_cache: bool) -> Result<Store<Postgres>, Error> {
    let (options, migrator) = options(url, statement_cache)?;
    let readers = PgPoolOptions::new()
        .max_connections(READERS_MAX)
        .acquire_timeout(ACQUIRE_LIMIT)
        .connect_lazy_with(options.clone());
    Ok(Store::new(options, readers, migrator))
}

/// People in the same database. Connects to nothing yet.
pub(crate) fn people(url: &str, statement_cache: bool) -> Result<People<Postgres>, Error> {
    let (options, migrator) = options(url, statement_cache)?;
    let pool = PgPoolOptions::new()
        .max_connections(PEOPLE_MAX)
        .acquire_timeout(ACQUIRE_LIMIT)
        .connect_lazy_with(options);
    Ok(People::new(pool, migrator))
}

fn options(url: &str, statement_cache: bool) -> Result<(PgConnectOptions, Migrator), Error> {
    // The address may hold a password, so it is not repeated.
    let mut options = PgConnectOptions::from_str(url).map_err(|error| Error::Address(error.to_string()))?;
    options = options.application_name("perihelion");
    let mut migrator = sqlx::migrate!("migrations/postgres");
    if statement_cache {
        options =
            options.statement_cache_capacity(STATEMENTS_CACHED_MAX).options([("statement_timeout", "5s")]);
    } else {
        // Behind a transaction-pooling proxy nothing may outlive its transaction: no prepared statement, no
        // setting, no lock.
        options = options.statement_cache_capacity(0);
        migrator.set_locking(false);
    }
    Ok((options, migrator))
}

impl Backend for Postgres {
    // The cursor is in the same transaction, so one that a crash loses is simply done again; a trim waits until the
    // disk has it. Only this transaction is told so, everybody else's commits stay durable.
    const BEGIN_WRITE: &'static str = "BEGIN; SET LOCAL synchronous_commit = off; \
        SET LOCAL statement_timeout = '20s'; SET LOCAL idle_in_transaction_session_timeout = '10s'";
    const BEGIN_DURABLE: &'static str =
        "BEGIN; SET LOCAL synchronous_commit = on; SET LOCAL idle_in_transaction_session_timeout = '10s'";
    const BEGIN_SNAPSHOT: &'static str = "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY";
    // The planner guesses how often words stand together, and a wrong guess reads every item: the index is always the way here.
    const BEGIN_SEARCH: &'static str = "BEGIN READ ONLY; SET LOCAL enable_seqscan = off; SET LOCAL jit = off";
    const IN_LIST: &'static str = "= ANY (ARRAY (SELECT json_array_elements_text(CAST($2 AS json))))";
    const PUT_LINKS: &'static str = "INSERT INTO item_link (event, id, link, said, author, talk)
         SELECT $1, id, link, said, author, talk
         FROM json_to_recordset(CAST($2 AS json)) AS held (id text, link text, said bigint, author bigint, talk text)";
    const FORGET_TERMS: Option<&'static str> = Some("DELETE FROM item_search WHERE event = $1");

    async fn migrate(pool: &Pool<Self>, migrator: &Migrator) -> Result<(), MigrateError> {
        migrator.run(pool).await
    }

    async fn execute(connection: &mut PgConnection, sql: Sql) -> Result<u64, sqlx::Error> {
        Ok(bound!(sql).execute(connection).await?.rows_affected())
    }

    async fn fetch(connection: &mut PgConnection, sql: Sql) -> Result<Vec<PgRow>, sqlx::Error> {
        bound!(sql).fetch_all(connection).await
    }

    fn text(row: &PgRow, index: usize) -> Result<Option<String>, sqlx::Error> {
        row.try_get(index)
    }

    fn int(row: &PgRow, index: usize) -> Result<Option<i64>, sqlx::Error> {
        row.try_get(index)
    }

    /// One statement for the whole batch: arrays in, rows out. Works behind a transaction-pooling proxy, where a
    /// staging table does not.
    async fn put_rows(
        connection: &mut PgConnection,
        event: EventId,
        records: &[Record],
    ) -> Result<(), Error> {
        let columns = Columns::from(records);
        sqlx::query(
            "INSERT INTO item (event, id, state, first, last, touched, gone_by, at, said, filed, talk, room, network, author,
                 reply_to, photo, question, item, filing)
             SELECT $1, id, state, first, last, touched, gone_by, at, said, filed, talk, room, network, author,
                 reply_to, photo, question, item, filing
             FROM unnest($2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[], $7::text[],
                 $8::bigint[], $9::bigint[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[],
                 $15::text[], $16::boolean[], $17::boolean[], $18::text[], $19::text[])
                 AS t (id, state, first, last, touched, gone_by, at, said, filed, talk, room, network, author, reply_to,
                     photo, question, item, filing)
             ON CONFLICT (event, id) DO UPDATE SET state = excluded.state, first = excluded.first,
                 last = excluded.last, touched = excluded.touched, gone_by = excluded.gone_by,
                 at = excluded.at, said = excluded.said,
                 filed = excluded.filed, talk = excluded.talk, room = excluded.room,
                 network = excluded.network, author = excluded.author, reply_to = excluded.reply_to,
                 photo = excluded.photo, question = excluded.question, item = excluded.item,
                 filing = excluded.filing",
        )
        .bind(event.as_str())
        .bind(columns.id)
        .bind(columns.state)
        .bind(columns.first)
        .bind(columns.last)
        .bind(columns.touched)
        .bind(columns.gone_by)
        .bind(columns.at)
        .bind(columns.said)
        .bind(columns.filed)
        .bind(columns.talk)
        .bind(columns.room)
        .bind(columns.network)
        .bind(columns.author)
        .bind(columns.reply_to)
        .bind(columns.photo)
        .bind(columns.question)
        .bind(columns.item)
        .bind(columns.filing)
        .execute(connection)
        .await?;
        Ok(())
    }

    async fn put_tokens(
        connection: &mut PgConnection,
        event: EventId,
        records: &[Record],
    ) -> Result<(), Error> {
        index::put(connection, event, records).await
    }

    async fn delete_rows(connection: &mut PgConnection, event: EventId, ids: &[ItemId]) -> Result<(), Error> {
        for text in
            ["DELETE FROM item_search WHERE event = $1 AND id ", "DELETE FROM item WHERE event = $1 AND id "]
        {
            let mut sql = Sql::new(text);
            sql.push(Self::IN_LIST);
            Self::execute(connection, sql.arg(event).arg(list(ids))).await?;
        }
        Ok(())
    }

    async fn purge(writer: &Writer<Self>, _readers: &Pool<Self>) -> Result<Option<Purged>, Error> {
        purge::purge(writer).await
    }

    fn search(event: EventId, wanted: &Wanted, query: &Query) -> Way {
        index::search(event, wanted, query)
    }

    fn count(_: EventId, wanted: &Wanted, query: &Query, most: u32) -> Sql {
        index::count(wanted, query, most)
    }
}

/// Records turned on their side, one list per column.
#[derive(Default)]
struct Columns {
    id: Vec<String>,
    state: Vec<&'static str>,
    first: Vec<i64>,
    last: Vec<i64>,
    touched: Vec<i64>,
    gone_by: Vec<Option<&'static str>>,
    at: Vec<i64>,
    said: Vec<Option<i64>>,
    filed: Vec<Option<&'static str>>,
    talk: Vec<Option<String>>,
    room: Vec<Option<String>>,
    network: Vec<Option<&'static str>>,
    author: Vec<Option<String>>,
    reply_to: Vec<Option<String>>,
    photo: Vec<bool>,
    question: Vec<bool>,
    item: Vec<Option<String>>,
    filing: Vec<Option<String>>,
}

impl From<&[Record]> for Columns {
    fn from(records: &[Record]) -> Self {
        let mut columns = Self::default();
        for record in records {
            columns.id.push(record.id.as_str().to_owned());
            columns.state.push(record.state);
            columns.first.push(record.first);
            columns.last.push(record.last);
            columns.touched.push(record.touched);
            columns.gone_by.push(record.gone_by);
            columns.at.push(record.at);
            columns.said.push(record.said);
            columns.filed.push(record.filed);
            columns.talk.push(record.talk.clone());
            columns.room.push(record.room.clone());
            columns.network.push(record.network);
            columns.author.push(record.author.clone());
            columns.reply_to.push(record.reply_to.map(|id| id.as_str().to_owned()));
            columns.photo.push(record.photo);
            columns.question.push(record.question);
            columns.item.push(record.item.clone());
            columns.filing.push(record.filing.clone());
        }
        columns
    }
}
