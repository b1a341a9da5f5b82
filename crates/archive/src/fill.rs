//! Fills what is worked out of the items (what they are found by, links) in an archive that an older program wrote, or one
//! with other rules. In one transaction: readers see the whole or nothing.

use model::{EventId, Row};

use crate::reads::rows;
use crate::record::{Record, damaged, is_kept, row_columns, text};
use crate::sql::{Backend, Sql};
use crate::{Error, links};

/// Add one when terms, marks or links are cut otherwise, so that older archives are filled again.
const RULES: i64 = 2;
/// Items that are read and written at a time.
const ROWS_AT_ONCE: i64 = 500;

/// A search that finds nothing asks this: an index that is not filled yet has found nothing only because of that.
///
/// # Errors
/// [`Error::Unfilled`] until it is.
pub(crate) async fn check<DB: Backend>(connection: &mut DB::Connection) -> Result<(), Error> {
    if is_filled::<DB>(connection).await? { Ok(()) } else { Err(Error::Unfilled) }
}

/// Whether there is nothing to do.
pub(crate) async fn is_filled<DB: Backend>(connection: &mut DB::Connection) -> Result<bool, Error> {
    let rows = DB::fetch(connection, Sql::new("SELECT max(rules) FROM filled")).await?;
    let filled = rows.first().map(|row| DB::int(row, 0)).transpose()?.flatten();
    Ok(filled.is_some_and(|rules| rules >= RULES))
}

/// Must run inside a transaction.
pub(crate) async fn fill<DB: Backend>(connection: &mut DB::Connection) -> Result<(), Error> {
    let events = Sql::new("SELECT DISTINCT event FROM item");
    let events: Vec<String> = DB::fetch(connection, events)
        .await?
        .iter()
        .map(|row| text::<DB>(row, 0, "event"))
        .collect::<Result<_, _>>()?;
    let mut items = 0;
    for event in events {
        let event: EventId =
            event.parse().map_err(|error: model::BadId| damaged("event", &event, &error.to_string()))?;
        items += fill_event::<DB>(connection, event).await?;
    }
    let sql = Sql::new("INSERT INTO filled (rules) VALUES ($1) ON CONFLICT DO NOTHING").arg(RULES);
    DB::execute(connection, sql).await?;
    if items > 0 {
        tracing::info!(items, "filled the archive's search and links from its items");
    }
    Ok(())
}

async fn fill_event<DB: Backend>(connection: &mut DB::Connection, event: EventId) -> Result<usize, Error> {
    let mut after = String::new();
    let mut done = 0;
    loop {
        let page = page_after::<DB>(connection, event, &after).await?;
        let Some(last) = page.last() else { return Ok(done) };
        last.id.as_str().clone_into(&mut after);
        done += page.len();
        let records: Vec<Record> =
            page.iter().filter(|row| is_kept(row)).map(|row| Record::new(event, row)).collect();
        DB::put_tokens(connection, event, &records).await?;
        links::put::<DB>(connection, event, &records, &[]).await?;
    }
}

async fn page_after<DB: Backend>(
    connection: &mut DB::Connection,
    event: EventId,
    after: &str,
) -> Result<Vec<Row>, Error> {
    let sql = Sql::new(concat!(
        "SELECT ",
        row_columns!(),
        " FROM item WHERE event = $1 AND id > $2 ORDER BY id LIMIT $3"
    ));
    rows::<DB>(connection, sql.arg(event).arg(after).arg(ROWS_AT_ONCE)).await
}
