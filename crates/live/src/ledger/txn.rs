//! The transaction in which things are accepted: dedupe, number, store, move the cursor, all or nothing.

mod gone;
mod write;

use super::{ANSWER_MICROS, EARLY_DELETE_MICROS, EARLY_DELETES_MAX, Ledger, number, signed};
use crate::Error;
use crate::state::{ItemState, Record, Veil};
use model::{Entry, ItemId, Kind, Micros, Seq};
use sqlx::sqlite::{Sqlite, SqliteConnection};
use sqlx::{Executor, QueryBuilder, Row};
use std::collections::{HashMap, HashSet};
use std::sync::atomic::Ordering;
use tokio::sync::MutexGuard;

pub(super) const ROWS_PER_STATEMENT_MAX: usize = 200;

/// A transaction. Dropped without [`Txn::commit`], nothing of it happened.
pub struct Txn<'a> {
    ledger: &'a Ledger,
    pub(super) conn: MutexGuard<'a, SqliteConnection>,
    top: Seq,
    entries: Vec<Stored>,
    voids: Vec<Seq>,
    items: HashMap<ItemId, Record>,
    aliases: Vec<(String, ItemId)>,
}

struct Stored {
    seq: Seq,
    chain: String,
    kind: &'static str,
    voids: String,
    json: String,
}

/// The line that overwrites an entry.
#[must_use]
pub fn void_json(seq: Seq) -> String {
    format!(r#"{{"seq":{seq},"kind":"void"}}"#)
}

impl<'a> Txn<'a> {
    pub(super) async fn begin(
        ledger: &'a Ledger,
        mut conn: MutexGuard<'a, SqliteConnection>,
    ) -> Result<Self, Error> {
        // A transaction that was dropped half-way is still open on the connection.
        let _ = conn.execute("ROLLBACK").await;
        conn.execute("BEGIN IMMEDIATE").await?;
        let top = ledger.top();
        Ok(Self {
            ledger,
            conn,
            top,
            entries: Vec::new(),
            voids: Vec::new(),
            items: HashMap::new(),
            aliases: Vec::new(),
        })
    }

    /// The number that the next entry will get.
    #[must_use]
    pub fn next_seq(&self) -> Seq {
        self.top + 1
    }

    /// The private records of these items, this transaction's own changes included.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn items(&mut self, ids: &[ItemId]) -> Result<HashMap<ItemId, Record>, Error> {
        let mut found = HashMap::new();
        for some in ids.chunks(ROWS_PER_STATEMENT_MAX) {
            let mut q = QueryBuilder::<Sqlite>::new(
                "SELECT id, state, veil, rev, words, first, at FROM item WHERE id IN (",
            );
            let mut list = q.separated(", ");
            some.iter().for_each(|id| {
                list.push_bind(id.as_str().to_owned());
            });
            q.push(")");
            for row in q.build().fetch_all(&mut *self.conn).await? {
                let record = read_record(&row)?;
                found.insert(record.id, record);
            }
        }
        for id in ids {
            if let Some(changed) = self.items.get(id) {
                found.insert(*id, changed.clone());
            }
        }
        Ok(found)
    }

    /// Appends an entry and returns its number. What it voids is overwritten in the same transaction.
    ///
    /// # Errors
    /// When the entry cannot be written as JSON, which only a bug can cause.
    pub fn append(&mut self, at: Micros, kind: Kind) -> Result<Seq, Error> {
        self.top += 1;
        let at = if kind == Kind::Void { Micros(0) } else { at };
        let entry = Entry { seq: self.top, at, kind };
        self.voids.extend_from_slice(entry.voids());
        let stored = Stored {
            seq: entry.seq,
            chain: format!("{:016x}", rand::random::<u64>()),
            kind: entry.name(),
            voids: entry.voids().iter().map(Seq::to_string).collect::<Vec<_>>().join(","),
            json: serde_json::to_string(&entry)?,
        };
        self.entries.push(stored);
        Ok(self.top)
    }

    /// Keeps the private record of an item.
    pub fn put(&mut self, record: Record) {
        self.items.insert(record.id, record);
    }

    /// Remembers another name of an item.
    pub fn alias(&mut self, name: &str, id: ItemId) {
        self.aliases.push((name.to_owned(), id));
    }

    /// The items that go by these other names, those that are known.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn by_aliases(&mut self, names: &[&str]) -> Result<HashMap<String, ItemId>, Error> {
        let mut found = self.by_hashed(names).await?;
        for some in names.chunks(ROWS_PER_STATEMENT_MAX) {
            let mut q = QueryBuilder::<Sqlite>::new("SELECT name, id FROM alias WHERE name IN (");
            let mut list = q.separated(", ");
            some.iter().for_each(|name| {
                list.push_bind(*name);
            });
            q.push(")");
            for row in q.build().fetch_all(&mut *self.conn).await? {
                found.insert(row.try_get(0)?, parse_id(row.try_get(1)?)?);
            }
        }
        found.extend(self.aliases.iter().filter(|(n, _)| names.contains(&n.as_str())).cloned());
        Ok(found)
    }

    /// Where a source goes on after a restart.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn cursor(&mut self, source: &str) -> Result<Option<String>, Error> {
        let row = sqlx::query("SELECT value FROM cursor WHERE source = ?")
            .bind(source)
            .fetch_optional(&mut *self.conn)
            .await?;
        Ok(row.map(|r| r.try_get(0)).transpose()?)
    }

    /// Moves a source's cursor, together with what it covers.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn set_cursor(&mut self, source: &str, value: &str) -> Result<(), Error> {
        sqlx::query("INSERT INTO cursor (source, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value")
            .bind(source)
            .bind(value)
            .execute(&mut *self.conn)
            .await?;
        Ok(())
    }

    /// The answer that an idempotency key got before.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn answer(&mut self, key: &str) -> Result<Option<String>, Error> {
        let row = sqlx::query("SELECT json FROM answer WHERE key = ?")
            .bind(key)
            .fetch_optional(&mut *self.conn)
            .await?;
        Ok(row.map(|r| r.try_get(0)).transpose()?)
    }

    /// Keeps the answer to an idempotency key for [`ANSWER_MICROS`]; older answers go.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn set_answer(&mut self, key: &str, json: &str, now: Micros) -> Result<(), Error> {
        sqlx::query("DELETE FROM answer WHERE made < ?")
            .bind(now.plus(-ANSWER_MICROS).0)
            .execute(&mut *self.conn)
            .await?;
        sqlx::query("INSERT INTO answer (key, made, json) VALUES (?, ?, ?) ON CONFLICT DO NOTHING")
            .bind(key)
            .bind(now.0)
            .bind(json)
            .execute(&mut *self.conn)
            .await?;
        Ok(())
    }

    /// Remembers the delete of an item that we never had, by uid or alias.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn delete_early(&mut self, name: &str, now: Micros) -> Result<(), Error> {
        sqlx::query("INSERT INTO early (name, made) VALUES (?, ?) ON CONFLICT DO NOTHING")
            .bind(name)
            .bind(now.0)
            .execute(&mut *self.conn)
            .await?;
        sqlx::query(
            "DELETE FROM early WHERE made < max(?1, coalesce((SELECT made FROM early ORDER BY made DESC LIMIT 1 OFFSET ?2), ?1))",
        )
        .bind(now.plus(-EARLY_DELETE_MICROS).0)
        .bind(signed(EARLY_DELETES_MAX as Seq))
        .execute(&mut *self.conn)
        .await?;
        Ok(())
    }

    /// Those of these names that were deleted before their posts came.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn deleted_early(&mut self, names: &[&str]) -> Result<HashSet<String>, Error> {
        let mut found = HashSet::new();
        // Mostly there are none at all.
        if sqlx::query("SELECT 1 FROM early LIMIT 1").fetch_optional(&mut *self.conn).await?.is_none() {
            return Ok(found);
        }
        for some in names.chunks(ROWS_PER_STATEMENT_MAX) {
            let mut q = QueryBuilder::<Sqlite>::new("SELECT name FROM early WHERE name IN (");
            let mut list = q.separated(", ");
            some.iter().for_each(|name| {
                list.push_bind(*name);
            });
            q.push(")");
            for row in q.build().fetch_all(&mut *self.conn).await? {
                found.insert(row.try_get(0)?);
            }
        }
        Ok(found)
    }

    /// A note that the nozzle keeps beside the log (settings with secrets' names, open gaps), by name.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn note(&mut self, name: &str) -> Result<Option<String>, Error> {
        let row = sqlx::query("SELECT json FROM note WHERE name = ?")
            .bind(name)
            .fetch_optional(&mut *self.conn)
            .await?;
        Ok(row.map(|r| r.try_get(0)).transpose()?)
    }

    /// Writes a note.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn set_note(&mut self, name: &str, json: &str) -> Result<(), Error> {
        sqlx::query(
            "INSERT INTO note (name, json) VALUES (?, ?) ON CONFLICT DO UPDATE SET json = excluded.json",
        )
        .bind(name)
        .bind(json)
        .execute(&mut *self.conn)
        .await?;
        Ok(())
    }

    /// Commits: from here on everything in it is accepted. Rings the bell and returns the new top.
    ///
    /// # Errors
    /// What SQLite says; then nothing of it happened.
    pub async fn commit(mut self) -> Result<Seq, Error> {
        self.write_entries().await?;
        self.write_voids().await?;
        let gone = self.removed();
        self.write_items().await?;
        self.write_aliases().await?;
        self.hash_names(&gone).await?;
        self.conn.execute("COMMIT").await?;
        if self.top > self.ledger.top() {
            self.ledger.0.top.store(self.top, Ordering::Release);
            self.ledger.0.ringer.ring();
        }
        Ok(self.top)
    }

    fn removed(&self) -> Vec<ItemId> {
        self.items.values().filter(|r| r.state == ItemState::Removed).map(|r| r.id).collect()
    }

    /// Gives the transaction up at once.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn rollback(mut self) -> Result<(), Error> {
        self.conn.execute("ROLLBACK").await?;
        Ok(())
    }
}

pub(super) fn parse_id(text: &str) -> Result<ItemId, Error> {
    text.parse().map_err(|e| Error::Corrupt(format!("{e}")))
}

pub(super) fn read_record(row: &sqlx::sqlite::SqliteRow) -> Result<Record, Error> {
    let state = match row.try_get::<&str, _>("state")? {
        "shown" => ItemState::Shown,
        "held" => ItemState::Held,
        "hidden" => ItemState::Hidden,
        "removed" => ItemState::Removed,
        other => return Err(Error::Corrupt(format!("an item cannot be {other:?}"))),
    };
    Ok(Record {
        id: parse_id(row.try_get("id")?)?,
        state,
        veil: Veil::from_bits(row.try_get("veil")?),
        rev: number(row.try_get("rev")?),
        words: row.try_get::<Option<&str>, _>("words")?.map(serde_json::from_str).transpose()?,
        first: number(row.try_get("first")?),
        at: serde_json::from_str(row.try_get("at")?)?,
    })
}
