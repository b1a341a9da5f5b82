//! Receipts in the ledger's private tables: who asked is written with the entry itself, marks of the surfaces follow, and a
//! receipt is read by folding the two. See [`crate::receipts`].

use super::txn::{Txn, parse_id};
use super::{Ledger, LedgerView, number, signed};
use crate::Error;
use crate::reached::How;
use crate::receipts::{Asker, Clean, CleanState, Mark, RECEIPTS_MAX, Receipt, Surface, Way, What};
use model::{GoneBy, ItemId, Micros, Seq};
use sqlx::sqlite::{SqlitePool, SqliteRow};
use sqlx::{Executor, Row};
use std::collections::BTreeMap;

/// What a transaction writes down of an entry that takes an item away.
#[derive(Clone, Debug)]
pub struct NewReceipt {
    /// The entry.
    pub seq: Seq,
    /// The item.
    pub id: ItemId,
    /// What is done to it.
    pub what: What,
    /// On whose account.
    pub by: GoneBy,
    /// Who asked.
    pub asker: Asker,
    /// When, as the event's clock tells it.
    pub at: Micros,
    /// When, by the system's clock: what passes until the surfaces are clean is real time.
    pub made: Micros,
}

impl Txn<'_> {
    /// Writes down who asked for an entry that takes an item away.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn add_receipt(&mut self, new: &NewReceipt) -> Result<(), Error> {
        sqlx::query(
            "INSERT INTO receipt (seq, id, what, gone_by, way, role, at, made) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(signed(new.seq))
        .bind(new.id.as_str())
        .bind(new.what.name())
        .bind(new.by.name())
        .bind(new.asker.way.name())
        .bind(&new.asker.role)
        .bind(new.at.0)
        .bind(new.made.0)
        .execute(&mut *self.conn)
        .await?;
        Ok(())
    }

    /// An item is shown again: what had hidden it is undone.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn undo_receipts(&mut self, id: ItemId, shown: Seq) -> Result<(), Error> {
        sqlx::query("UPDATE receipt SET undone = ? WHERE id = ? AND what = 'hide' AND undone IS NULL")
            .bind(signed(shown))
            .bind(id.as_str())
            .execute(&mut *self.conn)
            .await?;
        Ok(())
    }
}

impl Ledger {
    /// Writes a mark, unless there is no receipt for which it says anything new. True when it was written.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn mark(&self, mark: &Mark) -> Result<bool, Error> {
        let mut conn = self.0.writer.lock().await;
        // A transaction that was dropped half-way is still open on the connection.
        let _ = conn.execute("ROLLBACK").await;
        let done = sqlx::query(
            "INSERT INTO clean (surface, seq, since, told, silent, how) SELECT ?1, ?2, ?3, ?4, ?5, ?6 WHERE EXISTS
                 (SELECT 1 FROM receipt WHERE seq <= ?2
                      AND seq > coalesce((SELECT max(seq) FROM clean WHERE surface = ?1), 0))",
        )
        .bind(mark.surface.name())
        .bind(signed(mark.seq))
        .bind(mark.since.0)
        .bind(mark.told)
        .bind(mark.silent)
        .bind(mark.how.map_or("", How::name))
        .execute(&mut *conn)
        .await?;
        Ok(done.rows_affected() > 0)
    }
}

/// The columns that [`read`] expects.
macro_rules! columns {
    ($rest:literal) => {
        concat!("SELECT seq, id, what, gone_by, way, role, at, made, undone FROM receipt ", $rest)
    };
}

impl LedgerView {
    /// Receipts below `before`, the newest first, `max` (at most [`RECEIPTS_MAX`]) of them.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn receipts(&self, before: Option<Seq>, max: usize) -> Result<Vec<Receipt>, Error> {
        let query = columns!("WHERE seq < ? ORDER BY seq DESC LIMIT ?");
        let rows = sqlx::query(query)
            .bind(signed(before.unwrap_or(Seq::MAX)))
            .bind(signed(max.min(RECEIPTS_MAX) as Seq))
            .fetch_all(&self.pool)
            .await?;
        folded(&self.pool, &rows).await
    }

    /// As [`LedgerView::receipts`], those of one item.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn receipts_of(
        &self,
        id: ItemId,
        before: Option<Seq>,
        max: usize,
    ) -> Result<Vec<Receipt>, Error> {
        let query = columns!("WHERE id = ? AND seq < ? ORDER BY seq DESC LIMIT ?");
        let rows = sqlx::query(query)
            .bind(id.as_str())
            .bind(signed(before.unwrap_or(Seq::MAX)))
            .bind(signed(max.min(RECEIPTS_MAX) as Seq))
            .fetch_all(&self.pool)
            .await?;
        folded(&self.pool, &rows).await
    }

    /// The entry of the newest receipt; 0 while there is none.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn newest_receipt(&self) -> Result<Seq, Error> {
        let row = sqlx::query("SELECT coalesce(max(seq), 0) FROM receipt").fetch_one(&self.pool).await?;
        Ok(number(row.try_get(0)?))
    }

    /// How far each surface has been marked.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn marked(&self) -> Result<BTreeMap<Surface, Seq>, Error> {
        let mut marked = BTreeMap::new();
        for surface in Surface::ALL {
            let row = sqlx::query("SELECT max(seq) FROM clean WHERE surface = ?")
                .bind(surface.name())
                .fetch_one(&self.pool)
                .await?;
            marked.extend(row.try_get::<Option<i64>, _>(0)?.map(|seq| (surface, number(seq))));
        }
        Ok(marked)
    }
}

async fn folded(pool: &SqlitePool, rows: &[SqliteRow]) -> Result<Vec<Receipt>, Error> {
    let mut receipts = Vec::with_capacity(rows.len());
    for row in rows {
        let (mut receipt, made) = read(row)?;
        for surface in Surface::ALL {
            receipt.surfaces.push(clean(pool, surface, &receipt, made).await?);
        }
        receipt.complete = receipt.surfaces.iter().all(|clean| clean.state != CleanState::Waiting);
        receipts.push(receipt);
    }
    Ok(receipts)
}

/// A surface was clean with its first mark at the entry or behind it.
async fn clean(pool: &SqlitePool, surface: Surface, receipt: &Receipt, made: Micros) -> Result<Clean, Error> {
    let waiting =
        Clean { surface, state: CleanState::Waiting, after_ms: None, others_keep_ms: 0, told: 0, silent: 0 };
    if receipt.what == What::Hide && surface.keeps_hidden() {
        return Ok(Clean { state: CleanState::Kept, ..waiting });
    }
    let row = sqlx::query(
        "SELECT since, told, silent, how FROM clean WHERE surface = ? AND seq >= ? ORDER BY seq LIMIT 1",
    )
    .bind(surface.name())
    .bind(signed(receipt.seq))
    .fetch_optional(pool)
    .await?;
    let Some(row) = row else { return Ok(waiting) };
    let state = CleanState::of_mark(How::of(row.try_get(3)?));
    let is_measured = matches!(state, CleanState::Clean | CleanState::Vacuumed);
    let after = Micros(row.try_get(0)?).since(made).max(0) / 1_000;
    Ok(Clean {
        surface,
        state,
        after_ms: is_measured.then(|| after.unsigned_abs()),
        others_keep_ms: if is_measured { surface.others_keep_ms() } else { 0 },
        told: row.try_get(1)?,
        silent: row.try_get(2)?,
    })
}

fn read(row: &SqliteRow) -> Result<(Receipt, Micros), Error> {
    let corrupt = |what: &str| Error::Corrupt(format!("a receipt says {what:?}"));
    let what = match row.try_get("what")? {
        "hide" => What::Hide,
        "remove" => What::Remove,
        other => return Err(corrupt(other)),
    };
    let by = row.try_get::<&str, _>("gone_by")?;
    let all = [GoneBy::Author, GoneBy::Network, GoneBy::Moderator, GoneBy::Law];
    let by = all.into_iter().find(|known| known.name() == by).ok_or_else(|| corrupt(by))?;
    let way = row.try_get::<&str, _>("way")?;
    let way = Way::of(way).ok_or_else(|| corrupt(way))?;
    let receipt = Receipt {
        seq: number(row.try_get("seq")?),
        id: parse_id(row.try_get("id")?)?,
        what,
        by,
        asker: Asker { way, role: row.try_get("role")? },
        at: Micros(row.try_get("at")?),
        undone: row.try_get::<Option<i64>, _>("undone")?.map(number),
        complete: false,
        surfaces: Vec::with_capacity(Surface::ALL.len()),
    };
    Ok((receipt, Micros(row.try_get("made")?)))
}
