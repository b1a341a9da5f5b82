//! The questions, each written once for both stores.

use model::{
    EventId, Gap, ItemId, Micros, Notice, Position, Row, Seq, StageEntry, Talk, TalkId, Tally, TallyCounts,
};
use serde::de::DeserializeOwned;
use sqlx::Database;

use crate::query::{EventRow, ITEMS_MAX, Minute, Query, Scope, TalkCount, Totals, VERSIONS_MAX, Version};
use crate::record::{Versioned, damaged, parse, read_row, row_columns, seq, text};
use crate::sql::{Backend, Sql};
use crate::{Cursor, Error, find};

/// The most lines of a list that is not paged: a week of minutes, a thousand talks.
const LINES_MAX: i64 = 20_000;

pub(crate) async fn ping<DB: Backend>(connection: &mut DB::Connection) -> Result<(), Error> {
    DB::fetch(connection, Sql::new("SELECT 1")).await?;
    Ok(())
}

pub(crate) async fn cursor<DB: Backend>(
    connection: &mut DB::Connection,
    event: EventId,
) -> Result<Option<Cursor>, Error> {
    let sql = Sql::new("SELECT epoch, seq, line FROM log_cursor WHERE event = $1").arg(event);
    let rows = DB::fetch(connection, sql).await?;
    rows.first().map(|row| read_cursor::<DB>(row, 0, event.as_str())).transpose()
}

fn read_cursor<DB: Backend>(row: &<DB as Database>::Row, index: usize, event: &str) -> Result<Cursor, Error> {
    let epoch = text::<DB>(row, index, "epoch")?;
    let epoch = epoch.parse().map_err(|_| damaged("epoch", event, &epoch))?;
    let position = Position { epoch, seq: seq::<DB>(row, index + 1)? };
    Ok(Cursor { position, line: parse("line", event, &text::<DB>(row, index + 2, "line")?)? })
}

pub(crate) async fn events<DB: Backend>(connection: &mut DB::Connection) -> Result<Vec<EventRow>, Error> {
    let sql = Sql::new(
        "SELECT event.event, settings, epoch, seq, line
         FROM event LEFT JOIN log_cursor ON log_cursor.event = event.event ORDER BY event.event",
    );
    let rows = DB::fetch(connection, sql).await?;
    let event = |row| {
        let id = text::<DB>(row, 0, "event")?;
        Ok(EventRow {
            settings: parse("settings", &id, &text::<DB>(row, 1, "settings")?)?,
            cursor: DB::text(row, 2)?.map(|_| read_cursor::<DB>(row, 2, &id)).transpose()?,
            id: id.parse().map_err(|error: model::BadId| damaged("event", &id, &error.to_string()))?,
        })
    };
    rows.iter().map(event).collect()
}

pub(crate) async fn item<DB: Backend>(
    connection: &mut DB::Connection,
    event: EventId,
    id: ItemId,
) -> Result<Option<Row>, Error> {
    let sql = Sql::new(concat!("SELECT ", row_columns!(), " FROM item WHERE event = $1 AND id = $2"));
    let rows = DB::fetch(connection, sql.arg(event).arg(id)).await?;
    rows.first().map(read_row::<DB>).transpose()
}

pub(crate) async fn items<DB: Backend>(
    connection: &mut DB::Connection,
    event: EventId,
    query: &Query,
) -> Result<Vec<Row>, Error> {
    let text = concat!("SELECT ", row_columns!(), " FROM item WHERE event = $1 AND state = 'shown'");
    let mut sql = Sql::new(text).arg(event);
    match &query.scope {
        Scope::Event => {}
        Scope::Talk(talk) => {
            sql.push(" AND filed = 'filed' AND talk = ").bind(talk.as_str());
        }
        Scope::Room(room) => {
            sql.push(" AND filed = 'filed' AND room = ").bind(room.as_str());
        }
        Scope::Unfiled => {
            sql.push(" AND filed <> 'filed'");
        }
        Scope::Suggested(talk) => {
            sql.push(" AND filed = 'suggested' AND talk = ").bind(talk.as_str());
        }
        Scope::Photos => {
            sql.push(" AND photo");
        }
        Scope::Replies(id) => {
            sql.push(" AND reply_to = ").bind(*id);
        }
        // Asked in a transaction of its own, see [`find`].
        Scope::Search(search) => return find::page::<DB>(connection, event, search, query).await,
    }
    find::push_bounds(&mut sql, query);
    sql.push(find::by_time(query.order)).push(" LIMIT ").bind(i64::from(query.rows_max()));
    rows::<DB>(connection, sql).await
}

pub(crate) async fn changed_after<DB: Backend>(
    connection: &mut DB::Connection,
    event: EventId,
    after: Seq,
    limit: u32,
) -> Result<Vec<Row>, Error> {
    let sql = Sql::new(concat!(
        "SELECT ",
        row_columns!(),
        " FROM item WHERE event = $1 AND touched > $2 AND touched <= COALESCE(
            (SELECT touched FROM item WHERE event = $1 AND touched > $2 ORDER BY touched LIMIT 1 OFFSET $3),
            9223372036854775807)
          ORDER BY touched, id"
    ));
    let offset = i64::from(limit.clamp(1, ITEMS_MAX)) - 1;
    rows::<DB>(connection, sql.arg(event).arg(after).arg(offset)).await
}

/// The rows of these ids that exist.
pub(crate) async fn rows_of<DB: Backend>(
    connection: &mut DB::Connection,
    event: EventId,
    ids: &[ItemId],
) -> Result<Vec<Row>, Error> {
    let mut sql = Sql::new(concat!("SELECT ", row_columns!(), " FROM item WHERE event = $1 AND "));
    sql.push("id ").push(DB::IN_LIST);
    rows::<DB>(connection, sql.arg(event).arg(crate::sql::list(ids))).await
}

/// The rows that changed last.
pub(crate) async fn newest_rows<DB: Backend>(
    connection: &mut DB::Connection,
    event: EventId,
    limit: u32,
) -> Result<Vec<Row>, Error> {
    let text =
        concat!("SELECT ", row_columns!(), " FROM item WHERE event = $1 ORDER BY touched DESC, id LIMIT $2");
    rows::<DB>(connection, Sql::new(text).arg(event).arg(i64::from(limit))).await
}

pub(crate) async fn rows<DB: Backend>(connection: &mut DB::Connection, sql: Sql) -> Result<Vec<Row>, Error> {
    DB::fetch(connection, sql).await?.iter().map(read_row::<DB>).collect()
}

/// Key and JSON value of each line.
pub(crate) async fn values<DB: Backend, T: DeserializeOwned>(
    connection: &mut DB::Connection,
    sql: Sql,
    what: &'static str,
) -> Result<Vec<T>, Error> {
    let rows = DB::fetch(connection, sql.arg(LINES_MAX)).await?;
    rows.iter().map(|row| parse(what, "a row", &text::<DB>(row, 0, what)?)).collect()
}

pub(crate) async fn talks<DB: Backend>(
    connection: &mut DB::Connection,
    event: EventId,
) -> Result<Vec<Talk>, Error> {
    let sql = Sql::new("SELECT talk FROM talk WHERE event = $1 ORDER BY id LIMIT $2").arg(event);
    values::<DB, _>(connection, sql, "talk").await
}

pub(crate) async fn versions<DB: Backend>(
    connection: &mut DB::Connection,
    event: EventId,
    below: u64,
    limit: u32,
) -> Result<Vec<Version>, Error> {
    let sql = Sql::new(
        "SELECT n, seq, version
         FROM (SELECT row_number() OVER (ORDER BY seq) AS n, seq, version FROM schedule WHERE event = $1) AS numbered
         WHERE n < $2 ORDER BY n DESC LIMIT $3",
    );
    // Numbers are 64 bits with a sign in both stores.
    let below = i64::try_from(below).unwrap_or(i64::MAX);
    let sql = sql.arg(event).arg(below).arg(i64::from(limit.min(VERSIONS_MAX)));
    let version = |row| {
        let Versioned { at, entry } = parse("version", event.as_str(), &text::<DB>(row, 2, "version")?)?;
        Ok(Version { n: seq::<DB>(row, 0)?, seq: seq::<DB>(row, 1)?, at, entry })
    };
    DB::fetch(connection, sql).await?.iter().map(version).collect()
}

pub(crate) async fn stage<DB: Backend>(
    connection: &mut DB::Connection,
    event: EventId,
) -> Result<Vec<StageEntry>, Error> {
    let sql = Sql::new("SELECT stage FROM stage WHERE event = $1 ORDER BY seq LIMIT $2").arg(event);
    values::<DB, _>(connection, sql, "stage").await
}

pub(crate) async fn gaps<DB: Backend>(
    connection: &mut DB::Connection,
    event: EventId,
) -> Result<Vec<Gap>, Error> {
    let sql = Sql::new("SELECT gap FROM gap WHERE event = $1 ORDER BY id LIMIT $2").arg(event);
    values::<DB, _>(connection, sql, "gap").await
}

pub(crate) async fn notices<DB: Backend>(
    connection: &mut DB::Connection,
    event: EventId,
) -> Result<Vec<(Seq, Notice)>, Error> {
    let sql = Sql::new("SELECT notice, seq FROM notice WHERE event = $1 ORDER BY seq LIMIT $2");
    let rows = DB::fetch(connection, sql.arg(event).arg(LINES_MAX)).await?;
    let notice =
        |row| Ok((seq::<DB>(row, 1)?, parse("notice", event.as_str(), &text::<DB>(row, 0, "notice")?)?));
    rows.iter().map(notice).collect()
}

pub(crate) async fn tallies<DB: Backend>(
    connection: &mut DB::Connection,
    event: EventId,
    from: Micros,
    to: Micros,
) -> Result<Vec<Tally>, Error> {
    let sql = Sql::new(
        "SELECT minute, source, counts FROM tally
         WHERE event = $1 AND minute >= $2 AND minute < $3 ORDER BY minute, source LIMIT $4",
    );
    let rows = DB::fetch(connection, sql.arg(event).arg(from.0).arg(to.0).arg(LINES_MAX)).await?;
    rows.iter().map(|row| read_tally::<DB>(row, event)).collect()
}

pub(crate) async fn all_tallies<DB: Backend>(
    connection: &mut DB::Connection,
    event: EventId,
) -> Result<Vec<Tally>, Error> {
    let sql = Sql::new("SELECT minute, source, counts FROM tally WHERE event = $1").arg(event);
    DB::fetch(connection, sql).await?.iter().map(|row| read_tally::<DB>(row, event)).collect()
}

fn read_tally<DB: Backend>(row: &<DB as Database>::Row, event: EventId) -> Result<Tally, Error> {
    let counts: TallyCounts = parse("counts", event.as_str(), &text::<DB>(row, 2, "counts")?)?;
    let minute = Micros(DB::int(row, 0)?.unwrap_or(0));
    Ok(Tally { source: text::<DB>(row, 1, "source")?, minute, counts })
}

pub(crate) async fn talk_counts<DB: Backend>(
    connection: &mut DB::Connection,
    event: EventId,
) -> Result<Vec<TalkCount>, Error> {
    let sql = Sql::new(
        "SELECT talk, count(*), count(DISTINCT author), count(*) FILTER (WHERE photo),
             count(*) FILTER (WHERE question)
         FROM item WHERE event = $1 AND filed = 'filed' AND talk IS NOT NULL
         GROUP BY talk ORDER BY talk LIMIT $2",
    );
    let rows = DB::fetch(connection, sql.arg(event).arg(LINES_MAX)).await?;
    let count = |row| {
        Ok(TalkCount {
            talk: TalkId(text::<DB>(row, 0, "talk")?),
            items: seq::<DB>(row, 1)?,
            people: seq::<DB>(row, 2)?,
            photos: seq::<DB>(row, 3)?,
            questions: seq::<DB>(row, 4)?,
        })
    };
    rows.iter().map(count).collect()
}

pub(crate) async fn minutes<DB: Backend>(
    connection: &mut DB::Connection,
    event: EventId,
) -> Result<Vec<Minute>, Error> {
    let sql = Sql::new(
        "SELECT CASE WHEN filed = 'filed' THEN talk END AS filed_to, said / 60000000 AS minute, count(*)
         FROM item WHERE event = $1 AND state = 'shown' GROUP BY 1, 2 ORDER BY 2, 1 LIMIT $2",
    );
    let rows = DB::fetch(connection, sql.arg(event).arg(LINES_MAX)).await?;
    let minute = |row| {
        Ok(Minute {
            talk: DB::text(row, 0)?.map(TalkId),
            minute: Micros(DB::int(row, 1)?.unwrap_or(0).saturating_mul(Micros::MINUTE)),
            items: seq::<DB>(row, 2)?,
        })
    };
    rows.iter().map(minute).collect()
}

pub(crate) async fn totals<DB: Backend>(
    connection: &mut DB::Connection,
    event: EventId,
) -> Result<Totals, Error> {
    let sql = Sql::new(
        "SELECT count(*), count(DISTINCT author), count(*) FILTER (WHERE photo),
             count(*) FILTER (WHERE filed = 'filed')
         FROM item WHERE event = $1 AND state = 'shown'",
    );
    let sums = DB::fetch(connection, sql.arg(event)).await?;
    let mut totals = Totals::default();
    if let Some(row) = sums.first() {
        totals.items = seq::<DB>(row, 0)?;
        totals.people = seq::<DB>(row, 1)?;
        totals.photos = seq::<DB>(row, 2)?;
        totals.filed = seq::<DB>(row, 3)?;
    }
    let sql = Sql::new(
        "SELECT network, count(*) FROM item WHERE event = $1 AND state = 'shown'
         GROUP BY network ORDER BY 2 DESC, 1",
    );
    for row in DB::fetch(connection, sql.arg(event)).await? {
        totals.networks.push((text::<DB>(&row, 0, "network")?, seq::<DB>(&row, 1)?));
    }
    Ok(totals)
}
