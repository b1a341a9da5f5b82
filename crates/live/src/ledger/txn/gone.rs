//! The other names of items that are removed. A name may hold words (the address of an article holds its title, that of a post its
//! author's handle), and has to be known all the same: under it another server may bring the item once more. So a hash stands for it.

use super::{ROWS_PER_STATEMENT_MAX, Txn};
use crate::Error;
use model::ItemId;
use sha2::{Digest, Sha256};
use sqlx::sqlite::Sqlite;
use sqlx::{QueryBuilder, Row};
use std::collections::HashMap;

/// What such a name begins with. No network is called so.
const PREFIX: &str = "gone:";
/// Names that are not needed any more: nobody counts the boosts of what is gone.
const BOOST: &str = "boost:";

/// What stands for a name.
fn hashed(name: &str) -> String {
    let digest = Sha256::digest(name.as_bytes());
    let hex: String = digest[..16].iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{PREFIX}{hex}")
}

impl Txn<'_> {
    /// Puts hashes in the place of these items' names. Reads every name there is, as an index by item would cost each post that
    /// comes, and removals are few.
    pub(super) async fn hash_names(&mut self, ids: &[ItemId]) -> Result<(), Error> {
        for some in ids.chunks(ROWS_PER_STATEMENT_MAX) {
            let mut q = QueryBuilder::<Sqlite>::new(
                "SELECT name FROM alias WHERE name NOT LIKE 'gone:%' AND id IN (",
            );
            let mut list = q.separated(", ");
            some.iter().for_each(|id| {
                list.push_bind(id.as_str().to_owned());
            });
            q.push(")");
            for row in q.build().fetch_all(&mut *self.conn).await? {
                let name: String = row.try_get(0)?;
                let query = if name.starts_with(BOOST) {
                    sqlx::query("DELETE FROM alias WHERE name = ?").bind(&name)
                } else {
                    sqlx::query("UPDATE OR REPLACE alias SET name = ?2 WHERE name = ?1")
                        .bind(&name)
                        .bind(hashed(&name))
                };
                query.execute(&mut *self.conn).await?;
            }
        }
        Ok(())
    }

    /// The removed items that went by these names.
    pub(super) async fn by_hashed(&mut self, names: &[&str]) -> Result<HashMap<String, ItemId>, Error> {
        let mut found = HashMap::new();
        // Mostly there are none at all.
        let any = "SELECT 1 FROM alias WHERE name >= 'gone:' AND name < 'gone;' LIMIT 1";
        if names.is_empty() || sqlx::query(any).fetch_optional(&mut *self.conn).await?.is_none() {
            return Ok(found);
        }
        let hashes: HashMap<String, &str> = names.iter().map(|name| (hashed(name), *name)).collect();
        let all: Vec<&String> = hashes.keys().collect();
        for some in all.chunks(ROWS_PER_STATEMENT_MAX) {
            let mut q = QueryBuilder::<Sqlite>::new("SELECT name, id FROM alias WHERE name IN (");
            let mut list = q.separated(", ");
            some.iter().for_each(|hash| {
                list.push_bind((*hash).clone());
            });
            q.push(")");
            for row in q.build().fetch_all(&mut *self.conn).await? {
                if let Some(name) = hashes.get(row.try_get::<&str, _>(0)?) {
                    found.insert((*name).to_owned(), super::parse_id(row.try_get(1)?)?);
                }
            }
        }
        Ok(found)
    }
}
