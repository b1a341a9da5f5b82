//! Why items are not shown, how often rules held, what readers report, and what moderators cover: written with the items that
//! these speak of, and gone with them.

use super::signed;
use super::txn::{ROWS_PER_STATEMENT_MAX, Txn};
use crate::Error;
use model::{ItemId, Micros, Seq};
use sqlx::sqlite::Sqlite;
use sqlx::{QueryBuilder, Row};
use std::collections::HashSet;

/// Reports that are kept; beyond, those that a moderator has answered go first, the oldest before the others.
pub const REPORTS_MAX: usize = 100_000;

/// What a reader says of an item.
#[derive(Clone, Copy, Debug)]
pub struct NewReport<'a> {
    /// The item.
    pub id: ItemId,
    /// Who says it, without a name.
    pub who: &'a str,
    /// Out of a short list.
    pub reason: &'a str,
    /// When.
    pub now: Micros,
}

/// What became of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reported {
    /// It is there, one of so many that wait for an answer.
    Taken(u32),
    /// The same reader has reported it before.
    Again,
    /// This reader has reported too many since then.
    TooMany,
}

impl Txn<'_> {
    /// Notes since when and why an item is not shown.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn set_verdict(&mut self, id: ItemId, since: Micros, json: &str) -> Result<(), Error> {
        sqlx::query(
            "INSERT INTO verdict (id, since, json) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET \
             since = excluded.since, json = excluded.json",
        )
        .bind(id.as_str())
        .bind(since.0)
        .bind(json)
        .execute(&mut *self.conn)
        .await?;
        Ok(())
    }

    /// Why an item is not shown, as it was noted.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn verdict(&mut self, id: ItemId) -> Result<Option<String>, Error> {
        let row = sqlx::query("SELECT json FROM verdict WHERE id = ?").bind(id.as_str());
        Ok(row.fetch_optional(&mut *self.conn).await?.map(|row| row.try_get(0)).transpose()?)
    }

    /// A secret of the event, under this name; made the first time that somebody asks.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn secret(&mut self, name: &str) -> Result<String, Error> {
        if let Some(known) = self.note(name).await? {
            return Ok(known);
        }
        let made: String = rand::random::<[u8; 32]>().iter().map(|byte| format!("{byte:02x}")).collect();
        self.set_note(name, &made).await?;
        Ok(made)
    }

    /// Counts how often a rule held.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn count_hits(&mut self, rule: &str, times: u32, now: Micros) -> Result<(), Error> {
        sqlx::query(
            "INSERT INTO hit (rule, times, last) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET \
             times = times + excluded.times, last = excluded.last",
        )
        .bind(rule)
        .bind(times)
        .bind(now.0)
        .execute(&mut *self.conn)
        .await?;
        Ok(())
    }

    /// Forgets the counts of rules that there are no more.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn keep_hits_of(&mut self, rules: &[&str]) -> Result<(), Error> {
        let mut q = QueryBuilder::<Sqlite>::new("DELETE FROM hit WHERE rule NOT IN (");
        let mut list = q.separated(", ");
        rules.iter().for_each(|rule| {
            list.push_bind((*rule).to_owned());
        });
        q.push(")");
        q.build().execute(&mut *self.conn).await?;
        Ok(())
    }

    /// Takes a reader's report, if they have not reported this item before, nor more than `most` since `since`.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn report(
        &mut self,
        report: NewReport<'_>,
        since: Micros,
        most: u32,
    ) -> Result<Reported, Error> {
        let NewReport { id, who, reason, now } = report;
        let known = sqlx::query("SELECT 1 FROM report WHERE id = ? AND who = ?").bind(id.as_str()).bind(who);
        if known.fetch_optional(&mut *self.conn).await?.is_some() {
            return Ok(Reported::Again);
        }
        let of_late =
            sqlx::query("SELECT count(*) FROM report WHERE who = ? AND made > ?").bind(who).bind(since.0);
        if of_late.fetch_one(&mut *self.conn).await?.try_get::<u32, _>(0)? >= most {
            return Ok(Reported::TooMany);
        }
        sqlx::query("INSERT INTO report (id, who, reason, made, open) VALUES (?, ?, ?, ?, 1)")
            .bind(id.as_str())
            .bind(who)
            .bind(reason)
            .bind(now.0)
            .execute(&mut *self.conn)
            .await?;
        sqlx::query(
            "DELETE FROM report WHERE (id, who) IN (SELECT id, who FROM report ORDER BY open, made \
             LIMIT max(0, (SELECT count(*) FROM report) - ?))",
        )
        .bind(signed(REPORTS_MAX as Seq))
        .execute(&mut *self.conn)
        .await?;
        let open = sqlx::query("SELECT count(*) FROM report WHERE id = ? AND open = 1").bind(id.as_str());
        Ok(Reported::Taken(open.fetch_one(&mut *self.conn).await?.try_get(0)?))
    }

    /// A moderator has answered what readers reported of these items (`open` false), or takes that back. How many reports
    /// that were.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn set_reports(&mut self, ids: &[ItemId], open: bool) -> Result<u64, Error> {
        let mut changed = 0;
        for some in ids.chunks(ROWS_PER_STATEMENT_MAX) {
            let mut q = QueryBuilder::<Sqlite>::new("UPDATE report SET open = ");
            q.push_bind(open).push(" WHERE open = ").push_bind(!open).push(" AND id IN (");
            let mut list = q.separated(", ");
            some.iter().for_each(|id| {
                list.push_bind(id.as_str().to_owned());
            });
            q.push(")");
            changed += q.build().execute(&mut *self.conn).await?.rows_affected();
        }
        Ok(changed)
    }

    /// Those of these items that a moderator covers.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn covered(&mut self, ids: &[ItemId]) -> Result<HashSet<ItemId>, Error> {
        let mut found = HashSet::new();
        // Mostly there are none at all.
        if sqlx::query("SELECT 1 FROM covered LIMIT 1").fetch_optional(&mut *self.conn).await?.is_none() {
            return Ok(found);
        }
        for some in ids.chunks(ROWS_PER_STATEMENT_MAX) {
            let mut q = QueryBuilder::<Sqlite>::new("SELECT id FROM covered WHERE id IN (");
            let mut list = q.separated(", ");
            some.iter().for_each(|id| {
                list.push_bind(id.as_str().to_owned());
            });
            q.push(")");
            for row in q.build().fetch_all(&mut *self.conn).await? {
                found.insert(super::txn::parse_id(row.try_get(0)?)?);
            }
        }
        Ok(found)
    }

    /// A moderator covers an item, or covers it no more.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn set_covered(&mut self, id: ItemId, is_covered: bool) -> Result<(), Error> {
        let query = match is_covered {
            true => "INSERT INTO covered (id) VALUES (?) ON CONFLICT DO NOTHING",
            false => "DELETE FROM covered WHERE id = ?",
        };
        sqlx::query(query).bind(id.as_str()).execute(&mut *self.conn).await?;
        Ok(())
    }

    /// Forgets what was noted of items that are removed.
    pub(super) async fn forget_verdicts(&mut self, ids: &[ItemId]) -> Result<(), Error> {
        for id in ids {
            for query in [
                "DELETE FROM verdict WHERE id = ?",
                "DELETE FROM report WHERE id = ?",
                "DELETE FROM covered WHERE id = ?",
            ] {
                sqlx::query(query).bind(id.as_str()).execute(&mut *self.conn).await?;
            }
        }
        Ok(())
    }
}
