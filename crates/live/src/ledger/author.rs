//! What moderators and authors themselves have said of authors for good, and the walk over an author's items. Like the changes
//! of accounts (`account`): noted in one short step, done so many items at a time, and the note says what is left.

use super::txn::{ROWS_PER_STATEMENT_MAX, Txn, read_record};
use super::{ITEMS_PER_STEP_MAX, LedgerView, signed};
use crate::Error;
use crate::state::{Record, Veil};
use model::{ItemId, Micros, Seq};
use sqlx::sqlite::Sqlite;
use sqlx::{QueryBuilder, Row};
use std::collections::HashMap;

/// Most authors of whom something is said.
pub const AUTHORS_MAX: usize = 100_000;

/// What is said of an author.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthorChange {
    /// No rule makes their posts wait.
    Trusted,
    /// Their posts are hidden, and what comes is hidden too.
    Blocked,
    /// They do not want to be here: their posts are removed, and what comes is not taken.
    OptedOut,
    /// Nothing any more; forgotten once what the block hid is shown again.
    Cleared,
}

impl AuthorChange {
    /// The name in the ledger.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Trusted => "trusted",
            Self::Blocked => "blocked",
            Self::OptedOut => "opted_out",
            Self::Cleared => "cleared",
        }
    }

    pub(super) fn of(name: &str) -> Result<Self, Error> {
        [Self::Trusted, Self::Blocked, Self::OptedOut, Self::Cleared]
            .into_iter()
            .find(|change| change.name() == name)
            .ok_or_else(|| Error::Corrupt(format!("an author cannot be {name:?}")))
    }
}

impl Txn<'_> {
    /// What is said of those of these authors (`network:id`) of whom something is said.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn authors(&mut self, names: &[&str]) -> Result<HashMap<String, AuthorChange>, Error> {
        let mut found = HashMap::new();
        // Mostly there are none at all.
        if sqlx::query("SELECT 1 FROM author LIMIT 1").fetch_optional(&mut *self.conn).await?.is_none() {
            return Ok(found);
        }
        for some in names.chunks(ROWS_PER_STATEMENT_MAX) {
            let mut q = QueryBuilder::<Sqlite>::new("SELECT name, change FROM author WHERE name IN (");
            let mut list = q.separated(", ");
            some.iter().for_each(|name| {
                list.push_bind(*name);
            });
            q.push(")");
            for row in q.build().fetch_all(&mut *self.conn).await? {
                found.insert(row.try_get(0)?, AuthorChange::of(row.try_get(1)?)?);
            }
        }
        Ok(found)
    }

    /// How many posts of these authors are shown, counted to `most`.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn shown_of(&mut self, names: &[&str], most: u32) -> Result<HashMap<String, u32>, Error> {
        let mut found = HashMap::with_capacity(names.len());
        for name in names {
            let row = sqlx::query(
                "SELECT count(*) FROM (SELECT 1 FROM item WHERE author = ? AND veil = 0 LIMIT ?)",
            )
            .bind(*name)
            .bind(most)
            .fetch_one(&mut *self.conn)
            .await?;
            found.insert((*name).to_owned(), row.try_get(0)?);
        }
        Ok(found)
    }

    /// Notes what is said of an author, with their items still to be done. False when there is no room for one more.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn set_author(
        &mut self,
        name: &str,
        change: AuthorChange,
        actor: &str,
        now: Micros,
    ) -> Result<bool, Error> {
        let row = sqlx::query("SELECT count(*), sum(name = ?) FROM author").bind(name);
        let row = row.fetch_one(&mut *self.conn).await?;
        let is_known = row.try_get::<Option<i64>, _>(1)?.is_some_and(|known| known > 0);
        if !is_known && row.try_get::<i64, _>(0)? >= signed(AUTHORS_MAX as Seq) {
            return Ok(false);
        }
        sqlx::query(
            "INSERT INTO author (name, change, actor, made, came, todo) VALUES (?, ?, ?, ?, 0, 1) ON CONFLICT DO UPDATE SET \
             change = excluded.change, actor = excluded.actor, made = excluded.made, came = 0, todo = 1",
        )
        .bind(name)
        .bind(change.name())
        .bind(actor)
        .bind(now.0)
        .execute(&mut *self.conn)
        .await?;
        Ok(true)
    }

    /// Counts posts that came of an author of whom something is said.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn came_of(&mut self, name: &str, posts: u32) -> Result<(), Error> {
        sqlx::query("UPDATE author SET came = came + ? WHERE name = ?")
            .bind(posts)
            .bind(name)
            .execute(&mut *self.conn)
            .await?;
        Ok(())
    }

    /// An author whose items are still to be done.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn author_to_do(&mut self) -> Result<Option<(String, AuthorChange)>, Error> {
        let row = sqlx::query("SELECT name, change FROM author WHERE todo = 1 LIMIT 1")
            .fetch_optional(&mut *self.conn)
            .await?;
        row.map(|row| Ok((row.try_get(0)?, AuthorChange::of(row.try_get(1)?)?))).transpose()
    }

    /// The next items of an author to which what is said has not been done: at most [`ITEMS_PER_STEP_MAX`]. None left: the
    /// author is done.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn authors_items(&mut self, name: &str, change: AuthorChange) -> Result<Vec<Record>, Error> {
        let query = match change {
            // Removed items have no author in the table.
            AuthorChange::OptedOut => {
                "SELECT id, state, veil, rev, words, first, at FROM item WHERE author = ?1 AND ?2 = ?2 LIMIT ?3"
            }
            AuthorChange::Blocked => {
                "SELECT id, state, veil, rev, words, first, at FROM item WHERE author = ?1 AND veil & ?2 = 0 LIMIT ?3"
            }
            AuthorChange::Trusted | AuthorChange::Cleared => {
                "SELECT id, state, veil, rev, words, first, at FROM item WHERE author = ?1 AND veil & ?2 != 0 LIMIT ?3"
            }
        };
        let rows = sqlx::query(query)
            .bind(name)
            .bind(Veil::BLOCKED)
            .bind(signed(ITEMS_PER_STEP_MAX as Seq))
            .fetch_all(&mut *self.conn)
            .await?;
        rows.iter().map(read_record).collect()
    }

    /// All items of an author are done.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn author_done(&mut self, name: &str, change: AuthorChange) -> Result<(), Error> {
        let query = match change {
            AuthorChange::Cleared => "DELETE FROM author WHERE name = ?",
            _ => "UPDATE author SET todo = 0 WHERE name = ?",
        };
        sqlx::query(query).bind(name).execute(&mut *self.conn).await?;
        Ok(())
    }

    /// The newest items of an author that are not removed, at most `max`: for a code that names one of them.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn newest_by(&mut self, name: &str, max: usize) -> Result<Vec<ItemId>, Error> {
        let rows = sqlx::query("SELECT id FROM item WHERE author = ? ORDER BY rowid DESC LIMIT ?")
            .bind(name)
            .bind(signed(max as Seq))
            .fetch_all(&mut *self.conn)
            .await?;
        rows.iter().map(|row| super::txn::parse_id(row.try_get(0)?)).collect()
    }
}

impl LedgerView {
    /// Whether something that is said of an author is still to be done to their items.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn has_author_to_do(&self) -> Result<bool, Error> {
        let row =
            sqlx::query("SELECT 1 FROM author WHERE todo = 1 LIMIT 1").fetch_optional(&self.pool).await?;
        Ok(row.is_some())
    }
}
