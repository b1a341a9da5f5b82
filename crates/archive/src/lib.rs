//! The archive: every item of every event, by talk, in SQLite or PostgreSQL.
//!
//! # The contract
//!
//! **The archive is a fold of the log.** [`Archive::write`] loads the rows that a batch of entries touches into a
//! [`model::Fold`], applies the batch, and writes back what changed, so that the archive always equals a fold of the
//! ledger from zero up to its [`Cursor`]. [`compare`] says where it does not. Items whose author asked for
//! `retain: live` are the one exception: they are folded and never stored.
//!
//! **Rows and cursor move together.** Both are in one transaction, and the cursor moves only from where the writer
//! believed it to be ([`Error::Moved`] otherwise). Unique keys stand behind that. A commit whose answer was lost is
//! cured by reading the cursor again.
//!
//! **A write is never left half-way.** Each runs in a task of its own; a caller that goes away does not cancel it.
//!
//! **Removed words are gone.** A hidden or removed item keeps its row, without words and without search terms.
//!
//! Nothing here follows a log (that is the strainer's part) and nothing here draws a page.

mod arrivals;
pub mod backup;
mod compare;
mod contract;
mod cursor;
mod error;
mod fill;
mod find;
mod links;
mod open;
pub mod people;
mod postgres;
mod query;
mod reads;
mod record;
mod search;
mod snapshot;
mod sql;
mod sqlite;
mod store;
mod tokens;
mod writer;
mod writes;

pub use compare::{Difference, compare};
pub use contract::{Archive, Batch, Lines, Purged};
pub use cursor::Cursor;
pub use error::{Class, Error};
pub use open::{Settings, open};
pub use query::{
    Arrivals, EventRow, ITEMS_MAX, LINK_ROWS_MAX, LINK_TALKS_MAX, LINKS_MAX, Link, Links, Minute, Order,
    Page, Query, Rank, Scope, TalkCount, Then, Totals, VERSIONS_MAX, Version,
};
pub use search::{Has, PHRASES_MAX, Search, Words};
pub use sqlite::FILE as EMBEDDED_FILE;
