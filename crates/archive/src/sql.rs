//! A statement as both stores take it, and what a store's driver must do for us.
//!
//! The text of a [`Sql`] is put together from literals of this crate only (`&'static str`), values are always bound:
//! what comes from outside cannot become SQL.

use std::future::Future;

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::{Database, Pool};

use crate::Error;
use crate::contract::Purged;
use crate::query::Query;
use crate::record::Record;
use crate::tokens::Wanted;
use crate::writer::Writer;
use model::{EventId, ItemId};

/// One bound value.
#[derive(Clone, Debug)]
pub(crate) enum Arg {
    Int(i64),
    Text(String),
}

/// A statement with numbered parameters, which SQLite and PostgreSQL write alike.
#[derive(Debug)]
pub(crate) struct Sql {
    pub(crate) text: String,
    pub(crate) args: Vec<Arg>,
}

impl Sql {
    pub(crate) fn new(text: &'static str) -> Self {
        Self { text: text.to_owned(), args: Vec::new() }
    }

    /// Binds the next value to a parameter that the text names itself.
    pub(crate) fn arg(mut self, arg: impl Into<Arg>) -> Self {
        self.args.push(arg.into());
        self
    }

    pub(crate) fn push(&mut self, text: &'static str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    /// Writes a parameter and binds it.
    pub(crate) fn bind(&mut self, arg: impl Into<Arg>) -> &mut Self {
        self.args.push(arg.into());
        self.text.push('$');
        self.text.push_str(&self.args.len().to_string());
        self
    }
}

impl From<i64> for Arg {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<u64> for Arg {
    /// Seqs stay below 2^53; a larger number is nobody's and finds nothing.
    fn from(value: u64) -> Self {
        Self::Int(i64::try_from(value).unwrap_or(i64::MAX))
    }
}

impl From<String> for Arg {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

impl From<&str> for Arg {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<EventId> for Arg {
    fn from(value: EventId) -> Self {
        Self::Text(value.as_str().to_owned())
    }
}

impl From<ItemId> for Arg {
    fn from(value: ItemId) -> Self {
        Self::Text(value.as_str().to_owned())
    }
}

/// The statement as the driver of the calling module takes it. A macro, since the drivers' types for it differ.
macro_rules! bound {
    ($sql:expr) => {{
        // Literals of this crate; see `Sql`.
        let mut query = sqlx::query(sqlx::AssertSqlSafe($sql.text));
        for arg in $sql.args {
            query = match arg {
                $crate::sql::Arg::Int(value) => query.bind(value),
                $crate::sql::Arg::Text(value) => query.bind(value),
            };
        }
        query
    }};
}
pub(crate) use bound;

/// How a store finds a page.
#[derive(Debug)]
pub(crate) enum Way {
    /// By this question.
    One(Sql),
    /// By the first of these that can answer.
    Several {
        /// Looks through what comes next in the order; answers if it fills the page.
        next: Sql,
        /// Counts the hits, up to one more than `few_max`.
        hits: Sql,
        /// So many hits are few.
        few_max: u64,
        /// The cheapest way to few hits.
        few: Sql,
        /// The cheapest way to many.
        many: Sql,
    },
}

/// What differs between the two stores. Everything else is written once, over this.
pub(crate) trait Backend: Database + Sized {
    /// Begins a transaction that writes.
    const BEGIN_WRITE: &'static str;
    /// Begins a transaction that writes what no ledger can bring back: on disk when it is committed.
    const BEGIN_DURABLE: &'static str;
    /// Begins a transaction whose reads all see one moment.
    const BEGIN_SNAPSHOT: &'static str;
    /// Begins a transaction for a search.
    const BEGIN_SEARCH: &'static str;
    /// Behind a text column: it is one of the JSON list of texts in `$2`.
    const IN_LIST: &'static str;
    /// Adds to event `$1` the links in `$2`, a JSON list of [`crate::links::Held`].
    const PUT_LINKS: &'static str;
    /// Forgets the search terms of event `$1`, where they are not a column of its items.
    const FORGET_TERMS: Option<&'static str>;

    /// Brings the schema up to date.
    fn migrate(
        pool: &Pool<Self>,
        migrator: &Migrator,
    ) -> impl Future<Output = Result<(), MigrateError>> + Send;

    /// Runs a statement; the number of rows that it changed.
    fn execute(
        connection: &mut Self::Connection,
        sql: Sql,
    ) -> impl Future<Output = Result<u64, sqlx::Error>> + Send;

    /// Runs a question.
    fn fetch(
        connection: &mut Self::Connection,
        sql: Sql,
    ) -> impl Future<Output = Result<Vec<Self::Row>, sqlx::Error>> + Send;

    /// Column `index` as text.
    fn text(row: &Self::Row, index: usize) -> Result<Option<String>, sqlx::Error>;

    /// Column `index` as a number.
    fn int(row: &Self::Row, index: usize) -> Result<Option<i64>, sqlx::Error>;

    /// Writes item rows over what was there under their ids, without what they are found by.
    fn put_rows(
        connection: &mut Self::Connection,
        event: EventId,
        records: &[Record],
    ) -> impl Future<Output = Result<(), Error>> + Send;

    /// Writes what items are found by over what was there under their ids. Their rows are there.
    fn put_tokens(
        connection: &mut Self::Connection,
        event: EventId,
        records: &[Record],
    ) -> impl Future<Output = Result<(), Error>> + Send;

    /// Deletes item rows, search terms included.
    fn delete_rows(
        connection: &mut Self::Connection,
        event: EventId,
        ids: &[ItemId],
    ) -> impl Future<Output = Result<(), Error>> + Send;

    /// As [`crate::Archive::purge`].
    fn purge(
        writer: &Writer<Self>,
        readers: &Pool<Self>,
    ) -> impl Future<Output = Result<Option<Purged>, Error>> + Send;

    /// How to find a page of what is wanted.
    fn search(event: EventId, wanted: &Wanted, query: &Query) -> Way;

    /// The question how many items a search finds; it stops counting at `most`.
    fn count(event: EventId, wanted: &Wanted, query: &Query, most: u32) -> Sql;
}

/// The JSON list that [`Backend::IN_LIST`] reads.
pub(crate) fn list(texts: &[impl serde::Serialize]) -> String {
    serde_json::to_string(texts).expect("a list of texts is JSON")
}
