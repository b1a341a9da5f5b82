//! Getting removed words off the disk, as far as PostgreSQL lets a client: `VACUUM` frees what no row holds any more, and the bytes
//! go when their room is used again. Its write-ahead log and its backups are its administrator's.

use sqlx::{ConnectOptions as _, Connection as _, Executor as _, Postgres};

use crate::Error;
use crate::contract::Purged;
use crate::writer::Writer;

/// The tables that hold words of items.
const TABLES: [&str; 4] = [
    "VACUUM (SKIP_LOCKED) item",
    "VACUUM (SKIP_LOCKED) item_search",
    "VACUUM (SKIP_LOCKED) item_link",
    "VACUUM (SKIP_LOCKED) link_sum",
];
/// `insufficient_privilege`.
const FORBIDDEN: &str = "42501";

/// See the module. On a connection of its own, as it takes its time and nobody may wait for it.
pub(super) async fn purge(writer: &Writer<Postgres>) -> Result<Option<Purged>, Error> {
    let mut connection = writer.options().connect().await?;
    // Behind a transaction-pooling proxy the setting may reach another connection; the usual limit then holds.
    connection.execute("SET statement_timeout = '120s'").await?;
    for table in TABLES {
        match connection.execute(table).await {
            Ok(_) => {}
            Err(sqlx::Error::Database(error)) if error.code().is_some_and(|code| code == FORBIDDEN) => {
                return Ok(Some(Purged::Refused));
            }
            Err(error) => return Err(error.into()),
        }
    }
    connection.close().await?;
    Ok(Some(Purged::Vacuumed))
}
