//! Searching: the stores' questions, asked one after the other until a page is full.

use model::{EventId, Row};

use crate::Error;
use crate::fill;
use crate::query::{Order, Query};
use crate::reads::rows;
use crate::search::Search;
use crate::sql::{Backend, Sql};
use crate::tokens::Wanted;

/// Must run inside a transaction that [`Backend::BEGIN_SEARCH`] began.
pub(crate) async fn page<DB: Backend>(
    connection: &mut DB::Connection,
    event: EventId,
    search: &Search,
    query: &Query,
) -> Result<Vec<Row>, Error> {
    let limit = query.rows_max() as usize;
    let mut found = Vec::new();
    for sql in DB::search(event, &Wanted::new(event, search), query) {
        found = rows::<DB>(connection, sql).await?;
        if found.len() >= limit {
            return Ok(found);
        }
    }
    if found.is_empty() {
        fill::check::<DB>(connection).await?;
    }
    Ok(found)
}

/// Must run inside a transaction that [`Backend::BEGIN_SEARCH`] began.
pub(crate) async fn count<DB: Backend>(
    connection: &mut DB::Connection,
    event: EventId,
    search: &Search,
    query: &Query,
    most: u32,
) -> Result<u64, Error> {
    let sql = DB::count(event, &Wanted::new(event, search), query, most);
    let rows = DB::fetch(connection, sql).await?;
    rows.first().map_or(Ok(0), |row| crate::record::seq::<DB>(row, 0))
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
