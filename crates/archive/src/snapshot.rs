//! The archive as a fold, seen at one moment.

use model::{EventId, Fold};

use crate::record::{parse, text};
use crate::sql::{Backend, Sql};
use crate::{Cursor, Error, reads};

/// Must run inside one transaction that sees one moment.
pub(crate) async fn read<DB: Backend>(
    connection: &mut DB::Connection,
    event: EventId,
    items_max: u32,
) -> Result<Option<(Cursor, Fold)>, Error> {
    let Some(cursor) = reads::cursor::<DB>(connection, event).await? else { return Ok(None) };
    let mut fold = Fold::at(cursor.position.seq);
    let rows = reads::newest_rows::<DB>(connection, event, items_max).await?;
    fold.items = rows.into_iter().map(|row| (row.id, row)).collect();
    let talks = reads::talks::<DB>(connection, event).await?;
    fold.talks = talks.into_iter().map(|talk| (talk.id.clone(), talk)).collect();
    fold.schedule = last::<DB, _>(
        connection,
        Sql::new("SELECT version FROM schedule WHERE event = $1 ORDER BY seq DESC LIMIT 1").arg(event),
        "version",
    )
    .await?;
    fold.event = last::<DB, _>(
        connection,
        Sql::new("SELECT settings FROM event WHERE event = $1").arg(event),
        "settings",
    )
    .await?;
    for stage in reads::stage::<DB>(connection, event).await? {
        fold.stage.entry(stage.room.clone()).or_default().push(stage);
    }
    let gaps = reads::gaps::<DB>(connection, event).await?;
    fold.gaps = gaps.into_iter().map(|gap| (gap.id.clone(), gap)).collect();
    let tallies = reads::all_tallies::<DB>(connection, event).await?;
    fold.tallies = tallies.into_iter().map(|tally| ((tally.minute, tally.source), tally.counts)).collect();
    fold.notices = reads::notices::<DB>(connection, event).await?.into_iter().collect();
    Ok(Some((cursor, fold)))
}

async fn last<DB: Backend, T: serde::de::DeserializeOwned>(
    connection: &mut DB::Connection,
    sql: Sql,
    what: &'static str,
) -> Result<Option<T>, Error> {
    let rows = DB::fetch(connection, sql).await?;
    rows.first().map(|row| parse(what, "the event", &text::<DB>(row, 0, what)?)).transpose()
}
