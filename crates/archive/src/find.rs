//! Searching: the stores' questions, asked one after the other until one of them can answer.

use model::{EventId, Row};

use crate::Error;
use crate::fill;
use crate::query::{Order, Query};
use crate::reads::rows;
use crate::record::seq;
use crate::search::Search;
use crate::sql::{Backend, Sql, Way};
use crate::tokens::Wanted;

/// Must run inside a transaction that [`Backend::BEGIN_SEARCH`] began.
pub(crate) async fn page<DB: Backend>(
    connection: &mut DB::Connection,
    event: EventId,
    search: &Search,
    query: &Query,
) -> Result<Vec<Row>, Error> {
    let found = match DB::search(event, &Wanted::new(event, search), query) {
        Way::One(sql) => rows::<DB>(connection, sql).await?,
        Way::Several { next, hits, few_max, few, many } => {
            let found = rows::<DB>(connection, next).await?;
            if found.len() >= query.rows_max() as usize {
                return Ok(found);
            }
            match number::<DB>(connection, hits).await? {
                0 => Vec::new(),
                hits if hits <= few_max => rows::<DB>(connection, few).await?,
                _ => rows::<DB>(connection, many).await?,
            }
        }
    };
    if found.is_empty() {
        fill::check::<DB>(connection).await?;
    }
    Ok(found)
}

async fn number<DB: Backend>(connection: &mut DB::Connection, sql: Sql) -> Result<u64, Error> {
    let rows = DB::fetch(connection, sql).await?;
    rows.first().map_or(Ok(0), |row| seq::<DB>(row, 0))
}

/// Must run inside a transaction that [`Backend::BEGIN_SEARCH`] began.
pub(crate) async fn count<DB: Backend>(
    connection: &mut DB::Connection,
    event: EventId,
    search: &Search,
    query: &Query,
    most: u32,
) -> Result<u64, Error> {
    number::<DB>(connection, DB::count(event, &Wanted::new(event, search), query, most)).await
}

/// The bounds of a query, as conditions on `said` and `id`.
pub(crate) fn push_bounds(sql: &mut Sql, query: &Query) {
    if let Some(from) = query.from {
        sql.push(" AND said >= ").bind(from.0);
    }
    if let Some(to) = query.to {
        sql.push(" AND said < ").bind(to.0);
    }
    if let Some(after) = query.after {
        sql.push(match query.order {
            Order::OldestFirst => " AND (said, id) > (",
            Order::NewestFirst => " AND (said, id) < (",
        });
        sql.bind(after.when.0).push(", ").bind(after.id).push(")");
    }
}

/// The order of a query.
pub(crate) fn by_time(order: Order) -> &'static str {
    match order {
        Order::OldestFirst => " ORDER BY said, id",
        Order::NewestFirst => " ORDER BY said DESC, id DESC",
    }
}
