//! What became of accounts as a whole, and the walk over their items. A change is noted in one short step; its items
//! follow, so many at a time, and the note says what is still to be done, whatever happens in between.

use super::txn::{ROWS_PER_STATEMENT_MAX, Txn, read_record};
use super::{ACCOUNTS_MAX, EARLY_DELETE_MICROS, LedgerView, signed};
use crate::Error;
use crate::state::{Record, Veil};
use model::{GoneBy, Item, Micros, Seq};
use sqlx::sqlite::Sqlite;
use sqlx::{QueryBuilder, Row};
use std::collections::HashMap;

/// Most items of one account that are worked on in one transaction, so that others wait for milliseconds only.
pub const ITEMS_PER_STEP_MAX: usize = 250;

macro_rules! columns {
    () => {
        "SELECT id, state, veil, rev, words, first, at FROM item "
    };
}

/// What became of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Account {
    /// All its items are removed, and what still comes of it within the hour is refused.
    Removed(GoneBy),
    /// Its items are hidden, and what comes of it is hidden too.
    Hidden,
    /// What was hidden with it is shown again; forgotten once that is done.
    Back,
}

impl Account {
    fn name(self) -> &'static str {
        match self {
            Self::Removed(GoneBy::Author) => "removed_author",
            Self::Removed(GoneBy::Network) => "removed_network",
            Self::Removed(GoneBy::Moderator) => "removed_moderator",
            Self::Removed(GoneBy::Law) => "removed_law",
            Self::Hidden => "hidden",
            Self::Back => "back",
        }
    }

    fn of(name: &str) -> Result<Self, Error> {
        let all = [GoneBy::Author, GoneBy::Network, GoneBy::Moderator, GoneBy::Law].map(Self::Removed);
        all.into_iter()
            .chain([Self::Hidden, Self::Back])
            .find(|account| account.name() == name)
            .ok_or_else(|| Error::Corrupt(format!("an account cannot be {name:?}")))
    }
}

/// `network:id` of who wrote an item; none where the network did not say who it was.
#[must_use]
pub fn author_name(item: &Item) -> Option<String> {
    let id = &item.author.id;
    (!id.is_empty()).then(|| format!("{}:{id}", item.network.name()))
}

impl Txn<'_> {
    /// What became of those of these accounts of which something is known.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn accounts(&mut self, names: &[&str], now: Micros) -> Result<HashMap<String, Account>, Error> {
        let mut found = HashMap::new();
        // Mostly there are none at all.
        if sqlx::query("SELECT 1 FROM account LIMIT 1").fetch_optional(&mut *self.conn).await?.is_none() {
            return Ok(found);
        }
        let oldest = now.plus(-EARLY_DELETE_MICROS).0;
        for some in names.chunks(ROWS_PER_STATEMENT_MAX) {
            let mut q =
                QueryBuilder::<Sqlite>::new("SELECT name, change, made, todo FROM account WHERE name IN (");
            let mut list = q.separated(", ");
            some.iter().for_each(|name| {
                list.push_bind(*name);
            });
            q.push(")");
            for row in q.build().fetch_all(&mut *self.conn).await? {
                let change = Account::of(row.try_get("change")?)?;
                let is_over = row.try_get::<i64, _>("made")? < oldest && row.try_get::<i64, _>("todo")? == 0;
                if !(is_over && matches!(change, Account::Removed(_))) {
                    found.insert(row.try_get("name")?, change);
                }
            }
        }
        Ok(found)
    }

    /// Notes what became of an account, with its items still to be done. A removal that is under way is not replaced.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn set_account(&mut self, name: &str, account: Account, now: Micros) -> Result<(), Error> {
        sqlx::query(
            "INSERT INTO account (name, change, made, todo) VALUES (?, ?, ?, 1) ON CONFLICT DO UPDATE SET \
             change = excluded.change, made = excluded.made, todo = 1 \
             WHERE account.todo = 0 OR account.change NOT LIKE 'removed%'",
        )
        .bind(name)
        .bind(account.name())
        .bind(now.0)
        .execute(&mut *self.conn)
        .await?;
        sqlx::query(
            "DELETE FROM account WHERE todo = 0 AND (change LIKE 'removed%' AND made < ?1 OR \
             made < (SELECT made FROM account ORDER BY made DESC LIMIT 1 OFFSET ?2))",
        )
        .bind(now.plus(-EARLY_DELETE_MICROS).0)
        .bind(signed(ACCOUNTS_MAX as Seq))
        .execute(&mut *self.conn)
        .await?;
        Ok(())
    }

    /// An account whose items are still to be done.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn account_to_do(&mut self) -> Result<Option<(String, Account)>, Error> {
        let row = sqlx::query("SELECT name, change FROM account WHERE todo = 1 LIMIT 1")
            .fetch_optional(&mut *self.conn)
            .await?;
        row.map(|row| Ok((row.try_get(0)?, Account::of(row.try_get(1)?)?))).transpose()
    }

    /// The next items of an account to which its change has not been done: at most [`ITEMS_PER_STEP_MAX`]. None left: the
    /// account is done.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn items_to_do(&mut self, name: &str, account: Account) -> Result<Vec<Record>, Error> {
        let query = match account {
            // Removed items have no author in the table.
            Account::Removed(_) => concat!(columns!(), "WHERE author = ?1 AND ?2 = ?2 LIMIT ?3"),
            Account::Hidden => concat!(columns!(), "WHERE author = ?1 AND veil & ?2 = 0 LIMIT ?3"),
            Account::Back => concat!(columns!(), "WHERE author = ?1 AND veil & ?2 != 0 LIMIT ?3"),
        };
        let rows = sqlx::query(query)
            .bind(name)
            .bind(Veil::NETWORK)
            .bind(signed(ITEMS_PER_STEP_MAX as Seq))
            .fetch_all(&mut *self.conn)
            .await?;
        rows.iter().map(read_record).collect()
    }

    /// All items of an account are done.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn account_done(&mut self, name: &str, account: Account) -> Result<(), Error> {
        let query = match account {
            Account::Back => "DELETE FROM account WHERE name = ?",
            Account::Removed(_) | Account::Hidden => "UPDATE account SET todo = 0 WHERE name = ?",
        };
        sqlx::query(query).bind(name).execute(&mut *self.conn).await?;
        Ok(())
    }
}

impl LedgerView {
    /// Whether a change of some account is still to be done to its items.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn has_account_to_do(&self) -> Result<bool, Error> {
        let row =
            sqlx::query("SELECT 1 FROM account WHERE todo = 1 LIMIT 1").fetch_optional(&self.pool).await?;
        Ok(row.is_some())
    }
}
