//! Reading a ledger beside its writer, or without one.

use super::txn::read_record;
use super::{number, signed};
use crate::Error;
use crate::follow::{Head, Line as Lineage};
use crate::log::{LINES_MAX, Line, Page};
use crate::state::Record;
use bytes::Bytes;
use model::{Entry, Epoch, EventId, Fold, ItemId, Micros, Seq};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqlitePoolOptions};
use sqlx::{ConnectOptions, Row};
use std::path::Path;
use std::time::Duration;

const READERS_MAX: u32 = 4;
const WAIT: Duration = Duration::from_secs(3);

/// Read-only access to a ledger. Needs no lock: works beside the nozzle, also from another process.
#[derive(Clone, Debug)]
pub struct LedgerView {
    pub(super) pool: SqlitePool,
}

/// One entry as the push needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PushRow {
    /// Its number.
    pub seq: Seq,
    /// Its random link.
    pub chain: String,
    /// What it overwrites.
    pub voids: Vec<Seq>,
    /// The entry as JSON.
    pub json: String,
}

impl LedgerView {
    /// Opens an existing ledger for reading.
    ///
    /// # Errors
    /// When there is no such file, or it is no ledger.
    pub async fn open(path: &Path) -> Result<Self, Error> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(false)
            .busy_timeout(WAIT)
            .pragma("query_only", "ON")
            .disable_statement_logging();
        let pool = SqlitePoolOptions::new()
            .max_connections(READERS_MAX)
            .min_connections(0)
            .acquire_timeout(WAIT)
            .idle_timeout(Duration::from_secs(60))
            .connect_with(options)
            .await?;
        Ok(Self { pool })
    }

    /// The entries behind `after`, under what the log says of itself.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn page(&self, after: Seq, max: usize) -> Result<Page, Error> {
        let lines = self.lines(after, max).await?;
        let mut head = self.head().await?;
        // The head is read after the lines, so it can only be higher.
        head.top = head.top.max(lines.last().map_or(0, |l| l.seq));
        Ok(Page { head, after, lines })
    }

    /// The entries behind `after`, without holes.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn lines(&self, after: Seq, max: usize) -> Result<Vec<Line>, Error> {
        let max = max.min(LINES_MAX);
        let rows = sqlx::query("SELECT seq, json FROM entry WHERE seq > ? ORDER BY seq LIMIT ?")
            .bind(signed(after))
            .bind(signed(max as Seq))
            .fetch_all(&self.pool)
            .await?;
        rows.into_iter()
            .map(|r| Ok(Line { seq: number(r.try_get(0)?), json: Bytes::from(r.try_get::<String, _>(1)?) }))
            .collect()
    }

    /// What the log says of itself.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn head(&self) -> Result<Head, Error> {
        let row = sqlx::query("SELECT epoch, line, (SELECT coalesce(max(seq), 0) FROM entry) FROM meta")
            .fetch_one(&self.pool)
            .await?;
        let epoch: Epoch = row.try_get::<&str, _>(0)?.parse().map_err(|e| Error::Corrupt(format!("{e}")))?;
        let line: Lineage = serde_json::from_str(row.try_get(1)?)?;
        Ok(Head { epoch, base: 0, top: number(row.try_get(2)?), line })
    }

    /// Which event's ledger this is.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn eid(&self) -> Result<EventId, Error> {
        let row = sqlx::query("SELECT eid FROM meta").fetch_one(&self.pool).await?;
        row.try_get::<&str, _>(0)?.parse().map_err(|e| Error::Corrupt(format!("{e}")))
    }

    /// Up to `max` entries behind `after` for the tail, as many as stay below `bytes_max` (one at least).
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn push_rows(&self, after: Seq, max: usize, bytes_max: usize) -> Result<Vec<PushRow>, Error> {
        let rows =
            sqlx::query("SELECT seq, chain, voids, json FROM entry WHERE seq > ? ORDER BY seq LIMIT ?")
                .bind(signed(after))
                .bind(signed(max as Seq))
                .fetch_all(&self.pool)
                .await?;
        let (mut out, mut bytes) = (Vec::with_capacity(rows.len()), 0);
        for r in rows {
            let json: String = r.try_get(3)?;
            bytes += json.len();
            if !out.is_empty() && bytes > bytes_max {
                break;
            }
            let voids = r.try_get::<&str, _>(2)?.split(',').filter_map(|n| n.parse().ok()).collect();
            out.push(PushRow { seq: number(r.try_get(0)?), chain: r.try_get(1)?, voids, json });
        }
        Ok(out)
    }

    /// The random link of an entry; that of 0 is the epoch.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn chain(&self, seq: Seq) -> Result<Option<String>, Error> {
        let query = if seq == 0 {
            sqlx::query("SELECT epoch FROM meta")
        } else {
            sqlx::query("SELECT chain FROM entry WHERE seq = ?").bind(signed(seq))
        };
        let row = query.fetch_optional(&self.pool).await?;
        Ok(row.map(|r| r.try_get(0)).transpose()?)
    }

    /// What the log says of the event itself: settings, talks, stage, notices, gaps; items and tallies are left out.
    ///
    /// # Errors
    /// What SQLite says, or an entry that cannot be read.
    pub async fn event_fold(&self) -> Result<Fold, Error> {
        let mut fold = Fold::default();
        let mut after = 0;
        loop {
            let rows = sqlx::query(
                "SELECT seq, json FROM entry WHERE kind IN ('talk', 'schedule', 'stage', 'event', 'notice', 'gap') \
                 AND seq > ? ORDER BY seq LIMIT ?",
            )
            .bind(after)
            .bind(signed(LINES_MAX as Seq))
            .fetch_all(&self.pool)
            .await?;
            for row in &rows {
                after = row.try_get(0)?;
                let entry: Entry = serde_json::from_str(row.try_get(1)?)?;
                fold.apply(&entry);
            }
            if rows.len() < LINES_MAX {
                return Ok(fold);
            }
        }
    }

    /// The number of the entry that said last what is on in a room since a moment, or (`undone`) that took it back.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn stage_seq(&self, room: &str, since: Micros, undone: bool) -> Result<Option<Seq>, Error> {
        // The list of kinds is the index's own.
        let row = sqlx::query(
            "SELECT max(seq) FROM entry WHERE kind IN ('talk', 'schedule', 'stage', 'event', 'notice', 'gap') \
             AND kind = 'stage' AND json_extract(json, '$.room') = ? AND json_extract(json, '$.since') = ? \
             AND coalesce(json_extract(json, '$.undone'), 0) = ?",
        )
        .bind(room)
        .bind(since.0)
        .bind(undone)
        .fetch_one(&self.pool)
        .await?;
        Ok(row.try_get::<Option<i64>, _>(0)?.map(number))
    }

    /// The whole log, folded from its first entry.
    ///
    /// # Errors
    /// What SQLite says, or an entry that cannot be read.
    pub async fn fold(&self) -> Result<Fold, Error> {
        let mut fold = Fold::default();
        loop {
            let lines = self.lines(fold.top(), LINES_MAX).await?;
            if lines.is_empty() {
                return Ok(fold);
            }
            for line in lines {
                fold.apply(&line.entry()?);
            }
        }
    }

    /// The private record of an item.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn record(&self, id: ItemId) -> Result<Option<Record>, Error> {
        let row = sqlx::query("SELECT id, state, veil, rev, words, first, at FROM item WHERE id = ?")
            .bind(id.as_str())
            .fetch_optional(&self.pool)
            .await?;
        row.as_ref().map(read_record).transpose()
    }

    /// Up to `max` private records with an id behind `after`, in the order of their ids: a walk over all items.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn records(&self, after: Option<ItemId>, max: usize) -> Result<Vec<Record>, Error> {
        let rows = sqlx::query(
            "SELECT id, state, veil, rev, words, first, at FROM item WHERE id > ? ORDER BY id LIMIT ?",
        )
        .bind(after.map_or_else(String::new, |id| id.to_string()))
        .bind(signed(max as Seq))
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(read_record).collect()
    }

    /// Up to `max` private records of items that are held or hidden, with an id behind `after`, in the order of their ids.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn waiting(&self, after: Option<ItemId>, max: usize) -> Result<Vec<Record>, Error> {
        let rows = sqlx::query(
            "SELECT id, state, veil, rev, words, first, at FROM item WHERE state IN ('held', 'hidden') AND id > ? \
             ORDER BY id LIMIT ?",
        )
        .bind(after.map_or_else(String::new, |id| id.to_string()))
        .bind(signed(max as Seq))
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(read_record).collect()
    }

    /// A note that the nozzle keeps beside the log.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn note(&self, name: &str) -> Result<Option<String>, Error> {
        let row =
            sqlx::query("SELECT json FROM note WHERE name = ?").bind(name).fetch_optional(&self.pool).await?;
        Ok(row.map(|r| r.try_get(0)).transpose()?)
    }
}
