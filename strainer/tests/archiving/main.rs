//! The strainer over real stores: a ledger read directly with SQLite, and a tail in Redis with PostgreSQL.

mod common;
mod crashes;
mod logs;
mod plain;
mod tail;
mod wishes;
