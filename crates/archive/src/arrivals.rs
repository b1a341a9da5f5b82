//! Items in the order in which they arrived, and what was known at a moment: for pages that show a place in the log, not a
//! place in the conversation.

use model::{EventId, Micros, Row, Seq, StageEntry};

use crate::Error;
use crate::query::{Arrivals, ITEMS_MAX, Order, Then};
use crate::reads::{rows, values};
use crate::record::{row_columns, seq};
use crate::sql::{Backend, Sql};

pub(crate) async fn arrivals<DB: Backend>(
    connection: &mut DB::Connection,
    event: EventId,
    asked: &Arrivals,
) -> Result<Vec<Row>, Error> {
    let text = concat!("SELECT ", row_columns!(), " FROM item WHERE event = $1 AND state = 'shown'");
    by_first::<DB>(connection, Sql::new(text).arg(event), asked).await
}

pub(crate) async fn places<DB: Backend>(
    connection: &mut DB::Connection,
    event: EventId,
    asked: &Arrivals,
) -> Result<Vec<Row>, Error> {
    let text = concat!("SELECT ", row_columns!(), " FROM item WHERE event = $1");
    by_first::<DB>(connection, Sql::new(text).arg(event), asked).await
}

async fn by_first<DB: Backend>(
    connection: &mut DB::Connection,
    mut sql: Sql,
    asked: &Arrivals,
) -> Result<Vec<Row>, Error> {
    sql.push(" AND first > ").bind(asked.after).push(" AND first < ").bind(asked.before);
    sql.push(match asked.order {
        Order::OldestFirst => " ORDER BY first LIMIT ",
        Order::NewestFirst => " ORDER BY first DESC LIMIT ",
    });
    sql.bind(i64::from(asked.limit.min(ITEMS_MAX)));
    rows::<DB>(connection, sql).await
}

pub(crate) async fn then<DB: Backend>(
    connection: &mut DB::Connection,
    event: EventId,
    at: Micros,
) -> Result<Then, Error> {
    // Both walk one index: seqs and the moments of commit grow together.
    let sure = Sql::new(
        "SELECT first FROM item WHERE event = $1 AND state = 'shown' AND at <= $2 ORDER BY first DESC LIMIT 1",
    );
    let sure = one::<DB>(connection, sure.arg(event).arg(at.0)).await?.unwrap_or(0);
    // A row that was changed later tells the moment of its change: only one that never was tells when it arrived.
    let before = Sql::new(
        "SELECT first FROM item
         WHERE event = $1 AND state = 'shown' AND first > $3 AND first = last AND at > $2 ORDER BY first LIMIT 1",
    );
    let before = one::<DB>(connection, before.arg(event).arg(at.0).arg(sure)).await?.unwrap_or(Seq::MAX);
    let stage =
        Sql::new("SELECT stage FROM stage WHERE event = $1 AND seq < $2 ORDER BY seq LIMIT $3").arg(event);
    let mut stage: Vec<StageEntry> = values::<DB, _>(connection, stage.arg(before), "stage").await?;
    stage.retain(|said| said.since <= at);
    Ok(Then { at, sure, before, stage })
}

pub(crate) async fn unfiled<DB: Backend>(
    connection: &mut DB::Connection,
    event: EventId,
    from: Micros,
    to: Micros,
) -> Result<u64, Error> {
    let sql = Sql::new(
        "SELECT count(*) FROM item
         WHERE event = $1 AND state = 'shown' AND filed <> 'filed' AND said >= $2 AND said < $3",
    );
    Ok(one::<DB>(connection, sql.arg(event).arg(from.0).arg(to.0)).await?.unwrap_or(0))
}

async fn one<DB: Backend>(connection: &mut DB::Connection, sql: Sql) -> Result<Option<u64>, Error> {
    DB::fetch(connection, sql).await?.first().map(|row| seq::<DB>(row, 0)).transpose()
}
