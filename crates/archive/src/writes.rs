//! What one transaction does: move the cursor, fold the batch over the rows it touches, write back what changed.

use std::collections::BTreeSet;

use model::{Entry, EventId, Fold, ItemId, Kind, Seq, Touched};

use crate::contract::{Batch, Lines};
use crate::record::{Record, Versioned, is_kept, json, number, plain};
use crate::sql::{Backend, Sql};
use crate::{Cursor, Error, links, reads};

/// Forgets everything of event `$1`.
const FORGET_EVENT: [&str; 11] = [
    "DELETE FROM item WHERE event = $1",
    "DELETE FROM item_link WHERE event = $1",
    "DELETE FROM link_sum WHERE event = $1",
    "DELETE FROM talk WHERE event = $1",
    "DELETE FROM schedule WHERE event = $1",
    "DELETE FROM stage WHERE event = $1",
    "DELETE FROM gap WHERE event = $1",
    "DELETE FROM tally WHERE event = $1",
    "DELETE FROM notice WHERE event = $1",
    "DELETE FROM event WHERE event = $1",
    "DELETE FROM log_cursor WHERE event = $1",
];

/// Forgets what people were granted at event `$1`.
const FORGET_PEOPLE: [&str; 2] =
    ["DELETE FROM site_grant WHERE event = $1", "DELETE FROM site_capability WHERE event = $1"];

pub(crate) async fn write<DB: Backend>(connection: &mut DB::Connection, batch: &Batch) -> Result<(), Error> {
    // First, so that a second writer waits here for the row and then finds that it has moved.
    move_cursor::<DB>(connection, batch.event, batch.from.as_ref(), &batch.to).await?;
    let after = batch.from.as_ref().map_or(0, |cursor| cursor.position.seq);
    fold_in::<DB>(connection, batch.event, after, &batch.entries).await
}

/// Compare and set.
pub(crate) async fn move_cursor<DB: Backend>(
    connection: &mut DB::Connection,
    event: EventId,
    from: Option<&Cursor>,
    to: &Cursor,
) -> Result<(), Error> {
    let (epoch, seq, line) = (to.position.epoch.as_str(), to.position.seq, json(&to.line));
    let sql = match from {
        None => Sql::new(
            "INSERT INTO log_cursor (event, epoch, seq, line) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        )
        .arg(event)
        .arg(epoch)
        .arg(seq)
        .arg(line),
        Some(from) => Sql::new(
            "UPDATE log_cursor SET epoch = $2, seq = $3, line = $4
             WHERE event = $1 AND epoch = $5 AND seq = $6",
        )
        .arg(event)
        .arg(epoch)
        .arg(seq)
        .arg(line)
        .arg(from.position.epoch.as_str())
        .arg(from.position.seq),
    };
    if DB::execute(connection, sql).await? == 1 { Ok(()) } else { Err(Error::Moved) }
}

/// Everything that was folded from the event's log, and what the site keeps of it. The audit log stays: it tells who deleted what.
pub(crate) async fn forget<DB: Backend>(
    connection: &mut DB::Connection,
    event: EventId,
) -> Result<(), Error> {
    forget_rows::<DB>(connection, event).await?;
    // Changes of people come one after the other, and whoever remembers some sees by this number that it has to look again.
    DB::execute(connection, Sql::new("UPDATE site_version SET n = n + 1 WHERE id = 1")).await?;
    for text in FORGET_PEOPLE {
        DB::execute(connection, Sql::new(text).arg(event)).await?;
    }
    Ok(())
}

async fn forget_rows<DB: Backend>(connection: &mut DB::Connection, event: EventId) -> Result<(), Error> {
    for text in DB::FORGET_TERMS.into_iter().chain(FORGET_EVENT) {
        DB::execute(connection, Sql::new(text).arg(event)).await?;
    }
    Ok(())
}

pub(crate) async fn rebuild<DB: Backend>(
    connection: &mut DB::Connection,
    event: EventId,
    lines: &mut dyn Lines,
) -> Result<Cursor, Error> {
    forget_rows::<DB>(connection, event).await?;
    let mut after = 0;
    while let Some(entries) = lines.next().await.map_err(Error::Lines)? {
        fold_in::<DB>(connection, event, after, &entries).await?;
        after = entries.last().map_or(after, |entry| entry.seq);
    }
    let cursor = lines.cursor();
    move_cursor::<DB>(connection, event, None, &cursor).await?;
    Ok(cursor)
}

/// Applies the entries behind `after` to the rows that they touch.
async fn fold_in<DB: Backend>(
    connection: &mut DB::Connection,
    event: EventId,
    after: Seq,
    entries: &[Entry],
) -> Result<(), Error> {
    let mut ids = BTreeSet::new();
    for entry in entries {
        if let Touched::Items(touched) = model::touched(entry) {
            ids.extend(touched);
        }
    }
    let mut fold = Fold::at(after);
    if !ids.is_empty() {
        let ids: Vec<ItemId> = ids.into_iter().collect();
        let rows = reads::rows_of::<DB>(connection, event, &ids).await?;
        fold.items = rows.into_iter().map(|row| (row.id, row)).collect();
    }
    for entry in entries {
        fold.apply(entry);
    }
    write_items::<DB>(connection, event, after, &fold).await?;
    write_rest::<DB>(connection, event, &fold).await?;
    for entry in entries.iter().filter(|entry| entry.seq > after) {
        write_history::<DB>(connection, event, entry).await?;
    }
    Ok(())
}

async fn write_items<DB: Backend>(
    connection: &mut DB::Connection,
    event: EventId,
    after: Seq,
    fold: &Fold,
) -> Result<(), Error> {
    let changed = || fold.items.values().filter(|row| row.touched > after);
    let kept: Vec<Record> = changed().filter(|row| is_kept(row)).map(|row| Record::new(event, row)).collect();
    let unwanted: Vec<ItemId> = changed().filter(|row| !is_kept(row)).map(|row| row.id).collect();
    if !kept.is_empty() {
        DB::put_rows(connection, event, &kept).await?;
        DB::put_tokens(connection, event, &kept).await?;
    }
    links::put::<DB>(connection, event, &kept, &unwanted).await?;
    if !unwanted.is_empty() {
        DB::delete_rows(connection, event, &unwanted).await?;
    }
    Ok(())
}

/// What the fold holds one of: it began empty, so whatever is in it was said by this batch.
async fn write_rest<DB: Backend>(
    connection: &mut DB::Connection,
    event: EventId,
    fold: &Fold,
) -> Result<(), Error> {
    if let Some(settings) = &fold.event {
        let sql = Sql::new(
            "INSERT INTO event (event, settings) VALUES ($1, $2)
             ON CONFLICT (event) DO UPDATE SET settings = excluded.settings",
        );
        DB::execute(connection, sql.arg(event).arg(json(settings))).await?;
    }
    for (id, talk) in &fold.talks {
        let sql = Sql::new(
            "INSERT INTO talk (event, id, talk) VALUES ($1, $2, $3)
             ON CONFLICT (event, id) DO UPDATE SET talk = excluded.talk",
        );
        DB::execute(connection, sql.arg(event).arg(plain(id.as_str())).arg(json(talk))).await?;
    }
    for (id, gap) in &fold.gaps {
        let sql = Sql::new(
            "INSERT INTO gap (event, id, gap) VALUES ($1, $2, $3)
             ON CONFLICT (event, id) DO UPDATE SET gap = excluded.gap",
        );
        DB::execute(connection, sql.arg(event).arg(plain(id)).arg(json(gap))).await?;
    }
    for ((minute, source), counts) in &fold.tallies {
        let sql = Sql::new(
            "INSERT INTO tally (event, minute, source, counts) VALUES ($1, $2, $3, $4)
             ON CONFLICT (event, minute, source) DO UPDATE SET counts = excluded.counts",
        );
        DB::execute(connection, sql.arg(event).arg(minute.0).arg(plain(source)).arg(json(counts))).await?;
    }
    Ok(())
}

/// What is kept as it was said, under its seq: schedule versions, the stage, notices.
async fn write_history<DB: Backend>(
    connection: &mut DB::Connection,
    event: EventId,
    entry: &Entry,
) -> Result<(), Error> {
    let (sql, value) = match &entry.kind {
        Kind::Schedule(version) => {
            let version = Versioned { at: Some(entry.at), entry: version.clone() };
            (Sql::new("INSERT INTO schedule (event, seq, version) VALUES ($1, $2, $3)"), json(&version))
        }
        Kind::Stage(stage) => {
            (Sql::new("INSERT INTO stage (event, seq, stage) VALUES ($1, $2, $3)"), json(stage))
        }
        Kind::Notice { notice } => {
            (Sql::new("INSERT INTO notice (event, seq, notice) VALUES ($1, $2, $3)"), json(notice))
        }
        _ => return Ok(()),
    };
    DB::execute(connection, sql.arg(event).arg(number(entry.seq)).arg(value)).await?;
    Ok(())
}
